//! What the embedded register says of makers and their control.

use herkomst_registry::*;

fn vendor(id: &str) -> Vendor<'static> {
    embedded().vendor(id).unwrap_or_else(|| panic!("{id} is missing"))
}

fn controller(id: &str, on: &str) -> Option<&'static str> {
    vendor(id).controller(on).and_then(|control| control.id)
}

#[test]
fn a_sold_firm_is_no_longer_its_sellers() {
    assert_eq!(controller("sepura", "2019-01-01"), Some("hytera"));
    let now = vendor("sepura").controller("2024-01-01").unwrap();
    assert_eq!(
        (now.name, now.country.map(|one| one.to_string()).as_deref()),
        ("Epiris LLP", Some("GB"))
    );
    assert_eq!(controller("lorex", "2022-01-01"), Some("dahua"));
    assert_eq!(vendor("lorex").controller("2026-11-21").unwrap().name, "Skywatch, Inc.");
    assert_eq!(vendor("luminys").country_of_control("2026-11-21").unwrap().as_str(), "TW");
    assert!(
        vendor("honor").control_chain("2019-01-01").iter().any(|step| step.id == Some("huawei"))
    );
    for day in ["2020-11-17", "2026-11-21"] {
        assert!(
            vendor("honor").control_chain(day).iter().all(|step| step.id != Some("huawei")),
            "{day}"
        );
    }
}

#[test]
fn the_chain_runs_to_the_ultimate_controller() {
    let chain: Vec<_> =
        vendor("ezviz").control_chain("2026-11-21").iter().map(|step| step.id).collect();
    assert_eq!(chain, [Some("hikvision"), Some("cethik"), Some("cetc"), Some("sasac")]);
    let imou: Vec<_> =
        vendor("imou").control_chain("2026-11-21").iter().map(|step| step.id).collect();
    assert_eq!(imou, [Some("dahua")]);
    let motorola = vendor("motorola-mobility").control_chain("2026-11-21");
    assert_eq!(motorola.first().and_then(|step| step.id), Some("lenovo"));
    assert_eq!(motorola.last().and_then(|step| step.country).unwrap().as_str(), "CN");
    assert_eq!(controller("axis", "2026-11-21"), Some("canon"));
    let mist: Vec<_> =
        vendor("mist").control_chain("2026-11-21").iter().map(|step| step.id).collect();
    assert_eq!(mist, [Some("juniper"), Some("hpe")]);
}

#[test]
fn a_firm_that_nobody_controls_names_itself() {
    let cisco = vendor("cisco").controller("2026-11-21").unwrap();
    assert_eq!((cisco.id, cisco.country.unwrap().as_str()), (Some("cisco"), "US"));
}

#[test]
fn control_ends_on_the_day_that_says_until() {
    let before = vendor("juniper").controller("2025-07-01").unwrap();
    let after = vendor("juniper").controller("2025-07-02").unwrap();
    assert_eq!((before.id, after.id), (Some("juniper"), Some("hpe")));
}

#[test]
fn a_firm_that_split_names_who_carried_on() {
    let heirs: Vec<_> = vendor("hewlett-packard").successors().map(|one| one.id()).collect();
    assert_eq!(heirs, ["hp-inc", "hpe"]);
    assert_eq!(vendor("cisco").successors().next(), None);
}

#[test]
fn what_has_no_source_says_so() {
    for vendor in embedded().vendors() {
        let sourced = vendor.source().is_some() && vendor.last_checked().is_some();
        assert!(sourced || !vendor.verified(), "{vendor:?}");
        for control in vendor.control_history() {
            let sourced = !control.source.is_empty() && control.last_checked.is_some();
            assert!(sourced || !control.verified, "{vendor:?}");
            assert!(!control.name.is_empty(), "{vendor:?}");
        }
    }
    for named_in_an_official_text in
        ["huawei", "zte", "hikvision", "dahua", "hytera", "nuctech", "kaspersky", "lorex"]
    {
        assert!(vendor(named_in_an_official_text).verified(), "{named_in_an_official_text}");
    }
    assert!(!vendor("earda").verified());
    let reported = vendor("sepura").controller("2024-01-01").unwrap();
    assert!(!reported.source.is_empty() && !reported.verified, "press alone verifies nothing");
}

#[test]
fn control_of_every_vendor_ends_somewhere_on_any_day() {
    for day in ["2000-01-01", "2015-06-30", "2026-11-21", "2100-01-01", "", "never"] {
        for vendor in embedded().vendors() {
            assert!(vendor.control_chain(day).len() < 8, "{vendor:?} {day}");
        }
    }
}
