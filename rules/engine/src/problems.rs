//! Everything that is wrong with a pack file, each with its place: collected, not stopped at the first.

use std::fmt;
use std::ops::Range;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Line in the file, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The key, with the way to it: `rule[2].action[1].from`. Empty where the file is not TOML at all.
    pub key: String,
    /// What is wrong and what would be right.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.line, self.column)?;
        if !self.key.is_empty() {
            write!(f, "{} ", self.key)?;
        }
        f.write_str(&self.text)
    }
}

/// A pack that was refused, with all that is wrong with it. Nothing of it is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackProblems {
    /// The file, as the caller named it.
    pub file: String,
    /// The problems by their place in the file.
    pub problems: Vec<Problem>,
    /// How many more there were than are kept.
    pub more: usize,
}

impl fmt::Display for PackProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.problems.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}:{problem}", self.file)?;
        }
        if self.more > 0 {
            write!(f, "\n{}: and {} more problems", self.file, self.more)?;
        }
        Ok(())
    }
}

impl std::error::Error for PackProblems {}

/// More than a person reads at once; a hostile file must not make us keep a million.
const MOST: usize = 100;

/// Collects problems while a file is read.
pub(crate) struct Problems<'t> {
    text: &'t str,
    line_starts: Vec<usize>,
    list: Vec<Problem>,
    more: usize,
}

impl<'t> Problems<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let newlines = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1);
        Self {
            text,
            line_starts: std::iter::once(0).chain(newlines).collect(),
            list: Vec::new(),
            more: 0,
        }
    }

    pub(crate) fn add(&mut self, at: &Range<usize>, key: &str, text: impl Into<String>) {
        if self.is_full() {
            self.count_one_more();
            return;
        }
        let (line, column) = self.place(at.start);
        self.list.push(Problem { line, column, key: key.to_owned(), text: text.into() });
    }

    /// Whether further problems are only counted, so that nobody works out their wording.
    pub(crate) fn is_full(&self) -> bool {
        self.list.len() == MOST
    }

    pub(crate) fn count_one_more(&mut self) {
        self.more += 1;
    }

    /// Line and column of a byte.
    pub(crate) fn place(&self, byte: usize) -> (usize, usize) {
        let byte = byte.min(self.text.len());
        let line = self.line_starts.partition_point(|start| *start <= byte);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0);
        (line, 1 + self.text.get(start..byte).map_or(0, |before| before.chars().count()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(crate) fn finish(mut self, file: &str) -> PackProblems {
        self.list.sort();
        self.list.dedup();
        PackProblems { file: file.to_owned(), problems: self.list, more: self.more }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_counted_in_lines_and_characters() {
        let problems = Problems::new("a = 1\nü = \"x\"\n");
        assert_eq!(problems.place(0), (1, 1));
        assert_eq!(problems.place("a = 1\nü".len()), (2, 2));
        assert_eq!(problems.place(1000), (3, 1));
    }

    #[test]
    fn more_problems_than_anyone_reads_are_counted_but_not_kept() {
        let mut problems = Problems::new("x");
        for number in 0..MOST + 7 {
            problems.add(&(0..1), "key", format!("is wrong {number:04}"));
        }
        let all = problems.finish("p.toml");
        assert_eq!((all.problems.len(), all.more), (MOST, 7));
        assert!(all.to_string().ends_with("p.toml: and 7 more problems"), "{all}");
    }
}
