//! Which station is behind which port: `dot1qTpFdbTable` (Q-BRIDGE-MIB, RFC 4363), and `dot1dTpFdbTable` (BRIDGE-MIB,
//! RFC 4188) where it gives nothing, with what tells ports and VLANs apart.
//!
//! Cisco switches keep one BRIDGE-MIB for each VLAN, in a context of its own: `community@vlan`, or the context `vlan-N`
//! of a v3 user. `vtpVlanState` (CISCO-VTP-MIB) says which there are.

use std::collections::btree_map::Entry;

use herkomst_model::{Forwarded, ForwardedStatus, Rows};

use super::{Cells, MOST_TRANSLATED, Scope, Source, Tally};
use crate::snmp::index::Index;
use crate::snmp::walk::Row;

/// The most contexts that are asked of one device.
pub const MOST_CONTEXTS: usize = 256;

/// `dot1dBasePortIfIndex`.
pub const PORTS: Source = Source {
    parts: &[(&[1, 3, 6, 1, 2, 1, 17, 1, 4, 1], &[2])],
    row: 22,
    rows: 20_000,
    decode: ports,
};

/// `dot1qVlanFdbId`.
pub const VLANS: Source = Source {
    parts: &[(&[1, 3, 6, 1, 2, 1, 17, 7, 1, 4, 2, 1], &[3])],
    row: 25,
    rows: 8_192,
    decode: vlans,
};

/// `vtpVlanState`.
pub const CONTEXTS: Source = Source {
    parts: &[(&[1, 3, 6, 1, 4, 1, 9, 9, 46, 1, 3, 1, 1], &[2])],
    row: 28,
    rows: 8_192,
    decode: contexts,
};

/// `dot1qTpFdbPort`, `dot1qTpFdbStatus`.
pub const NEW: Source = Source {
    parts: &[(&[1, 3, 6, 1, 2, 1, 17, 7, 1, 2, 2, 1], &[2, 3])],
    row: 64,
    rows: 250_000,
    decode: new,
};

/// `dot1dTpFdbPort`, `dot1dTpFdbStatus`.
pub const OLD: Source = Source {
    parts: &[(&[1, 3, 6, 1, 2, 1, 17, 4, 3, 1], &[2, 3])],
    row: 60,
    rows: 250_000,
    decode: old,
};

fn ports(rows: &[Row], scope: &mut Scope, tally: &mut Tally) -> Option<Rows> {
    let pairs = tally.collect(rows, |cells| {
        let mut index = Index::new(&cells.row.index);
        let port = index.number("dot1dBasePort").ok()?;
        index.end().ok()?;
        Some((port, cells.number(0)?))
    });
    for (port, interface) in pairs.into_iter().filter(|(_, interface)| *interface > 0) {
        Scope::note(&mut scope.ports, port, interface);
    }
    None
}

fn vlans(rows: &[Row], scope: &mut Scope, tally: &mut Tally) -> Option<Rows> {
    let pairs = tally.collect(rows, |cells| {
        let mut index = Index::new(&cells.row.index);
        index.number("dot1qVlanTimeMark").ok()?;
        let vlan = vlan(index.number("dot1qVlanIndex").ok()?)?;
        index.end().ok()?;
        Some((cells.number(0)?, vlan))
    });
    for (database, vlan) in pairs {
        let room = scope.vlans.len() < MOST_TRANSLATED;
        match scope.vlans.entry(database) {
            Entry::Vacant(free) if room => _ = free.insert(Some(vlan)),
            Entry::Vacant(_) => {}
            // VLANs that share a database (IEEE 802.1Q, shared learning): an entry is in one of them, nobody says which.
            Entry::Occupied(mut taken) if *taken.get() != Some(vlan) => _ = taken.insert(None),
            Entry::Occupied(_) => {}
        }
    }
    None
}

fn contexts(rows: &[Row], scope: &mut Scope, tally: &mut Tally) -> Option<Rows> {
    let states = tally.collect(rows, |cells| {
        let mut index = Index::new(&cells.row.index);
        index.number("managementDomainIndex").ok()?;
        let vlan = vlan(index.number("vtpVlanIndex").ok()?)?;
        index.end().ok()?;
        Some((vlan, cells.number(0)?))
    });
    // operational(1); 1002 to 1005 are there by default, for media that no switch has any more
    let active =
        states.into_iter().filter(|(vlan, state)| *state == 1 && !(1002..=1005).contains(vlan));
    for (vlan, _) in active {
        if !scope.contexts.contains(&vlan) {
            scope.contexts.push(vlan);
        }
    }
    None
}

/// 1 to 4094 (IEEE 802.1Q, 9.6).
fn vlan(number: u32) -> Option<u16> {
    u16::try_from(number).ok().filter(|vlan| (1..=4094).contains(vlan))
}

fn new(rows: &[Row], scope: &mut Scope, tally: &mut Tally) -> Option<Rows> {
    Some(Rows::Forwarding(tally.collect(rows, |cells| {
        let mut index = Index::new(&cells.row.index);
        let database = index.number("dot1qFdbId").ok()?;
        let mac = index.mac("dot1qTpFdbAddress").ok()?;
        index.end().ok()?;
        // That the database has the number of the VLAN is usual and nowhere said: only what the agent tells counts.
        let vlan = scope.vlans.get(&database).copied().flatten();
        Some(Forwarded { mac, vlan, ..entry(cells, scope) })
    })))
}

fn old(rows: &[Row], scope: &mut Scope, tally: &mut Tally) -> Option<Rows> {
    Some(Rows::Forwarding(tally.collect(rows, |cells| {
        let mut index = Index::new(&cells.row.index);
        let mac = index.mac("dot1dTpFdbAddress").ok()?;
        index.end().ok()?;
        Some(Forwarded { mac, vlan: scope.vlan, ..entry(cells, scope) })
    })))
}

fn entry(cells: &mut Cells<'_>, scope: &Scope) -> Forwarded {
    let port = cells.number(0).unwrap_or(0);
    let status = match cells.number(1) {
        Some(2) => ForwardedStatus::Invalid,
        Some(3) => ForwardedStatus::Learned,
        Some(4) => ForwardedStatus::Own,
        Some(5) => ForwardedStatus::Managed,
        _ => ForwardedStatus::Other,
    };
    let interface = scope.ports.get(&port).copied();
    Forwarded { mac: herkomst_ids::MacAddr::ZERO, vlan: None, port, interface, status }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{number, row};
    use super::*;

    fn run(source: &Source, rows: &[Row], scope: &mut Scope) -> Vec<Forwarded> {
        match (source.decode)(rows, scope, &mut Tally::default()) {
            Some(Rows::Forwarding(rows)) => rows,
            None => vec![],
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_station_gets_its_port_interface_and_vlan() {
        let mut scope = Scope::default();
        run(&PORTS, &[row(&[12], &[number(10112)])], &mut scope);
        run(&VLANS, &[row(&[0, 40], &[number(7)])], &mut scope);
        let entry = row(&[7, 0, 224, 252, 1, 2, 3], &[number(12), number(3)]);
        let rows = run(&NEW, &[entry], &mut scope);
        assert_eq!((rows[0].vlan, rows[0].port, rows[0].interface), (Some(40), 12, Some(10112)));
        assert_eq!(
            (rows[0].mac.to_string().as_str(), rows[0].status),
            ("00:e0:fc:01:02:03", ForwardedStatus::Learned)
        );
    }

    #[test]
    fn a_database_of_two_vlans_says_of_no_station_which_it_is_in() {
        let mut scope = Scope::default();
        run(&VLANS, &[row(&[0, 40], &[number(1)]), row(&[0, 41], &[number(1)])], &mut scope);
        run(&VLANS, &[row(&[0, 40], &[number(1)])], &mut scope);
        let rows = run(&NEW, &[row(&[1, 0, 0, 1, 2, 3, 4], &[number(1)])], &mut scope);
        assert_eq!((rows[0].vlan, rows[0].interface), (None, None));
    }

    #[test]
    fn in_a_context_the_old_table_is_of_that_vlan() {
        let mut scope = Scope::default();
        let states = [(10, 1), (20, 2), (1002, 1), (5000, 1), (30, 1)];
        let rows: Vec<Row> = states.iter().map(|(v, s)| row(&[1, *v], &[number(*s)])).collect();
        run(&CONTEXTS, &rows, &mut scope);
        assert_eq!(scope.contexts, [10, 30]);
        scope.vlan = Some(30);
        let rows = run(&OLD, &[row(&[0, 0, 1, 2, 3, 4], &[number(1), number(3)])], &mut scope);
        assert_eq!(rows[0].vlan, Some(30));
    }

    #[test]
    fn an_index_that_is_no_hardware_address_is_dropped() {
        let mut tally = Tally::default();
        let rows = [row(&[1, 0, 0, 1, 2, 3, 256], &[]), row(&[1, 2, 3], &[])];
        (NEW.decode)(&rows, &mut Scope::default(), &mut tally);
        assert_eq!((tally.rows, tally.unreadable), (0, 2));
    }
}
