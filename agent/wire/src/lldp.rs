//! LLDP (IEEE 802.1AB-2016), with the inventory TLVs of LLDP-MED (ANSI/TIA-1057, 10.2.6).
//!
//! Texts are handed on as bytes. Other organisations' TLVs are kept unread, with their identifier and subtype.

use std::net::IpAddr;

use herkomst_ids::MacAddr;

use crate::{Reader, WireError};

/// The address that no bridge forwards, to which LLDP is sent (IEEE 802.1AB-2016, table 7-1: nearest bridge).
pub const LLDP_MULTICAST: MacAddr = MacAddr([0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e]);

/// The bits of the system capabilities (IEEE 802.1AB-2016, table 8-4).
pub mod capability {
    /// None of the others.
    pub const OTHER: u16 = 1;
    /// Repeater.
    pub const REPEATER: u16 = 1 << 1;
    /// MAC bridge: a switch.
    pub const BRIDGE: u16 = 1 << 2;
    /// Wireless access point.
    pub const ACCESS_POINT: u16 = 1 << 3;
    /// Router.
    pub const ROUTER: u16 = 1 << 4;
    /// Telephone.
    pub const TELEPHONE: u16 = 1 << 5;
    /// DOCSIS cable device.
    pub const DOCSIS: u16 = 1 << 6;
    /// A host that is nothing else.
    pub const STATION: u16 = 1 << 7;
    /// Customer VLAN bridge.
    pub const C_VLAN: u16 = 1 << 8;
    /// Service VLAN bridge.
    pub const S_VLAN: u16 = 1 << 9;
    /// Two-port MAC relay.
    pub const TWO_PORT_RELAY: u16 = 1 << 10;
}

/// The organisation of LLDP-MED.
const TIA: [u8; 3] = [0x00, 0x12, 0xbb];

const END: u8 = 0;
const CHASSIS_ID: u8 = 1;
const PORT_ID: u8 = 2;
const TTL: u8 = 3;
const PORT_DESCRIPTION: u8 = 4;
const SYSTEM_NAME: u8 = 5;
const SYSTEM_DESCRIPTION: u8 = 6;
const SYSTEM_CAPABILITIES: u8 = 7;
const MANAGEMENT_ADDRESS: u8 = 8;
const ORGANISATION: u8 = 127;

/// What a device says about itself. The mandatory parts are read; the rest is read by [`Lldp::tlvs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lldp<'a> {
    chassis_id: ChassisId<'a>,
    port_id: PortId<'a>,
    ttl: u16,
    rest: Reader<'a>,
}

impl<'a> Lldp<'a> {
    /// Reads the three mandatory TLVs, which come first and in this order (IEEE 802.1AB-2016, 8.2).
    pub fn parse(payload: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(payload);
        let chassis_id = ChassisId::read(mandatory(&mut reader, CHASSIS_ID, "1 (chassis id)")?)?;
        let port_id = PortId::read(mandatory(&mut reader, PORT_ID, "2 (port id)")?)?;
        // a longer time to live is allowed: its further octets are ignored (IEEE 802.1AB-2016, 9.2.7.7.1)
        let ttl = mandatory(&mut reader, TTL, "3 (time to live)")?.u16("lldp time to live")?;
        Ok(Self { chassis_id, port_id, ttl, rest: reader })
    }

    /// The device that speaks.
    pub fn chassis_id(&self) -> ChassisId<'a> {
        self.chassis_id
    }

    /// The port it speaks from.
    pub fn port_id(&self) -> PortId<'a> {
        self.port_id
    }

    /// For how many seconds this holds; 0 says that the neighbour is leaving (IEEE 802.1AB-2016, 8.5.4).
    pub fn ttl(&self) -> u16 {
        self.ttl
    }

    /// The optional TLVs in the order sent. One whose contents are wrong is an error in its place; after one that does not
    /// end inside the packet nothing follows.
    pub fn tlvs(&self) -> impl Iterator<Item = Result<Tlv<'a>, WireError>> + use<'a> {
        let mut reader = self.rest;
        let mut ended = false;
        std::iter::from_fn(move || {
            if ended || reader.is_empty() {
                return None;
            }
            match header(&mut reader) {
                Ok((END, _)) => {
                    ended = true;
                    None
                }
                Ok((kind, value)) => Some(Tlv::read(kind, value)),
                Err(error) => {
                    ended = true;
                    Some(Err(error))
                }
            }
        })
    }
}

/// Seven bits of type, nine of length, and so many bytes (IEEE 802.1AB-2016, 8.4).
fn header<'a>(reader: &mut Reader<'a>) -> Result<(u8, Reader<'a>), WireError> {
    let [head, length] = reader.array("lldp tlv header")?;
    let value =
        reader.part(usize::from(u16::from_be_bytes([head & 1, length])), "lldp tlv value")?;
    Ok((head >> 1, value))
}

fn mandatory<'a>(
    reader: &mut Reader<'a>,
    want_kind: u8,
    want: &'static str,
) -> Result<Reader<'a>, WireError> {
    let at = reader.at();
    let (kind, value) = header(reader)?;
    if kind != want_kind {
        return Err(WireError::Unexpected { what: "lldp tlv type", at, found: kind.into(), want });
    }
    Ok(value)
}

/// Names the device (IEEE 802.1AB-2016, 8.5.2). A subtype whose value does not fit it is kept as `Other`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChassisId<'a> {
    /// 1: the entPhysicalAlias of the chassis.
    Component(&'a [u8]),
    /// 2: the ifAlias of an interface.
    InterfaceAlias(&'a [u8]),
    /// 3: the entPhysicalAlias of a port.
    PortComponent(&'a [u8]),
    /// 4: a hardware address.
    Mac(MacAddr),
    /// 5: a network address.
    Network(NetworkAddress<'a>),
    /// 6: the ifName of an interface.
    InterfaceName(&'a [u8]),
    /// 7: whatever the device likes.
    Local(&'a [u8]),
    /// Anything else.
    Other {
        /// How to read the value.
        subtype: u8,
        /// The value.
        value: &'a [u8],
    },
}

impl<'a> ChassisId<'a> {
    fn read(mut reader: Reader<'a>) -> Result<Self, WireError> {
        let subtype = reader.u8("lldp chassis id subtype")?;
        let value = reader.rest();
        Ok(match (subtype, value) {
            (1, value) => Self::Component(value),
            (2, value) => Self::InterfaceAlias(value),
            (3, value) => Self::PortComponent(value),
            (4, &[a, b, c, d, e, f]) => Self::Mac(MacAddr([a, b, c, d, e, f])),
            (5, &[family, ref address @ ..]) => {
                Self::Network(NetworkAddress::read(family, address))
            }
            (6, value) => Self::InterfaceName(value),
            (7, value) => Self::Local(value),
            (subtype, value) => Self::Other { subtype, value },
        })
    }

    fn emit(&self, buf: &mut Vec<u8>) {
        match self {
            Self::Component(value) => subtyped(buf, 1, value),
            Self::InterfaceAlias(value) => subtyped(buf, 2, value),
            Self::PortComponent(value) => subtyped(buf, 3, value),
            Self::Mac(mac) => subtyped(buf, 4, &mac.octets()),
            Self::Network(address) => {
                buf.push(5);
                address.emit(buf);
            }
            Self::InterfaceName(value) => subtyped(buf, 6, value),
            Self::Local(value) => subtyped(buf, 7, value),
            Self::Other { subtype, value } => subtyped(buf, *subtype, value),
        }
    }
}

/// Names the port (IEEE 802.1AB-2016, 8.5.3). A subtype whose value does not fit it is kept as `Other`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortId<'a> {
    /// 1: the ifAlias of the interface.
    InterfaceAlias(&'a [u8]),
    /// 2: the entPhysicalAlias of the port.
    PortComponent(&'a [u8]),
    /// 3: a hardware address.
    Mac(MacAddr),
    /// 4: a network address.
    Network(NetworkAddress<'a>),
    /// 5: the ifName of the interface.
    InterfaceName(&'a [u8]),
    /// 6: a circuit of a DHCP relay agent (RFC 3046).
    AgentCircuit(&'a [u8]),
    /// 7: whatever the device likes.
    Local(&'a [u8]),
    /// Anything else.
    Other {
        /// How to read the value.
        subtype: u8,
        /// The value.
        value: &'a [u8],
    },
}

impl<'a> PortId<'a> {
    fn read(mut reader: Reader<'a>) -> Result<Self, WireError> {
        let subtype = reader.u8("lldp port id subtype")?;
        let value = reader.rest();
        Ok(match (subtype, value) {
            (1, value) => Self::InterfaceAlias(value),
            (2, value) => Self::PortComponent(value),
            (3, &[a, b, c, d, e, f]) => Self::Mac(MacAddr([a, b, c, d, e, f])),
            (4, &[family, ref address @ ..]) => {
                Self::Network(NetworkAddress::read(family, address))
            }
            (5, value) => Self::InterfaceName(value),
            (6, value) => Self::AgentCircuit(value),
            (7, value) => Self::Local(value),
            (subtype, value) => Self::Other { subtype, value },
        })
    }

    fn emit(&self, buf: &mut Vec<u8>) {
        match self {
            Self::InterfaceAlias(value) => subtyped(buf, 1, value),
            Self::PortComponent(value) => subtyped(buf, 2, value),
            Self::Mac(mac) => subtyped(buf, 3, &mac.octets()),
            Self::Network(address) => {
                buf.push(4);
                address.emit(buf);
            }
            Self::InterfaceName(value) => subtyped(buf, 5, value),
            Self::AgentCircuit(value) => subtyped(buf, 6, value),
            Self::Local(value) => subtyped(buf, 7, value),
            Self::Other { subtype, value } => subtyped(buf, *subtype, value),
        }
    }
}

/// An address and the family that says how to read it (IANA address family numbers).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkAddress<'a> {
    /// 1 and 2: IPv4 and IPv6.
    Ip(IpAddr),
    /// 6: a hardware address.
    Mac(MacAddr),
    /// Another family, or a length that does not fit it.
    Other {
        /// The family.
        family: u8,
        /// The address.
        address: &'a [u8],
    },
}

impl<'a> NetworkAddress<'a> {
    fn read(family: u8, address: &'a [u8]) -> Self {
        let known = match family {
            1 => <[u8; 4]>::try_from(address).ok().map(|octets| Self::Ip(octets.into())),
            2 => <[u8; 16]>::try_from(address).ok().map(|octets| Self::Ip(octets.into())),
            6 => <[u8; 6]>::try_from(address).ok().map(|octets| Self::Mac(MacAddr(octets))),
            _ => None,
        };
        known.unwrap_or(Self::Other { family, address })
    }

    fn emit(&self, buf: &mut Vec<u8>) {
        match self {
            Self::Ip(IpAddr::V4(address)) => subtyped(buf, 1, &address.octets()),
            Self::Ip(IpAddr::V6(address)) => subtyped(buf, 2, &address.octets()),
            Self::Mac(mac) => subtyped(buf, 6, &mac.octets()),
            Self::Other { family, address } => subtyped(buf, *family, address),
        }
    }
}

fn subtyped(buf: &mut Vec<u8>, subtype: u8, value: &[u8]) {
    buf.push(subtype);
    buf.extend_from_slice(value);
}

/// An optional TLV.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tlv<'a> {
    /// 4: the ifDescr of the port.
    PortDescription(&'a [u8]),
    /// 5: the sysName.
    SystemName(&'a [u8]),
    /// 6: the sysDescr.
    SystemDescription(&'a [u8]),
    /// 7: what it can be, and what it is; the bits of [`capability`].
    SystemCapabilities {
        /// What it can be.
        supported: u16,
        /// What it is now.
        enabled: u16,
    },
    /// 8: where it can be managed.
    ManagementAddress(ManagementAddress<'a>),
    /// 127 of the TIA, 5 to 11: LLDP-MED inventory.
    Inventory {
        /// What of the inventory.
        item: InventoryItem,
        /// The text.
        value: &'a [u8],
    },
    /// 127: defined by an organisation.
    Organisation {
        /// Which one.
        oui: [u8; 3],
        /// What of it.
        subtype: u8,
        /// The value.
        value: &'a [u8],
    },
    /// A reserved type.
    Other {
        /// The type.
        kind: u8,
        /// The value.
        value: &'a [u8],
    },
}

/// What an inventory text of LLDP-MED is (ANSI/TIA-1057, 10.2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InventoryItem {
    /// 5: revision of the hardware.
    HardwareRevision,
    /// 6: revision of the firmware.
    FirmwareRevision,
    /// 7: revision of the software.
    SoftwareRevision,
    /// 8: serial number.
    SerialNumber,
    /// 9: name of the manufacturer.
    Manufacturer,
    /// 10: name of the model.
    Model,
    /// 11: asset identifier.
    Asset,
}

impl InventoryItem {
    const ALL: [(u8, Self); 7] = [
        (5, Self::HardwareRevision),
        (6, Self::FirmwareRevision),
        (7, Self::SoftwareRevision),
        (8, Self::SerialNumber),
        (9, Self::Manufacturer),
        (10, Self::Model),
        (11, Self::Asset),
    ];

    fn from_subtype(subtype: u8) -> Option<Self> {
        Self::ALL.iter().find(|(number, _)| *number == subtype).map(|(_, item)| *item)
    }

    fn subtype(self) -> u8 {
        match self {
            Self::HardwareRevision => 5,
            Self::FirmwareRevision => 6,
            Self::SoftwareRevision => 7,
            Self::SerialNumber => 8,
            Self::Manufacturer => 9,
            Self::Model => 10,
            Self::Asset => 11,
        }
    }
}

/// Where a device can be managed (IEEE 802.1AB-2016, 8.5.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ManagementAddress<'a> {
    /// The address.
    pub address: NetworkAddress<'a>,
    /// How `interface` counts.
    pub numbering: InterfaceNumbering,
    /// The interface that has the address.
    pub interface: u32,
    /// The contents of a BER object identifier for what the device is; often empty.
    pub oid: &'a [u8],
}

/// How a management address numbers its interface (IEEE 802.1AB-2016, 8.5.9.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InterfaceNumbering {
    /// 1: unknown.
    Unknown,
    /// 2: an ifIndex.
    IfIndex,
    /// 3: a port number of the system.
    SystemPort,
    /// Anything else.
    Other(u8),
}

impl<'a> Tlv<'a> {
    fn read(kind: u8, mut value: Reader<'a>) -> Result<Self, WireError> {
        let at = value.at();
        Ok(match kind {
            CHASSIS_ID..=TTL => {
                // IEEE 802.1AB-2016, 9.2.7.7.1: each of these stands in a packet once
                let want = "an optional one, the mandatory ones stand first and once";
                return Err(WireError::Unexpected {
                    what: "lldp tlv type",
                    at,
                    found: kind.into(),
                    want,
                });
            }
            PORT_DESCRIPTION => Self::PortDescription(value.rest()),
            SYSTEM_NAME => Self::SystemName(value.rest()),
            SYSTEM_DESCRIPTION => Self::SystemDescription(value.rest()),
            SYSTEM_CAPABILITIES => {
                let supported = value.u16("lldp system capabilities")?;
                let enabled = value.u16("lldp enabled capabilities")?;
                nothing_more(value, "lldp system capabilities")?;
                Self::SystemCapabilities { supported, enabled }
            }
            MANAGEMENT_ADDRESS => Self::ManagementAddress(ManagementAddress::read(value)?),
            ORGANISATION => {
                let oui = value.array("lldp organisation")?;
                let subtype = value.u8("lldp organisation subtype")?;
                let value = value.rest();
                match InventoryItem::from_subtype(subtype) {
                    Some(item) if oui == TIA => Self::Inventory { item, value },
                    _ => Self::Organisation { oui, subtype, value },
                }
            }
            kind => Self::Other { kind, value: value.rest() },
        })
    }

    /// Appends it. The value must fit nine bits of length.
    fn emit(&self, buf: &mut Vec<u8>) -> Result<(), WireError> {
        match self {
            Self::PortDescription(value) => {
                tlv(buf, PORT_DESCRIPTION, |buf| buf.extend_from_slice(value))
            }
            Self::SystemName(value) => tlv(buf, SYSTEM_NAME, |buf| buf.extend_from_slice(value)),
            Self::SystemDescription(value) => {
                tlv(buf, SYSTEM_DESCRIPTION, |buf| buf.extend_from_slice(value))
            }
            Self::SystemCapabilities { supported, enabled } => {
                tlv(buf, SYSTEM_CAPABILITIES, |buf| {
                    buf.extend_from_slice(&supported.to_be_bytes());
                    buf.extend_from_slice(&enabled.to_be_bytes());
                })
            }
            Self::ManagementAddress(address) => address.emit(buf),
            Self::Inventory { item, value } => organisation(buf, TIA, item.subtype(), value),
            Self::Organisation { oui, subtype, value } => organisation(buf, *oui, *subtype, value),
            Self::Other { kind, value } => tlv(buf, *kind, |buf| buf.extend_from_slice(value)),
        }
    }
}

impl<'a> ManagementAddress<'a> {
    fn read(mut value: Reader<'a>) -> Result<Self, WireError> {
        let length = value.u8("lldp management address length")?;
        let mut address = value.part(length.into(), "lldp management address")?;
        let family = address.u8("lldp management address family")?;
        let numbering = match value.u8("lldp interface numbering")? {
            1 => InterfaceNumbering::Unknown,
            2 => InterfaceNumbering::IfIndex,
            3 => InterfaceNumbering::SystemPort,
            number => InterfaceNumbering::Other(number),
        };
        let interface = value.u32("lldp interface number")?;
        let length = value.u8("lldp object identifier length")?;
        let oid = value.take(length.into(), "lldp object identifier")?;
        nothing_more(value, "lldp management address")?;
        Ok(Self {
            address: NetworkAddress::read(family, address.rest()),
            numbering,
            interface,
            oid,
        })
    }

    fn emit(&self, buf: &mut Vec<u8>) -> Result<(), WireError> {
        let mut address = Vec::with_capacity(17);
        self.address.emit(&mut address);
        let numbering = match self.numbering {
            InterfaceNumbering::Unknown => 1,
            InterfaceNumbering::IfIndex => 2,
            InterfaceNumbering::SystemPort => 3,
            InterfaceNumbering::Other(number) => number,
        };
        let octet = |bytes: &[u8], what| {
            let found = bytes.len();
            u8::try_from(found).map_err(|_| WireError::TooLong {
                what,
                at: buf.len(),
                found,
                most: 255,
            })
        };
        let address_length = octet(&address, "lldp management address")?;
        let oid_length = octet(self.oid, "lldp object identifier")?;
        tlv(buf, MANAGEMENT_ADDRESS, |buf| {
            subtyped(buf, address_length, &address);
            subtyped(buf, numbering, &self.interface.to_be_bytes());
            subtyped(buf, oid_length, self.oid);
        })
    }
}

fn nothing_more(value: Reader<'_>, what: &'static str) -> Result<(), WireError> {
    if value.is_empty() {
        return Ok(());
    }
    Err(WireError::TooLong { what, at: value.at(), found: value.len(), most: 0 })
}

/// What to say in an LLDP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LldpToSend<'a> {
    /// The device that speaks.
    pub chassis_id: ChassisId<'a>,
    /// The port it speaks from.
    pub port_id: PortId<'a>,
    /// For how many seconds this holds.
    pub ttl: u16,
    /// What else, in this order.
    pub tlvs: &'a [Tlv<'a>],
}

/// Appends an LLDP packet, its end marked, without a frame header. Refuses a value over 511 bytes.
pub fn emit_lldp(buf: &mut Vec<u8>, lldp: &LldpToSend<'_>) -> Result<(), WireError> {
    tlv(buf, CHASSIS_ID, |buf| lldp.chassis_id.emit(buf))?;
    tlv(buf, PORT_ID, |buf| lldp.port_id.emit(buf))?;
    tlv(buf, TTL, |buf| buf.extend_from_slice(&lldp.ttl.to_be_bytes()))?;
    lldp.tlvs.iter().try_for_each(|tlv| tlv.emit(buf))?;
    tlv(buf, END, |_| ())
}

fn organisation(
    buf: &mut Vec<u8>,
    oui: [u8; 3],
    subtype: u8,
    value: &[u8],
) -> Result<(), WireError> {
    tlv(buf, ORGANISATION, |buf| {
        buf.extend_from_slice(&oui);
        subtyped(buf, subtype, value);
    })
}

/// Appends a TLV: its header, and then what `value` appends.
fn tlv(buf: &mut Vec<u8>, kind: u8, value: impl FnOnce(&mut Vec<u8>)) -> Result<(), WireError> {
    const MOST: usize = 0x1ff;
    let at = buf.len();
    buf.extend_from_slice(&[0, 0]);
    value(buf);
    let found = buf.len() - at - 2;
    let length = u16::try_from(found).ok().filter(|length| usize::from(*length) <= MOST);
    let length =
        length.ok_or(WireError::TooLong { what: "lldp tlv value", at, found, most: MOST })?;
    let header = u16::from(kind & 0x7f) << 9 | length;
    buf[at..at + 2].copy_from_slice(&header.to_be_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{EthernetFrame, captures, ether_type};

    const THEIRS: MacAddr = MacAddr([2, 0, 0, 0, 0, 0x0b]);

    fn recorded() -> Vec<u8> {
        let frame = captures::frames("lldp").remove(0);
        let read = EthernetFrame::parse(&frame).unwrap();
        assert_eq!((read.destination, read.ether_type), (LLDP_MULTICAST, ether_type::LLDP));
        read.payload.to_vec()
    }

    fn emitted(lldp: &LldpToSend<'_>) -> Vec<u8> {
        let mut buf = vec![];
        emit_lldp(&mut buf, lldp).unwrap();
        buf
    }

    fn with_tlv(kind: u8, value: &[u8]) -> Vec<u8> {
        let mut buf = emitted(&LldpToSend {
            chassis_id: ChassisId::Local(b"box"),
            port_id: PortId::Local(b"1"),
            ttl: 120,
            tlvs: &[Tlv::Other { kind, value }, Tlv::SystemName(b"after")],
        });
        buf.extend([0xee; 20]); // what stands after the end is padding
        buf
    }

    #[test]
    fn reads_a_recorded_packet() {
        let payload = recorded();
        let lldp = Lldp::parse(&payload).unwrap();
        assert_eq!(lldp.chassis_id(), ChassisId::Mac(THEIRS));
        assert_eq!(lldp.port_id(), PortId::Mac(THEIRS));
        assert_eq!(lldp.ttl(), 120);
        let tlvs: Vec<_> = lldp.tlvs().collect::<Result<_, _>>().unwrap();
        let address = ManagementAddress {
            address: NetworkAddress::Ip(IpAddr::from([10, 50, 0, 2])),
            numbering: InterfaceNumbering::IfIndex,
            interface: 2,
            oid: &[],
        };
        let supported = capability::BRIDGE
            | capability::ACCESS_POINT
            | capability::ROUTER
            | capability::STATION;
        let text = [
            Tlv::SystemName(b"lab-peer"),
            Tlv::SystemDescription(b"lab peer of a wire capture"),
            Tlv::SystemCapabilities { supported, enabled: capability::STATION },
            Tlv::ManagementAddress(address),
            Tlv::PortDescription(b"vb"),
        ];
        assert_eq!(tlvs[..5], text);
        let organisations: Vec<_> = tlvs[5..8]
            .iter()
            .map(|tlv| match tlv {
                Tlv::Organisation { oui, subtype, value } => (*oui, *subtype, value.len()),
                other => panic!("an organisation's: {other:?}"),
            })
            .collect();
        assert_eq!(
            organisations,
            [([0, 0x12, 0x0f], 3, 5), ([0, 0x12, 0x0f], 1, 5), ([0, 0x12, 0xbb], 1, 3)]
        );
        let inventory = [
            (InventoryItem::HardwareRevision, "lab hardware-revision"),
            (InventoryItem::FirmwareRevision, "lab firmware-revision"),
            (InventoryItem::SoftwareRevision, "lab software-revision"),
            (InventoryItem::SerialNumber, "lab serial-number"),
            (InventoryItem::Manufacturer, "lab manufacturer"),
            (InventoryItem::Model, "lab model"),
            (InventoryItem::Asset, "lab asset"),
        ];
        assert_eq!(
            tlvs[8..],
            inventory.map(|(item, text)| Tlv::Inventory { item, value: text.as_bytes() })
        );
    }

    #[test]
    fn what_was_recorded_is_what_we_would_send() {
        let payload = recorded();
        let lldp = Lldp::parse(&payload).unwrap();
        let tlvs: Vec<_> = lldp.tlvs().collect::<Result<_, _>>().unwrap();
        let (chassis_id, port_id, ttl) = (lldp.chassis_id(), lldp.port_id(), lldp.ttl());
        assert_eq!(emitted(&LldpToSend { chassis_id, port_id, ttl, tlvs: &tlvs }), payload);
    }

    #[test]
    fn cut_at_any_byte_it_is_short_and_says_what_came_before() {
        let payload = recorded();
        let whole: Vec<_> = Lldp::parse(&payload).unwrap().tlvs().collect();
        for length in 0..payload.len() {
            let Ok(lldp) = Lldp::parse(&payload[..length]) else {
                assert!(length < 22, "the mandatory part ends at 22, cut at {length}");
                continue;
            };
            let tlvs: Vec<_> = lldp.tlvs().collect();
            let good = tlvs.iter().take_while(|tlv| tlv.is_ok()).count();
            assert_eq!(tlvs[..good], whole[..good]);
            assert!(tlvs.len() - good <= 1, "nothing follows the TLV that is cut");
        }
    }

    #[test]
    fn the_mandatory_ones_come_first_in_order_and_once() {
        let payload = recorded();
        let (chassis, port, ttl) = (&payload[..9], &payload[9..18], &payload[18..22]);
        for wrong in [[port, chassis, ttl], [chassis, ttl, port], [chassis, chassis, port]] {
            assert!(matches!(Lldp::parse(&wrong.concat()), Err(WireError::Unexpected { .. })));
        }
        let twice = [chassis, port, ttl, chassis].concat();
        let tlvs: Vec<_> = Lldp::parse(&twice).unwrap().tlvs().collect();
        assert!(matches!(tlvs[..], [Err(WireError::Unexpected { found: 1, .. })]), "{tlvs:?}");
    }

    #[test]
    fn wrong_contents_are_an_error_in_their_place() {
        for (kind, value) in [
            (7, &[0, 4, 0][..]),
            (7, &[0, 4, 0, 4, 0]),
            (8, &[]),
            (8, &[0, 2, 0, 0, 0, 1, 0]),
            (8, &[5, 1, 10, 50, 0, 2, 2, 0, 0, 0, 1, 1]),
            (8, &[5, 1, 10, 50, 0, 2, 2, 0, 0, 0, 1, 0, 9]),
            (127, &[0, 0x12, 0xbb]),
        ] {
            let buf = with_tlv(kind, value);
            let tlvs: Vec<_> = Lldp::parse(&buf).unwrap().tlvs().collect();
            assert!(
                matches!(tlvs[..], [Err(_), Ok(Tlv::SystemName(b"after"))]),
                "{kind}: {tlvs:?}"
            );
        }
    }

    #[test]
    fn the_unknown_is_kept() {
        let buf = with_tlv(99, b"what");
        let tlvs: Vec<_> = Lldp::parse(&buf).unwrap().tlvs().collect();
        assert_eq!(
            tlvs,
            [Ok(Tlv::Other { kind: 99, value: b"what" }), Ok(Tlv::SystemName(b"after"))]
        );
        let chassis_id = ChassisId::Other { subtype: 4, value: b"short" };
        let port_id = PortId::Network(NetworkAddress::Other { family: 1, address: &[10, 50, 0] });
        let buf = emitted(&LldpToSend { chassis_id, port_id, ttl: 0, tlvs: &[] });
        let lldp = Lldp::parse(&buf).unwrap();
        assert_eq!((lldp.chassis_id(), lldp.port_id(), lldp.ttl()), (chassis_id, port_id, 0));
    }

    #[test]
    fn a_value_over_nine_bits_of_length_is_not_sent() {
        for (length, fits) in [(511, true), (512, false), (100_000, false)] {
            let text = vec![b'x'; length];
            let tlvs = [Tlv::SystemDescription(&text)];
            let (chassis_id, port_id) = (ChassisId::Local(b"box"), PortId::Local(b"1"));
            let sent =
                emit_lldp(&mut vec![], &LldpToSend { chassis_id, port_id, ttl: 1, tlvs: &tlvs });
            assert_eq!(sent.is_ok(), fits, "{length}");
        }
    }

    // Owned stand-ins, from which borrowed ones are made: a strategy cannot lend.
    #[derive(Debug, Clone)]
    struct Any {
        which: u8,
        kind: u8,
        number: u32,
        bytes: Vec<u8>,
        address: [u8; 16],
    }

    fn any_tlv() -> impl Strategy<Value = Any> {
        (
            any::<u8>(),
            any::<u8>(),
            any::<u32>(),
            prop::collection::vec(any::<u8>(), 0..80),
            any::<[u8; 16]>(),
        )
            .prop_map(|(which, kind, number, bytes, address)| Any {
                which,
                kind,
                number,
                bytes,
                address,
            })
    }

    impl Any {
        fn network(&self) -> NetworkAddress<'_> {
            let [a, b, c, d, e, f, ..] = self.address;
            match self.which % 4 {
                0 => NetworkAddress::Ip(IpAddr::from([a, b, c, d])),
                1 => NetworkAddress::Ip(IpAddr::from(self.address)),
                2 => NetworkAddress::Mac(MacAddr([a, b, c, d, e, f])),
                _ => NetworkAddress::Other { family: self.kind | 8, address: &self.bytes },
            }
        }

        fn chassis_id(&self) -> ChassisId<'_> {
            let [a, b, c, d, e, f, ..] = self.address;
            match self.which % 8 {
                0 => ChassisId::Component(&self.bytes),
                1 => ChassisId::InterfaceAlias(&self.bytes),
                2 => ChassisId::PortComponent(&self.bytes),
                3 => ChassisId::Mac(MacAddr([a, b, c, d, e, f])),
                4 => ChassisId::Network(self.network()),
                5 => ChassisId::InterfaceName(&self.bytes),
                6 => ChassisId::Local(&self.bytes),
                _ => ChassisId::Other { subtype: self.kind | 8, value: &self.bytes },
            }
        }

        fn port_id(&self) -> PortId<'_> {
            let [a, b, c, d, e, f, ..] = self.address;
            match self.which % 8 {
                0 => PortId::InterfaceAlias(&self.bytes),
                1 => PortId::PortComponent(&self.bytes),
                2 => PortId::Mac(MacAddr([a, b, c, d, e, f])),
                3 => PortId::Network(self.network()),
                4 => PortId::InterfaceName(&self.bytes),
                5 => PortId::AgentCircuit(&self.bytes),
                6 => PortId::Local(&self.bytes),
                _ => PortId::Other { subtype: self.kind | 8, value: &self.bytes },
            }
        }

        fn tlv(&self) -> Tlv<'_> {
            let (supported, enabled) = ((self.number >> 16) as u16, self.number as u16);
            let numbering = match self.kind % 4 {
                0 => InterfaceNumbering::Unknown,
                1 => InterfaceNumbering::IfIndex,
                2 => InterfaceNumbering::SystemPort,
                _ => InterfaceNumbering::Other(self.kind | 4),
            };
            let (interface, oid) = (self.number, &self.bytes[..]);
            match self.which % 8 {
                0 => Tlv::PortDescription(&self.bytes),
                1 => Tlv::SystemName(&self.bytes),
                2 => Tlv::SystemDescription(&self.bytes),
                3 => Tlv::SystemCapabilities { supported, enabled },
                4 => Tlv::ManagementAddress(ManagementAddress {
                    address: self.network(),
                    numbering,
                    interface,
                    oid,
                }),
                5 => {
                    let (_, item) = InventoryItem::ALL[usize::from(self.kind) % 7];
                    Tlv::Inventory { item, value: &self.bytes }
                }
                6 => Tlv::Organisation {
                    oui: [0, 0x80, 0xc2],
                    subtype: self.kind,
                    value: &self.bytes,
                },
                _ => Tlv::Other { kind: 9 + self.kind % 118, value: &self.bytes },
            }
        }
    }

    proptest! {
        #[test]
        fn comes_back_as_it_was_sent(
            ids in [any_tlv(), any_tlv()],
            ttl: u16,
            any in prop::collection::vec(any_tlv(), 0..12),
        ) {
            let tlvs: Vec<_> = any.iter().map(Any::tlv).collect();
            let (chassis_id, port_id) = (ids[0].chassis_id(), ids[1].port_id());
            let buf = emitted(&LldpToSend { chassis_id, port_id, ttl, tlvs: &tlvs });
            let lldp = Lldp::parse(&buf).unwrap();
            assert_eq!((lldp.chassis_id(), lldp.port_id(), lldp.ttl()), (chassis_id, port_id, ttl));
            assert_eq!(lldp.tlvs().collect::<Result<Vec<_>, _>>(), Ok(tlvs));
        }
    }
}
