//! Very many subjects against the shipped packs: how long, how that grows with subjects and with rules, and how much of
//! it the index and the verdict without grounds save. `just bench-rules`
//!
//! The plain way judges every subject in full under every rule. The fast way asks a `Day` what the rules say, and judges in
//! full what a scan reports: what matches, and what is open and points to the rule's party. Both must find the same.

#![forbid(unsafe_code)]
#![expect(clippy::disallowed_methods, reason = "an example that measures, not part of the engine")]
#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::time::Instant;

use herkomst_rules::{
    Confidence, Contender, Context, Controller, Controllers, Date, Day, Pack, Parts, Party, Room,
    Subject, Verdict, evaluate_in, shipped,
};

const ON: Date = Date::constant(2026, 11, 21);

/// How many different subjects there are. A million is each of them ten times: more than any cache holds, and no machine
/// needs gigabytes for it.
const DIFFERENT: u64 = 100_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Plain,
    Fast,
}

/// What came out, so that no way can be fast by leaving something out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Found {
    matches: u64,
    pointing: u64,
    open: u64,
}

fn main() {
    let one: Vec<Pack> = shipped()
        .iter()
        .map(|(id, text)| Pack::parse(text, id).expect("the tests parse every shipped pack"))
        .collect();
    let ten: Vec<Pack> = (0..10).flat_map(|_| one.iter().cloned()).collect();
    let subjects: Vec<Subject> = (0..DIFFERENT).map(subject).collect();
    println!("{} packs; findings are what a scan reports", one.len());
    println!("subjects  rules  threads  way    seconds  processor  matches  pointing       open");
    let measure = |packs: &[Pack], many: u64, threads: usize, way: Way| {
        let few = usize::try_from(many.min(DIFFERENT)).expect("is small");
        let rounds = many / many.min(DIFFERENT);
        let before = processor_time();
        let (seconds, found) = run(packs, &subjects[..few], rounds, threads, way);
        let processor = processor_time() - before;
        let rules: usize = packs.iter().map(|pack| pack.rules.len()).sum();
        let Found { matches, pointing, open } = found;
        let way = format!("{way:?}").to_lowercase();
        println!(
            "{many:>8}  {rules:>5}  {threads:>7}  {way:<5}  {seconds:>7.3}  {processor:>9.2}  {matches:>7}  {pointing:>8}  {open:>9}"
        );
        (processor, found)
    };
    let (plain, by_plain) = measure(&one, DIFFERENT, 1, Way::Plain);
    let (fast, by_fast) = measure(&one, DIFFERENT, 1, Way::Fast);
    assert_eq!(by_plain, by_fast, "both ways find the same");
    measure(&one, 10_000, 2, Way::Fast);
    let (middle, _) = measure(&one, 100_000, 2, Way::Fast);
    let (million, _) = measure(&one, 1_000_000, 2, Way::Fast);
    let (of_ten, _) = measure(&ten, 1_000_000, 2, Way::Fast);
    println!("plain to fast: {:.1}", plain / fast);
    println!("ten times the subjects: {:.1} times the processor time", million / middle);
    println!("ten times the rules: {:.1} times the processor time", of_ten / million);
}

/// What this process has used, of all processors together, in steps of 10 ms: other programs beside it do not lengthen
/// it much. proc_pid_stat(5), fields 14 and 15, in ticks of which Linux shows a hundred a second.
fn processor_time() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// Judges each subject so many times, in shares of equal size.
fn run(
    packs: &[Pack],
    subjects: &[Subject],
    rounds: u64,
    threads: usize,
    way: Way,
) -> (f64, Found) {
    let context = Context::default();
    let start = Instant::now();
    let day = Day::new(packs, &context, ON);
    let each = subjects.len().div_ceil(threads);
    let found: Vec<Found> = std::thread::scope(|scope| {
        let judge = |share| {
            let (day, context) = (&day, &context);
            scope.spawn(move || count(packs, day, context, share, rounds, way))
        };
        let running: Vec<_> = subjects.chunks(each).map(judge).collect();
        running.into_iter().map(|one| one.join().expect("no thread panics")).collect()
    });
    let sum = found.iter().fold(Found::default(), |sum, one| Found {
        matches: sum.matches + one.matches,
        pointing: sum.pointing + one.pointing,
        open: sum.open + one.open,
    });
    (start.elapsed().as_secs_f64(), sum)
}

fn count(
    packs: &[Pack],
    day: &Day<'_>,
    context: &Context,
    subjects: &[Subject],
    rounds: u64,
    way: Way,
) -> Found {
    let (mut found, mut room) = (Found::default(), Room::default());
    let mut note = |verdict, points_here| match verdict {
        Verdict::Match => found.matches += 1,
        Verdict::Undetermined(_) if points_here => found.pointing += 1,
        Verdict::Undetermined(_) => found.open += 1,
        Verdict::NoMatch | Verdict::NotApplicable(_) => {}
    };
    for subject in (0..rounds).flat_map(|_| subjects) {
        match way {
            Way::Plain => {
                let rules =
                    packs.iter().flat_map(|pack| pack.rules.iter().map(move |rule| (pack, rule)));
                for (pack, rule) in rules {
                    let judged = evaluate_in(pack, rule, subject, context, ON);
                    note(judged.verdict, judged.points_here());
                }
            }
            Way::Fast => {
                for (pack, rule, outcome) in day.outcomes(subject, &mut room) {
                    if outcome.verdict == Verdict::Match || outcome.points_here {
                        let judged = evaluate_in(pack, rule, subject, context, ON);
                        std::hint::black_box(&judged);
                    }
                    note(outcome.verdict, outcome.points_here);
                }
            }
        }
    }
    found
}

/// A made-up network. Of a hundred devices: ten of a maker that nothing names, nine by a weak hint only, three contested,
/// four of a listed firm, two of one that a listed firm controls, and the rest of makers that nobody lists, with their
/// control recorded to the top for half of them. Of two in five somebody declared the part; one in eight of those is
/// in a critical one.
fn subject(number: u64) -> Subject {
    // Well mixed and the same on every machine: the finaliser of MurmurHash3.
    let mut mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    mixed ^= mixed >> 33;
    let mut draw = |of: u64| {
        let drawn = mixed % of;
        mixed /= of;
        drawn
    };
    let id = |text: &str| text.parse().expect("is a valid id");
    let party = |text: &str, confidence| Party { id: id(text), confidence };
    let listed = ["huawei", "zte", "hikvision", "dahua", "hytera", "quectel"];
    let (kind, which, role) = (draw(100), draw(6), draw(8));
    let (is_declared, at, is_recorded, owner) = (draw(5) < 2, draw(16), draw(2) == 0, draw(3));
    let roles =
        ["switch", "router", "camera", "server", "station", "phone", "printer", "access-point"];
    let mut subject = Subject::default();
    // What a station or a printer is, is often not known either.
    let role = usize::try_from(role).ok().and_then(|role| roles.get(role));
    subject.roles =
        role.filter(|_| kind % 5 != 0).map(|role| (*role).to_owned()).into_iter().collect();
    if is_declared {
        let critical = ["core.up", "acc.olt"];
        let tag = usize::try_from(at).ok().and_then(|at| critical.get(at).copied());
        let tag = tag.unwrap_or(if at < 8 { "lan.core" } else { "lan.acc" });
        subject.parts = Parts::Declared([tag.parse().expect("is a tag")].into());
        subject.adjacent = Parts::Declared([].into());
    }
    let firm = listed[usize::try_from(which).expect("is below six")];
    let unlisted = format!("vendor-{}", number % 997);
    let confirmed = Confidence::Confirmed;
    let (maker, by) = match kind {
        0..10 => return subject,
        10..14 => (party(firm, confirmed), Vec::new()),
        14..16 => (party(&unlisted, confirmed), vec![Controller::from(party(firm, confirmed))]),
        16..25 => (party(&unlisted, Confidence::Possible), Vec::new()),
        _ => {
            let owners = ["holding", "fund"].into_iter().take(usize::try_from(owner).unwrap_or(0));
            let owners = owners.map(|one| Controller::from(party(one, confirmed)));
            (party(&unlisted, Confidence::Probable), owners.collect())
        }
    };
    if kind >= 97 {
        let other = if kind == 99 { firm } else { "vendor-of-a-module" };
        subject.against = vec![Contender {
            party: party(other, Confidence::Possible),
            controllers: Controllers::Unrecorded,
        }];
    }
    let is_whole = is_recorded || kind < 16;
    subject.controllers =
        if is_whole { Controllers::Recorded(by) } else { Controllers::Unrecorded };
    subject.maker = Some(maker);
    subject
}
