//! `entPhysicalTable` (ENTITY-MIB, RFC 6933): what the device is made of, every class of it.

use herkomst_model::{Entity, EntityClass, Rows};

use super::{Cells, Scope, Source, Tally};
use crate::snmp::index::Index;
use crate::snmp::walk::Row;

/// `entPhysicalDescr`, `…VendorType`, `…ContainedIn`, `…Class`, `…Name`, `…HardwareRev`, `…FirmwareRev`,
/// `…SoftwareRev`, `…SerialNum`, `…MfgName`, `…ModelName`, `…IsFRU`.
pub const ENTITIES: Source = Source {
    parts: &[(&[1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1], &[2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 16])],
    row: 420,
    rows: 50_000,
    decode,
};

fn decode(rows: &[Row], _: &mut Scope, tally: &mut Tally) -> Option<Rows> {
    Some(Rows::Entities(tally.collect(rows, entity)))
}

fn entity(cells: &mut Cells<'_>) -> Option<Entity> {
    let mut index = Index::new(&cells.row.index);
    let number = index.number("entPhysicalIndex").ok()?;
    index.end().ok()?;
    Some(Entity {
        index: number,
        description: cells.text(0),
        // zeroDotZero: the maker gives no type
        vendor_type: cells.oid(1).filter(|oid| oid.arcs() != [0, 0]),
        contained_in: cells.number(2),
        class: cells.number(3).map(class),
        name: cells.text(4),
        hardware: cells.text(5),
        firmware: cells.text(6),
        software: cells.text(7),
        serial: cells.text(8),
        manufacturer: cells.text(9),
        model: cells.text(10),
        // TruthValue: true(1), false(2)
        replaceable: cells.number(11).and_then(|truth| match truth {
            1 => Some(true),
            2 => Some(false),
            _ => None,
        }),
    })
}

const fn class(number: u32) -> EntityClass {
    match number {
        1 => EntityClass::Other,
        2 => EntityClass::Unknown,
        3 => EntityClass::Chassis,
        4 => EntityClass::Backplane,
        5 => EntityClass::Container,
        6 => EntityClass::PowerSupply,
        7 => EntityClass::Fan,
        8 => EntityClass::Sensor,
        9 => EntityClass::Module,
        10 => EntityClass::Port,
        11 => EntityClass::Stack,
        12 => EntityClass::Cpu,
        13 => EntityClass::EnergyObject,
        14 => EntityClass::Battery,
        15 => EntityClass::StorageDrive,
        other => EntityClass::NotListed(other),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{decode, number, row, text};
    use super::*;
    use crate::snmp::exchange::Value;

    #[test]
    fn a_transceiver_in_a_port_is_a_component_with_its_own_maker() {
        let values = [
            text("SFP-10G-SR"),
            Some(Value::Oid("0.0".parse().unwrap())),
            number(1005),
            number(9),
            text("Te1/1"),
            None,
            None,
            None,
            text("AB12"),
            text("Example Optics"),
            text("XO-10"),
            number(1),
        ];
        let (Some(Rows::Entities(rows)), tally) = decode(&ENTITIES, &[row(&[1006], &values)])
        else {
            panic!()
        };
        assert_eq!((rows[0].class, rows[0].contained_in), (Some(EntityClass::Module), Some(1005)));
        assert_eq!(
            (rows[0].manufacturer.clone(), rows[0].vendor_type.clone()),
            (Some("Example Optics".into()), None)
        );
        assert_eq!((rows[0].replaceable, tally.odd), (Some(true), 0));
    }

    #[test]
    fn a_class_of_a_later_edition_keeps_its_number() {
        assert_eq!(class(99), EntityClass::NotListed(99));
        assert_eq!(class(3), EntityClass::Chassis);
    }
}
