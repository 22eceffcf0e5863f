//! How gently a device is asked: by its kind, and by how it answers.

use std::time::Duration;

use herkomst_model::{System, Table};

use super::walk::Style;

/// The least and the most that an answer is waited for.
const WAIT: (Duration, Duration) = (Duration::from_millis(1000), Duration::from_secs(5));
/// The longest pause before the next request.
const MOST_PAUSE: Duration = Duration::from_secs(5);
/// An answer that takes so many times the usual is slow.
const SLOW: u32 = 4;
/// No answer within this is slow, whatever the usual is: a switch that forwards a burst is late by that much.
const NEVER_SLOW: Duration = Duration::from_millis(50);
/// So many answers make the usual.
const SETTLED: u8 = 4;

/// How a device answers, and how long it is let be in between.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pace {
    /// Smoothed time to an answer, and how much it varies (RFC 6298, 2).
    usual: Option<(Duration, Duration)>,
    answers: u8,
    pause: Duration,
    /// Waits grow twofold with each silence in a row.
    silences: u8,
    least: Duration,
}

impl Pace {
    /// A device that is let be for at least so long between two questions.
    pub fn with_pause(least: Duration) -> Self {
        Self { least, ..Self::default() }
    }

    /// How long to wait for the next answer.
    pub fn wait(&self) -> Duration {
        let wait = self.usual.map_or(WAIT.0, |(usual, varies)| usual + varies * 4);
        let wait = wait.clamp(WAIT.0, WAIT.1);
        (wait * 2u32.pow(self.silences.min(3).into())).min(WAIT.1)
    }

    /// How long to let it be before the next question.
    pub fn pause(&self) -> Duration {
        self.pause.max(self.least)
    }

    /// An answer took so long; says whether that is slow for this device.
    pub fn answered(&mut self, took: Duration) -> bool {
        self.silences = 0;
        let Some((usual, varies)) = self.usual else {
            (self.usual, self.answers) = (Some((took, took / 2)), 1);
            return false;
        };
        let slow = self.answers >= SETTLED && took > NEVER_SLOW && took > usual * SLOW;
        self.answers = self.answers.saturating_add(1);
        // A device in trouble does not make trouble the usual: one answer counts for twice the usual at most.
        let counted = took.min((usual * 2).max(NEVER_SLOW));
        self.usual = Some(((usual * 7 + counted) / 8, (varies * 3 + counted.abs_diff(usual)) / 4));
        self.pause = if slow {
            (self.pause * 2).max(took).min(MOST_PAUSE)
        } else {
            self.pause.checked_div(2).filter(|pause| pause.as_millis() >= 5).unwrap_or_default()
        };
        slow
    }

    /// An answer did not come.
    pub fn was_silent(&mut self) {
        self.silences = self.silences.saturating_add(1);
        self.pause = (self.pause * 2).max(Duration::from_millis(100)).min(MOST_PAUSE);
    }
}

/// A kind of device that falls over when it is asked as others are.
#[derive(Debug)]
struct Fragile {
    /// What its sysObjectID begins with.
    object_id: &'static [u32],
    /// What its sysDescr must contain; empty fits all.
    description: &'static str,
    variables: usize,
    repetitions: u16,
    pause: Duration,
    /// What is not asked of it unless the operator names it.
    never: &'static [Table],
    source: &'static str,
}

/// Every line says where it is from. None of them was tried on a device by us; they cost such a device more
/// requests, or a table that the ledger then says was not asked.
const FRAGILE: [Fragile; 4] = [
    Fragile {
        object_id: &[1, 3, 6, 1, 4, 1, 11863],
        description: "",
        variables: 8,
        repetitions: 10,
        pause: Duration::ZERO,
        never: &[],
        source: "reported by users of TP-Link switches, not verified: no answer above 14 variables",
    },
    Fragile {
        object_id: &[1, 3, 6, 1, 4, 1, 2011],
        description: "S6720",
        variables: 4,
        repetitions: 10,
        pause: Duration::from_millis(20),
        never: &[],
        source: "reported by users of Huawei S6720, not verified: silent when asked fast for port tables",
    },
    Fragile {
        object_id: &[1, 3, 6, 1, 4, 1, 11],
        description: "1810",
        variables: 4,
        repetitions: 5,
        pause: Duration::from_millis(50),
        never: &[],
        source: "reported by users of HP 1810, not verified: its agent stops under large requests",
    },
    Fragile {
        object_id: &[1, 3, 6, 1, 4, 1, 5624],
        description: "N7",
        variables: 4,
        repetitions: 5,
        pause: Duration::from_millis(50),
        never: &[Table::Forwarding],
        source: "reported by users of Enterasys Matrix N7, not verified: its processor is full while the forwarding table is read",
    },
];

/// How this device is to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manners {
    /// How large requests and answers may be.
    pub style: Style,
    /// The least pause between two questions.
    pub pause: Duration,
    /// What is not asked unless the operator names it.
    pub never: &'static [Table],
    /// The reason, with its source; `None` for a device of which nothing special is known.
    pub because: Option<&'static str>,
}

/// The manners for a device with this system group; `bulk` says whether its version of SNMP has GetBulk.
pub fn manners(system: Option<&System>, bulk: bool) -> Manners {
    let style = Style::usual(bulk);
    let known = system.and_then(|system| {
        let object_id = system.object_id.as_ref()?;
        let description = system.description.as_ref().map_or("", |text| text.raw());
        FRAGILE.iter().find(|line| {
            object_id.is_under(line.object_id) && description.contains(line.description)
        })
    });
    match known {
        None => Manners { style, pause: Duration::ZERO, never: &[], because: None },
        Some(line) => Manners {
            style: Style { variables: line.variables, repetitions: line.repetitions, ..style },
            pause: line.pause,
            never: line.never,
            because: Some(line.source),
        },
    }
}

#[cfg(test)]
mod tests {
    use herkomst_model::SnmpVersion;

    use super::*;

    fn system(object_id: &str, description: &str) -> System {
        System {
            version: SnmpVersion::V2c,
            credential: "ro".into(),
            description: Some(description.into()),
            object_id: object_id.parse().ok(),
            up_time: None,
            contact: None,
            name: None,
            location: None,
            services: None,
            cut_short: false,
        }
    }

    #[test]
    fn a_fragile_device_is_asked_for_less_and_the_reason_has_a_source() {
        let known = manners(Some(&system("1.3.6.1.4.1.11863.5.1", "JetStream")), true);
        assert_eq!(known.style.variables, 8);
        assert!(known.because.is_some());
        let other = manners(Some(&system("1.3.6.1.4.1.2011.2.23.1", "S5700")), true);
        assert_eq!((other.style, other.because), (Style::usual(true), None));
        assert!(FRAGILE.iter().all(|line| line.source.contains("not verified")));
    }

    #[test]
    fn rising_latency_makes_pauses_that_end_when_it_falls() {
        let mut pace = Pace::default();
        for _ in 0..6 {
            assert!(!pace.answered(Duration::from_millis(10)));
        }
        assert_eq!(pace.pause(), Duration::ZERO);
        assert!(pace.answered(Duration::from_millis(300)));
        let first = pace.pause();
        assert!(first >= Duration::from_millis(300));
        assert!(pace.answered(Duration::from_millis(400)));
        assert!(pace.pause() >= first * 2);
        for _ in 0..20 {
            pace.answered(Duration::from_millis(10));
        }
        assert_eq!(pace.pause(), Duration::ZERO);
    }

    #[test]
    fn jitter_of_a_fast_device_is_not_slow() {
        let mut pace = Pace::default();
        for _ in 0..6 {
            pace.answered(Duration::from_millis(1));
        }
        assert!(!pace.answered(Duration::from_millis(40)));
    }

    #[test]
    fn waits_grow_with_silence_and_have_an_end() {
        let mut pace = Pace::default();
        let first = pace.wait();
        pace.was_silent();
        assert_eq!(pace.wait(), first * 2);
        for _ in 0..300 {
            pace.was_silent();
        }
        assert_eq!((pace.wait(), pace.pause()), (WAIT.1, MOST_PAUSE));
    }
}
