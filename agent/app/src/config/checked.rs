//! Flags and configuration file together, checked: what the rest of the program sees.

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use herkomst_probe::heard::LLDP_INTERVAL;
use herkomst_probe::pacer::{Limits, Rate};
use herkomst_probe::snmp::credentials::Credential;

use super::file::{self, ScanFile};
use super::methods::{Means, Methods};
use super::problems::{Kind, Problems};
use super::reach::{Ask, Beside, Expand, Reach};
use super::targets::{self, TargetSpec, Use};
use super::windows::Windows;
use super::{credentials, targets::AddressSet};
use crate::cli::{Output, ScanArgs};
use crate::exit::{Failure, Result};
use crate::rules::basis::{Basis, Reader};
use crate::rules::trust::Trust;

/// How long `--passive` listens: twice the usual interval of LLDP, and a little.
const PASSIVE: Duration = Duration::from_secs(65);
/// The longest time to listen: a one-off scan is no service.
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// The most variables in one request: no agent that is known of falls over at so many.
const MOST_VARIABLES: u8 = 10;
/// The largest file of targets.
const LARGEST: u64 = 64 << 20;

/// One scan, as the operator wants it.
#[derive(Debug)]
pub(crate) struct Scan {
    /// Whom to ask; `None` is the local segments.
    pub(crate) targets: Option<TargetSpec>,
    /// Whom not to ask.
    pub(crate) exclude: TargetSpec,
    /// Whom to ask nothing beyond ARP.
    pub(crate) no_probe: AddressSet,
    /// Names among them that were not looked up.
    pub(crate) no_probe_names: Vec<String>,
    /// The interfaces that the operator named.
    pub(crate) interfaces: Vec<String>,
    /// The methods.
    pub(crate) methods: Methods,
    /// The limits.
    pub(crate) limits: Limits,
    /// The most variables in one request.
    pub(crate) variables: u8,
    /// The most tries of one question; `None` is as each kind has them.
    pub(crate) attempts: Option<u8>,
    /// The VLAN that is swept: frames carry its tag.
    pub(crate) vlan: Option<u16>,
    /// Whether and how far devices beyond the targets are asked.
    pub(crate) expand: Option<Expand>,
    /// Switches and routers alone are asked: what the targets are.
    pub(crate) only_infrastructure: bool,
    /// Groups of targets with questions of their own.
    pub(crate) ask: Vec<Ask>,
    /// Where answers may come from beside the address and port that were asked.
    pub(crate) answers_from: AddressSet,
    /// When which targets may be asked.
    pub(crate) windows: Windows,
    /// How long to listen at least.
    pub(crate) listen: Duration,
    /// Send nothing.
    pub(crate) passive: bool,
    /// Print the plan only.
    pub(crate) dry_run: bool,
    /// Sweep large local segments.
    pub(crate) force: bool,
    /// Credentials, in the operator's order.
    pub(crate) credentials: Arc<[Credential]>,
    /// What is judged by.
    pub(crate) basis: Basis,
    /// Unnamed devices count as undetermined.
    pub(crate) strict: bool,
    /// The form of the result.
    pub(crate) output: Output,
}

impl Scan {
    /// Whether targets are asked more than who has their address: on a local segment that has to be known before.
    pub(crate) fn asks_targets(&self) -> bool {
        let all = [Means::Icmp, Means::Snmp].into_iter().any(|means| self.methods.has(means));
        !self.passive && (all || !self.methods.questions().is_empty() || !self.ask.is_empty())
    }

    /// Whether everybody on a segment of IPv6 is asked anything.
    pub(crate) fn asks_everybody(&self) -> bool {
        !self.passive && (self.methods.has(Means::Nd) || self.methods.has(Means::MldQuery))
    }

    /// How long the scan listens at least. With nothing to ask, hearing is what the operator wants.
    pub(crate) fn listens(&self) -> Duration {
        let asks = self.methods.has(Means::Arp) || self.asks_targets() || self.asks_everybody();
        if self.listen.is_zero() && !asks {
            Duration::from_secs(LLDP_INTERVAL)
        } else {
            self.listen
        }
    }

    /// Checks everything the operator gave, and says all that is wrong with it.
    pub(crate) fn check(args: &ScanArgs) -> Result<Self> {
        let mut problems = Problems::default();
        let file =
            args.config.as_deref().map(|path| file::read(path, &mut problems)).unwrap_or_default();
        let scan = Self::checked(args, file, &mut problems);
        match problems.kind() {
            _ if problems.is_empty() => Ok(scan),
            Kind::Usage => Err(Failure::usage(problems)),
            Kind::Configuration => Err(Failure::configuration(problems)),
        }
    }

    fn checked(args: &ScanArgs, file: ScanFile, problems: &mut Problems) -> Self {
        let mut lists = Lists::default();
        let given = flags("target", &args.targets).or(file.targets);
        let targets = given.map(|given| {
            if given.is_empty() {
                problems
                    .add("scan.targets", "is an empty list: leave it out for the local segments");
            }
            let given = lists.expanded(given, "target", problems);
            targets::read(&given, Use::Target, problems)
        });
        // Both win over every target, so they add up.
        let mut exclude = flags("--exclude", &args.exclude).unwrap_or_default();
        exclude.extend(file.exclude.unwrap_or_default());
        let exclude = lists.expanded(exclude, "exclusion", problems);
        let exclude = targets::read(&exclude, Use::Exclusion, problems);
        let no_probe = targets::read(&file.no_probe.unwrap_or_default(), Use::Exclusion, problems);
        let answers_from = file.answers_from.unwrap_or_default();
        let answers_from = targets::read(&answers_from, Use::Exclusion, problems);
        let answers_from = answers_from.unresolved();
        for name in &answers_from.names {
            // An answer is held against addresses: whose name it is now would be a guess.
            problems.add("scan.answers-from", format!("{name:?} is a name: give addresses"));
        }
        let texts = |list: Vec<(String, String)>| {
            list.into_iter().map(|(_, text)| text).collect::<Vec<_>>()
        };
        let interfaces = flags("--interface", &args.interfaces)
            .or(file.interfaces)
            .map(texts)
            .unwrap_or_default();
        let beside = Beside { interfaces: &interfaces, has_targets: targets.is_some() };
        let reach = Reach::read(args, file.reach, &beside, problems);
        let defaults = Limits::default();
        let rate = args.rate.clone().map(|rate| ("--rate".to_owned(), rate)).or(file.rate);
        let limits = Limits {
            total: rate.map_or(defaults.total, |(place, text)| read_rate(&place, &text, problems)),
            per_subnet: file.rate_per_subnet.map_or(defaults.per_subnet, Rate::PerSecond),
            per_host: file.rate_per_host.map_or(defaults.per_host, Rate::PerSecond),
        };
        let listen = args.listen.clone().map(|text| ("--listen".to_owned(), text)).or(file.listen);
        let listen = listen.and_then(|(place, text)| read_duration(&place, &text, problems));
        let path = args.snmp_credentials.clone().or(file.snmp_credentials);
        let credentials = path.map(|path| credentials::read(&path, problems)).unwrap_or_default();
        let rules = flags("--rules", &args.rules).or(file.rules).unwrap_or_default();
        let methods = Methods::read(flags("--methods", &args.methods).or(file.methods), problems);
        let trust = trust(args, &file.trusted_keys, &file.allow_unsigned, problems);
        let operator = args.operator.clone().or(file.operator);
        let reader = match &args.cleared_with {
            Some(path) => Reader::WithKey(path.clone()),
            None if file.cleared => Reader::OfMarked(args.identity.clone().or(file.identity)),
            None => Reader::Anybody,
        };
        let basis = Basis::read(&rules, operator.as_deref(), &trust, &reader, problems);
        if args.passive {
            for written in targets.iter().chain([&exclude, &no_probe]) {
                written.refuse_names(problems);
            }
        }
        // A name server is asked, so last: when all else is right.
        let look_up = !args.passive && !args.dry_run && problems.is_empty();
        let mut settled = |written: targets::Written, purpose| {
            if look_up { written.looked_up(purpose, problems) } else { written.unresolved() }
        };
        let no_probe = settled(no_probe, Use::Exclusion);
        // A scan that only listens asks nobody, and nobody is looked up for it.
        let groups = reach.ask.into_iter().filter(|_| !args.passive);
        let ask = groups
            .map(|(written, questions)| Ask {
                targets: settled(written, Use::Exclusion),
                questions,
            })
            .collect();
        Self {
            targets: targets.map(|targets| settled(targets, Use::Target)),
            exclude: settled(exclude, Use::Exclusion),
            no_probe: no_probe.addresses,
            no_probe_names: no_probe.names,
            interfaces,
            methods,
            limits,
            variables: file.variables.unwrap_or(MOST_VARIABLES),
            attempts: file.attempts,
            vlan: reach.vlan,
            expand: reach.expand,
            only_infrastructure: reach.only_infrastructure,
            ask,
            answers_from: answers_from.addresses,
            windows: file.windows,
            listen: listen.unwrap_or(if args.passive { PASSIVE } else { Duration::ZERO }),
            passive: args.passive,
            dry_run: args.dry_run,
            force: args.force,
            credentials: credentials.into(),
            basis,
            strict: args.strict,
            output: args.output,
        }
    }
}

/// Flags with their place; `None` when the flag was not given, so that the file decides.
fn flags(place: &str, values: &[String]) -> Option<Vec<(String, String)>> {
    let listed = || values.iter().map(|value| (place.to_owned(), value.clone())).collect();
    (!values.is_empty()).then(listed)
}

/// Lists that stand elsewhere: `@FILE` and `-`.
#[derive(Default)]
struct Lists {
    /// Stdin ends once.
    stdin_is_read: bool,
}

impl Lists {
    /// Takes them in: targets between white space, with comments from `#` to the end of the line. One that holds
    /// nothing is a mistake: an empty list of targets would be a scan of nothing, an empty one of exclusions a scan of
    /// everything.
    fn expanded(
        &mut self,
        given: Vec<(String, String)>,
        of: &str,
        problems: &mut Problems,
    ) -> Vec<(String, String)> {
        let mut all = Vec::new();
        for (place, text) in given {
            let (name, read) = match (text.as_str(), text.strip_prefix('@')) {
                ("-", _) if std::mem::replace(&mut self.stdin_is_read, true) => {
                    problems.add(&place, "is - a second time: stdin can be read once");
                    continue;
                }
                ("-", _) => ("stdin", read_bounded(std::io::stdin().lock())),
                (_, Some(path)) => (path, fs::File::open(path).and_then(read_bounded)),
                (_, None) => {
                    all.push((place, text));
                    continue;
                }
            };
            let before = all.len();
            match read {
                Err(error) => problems.add(&place, format!("{name} cannot be read: {error}")),
                Ok(content) => {
                    for (number, line) in content.lines().enumerate() {
                        let line = line.split('#').next().unwrap_or_default();
                        let place = format!("{name}:{}", number + 1);
                        all.extend(
                            line.split_whitespace().map(|word| (place.clone(), word.to_owned())),
                        );
                    }
                    if all.len() == before {
                        problems.add(&place, format!("{name} holds no {of}"));
                    }
                }
            }
        }
        all
    }
}

fn read_bounded(from: impl Read) -> std::io::Result<String> {
    let mut text = String::new();
    from.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST {
        return Err(std::io::Error::other(format!("it is longer than {LARGEST} octets")));
    }
    Ok(text)
}

fn read_rate(place: &str, text: &str, problems: &mut Problems) -> Rate {
    if text == "max" {
        return Rate::Max;
    }
    match text.parse() {
        Ok(rate @ 1..=1_000_000) => Rate::PerSecond(rate),
        _ => {
            problems.add(
                place,
                format!("is {text:?}, allowed are 1 to 1000000 packets a second, or \"max\""),
            );
            Rate::PerSecond(1)
        }
    }
}

/// A time such as 30s or 2m, at most a day.
pub(crate) fn read_duration(place: &str, text: &str, problems: &mut Problems) -> Option<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "ms" => Some(1),
        "s" | "" => Some(1000),
        "m" | "min" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    };
    let number = digits.parse::<u64>().ok();
    let duration = number
        .zip(factor)
        .and_then(|(number, factor)| number.checked_mul(factor))
        .map(Duration::from_millis);
    let duration = duration.filter(|duration| *duration <= LONGEST);
    if duration.is_none() {
        problems.add(
            place,
            format!("is {text:?}, right would be a time such as 500ms, 30s or 2m, at most 24h"),
        );
    }
    duration
}

/// Whose packs are taken, by flags and file together.
fn trust(args: &ScanArgs, keys: &[PathBuf], allowed: &[PathBuf], problems: &mut Problems) -> Trust {
    let mut trust = Trust::default();
    for path in args.trusted_key.iter().chain(keys) {
        if let Err(what) = trust.trust(path) {
            problems.add_configuration(&path.display().to_string(), what);
        }
    }
    args.allow_unsigned.iter().chain(allowed).for_each(|path| trust.allow(path));
    trust
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn check(args: &[&str]) -> Result<Scan> {
        let cli = Cli::try_parse_from(["herkomst", "scan"].iter().chain(args)).unwrap();
        let Command::Scan(args) = cli.command else { panic!("scan was asked for") };
        Scan::check(&args)
    }

    #[test]
    fn the_defaults_are_the_manners_of_the_design() {
        let scan = check(&[]).unwrap();
        assert_eq!(scan.limits, Limits::default());
        assert_eq!((scan.targets, scan.listen, scan.methods.named), (None, Duration::ZERO, false));
        assert_eq!(scan.basis.open().packs[0].id, "public-lists");
        assert_eq!((scan.variables, scan.attempts), (10, None));
        assert!(scan.expand.is_none() && !scan.only_infrastructure && scan.ask.is_empty());
        assert_eq!(check(&["--passive"]).unwrap().listen, Duration::from_secs(65));
    }

    #[test]
    fn a_vlan_needs_one_interface_and_targets() {
        let scan = check(&["10.0.0.0/24", "--vlan", "7", "-i", "eth0"]).unwrap();
        assert_eq!(scan.vlan, Some(7));
        let text = check(&["--vlan", "7", "-i", "eth0", "-i", "eth1"]).unwrap_err().to_string();
        for says in ["--vlan: needs one interface", "2 are named", "--vlan: needs targets"] {
            assert!(text.contains(says), "{says}: {text}");
        }
        for vlan in ["0", "4095", "x", "-1"] {
            let given = format!("--vlan={vlan}");
            let text = check(&["10.0.0.1", "-i", "eth0", &given]).unwrap_err().to_string();
            assert!(text.contains("allowed are 1 to 4094"), "{vlan}: {text}");
        }
    }

    #[test]
    fn expansion_has_limits_and_they_do_nothing_alone() {
        let expand = check(&["10.0.0.1", "--expand"]).unwrap().expand.unwrap();
        assert_eq!((expand.hops, expand.most, expand.within), (2, 4096, None));
        let args = ["10.0.0.1", "--expand", "--expand-hops", "16", "--expand-most", "1"];
        let expand = check(&args).unwrap().expand.unwrap();
        assert_eq!((expand.hops, expand.most), (16, 1));
        let text = check(&["--expand-hops", "17", "--expand-most", "5"]).unwrap_err().to_string();
        for says in ["is \"17\", allowed are 1 to 16", "--expand-most: does nothing without"] {
            assert!(text.contains(says), "{says}: {text}");
        }
    }

    #[test]
    fn infrastructure_alone_is_the_listed_and_nobody_else() {
        assert!(check(&["10.0.0.1", "--only-infrastructure"]).unwrap().only_infrastructure);
        for (args, says) in [
            (vec!["--only-infrastructure"], "needs targets: the addresses of the switches"),
            (vec!["10.0.0.1", "--only-infrastructure", "--expand"], "and --expand asks others"),
            (vec!["10.0.0.1", "--only-infrastructure", "--passive"], "--passive asks nothing"),
            (vec!["10.0.0.1", "--expand", "--passive"], "--expand: asks, and --passive"),
        ] {
            let text = check(&args).unwrap_err().to_string();
            assert!(text.contains(says), "{args:?}: {text}");
        }
    }

    #[test]
    fn the_file_says_how_far_to_go_and_a_flag_wins_over_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("herkomst.toml");
        let write = |text: &str| fs::write(&path, text).unwrap();
        let config = path.display().to_string();
        write(
            "[scan]\nexpand = true\nexpand-hops = 3\nexpand-prefixes = [\"10.0.0.0/8\"]\nvariables = 2\nattempts = 1\n\
             [[scan.ask]]\ntargets = [\"10.0.0.64/28\", \"cam.invalid\"]\nprobes = [\"sadp-query\", \"onvif-query\"]\n",
        );
        let scan = check(&["10.0.0.0/24", "--dry-run", "-c", &config]).unwrap();
        let expand = scan.expand.unwrap();
        assert_eq!((expand.hops, expand.within.unwrap().addresses.len()), (3, 1 << 24));
        assert_eq!((scan.variables, scan.attempts), (2, Some(1)));
        assert_eq!(scan.ask[0].questions, [Means::SadpQuery, Means::OnvifQuery].into());
        assert_eq!(
            (scan.ask[0].targets.addresses.len(), &scan.ask[0].targets.names[..]),
            (16, &["cam.invalid".to_owned()][..])
        );
        // Nothing is sent, so nobody is looked up and nobody is asked.
        let scan = check(&["--passive", "-c", &config]).unwrap();
        assert!(scan.ask.is_empty());
        let scan = check(&["10.0.0.1", "--only-infrastructure", "--dry-run", "-c", &config]);
        assert!(scan.unwrap().expand.is_none());
        write("[scan]\nexpand = true\nexpand-prefixes = [\"core.invalid\"]\nmethods = []\n");
        let text = check(&["-c", &config]).unwrap_err().to_string();
        for says in ["\"core.invalid\" is a name", "scan.methods: is an empty list"] {
            assert!(text.contains(says), "{says}: {text}");
        }
    }

    #[test]
    fn every_bad_flag_is_named_at_once() {
        let failure = check(&[
            "10.0.0.0/40",
            "--rate",
            "0",
            "--listen",
            "soon",
            "--methods",
            "arp,snpm",
            "--rules",
            "public-list",
        ]);
        let text = failure.unwrap_err().to_string();
        for says in [
            "10.0.0.0/40",
            "--rate: is \"0\"",
            "--listen: is \"soon\"",
            "did you mean \"snmp\"?",
            "did you mean \"public-lists\"?",
        ] {
            assert!(text.contains(says), "{says}: {text}");
        }
    }

    #[test]
    fn targets_come_from_a_file_with_comments() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("targets");
        fs::write(&path, "10.0.0.1 10.0.0.2 # two\n\n10.0.0.300\n").unwrap();
        let text = check(&[&format!("@{}", path.display())]).unwrap_err().to_string();
        assert!(text.contains("targets:3: \"10.0.0.300\""), "{text}");
    }

    #[test]
    fn targets_that_are_given_and_empty_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let empty = format!("@{}", write("empty", "# nobody\n\n"));
        let config = write("herkomst.toml", "[scan]\ntargets = []\n");
        for (args, says) in [
            (vec![empty.as_str()], "empty holds no target"),
            (vec![""], "target: is empty"),
            (vec!["-c", &config], "scan.targets: is an empty list"),
            (vec!["10.0.0.1", "-x", &empty], "empty holds no exclusion"),
            (vec!["10.0.0.1", "-x", ""], "--exclude: is empty"),
        ] {
            let failure = check(&args).unwrap_err();
            assert_eq!(failure.code(), std::process::ExitCode::from(64), "{args:?}");
            assert!(failure.to_string().contains(says), "{args:?}: {failure}");
        }
    }

    #[test]
    fn stdin_is_read_once() {
        // That it was read already is all that matters here.
        let mut lists = Lists { stdin_is_read: true };
        let mut problems = Problems::default();
        let given = vec![("--exclude".to_owned(), "-".to_owned())];
        assert!(lists.expanded(given, "exclusion", &mut problems).is_empty());
        assert_eq!(problems.to_string(), "--exclude: is - a second time: stdin can be read once");
    }

    #[test]
    fn names_are_looked_up_last_and_never_by_a_scan_that_sends_nothing() {
        // Names under .invalid are never found (RFC 6761, 6.4), so to look one up is to fail.
        let text = check(&["no.such.invalid", "--rate", "0"]).unwrap_err().to_string();
        assert!(text.contains("--rate") && !text.contains("no.such"), "{text}");
        let planned = check(&["no.such.invalid", "-x", "nor.such.invalid", "--dry-run"]).unwrap();
        assert_eq!(planned.targets.unwrap().names, ["no.such.invalid"]);
        assert_eq!(planned.exclude.names, ["nor.such.invalid"]);
        for args in [["no.such.invalid", "--passive"], ["-xno.such.invalid", "--passive"]] {
            let text = check(&args).unwrap_err().to_string();
            assert!(text.contains("give addresses, --passive sends nothing"), "{text}");
        }
    }

    #[test]
    fn flags_win_over_the_file_and_exclusions_add_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("herkomst.toml");
        fs::write(
            &path,
            "[scan]\ntargets = [\"10.9.0.0/24\"]\nexclude = [\"10.0.0.1\"]\nrate = 5\n",
        )
        .unwrap();
        let config = path.display().to_string();
        let scan = check(&["10.0.0.0/24", "-x", "10.0.0.2", "-c", &config]).unwrap();
        assert_eq!(scan.targets.unwrap().written, ["10.0.0.0/24"]);
        assert_eq!(scan.exclude.addresses.len(), 2);
        assert_eq!(scan.limits.total, Rate::PerSecond(5));
    }
}
