//! One scan from the flags to the printed report: sockets first, then the runtime, then the stages.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use anyhow::Context;
use herkomst_identify::Identifier;
use herkomst_ids::MacAddr;
use herkomst_model::report::{
    Editions, FigureEntry, FindingEntry, Report, SCHEMA_VERSION, Scan as ScanEntry,
};
use herkomst_model::{About, Answer, Fact, Method, Observation};
use herkomst_net::NetError;
use herkomst_registry::{MacMeaning, Registry, VendorKind};
use jiff::Timestamp;
use jiff::civil::Date;
use tokio::sync::{mpsc, watch};

use crate::cli::Output;
use crate::config::checked::Scan;
use crate::config::methods::Means;
use crate::coverage::{self, Scanned};
use crate::data::{self, Folders, InUse, in_use};
use crate::engine::{Engine, EngineError, OpenPorts, Spare};
use crate::exit::{Failure, Result};
use crate::judge::{Grounds, Judged, judge};
use crate::outputs::table::{self, Screen};
use crate::outputs::{json, write_out, write_with};
use crate::plan::{Plan, Surroundings, plan};
use crate::progress::{Progress, Shown};
use crate::rules;
use crate::rules::basis::Set;

/// Observations between engine and collector: a slow collector slows the asking.
const IN_FLIGHT: usize = 1024;

/// From so many targets on, a scan without raw sockets is said to take long: the table holds 1,024 by default.
const MANY_THROUGH_KERNEL: usize = 1024;

/// What a scan came to, for the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Complete, no finding: 0.
    Clean,
    /// At least one match: 1.
    Matched,
    /// No match, and something is open or was not properly asked: 2.
    Open,
}

impl Outcome {
    /// The exit code.
    pub(crate) fn code(self, exit_zero: bool) -> u8 {
        match self {
            _ if exit_zero => 0,
            Self::Clean => 0,
            Self::Matched => 1,
            Self::Open => 2,
        }
    }
}

/// Runs a scan and prints what it found. Without folders it knows what the program carries and no more.
pub(crate) fn run(scan: &Scan, folders: Option<&Folders>, quiet: bool) -> Result<Outcome> {
    let around = Surroundings::read()?;
    let planned = plan(scan, &around)?;
    if scan.dry_run {
        let text = crate::dry_run::render(scan, &planned);
        write_out(&text).context("writing the plan").map_err(Failure::io)?;
        return Ok(Outcome::Clean);
    }
    let report = observe(scan, around, planned, folders, quiet)?;
    let written = write_with(|out| match scan.output {
        Output::Table => out.write_all(table::render(&report.0, Screen::stdout()).as_bytes()),
        Output::Json => json::write_document(out, &report.0),
        Output::Jsonl => json::write_lines(out, &report.0),
    });
    written.context("writing the result").map_err(Failure::io)?;
    Ok(report.1)
}

fn observe(
    scan: &Scan,
    mut around: Surroundings,
    mut planned: Plan,
    folders: Option<&Folders>,
    quiet: bool,
) -> Result<(Report, Outcome)> {
    let mut limits = Vec::new();
    let ports = match OpenPorts::open(&planned, scan.passive) {
        Err(error) if error.is_permission() && around.may_send_frames => {
            // The capability is there and not enough (a container): as without it.
            tracing::debug!(%error, "raw socket is refused");
            around.may_send_frames = false;
            planned = plan(scan, &around)?;
            OpenPorts::open(&planned, scan.passive)
        }
        ports => ports,
    };
    let ports = ports.map_err(failure)?;
    if !around.may_send_frames {
        let limit = "no permission for raw sockets (CAP_NET_RAW): no ARP sweep and no LLDP; what the kernel's neighbour \
                     table, ICMP and SNMP show is all there is. README tells how to give just that right";
        if scan.passive {
            return Err(Failure::permission(anyhow::anyhow!(
                "{limit}: --passive can hear nothing without it"
            )));
        }
        limits.push(limit.to_owned());
    }
    if scan.methods.has(Means::Icmp)
        && !ports.has_echo()
        && !(planned.routed.is_empty() && planned.through_kernel.is_empty())
    {
        let limit = "no permission for ICMP sockets: hosts are not asked for an echo. CAP_NET_RAW or \
                     sysctl net.ipv4.ping_group_range gives it";
        limits.push(limit.to_owned());
    }
    let slow = planned.through_kernel.len();
    if slow > MANY_THROUGH_KERNEL {
        limits.push(format!(
            "{slow} targets of local segments share the limit of one subnet, since the kernel's neighbour table is small: \
             expect this to take long, or name fewer"
        ));
    }
    if !limits.is_empty() {
        tracing::warn!("{}", limits.join("; "));
    }
    // The sockets are open: nothing from here on needs a privilege, and no packet is read with one.
    if let Err(error) = herkomst_net::drop_all_capabilities() {
        tracing::warn!(%error, "privileges cannot be given up");
    }
    // Keys and the map of the network are in this memory: no core file is to hold them.
    if let Err(error) = herkomst_net::forbid_core_dumps() {
        tracing::warn!(%error, "core dumps cannot be forbidden");
    }
    for warning in &planned.warnings {
        tracing::warn!("{warning}");
    }
    limits.extend(planned.warnings.iter().cloned());
    let started = Timestamp::now();
    let (interfaces, written) = (names(&planned), planned.written.clone());
    let (through_kernel, unswept) = (planned.through_kernel.clone(), planned.unswept);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("starting the runtime").map_err(Failure::software)?;
    let InUse { registry, warnings, .. } = folders.map_or_else(InUse::embedded, in_use);
    for warning in &warnings {
        tracing::warn!("{warning}");
    }
    // Such a rule would never find anything, and nobody would notice.
    let open = scan.basis.open();
    let strangers = open.packs.iter().flat_map(|pack| rules::strangers(pack, &pack.id, registry));
    let of_operator = open.operator.iter().flat_map(|operator| &operator.vendors);
    let of_operator =
        of_operator.filter_map(|(id, place)| rules::stranger(id.as_str(), place, registry));
    let of_operator = of_operator.take(rules::read::MOST_STRANGERS);
    let strangers: Vec<String> =
        strangers.chain(of_operator).chain(scan.basis.sealed_strangers(registry)).collect();
    if !strangers.is_empty() {
        return Err(Failure::configuration(anyhow::anyhow!(strangers.join("\n"))));
    }
    let ran = runtime.block_on(stages(scan, planned, ports, registry, quiet));
    // The runtime no longer watches them: from here on a signal ends the process, as users expect.
    drop(runtime);
    if let Err(error) = herkomst_net::default_signals() {
        tracing::warn!(%error, "signals cannot be given back to the system");
    }
    let (mut observations, mut ledger, receipt) = ran?;
    limits.append(&mut ledger.limits);
    ledger.limits = limits;
    ledger.unswept = unswept;
    observations.extend(kernel_neighbours(&through_kernel));
    let ended = Timestamp::now();
    let today = ended.to_zoned(jiff::tz::TimeZone::UTC).date();
    let unseen = coverage::unseen(&ledger, &receipt);
    let scanned = Scanned::of(&ledger);
    let judged_by = |set: &Set| {
        let grounds = Grounds {
            packs: &set.packs,
            operator: set.operator.as_ref(),
            registry,
            unseen: unseen.as_deref(),
            scanned: &scanned,
            on: today,
        };
        judge(&observations, &grounds)
    };
    let judged = judged_by(open);
    let coverage = coverage::coverage(&ledger, &receipt, &judged);
    let mut notes = told_of(open, &judged, today);
    // Stderr is no output that anybody marked as cleared: it hears what it would hear without the sealed files.
    for note in &notes {
        tracing::warn!("{note}");
    }
    let mut result = outcome(scan.strict, &judged, coverage.complete);
    let cleared = scan.basis.cleared();
    let mut judged = judged;
    if let Some(set) = &cleared {
        let open = std::mem::replace(&mut judged, judged_by(set));
        mark_sealed(&mut judged, &open);
        if scan.basis.is_exit_cleared() {
            result = outcome(scan.strict, &judged, coverage.complete);
        }
        notes = told_of(set, &judged, today);
    }
    notes.extend(warnings);
    let Judged { devices, findings, figures, .. } = judged;
    let packs = &cleared.as_ref().unwrap_or(open).packs;
    let packs = packs.iter().map(|pack| (pack.id.clone(), pack.edition.to_string())).collect();
    let report = Report {
        schema_version: SCHEMA_VERSION,
        scan: ScanEntry {
            id: random_id()?,
            started: started.to_string(),
            ended: ended.to_string(),
            program: concat!("herkomst ", env!("CARGO_PKG_VERSION")).to_owned(),
            targets: written,
            excluded: scan.exclude.written.clone(),
            interfaces,
            methods: scan.methods.names(),
            editions: Editions {
                registry: registry.edition().to_string(),
                registry_digest: data::hexadecimal(&registry.digest()),
                vendors: registry.vendors_edition().to_string(),
                packs,
            },
            notes,
            cleared: scan.basis.is_cleared(),
        },
        devices,
        findings,
        figures,
        coverage,
        receipt: coverage::receipt(&receipt),
    };
    Ok((report, result))
}

/// Runs engine and collector until both have ended, in the order of the data.
async fn stages(
    scan: &Scan,
    planned: Plan,
    ports: OpenPorts,
    registry: &'static Registry,
    quiet: bool,
) -> Result<(Vec<Arc<Observation>>, herkomst_model::Ledger, herkomst_model::Receipt)> {
    let progress = Arc::new(Progress::default());
    let engine = Engine::new(planned, scan, ports, spare(scan, registry), Arc::clone(&progress))
        .map_err(engine_failure)?;
    let (to_collector, heard) = mpsc::channel(IN_FLIGHT);
    let (stop, stopped) = watch::channel(false);
    let shown = Shown::begin(&progress, quiet);
    let watcher = tokio::spawn(watch_signals(stop));
    // Who is identified is known for certain at the end; on the way it is counted for those who watch.
    let watched = shown.as_ref().map(|_| progress);
    let collector = tokio::spawn(collect(heard, registry, watched));
    let ran = engine.run(to_collector, stopped).await.map_err(engine_failure);
    watcher.abort();
    drop(shown);
    let observations =
        collector.await.context("collecting what was seen").map_err(Failure::software)?;
    let (ledger, receipt) = ran?;
    Ok((observations, ledger, receipt))
}

/// The first signal ends the scan in order, the second at once. A hang-up counts, since the report may go to a file,
/// unless it is ignored (nohup).
async fn watch_signals(stop: watch::Sender<bool>) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        tracing::warn!("signals cannot be watched: an interrupt ends the scan without a report");
        return std::future::pending().await;
    };
    let hangup = (!herkomst_net::is_hangup_ignored()).then(|| signal(SignalKind::hangup()).ok());
    let mut hangup = hangup.flatten();
    for round in 0.. {
        let hung_up = async {
            match &mut hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hung_up => {}
        }
        if round > 0 {
            // What was asked for twice is done without a report.
            std::process::exit(130);
        }
        tracing::warn!(
            "interrupted: ending the scan and printing what it has; once more ends it at once"
        );
        let _ = stop.send(true);
    }
}

/// Keeps every observation, and for those who watch counts the addresses whose maker one of them names.
async fn collect(
    mut heard: mpsc::Receiver<Observation>,
    registry: &Registry,
    watched: Option<Arc<Progress>>,
) -> Vec<Arc<Observation>> {
    let mut watched = watched.map(|progress| (progress, Identifier::new(registry), HashSet::new()));
    let mut kept = Vec::new();
    while let Some(observation) = heard.recv().await {
        if let Some((progress, identifier, named)) = &mut watched
            && !named.contains(&observation.about)
            && identifier.names_maker(&observation)
        {
            named.insert(observation.about);
            Progress::count(&progress.identified, 1);
        }
        kept.push(Arc::new(observation));
    }
    // The order of arrival is chance; the report must not depend on it.
    kept.sort_by_cached_key(|seen| (seen.about, seen.method, seen.at));
    kept
}

/// Devices that are asked nothing beyond ARP: what the operator named, and operational technology, unless he named methods.
fn spare(scan: &Scan, registry: &'static Registry) -> Spare {
    let no_probe = scan.no_probe.clone();
    let named = scan.methods.named && scan.methods.has(Means::Snmp);
    Box::new(move |address: IpAddr, mac: MacAddr| {
        let is_ot = || match registry.mac(mac) {
            MacMeaning::Assigned(to) => {
                to.vendor.is_some_and(|vendor| vendor.kind() == VendorKind::Ot)
            }
            MacMeaning::Special(_) | MacMeaning::Unassigned => false,
        };
        no_probe.contains(address) || (!named && is_ot())
    })
}

/// What the kernel knows of targets that we could not ask by ARP ourselves.
fn kernel_neighbours(targets: &[IpAddr]) -> Vec<Arc<Observation>> {
    if targets.is_empty() {
        return Vec::new();
    }
    let neighbours = match herkomst_net::neighbours() {
        Ok(neighbours) => neighbours,
        Err(error) => {
            tracing::warn!(%error, "the kernel's neighbour table cannot be read");
            return Vec::new();
        }
    };
    let targets: std::collections::BTreeSet<IpAddr> = targets.iter().copied().collect();
    let wanted = neighbours
        .into_iter()
        .filter(|neighbour| neighbour.reachable && targets.contains(&neighbour.address));
    wanted
        .map(|neighbour| {
            Arc::new(Observation {
                at: Timestamp::now(),
                method: Method::KernelNeighbour,
                interface: None,
                vlan: None,
                about: About::Address(neighbour.address),
                answer: Answer::Is(Fact::Neighbour { mac: neighbour.mac }),
            })
        })
        .collect()
}

fn names(plan: &Plan) -> Vec<String> {
    plan.interfaces.iter().map(|interface| interface.name.clone()).collect()
}

/// What the reader should know of the packs.
fn told_of(set: &Set, judged: &Judged, today: Date) -> Vec<String> {
    let aged = set.packs.iter().filter_map(|pack| rules::aged(pack, today));
    let said = set.operator.iter().flat_map(|operator| {
        let unfitting = rules::references::unfitting(&operator.context, &set.packs);
        unfitting.into_iter().map(|what| format!("the operator's file: {what}"))
    });
    aged.chain(said)
        .chain(set.notes.iter().cloned())
        .chain(judged.open.iter().flat_map(|(pack, open)| open.in_words(pack)))
        .collect()
}

/// Marks what an output that is not cleared does not say: another finding, or the same one with other words.
fn mark_sealed(cleared: &mut Judged, open: &Judged) {
    let known: HashMap<&str, &FindingEntry> =
        open.findings.iter().map(|finding| (finding.id.as_str(), finding)).collect();
    for finding in &mut cleared.findings {
        finding.sealed = known.get(finding.id.as_str()).is_none_or(|known| *known != finding);
    }
    let known: HashMap<&str, &FigureEntry> =
        open.figures.iter().map(|figure| (figure.id.as_str(), figure)).collect();
    for figure in &mut cleared.figures {
        figure.sealed = known.get(figure.id.as_str()).is_none_or(|known| *known != figure);
    }
}

fn outcome(is_strict: bool, judged: &Judged, is_complete: bool) -> Outcome {
    let verdicts = || {
        let of_devices = judged.findings.iter().map(|finding| finding.verdict.as_str());
        of_devices.chain(judged.figures.iter().map(|figure| figure.verdict.as_str()))
    };
    let any = |verdict: &str| verdicts().any(|other| other == verdict);
    let is_open = any("undetermined")
        || !judged.open.is_empty()
        || (is_strict && judged.unnamed > 0)
        || !is_complete;
    match (any("match"), is_open) {
        (true, _) => Outcome::Matched,
        (false, true) => Outcome::Open,
        (false, false) => Outcome::Clean,
    }
}

fn random_id() -> Result<String> {
    let mut drawn = [0; 16];
    getrandom::fill(&mut drawn)
        .map_err(|error| Failure::unavailable(anyhow::anyhow!("no random numbers: {error}")))?;
    Ok(drawn.iter().map(|octet| format!("{octet:02x}")).collect())
}

fn failure(error: NetError) -> Failure {
    if error.is_permission() { Failure::permission(error) } else { Failure::unavailable(error) }
}

fn engine_failure(error: EngineError) -> Failure {
    match error {
        EngineError::Net(error) => failure(error),
        EngineError::Session(_) => Failure::configuration(error),
        EngineError::Register(_) | EngineError::Random(_) => Failure::unavailable(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hangup_ends_the_scan_in_order() {
        if herkomst_net::is_hangup_ignored() {
            // Started by nohup, and so it stays; nothing could be sent to ourselves that is seen.
            return;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let ended = runtime.block_on(async {
            let (stop, mut stopped) = watch::channel(false);
            let watcher = tokio::spawn(watch_signals(stop));
            // Once it is polled the handler stands.
            tokio::task::yield_now().await;
            let me = std::process::id().to_string();
            let sent = std::process::Command::new("kill").args(["-HUP", &me]).status().unwrap();
            assert!(sent.success());
            let seen = stopped.wait_for(|stop| *stop);
            let ended = tokio::time::timeout(std::time::Duration::from_secs(10), seen).await;
            watcher.abort();
            ended.is_ok_and(|seen| seen.is_ok())
        });
        assert!(ended);
        herkomst_net::default_signals().unwrap();
    }
}
