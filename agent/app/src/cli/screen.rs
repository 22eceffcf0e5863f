//! `scan --help`: every flag on one screen of 80 columns and 24 rows, with a row left for the prompt. The manual says all of
//! it; the tests hold this screen against the definition.

/// Laid out by hand, in the order in which a scan is thought of.
pub(super) const SCAN: &str = "\
Usage: herkomst scan [OPTION]... [TARGET]...         man herkomst-scan says more
TARGET: 10.0.0.0/24, 10.0.0.1-9, an address, name, @FILE, -; none: segments here
        (-i, -x, --rules, --trusted-key, --allow-unsigned can be repeated)
Whom   -i, --interface NAME     on this interface, at its segments
       -x, --exclude TARGET     never these: wins over everything
       --vlan ID                sweep this VLAN of the one -i with tagged frames
       --expand                 neighbours as well, --expand-hops N [2] away and
                                --expand-most N [4096] of them
       --only-infrastructure    targets are switches, routers: send to no other
       --force                  more than a /16 of local segments, unasked
How    --methods METHOD         of arp,nd,icmp,snmp,tables,listen and others
       --passive                send nothing; --listen DURATION at least so long
       --rate N|max             packets a second over all [1000]
       --dry-run                print the plan and send nothing
With   -c, --config FILE        flags win over it    --operator FILE  its parts
       --snmp-credentials FILE  mode 0600            --rules PACK [public-lists]
       --trusted-key FILE, --allow-unsigned PACK     whose packs are taken
       --identity FILE, --cleared-with FILE          keys to what is sealed
       --data-dir FOLDER, --vendors-dir FOLDER       registry, vendors of yours
Output -o, --output FORM        table, json, jsonl   --strict  unnamed counts: 2
       -v, --verbose   -q, --quiet   -h, --help   -V, --version
Exit   0 no finding, 1 match, 2 open or not asked (--exit-zero: 0), 64-78 failed
";

#[cfg(test)]
mod tests {
    use clap::{Arg, Command, CommandFactory};

    use super::*;
    use crate::cli::Cli;

    fn scan() -> Command {
        let mut all = Cli::command();
        all.build();
        all.find_subcommand("scan").unwrap().clone()
    }

    fn visible(scan: &Command) -> impl Iterator<Item = &Arg> {
        scan.get_arguments().filter(|arg| !arg.is_hide_set())
    }

    fn words() -> Vec<&'static str> {
        let ends = |c: char| c.is_whitespace() || [',', ';', ':', '[', ']', '(', ')'].contains(&c);
        SCAN.split(ends).filter(|word| !word.is_empty()).collect()
    }

    #[test]
    fn it_fits_a_screen_with_its_prompt() {
        assert!(SCAN.lines().count() <= 23, "{}", SCAN.lines().count());
        for line in SCAN.lines() {
            assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
            assert!(line.is_ascii() && line.trim_end() == line, "{line:?}");
        }
    }

    #[test]
    fn every_flag_of_the_definition_is_in_it_with_its_value() {
        let (scan, words) = (scan(), words());
        for arg in visible(&scan) {
            for name in arg
                .get_long()
                .map(|long| format!("--{long}"))
                .into_iter()
                .chain(arg.get_short().map(|short| format!("-{short}")))
            {
                assert!(words.contains(&name.as_str()), "{name} is missing");
            }
            let value =
                arg.get_value_names().filter(|_| arg.get_num_args().unwrap().takes_values());
            if let (Some(long), Some([value])) = (arg.get_long(), value) {
                assert!(SCAN.contains(&format!("--{long} {value}")), "--{long} {value} is missing");
            }
            for value in arg.get_possible_values().iter().filter(|value| !value.is_hide_set()) {
                let is_switch = !arg.get_num_args().unwrap().takes_values();
                assert!(is_switch || words.contains(&value.get_name()), "{:?}", value.get_name());
            }
        }
        assert!(SCAN.contains("[TARGET]..."));
    }

    #[test]
    fn no_flag_is_in_it_that_does_not_exist() {
        let scan = scan();
        for word in words().into_iter().filter(|word| word.starts_with('-') && word.len() > 1) {
            let exists = visible(&scan).any(|arg| {
                arg.get_long().is_some_and(|long| word == format!("--{long}"))
                    || arg.get_short().is_some_and(|short| word == format!("-{short}"))
            });
            assert!(exists, "{word} is no flag of scan");
        }
    }

    #[test]
    fn short_and_long_help_are_this_screen() {
        for flag in ["-h", "--help"] {
            let shown = Cli::command().try_get_matches_from(["herkomst", "scan", flag]);
            let shown = shown.unwrap_err().render().to_string();
            assert_eq!(shown.trim_end(), SCAN.trim_end());
        }
    }
}
