//! From the start of a process to its first answer.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use crate::addresses::Hit;
use crate::{Program, median, thousands};

/// What the starts of one program took.
#[derive(Default)]
struct Starts {
    /// To the first line, in microseconds.
    answer: Vec<f64>,
    /// In the processor, program and kernel, in microseconds.
    cpu: Vec<f64>,
    /// Pages that the kernel had to bring in.
    faults: Vec<f64>,
}

/// Starts each program so many times and prints the medians, the first program being the floor.
pub fn measure(programs: &[Program], hits: &[Hit], rounds: usize) {
    let mut starts: Vec<Starts> = programs.iter().map(|_| Starts::default()).collect();
    for round in 0..rounds {
        // All of a round get one address, and each round another.
        let mac = &hits[round * 7919 % hits.len()].mac;
        for turn in 0..programs.len() {
            let which = (round + turn) % programs.len();
            starts[which].add(&programs[which].path, mac);
        }
    }
    let instructions: Vec<_> =
        programs.iter().map(|program| instructions(&program.path, &hits[0].mac)).collect();
    let medians: Vec<[f64; 3]> = starts
        .iter_mut()
        .map(|one| [median(&mut one.answer), median(&mut one.cpu), median(&mut one.faults)])
        .collect();
    let (floor, ours) = (medians[0], medians[1]);
    println!(
        "| start to first answer | time | beyond the empty one | processor | pages | instructions | time to ours | beyond the empty one, to ours | instructions to ours, both beyond the empty one |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|");
    for (index, (program, one)) in programs.iter().zip(&medians).enumerate() {
        let beyond = one[0] - floor[0];
        let ratios = if index < 2 {
            " | |".to_owned()
        } else {
            let without_floor = beyond / (ours[0] - floor[0]);
            format!("{:.1} | {without_floor:.1} |", one[0] / ours[0])
        };
        let counted = match (instructions[index], instructions[0], instructions[1]) {
            (Some(one), Some(floor), Some(ours)) if index > 1 => {
                format!("{:.1}", (one - floor) / (ours - floor))
            }
            _ => String::new(),
        };
        println!(
            "| {} | {:.0} µs | {beyond:.0} µs | {:.0} µs | {:.0} | {} | {ratios} {counted} |",
            program.name,
            one[0],
            one[1],
            one[2],
            instructions[index].map_or("not counted".to_owned(), thousands),
        );
    }
    println!(
        "\nMedians of {rounds} starts. Instructions are those of the program and its loader, not of the kernel, as valgrind counts them."
    );
}

impl Starts {
    fn add(&mut self, program: &Path, mac: &str) {
        let before = children();
        let start = Instant::now();
        let mut child = Command::new(program)
            .args(["first", mac])
            .stdout(Stdio::piped())
            .spawn()
            .expect("it was built beside this program");
        let mut line = String::new();
        let out = child.stdout.take().expect("piped");
        BufReader::new(out).read_line(&mut line).expect("it prints text");
        self.answer.push(start.elapsed().as_secs_f64() * 1e6);
        assert!(child.wait().expect("it ends").success() && line.ends_with('\n'), "{program:?}");
        let after = children();
        self.cpu.push(after.0 - before.0);
        self.faults.push(after.1 - before.1);
    }
}

/// Microseconds in the processor and page faults of all children that have ended.
fn children() -> (f64, f64) {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the kernel counts them");
    let time = usage.user_time() + usage.system_time();
    (time.num_microseconds() as f64, usage.minor_page_faults() as f64)
}

/// Instructions of one start, when valgrind is here.
fn instructions(program: &Path, mac: &str) -> Option<f64> {
    let told = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["first", mac])
        .output()
        .ok()?;
    let told = String::from_utf8_lossy(&told.stderr);
    let (_, counted) = told.split_once("Collected :")?;
    counted.split_whitespace().next()?.parse().ok()
}
