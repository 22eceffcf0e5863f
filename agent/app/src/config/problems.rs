//! Everything that is wrong with what the operator gave, each with its place: collected, not stopped at the first.

use std::fmt;

/// More than a person reads at once.
const MOST: usize = 50;
/// The most words that are told to be allowed. The methods are the longest list of ours.
const MOST_ALLOWED: usize = 48;

/// What kind of failure it is: decides the exit code (sysexits).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A flag or target is wrong: 64.
    Usage,
    /// A file or key is wrong: 78.
    Configuration,
}

/// The problems so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Problems {
    list: Vec<String>,
    more: usize,
    configuration: bool,
}

impl Problems {
    /// Notes that what stands at `place` is wrong: what, and what would be right.
    pub(crate) fn add(&mut self, place: &str, what: impl Into<String>) {
        if self.list.len() < MOST {
            self.list.push(format!("{place}: {}", what.into()));
        } else {
            self.more += 1;
        }
    }

    /// Notes a problem in a file.
    pub(crate) fn add_configuration(&mut self, place: &str, what: impl Into<String>) {
        self.configuration = true;
        self.add(place, what);
    }

    /// Whether more of them would only be counted: what would be right need not be worked out for those.
    pub(crate) fn is_full(&self) -> bool {
        self.list.len() >= MOST
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are, and where in this file: for one whose content must not be quoted.
    pub(crate) fn places(&self, file: &str) -> (usize, Vec<String>) {
        let place = |problem: &String| {
            let behind = problem.strip_prefix(file)?.strip_prefix(':')?;
            let mut parts = behind.split([':', ' ']);
            let (line, column) = (parts.next()?, parts.next()?);
            let are_numbers = [line, column].iter().all(|text| text.parse::<usize>().is_ok());
            are_numbers.then(|| format!("{line}:{column}"))
        };
        (self.list.len() + self.more, self.list.iter().filter_map(place).collect())
    }

    /// What kind of failure they are together.
    pub(crate) fn kind(&self) -> Kind {
        if self.configuration { Kind::Configuration } else { Kind::Usage }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.list.iter().enumerate() {
            write!(f, "{}{problem}", if number > 0 { "\n" } else { "" })?;
        }
        match self.more {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

impl std::error::Error for Problems {}

/// The known word that a typing error most likely stands for.
pub(crate) fn nearest<'a>(text: &str, known: &[&'a str]) -> Option<&'a str> {
    if text.len() > 80 {
        return None;
    }
    let near = known.iter().map(|word| (strsim::damerau_levenshtein(text, word), *word));
    near.filter(|(distance, word)| *distance <= 1 + word.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// `did you mean "x"?`, or the list of what is allowed.
pub(crate) fn hint(text: &str, known: &[&str]) -> String {
    match nearest(text, known) {
        Some(near) => format!("did you mean {near:?}?"),
        None if known.len() > MOST_ALLOWED => {
            let first: Vec<&str> = known.iter().take(MOST_ALLOWED).copied().collect();
            format!("allowed are {} and {} more", first.join(", "), known.len() - MOST_ALLOWED)
        }
        None => format!("allowed are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_without_what_stands_there() {
        let mut problems = Problems::default();
        problems.add("parts.age:3:13", "part[1].tag is secret");
        problems.add("parts.age:9:1 part[2]", "is secret");
        problems.add("parts.age", "is secret");
        problems.add("other.toml:1:1", "is secret");
        assert_eq!(problems.places("parts.age"), (4, vec!["3:13".to_owned(), "9:1".to_owned()]));
    }
}
