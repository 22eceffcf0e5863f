//! What must hold of every judgement, whatever the subject: it comes out, it comes out the same, and more evidence
//! of one kind moves it in one direction only.

#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use herkomst_rules::{
    ComponentKind, Confidence, Contender, Context, ControlKind, Controller, Controllers, Counted,
    CountryFact, CountryOf, Date, Generation, Index, Missing, Pack, PartTag, Parts, Party, ROLES,
    Ratio, Share, Subject, Supplier, SupplierRole, Suppliers, Trait, Verdict, evaluate,
    evaluate_in, evaluate_set, shipped,
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

/// The packs of the sixty cases: a rule of every shape.
static CASES: LazyLock<Vec<Pack>> = LazyLock::new(|| {
    let texts = [
        include_str!("packs/cases.toml"),
        include_str!("packs/orders.toml"),
        include_str!("packs/addressees.toml"),
        include_str!("packs/challenged.toml"),
    ];
    let read =
        |text: &str| Pack::parse(text, "pack").unwrap_or_else(|problems| panic!("{problems}"));
    texts.into_iter().map(read).collect()
});

/// A subject and a context that say something of everything.
fn everything() -> impl Strategy<Value = (Subject, Context)> {
    let vendors = || select(vec!["vendor-a", "vendor-b", "vendor-c", "vendor-x"]);
    let party = move || {
        (vendors(), confidence())
            .prop_map(|(id, confidence)| Party { id: id.parse().expect("a valid id"), confidence })
    };
    let related = move || {
        let one = (party(), option::of(0_u16..2_000), any::<bool>(), option::of(day())).prop_map(
            |(party, share, suspected, until)| Controller {
                share: share.and_then(Share::from_hundredths),
                by: [ControlKind::ManagementSeat].into(),
                suspected,
                until,
                ..Controller::from(party)
            },
        );
        vec(one, 0..3).prop_map(Controllers::Recorded)
    };
    let country = || {
        (select(vec!["XA", "XB", "XC"]), confidence()).prop_map(|(country, confidence)| {
            CountryFact { country: country.parse().expect("two capitals"), confidence }
        })
    };
    let word = |words: &[&str]| {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        btree_set(select(words), 0..3)
    };
    let who = (party(), [related(), related(), related(), related()], any::<bool>(), party());
    let thing = (
        select(vec!["av 9000", "Router 5"]),
        word(&["Guard-Lite", "base-os"]),
        btree_set(select(vec![Generation::G4, Generation::G5, Generation::Gpon]), 0..3),
        word(&["site-security", "wildlife"]),
        word(&["sanctions-affected", "tampering-reported"]),
        vec(any::<bool>(), 9),
        0_u8..4,
    );
    let place = (
        [tags(), tags(), tags()],
        word(&["site.sens", "hq"]),
        word(&["border", "inland"]),
        select(vec!["protected-interest", "open"]),
        day(),
        vec(country(), 5),
        any::<[bool; 5]>(),
    );
    (who, thing, place).prop_map(|(who, thing, place)| {
        let (maker, [controllers, controls, successor_of, predecessor_of], state_owned, supplier) = who;
        let (family, software, generations, purposes, events, traits, weight) = thing;
        let ([parts, adjacent, connected], sites, zones, class, first_seen, countries, says) = place;
        let ofs = [
            CountryOf::Control,
            CountryOf::Seat,
            CountryOf::Production,
            CountryOf::Data,
            CountryOf::Administration,
        ];
        let all_traits = [
            Trait::SeesUserData,
            Trait::Passive,
            Trait::EndUserDevice,
            Trait::ThirdPartyFacility,
            Trait::PrivateNetwork,
            Trait::RemoteControl,
            Trait::VitalProcess,
            Trait::CriticalData,
            Trait::WideAccess,
        ];
        let quantity = |text: &str| text.parse().expect("a valid quantity");
        let subject = Subject {
            maker: Some(maker),
            controllers,
            controls,
            successor_of,
            predecessor_of,
            suppliers: Suppliers::Recorded(vec![Supplier {
                party: supplier,
                role: SupplierRole::RemoteAdministrator,
            }]),
            state_owned: Some(state_owned),
            family: Some(family.to_owned()),
            software: Some(software),
            generations: Some(generations),
            purposes: Some(purposes),
            events: Some(events),
            traits: all_traits.into_iter().zip(traits).collect(),
            attributes: [
                ("weight-kg".to_owned(), quantity(&weight.to_string())),
                ("link".to_owned(), quantity("cellular")),
            ]
            .into(),
            roles: ["phone".to_owned()].into(),
            parts: Parts::Declared(parts),
            adjacent: Parts::Declared(adjacent),
            connected: Parts::Declared(connected),
            sites: Some(sites),
            zones: Some(zones),
            classification: Some(class.to_owned()),
            first_seen: Some(first_seen),
            countries: ofs.into_iter().zip(countries).collect(),
            ports: Some(24),
            ..Subject::default()
        };
        let said = |is: bool| if is { "is" } else { "is-not" };
        let text = format!(
            "{} = [\"public-body\"]\norder = [{{ pack = \"orders\", reference = \"O\", issuer = \"minister\", scope = \"s\", parts = [\"core.cp\"], date = 2019-01-01 }}]\n\
             answer = [{{ pack = \"cases\", rule = \"p38\", question = \"q3a\", yes = {}, author = \"a\", date = 2015-01-01, evidence = \"e\" }},\n\
             {{ pack = \"cases\", rule = \"p38\", question = \"q3b\", yes = {}, author = \"a\", date = 2015-01-01, evidence = \"e\" }}]\n",
            said(says[0]),
            says[1],
            says[2]
        );
        let context = Context::parse(&text, "file").unwrap_or_else(|problems| panic!("{problems}"));
        (subject, context)
    })
}

/// The same with some of it not known.
fn forgotten(subject: &Subject, context: &Context, mask: u32) -> (Subject, Context) {
    let (mut subject, mut context) = (subject.clone(), context.clone());
    let gone = |bit: u32| mask >> bit & 1 == 1;
    for (bit, recorded) in [
        &mut subject.controllers,
        &mut subject.controls,
        &mut subject.successor_of,
        &mut subject.predecessor_of,
    ]
    .into_iter()
    .enumerate()
    {
        if gone(bit as u32) {
            *recorded = Controllers::Unrecorded;
        }
    }
    for (bit, parts) in
        [&mut subject.parts, &mut subject.adjacent, &mut subject.connected].into_iter().enumerate()
    {
        if gone(4 + bit as u32) {
            *parts = Parts::Undeclared;
        }
    }
    for (bit, known) in [
        &mut subject.software,
        &mut subject.purposes,
        &mut subject.events,
        &mut subject.sites,
        &mut subject.zones,
    ]
    .into_iter()
    .enumerate()
    {
        if gone(7 + bit as u32) {
            *known = None;
        }
    }
    let keep = |bit: u32| !gone(bit);
    subject.maker = subject.maker.filter(|_| keep(12));
    subject.state_owned = subject.state_owned.filter(|_| keep(13));
    subject.family = subject.family.filter(|_| keep(14));
    subject.generations = subject.generations.filter(|_| keep(15));
    subject.classification = subject.classification.filter(|_| keep(16));
    subject.first_seen = subject.first_seen.filter(|_| keep(17));
    subject.countries.retain(|of, _| keep(18 + *of as u32));
    subject.traits.retain(|which, _| keep(23 + (*which as u32 % 3)));
    subject.attributes.retain(|_, _| keep(26));
    subject.roles.retain(|_| keep(27));
    if gone(28) {
        subject.suppliers = Suppliers::Unrecorded;
    }
    if gone(29) {
        context.is.clear();
        context.is_not.clear();
    }
    if gone(30) {
        context.orders.clear();
    }
    if gone(31) {
        context.answers.clear();
    }
    (subject, context)
}

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
    fn the_index_leaves_out_no_rule_that_says_anything(
        (wide, context) in everything(), mask in any::<u32>(), plain in subject(), on in day(),
    ) {
        let (wide, _) = forgotten(&wide, &context, mask);
        for (packs, subject) in [(&*CASES, &wide), (&*PACKS, &plain)] {
            let index = Index::new(packs);
            let told: BTreeSet<_> = index.rules(subject).into_iter().map(|(_, rule)| &rule.id).collect();
            for (pack, rule) in packs.iter().flat_map(|pack| pack.rules.iter().map(move |rule| (pack, rule))) {
                let verdict = evaluate_in(pack, rule, subject, &context, on).verdict;
                let says = matches!(verdict, Verdict::Match | Verdict::Undetermined(_));
                prop_assert!(!says || told.contains(&rule.id), "{}: {:?}", rule.id, verdict);
            }
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
