//! Our look-ups beside those of other crates, each a program of its own: what they know, the time from the start of the
//! process to the first answer, look-ups per second, bytes.
//!
//! Usage: `bench-lookup [ROUNDS]`, the number of starts of each. Prints Markdown, as in docs/performance.md. Each
//! round starts all of them, in any order: what the machine does beside it meets all.

mod addresses;
mod answers;
mod start;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::{env, fs, io};

use addresses::Addresses;

/// A program of the benchmark.
pub struct Program {
    name: &'static str,
    /// What it holds, in words.
    holds: &'static str,
    path: PathBuf,
}

/// The one that does nothing, then ours, then the others.
const PROGRAMS: [(&str, &str); 6] = [
    ("empty", ""),
    ("herkomst", "flat file, used as it lies"),
    ("oui-data", "0.2.4, static hash"),
    ("ndb-oui", "0.4.1, bincode"),
    ("mac_oui", "0.4.11, CSV"),
    ("oui", "0.8.1, bincode"),
];

fn main() {
    let rounds = match env::args().nth(1).map(|text| text.parse()) {
        None => 300,
        Some(Ok(rounds @ 1..=100_000)) => rounds,
        Some(_) => panic!("ROUNDS is a number, 1 to 100000"),
    };
    let here = env::current_exe().expect("this program has a path");
    let programs =
        PROGRAMS.map(|(name, holds)| Program { name, holds, path: here.with_file_name(name) });
    let addresses = Addresses::draw();
    let others = &programs[1..];
    answers::compare(others, &addresses);
    start::measure(&programs, &addresses.hits, rounds);
    speed(others, &addresses);
    bytes(&programs);
}

/// Five turns of half a second for each form, and the median.
fn speed(programs: &[Program], addresses: &Addresses) {
    let asked = addresses.shuffled();
    let mut took = vec![(Vec::new(), Vec::new()); programs.len()];
    for _ in 0..5 {
        for (program, (by_text, by_key)) in programs.iter().zip(&mut took) {
            let told = program.ask(&["speed", "0.5"], &asked);
            let (text, key) = told.trim().split_once(' ').expect("two numbers");
            by_text.push(text.parse().expect("a number"));
            by_key.push(key.parse().expect("a number"));
        }
    }
    println!("\n| look-ups | from text, one | a second | from its own form, one | a second |");
    println!("|---|---:|---:|---:|---:|");
    for (program, (by_text, by_key)) in programs.iter().zip(&mut took) {
        let (text, key) = (median(by_text), median(by_key));
        let rate = |took: f64| thousands(1e9 / took);
        println!(
            "| {} | {text:.0} ns | {} | {key:.0} ns | {} |",
            program.name,
            rate(text),
            rate(key)
        );
    }
}

fn bytes(programs: &[Program]) {
    let size = |program: &Program| fs::metadata(&program.path).expect("it was built").len() as f64;
    let floor = size(&programs[0]);
    println!("\n| bytes | program | more than the empty one |");
    println!("|---|---:|---:|");
    for program in programs {
        let size = size(program);
        println!("| {} | {} | {} |", program.name, thousands(size), thousands(size - floor));
    }
    println!(
        "\nThe registry file that herkomst carries has {} bytes; beside the listings of IEEE it holds all enterprise numbers, the vendor register and the special ranges.",
        thousands(herkomst_registry::FILE.len() as f64)
    );
}

impl Program {
    /// What it prints for these arguments and this input.
    fn ask(&self, arguments: &[&str], input: &str) -> String {
        let mut child = Command::new(&self.path)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it was built beside this program");
        let mut to = child.stdin.take().expect("piped");
        std::thread::scope(|scope| {
            scope.spawn(move || io::Write::write_all(&mut to, input.as_bytes()));
            let out = child.stdout.take().expect("piped");
            let told = io::read_to_string(out).expect("it prints text");
            assert!(child.wait().expect("it ends").success(), "{} failed", self.name);
            told
        })
    }
}

/// The middle one.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// `1,234,567`.
fn thousands(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 { format!("-{text}") } else { text }
}
