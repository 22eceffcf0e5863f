//! What the fuzz targets found, read again by the very functions that they run: without a nightly compiler, in every run of the
//! tests. `agent/wire/fuzz/corpus.py` keeps it.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

mod readers;

/// The most that all files hold together.
const MOST: u64 = 2_000_000;

fn fuzz(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(below)
}

fn names(folder: &str, ending: &str) -> BTreeSet<String> {
    let files = fs::read_dir(fuzz(folder)).expect("a folder of the fuzz targets");
    let names = files.map(|file| file.expect("a file").file_name().into_string().expect("a name"));
    names.filter_map(|name| name.strip_suffix(ending).map(str::to_owned)).collect()
}

fn bytes(line: &str) -> Vec<u8> {
    let (pairs, odd) = line.as_bytes().as_chunks::<2>();
    assert!(odd.is_empty(), "an odd number of digits: {line}");
    let digit = |octet: u8| char::from(octet).to_digit(16).expect("hexadecimal digits");
    pairs
        .iter()
        .map(|[high, low]| u8::try_from(digit(*high) << 4 | digit(*low)).expect("two digits"))
        .collect()
}

#[test]
fn every_input_that_was_kept_is_read_or_refused() {
    for (name, read) in readers::ALL {
        let kept = fs::read_to_string(fuzz("kept").join(format!("{name}.hex")));
        let kept = kept.unwrap_or_else(|error| panic!("kept/{name}.hex: {error}"));
        for (number, line) in kept.lines().enumerate() {
            let input = bytes(line);
            let replayed = catch_unwind(|| read(&input));
            assert!(replayed.is_ok(), "kept/{name}.hex:{}", number + 1);
        }
    }
}

#[test]
fn every_target_has_a_reader_and_a_corpus_and_nothing_else_has() {
    let readers: BTreeSet<String> =
        readers::ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(readers.len(), readers::ALL.len());
    assert_eq!(names("fuzz_targets", ".rs"), readers);
    assert_eq!(names("kept", ".hex"), readers);
    let manifest = fs::read_to_string(fuzz("Cargo.toml")).expect("the manifest of the targets");
    for name in &readers {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is in no [[bin]]");
        let target = fuzz("fuzz_targets").join(format!("{name}.rs"));
        let target = fs::read_to_string(target).expect("a target");
        let runs = [format!("readers::{name}(bytes)"), format!("readers::basic::{name}(bytes)")];
        assert!(runs.iter().any(|run| target.contains(run)), "{name} runs another reader");
    }
}

#[test]
fn what_is_kept_is_small_sorted_and_kept_once() {
    let mut total = 0;
    for (name, _) in readers::ALL {
        let path = fuzz("kept").join(format!("{name}.hex"));
        total += fs::metadata(&path).expect("a corpus").len();
        let kept = fs::read_to_string(path).expect("a corpus");
        let lines: Vec<&str> = kept.lines().collect();
        assert!(lines.len() >= 8, "{name} keeps {} inputs", lines.len());
        let keys: Vec<(usize, &str)> = lines.iter().map(|line| (line.len(), *line)).collect();
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]), "{name}");
    }
    assert!(total < MOST, "{total} octets");
}
