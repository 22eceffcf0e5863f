//! The optional TLVs of LLDP (IEEE 802.1AB-2016, 8.5.5 to 8.5.9, 8.6), and the inventory of LLDP-MED (ANSI/TIA-1057, 10.2.6).

use super::emit_tlv;
use super::id::{NetworkAddress, subtyped};
use super::organisation::TIA;
use crate::{Reader, WireError};

const PORT_DESCRIPTION: u8 = 4;
const SYSTEM_NAME: u8 = 5;
const SYSTEM_DESCRIPTION: u8 = 6;
const SYSTEM_CAPABILITIES: u8 = 7;
const MANAGEMENT_ADDRESS: u8 = 8;
const ORGANISATION: u8 = 127;

/// An optional TLV.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tlv<'a> {
    /// 4: the ifDescr of the port.
    PortDescription(&'a [u8]),
    /// 5: the sysName.
    SystemName(&'a [u8]),
    /// 6: the sysDescr.
    SystemDescription(&'a [u8]),
    /// 7: what it can be, and what it is; the bits of [`super::capability`].
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
    pub(super) const ALL: [(u8, Self); 7] = [
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
    pub(super) fn read(kind: u8, mut value: Reader<'a>) -> Result<Self, WireError> {
        let at = value.at();
        Ok(match kind {
            super::CHASSIS_ID..=super::TTL => {
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
    pub(super) fn emit(&self, buf: &mut Vec<u8>) -> Result<(), WireError> {
        match self {
            Self::PortDescription(value) => {
                emit_tlv(buf, PORT_DESCRIPTION, |buf| buf.extend_from_slice(value))
            }
            Self::SystemName(value) => {
                emit_tlv(buf, SYSTEM_NAME, |buf| buf.extend_from_slice(value))
            }
            Self::SystemDescription(value) => {
                emit_tlv(buf, SYSTEM_DESCRIPTION, |buf| buf.extend_from_slice(value))
            }
            Self::SystemCapabilities { supported, enabled } => {
                emit_tlv(buf, SYSTEM_CAPABILITIES, |buf| {
                    buf.extend_from_slice(&supported.to_be_bytes());
                    buf.extend_from_slice(&enabled.to_be_bytes());
                })
            }
            Self::ManagementAddress(address) => address.emit(buf),
            Self::Inventory { item, value } => organisation(buf, TIA, item.subtype(), value),
            Self::Organisation { oui, subtype, value } => organisation(buf, *oui, *subtype, value),
            Self::Other { kind, value } => emit_tlv(buf, *kind, |buf| buf.extend_from_slice(value)),
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

    pub(super) fn emit(&self, buf: &mut Vec<u8>) -> Result<(), WireError> {
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
        emit_tlv(buf, MANAGEMENT_ADDRESS, |buf| {
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

fn organisation(
    buf: &mut Vec<u8>,
    oui: [u8; 3],
    subtype: u8,
    value: &[u8],
) -> Result<(), WireError> {
    emit_tlv(buf, ORGANISATION, |buf| {
        buf.extend_from_slice(&oui);
        subtyped(buf, subtype, value);
    })
}
