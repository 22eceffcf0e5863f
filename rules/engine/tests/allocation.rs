//! A verdict without its grounds takes no memory, whatever it is, and finding the rules for a subject takes none either
//! once there is room.
//!
//! A test program of its own, since it counts what this thread allocates.

#![forbid(unsafe_code)]

use allocation_counter::measure;
use herkomst_rules::{
    Confidence, Context, Day, Index, Pack, Party, Room, Subject, Verdict, evaluate_in, outcome_in,
    shipped,
};

/// How often memory was asked for meanwhile.
fn allocations(work: impl FnOnce()) -> u64 {
    measure(work).count_total
}

fn packs() -> Vec<Pack> {
    let cases = [include_str!("packs/cases.toml"), include_str!("packs/addressees.toml")];
    let texts = shipped().iter().map(|(_, text)| *text).chain(cases);
    texts.map(|text| Pack::parse(text, "p").unwrap_or_else(|all| panic!("{all}"))).collect()
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(vec![1u8]))), 1);
}

#[test]
fn no_verdict_allocates() {
    let packs = packs();
    let mut verdicts = [0_u32; 4];
    let cases = packs.iter().flat_map(|pack| pack.rules.iter().flat_map(|rule| &rule.cases));
    let cases: Vec<_> = cases.collect();
    assert!(cases.len() > 200, "{}", cases.len());
    for (pack, rule) in
        packs.iter().flat_map(|pack| pack.rules.iter().map(move |rule| (pack, rule)))
    {
        for case in &cases {
            let (subject, context) = (&case.subject, &case.context);
            let mut outcome = None;
            let taken =
                allocations(|| outcome = Some(outcome_in(pack, rule, subject, context, case.on)));
            assert_eq!(taken, 0, "rule {}, case {}: {outcome:?}", rule.id, case.title);
            let judged = evaluate_in(pack, rule, subject, context, case.on);
            assert_eq!(outcome.map(|outcome| outcome.verdict), Some(judged.verdict));
            let place = match judged.verdict {
                Verdict::Match => 0,
                Verdict::NoMatch => 1,
                Verdict::Undetermined(_) => 2,
                Verdict::NotApplicable(_) => 3,
            };
            verdicts[place] += 1;
        }
    }
    assert!(verdicts.iter().all(|many| *many > 100), "{verdicts:?}");
}

#[test]
fn neither_finding_the_rules_nor_asking_them_allocates_once_there_is_room() {
    let (packs, context) = (packs(), Context::default());
    let (index, day) =
        (Index::new(&packs), Day::new(&packs, &context, "2026-11-21".parse().expect("a day")));
    let mut room = Room::default();
    let maker = |id: &str| {
        let id = id.parse().expect("an id");
        Subject {
            maker: Some(Party { id, confidence: Confidence::Confirmed }),
            ..Subject::default()
        }
    };
    let subjects = [Subject::default(), maker("huawei"), maker("vendor-x")];
    let mut found = index.rules(&subjects[0], &mut room).count();
    let taken = allocations(|| {
        for subject in &subjects {
            found += index.rules(subject, &mut room).count();
            found += day.outcomes(subject, &mut room).count();
        }
    });
    assert!(found > 20, "{found}");
    assert_eq!(taken, 0);
}
