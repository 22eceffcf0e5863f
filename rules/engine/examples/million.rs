//! One million subjects against the shipped packs: how long, and how that grows with subjects and with rules.
//!
//! `cargo run --release -p herkomst-rules --example million`

#![forbid(unsafe_code)]
#![expect(clippy::disallowed_methods, reason = "an example that measures, not part of the engine")]
#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::time::Instant;

use herkomst_rules::{
    Confidence, Controller, Controllers, Date, Index, Pack, Party, Subject, Verdict, evaluate,
    shipped,
};

const ON: Date = Date::constant(2026, 11, 21);

fn main() {
    let one: Vec<Pack> = shipped()
        .iter()
        .map(|(id, text)| Pack::parse(text, id).expect("the tests parse every shipped pack"))
        .collect();
    let ten: Vec<Pack> = (0..10).flat_map(|_| one.iter().cloned()).collect();
    // Each is judged ten times: more than any cache holds, and no machine needs gigabytes for it.
    let subjects: Vec<Subject> = (0..100_000).map(subject).collect();
    println!("subjects   rules  threads  index  seconds  matches  undetermined");
    for (packs, rounds, threads, is_indexed) in [
        (&one, 10, 1, false),
        (&one, 10, 2, false),
        (&one, 1, 2, true),
        (&one, 10, 1, true),
        (&one, 10, 2, true),
        (&ten, 10, 2, true),
    ] {
        let rules: usize = packs.iter().map(|pack| pack.rules.len()).sum();
        let start = Instant::now();
        let index = Index::new(packs);
        let each = subjects.len().div_ceil(threads);
        let counts: Vec<(u64, u64)> = std::thread::scope(|scope| {
            let judge = |share| {
                let index = &index;
                scope.spawn(move || count(packs, index, is_indexed, share, rounds))
            };
            let running: Vec<_> = subjects.chunks(each).map(judge).collect();
            running.into_iter().map(|one| one.join().expect("no thread panics")).collect()
        });
        let (matches, open) = counts.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let (seconds, many) = (start.elapsed().as_secs_f64(), subjects.len() * rounds);
        println!(
            "{many:>8}  {rules:>6}  {threads:>7}  {is_indexed:>5}  {seconds:>7.2}  {matches:>7}  {open:>12}"
        );
    }
}

/// Judges a share of the subjects some times over, and counts what came out.
fn count(
    packs: &[Pack],
    index: &Index<'_>,
    is_indexed: bool,
    subjects: &[Subject],
    rounds: usize,
) -> (u64, u64) {
    let (mut matches, mut open) = (0, 0);
    for subject in (0..rounds).flat_map(|_| subjects) {
        let mut judge = |pack: &Pack, rule| match evaluate(pack, rule, subject, ON).verdict {
            Verdict::Match => matches += 1,
            Verdict::Undetermined(_) => open += 1,
            Verdict::NoMatch | Verdict::NotApplicable(_) => {}
        };
        if is_indexed {
            index.rules(subject).into_iter().for_each(|(pack, rule)| judge(pack, rule));
        } else {
            for pack in packs {
                pack.rules.iter().for_each(|rule| judge(pack, rule));
            }
        }
    }
    (matches, open)
}

/// A network of many makers: one device in twenty of a listed one, one in ten of nobody knows whom.
fn subject(number: u64) -> Subject {
    let listed = ["huawei", "zte", "hikvision", "dahua", "quectel"];
    let random = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    let maker = match random % 20 {
        0 => listed[usize::try_from(random % 5).expect("is below 5")].to_owned(),
        1 | 2 => return Subject::default(),
        _ => format!("vendor-{}", random % 997),
    };
    let party = |id: &str| Party {
        id: id.parse().expect("is a valid id"),
        confidence: if random.is_multiple_of(7) {
            Confidence::Possible
        } else {
            Confidence::Confirmed
        },
    };
    let controllers = match random % 3 {
        0 => vec![Controller::from(party("holding")), Controller::from(party("fund"))],
        _ => Vec::new(),
    };
    Subject {
        maker: Some(party(&maker)),
        controllers: Controllers::Recorded(controllers),
        roles: ["switch".to_owned()].into(),
        ..Subject::default()
    }
}
