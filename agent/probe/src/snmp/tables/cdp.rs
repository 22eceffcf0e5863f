//! `cdpCacheTable` (CISCO-CDP-MIB): what neighbours say over the Cisco Discovery Protocol.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use herkomst_model::{CdpNeighbour, Rows};

use super::{Cells, Scope, Source, Tally};
use crate::snmp::index::Index;
use crate::snmp::walk::Row;

/// `cdpCacheAddressType`, `…Address`, `…Version`, `…DeviceId`, `…DevicePort`, `…Platform`, `…Capabilities`,
/// `…NativeVLAN`, `…SysName`.
pub const CDP: Source = Source {
    parts: &[(&[1, 3, 6, 1, 4, 1, 9, 9, 23, 1, 2, 1, 1], &[3, 4, 5, 6, 7, 8, 9, 11, 17])],
    row: 480,
    rows: 20_000,
    decode,
};

fn decode(rows: &[Row], _: &mut Scope, tally: &mut Tally) -> Option<Rows> {
    Some(Rows::Cdp(tally.collect(rows, neighbour)))
}

fn neighbour(cells: &mut Cells<'_>) -> Option<CdpNeighbour> {
    let mut index = Index::new(&cells.row.index);
    let interface = index.number("cdpCacheIfIndex").ok()?;
    let number = index.number("cdpCacheDeviceIndex").ok()?;
    index.end().ok()?;
    let kind = cells.number(0);
    let address = cells.octets(1).and_then(|octets| address(kind, octets));
    let bits = cells.octets(6).and_then(|octets| <[u8; 4]>::try_from(octets).ok());
    let vlan = cells.number(7).and_then(|vlan| u16::try_from(vlan).ok());
    Some(CdpNeighbour {
        interface,
        index: number,
        device: cells.text(3),
        port: cells.text(4),
        platform: cells.text(5),
        version: cells.text(2),
        system_name: cells.text(8),
        address,
        capabilities: bits.map(u32::from_be_bytes),
        native_vlan: vlan.filter(|vlan| (1..=4094).contains(vlan)),
    })
}

/// `CiscoNetworkProtocol` (CISCO-TC): ip(1), ipv6(20).
fn address(kind: Option<u32>, octets: &[u8]) -> Option<IpAddr> {
    match (kind?, octets.len()) {
        (1, 4) => <[u8; 4]>::try_from(octets).ok().map(|octets| Ipv4Addr::from(octets).into()),
        (20, 16) => <[u8; 16]>::try_from(octets).ok().map(|octets| Ipv6Addr::from(octets).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{decode, number, octets, row, text};
    use super::*;

    #[test]
    fn a_neighbour_is_read_whole_and_vlan_0_is_none() {
        let values = [
            number(1),
            octets(&[192, 0, 2, 8]),
            text("IOS 15"),
            text("sw-2.example.net"),
            text("GigabitEthernet1/0/1"),
            text("cisco WS-C3560"),
            octets(&[0, 0, 0, 0x28]),
            number(0),
            None,
        ];
        let (Some(Rows::Cdp(rows)), tally) = decode(&CDP, &[row(&[10101, 5], &values)]) else {
            panic!()
        };
        assert_eq!(rows[0].address, Some("192.0.2.8".parse().unwrap()));
        assert_eq!((rows[0].interface, rows[0].capabilities), (10101, Some(0x28)));
        assert_eq!((rows[0].native_vlan, tally.odd), (None, 0));
    }

    #[test]
    fn an_address_of_another_length_than_its_kind_is_left_out() {
        assert_eq!(address(Some(1), &[1, 2, 3]), None);
        assert_eq!(address(None, &[1, 2, 3, 4]), None);
        assert_eq!(address(Some(20), &[0; 16]), Some("::".parse().unwrap()));
    }
}
