//! The fast ways say what the plain one says: over the shipped packs, those of the sixty cases, and random ones.

use std::collections::BTreeSet;

use herkomst_rules::{
    Because, Context, Date, Day, Index, Pack, Room, Subject, Verdict, evaluate_in, outcome_in,
};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::subjects::{component, contender, day, everything, forgotten, subject};
use super::{CASES, OTHER_RULES, PACKS};

/// A list in TOML.
fn list(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    btree_set(select(words), 1..=words.len().min(3)).prop_map(|words| {
        let quoted: Vec<_> = words.iter().map(|word| format!("{word:?}")).collect();
        format!("[{}]", quoted.join(", "))
    })
}

/// A test of a party that names vendors.
fn named() -> impl Strategy<Value = String> {
    let vendors = list(&["vendor-a", "vendor-b", "vendor-c", "huawei", "hikvision"]);
    let relations = list(&[
        "maker",
        "brand",
        "controlled-by",
        "controls",
        "successor-of",
        "predecessor-of",
        "supplier",
    ]);
    let more = select(vec!["", "", ", suspicion = true", ", mode = \"allow-list\""]);
    let control = select(vec!["", ", test = [\"majority\"]", ", share-at-least = 10"]);
    (vendors, relations, more, control).prop_map(|(vendors, relations, more, control)| {
        // A test of control fits only relations of control.
        let fits = relations.contains("control");
        let control = if fits { control } else { "" };
        format!("{{ vendors = {vendors}, relations = {relations}{more}{control} }}")
    })
}

fn party() -> impl Strategy<Value = String> {
    let country = select(vec!["control", "seat", "production", "data", "administration"]);
    let one = prop_oneof![
        4 => named(),
        1 => (country, list(&["law", "programme"]))
            .prop_map(|(of, lists)| format!("{{ country-of-{of} = {lists} }}")),
        1 => any::<bool>().prop_map(|is| format!("{{ state-owned = {is} }}")),
    ];
    one.prop_recursive(2, 6, 3, |inner| {
        (vec(inner, 2..4), any::<bool>()).prop_map(|(tests, is_any)| {
            let word = if is_any { "any" } else { "all" };
            format!("{{ {word} = [{}] }}", tests.join(", "))
        })
    })
}

/// Tests of a thing, without the braces around them.
fn thing() -> impl Strategy<Value = String> {
    let families = list(&["AV*", "AV 9000", "Router*", "R-5"]);
    prop_oneof![
        list(&["camera", "router", "phone"]).prop_map(|roles| format!("roles = {roles}")),
        list(&["optic", "software"]).prop_map(|kinds| format!("components = {kinds}")),
        families.prop_map(|families| format!("families = {families}")),
        list(&["Guard*", "base-os"]).prop_map(|names| format!("software = {names}")),
        list(&["4g", "gpon"]).prop_map(|all| format!("generations = {all}")),
        Just("attributes = [\"weight-kg > 2\"]".to_owned()),
        any::<bool>().prop_map(|is| format!("passive = {is}")),
        Just("seen-before = 2024-01-01".to_owned()),
    ]
}

fn place() -> impl Strategy<Value = String> {
    let tags = || list(&["core.*", "wlan", "phys.cctv", "x.own"]);
    prop_oneof![
        Just("where = \"anywhere\"".to_owned()),
        Just("where = \"order\"".to_owned()),
        tags().prop_map(|parts| format!("parts = {parts}")),
        tags().prop_map(|parts| format!("adjacent-to = {parts}")),
        (tags(), tags())
            .prop_map(|(parts, beside)| format!("parts = {parts}, adjacent-to = {beside}")),
        (tags(), list(&["hq", "site.sens"]))
            .prop_map(|(parts, sites)| format!("parts = {parts}, sites = {sites}")),
        tags().prop_map(|parts| format!("connected-to = {parts}")),
        list(&["border"]).prop_map(|zones| format!("zones = {zones}")),
    ]
}

/// One rule, with whatever a rule may hold.
fn rule() -> impl Strategy<Value = String> {
    let confidence = select(vec!["possible", "probable", "confirmed"]);
    let header = select(vec!["", "", "", "from = 2024-01-01\n", "until = 2025-12-31\n"]);
    let except = option::weighted(0.3, thing());
    let question = option::weighted(0.2, Just("question = [{ id = \"q3a\", text = \"t\" }]\n"));
    let action = option::of((thing(), select(vec!["remove", "no-install"])));
    (party(), option::weighted(0.4, thing()), place(), confidence, header, except, question, action)
        .prop_map(|(party, thing, place, confidence, header, except, question, action)| {
            // An exception of all, and an action for none, are refused.
            let is_other = |test: &str| {
                let key = |test: &str| test.split(" =").next().map(str::to_owned);
                thing.as_deref().is_none_or(|thing| key(thing) != key(test))
            };
            let except = except.filter(|test| is_other(test));
            let action = action.filter(|(only, _)| is_other(only));
            let thing = thing.map(|thing| format!("thing = {{ {thing} }}\n")).unwrap_or_default();
            let except = except
                .map(|test| format!("except = [{{ title = \"t\", {test} }}]\n"))
                .unwrap_or_default();
            let action = action
                .map(|(only, done)| format!("action = [{{ do = \"{done}\", date = 2027-12-31, only = {{ {only} }} }}, {{ do = \"no-install\", date = 2021-01-01 }}]\n"))
                .unwrap_or_default();
            let question = question.unwrap_or_default();
            format!(
                "title = \"t\"\nseverity = \"low\"\nminimum-confidence = \"{confidence}\"\nwording = \"w\"\n\
                 {header}party = {party}\n{thing}place = {{ {place} }}\n{except}{question}{action}"
            )
        })
}

/// A pack of a few rules that may bind somebody, and may ask for an order.
fn pack() -> impl Strategy<Value = Pack> {
    let id = select(vec!["cases", "orders"]);
    let binds = any::<bool>();
    (vec(rule(), 1..8), id, binds).prop_map(|(rules, id, binds)| {
        let header = OTHER_RULES.split("[[rule]]").next().expect("a header");
        let mut text = header.replacen("\"shapes\"", &format!("{id:?}"), 1);
        text += "order = { issuers = [\"minister\"] }\n";
        if binds {
            text += "binds = [{ who = \"public-body\", force = \"warning\", severity = \"high\" }]\n";
        }
        for (id, country) in [("law", "XA"), ("programme", "XB")] {
            text += &format!("[[country-list]]\nid = \"{id}\"\nwords = \"w\"\nsource = \"s\"\nlast-checked = 2026-11-20\ncountries = [\"{country}\"]\n");
        }
        for (number, rule) in rules.iter().enumerate() {
            text += &format!("[[rule]]\nid = \"p{}\"\n{rule}", 38 + number);
        }
        Pack::parse(&text, "random").unwrap_or_else(|problems| panic!("{problems}\n{text}"))
    })
}

/// A subject with contenders, parts and components of any kind.
fn any_subject() -> impl Strategy<Value = (Subject, Context)> {
    let contenders = prop_oneof![3 => Just(Vec::new()), 1 => vec(contender(), 1..3)];
    (everything(), any::<u32>(), contenders, component(), subject(), 0_u8..4).prop_map(
        |((subject, context), mask, against, component, plain, kind)| {
            let (less, said_less) = forgotten(&subject, &context, mask);
            match kind {
                0 => (Subject { against, component, ..subject }, context),
                1 => (Subject { against, component, ..less }, said_less),
                2 => (
                    Subject { against, component, roles: plain.roles, brand: plain.brand, ..less },
                    context,
                ),
                _ => (plain, said_less),
            }
        },
    )
}

/// What the grounds say of whether something points to the rule's party; `points_here` is told by the tests themselves.
fn points(because: &[Because]) -> bool {
    because.iter().any(|because| match because {
        Because::TooWeak { named, .. } | Because::UncertainControl { named, .. } => *named,
        Because::WeakCountry { listed, .. } => *listed,
        Because::Contested { named, .. } => !named.is_empty(),
        other => matches!(
            other,
            Because::Party { .. }
                | Because::Listed(_)
                | Because::Suspected { .. }
                | Because::NotAllowed { .. }
                | Because::Country { .. }
        ),
    })
}

/// Checks each rule of some packs in every way.
fn agree(packs: &[Pack], subject: &Subject, context: &Context, on: Date) {
    let (index, of_day) = (Index::new(packs), Day::new(packs, context, on));
    let mut room = Room::default();
    // The room was used for another subject before.
    let unknown = Subject::default();
    assert!(
        of_day.outcomes(&unknown, &mut room).count()
            <= index.rules(&unknown, &mut Room::default()).count()
    );
    let indexed: BTreeSet<_> =
        index.rules(subject, &mut room).map(|(_, rule)| std::ptr::from_ref(rule)).collect();
    let for_day = Index::for_day(packs, context, on);
    let of_day_alone: BTreeSet<_> =
        for_day.rules(subject, &mut room).map(|(_, rule)| std::ptr::from_ref(rule)).collect();
    assert!(of_day_alone.is_subset(&indexed));
    let mut told = of_day.outcomes(subject, &mut room);
    for (pack, rule) in
        packs.iter().flat_map(|pack| pack.rules.iter().map(move |rule| (pack, rule)))
    {
        let judged = evaluate_in(pack, rule, subject, context, on);
        let outcome = outcome_in(pack, rule, subject, context, on);
        assert_eq!((outcome.verdict, outcome.points_here), (judged.verdict, judged.points_here()));
        let says = matches!(judged.verdict, Verdict::Match | Verdict::Undetermined(_));
        if says {
            assert!(of_day_alone.contains(&std::ptr::from_ref(rule)), "{}: {judged:?}", rule.id);
            let (_, next, of_day) = told.next().expect("it says something, and is told");
            assert!(std::ptr::eq(next, rule) && of_day == outcome, "{}: {judged:?}", rule.id);
            let by_state =
                judged.because.iter().any(|one| matches!(one, Because::StateOwned { .. }));
            let points = points(&judged.because);
            assert!(points == judged.points_here() || by_state, "{:?}", judged.because);
        } else {
            assert!(!outcome.points_here);
        }
    }
    assert!(told.next().is_none(), "nothing else is told");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn over_random_packs_every_way_says_the_same(
        packs in vec(pack(), 1..3), (subject, context) in any_subject(), on in day(),
    ) {
        agree(&packs, &subject, &context, on);
    }

    #[test]
    fn over_the_shipped_packs_and_the_sixty_cases_every_way_says_the_same(
        (wide, context) in any_subject(), plain in subject(), on in day(),
    ) {
        agree(&CASES, &wide, &context, on);
        agree(&PACKS, &plain, &context, on);
    }
}

#[test]
fn more_rules_than_a_word_has_bits_are_found_one_by_one() {
    let header = OTHER_RULES.split("[[rule]]").next().expect("a header");
    let rules: String = (0..200)
        .map(|number| {
            let place = if number % 2 == 0 { "core.cp" } else { "wlan" };
            format!(
                "[[rule]]\nid = \"r{number}\"\ntitle = \"t\"\nseverity = \"low\"\nminimum-confidence = \"probable\"\nwording = \"w\"\n\
                 party = {{ vendors = [\"v{}\"], relations = [\"maker\"] }}\nplace = {{ parts = [\"{place}\"] }}\n",
                number / 2
            )
        })
        .collect();
    let packs = [Pack::parse(&format!("{header}{rules}"), "p").expect("is right")];
    let (index, mut room) = (Index::new(&packs), Room::default());
    for number in [99_usize, 0, 32, 63] {
        let maker = herkomst_rules::Party {
            id: format!("v{number}").parse().expect("an id"),
            confidence: herkomst_rules::Confidence::Probable,
        };
        let in_core = herkomst_rules::Parts::Declared(["core.cp".parse().expect("a tag")].into());
        let subject = Subject { maker: Some(maker), parts: in_core, ..Subject::default() };
        let found: Vec<_> =
            index.rules(&subject, &mut room).map(|(_, rule)| rule.id.clone()).collect();
        assert_eq!(found, [format!("r{}", 2 * number)]);
    }
    assert_eq!(index.rules(&Subject::default(), &mut room).count(), 200);
}
