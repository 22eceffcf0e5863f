//! What an LLDP packet is named after: chassis and port (IEEE 802.1AB-2016, 8.5.2 and 8.5.3), and network addresses.

use std::net::IpAddr;

use herkomst_ids::MacAddr;

use crate::{Reader, WireError};

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
    pub(super) fn read(mut reader: Reader<'a>) -> Result<Self, WireError> {
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

    pub(super) fn emit(&self, buf: &mut Vec<u8>) {
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
    pub(super) fn read(mut reader: Reader<'a>) -> Result<Self, WireError> {
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

    pub(super) fn emit(&self, buf: &mut Vec<u8>) {
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
    pub(super) fn read(family: u8, address: &'a [u8]) -> Self {
        let known = match family {
            1 => <[u8; 4]>::try_from(address).ok().map(|octets| Self::Ip(octets.into())),
            2 => <[u8; 16]>::try_from(address).ok().map(|octets| Self::Ip(octets.into())),
            6 => <[u8; 6]>::try_from(address).ok().map(|octets| Self::Mac(MacAddr(octets))),
            _ => None,
        };
        known.unwrap_or(Self::Other { family, address })
    }

    pub(super) fn emit(&self, buf: &mut Vec<u8>) {
        match self {
            Self::Ip(IpAddr::V4(address)) => subtyped(buf, 1, &address.octets()),
            Self::Ip(IpAddr::V6(address)) => subtyped(buf, 2, &address.octets()),
            Self::Mac(mac) => subtyped(buf, 6, &mac.octets()),
            Self::Other { family, address } => subtyped(buf, *family, address),
        }
    }
}

/// Appends a value after the octet that says how to read it.
pub(super) fn subtyped(buf: &mut Vec<u8>, subtype: u8, value: &[u8]) {
    buf.push(subtype);
    buf.extend_from_slice(value);
}
