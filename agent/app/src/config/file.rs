//! The configuration file as written: every key is one of the flags of `scan`, a limit that has no flag, what is said of groups
//! of targets, or `cleared`, which nobody is to type by habit.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::bounded;
use super::problems::Problems;
use super::reach::ReachFile;
use super::section::{Document, Section};
use super::windows::Windows;
use crate::rules::is_path;

/// `[scan]`, `[rules]` and `[output.stdout]` of the file; what is absent is `None`.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct ScanFile {
    /// Targets with their places.
    pub(crate) targets: Option<Vec<(String, String)>>,
    /// Exclusions with their places.
    pub(crate) exclude: Option<Vec<(String, String)>>,
    /// Prefixes that are asked nothing beyond ARP.
    pub(crate) no_probe: Option<Vec<(String, String)>>,
    /// Interfaces.
    pub(crate) interfaces: Option<Vec<(String, String)>>,
    /// Methods.
    pub(crate) methods: Option<Vec<(String, String)>>,
    /// Packets a second in all, or `max`.
    pub(crate) rate: Option<(String, String)>,
    /// Packets a second to one /24 beyond the local segments.
    pub(crate) rate_per_subnet: Option<u32>,
    /// Packets a second to one host.
    pub(crate) rate_per_host: Option<u32>,
    /// The most variables in one request.
    pub(crate) variables: Option<u8>,
    /// The most tries of one question.
    pub(crate) attempts: Option<u8>,
    /// How far the scan goes.
    pub(crate) reach: ReachFile,
    /// How long to listen at least.
    pub(crate) listen: Option<(String, String)>,
    /// Where answers may come from beside the address and port that were asked.
    pub(crate) answers_from: Option<Vec<(String, String)>>,
    /// When which targets may be asked.
    pub(crate) windows: Windows,
    /// The credentials file; a relative path is taken from the folder of this file.
    pub(crate) snmp_credentials: Option<PathBuf>,
    /// Rule packs: ids, or paths from the folder of this file.
    pub(crate) rules: Option<Vec<(String, String)>>,
    /// The operator's file; a relative path is taken from the folder of this file.
    pub(crate) operator: Option<PathBuf>,
    /// `[rules]`: files with public keys of those who may sign packs.
    pub(crate) trusted_keys: Vec<PathBuf>,
    /// `[rules]`: packs that are taken although nobody whom the operator trusts signed them.
    pub(crate) allow_unsigned: Vec<PathBuf>,
    /// `[rules]`: the file with the key of this host.
    pub(crate) identity: Option<PathBuf>,
    /// `[output.stdout]`: whether what is sealed may leave by it.
    pub(crate) cleared: bool,
}

impl ScanFile {
    /// Whether it decides what none but its owner is to decide.
    fn says_whom_to_trust(&self) -> bool {
        self.cleared || !self.trusted_keys.is_empty() || !self.allow_unsigned.is_empty()
    }
}

/// Reads the file and notes every problem.
pub(crate) fn read(path: &Path, problems: &mut Problems) -> ScanFile {
    let name = path.display().to_string();
    match text_and_mode(path) {
        Ok((text, mode)) => {
            let file = parse(path, &name, &text, problems);
            if mode & 0o022 != 0 && file.says_whom_to_trust() {
                problems.add_configuration(
                    &name,
                    "says whose packs are taken or who sees what is sealed, and others than its owner can write it: chmod go-w it",
                );
            }
            file
        }
        Err(what) => {
            problems.add_configuration(&name, what);
            ScanFile::default()
        }
    }
}

/// What stands in the file, and who may change it.
fn text_and_mode(path: &Path) -> Result<(String, u32), String> {
    let file = herkomst_net::open_regular(path).map_err(bounded::failed)?;
    let mode = file.metadata().map_err(bounded::failed)?.permissions().mode();
    Ok((bounded::text(&file)?, mode))
}

fn parse(path: &Path, name: &str, text: &str, problems: &mut Problems) -> ScanFile {
    let document = Document { file: name, text };
    let Some(table) = document.parse(text, problems) else { return ScanFile::default() };
    let root = Section::root(document, &table);
    let scan = root.take("scan").and_then(|found| found.section(problems));
    let rules = root.take("rules").and_then(|found| found.section(problems));
    let output = root.take("output").and_then(|found| found.section(problems));
    root.finish(problems);
    let mut file = scan.map(|scan| scanning(path, scan, problems)).unwrap_or_default();
    let beside = |text: &str| path.parent().unwrap_or(Path::new("")).join(text);
    if let Some(rules) = rules {
        let paths = |key, problems: &mut Problems| {
            let texts = rules.texts(key, problems).unwrap_or_default();
            texts.iter().map(|(_, text)| beside(text)).collect()
        };
        file.trusted_keys = paths("trusted-keys", problems);
        file.allow_unsigned = paths("allow-unsigned", problems);
        file.identity = rules.text("identity", problems).map(beside);
        rules.finish(problems);
    }
    if let Some(output) = output {
        // By its name, since there will be others beside it.
        if let Some(stdout) = output.take("stdout").and_then(|found| found.section(problems)) {
            file.cleared = stdout.switch("cleared", problems).unwrap_or_default();
            stdout.finish(problems);
        }
        output.finish(problems);
    }
    file
}

fn scanning(path: &Path, scan: Section<'_>, problems: &mut Problems) -> ScanFile {
    let beside = |text: &str| path.parent().unwrap_or(Path::new("")).join(text);
    let limit = |key, problems: &mut Problems| {
        scan.number(key, 1..=1_000_000, problems).and_then(|number| u32::try_from(number).ok())
    };
    let few = |key, most, problems: &mut Problems| {
        scan.number(key, 1..=most, problems).and_then(|number| u8::try_from(number).ok())
    };
    let file = ScanFile {
        targets: scan.texts("targets", problems),
        exclude: scan.texts("exclude", problems),
        no_probe: scan.texts("no-probe", problems),
        interfaces: scan.texts("interfaces", problems),
        methods: scan.texts("methods", problems),
        rate: scan
            .take("rate")
            .and_then(|found| Some((found.place(), found.number_or_text(problems)?))),
        rate_per_subnet: limit("rate-per-subnet", problems),
        rate_per_host: limit("rate-per-host", problems),
        variables: few("variables", 10, problems),
        attempts: few("attempts", 5, problems),
        answers_from: scan.texts("answers-from", problems),
        windows: Windows::read(&scan, problems),
        reach: ReachFile::read(&scan, problems),
        listen: scan
            .take("listen")
            .and_then(|found| Some((found.place(), found.text(problems)?.to_owned()))),
        snmp_credentials: scan.text("snmp-credentials", problems).map(beside),
        rules: scan.texts("rules", problems).map(|packs| {
            let path = |(place, name): (String, String)| match is_path(&name) {
                true => (place, beside(&name).display().to_string()),
                false => (place, name),
            };
            packs.into_iter().map(path).collect()
        }),
        operator: scan.text("operator", problems).map(beside),
        ..ScanFile::default()
    };
    scan.finish(problems);
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (ScanFile, String) {
        let mut problems = Problems::default();
        let file =
            parse(Path::new("/etc/herkomst/herkomst.toml"), "herkomst.toml", text, &mut problems);
        (file, problems.to_string())
    }

    #[test]
    fn reads_every_key() {
        let (file, problems) = parsed(
            "[scan]\ntargets = [\"10.0.0.0/24\"]\nexclude = \"10.0.0.9\"\nno-probe = []\ninterfaces = [\"eth0\"]\n\
             methods = [\"arp\"]\nrate = \"max\"\nrate-per-subnet = 10\nrate-per-host = 5\nlisten = \"30s\"\n\
             snmp-credentials = \"snmp.toml\"\nrules = [\"public-lists\"]\noperator = \"parts.toml\"\nvariables = 4\n\
             attempts = 2\nvlan = 7\nexpand = true\nexpand-hops = 3\nexpand-most = 9\nexpand-prefixes = [\"10.0.0.0/16\"]\n\
             only-infrastructure = false\n[[scan.ask]]\ntargets = [\"10.0.0.8\"]\nprobes = [\"onvif-query\"]\n",
        );
        assert_eq!(problems, "");
        assert_eq!(file.rate.unwrap().1, "max");
        assert_eq!(file.exclude.unwrap()[0].1, "10.0.0.9");
        assert_eq!(file.snmp_credentials.unwrap(), Path::new("/etc/herkomst/snmp.toml"));
        assert_eq!((file.variables, file.attempts), (Some(4), Some(2)));
        let reach = file.reach;
        assert_eq!((reach.vlan, reach.hops, reach.most), (Some(7), Some(3), Some(9)));
        assert!(reach.expand && !reach.only_infrastructure);
        assert_eq!(reach.prefixes.unwrap()[0].1, "10.0.0.0/16");
        assert_eq!(reach.ask[0].questions[0].1, "onvif-query");
    }

    #[test]
    fn a_group_needs_targets_and_questions_and_limits_have_ends() {
        let (_, problems) = parsed(
            "[scan]\nvariables = 11\nattempts = 0\nvlan = 4095\nexpand-hops = 17\n[[scan.ask]]\ntargets = []\n",
        );
        for says in [
            "scan.variables is out of range, allowed are 1 to 10",
            "scan.attempts is out of range, allowed are 1 to 5",
            "scan.vlan is out of range, allowed are 1 to 4094",
            "scan.expand-hops is out of range, allowed are 1 to 16",
            "scan.ask[1] has no targets",
            "scan.ask[1] has no probes",
        ] {
            assert!(problems.contains(says), "{says}: {problems}");
        }
    }

    #[test]
    fn whom_to_trust_is_not_taken_from_a_file_that_others_can_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("herkomst.toml");
        for (text, mode, is_refused) in [
            ("[output.stdout]\ncleared = true\n", 0o666, true),
            ("[rules]\ntrusted-keys = [\"legal.pub\"]\n", 0o620, true),
            ("[rules]\nallow-unsigned = [\"own.toml\"]\n", 0o646, true),
            ("[rules]\nallow-unsigned = [\"own.toml\"]\n", 0o644, false),
            ("[scan]\nrate = 10\n[output.stdout]\ncleared = false\n", 0o666, false),
        ] {
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let mut problems = Problems::default();
            read(&path, &mut problems);
            assert_eq!(
                problems.to_string().contains("chmod go-w"),
                is_refused,
                "{text}: {problems}"
            );
        }
    }

    #[test]
    fn a_typo_is_no_default() {
        let (_, problems) = parsed("[scan]\nrates = 5\nrate-per-host = 0\n\n[skan]\n");
        assert!(problems.contains("herkomst.toml:2:1: scan.rates is not a key"), "{problems}");
        assert!(problems.contains("did you mean \"rate\"?"), "{problems}");
        assert!(
            problems.contains("herkomst.toml:5:2: skan")
                && problems.contains("did you mean \"scan\"?"),
            "{problems}"
        );
        assert!(
            problems.contains("scan.rate-per-host is out of range, allowed are 1 to 1000000"),
            "{problems}"
        );
    }
}
