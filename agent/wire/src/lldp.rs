//! LLDP (IEEE 802.1AB-2016), with the inventory TLVs of LLDP-MED (ANSI/TIA-1057, 10.2.6).
//!
//! Texts are handed on as bytes. The TLVs of IEEE 802.1, IEEE 802.3 and LLDP-MED are read on demand ([`Tlv::organisation`]);
//! those of others are kept unread, with their identifier and subtype.

mod id;
mod organisation;
mod tlv;

use herkomst_ids::MacAddr;

pub use self::id::{ChassisId, NetworkAddress, PortId};
pub use self::organisation::{IEEE_802_1, IEEE_802_3, OrganisationTlv, Power, TIA};
pub use self::tlv::{InterfaceNumbering, InventoryItem, ManagementAddress, Tlv};
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

const END: u8 = 0;
const CHASSIS_ID: u8 = 1;
const PORT_ID: u8 = 2;
const TTL: u8 = 3;

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
        // a longer one is taken too: what stands after the two octets means nothing
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

/// Appends an LLDP packet, its end marked, without a frame header. A value over 511 bytes is refused, and nothing appended.
pub fn emit_lldp(buf: &mut Vec<u8>, lldp: &LldpToSend<'_>) -> Result<(), WireError> {
    let start = buf.len();
    let emit = |buf: &mut Vec<u8>| {
        emit_tlv(buf, CHASSIS_ID, |buf| lldp.chassis_id.emit(buf))?;
        emit_tlv(buf, PORT_ID, |buf| lldp.port_id.emit(buf))?;
        emit_tlv(buf, TTL, |buf| buf.extend_from_slice(&lldp.ttl.to_be_bytes()))?;
        lldp.tlvs.iter().try_for_each(|tlv| tlv.emit(buf))?;
        emit_tlv(buf, END, |_| ())
    };
    emit(buf).inspect_err(|_| buf.truncate(start))
}

/// Appends a TLV: its header, and then what `value` appends.
fn emit_tlv(
    buf: &mut Vec<u8>,
    kind: u8,
    value: impl FnOnce(&mut Vec<u8>),
) -> Result<(), WireError> {
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
    use std::net::IpAddr;

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
            let lldp = LldpToSend { chassis_id, port_id, ttl: 1, tlvs: &tlvs };
            let mut buf = vec![1];
            assert_eq!(emit_lldp(&mut buf, &lldp).is_ok(), fits, "{length}");
            assert_eq!(buf.len() > 1, fits, "{length}");
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
