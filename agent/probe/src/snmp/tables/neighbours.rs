//! `ipNetToPhysicalTable`, and `ipNetToMediaTable` where it gives nothing (IP-MIB, RFC 4293): who has which address.

use std::net::IpAddr;

use herkomst_model::{NeighbourOrigin, Rows, TableNeighbour};

use super::{Cells, Scope, Source, Tally, mac};
use crate::snmp::index::Index;
use crate::snmp::walk::Row;

/// `ipNetToPhysicalPhysAddress`, `ipNetToPhysicalType`.
pub const NEW: Source = Source {
    parts: &[(&[1, 3, 6, 1, 2, 1, 4, 35, 1], &[4, 6])],
    row: 90,
    rows: 250_000,
    decode: new,
};

/// `ipNetToMediaPhysAddress`, `ipNetToMediaType`.
pub const OLD: Source = Source {
    parts: &[(&[1, 3, 6, 1, 2, 1, 4, 22, 1], &[2, 4])],
    row: 60,
    rows: 250_000,
    decode: old,
};

fn new(rows: &[Row], _: &mut Scope, tally: &mut Tally) -> Option<Rows> {
    Some(neighbours(rows, tally, |index| index.inet_address("ipNetToPhysicalNetAddress").ok()))
}

fn old(rows: &[Row], _: &mut Scope, tally: &mut Tally) -> Option<Rows> {
    Some(neighbours(rows, tally, |index| {
        index.ipv4("ipNetToMediaNetAddress").ok().map(|address| Some(IpAddr::from(address)))
    }))
}

fn neighbours(
    rows: &[Row],
    tally: &mut Tally,
    address: impl Fn(&mut Index<'_>) -> Option<Option<IpAddr>>,
) -> Rows {
    let found = tally.collect(rows, |cells: &mut Cells<'_>| {
        let mut index = Index::new(&cells.row.index);
        let interface = index.number("ifIndex").ok()?;
        let address = address(&mut index)?;
        index.end().ok()?;
        let octets = cells.octets(0);
        let kind = cells.number(1);
        Some(neighbour(address, octets, interface, kind))
    });
    Rows::Neighbours(found.into_iter().flatten().collect())
}

/// `None` for what names no station: an entry that is invalid or still asked for, or no IP address.
fn neighbour(
    address: Option<IpAddr>,
    octets: Option<&[u8]>,
    interface: u32,
    kind: Option<u32>,
) -> Option<TableNeighbour> {
    let origin = match kind {
        Some(2) => return None,
        Some(3) => NeighbourOrigin::Dynamic,
        Some(4) => NeighbourOrigin::Static,
        Some(5) => NeighbourOrigin::Local,
        _ => NeighbourOrigin::Other,
    };
    let mac = mac(octets?).filter(|mac| !mac.is_multicast())?;
    Some(TableNeighbour { address: address?, mac, interface, origin })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{decode, number, octets, row};
    use super::*;

    const MAC: [u8; 6] = [0, 0xe0, 0xfc, 1, 2, 3];

    #[test]
    fn stations_are_kept_and_entries_that_name_none_are_not() {
        let rows = [
            row(&[3, 1, 4, 192, 0, 2, 9], &[octets(&MAC), number(3)]),
            row(&[3, 1, 4, 192, 0, 2, 10], &[octets(&MAC), number(2)]),
            row(&[3, 1, 4, 192, 0, 2, 11], &[octets(&[]), number(3)]),
            row(&[3, 1, 4, 239, 0, 0, 1], &[octets(&[1, 0, 0x5e, 0, 0, 1]), number(4)]),
        ];
        let (Some(Rows::Neighbours(kept)), tally) = decode(&NEW, &rows) else { panic!() };
        let [one] = &kept[..] else { panic!("{kept:?}") };
        assert_eq!((one.interface, one.origin), (3, NeighbourOrigin::Dynamic));
        assert_eq!(
            (one.address, one.mac),
            ("192.0.2.9".parse().unwrap(), herkomst_ids::MacAddr(MAC))
        );
        assert_eq!(tally.unreadable, 0);
    }

    #[test]
    fn the_old_table_has_the_address_without_a_type() {
        let rows = [row(&[3, 192, 0, 2, 9], &[octets(&MAC), number(4)]), row(&[3, 192, 0, 2], &[])];
        let (Some(Rows::Neighbours(kept)), tally) = decode(&OLD, &rows) else { panic!() };
        assert_eq!((kept.len(), kept[0].origin), (1, NeighbourOrigin::Static));
        assert_eq!(tally.unreadable, 1);
    }
}
