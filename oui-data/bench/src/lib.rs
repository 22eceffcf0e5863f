//! What every program of the benchmark does, whichever crate it asks: `first MAC` gives one answer, `answers` one for each
//! line read, `speed SECONDS` asks for all lines again and again.

use std::borrow::Cow;
use std::hint::black_box;
use std::io::{self, BufWriter, Read, Write};
use std::time::{Duration, Instant};

/// A crate that knows makers.
pub trait Known {
    /// The form of an address that it likes best.
    type Key;
    /// What it does before its first answer.
    fn open() -> Self;
    /// An address in the form that it likes best.
    fn key(octets: [u8; 6]) -> Self::Key;
    /// The maker of an address in that form.
    fn by_key(&self, key: &Self::Key) -> Option<Cow<'_, str>>;
    /// The maker of an address such as `00:e0:fc:12:34:56`.
    fn by_text(&self, mac: &str) -> Option<Cow<'_, str>>;
}

/// Answers as the arguments ask.
pub fn run<K: Known>() {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("first"), Some(mac)) => {
            println!("{}", K::open().by_text(&mac).as_deref().unwrap_or("-"));
        }
        (Some("answers"), None) => answers(&K::open()),
        (Some("speed"), Some(seconds)) => speed(&K::open(), &seconds),
        _ => panic!("arguments are `first MAC`, `answers` or `speed SECONDS`"),
    }
}

fn lines() -> String {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).expect("addresses come in");
    text
}

fn answers(known: &impl Known) {
    let mut out = BufWriter::new(io::stdout().lock());
    for mac in lines().lines() {
        // Some names of the listings have line breaks in them.
        let answer = known.by_text(mac).map_or("-".to_owned(), |name| name.replace('\n', " "));
        writeln!(out, "{answer}").expect("somebody listens");
    }
}

/// Prints the nanoseconds of a look-up from text, and from the form that the crate likes best.
fn speed<K: Known>(known: &K, seconds: &str) {
    let text = lines();
    let macs: Vec<&str> = text.lines().collect();
    let keys: Vec<K::Key> = macs.iter().map(|mac| K::key(octets(mac))).collect();
    let span = Duration::from_secs_f64(seconds.parse().expect("SECONDS is a number"));
    let by_text = measure(&macs, span, |mac| known.by_text(mac).map_or(0, |name| name.len()));
    let by_key = measure(&keys, span, |key| known.by_key(key).map_or(0, |name| name.len()));
    println!("{by_text:.1} {by_key:.1}");
}

/// Each thing in turn, from the first again after the last, until the time is over: nanoseconds for one.
fn measure<T>(things: &[T], span: Duration, ask: impl Fn(&T) -> usize) -> f64 {
    let (start, mut asked) = (Instant::now(), 0u32);
    for some in things.chunks(32).cycle() {
        for one in some {
            black_box(ask(black_box(one)));
            asked += 1;
        }
        if start.elapsed() >= span {
            break;
        }
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(asked)
}

fn octets(mac: &str) -> [u8; 6] {
    let mut parts = mac.split(':').map(|part| u8::from_str_radix(part, 16));
    std::array::from_fn(|_| parts.next().and_then(Result::ok).expect("six octets"))
}
