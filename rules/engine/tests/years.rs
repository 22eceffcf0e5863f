//! What was stored once is judged as of any year: the firm that was sold, and the order that was not there yet.

#![forbid(unsafe_code)]

use std::collections::BTreeSet;

use herkomst_rules::{
    Action, ActionState, Confidence, Context, Controller, Controllers, Date, Pack, Parts, Party,
    Subject, Trait, Verdict, evaluate_in, shipped,
};

fn pack(id: &str) -> Pack {
    let text = shipped().iter().find(|(known, _)| *known == id).expect("it is shipped").1;
    Pack::parse(text, id).unwrap_or_else(|problems| panic!("{problems}"))
}

fn day(text: &str) -> Date {
    text.parse().expect("a day")
}

fn party(id: &str) -> Party {
    Party { id: id.parse().expect("an id"), confidence: Confidence::Confirmed }
}

fn controlled(by: &str, from: Option<&str>, until: Option<&str>) -> Controller {
    Controller { from: from.map(day), until: until.map(day), ..Controller::from(party(by)) }
}

fn names(of: &[&str]) -> BTreeSet<String> {
    of.iter().map(|name| (*name).to_owned()).collect()
}

/// A device in the store: everything that is known of it, with the days of every control.
fn stored(maker: &str, role: &str, controllers: Vec<Controller>) -> Subject {
    Subject {
        maker: Some(party(maker)),
        controllers: Controllers::Recorded(controllers),
        roles: names(&[role]),
        traits: [(Trait::SeesUserData, true), (Trait::ThirdPartyFacility, false)].into(),
        ..Subject::default()
    }
}

fn verdicts(pack: &Pack, rule: &str, subject: &Subject, is: &str, days: &[&str]) -> Vec<Verdict> {
    let context = Context { is: names(&[is]), ..Context::default() };
    let rule = pack.rule(rule).expect("the pack has that rule");
    let judge = |on: &&str| evaluate_in(pack, rule, subject, &context, day(on)).verdict;
    days.iter().map(judge).collect()
}

const YEARS: &[&str] = &["2019-11-21", "2023-11-21", "2026-11-21"];

#[test]
fn a_sepura_radio_is_of_an_affiliate_of_hytera_until_the_sale() {
    let pack = pack("us-889");
    let owners = vec![
        controlled("hytera", Some("2017-05-31"), Some("2022-12-31")),
        controlled("epiris", Some("2022-12-31"), None),
    ];
    let mut radio = stored("sepura", "radio", owners);
    radio.purposes = Some(names(&["public-safety"]));
    let judged = verdicts(&pack, "hytera", &radio, "us-federal-agency", YEARS);
    assert_eq!(judged, [Verdict::Match, Verdict::NoMatch, Verdict::NoMatch]);
    let around = ["2022-12-30", "2022-12-31"];
    let judged = verdicts(&pack, "hytera", &radio, "us-federal-agency", &around);
    assert_eq!(judged, [Verdict::Match, Verdict::NoMatch]);
}

#[test]
fn a_lorex_camera_is_of_an_affiliate_of_dahua_until_the_sale() {
    let pack = pack("us-889");
    let owners = vec![
        controlled("dahua", Some("2018-02-28"), Some("2022-11-23")),
        controlled("skywatch", Some("2022-11-23"), None),
    ];
    let mut camera = stored("lorex", "camera", owners);
    camera.purposes = Some(names(&["critical-infrastructure"]));
    let judged = verdicts(&pack, "dahua", &camera, "us-federal-agency", YEARS);
    assert_eq!(judged, [Verdict::Match, Verdict::NoMatch, Verdict::NoMatch]);
    let around = ["2022-11-22", "2022-11-23"];
    let judged = verdicts(&pack, "dahua", &camera, "us-federal-agency", &around);
    assert_eq!(judged, [Verdict::Match, Verdict::NoMatch]);
}

#[test]
fn a_huawei_core_router_is_free_then_counted_down_then_overdue() {
    let pack = pack("uk-dvd");
    let mut router = stored("huawei", "router", Vec::new());
    router.parts = Parts::Declared(["core.up".parse().expect("a part")].into());
    let context = Context { is: names(&["uk-direction-addressee"]), ..Context::default() };
    let judge = |on: &str| {
        let rule = pack.rule("core").expect("the core");
        evaluate_in(&pack, rule, &router, &context, day(on))
    };
    let before = judge("2019-11-21");
    assert_eq!((before.verdict.as_str(), before.actions), ("not-applicable", vec![]));
    for (on, state, left, soft) in [
        ("2023-11-21", ActionState::Ahead, 40, -297),
        ("2026-11-21", ActionState::Overdue, -1056, -1393),
    ] {
        let judged = judge(on);
        assert_eq!(judged.verdict, Verdict::Match, "{on}");
        let [due] = judged.actions.as_slice() else { panic!("{on}: {:?}", judged.actions) };
        let told = (due.action, due.due, due.state, due.days_left, due.soft_days_left);
        let day = Some(day("2023-12-31"));
        assert_eq!(told, (Action::Remove, day, state, Some(left), Some(soft)), "{on}");
        assert_eq!(judged.is_overdue(), state == ActionState::Overdue, "{on}");
    }
}
