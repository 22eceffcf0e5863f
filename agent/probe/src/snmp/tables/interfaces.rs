//! `ifTable` and `ifXTable` (IF-MIB, RFC 2863), read side by side: both stand under `ifIndex`.

use herkomst_model::{Interface, InterfaceStatus, Rows};

use super::{Cells, Scope, Source, Tally};
use crate::snmp::index::Index;
use crate::snmp::walk::Row;

/// `ifDescr`, `ifType`, `ifSpeed`, `ifPhysAddress`, `ifAdminStatus`, `ifOperStatus`; `ifName`, `ifHighSpeed`, `ifAlias`.
pub const INTERFACES: Source = Source {
    parts: &[
        (&[1, 3, 6, 1, 2, 1, 2, 2, 1], &[2, 3, 5, 6, 7, 8]),
        (&[1, 3, 6, 1, 2, 1, 31, 1, 1, 1], &[1, 15, 18]),
    ],
    row: 270,
    rows: 20_000,
    decode,
};

fn decode(rows: &[Row], _: &mut Scope, tally: &mut Tally) -> Option<Rows> {
    Some(Rows::Interfaces(tally.collect(rows, interface)))
}

fn interface(cells: &mut Cells<'_>) -> Option<Interface> {
    let mut index = Index::new(&cells.row.index);
    let number = index.number("ifIndex").ok()?;
    index.end().ok()?;
    let speed = cells.number(2).map(u64::from);
    // RFC 2863, 3.1.8: above 4.29 Gbit/s ifSpeed is at its highest value and ifHighSpeed has the speed.
    let high = cells.number(7).filter(|millions| *millions > 0).map(|m| u64::from(m) * 1_000_000);
    Some(Interface {
        index: number,
        description: cells.text(0),
        kind: cells.number(1),
        mac: cells.mac(3),
        admin: cells.number(4).and_then(status),
        oper: cells.number(5).and_then(status),
        name: cells.text(6),
        speed: high.or(speed),
        alias: cells.text(8),
    })
}

const fn status(number: u32) -> Option<InterfaceStatus> {
    Some(match number {
        1 => InterfaceStatus::Up,
        2 => InterfaceStatus::Down,
        3 => InterfaceStatus::Testing,
        4 => InterfaceStatus::Unknown,
        5 => InterfaceStatus::Dormant,
        6 => InterfaceStatus::NotPresent,
        7 => InterfaceStatus::LowerLayerDown,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{decode, number, octets, row, text};
    use super::*;
    use crate::snmp::exchange::Value;

    #[test]
    fn both_tables_make_one_row_and_the_higher_speed_counts() {
        let full = row(
            &[7],
            &[
                text("GigabitEthernet0/7"),
                number(6),
                Some(Value::Unsigned(u32::MAX.into())),
                octets(&[0, 0xe0, 0xfc, 1, 2, 3]),
                number(1),
                number(7),
                text("Gi0/7"),
                Some(Value::Unsigned(100_000)),
                text("to the roof"),
            ],
        );
        let (Some(Rows::Interfaces(rows)), tally) = decode(&INTERFACES, &[full]) else { panic!() };
        assert_eq!(rows[0].speed, Some(100_000_000_000));
        assert_eq!(rows[0].mac, Some("00:e0:fc:01:02:03".parse().unwrap()));
        assert_eq!(
            (rows[0].admin, rows[0].oper),
            (Some(InterfaceStatus::Up), Some(InterfaceStatus::LowerLayerDown))
        );
        assert_eq!((tally.rows, tally.odd), (1, 0));
    }

    #[test]
    fn without_the_newer_table_the_old_speed_counts_and_no_address_is_none() {
        let mut values = vec![None; 9];
        values[2] = Some(Value::Unsigned(1_000));
        values[3] = octets(&[0; 6]);
        let (Some(Rows::Interfaces(rows)), _) = decode(&INTERFACES, &[row(&[1], &values)]) else {
            panic!()
        };
        assert_eq!((rows[0].speed, rows[0].mac), (Some(1_000), None));
    }

    #[test]
    fn an_index_of_two_arcs_is_no_interface() {
        let (_, tally) = decode(&INTERFACES, &[row(&[1, 2], &[text("x")])]);
        assert_eq!((tally.rows, tally.unreadable), (0, 1));
    }
}
