//! What must hold of every judgement, whatever the subject: it comes out, it comes out the same, and more evidence
//! of one kind moves it in one direction only.

#![forbid(unsafe_code)]

mod bytes;
mod fast;
mod subjects;

use std::sync::LazyLock;

use herkomst_rules::{
    Confidence, Context, Controller, Controllers, Counted, Date, Missing, Pack, Parts, Ratio,
    Subject, Verdict, evaluate, evaluate_in, evaluate_set, shipped,
};
use proptest::collection::vec;
use proptest::prelude::*;

use self::subjects::{contender, day, everything, forgotten, party, subject, tags};

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
id = "new-things"
title = "t"
severity = "low"
minimum-confidence = "probable"
wording = "w"
party = { vendors = ["huawei", "zte"], relations = ["maker", "controlled-by"] }
place = { where = "anywhere" }
action = [{ do = "no-install", date = 2021-01-01 }, { do = "no-install", date = 2024-01-01, only = { roles = ["camera"] } }]

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
        if let Controllers::Recorded(all) | Controllers::Partly(all) = &mut turned.controllers {
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
        if let Controllers::Recorded(all) | Controllers::Partly(all) = &mut after.controllers {
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
            Verdict::Match => is == was,
            // The place is asked before an exception: out for one reason or another is out.
            Verdict::NotApplicable(_) => matches!(is, Verdict::NotApplicable(_)),
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

/// The packs of the sixty cases: a rule of every shape.
static CASES: LazyLock<Vec<Pack>> = LazyLock::new(|| {
    let texts = [
        include_str!("../packs/cases.toml"),
        include_str!("../packs/orders.toml"),
        include_str!("../packs/addressees.toml"),
        include_str!("../packs/challenged.toml"),
    ];
    let read =
        |text: &str| Pack::parse(text, "pack").unwrap_or_else(|problems| panic!("{problems}"));
    texts.into_iter().map(read).collect()
});

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) })]

    #[test]
    fn what_becomes_known_only_settles_what_was_open(
        (subject, context) in everything(), mask in any::<u32>(), on in day(),
    ) {
        let (less, said_less) = forgotten(&subject, &context, mask);
        for (pack, rule) in CASES.iter().flat_map(|pack| pack.rules.iter().map(move |rule| (pack, rule))) {
            let was = evaluate_in(pack, rule, &less, &said_less, on);
            let is = evaluate_in(pack, rule, &subject, &context, on);
            prop_assert_eq!(&is, &evaluate_in(pack, rule, &subject, &context, on));
            prop_assert!(!was.because.is_empty() && !is.because.is_empty());
            let right = match was.verdict {
                Verdict::Match => is.verdict == Verdict::Match,
                Verdict::NoMatch => matches!(is.verdict, Verdict::NoMatch | Verdict::NotApplicable(_)),
                Verdict::NotApplicable(_) => matches!(is.verdict, Verdict::NotApplicable(_)),
                Verdict::Undetermined(missing) => !missing.how_to_supply().is_empty(),
            };
            prop_assert!(right, "{}: {:?} became {:?}\nbecause {:?}\nnow {:?}", rule.id, was.verdict, is.verdict, was.because, is.because);
            prop_assert!(serde_json::to_string(&is.because).is_ok() && serde_json::to_string(&is.actions).is_ok());
        }
    }

    #[test]
    fn more_known_of_an_inventory_only_narrows_its_share(
        all in vec((everything(), any::<u32>()), 1..12), on in day(),
    ) {
        let header = OTHER_RULES.split("[[rule]]").next().expect("a header");
        let text = format!(
            "{header}[[rule]]\nid = \"cap\"\ntitle = \"t\"\nseverity = \"low\"\nminimum-confidence = \"probable\"\nwording = \"w\"\n\
             cap = {{ share = 35, denominator = \"devices\", per = \"network\" }}\n\
             party = {{ vendors = [\"vendor-a\"], relations = [\"maker\", \"controlled-by\"] }}\nplace = {{ parts = [\"core.*\"] }}\n"
        );
        let pack = Pack::parse(&text, "pack").unwrap_or_else(|problems| panic!("{problems}"));
        let context = Context::default();
        let more: Vec<Subject> = all.iter().map(|((subject, _), _)| subject.clone()).collect();
        let mut less: Vec<Subject> =
            all.iter().map(|((subject, _), mask)| forgotten(subject, &context, *mask).0).collect();
        let figure = |subjects: &[Subject]| {
            let told = evaluate_set(&pack, &pack.rules[0], subjects, &context, on);
            told.expect("it is in force").remove(0)
        };
        let (was, is) = (figure(&less), figure(&more));
        less.reverse();
        prop_assert_eq!(&was, &figure(&less), "the order does not matter");
        let (Counted::Share { certain: low, possible: high, .. }, Counted::Share { certain, possible, .. }) =
            (&was.counted, &is.counted) else { panic!("it is a share") };
        let at_most = |one: &Ratio, other: &Ratio| {
            other.whole == 0 || one.whole == 0 || one.part * other.whole <= other.part * one.whole
        };
        prop_assert!(at_most(low, certain) && at_most(possible, high), "{was}\n{is}");
        let right = matches!(was.verdict, Verdict::Undetermined(_)) || was.verdict == is.verdict;
        prop_assert!(right, "{was}\n{is}");
    }
}
