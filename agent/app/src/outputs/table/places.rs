//! Where a device is plugged in, in a line.

use std::fmt::Write;

use herkomst_model::report::DeviceEntry;

use crate::outputs::escape::for_terminal;

/// The port that the device is plugged in at: `access-7 GE0/0/7, VLAN 40`; or the ports that lead to it, as far as known.
pub(super) fn place(device: &DeviceEntry) -> Option<String> {
    let first = device.places.first()?;
    let name = first.name.as_ref().map(|name| for_terminal(name, 32));
    let mut place = name.unwrap_or_else(|| first.device.clone());
    let _ = write!(place, " {}", for_terminal(&first.port, 32));
    match first.vlans.as_slice() {
        [] => {}
        [vlan] => _ = write!(place, ", VLAN {vlan}"),
        vlans => _ = write!(place, ", {} VLANs", vlans.len()),
    }
    let same = device.places.iter().filter(|other| other.link == first.link).count();
    match first.link.as_str() {
        "uplink" => place.insert_str(0, "behind "),
        "one-of" => _ = write!(place, " or {} more", same - 1),
        _ if same > 1 => _ = write!(place, " +{}", same - 1),
        _ => {}
    }
    Some(place)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use herkomst_ids::MacAddr;
    use herkomst_model::{
        About, Answer, DeviceText, Fact, Forwarded, ForwardedStatus, Interface, Method,
        Observation, Rows, Table as Read, TableNews,
    };

    use super::super::subject;
    use super::*;
    use crate::coverage::Scanned;
    use crate::judge::{Grounds, judge};

    const SHARED: &str = "44:19:b6:00:00:08";

    fn rows(of: &str, table: Read, rows: Rows) -> Arc<Observation> {
        Arc::new(Observation {
            at: jiff::Timestamp::UNIX_EPOCH,
            method: Method::Table(table),
            interface: None,
            vlan: None,
            about: About::Address(of.parse().unwrap()),
            answer: Answer::Is(Fact::Table(TableNews::Rows(rows))),
        })
    }

    fn switch(of: &str, stations: &[&str]) -> Vec<Arc<Observation>> {
        let name = Some(DeviceText::from("GE0/7\u{1b}[31m"));
        let interface = Interface { index: 7, name, ..Interface::default() };
        let row = |mac: &&str| Forwarded {
            mac: mac.parse().unwrap(),
            vlan: Some(40),
            port: 7,
            interface: Some(7),
            status: ForwardedStatus::Learned,
        };
        vec![
            rows(of, Read::Interfaces, Rows::Interfaces(vec![interface])),
            rows(of, Read::Forwarding, Rows::Forwarding(stations.iter().map(row).collect())),
        ]
    }

    fn devices(observations: &[Arc<Observation>]) -> Vec<DeviceEntry> {
        let grounds = Grounds {
            packs: &[],
            operator: None,
            registry: herkomst_registry::embedded(),
            unseen: None,
            scanned: &Scanned::default(),
            on: "2026-11-22".parse().unwrap(),
        };
        judge(observations, &grounds).devices
    }

    #[test]
    fn a_device_that_only_a_table_shows_stands_with_its_port() {
        let devices = devices(&switch("10.0.0.2", &["44:19:b6:00:00:07"]));
        let camera = devices.iter().find(|device| device.ips.is_empty()).unwrap();
        assert_eq!(camera.seen_by, ["snmp-forwarding"]);
        assert_eq!((camera.vlans.as_slice(), camera.places.len()), (&[40][..], 1));
        let switch = devices.iter().find(|device| !device.ips.is_empty()).unwrap();
        assert_eq!(
            (&camera.places[0].device, &switch.seen_by[..]),
            (&switch.id, &["snmp".to_owned()][..])
        );
        let shown = place(camera).unwrap();
        assert_eq!(shown, format!("{} GE0/7\\u{{1b}}[31m, VLAN 40", switch.id));
        assert_eq!(place(switch), None);
        assert!(subject(camera).contains(&format!("at {shown}")));
    }

    #[test]
    fn a_port_that_is_not_certain_is_not_shown_as_if_it_were() {
        let two = [switch("10.0.0.2", &[SHARED]), switch("10.0.0.3", &[SHARED])].concat();
        let devices = devices(&two);
        let one = devices.iter().find(|device| device.ips.is_empty()).unwrap();
        assert!(place(one).unwrap().ends_with(" or 1 more"), "{:?}", place(one));
    }

    #[test]
    fn every_device_has_an_id_of_its_own() {
        // Local addresses and one private address at two sites, and names that are all the same.
        let neighbour = |mac: MacAddr, interface| herkomst_model::TableNeighbour {
            address: "192.168.1.10".parse().unwrap(),
            mac,
            interface,
            origin: herkomst_model::NeighbourOrigin::Dynamic,
        };
        let cdp = |interface| herkomst_model::CdpNeighbour {
            interface,
            device: Some(DeviceText::from("same")),
            ..herkomst_model::CdpNeighbour::default()
        };
        let mut seen = Vec::new();
        for (of, last) in [("10.0.0.2", 2), ("10.0.0.3", 3)] {
            let all = vec![neighbour(MacAddr([2, 0, 0, 0, 0, last]), 1)];
            seen.push(rows(of, Read::Neighbours, Rows::Neighbours(all)));
            seen.push(rows(of, Read::Cdp, Rows::Cdp(vec![cdp(1), cdp(2)])));
        }
        let devices = devices(&seen);
        let ids: std::collections::BTreeSet<&str> =
            devices.iter().map(|device| device.id.as_str()).collect();
        assert_eq!((devices.len(), ids.len()), (8, 8));
    }
}
