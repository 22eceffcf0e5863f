//! `--dry-run`: the plan, for people and as JSON. Nothing is sent for it, not even to a name server.

mod expected;
mod text;

use std::collections::BTreeMap;
use std::net::IpAddr;

use herkomst_probe::pacer::Rate;
use herkomst_probe::snmp::credentials::{MOST_OFFERED, ladder};
use herkomst_probe::snmp::plan::{Budget, Wanted};
use jiff::Timestamp;
use serde::Serialize;

use self::expected::{Expected, expected, is_questioned, spared, targets};
use crate::cli::Output;
use crate::config::checked::Scan;
use crate::config::methods::Means;
use crate::config::windows::Told;
use crate::outputs::json;
use crate::plan::Plan;

/// Of the JSON. More may be added without a new one.
const SCHEMA_VERSION: u32 = 1;

/// All that the plan says.
#[derive(Debug, Serialize)]
struct Planned {
    schema_version: u32,
    program: &'static str,
    /// As the operator wrote them, or as the segments are.
    targets: Vec<String>,
    excluded: Vec<String>,
    passive: bool,
    only_infrastructure: bool,
    interfaces: Vec<String>,
    vlan: Option<u16>,
    /// On-link targets of IPv4, asked with frames of our own.
    segments: Vec<Group>,
    /// Segments of IPv6.
    links: Vec<LinkGroup>,
    through_kernel: Option<Group>,
    routed: Option<Group>,
    /// Targets that are not asked, by the reason.
    not_asked: BTreeMap<String, usize>,
    /// Those on a local segment that are asked who has their address, and nothing else.
    spared: usize,
    /// Names that a scan would look up: the plan may grow or shrink by them.
    names: Names,
    methods: Vec<String>,
    tables: Vec<TablePlan>,
    questions: Vec<Questions>,
    expand: Option<ExpandPlan>,
    credentials: Vec<CredentialPlan>,
    limits: LimitPlan,
    /// When which targets may be asked; those in none of them, at any time.
    windows: Vec<Told>,
    listen_seconds: u64,
    rule_packs: Vec<String>,
    expected: Expected,
    warnings: Vec<String>,
    #[serde(skip)]
    methods_in_short: Vec<&'static str>,
    #[serde(skip)]
    asks_snmp: bool,
}

/// Targets that are asked the same way.
#[derive(Debug, Serialize)]
struct Group {
    interface: Option<String>,
    source: Option<IpAddr>,
    targets: usize,
    first: Option<IpAddr>,
    last: Option<IpAddr>,
}

/// A segment of IPv6.
#[derive(Debug, Serialize)]
struct LinkGroup {
    interface: String,
    sources: Vec<IpAddr>,
    /// Asked by address.
    targets: usize,
    /// Whether everybody is asked to show himself.
    everybody: bool,
}

/// Names that were not looked up.
#[derive(Debug, Serialize)]
struct Names {
    targets: Vec<String>,
    excluded: Vec<String>,
    no_probe: Vec<String>,
    questions: Vec<String>,
}

/// A table, and of whom it is read.
#[derive(Debug, Serialize)]
struct TablePlan {
    table: &'static str,
    /// `where-it-fits` or `every-device`.
    of: &'static str,
}

/// A question to some targets.
#[derive(Debug, Serialize)]
struct Questions {
    question: &'static str,
    targets: usize,
}

/// How far beyond the targets.
#[derive(Debug, Serialize)]
struct ExpandPlan {
    hops: u8,
    devices: u32,
    /// As written; `null` is the targets.
    within: Option<Vec<String>>,
}

/// Who may see a credential.
#[derive(Debug, Serialize)]
struct CredentialPlan {
    name: String,
    version: &'static str,
    /// The targets that it may be shown to, as far as that is known before they answer.
    targets: usize,
    prefixes: Vec<PrefixPlan>,
    /// How many engine ids it is bound to: those show only when they answer.
    engine_ids: usize,
}

/// A prefix that a credential is bound to.
#[derive(Debug, Serialize)]
struct PrefixPlan {
    prefix: String,
    targets: usize,
}

/// Packets a second, `null` where there is no limit; and what one device is asked at most.
#[derive(Debug, Serialize)]
struct LimitPlan {
    packets_a_second: Option<u32>,
    packets_a_second_to_a_subnet: Option<u32>,
    packets_a_second_to_a_host: Option<u32>,
    variables_in_a_request: u8,
    /// `null` is as each kind of question has them.
    tries_of_a_question: Option<u8>,
    credentials_to_a_device: usize,
    requests_to_a_device: u32,
    seconds_for_a_device: u64,
}

/// The plan in the form that was asked for.
pub(crate) fn render(scan: &Scan, plan: &Plan) -> Vec<u8> {
    let planned = Planned::new(scan, plan);
    match scan.output {
        Output::Table => text::render(&planned).into_bytes(),
        Output::Json => json::document_of(&planned),
        Output::Jsonl => json::line_of("plan", &planned),
    }
}

impl Planned {
    fn new(scan: &Scan, plan: &Plan) -> Self {
        let name = |place: usize| plan.interfaces[place].name.clone();
        let segments = plan.segments.iter().map(|segment| Group {
            interface: Some(name(segment.interface)),
            source: Some(segment.source.into()),
            targets: segment.targets.len(),
            first: segment.targets.first().map(|target| (*target).into()),
            last: segment.targets.last().map(|target| (*target).into()),
        });
        let links = plan.links.iter().map(|link| LinkGroup {
            interface: name(link.interface),
            sources: link.own.iter().map(|own| own.address.into()).collect(),
            targets: link.targets.len(),
            everybody: link.everybody,
        });
        let group = |targets: &[IpAddr]| {
            let (first, last) = (targets.first().copied(), targets.last().copied());
            let group =
                Group { interface: None, source: None, targets: targets.len(), first, last };
            (!targets.is_empty()).then_some(group)
        };
        let mut not_asked: BTreeMap<String, usize> = BTreeMap::new();
        for why in plan.not_asked.values() {
            *not_asked.entry(why.to_string()).or_default() += 1;
        }
        let asks_snmp = scan.methods.has(Means::Snmp) && !scan.passive;
        let tables = scan.methods.tables().into_iter().filter(|_| asks_snmp);
        let tables = tables.map(|(table, wanted)| TablePlan {
            table: table.as_str(),
            of: match wanted {
                Wanted::WhereItFits => "where-it-fits",
                Wanted::Always => "every-device",
            },
        });
        let questions = Means::QUESTIONS.into_iter().map(|question| Questions {
            question: question.as_str(),
            targets: targets(plan).filter(|target| is_questioned(scan, question, *target)).count(),
        });
        let set = scan.basis.cleared();
        let set = set.as_ref().unwrap_or_else(|| scan.basis.open());
        Self {
            schema_version: SCHEMA_VERSION,
            program: concat!("herkomst ", env!("CARGO_PKG_VERSION")),
            targets: plan.written.clone(),
            excluded: scan.exclude.written.clone(),
            passive: scan.passive,
            only_infrastructure: scan.only_infrastructure,
            interfaces: plan.interfaces.iter().map(|interface| interface.name.clone()).collect(),
            vlan: scan.vlan,
            segments: segments.collect(),
            links: links.collect(),
            through_kernel: group(&plan.through_kernel),
            routed: group(&plan.routed),
            not_asked,
            spared: spared(scan, plan),
            names: Names {
                targets: plan.names.clone(),
                excluded: scan.exclude.names.clone(),
                no_probe: scan.no_probe_names.clone(),
                questions: scan.ask.iter().flat_map(|ask| ask.targets.names.clone()).collect(),
            },
            methods: scan.methods.names(),
            tables: tables.collect(),
            questions: questions.filter(|asked| asked.targets > 0).collect(),
            expand: scan.expand.as_ref().map(|expand| ExpandPlan {
                hops: expand.hops,
                devices: expand.most,
                within: expand.within.as_ref().map(|within| within.written.clone()),
            }),
            credentials: if asks_snmp { credentials(scan, plan) } else { Vec::new() },
            limits: limits(scan),
            windows: scan.windows.told(Timestamp::now()),
            listen_seconds: scan.listens().as_secs(),
            rule_packs: set.packs.iter().map(|pack| pack.id.clone()).collect(),
            expected: expected(scan, plan),
            warnings: plan.warnings.clone(),
            methods_in_short: scan.methods.in_short(),
            asks_snmp,
        }
    }
}

fn limits(scan: &Scan) -> LimitPlan {
    let rate = |rate: Rate| match rate {
        Rate::PerSecond(rate) => Some(rate),
        Rate::Max => None,
    };
    let budget = Budget::default();
    LimitPlan {
        packets_a_second: rate(scan.limits.total),
        packets_a_second_to_a_subnet: rate(scan.limits.per_subnet),
        packets_a_second_to_a_host: rate(scan.limits.per_host),
        variables_in_a_request: scan.variables,
        tries_of_a_question: scan.attempts,
        credentials_to_a_device: MOST_OFFERED,
        requests_to_a_device: budget.requests,
        seconds_for_a_device: budget.time.as_secs(),
    }
}

/// How many targets each credential would be offered to, by the prefix that binds it, if they answer.
fn credentials(scan: &Scan, plan: &Plan) -> Vec<CredentialPlan> {
    let all = &scan.credentials;
    let mut counts: Vec<Vec<usize>> =
        all.iter().map(|credential| vec![0; credential.prefixes.len()]).collect();
    let mut totals = vec![0; all.len()];
    for target in targets(plan).filter(|target| !scan.no_probe.contains(*target)) {
        for place in ladder(all, target, None).offered {
            totals[place] += 1;
            let prefixes = all[place].prefixes.iter().enumerate();
            let binding = prefixes
                .filter(|(_, prefix)| prefix.contains(&target))
                .max_by_key(|(_, prefix)| prefix.prefix_len());
            if let Some((binding, _)) = binding {
                counts[place][binding] += 1;
            }
        }
    }
    let planned = all.iter().zip(counts).zip(totals).map(|((credential, counts), targets)| {
        let prefixes = credential.prefixes.iter().zip(counts);
        CredentialPlan {
            name: credential.name.to_string(),
            version: credential.login.version().as_str(),
            targets,
            prefixes: prefixes
                .map(|(prefix, targets)| PrefixPlan { prefix: prefix.to_string(), targets })
                .collect(),
            engine_ids: credential.engine_ids.len(),
        }
    });
    planned.collect()
}

#[cfg(test)]
mod tests;
