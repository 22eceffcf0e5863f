//! LLDP-MIB (IEEE 802.1AB-2016, clause 11) and the inventory of LLDP-EXT-MED-MIB (ANSI/TIA-1057, 13).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use herkomst_model::{
    Inventory, LldpAddress, LldpInventory, LldpKey, LldpPort, LldpRemote, LldpSelf, Rows,
};

use super::{Cells, Scope, Source, Tally, capabilities, chassis, port};
use crate::snmp::index::Index;
use crate::snmp::walk::Row;

/// `lldpLocChassisIdSubtype`, `…ChassisId`, `…SysName`, `…SysDesc`, `…SysCapSupported`, `…SysCapEnabled`: scalars.
pub const LOCAL: Source = Source {
    parts: &[(&[1, 0, 8802, 1, 1, 2, 1, 3], &[1, 2, 3, 4, 5, 6])],
    row: 300,
    rows: 1,
    decode: local,
};

/// `lldpLocPortIdSubtype`, `lldpLocPortId`, `lldpLocPortDesc`.
pub const PORTS: Source = Source {
    parts: &[(&[1, 0, 8802, 1, 1, 2, 1, 3, 7, 1], &[2, 3, 4])],
    row: 110,
    rows: 20_000,
    decode: ports,
};

/// `lldpRemChassisIdSubtype` to `lldpRemSysCapEnabled`.
pub const REMOTE: Source = Source {
    parts: &[(&[1, 0, 8802, 1, 1, 2, 1, 4, 1, 1], &[4, 5, 6, 7, 8, 9, 10, 11, 12])],
    row: 400,
    rows: 20_000,
    decode: remote,
};

/// `lldpRemManAddrIfSubtype`: the address is in the index.
pub const ADDRESSES: Source = Source {
    parts: &[(&[1, 0, 8802, 1, 1, 2, 1, 4, 2, 1], &[3])],
    row: 40,
    rows: 40_000,
    decode: addresses,
};

/// `lldpXMedRemHardwareRev` to `lldpXMedRemModelName`.
pub const INVENTORY: Source = Source {
    parts: &[(&[1, 0, 8802, 1, 1, 2, 1, 5, 4795, 1, 3, 3, 1], &[1, 2, 3, 4, 5, 6])],
    row: 240,
    rows: 20_000,
    decode: inventory,
};

fn local(rows: &[Row], _: &mut Scope, tally: &mut Tally) -> Option<Rows> {
    let mut found = tally.collect(rows, |cells| {
        let subtype = cells.number(0).unwrap_or(0);
        Some(LldpSelf {
            chassis: cells.octets(1).and_then(|octets| chassis(subtype, octets)),
            name: cells.text(2),
            description: cells.text(3),
            capabilities: capabilities(cells.octets(4), cells.octets(5)),
        })
    });
    found.pop().map(Box::new).map(Rows::LldpLocal)
}

fn ports(rows: &[Row], _: &mut Scope, tally: &mut Tally) -> Option<Rows> {
    Some(Rows::LldpPorts(tally.collect(rows, |cells| {
        let mut index = Index::new(&cells.row.index);
        let number = index.number("lldpLocPortNum").ok()?;
        index.end().ok()?;
        let subtype = cells.number(0).unwrap_or(0);
        let id = cells.octets(1).and_then(|octets| port(subtype, octets));
        Some(LldpPort { number, id, description: cells.text(2) })
    })))
}

fn key(index: &mut Index<'_>) -> Option<LldpKey> {
    Some(LldpKey {
        time_mark: index.number("lldpRemTimeMark").ok()?,
        port: index.number("lldpRemLocalPortNum").ok()?,
        index: index.number("lldpRemIndex").ok()?,
    })
}

fn remote(rows: &[Row], _: &mut Scope, tally: &mut Tally) -> Option<Rows> {
    Some(Rows::LldpRemote(tally.collect(rows, |cells| {
        let mut index = Index::new(&cells.row.index);
        let key = key(&mut index)?;
        index.end().ok()?;
        let (chassis_kind, port_kind) =
            (cells.number(0).unwrap_or(0), cells.number(2).unwrap_or(0));
        Some(LldpRemote {
            key,
            chassis: cells.octets(1).and_then(|octets| chassis(chassis_kind, octets)),
            port: cells.octets(3).and_then(|octets| port(port_kind, octets)),
            port_description: cells.text(4),
            system_name: cells.text(5),
            system_description: cells.text(6),
            capabilities: capabilities(cells.octets(7), cells.octets(8)),
        })
    })))
}

fn addresses(rows: &[Row], _: &mut Scope, tally: &mut Tally) -> Option<Rows> {
    let found = tally.collect(rows, |cells| {
        let mut index = Index::new(&cells.row.index);
        let key = key(&mut index)?;
        let family = index.number("lldpRemManAddrSubtype").ok()?;
        let octets = index.counted("lldpRemManAddr").ok()?;
        index.end().ok()?;
        // Other families, as a hardware address, name nothing that could be asked.
        Some(address(family, &octets).map(|address| LldpAddress { key, address }))
    });
    Some(Rows::LldpAddresses(found.into_iter().flatten().collect()))
}

fn inventory(rows: &[Row], _: &mut Scope, tally: &mut Tally) -> Option<Rows> {
    Some(Rows::LldpInventory(tally.collect(rows, |cells: &mut Cells<'_>| {
        let mut index = Index::new(&cells.row.index);
        let key = key(&mut index)?;
        index.end().ok()?;
        let inventory = Inventory {
            hardware: cells.text(0),
            firmware: cells.text(1),
            software: cells.text(2),
            serial: cells.text(3),
            manufacturer: cells.text(4),
            model: cells.text(5),
        };
        Some(LldpInventory { key, inventory })
    })))
}

/// An address of an IANA address family: 1 is IPv4, 2 is IPv6.
fn address(family: u32, octets: &[u8]) -> Option<IpAddr> {
    match family {
        1 => <[u8; 4]>::try_from(octets).ok().map(|octets| Ipv4Addr::from(octets).into()),
        2 => <[u8; 16]>::try_from(octets).ok().map(|octets| Ipv6Addr::from(octets).into()),
        _ => None,
    }
}

/// The same with its family in the first octet, as chassis and port ids have it.
pub(super) fn family_address(octets: &[u8]) -> Option<IpAddr> {
    let (family, octets) = octets.split_first()?;
    address((*family).into(), octets)
}

#[cfg(test)]
mod tests {
    use herkomst_model::ChassisKey;

    use super::super::tests::{decode, number, octets, row, text};
    use super::*;

    #[test]
    fn a_neighbour_has_ids_by_their_subtypes() {
        let values = [
            number(4),
            octets(&[0, 0xe0, 0xfc, 1, 2, 3]),
            number(3),
            octets(&[0, 0xe0, 0xfc, 1, 2, 4]),
            text("uplink"),
            text("sw-1"),
            text("a switch"),
            octets(&[0x28]),
            octets(&[0x20]),
        ];
        let (Some(Rows::LldpRemote(rows)), _) = decode(&REMOTE, &[row(&[500, 2, 1], &values)])
        else {
            panic!()
        };
        assert_eq!(rows[0].key, LldpKey { time_mark: 500, port: 2, index: 1 });
        assert_eq!(rows[0].chassis, Some(ChassisKey::Mac("00:e0:fc:01:02:03".parse().unwrap())));
        assert_eq!(rows[0].port, Some("00:e0:fc:01:02:04".into()));
        let bits = rows[0].capabilities.unwrap();
        assert_eq!((bits.supported, bits.enabled), (0b1_0100, 0b100));
    }

    #[test]
    fn an_id_that_does_not_fit_its_subtype_is_kept_as_text() {
        let (Some(Rows::LldpLocal(own)), _) =
            decode(&LOCAL, &[row(&[0], &[number(4), text("core-sw1"), None, None, None, None])])
        else {
            panic!()
        };
        assert_eq!(own.chassis, Some(ChassisKey::Text { subtype: 4, text: "core-sw1".into() }));
        let address = chassis(5, &[1, 192, 0, 2, 7]);
        assert_eq!(address, Some(ChassisKey::Address("192.0.2.7".parse().unwrap())));
        assert_eq!((chassis(7, b""), port(7, b"ge-0/0/1")), (None, Some("ge-0/0/1".into())));
    }

    #[test]
    fn management_addresses_stand_in_the_index() {
        let rows = [
            row(&[0, 2, 1, 1, 4, 192, 0, 2, 2], &[number(2)]),
            row(&[0, 2, 1, 6, 6, 0, 1, 2, 3, 4, 5], &[number(2)]),
            row(&[0, 2, 1, 1, 9, 192, 0, 2, 2], &[number(2)]),
        ];
        let (Some(Rows::LldpAddresses(kept)), tally) = decode(&ADDRESSES, &rows) else { panic!() };
        assert_eq!((kept.len(), tally.unreadable), (1, 1));
        assert_eq!(kept[0].address, "192.0.2.2".parse::<IpAddr>().unwrap());
    }

    #[test]
    fn the_inventory_stands_under_the_key_of_its_neighbour() {
        let values = ["A", "3.1", "1.2", "SN0042", "Example Works", "EX-24"].map(text);
        let (Some(Rows::LldpInventory(rows)), _) = decode(&INVENTORY, &[row(&[9, 2, 1], &values)])
        else {
            panic!()
        };
        assert_eq!(rows[0].inventory.manufacturer, Some("Example Works".into()));
        assert_eq!(rows[0].inventory.model, Some("EX-24".into()));
        assert_eq!(rows[0].key.port, 2);
    }
}
