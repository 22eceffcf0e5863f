//! What must hold of every judgement, whatever the subject: it comes out, it comes out the same, and more evidence
//! of one kind moves it in one direction only.

#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use herkomst_rules::{
    ComponentKind, Confidence, Contender, Controller, Controllers, Date, Missing, Pack, PartTag,
    Parts, Party, ROLES, Subject, Verdict, evaluate, shipped,
};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// Beside the shipped rules, ones that ask for parts, roles, components and single relations.
const OTHER_RULES: &str = r#"
id = "shapes"
title = "Rules of every shape"
edition = 2026-11-21
last-checked = 2026-11-21
jurisdiction = "NL"
instrument = "i"
sources = ["s"]
status = "in-force"
publicity = "public"
bound = "b"
disclaimer = "d"

[[rule]]
id = "parts"
title = "t"
severity = "high"
minimum-confidence = "confirmed"
wording = "w"
from = 2020-01-01
party = { vendors = ["huawei", "zte"], relations = ["maker", "controlled-by"] }
place = { parts = ["core.*", "x.own"] }
action = [{ do = "no-install", date = 2021-01-01 }, { do = "remove", date = 2027-12-31 }]

[[rule]]
id = "things"
title = "t"
severity = "high"
minimum-confidence = "possible"
wording = "w"
until = 2026-12-31
party = { vendors = ["hikvision"], relations = ["brand"] }
thing = { roles = ["camera", "recorder"], components = ["optic", "software"] }
place = { where = "anywhere" }

[[rule]]
id = "control"
title = "t"
severity = "high"
minimum-confidence = "probable"
wording = "w"
party = { vendors = ["hikvision", "dahua"], relations = ["controlled-by"] }
thing = { roles = ["camera"] }
place = { parts = ["phys.cctv"] }
"#;

static PACKS: LazyLock<Vec<Pack>> = LazyLock::new(|| {
    let texts = shipped().iter().map(|(_, text)| *text).chain([OTHER_RULES]);
    texts
        .map(|text| Pack::parse(text, "pack").unwrap_or_else(|problems| panic!("{problems}")))
        .collect()
});

fn confidence() -> impl Strategy<Value = Confidence> {
    select(vec![Confidence::Possible, Confidence::Probable, Confidence::Confirmed])
}

fn party() -> impl Strategy<Value = Party> {
    let ids = vec![
        "huawei",
        "zte",
        "hikvision",
        "dahua",
        "ezviz",
        "honor",
        "quectel",
        "kaspersky",
        "nokia",
        "axis",
    ];
    (select(ids), confidence())
        .prop_map(|(id, confidence)| Party { id: id.parse().expect("a valid id"), confidence })
}

fn day() -> impl Strategy<Value = Date> {
    (2017_i16..=2030, 1_i8..=12, 1_i8..=28).prop_map(|(year, month, day)| {
        Date::new(year, month, day).expect("every month has 28 days")
    })
}

fn controllers() -> impl Strategy<Value = Controllers> {
    let one = (party(), option::of(day()), option::of(day()))
        .prop_map(|(party, from, until)| Controller { from, until, ..Controller::from(party) });
    prop_oneof![Just(Controllers::Unrecorded), vec(one, 0..4).prop_map(Controllers::Recorded)]
}

fn tags() -> impl Strategy<Value = BTreeSet<PartTag>> {
    let tags = ["core.cp", "core.up", "wlan", "phys.cctv", "x.own"]
        .map(|tag| tag.parse::<PartTag>().expect("a valid tag"));
    btree_set(select(tags.to_vec()), 0..3)
}

fn parts() -> impl Strategy<Value = Parts> {
    prop_oneof![Just(Parts::Undeclared), tags().prop_map(Parts::Declared)]
}

fn component() -> impl Strategy<Value = Option<ComponentKind>> {
    option::of(select(vec![ComponentKind::Optic, ComponentKind::Software, ComponentKind::Chip]))
}

fn contender() -> impl Strategy<Value = Contender> {
    (party(), controllers()).prop_map(|(party, controllers)| Contender { party, controllers })
}

fn subject() -> impl Strategy<Value = Subject> {
    let roles = prop_oneof![
        Just(vec!["camera"]),
        Just(vec!["camera", "router"]),
        vec(select(ROLES.to_vec()), 0..2)
    ];
    let roles = roles.prop_map(|roles| roles.into_iter().map(str::to_owned).collect());
    let who = (option::of(party()), vec(contender(), 0..3), option::of(party()), controllers());
    (who, roles, parts(), option::of(day()), component()).prop_map(
        |((maker, against, brand, controllers), roles, parts, first_seen, component)| Subject {
            maker,
            against,
            brand,
            controllers,
            roles,
            parts,
            first_seen,
            component,
            ..Subject::default()
        },
    )
}

/// The verdicts of every rule of every pack, with the rule's name.
fn verdicts(subject: &Subject, on: Date) -> Vec<(&'static str, Verdict)> {
    let rules = PACKS.iter().flat_map(|pack| pack.rules.iter().map(move |rule| (pack, rule)));
    rules
        .map(|(pack, rule)| (rule.id.as_str(), evaluate(pack, rule, subject, on).verdict))
        .collect()
}

/// Checks the verdicts of every rule before and after a change of the subject.
fn changes(before: &Subject, after: &Subject, on: Date, right: impl Fn(Verdict, Verdict) -> bool) {
    for ((rule, was), (_, is)) in verdicts(before, on).into_iter().zip(verdicts(after, on)) {
        assert!(
            right(was, is),
            "{rule} on {on}: {was:?} became {is:?}\nbefore {before:?}\nafter {after:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn every_subject_is_judged_and_the_judgement_says_why(subject in subject(), on in day()) {
        for pack in PACKS.iter() {
            for rule in &pack.rules {
                let judged = evaluate(pack, rule, &subject, on);
                prop_assert_eq!(&judged, &evaluate(pack, rule, &subject, on), "the same inputs, the same output");
                prop_assert!(!judged.because.is_empty());
                prop_assert!(judged.because.iter().all(|because| !because.to_string().is_empty()));
                prop_assert!(serde_json::to_string(&judged.because).is_ok());
                prop_assert!(serde_json::to_string(&judged.actions).is_ok());
                match judged.verdict {
                    Verdict::Match => prop_assert!(judged.points_here()),
                    Verdict::NoMatch | Verdict::NotApplicable(_) => {
                        prop_assert!(judged.actions.is_empty() && judged.listings().next().is_none());
                    }
                    Verdict::Undetermined(_) => {}
                }
            }
        }
    }

    #[test]
    fn the_order_in_which_contenders_and_controllers_come_does_not_matter(subject in subject(), on in day()) {
        let mut turned = subject.clone();
        turned.against.reverse();
        if let Controllers::Recorded(all) = &mut turned.controllers {
            all.reverse();
        }
        changes(&subject, &turned, on, |was, is| was == is);
    }

    #[test]
    fn nothing_known_of_the_maker_is_never_clean(mut subject in subject(), on in day()) {
        (subject.maker, subject.brand, subject.against) = (None, None, Vec::new());
        for (rule, verdict) in verdicts(&subject, on) {
            let open = matches!(verdict, Verdict::Undetermined(_) | Verdict::NotApplicable(_));
            prop_assert!(open, "{}: {:?}", rule, verdict);
        }
    }

    #[test]
    fn a_stronger_identification_only_settles_what_was_open(subject in subject(), on in day()) {
        let mut stronger = subject.clone();
        for party in stronger.maker.iter_mut().chain(&mut stronger.brand) {
            party.confidence = Confidence::Confirmed;
        }
        changes(&subject, &stronger, on, |was, is| was == is || matches!(was, Verdict::Undetermined(_)));
    }

    #[test]
    fn a_contender_never_clears_and_never_convicts(subject in subject(), contender in contender(), on in day()) {
        let mut contested = subject.clone();
        contested.against.push(contender);
        changes(&subject, &contested, on, |was, is| match (was, is) {
            (Verdict::Match, is) => matches!(is, Verdict::Match | Verdict::Undetermined(_)),
            (Verdict::NoMatch, is) => matches!(is, Verdict::NoMatch | Verdict::Undetermined(_)),
            (Verdict::Undetermined(_), is) => matches!(is, Verdict::Undetermined(_)),
            (Verdict::NotApplicable(_), is) => is == was,
        });
    }

    #[test]
    fn one_more_controller_never_turns_a_match_into_anything_else(
        subject in subject(), more in party(), on in day(),
    ) {
        let mut after = subject.clone();
        if let Controllers::Recorded(all) = &mut after.controllers {
            all.push(Controller::from(more));
            changes(&subject, &after, on, |was, is| was != Verdict::Match || is == was);
        }
    }

    #[test]
    fn declaring_parts_only_answers_the_question_of_the_parts(mut subject in subject(), tags in tags(), on in day()) {
        subject.parts = Parts::Undeclared;
        let declared = Subject { parts: Parts::Declared(tags), ..subject.clone() };
        changes(&subject, &declared, on, |was, is| match was {
            Verdict::Undetermined(Missing::Parts) => is != was && is != Verdict::NoMatch,
            Verdict::Undetermined(_) | Verdict::NoMatch => is == was || matches!(is, Verdict::NotApplicable(_)),
            Verdict::Match | Verdict::NotApplicable(_) => is == was,
        });
    }

    #[test]
    fn any_text_is_a_pack_or_a_list_of_problems(text in "\\PC{0,200}") {
        if let Err(problems) = Pack::parse(&text, "file") {
            prop_assert!(!problems.problems.is_empty() && problems.to_string().starts_with("file:"));
        }
    }
}

proptest! {
    // A pack is read twice a case.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn a_shipped_pack_cut_or_changed_anywhere_never_panics(at in 0.0..1.0_f64, with in "\\PC{0,3}") {
        let text = shipped()[0].1;
        let mut at = (text.len() as f64 * at) as usize;
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let (head, tail) = text.split_at(at);
        for broken in [head.to_owned(), format!("{head}{with}{tail}")] {
            match Pack::parse(&broken, "file") {
                Ok(pack) => drop(pack.run_cases()),
                Err(problems) => prop_assert!(!problems.problems.is_empty()),
            }
        }
    }
}
