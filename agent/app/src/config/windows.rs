//! Maintenance windows: when targets of some prefixes may be asked.
//!
//! ```toml
//! [[scan.window]]
//! prefixes = ["10.50.0.0/16"]
//! days = ["sat", "sun"]        # every day without
//! from = "22:00"               # 00:00 without
//! to = "05:00"                 # 24:00 without; before `from` it is that of the next day
//! zone = "Europe/Amsterdam"    # that of this host without
//! ```
//!
//! A target in no window may be asked at any time, one in several when one of them is open.

use jiff::Timestamp;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;

use super::problems::{Problems, hint};
use super::section::Section;
use super::targets::{AddressSet, Range};

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// One window.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Window {
    /// The prefixes as written.
    written: Vec<String>,
    targets: AddressSet,
    /// The days on which it begins; all when empty.
    days: Vec<Weekday>,
    from: Time,
    /// `None` is the end of the day.
    to: Option<Time>,
    zone: TimeZone,
}

impl Window {
    fn is_open(&self, at: Timestamp) -> bool {
        let here = at.to_zoned(self.zone.clone());
        let (today, now) = (here.weekday(), here.time());
        let begins_on = |day| self.days.is_empty() || self.days.contains(&day);
        match self.to {
            Some(to) if to <= self.from => {
                (begins_on(today) && now >= self.from) || (begins_on(today.previous()) && now < to)
            }
            to => begins_on(today) && now >= self.from && to.is_none_or(|to| now < to),
        }
    }
}

/// A window, for the plan.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Told {
    /// The prefixes as written.
    pub(crate) prefixes: Vec<String>,
    /// The days on which it begins; every day when empty.
    pub(crate) days: Vec<&'static str>,
    /// When it begins.
    pub(crate) from: String,
    /// When it ends; before `from` that is on the next day.
    pub(crate) to: String,
    /// The time zone; `null` is that of this host, where it has no name.
    pub(crate) zone: Option<String>,
    /// Whether it is open when the plan is made.
    pub(crate) open: bool,
}

/// All windows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Windows(Vec<Window>);

impl Windows {
    /// Reads every `[[scan.window]]`.
    pub(super) fn read(scan: &Section<'_>, problems: &mut Problems) -> Self {
        let mut windows = Vec::new();
        for item in scan.items("window", problems) {
            let Some(section) = item.section(problems) else { continue };
            windows.extend(window(section, problems));
        }
        Self(windows)
    }

    /// What they are, and whether they are open.
    pub(crate) fn told(&self, at: Timestamp) -> Vec<Told> {
        let told = |window: &Window| {
            let days = DAYS.iter().filter(|(_, day)| window.days.contains(day));
            let clock = |time: Time| format!("{:02}:{:02}", time.hour(), time.minute());
            Told {
                prefixes: window.written.clone(),
                days: days.map(|(name, _)| *name).collect(),
                from: clock(window.from),
                to: window.to.map_or_else(|| "24:00".to_owned(), clock),
                zone: window.zone.iana_name().map(str::to_owned),
                open: window.is_open(at),
            }
        };
        self.0.iter().map(told).collect()
    }

    /// Which windows are open, in their order.
    pub(crate) fn open_at(&self, at: Timestamp) -> Vec<bool> {
        self.0.iter().map(|window| window.is_open(at)).collect()
    }

    /// Whether a target may be asked while these windows are open.
    pub(crate) fn allow(&self, target: std::net::IpAddr, open: &[bool]) -> bool {
        let mut its = self.0.iter().zip(open).filter(|(window, _)| window.targets.contains(target));
        let Some((_, first)) = its.next() else { return true };
        *first || its.any(|(_, open)| *open)
    }
}

fn window(section: Section<'_>, problems: &mut Problems) -> Option<Window> {
    let (mut ranges, mut written) = (Vec::new(), Vec::new());
    for item in section.items("prefixes", problems) {
        let Some(text) = item.text(problems) else { continue };
        let address = |_| text.parse().map(|address: std::net::IpAddr| address.into());
        match text.parse().or_else(address) {
            Ok(net) => {
                ranges.push(Range::whole(net));
                written.push(text.to_owned());
            }
            Err(_) => item.problem(problems, format!("{text:?} is no prefix such as 10.50.0.0/16")),
        }
    }
    if ranges.is_empty() {
        section.problem(problems, "has no prefixes, it needs those whose targets it is for");
    }
    let mut days = Vec::new();
    for item in section.items("days", problems) {
        let Some(text) = item.text(problems) else { continue };
        match DAYS.iter().find(|(name, _)| *name == text) {
            Some((_, day)) => days.push(*day),
            None => {
                let names = DAYS.map(|(name, _)| name);
                item.problem(problems, format!("is {text:?}; {}", hint(text, &names)));
            }
        }
    }
    let mut time = |key| {
        let found = section.take(key)?;
        let text = found.text(problems)?;
        let read = match text {
            "24:00" if key == "to" => return None,
            _ => read_time(text),
        };
        if read.is_none() {
            found.problem(problems, format!("is {text:?}, right would be a time such as 22:30"));
        }
        read
    };
    let from = time("from").unwrap_or(Time::midnight());
    let to = time("to");
    if to == Some(from) {
        section.problem(
            problems,
            "begins and ends at the same time: leave both out for the whole day",
        );
    }
    let zone = match section.take("zone") {
        None => Some(TimeZone::system()),
        Some(found) => found.text(problems).and_then(|text| {
            // A host may have no data of zones, as in a container.
            let zone = match text {
                "UTC" => Some(TimeZone::UTC),
                name => TimeZone::get(name).ok(),
            };
            if zone.is_none() {
                found.problem(problems, format!("{text:?} is no time zone that this host knows, right would be UTC or Europe/Amsterdam"));
            }
            zone
        }),
    };
    section.finish(problems);
    Some(Window { written, targets: AddressSet::new(ranges), days, from, to, zone: zone? })
}

/// Hours and minutes, both of two digits.
fn read_time(text: &str) -> Option<Time> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |text: &str| {
        let is_right = text.len() == 2 && text.bytes().all(|digit| digit.is_ascii_digit());
        text.parse().ok().filter(|_| is_right)
    };
    Time::new(number(hours)?, number(minutes)?, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::super::section::Document;
    use super::*;

    fn read(text: &str) -> (Windows, String) {
        let mut problems = Problems::default();
        let document = Document { file: "f.toml", text };
        let table = document.parse(text, &mut problems).unwrap();
        let root = Section::root(document, &table);
        let windows = Windows::read(&root, &mut problems);
        root.finish(&mut problems);
        (windows, problems.to_string())
    }

    fn allows(windows: &Windows, target: &str, at: &str) -> bool {
        windows.allow(target.parse().unwrap(), &windows.open_at(at.parse().unwrap()))
    }

    #[test]
    fn a_window_over_midnight_belongs_to_the_day_on_which_it_begins() {
        let (windows, problems) = read(
            "[[window]]\nprefixes = [\"10.50.0.0/16\"]\ndays = [\"sat\"]\nfrom = \"22:00\"\nto = \"05:00\"\nzone = \"UTC\"\n",
        );
        assert_eq!(problems, "");
        // 2026-11-21 is a Saturday.
        for (at, open) in [
            ("2026-11-21T21:59:59Z", false),
            ("2026-11-21T22:00:00Z", true),
            ("2026-11-22T04:59:59Z", true),
            ("2026-11-22T05:00:00Z", false),
            ("2026-11-22T23:00:00Z", false),
            ("2026-11-21T03:00:00Z", false),
        ] {
            assert_eq!(allows(&windows, "10.50.0.1", at), open, "{at}");
            assert!(allows(&windows, "10.51.0.1", at), "in no window");
        }
    }

    #[test]
    fn one_open_window_of_several_is_enough_and_all_days_are_meant_where_none_is_named() {
        let (windows, problems) = read(
            "[[window]]\nprefixes = [\"10.0.0.0/8\"]\nto = \"06:00\"\nzone = \"UTC\"\n\
             [[window]]\nprefixes = [\"10.0.0.7\", \"2001:db8::/32\"]\nfrom = \"20:00\"\nto = \"24:00\"\nzone = \"UTC\"\n",
        );
        assert_eq!(problems, "");
        for (target, hour, open) in [
            ("10.0.0.1", 5, true),
            ("10.0.0.1", 21, false),
            ("10.0.0.7", 5, true),
            ("10.0.0.7", 23, true),
            ("10.0.0.7", 12, false),
            ("2001:db8::1", 5, false),
            ("2001:db8::1", 20, true),
        ] {
            let at = format!("2026-11-18T{hour:02}:30:00Z");
            assert_eq!(allows(&windows, target, &at), open, "{target} at {hour}:30");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, says) in [
            ("[[window]]\nfrom = \"20:00\"", "has no prefixes"),
            ("[[window]]\nprefixes = [\"10.0.0.0/40\"]", "no prefix such as"),
            ("[[window]]\nprefixes = [\"10.0.0.1\"]\ndays = [\"sut\"]", "did you mean"),
            ("[[window]]\nprefixes = [\"10.0.0.1\"]\nfrom = \"8:00\"", "a time such as 22:30"),
            ("[[window]]\nprefixes = [\"10.0.0.1\"]\nfrom = \"24:00\"", "a time such as 22:30"),
            ("[[window]]\nprefixes = [\"10.0.0.1\"]\nto = \"00:00\"", "at the same time"),
            ("[[window]]\nprefixes = [\"10.0.0.1\"]\nzone = \"Mars/Base\"", "no time zone"),
            ("[[window]]\nprefixes = [\"10.0.0.1\"]\nform = \"20:00\"", "did you mean \"from\"?"),
        ] {
            let (_, problems) = read(text);
            assert!(problems.contains(says), "{text}: {problems}");
        }
    }
}
