use std::sync::Arc;

use herkomst_model::{About, Answer, Device, Observation, Router, VendorClass};
use jiff::Timestamp;

use super::*;
use crate::{Confidence, Identification, Identifier};

fn identify(seen: Vec<(Method, Fact)>, macs: &[&str]) -> Identification<'static> {
    let about = About::Address("10.0.0.9".parse().unwrap());
    let observations = seen.into_iter().map(|(method, fact)| {
        Arc::new(Observation {
            at: Timestamp::UNIX_EPOCH,
            method,
            interface: None,
            vlan: None,
            about,
            answer: Answer::Is(fact),
        })
    });
    let mut observations: Vec<_> = observations.collect();
    for mac in macs {
        let fact = Fact::Neighbour { mac: mac.parse().unwrap() };
        let answer = Answer::Is(fact);
        let method = Method::Arp;
        let at = Timestamp::UNIX_EPOCH;
        let seen = Observation { at, method, interface: None, vlan: None, about, answer };
        observations.push(Arc::new(seen));
    }
    let macs = macs.iter().map(|mac| mac.parse().unwrap()).collect();
    let device = Device { macs, observations, ..Device::default() };
    Identifier::new(herkomst_registry::embedded())
        .identify(&device, jiff::civil::date(2026, 11, 22))
}

fn said(method: Method, said: Announcement) -> (Method, Fact) {
    (method, Fact::Announced(Box::new(said)))
}

const VRP: &str = "Huawei Versatile Routing Platform Software VRP (R) software, Version 8.180 (NE40E V800R010C00)";

#[test]
fn product_text_in_cdp_counts_as_that_of_lldp_does() {
    let one = Announcement {
        descriptions: vec![VRP.into()],
        names: vec!["core-1".into()],
        capabilities: Some(Capabilities { supported: 0x10, enabled: 0x10 }),
        ..Announcement::default()
    };
    let found = identify(vec![said(Method::Cdp, one)], &[]);
    let maker = found.maker.unwrap();
    assert_eq!((maker.id.unwrap().as_str(), maker.confidence), ("huawei", Confidence::Possible));
    assert_eq!(maker.evidence[0].kind(), "neighbour-text");
    assert_eq!(found.names, ["core-1".into()]);
    assert_eq!(found.roles[&Role::Router], "cdp announces the capability router");
}

#[test]
fn the_same_text_in_a_service_or_a_vendor_class_is_a_hint() {
    let one = Announcement { descriptions: vec![VRP.into()], ..Announcement::default() };
    let class = VendorClass { enterprise: Some(Pen(2011)), text: VRP.into() };
    let client = DhcpClient { vendor_classes: vec![class], ..DhcpClient::default() };
    for seen in [
        said(Method::Ssdp, one.clone()),
        said(Method::Mdns, one),
        (Method::Dhcp, Fact::DhcpClient(Box::new(client))),
    ] {
        let found = identify(vec![seen], &[]);
        assert_eq!(found.maker, None);
        assert!(!found.rejected.is_empty());
        assert!(found.rejected.iter().all(|one| one.weight() <= Weight::Hint));
    }
}

#[test]
fn the_discovery_of_one_maker_is_no_more_than_likely() {
    let one = || Announcement {
        model: Some("DS-2CD0000".into()),
        serial: Some("LAB0001".into()),
        ..Announcement::default()
    };
    let found = identify(vec![said(Method::Sadp, one())], &[]);
    let maker = found.maker.unwrap();
    assert_eq!((maker.id.unwrap().as_str(), maker.confidence), ("hikvision", Confidence::Possible));
    assert_eq!(found.product.model, Some("DS-2CD0000".into()));
    assert_eq!(found.product.serial, Some("LAB0001".into()));
    // with the maker's own prefix
    let found = identify(vec![said(Method::Sadp, one())], &["44:19:b6:00:00:01"]);
    assert_eq!(found.maker.unwrap().confidence, Confidence::Probable);
    // the bare use of a port says nothing
    let found = identify(vec![said(Method::Sadp, Announcement::default())], &[]);
    assert_eq!(found.maker, None);
}

#[test]
fn a_maker_in_words_is_a_hint_and_the_model_beside_it_is_nobodys() {
    let one = Announcement {
        manufacturer: Some("Huawei".into()),
        model: Some("L-1".into()),
        ..Announcement::default()
    };
    let found = identify(vec![said(Method::Mdns, one)], &[]);
    assert_eq!((found.maker, found.product.model), (None, None));
    assert_eq!(found.rejected[0].kind(), "announced-maker");
    assert_eq!(found.rejected[0].says().as_deref(), Some("huawei"));
}

#[test]
fn a_platform_that_is_a_system_is_no_model() {
    let one = Announcement { model: Some("Linux".into()), ..Announcement::default() };
    let found = identify(vec![said(Method::Cdp, one)], &[]);
    assert_eq!((found.maker, found.product.model), (None, None));
}

#[test]
fn a_router_of_ipv6_is_one_while_it_says_so() {
    let router = |lifetime| Fact::Router(Box::new(Router { lifetime, ..Router::default() }));
    let found = identify(vec![(Method::Ndp, router(1800))], &[]);
    assert_eq!(found.roles.keys().collect::<Vec<_>>(), [&Role::Router]);
    assert!(identify(vec![(Method::Ndp, router(0))], &[]).roles.is_empty());
}
