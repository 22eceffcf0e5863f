use std::collections::BTreeSet;
use std::process::{Command as Process, Stdio};

use clap_complete::Shell;

use super::*;
use crate::config::problems::Problems;

fn text(name: &str) -> String {
    let page = pages().unwrap().into_iter().find(|page| page.name == name);
    String::from_utf8(page.unwrap_or_else(|| panic!("{name} is no page")).text).unwrap()
}

/// The words of a page as a reader sees them.
fn read(name: &str) -> String {
    let marks = [("\\-", "-"), ("\\*(Aq", "'"), ("\\fB", ""), ("\\fI", ""), ("\\fR", "")];
    marks.iter().fold(text(name), |text, (mark, shown)| text.replace(mark, shown))
}

fn program() -> Command {
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    program
}

/// Runs a program over a text; `None` where it is not installed.
fn piped(program: &str, args: &[&str], input: &[u8]) -> Option<(bool, String, String)> {
    let mut child = Process::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let ended = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Some((ended.status.success(), text(ended.stdout), text(ended.stderr)))
}

#[test]
fn every_command_has_a_page_and_every_flag_stands_in_it() {
    fn held(command: &Command, names: &mut BTreeSet<String>) {
        let name = format!("{}.1", command.get_display_name().unwrap_or(command.get_name()));
        let page = read(&name);
        for flag in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
            let word = flag.get_long().map(|long| format!("--{long}")).unwrap_or_default();
            assert!(page.contains(&word), "{word} is not in {name}");
            let help = flag.get_long_help().or(flag.get_help()).unwrap().to_string();
            let first = help.split_whitespace().take(4).collect::<Vec<_>>().join(" ");
            let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(page.contains(&first), "{first:?} is not in {name}");
        }
        assert!(names.insert(name));
        command.get_subcommands().for_each(|below| held(below, names));
    }
    let mut names = BTreeSet::new();
    held(&program(), &mut names);
    let made: BTreeSet<String> = pages().unwrap().into_iter().map(|page| page.name).collect();
    assert_eq!(made, names);
    for name in ["herkomst.1", "herkomst-scan.1", "herkomst-rules-keygen-host.1"] {
        assert!(names.contains(name), "{name}");
    }
}

#[test]
fn the_page_of_scan_has_the_sections_that_readers_look_for() {
    let page = text("herkomst-scan.1");
    for heading in ["EXIT STATUS", "FILES", "EXAMPLES", "SEE ALSO", "CONFIGURATION"] {
        let count = page.lines().filter(|line| line.trim_matches('"').contains(heading)).count();
        assert_eq!(count, 1, "{heading}");
    }
    assert_eq!(page.matches(".TH herkomst-scan 1 \"\" \"herkomst ").count(), 1);
    assert_eq!(
        page.matches(".ds Aq").count(),
        2,
        "the preamble stands once, for either kind of troff"
    );
}

#[test]
fn the_pages_that_are_named_exist() {
    let names: BTreeSet<String> = pages().unwrap().into_iter().map(|page| page.name).collect();
    let beside = names.iter().flat_map(|name| {
        let name = name.strip_suffix(".1").unwrap();
        texts::beside(name).iter()
    });
    for name in beside {
        assert!(names.contains(&format!("{name}.1")), "{name}");
    }
    let own = names.iter().filter(|name| !texts::of(name.strip_suffix(".1").unwrap()).is_empty());
    assert_eq!(own.count(), 6, "each text belongs to a page");
}

#[test]
fn every_key_of_the_configuration_stands_in_the_page_of_scan() {
    let page = read("herkomst-scan.1");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("herkomst.toml");
    // A key that is like no other: the answer lists those that are allowed.
    for table in ["scan", "rules", "output.stdout", "scan.ask", "scan.window"] {
        let is_list = ["scan.ask", "scan.window"].contains(&table);
        let heading = if is_list { format!("[[{table}]]") } else { format!("[{table}]") };
        std::fs::write(&path, format!("{heading}\nqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq = 1\n"))
            .unwrap();
        let mut problems = Problems::default();
        crate::config::file::read(&path, &mut problems);
        let problems = problems.to_string();
        let (_, keys) = problems.split_once("allowed are ").unwrap_or_else(|| panic!("{problems}"));
        let keys: Vec<&str> = keys.lines().next().unwrap().split(", ").collect();
        assert!(!keys.is_empty() && !keys.iter().any(|key| key.contains("more")), "{keys:?}");
        for key in keys {
            let ends = |c: char| !(c.is_ascii_alphanumeric() || c == '-');
            assert!(page.split(ends).any(|word| word == key), "{table}.{key} is not in the page");
        }
    }
}

#[test]
fn troff_has_nothing_to_warn_of() {
    let mut tried = 0;
    for page in pages().unwrap() {
        if let Some((good, shown, said)) =
            piped("groff", &["-Kutf8", "-man", "-Tutf8", "-ww", "-rLL=80n", "-P-cbou"], &page.text)
        {
            tried += 1;
            assert!(good && said.is_empty(), "{}: {said}", page.name);
            assert!(shown.contains("NAME") && shown.contains("SYNOPSIS"), "{}", page.name);
        }
        if let Some((_, said, _)) = piped("mandoc", &["-Tlint", "-Werror"], &page.text) {
            tried += 1;
            assert!(!said.contains("ERROR"), "{}: {said}", page.name);
        }
    }
    assert!(tried > 0, "neither groff nor mandoc is installed: install.sh installs groff-base");
}

#[test]
fn bash_completes_flags_out_of_the_same_definition() {
    let mut script = Vec::new();
    clap_complete::generate(Shell::Bash, &mut Cli::command(), "herkomst", &mut script);
    script.extend_from_slice(
        b"\nCOMP_WORDS=(herkomst scan --expand-) COMP_CWORD=2\n_herkomst herkomst --expand- scan\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n",
    );
    let (good, shown, said) = piped("bash", &["--norc", "-s"], &script).expect("bash is installed");
    assert!(good && said.is_empty(), "{said}");
    assert_eq!(shown, "--expand-hops\n--expand-most\n");
}

#[test]
fn a_folder_is_made_and_its_pages_are_replaced() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("man/man1");
    let args = ManArgs { folder: Some(folder.clone()) };
    man(&args).unwrap();
    std::fs::write(folder.join("herkomst.1"), "old").unwrap();
    man(&args).unwrap();
    assert!(std::fs::read_to_string(folder.join("herkomst.1")).unwrap().contains(".TH"));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), pages().unwrap().len());
    // Where no folder can be, it says so.
    let file = parent.path().join("file");
    std::fs::write(&file, "").unwrap();
    let failure = man(&ManArgs { folder: Some(file.join("man1")) }).unwrap_err();
    assert!(failure.to_string().contains("writing "), "{failure}");
    assert_eq!(failure.code(), std::process::ExitCode::from(74));
}
