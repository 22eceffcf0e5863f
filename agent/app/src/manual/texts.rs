//! What the manual says and no definition of a flag can: keys, files, exit codes, examples. Addresses are those of
//! documentation (RFC 5737), names are made up.

/// A part of a section.
#[derive(Clone, Copy)]
pub(super) enum Part {
    /// A paragraph.
    Text(&'static str),
    /// A word and what it means.
    Word(&'static str, &'static str),
    /// A command, and what it does.
    Example(&'static str, &'static str),
}

use Part::{Example, Text, Word};

/// A section: its heading and its parts.
pub(super) type Section = (&'static str, &'static [Part]);

/// The sections of a page that stand behind its options.
pub(super) fn of(page: &str) -> &'static [Section] {
    match page {
        "herkomst" => PROGRAM,
        "herkomst-scan" => SCAN,
        "herkomst-explain" => EXPLAIN,
        "herkomst-data" => DATA,
        "herkomst-rules" => RULES,
        "herkomst-demo" => DEMO,
        _ => &[],
    }
}

/// Pages that stand beside this one, but for those above and below it.
pub(super) fn beside(page: &str) -> &'static [&'static str] {
    match page {
        "herkomst-scan" => {
            &["herkomst-demo", "herkomst-explain", "herkomst-rules", "herkomst-data"]
        }
        "herkomst-demo" | "herkomst-explain" => &["herkomst-scan"],
        "herkomst-rules" => &["herkomst-scan"],
        "herkomst-data-update" => &["herkomst-data-check", "herkomst-data-show"],
        "herkomst-rules-sign" => &["herkomst-rules-keygen-signing"],
        "herkomst-rules-seal" => &["herkomst-rules-keygen-host", "herkomst-rules-unseal"],
        "herkomst-rules-unseal" => &["herkomst-rules-seal"],
        _ => &[],
    }
}

const FAILURES: Part = Text(
    "Above that it failed: 64 a flag or target is wrong, 65 an input file is, 69 something that is needed is not there, 70 a \
     mistake of this program, 74 a result cannot be written, 77 a permission is missing, 78 a configuration, credentials or \
     key file is wrong. Every mistake in flags and files is named at once, before anything is sent.",
);

const CODES: [Part; 3] = [
    Word("0", "Complete, and no finding."),
    Word("1", "At least one match of a rule."),
    Word(
        "2",
        "No match, but a rule is undetermined, or a target was not properly asked: the coverage ledger says which.",
    ),
];

const ENVIRONMENT: Section = (
    "ENVIRONMENT",
    &[
        Word("NO_COLOR", "When it is set and not empty: no colours."),
        Word(
            "HERKOMST_DATA_DIR, STATE_DIRECTORY",
            "The folder of the registry file, unless --data-dir says it.",
        ),
        Word(
            "HERKOMST_VENDORS_DIR",
            "The folder of your own vendor files, unless --vendors-dir says it.",
        ),
        Word(
            "CREDENTIALS_DIRECTORY",
            "Set by systemd: files with secrets below it may have any mode, since systemd protects them.",
        ),
    ],
);

const PROGRAM: &[Section] = &[
    ("EXIT STATUS", &[CODES[0], CODES[1], CODES[2], FAILURES]),
    ENVIRONMENT,
    (
        "FILES",
        &[
            Word(
                "/var/lib/herkomst/registry.hkr",
                "The registry file that an update wrote, of the system.",
            ),
            Word("~/.local/share/herkomst/registry.hkr", "The same, of one user."),
            Word(
                "/etc/herkomst/vendors.d/*.toml, ~/.config/herkomst/vendors.d/*.toml",
                "Your own vendor files.",
            ),
        ],
    ),
    (
        "EXAMPLES",
        &[
            Example(
                "herkomst demo",
                "A scan of fake devices in a private network, which sends nothing to yours:",
            ),
            Example(
                "herkomst scan --dry-run",
                "What a scan of the local segments would ask, and nothing sent:",
            ),
            Example(
                "herkomst explain 00:e0:fc:12:34:56",
                "Who made a device with this address, and who controls that maker:",
            ),
        ],
    ),
];

const SCAN: &[Section] = &[
    (
        "CONFIGURATION",
        &[
            Text(
                "The file that --config names is TOML. A flag wins over the key of the same name, but exclusions, trusted keys \
                 and allowed packs add up. Paths are taken from the folder of the file. A key that is not known is refused.",
            ),
            Text("Keys of [scan] that are flags as well:"),
            Word("targets, exclude, interfaces, methods, rules", "Lists of texts."),
            Word("rate, listen", "A number or \"max\"; a time such as \"30s\"."),
            Word("snmp-credentials, operator", "Paths."),
            Word("vlan, expand-hops, expand-most", "Numbers."),
            Word(
                "expand, only-infrastructure",
                "true or false. Where a flag and a key contradict, the flag wins.",
            ),
            Text("Keys of [scan] that are no flags:"),
            Word(
                "no-probe",
                "A list of targets that are asked by ARP or neighbour discovery, and nothing else.",
            ),
            Word(
                "rate-per-subnet",
                "Packets a second to one /24 beyond the local segments, 1 to 1000000 (100).",
            ),
            Word("rate-per-host", "Packets a second to one host, 1 to 1000000 (40)."),
            Word("variables", "The most variables in one SNMP request, 1 to 10 (10)."),
            Word(
                "attempts",
                "The most tries of one question, 1 to 5. Without it each kind of question has its own.",
            ),
            Word(
                "expand-prefixes",
                "A list of prefixes: --expand asks nobody outside. Without it, the targets.",
            ),
            Word(
                "answers-from",
                "A list of addresses that devices may answer from, when they do not answer from the one that was asked. Without \
                 it such an answer counts for nothing.",
            ),
            Word(
                "[[scan.window]]",
                "As often as there are maintenance windows: targets in prefixes, a list, are asked while it is open. days is a \
                 list of mon to sun (every day without), from and to are times such as \"22:00\" (the whole day without; to \
                 before from is on the next day), zone is a time zone (that of this host without). A target in no window may be \
                 asked at any time, one in several while one of them is open.",
            ),
            Word(
                "[[scan.ask]]",
                "As often as there are groups: targets, a list, are asked the questions in probes, a list of sadp-query, \
                 dhip-query, onvif-query, ssdp-query and mdns-query. Of them, those are asked that are targets of the scan, \
                 and are not excluded.",
            ),
            Word(
                "[[scan.window]]",
                "As often as there are maintenance windows: targets in prefixes are asked on days (mon to sun, every day without) \
                 between from and to, such as \"22:00\" and \"05:00\", in zone (that of this host without). One whose window \
                 closes while the scan runs is asked no more.",
            ),
            Word(
                "answers-from",
                "A list of prefixes and addresses: an SNMP agent may answer from there, whichever address and port was asked. \
                 Without it, from where it was asked alone.",
            ),
            Text("Other keys:"),
            Word(
                "[rules] trusted-keys, allow-unsigned",
                "Lists of paths, as the flags --trusted-key and --allow-unsigned.",
            ),
            Word("[rules] identity", "A path, as the flag --identity."),
            Word(
                "[output.stdout] cleared",
                "true when what came out of sealed files may leave by standard output. The file must then be writable by its \
                 owner alone.",
            ),
        ],
    ),
    (
        "SIGNALS",
        &[Text(
            "The first SIGINT, SIGTERM or SIGHUP ends the scan in order: it prints what it has, says what is missing, and ends \
             with 2 unless there was a match. The second ends it at once.",
        )],
    ),
    (
        "EXIT STATUS",
        &[
            CODES[0],
            CODES[1],
            CODES[2],
            Text(
                "--exit-zero makes 0 of 1 and 2. With --strict devices that nobody could name count as undetermined.",
            ),
            FAILURES,
        ],
    ),
    ENVIRONMENT,
    (
        "FILES",
        &[
            Word(
                "FILE of --snmp-credentials",
                "TOML, readable by its owner alone. Each [[credential]] has a name, prefixes or engine-ids that it is bound to, \
                 and one of v1, v2c and v3. It is never offered to anybody else.",
            ),
            Word(
                "FILE of --operator",
                "TOML: what stands in which part of the network, orders, answers and waivers.",
            ),
            Word("FILE of --config", "TOML, as above."),
            Word(
                "registry.hkr",
                "In the folder of --data-dir: the registry file that herkomst data update writes.",
            ),
        ],
    ),
    (
        "EXAMPLES",
        &[
            Example(
                "herkomst scan --dry-run",
                "The plan for the segments of this host, and nothing sent:",
            ),
            Example(
                "sudo herkomst scan 192.0.2.0/24 -x 192.0.2.80-192.0.2.99 \\\n    --snmp-credentials snmp.toml",
                "One network without a part of it, with credentials:",
            ),
            Example(
                "sudo herkomst scan --passive -i eth0",
                "Nothing sent, 65 seconds of listening:",
            ),
            Example(
                "sudo herkomst scan 192.0.2.1 192.0.2.2 --only-infrastructure \\\n    --snmp-credentials snmp.toml",
                "Two switches; the devices behind them are known from their tables, and get no packet:",
            ),
            Example(
                "sudo herkomst scan 10.7.0.0/24 --vlan 7 -i eth0",
                "A VLAN on a trunk port, with frames that carry its tag:",
            ),
            Example(
                "herkomst scan @targets.txt -o jsonl --rate 200 > scan.jsonl",
                "Targets out of a file, slowly, one object a line:",
            ),
        ],
    ),
];

const EXPLAIN: &[Section] = &[(
    "EXAMPLES",
    &[
        Example("herkomst explain 00:e0:fc:12:34:56 26381", "An address and an enterprise number:"),
        Example("herkomst explain sepura --as-of 2019-01-01", "Who controlled a maker on a day:"),
    ],
)];

const DATA: &[Section] = &[(
    "EXAMPLES",
    &[
        Example("herkomst data show", "What is in use:"),
        Example(
            "herkomst data update ~/listings --dry-run",
            "What a folder of listings would change:",
        ),
        Example("herkomst data update ~/listings", "The change itself; --previous takes it back:"),
    ],
)];

const RULES: &[Section] = &[(
    "EXAMPLES",
    &[
        Example("herkomst rules show public-lists", "A pack in plain words:"),
        Example(
            "herkomst rules check own-order.toml\nherkomst rules test own-order.toml",
            "Every mistake in a pack of your own, and the cases that it brings:",
        ),
        Example(
            "herkomst rules keygen signing legal.key\nherkomst rules sign own-order.toml --key legal.key\nherkomst scan --rules \
             own-order.toml --trusted-key legal.pub",
            "A pack that is signed, and taken for that:",
        ),
    ],
)];

const DEMO: &[Section] = &[("EXIT STATUS", &[CODES[0], CODES[1], CODES[2], FAILURES])];
