//! How far a scan goes: into one VLAN, beyond its targets, to the infrastructure alone; and which targets get questions of
//! their own.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::methods::{Means, read_questions};
use super::problems::Problems;
use super::section::Section;
use super::targets::{self, TargetSpec, Use, Written};
use crate::cli::ScanArgs;

/// VLANs that a frame may name (IEEE 802.1Q-2018, table 9-2): 0 says that there is none, 4095 is reserved.
const VLANS: RangeInclusive<i64> = 1..=4094;
/// How many neighbours away from a target a scan may go.
const HOPS: RangeInclusive<i64> = 1..=16;
/// How many devices a scan may ask beyond its targets.
const MOST: RangeInclusive<i64> = 1..=1_048_576;

/// What is asked beyond the targets, when tables and neighbours tell of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expand {
    /// So many neighbours away from a target at most.
    pub(crate) hops: u8,
    /// So many devices at most.
    pub(crate) most: u32,
    /// Nobody outside is ever asked; `None` is the targets themselves.
    pub(crate) within: Option<TargetSpec>,
}

/// A group of targets, and what they are asked beside what all are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ask {
    /// Whom: those of them that are targets.
    pub(crate) targets: TargetSpec,
    /// What: some of [`Means::QUESTIONS`].
    pub(crate) questions: BTreeSet<Means>,
}

/// The keys of `[scan]` that say so, each with its place.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct ReachFile {
    /// The VLAN that is swept.
    pub(super) vlan: Option<i64>,
    /// Whether devices beyond the targets are asked.
    pub(super) expand: bool,
    /// How many neighbours away from a target.
    pub(super) hops: Option<i64>,
    /// How many of them.
    pub(super) most: Option<i64>,
    /// Whom of them at all.
    pub(super) prefixes: Option<Vec<(String, String)>>,
    /// Whether switches and routers alone are asked.
    pub(super) only_infrastructure: bool,
    /// `[[scan.ask]]`: groups of targets with questions of their own.
    pub(super) ask: Vec<AskFile>,
}

/// One `[[scan.ask]]`: whom, and what.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct AskFile {
    /// Targets.
    pub(super) targets: Vec<(String, String)>,
    /// Words of questions.
    pub(super) questions: Vec<(String, String)>,
}

impl ReachFile {
    /// Reads these keys.
    pub(super) fn read(scan: &Section<'_>, problems: &mut Problems) -> Self {
        let mut ask = Vec::new();
        for item in scan.items("ask", problems) {
            let Some(group) = item.section(problems) else { continue };
            let mut list = |key| {
                let texts = group.texts(key, problems).unwrap_or_default();
                if texts.is_empty() {
                    group.problem(problems, format!("has no {key}, it needs targets and probes"));
                }
                texts
            };
            ask.push(AskFile { targets: list("targets"), questions: list("probes") });
            group.finish(problems);
        }
        Self {
            vlan: scan.number("vlan", VLANS, problems),
            expand: scan.switch("expand", problems).unwrap_or_default(),
            hops: scan.number("expand-hops", HOPS, problems),
            most: scan.number("expand-most", MOST, problems),
            prefixes: scan.texts("expand-prefixes", problems),
            only_infrastructure: scan.switch("only-infrastructure", problems).unwrap_or_default(),
            ask,
        }
    }
}

/// All of it, but for names, which are looked up when all else is right.
pub(super) struct Reach {
    /// The VLAN that is swept.
    pub(super) vlan: Option<u16>,
    /// Whether and how far the scan goes beyond its targets.
    pub(super) expand: Option<Expand>,
    /// Switches and routers alone are asked.
    pub(super) only_infrastructure: bool,
    /// Groups.
    pub(super) ask: Vec<(Written, BTreeSet<Means>)>,
}

/// What stands elsewhere among the flags and in the file, and decides what fits together.
pub(super) struct Beside<'a> {
    /// The interfaces that were named.
    pub(super) interfaces: &'a [String],
    /// Whether targets were.
    pub(super) has_targets: bool,
}

impl Reach {
    /// Reads the flags and keys, and notes what does not fit together.
    pub(super) fn read(
        args: &ScanArgs,
        file: ReachFile,
        beside: &Beside<'_>,
        problems: &mut Problems,
    ) -> Self {
        let flag = |name: &str, text: &Option<String>, allowed, problems: &mut Problems| {
            text.as_ref().and_then(|text| read_number(name, text, allowed, problems))
        };
        let vlan = flag("--vlan", &args.vlan, VLANS, problems);
        let hops = flag("--expand-hops", &args.expand_hops, HOPS, problems);
        let most = flag("--expand-most", &args.expand_most, MOST, problems);
        // A flag wins over the keys that it cannot stand beside.
        let expands = args.expand || (file.expand && !args.only_infrastructure && !args.passive);
        let only_infrastructure =
            args.only_infrastructure || (file.only_infrastructure && !args.expand && !args.passive);
        let vlan =
            vlan.or(file.vlan.filter(|_| !args.passive)).and_then(|vlan| u16::try_from(vlan).ok());
        if vlan.is_some() {
            let place = if args.vlan.is_some() { "--vlan" } else { "scan.vlan" };
            let count = beside.interfaces.len();
            if count != 1 {
                problems.add(place, format!("needs one interface to send tagged frames on, {count} are named: right would be -i eth0"));
            }
            if !beside.has_targets {
                problems.add(place, "needs targets: right would be 10.0.0.0/24");
            }
            if args.passive {
                problems.add(place, "sends, and --passive sends nothing: leave out one of them");
            }
        }
        if only_infrastructure {
            let given = args.only_infrastructure;
            let place = if given { "--only-infrastructure" } else { "scan.only-infrastructure" };
            if !beside.has_targets {
                problems.add(place, "needs targets: the addresses of the switches and routers");
            }
            if expands {
                problems.add(
                    place,
                    "asks the listed targets alone, and --expand asks others: leave out one of them",
                );
            }
        }
        if args.passive && (args.expand || args.only_infrastructure) {
            let place = if args.expand { "--expand" } else { "--only-infrastructure" };
            problems.add(place, "asks, and --passive asks nothing: leave out one of them");
        }
        if !expands {
            for (name, given) in
                [("--expand-hops", &args.expand_hops), ("--expand-most", &args.expand_most)]
            {
                if given.is_some() {
                    problems.add(name, "does nothing without --expand");
                }
            }
        }
        let within = file.prefixes.map(|given| {
            if given.is_empty() {
                problems.add(
                    "scan.expand-prefixes",
                    "is an empty list: leave it out for the targets, or expand for no more than them",
                );
            }
            let written = targets::read(&given, Use::Exclusion, problems);
            for (place, name) in written.names() {
                problems.add_configuration(place, format!("{name:?} is a name, this key takes prefixes such as 10.0.0.0/16, and addresses"));
            }
            written.unresolved()
        });
        let expand = expands.then(|| Expand {
            hops: hops.or(file.hops).and_then(|hops| u8::try_from(hops).ok()).unwrap_or(2),
            most: most.or(file.most).and_then(|most| u32::try_from(most).ok()).unwrap_or(4096),
            within,
        });
        let group = |group: AskFile, problems: &mut Problems| {
            let written = targets::read(&group.targets, Use::Exclusion, problems);
            (written, read_questions(group.questions, problems))
        };
        let ask = file.ask.into_iter().map(|one| group(one, problems)).collect();
        Self { vlan, expand, only_infrastructure, ask }
    }
}

/// A whole number in this range.
fn read_number(
    place: &str,
    text: &str,
    allowed: RangeInclusive<i64>,
    problems: &mut Problems,
) -> Option<i64> {
    let number = text.parse().ok().filter(|number| allowed.contains(number));
    if number.is_none() {
        let (first, last) = (allowed.start(), allowed.end());
        problems.add(place, format!("is {text:?}, allowed are {first} to {last}"));
    }
    number
}
