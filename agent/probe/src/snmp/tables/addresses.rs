//! `ipAddressTable`, and `ipAddrTable` where it gives nothing (IP-MIB, RFC 4293).

use std::net::IpAddr;

use herkomst_model::{OwnAddress, Rows};

use super::{Cells, Scope, Source, Tally};
use crate::snmp::exchange::Value;
use crate::snmp::index::Index;
use crate::snmp::walk::Row;

/// `ipAddressIfIndex`, `ipAddressType`, `ipAddressPrefix`.
pub const NEW: Source = Source {
    parts: &[(&[1, 3, 6, 1, 2, 1, 4, 34, 1], &[3, 4, 5])],
    row: 150,
    rows: 20_000,
    decode: new,
};

/// `ipAdEntIfIndex`, `ipAdEntNetMask`.
pub const OLD: Source = Source {
    parts: &[(&[1, 3, 6, 1, 2, 1, 4, 20, 1], &[2, 3])],
    row: 50,
    rows: 20_000,
    decode: old,
};

fn new(rows: &[Row], _: &mut Scope, tally: &mut Tally) -> Option<Rows> {
    let found = tally.collect(rows, |cells| {
        let mut index = Index::new(&cells.row.index);
        let address = index.inet_address("ipAddressAddr").ok()?;
        index.end().ok()?;
        let interface = cells.number(0);
        // unicast(1), anycast(2), broadcast(3): a broadcast address is nobody's own
        let is_own = cells.number(1) != Some(3);
        let prefix = cells.oid(2).and_then(|pointer| prefix_of(pointer.arcs()));
        // Names and address types without a meaning here are read over.
        Some((is_own, address.map(|address| OwnAddress { address, interface, prefix })))
    });
    let own = found.into_iter().filter_map(|(is_own, address)| address.filter(|_| is_own));
    Some(Rows::Addresses(own.collect()))
}

/// The length at the end of the pointer into `ipAddressPrefixTable`; 0.0 where there is none.
fn prefix_of(pointer: &[u32]) -> Option<u8> {
    let row = pointer.strip_prefix(&[1, 3, 6, 1, 2, 1, 4, 32, 1])?;
    row.last().and_then(|length| u8::try_from(*length).ok()).filter(|length| *length <= 128)
}

fn old(rows: &[Row], _: &mut Scope, tally: &mut Tally) -> Option<Rows> {
    Some(Rows::Addresses(tally.collect(rows, |cells: &mut Cells<'_>| {
        let mut index = Index::new(&cells.row.index);
        let address = IpAddr::from(index.ipv4("ipAdEntAddr").ok()?);
        index.end().ok()?;
        let prefix = cells.typed(1, |value| match value {
            Value::Address(mask) => {
                let mask = u32::from_be_bytes(*mask);
                (mask.leading_ones() == mask.count_ones()).then_some(mask.count_ones())
            }
            _ => None,
        });
        let prefix = prefix.and_then(|length| u8::try_from(length).ok());
        Some(OwnAddress { address, interface: cells.number(0), prefix })
    })))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{decode, number, row};
    use super::*;

    fn pointer(text: &str) -> Option<Value> {
        Some(Value::Oid(text.parse().unwrap()))
    }

    #[test]
    fn the_new_table_has_both_families_and_the_length_of_the_prefix() {
        let v4 = row(
            &[1, 4, 192, 0, 2, 1],
            &[number(2), number(1), pointer("1.3.6.1.2.1.4.32.1.5.2.1.4.192.0.2.0.24")],
        );
        let broadcast = row(&[1, 4, 192, 0, 2, 255], &[number(2), number(3), pointer("0.0")]);
        let mut loopback = vec![2, 16];
        loopback.extend([0; 15]);
        loopback.push(1);
        let v6 = row(&loopback, &[number(1), number(1), pointer("0.0")]);
        let (Some(Rows::Addresses(rows)), tally) = decode(&NEW, &[v4, broadcast, v6]) else {
            panic!()
        };
        let shown: Vec<_> = rows.iter().map(|a| (a.address.to_string(), a.prefix)).collect();
        assert_eq!(shown, [("192.0.2.1".to_owned(), Some(24)), ("::1".to_owned(), None)]);
        assert_eq!((tally.unreadable, tally.odd), (0, 0));
    }

    #[test]
    fn a_mask_with_holes_is_no_prefix() {
        let good = row(&[192, 0, 2, 1], &[number(2), Some(Value::Address([255, 255, 254, 0]))]);
        let bad = row(&[192, 0, 2, 2], &[number(2), Some(Value::Address([255, 0, 255, 0]))]);
        let (Some(Rows::Addresses(rows)), tally) = decode(&OLD, &[good, bad]) else { panic!() };
        assert_eq!((rows[0].prefix, rows[1].prefix, tally.odd), (Some(23), None, 1));
    }
}
