//! From the start of a process to its first answer.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use crate::addresses::{Hit, Random, shuffle};
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

/// Starts each program so many times and prints the medians, and how often ours fits into each.
pub fn measure(programs: &[Program], hits: &[Hit], rounds: usize) {
    let mut starts: Vec<Starts> = programs.iter().map(|_| Starts::default()).collect();
    let mut order: Vec<usize> = (0..programs.len()).collect();
    let mut random = Random(0x7374_6172_7473_2121);
    for round in 0..rounds {
        // All of a round get one address, and each round another.
        let mac = &hits[round * 7919 % hits.len()].mac;
        // In any order: who comes after a large one finds the caches full of it.
        shuffle(&mut order, &mut random);
        for which in &order {
            starts[*which].add(&programs[*which].path, mac);
        }
    }
    // Before medians are taken, which sorts: here the starts of one round belong together.
    let beyond: Vec<_> = starts.iter().map(|one| Beyond::of(one, &starts[0])).collect();
    let counted: Vec<_> =
        programs.iter().map(|program| instructions(&program.path, &hits[0].mac)).collect();
    println!(
        "| start to first answer | time | beyond the empty one | processor | pages | instructions |"
    );
    println!("|---|---:|---:|---:|---:|---:|");
    for (index, program) in programs.iter().enumerate() {
        let one = &mut starts[index];
        let counted = counted[index].map_or("not counted".to_owned(), thousands);
        let [time, cpu, faults] =
            [&mut one.answer, &mut one.cpu, &mut one.faults].map(|of| median(of));
        let Beyond { middle, error } = beyond[index];
        println!(
            "| {} | {} µs | {} ± {} µs | {} µs | {faults} | {counted} |",
            program.name,
            thousands(time),
            thousands(middle),
            thousands(error),
            thousands(cpu),
        );
    }
    println!(
        "\nMedians of {rounds} starts; ± is twice the standard error. Instructions are those of the program and its loader, \
         not of\nthe kernel, as valgrind counts them.\n"
    );
    println!(
        "| times what ours takes | time | beyond the empty one | instructions | beyond the empty one |"
    );
    println!("|---|---:|---:|---:|---:|");
    let ours = median(&mut starts[1].answer);
    // What ours takes beyond the empty one can be less than what can be measured.
    let most = beyond[1].middle.max(0.0) + beyond[1].error;
    for (index, program) in programs.iter().enumerate().skip(2) {
        let time = median(&mut starts[index].answer) / ours;
        let least = (beyond[index].middle - beyond[index].error) / most;
        let (all, without) = match (counted[index], counted[0], counted[1]) {
            (Some(one), Some(floor), Some(ours)) => {
                (format!("{:.1}", one / ours), thousands((one - floor) / (ours - floor)))
            }
            _ => ("not counted".to_owned(), String::new()),
        };
        println!("| {} | {time:.1} | at least {least:.0} | {all} | {without} |", program.name);
    }
}

/// What a program takes more than the empty one of the same round.
struct Beyond {
    middle: f64,
    /// Twice the standard error of the median.
    error: f64,
}

impl Beyond {
    fn of(one: &Starts, empty: &Starts) -> Self {
        let mut more: Vec<f64> =
            one.answer.iter().zip(&empty.answer).map(|(one, empty)| one - empty).collect();
        let middle = median(&mut more);
        let mut off: Vec<f64> = more.iter().map(|more| (more - middle).abs()).collect();
        // Of a normal distribution: its deviation from the middle one of the distances, and a median's error from that.
        let deviation = 1.4826 * median(&mut off);
        Self { middle, error: 2.0 * 1.2533 * deviation / (more.len() as f64).sqrt() }
    }
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
