//! Subjects and contexts for the properties: of any shape, and with any part of them forgotten.

use std::collections::BTreeSet;

use herkomst_rules::{
    ComponentKind, Confidence, Contender, Context, ControlKind, Controller, Controllers,
    CountryFact, CountryOf, Date, Generation, PartTag, Parts, Party, ROLES, Share, Subject,
    Supplier, SupplierRole, Suppliers, Trait,
};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

pub(crate) fn confidence() -> impl Strategy<Value = Confidence> {
    select(vec![Confidence::Possible, Confidence::Probable, Confidence::Confirmed])
}

pub(crate) fn party() -> impl Strategy<Value = Party> {
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

pub(crate) fn day() -> impl Strategy<Value = Date> {
    (2017_i16..=2030, 1_i8..=12, 1_i8..=28).prop_map(|(year, month, day)| {
        Date::new(year, month, day).expect("every month has 28 days")
    })
}

pub(crate) fn controllers() -> impl Strategy<Value = Controllers> {
    let one = || {
        (party(), option::of(day()), option::of(day()))
            .prop_map(|(party, from, until)| Controller { from, until, ..Controller::from(party) })
    };
    prop_oneof![
        Just(Controllers::Unrecorded),
        vec(one(), 0..4).prop_map(Controllers::Recorded),
        vec(one(), 0..4).prop_map(Controllers::Partly),
    ]
}

pub(crate) fn tags() -> impl Strategy<Value = BTreeSet<PartTag>> {
    let tags = ["core.cp", "core.up", "wlan", "phys.cctv", "x.own"]
        .map(|tag| tag.parse::<PartTag>().expect("a valid tag"));
    btree_set(select(tags.to_vec()), 0..3)
}

pub(crate) fn parts() -> impl Strategy<Value = Parts> {
    prop_oneof![Just(Parts::Undeclared), tags().prop_map(Parts::Declared)]
}

pub(crate) fn component() -> impl Strategy<Value = Option<ComponentKind>> {
    option::of(select(vec![ComponentKind::Optic, ComponentKind::Software, ComponentKind::Chip]))
}

pub(crate) fn contender() -> impl Strategy<Value = Contender> {
    (party(), controllers()).prop_map(|(party, controllers)| Contender { party, controllers })
}

pub(crate) fn subject() -> impl Strategy<Value = Subject> {
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

/// A subject and a context that say something of everything.
pub(crate) fn everything() -> impl Strategy<Value = (Subject, Context)> {
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
        (vec(one, 0..3), any::<bool>()).prop_map(|(all, is_whole)| {
            if is_whole { Controllers::Recorded(all) } else { Controllers::Partly(all) }
        })
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
        select(vec![
            ("av", "AV 9000"),
            ("AV-9000", "AV 9000 X"),
            ("Router", "Router 5"),
            ("Router 5", "R-5"),
        ]),
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
        let ((family, model), software, generations, purposes, events, traits, weight) = thing;
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
            model: Some(model.to_owned()),
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
pub(crate) fn forgotten(subject: &Subject, context: &Context, mask: u32) -> (Subject, Context) {
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
            // Either nothing is known, or not the whole.
            *recorded = match std::mem::take(recorded) {
                Controllers::Recorded(all) if mask >> 27 & 1 == 1 => Controllers::Partly(all),
                Controllers::Recorded(_) | Controllers::Partly(_) | Controllers::Unrecorded => {
                    Controllers::Unrecorded
                }
            };
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
    // Who knows the model knows the family.
    subject.model = subject.model.filter(|_| keep(14) && keep(15));
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
