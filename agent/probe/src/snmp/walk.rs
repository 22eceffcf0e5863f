//! Reads one subtree, or columns that share an index, to the end or to a bound.
//!
//! GetNext with version 1, GetBulk from version 2 on, with as many repetitions as the device shows that it can: more
//! while answers are whole and quick, fewer after `tooBig`, silence, rubbish, a slow or a shortened answer. Columns go
//! side by side, and one that is ahead (a column with holes) waits for the others. What was read is kept however the
//! walk ends, and the end says why: an object that does not come after the one before it ends the walk, for every
//! device alike.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use herkomst_ids::Oid;
use herkomst_model::{Cut, Refusal};

use super::exchange::{
    MOST_VALUES, MOST_VARIABLES, Operation, Request, Response, Value, place, status,
};

/// The most rows that are held because a column lags behind.
const AHEAD: usize = 64;
/// Each silence makes the question smaller; after so many in a row the device is let be.
pub const TRIES: u8 = 4;

/// How a device may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether it may be asked with GetBulk.
    pub bulk: bool,
    /// The most variables in a request.
    pub variables: usize,
    /// The most repetitions.
    pub repetitions: u16,
    /// How long an answer should be at most. One that fits no frame comes in fragments, of which one lost is all lost.
    pub answer: usize,
    /// After so many silences in a row the device is let be.
    pub tries: u8,
}

impl Style {
    /// For a device of which nothing special is known.
    pub const fn usual(bulk: bool) -> Self {
        Self { bulk, variables: MOST_VARIABLES, repetitions: 50, answer: 1200, tries: TRIES }
    }
}

/// Where a walk is cut short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most rows that are kept.
    pub rows: u32,
    /// The most octets that are taken, about.
    pub octets: u64,
    /// The most requests.
    pub requests: u32,
    /// The most time.
    pub time: Duration,
}

/// What a walk or a question for scalars cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    /// Rows handed out.
    pub rows: u32,
    /// Octets taken, about.
    pub octets: u64,
    /// Requests made.
    pub requests: u32,
}

/// Why the last question has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Nothing came back.
    Silent,
    /// Something came back that cannot be read.
    Malformed(Box<str>),
}

/// How a walk ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// At the end of every column.
    Whole,
    /// Before: what was read until then holds.
    Cut(Cut),
    /// The agent turned it down before it gave anything.
    Refused(Refusal),
    /// It never answered.
    Silent {
        /// How often it was asked.
        tries: u8,
    },
    /// It never gave an answer that can be read.
    Malformed(Box<str>),
}

/// One row: what stands under one index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The arcs after the column.
    pub index: Box<[u32]>,
    /// A value for each column, in their order; `None` where the agent has a hole.
    pub values: Box<[Option<Value>]>,
}

#[derive(Debug)]
struct Column {
    root: Box<[u32]>,
    /// The last name that was read, or the root.
    cursor: Vec<u32>,
    open: bool,
    /// Whether an object was stepped over already.
    stepped: bool,
}

/// What the next name in a column means.
enum Step {
    Row,
    End,
    Back,
}

impl Column {
    fn index(&self) -> &[u32] {
        &self.cursor[self.root.len()..]
    }

    fn step(&self, name: &Oid, value: &Value) -> Step {
        let onward = name.arcs() > &self.cursor[..];
        match value {
            Value::EndOfView => Step::End,
            // Agents that say so at the end in place of endOfMibView.
            Value::Absent if !onward => Step::End,
            _ if !onward => Step::Back,
            _ if name.is_under(&self.root) => Step::Row,
            _ => Step::End,
        }
    }

    /// Moves behind the object that the agent cannot give: behind the next number in the last place.
    fn step_over(&mut self) -> bool {
        let root = self.root.len();
        if self.cursor.len() == root {
            self.cursor.push(1);
            return true;
        }
        while self.cursor.len() > root {
            let last = self.cursor.len() - 1;
            if let Some(next) = self.cursor[last].checked_add(1) {
                self.cursor[last] = next;
                return true;
            }
            self.cursor.pop();
        }
        false
    }
}

/// A walk: hands out requests, takes what came of them, hands out rows.
#[derive(Debug)]
pub struct Walk {
    columns: Vec<Column>,
    style: Style,
    limits: Limits,
    began: Option<Instant>,
    /// How many variables the next request has at most.
    width: usize,
    repetitions: u16,
    /// As many repetitions as seem to work; one more is tried after each whole answer.
    ceiling: u16,
    /// How long one binding is, about.
    binding: usize,
    /// The columns of the open request.
    asked: Vec<usize>,
    asked_repetitions: u16,
    pending: BTreeMap<Box<[u32]>, Box<[Option<Value>]>>,
    rows: VecDeque<Row>,
    spent: Spent,
    /// How often the last question had no answer.
    failed: u8,
    answered: bool,
    stepped_over: u32,
    fault: Option<Cut>,
    end: Option<End>,
}

impl Walk {
    /// Over these columns, whose rows are about `row` octets long.
    pub fn new(columns: &[Oid], row: usize, style: Style, limits: Limits) -> Self {
        let width = style.variables.clamp(1, MOST_VARIABLES);
        let column = |root: &Oid| Column {
            root: root.arcs().into(),
            cursor: root.arcs().to_vec(),
            open: true,
            stepped: false,
        };
        let most = style.repetitions.max(1);
        Self {
            columns: columns.iter().map(column).collect(),
            style,
            limits,
            began: None,
            width,
            repetitions: most.min(10),
            ceiling: most,
            binding: (row / columns.len().max(1)).max(16),
            asked: Vec::new(),
            asked_repetitions: 1,
            pending: BTreeMap::new(),
            rows: VecDeque::new(),
            spent: Spent::default(),
            failed: 0,
            answered: false,
            stepped_over: 0,
            fault: None,
            end: None,
        }
    }

    /// The next request; `None` once the walk has ended.
    pub fn request(&mut self, now: Instant) -> Option<Request> {
        if self.end.is_some() {
            return None;
        }
        let began = *self.began.get_or_insert(now);
        if now.saturating_duration_since(began) >= self.limits.time {
            self.finish(End::Cut(Cut::Time(self.limits.time)));
            return None;
        }
        if self.spent.requests >= self.limits.requests {
            self.finish(End::Cut(Cut::Requests(self.limits.requests)));
            return None;
        }
        self.asked = self.choose();
        if self.asked.is_empty() {
            self.finish(End::Whole);
            return None;
        }
        let oids: Option<Vec<Oid>> =
            self.asked.iter().map(|c| Oid::new(self.columns[*c].cursor.clone())).collect();
        let Some(oids) = oids else {
            // An arc was appended to a name of 128.
            self.finish(End::Cut(Cut::Refused(Refusal::ErrorStatus(status::GENERAL))));
            return None;
        };
        let count = oids.len();
        let fit = (self.style.answer / (self.binding * count)).clamp(1, MOST_VALUES / count);
        let fit = u16::try_from(fit).unwrap_or(u16::MAX);
        let repetitions = self.repetitions.min(fit).min(self.style.repetitions).max(1);
        self.spent.requests += 1;
        let operation = if self.style.bulk {
            self.asked_repetitions = repetitions;
            Operation::Bulk { repetitions }
        } else {
            self.asked_repetitions = 1;
            Operation::Next
        };
        Some(Request { operation, oids, vlan: None })
    }

    /// Those that lag behind come first; those far ahead wait.
    fn choose(&self) -> Vec<usize> {
        let mut open: Vec<usize> =
            (0..self.columns.len()).filter(|c| self.columns[*c].open).collect();
        open.sort_by_key(|c| self.columns[*c].index());
        if self.pending.len() > AHEAD
            && let Some(last) = open.first().map(|c| self.columns[*c].index())
        {
            open.retain(|c| self.columns[*c].index() == last);
        }
        open.truncate(self.width.max(1));
        open.sort_unstable();
        open
    }

    /// Takes the answer to the open request. `slow` says that it took longer than the device's usual.
    pub fn take(&mut self, response: Response, slow: bool) {
        let asked = std::mem::take(&mut self.asked);
        if self.end.is_some() || asked.is_empty() {
            return;
        }
        match response {
            Response::Bindings(bindings) => self.take_bindings(&asked, bindings, slow),
            Response::Error { status, index } => self.take_error(&asked, status, index),
        }
        self.emit();
        if self.end.is_none() && self.columns.iter().all(|column| !column.open) {
            self.finish(End::Whole);
        }
    }

    fn take_bindings(&mut self, asked: &[usize], bindings: Vec<(Oid, Value)>, slow: bool) {
        let (count, repetitions) = (asked.len(), usize::from(self.asked_repetitions));
        let octets: usize =
            bindings.iter().map(|(name, value)| name.arcs().len() + value.octets() + 6).sum();
        self.spent.octets = self.spent.octets.saturating_add(octets as u64);
        if bindings.is_empty() {
            return self.fail_with(asked, Failure::Malformed("an answer without bindings".into()));
        }
        if self.is_misplaced(asked, &bindings) {
            tracing::debug!("agent leaves variables out of its answers: asked one by one");
            self.width = 1;
            self.failed = 0;
            return;
        }
        (self.failed, self.answered) = (0, true);
        let given = bindings.len().min(count * repetitions);
        self.binding =
            (octets / bindings.len()).max((self.binding * 3 + octets / bindings.len()) / 4);
        for (number, (name, value)) in bindings.into_iter().take(given).enumerate() {
            let place = asked[number % count];
            if !self.columns[place].open {
                continue;
            }
            match self.columns[place].step(&name, &value) {
                Step::Row => self.keep(place, &name, value),
                Step::End => self.columns[place].open = false,
                Step::Back => return self.finish(End::Cut(Cut::NotIncreasing(name))),
            }
        }
        if given < count {
            // It answers fewer names than asked for: TP-Link and others above a number of variables.
            self.width = given;
        }
        let left_open = asked.iter().any(|c| self.columns[*c].open);
        let whole = given == count * repetitions || !left_open;
        let step = if !whole {
            // RFC 3416, 4.2.3: an agent may shorten its answer; it is not asked for more than it gave.
            let full = u16::try_from(given / count).unwrap_or(u16::MAX).max(1);
            self.ceiling = full;
            full
        } else if slow {
            (self.asked_repetitions / 2).max(1)
        } else {
            if self.asked_repetitions >= self.ceiling {
                self.ceiling = self.ceiling.saturating_add(1).min(self.style.repetitions.max(1));
            }
            self.repetitions.max(self.asked_repetitions.saturating_mul(2))
        };
        self.repetitions = step.min(self.ceiling).max(1);
        if self.spent.octets > self.limits.octets {
            self.finish(End::Cut(Cut::Bytes(self.limits.octets)));
        }
    }

    /// Whether names stand in the places of others, because the agent left some out: a name that belongs to another
    /// column and does not come after the one before it in its own; or one that ends its column, although the column it
    /// belongs to was given a name that comes later. To take such an answer would lose the rest of a column, or accuse
    /// the agent of going round.
    fn is_misplaced(&self, asked: &[usize], bindings: &[(Oid, Value)]) -> bool {
        let columns: Vec<&Column> = asked.iter().map(|column| &self.columns[*column]).collect();
        let mut last: Vec<&[u32]> = columns.iter().map(|column| &column.cursor[..]).collect();
        let mut ended = vec![false; columns.len()];
        for row in bindings.chunks(columns.len()).filter(|_| columns.len() > 1) {
            for (at, (name, value)) in row.iter().enumerate() {
                let is_here = name.is_under(&columns[at].root);
                if ended[at] || is_here || matches!(value, Value::EndOfView | Value::Absent) {
                    continue;
                }
                let owner = (0..columns.len()).find(|other| name.is_under(&columns[*other].root));
                if let Some(owner) = owner {
                    let next = row.get(owner).filter(|_| !ended[owner]).map(|(next, _)| next);
                    let passed = name.arcs() > last[owner] && next.is_some_and(|next| next > name);
                    if name.arcs() <= last[at] || passed {
                        return true;
                    }
                }
                ended[at] = true;
            }
            for (at, (name, _)) in row.iter().enumerate() {
                last[at] = name.arcs();
            }
        }
        false
    }

    fn keep(&mut self, place: usize, name: &Oid, value: Value) {
        let column = &mut self.columns[place];
        column.cursor.clear();
        column.cursor.extend_from_slice(name.arcs());
        let index = &name.arcs()[column.root.len()..];
        let width = self.columns.len();
        let value = (value != Value::Absent).then_some(value);
        match self.pending.get_mut(index) {
            Some(row) => row[place] = value,
            None => {
                let mut row = vec![None; width].into_boxed_slice();
                row[place] = value;
                self.pending.insert(index.into(), row);
            }
        }
    }

    /// Hands on the rows that every open column has passed.
    fn emit(&mut self) {
        let frontier: Option<Vec<u32>> = self
            .columns
            .iter()
            .filter(|column| column.open)
            .map(Column::index)
            .min()
            .map(<[u32]>::to_vec);
        while let Some((index, _)) = self.pending.first_key_value() {
            if self.end.is_none() && frontier.as_deref().is_some_and(|frontier| **index > *frontier)
            {
                return;
            }
            let (index, values) = self.pending.pop_first().expect("it was there");
            if self.spent.rows >= self.limits.rows {
                self.pending.clear();
                if matches!(self.end, None | Some(End::Whole)) {
                    self.end = Some(End::Cut(Cut::Rows(self.limits.rows)));
                }
                return;
            }
            self.spent.rows += 1;
            self.rows.push_back(Row { index, values });
        }
    }

    fn take_error(&mut self, asked: &[usize], error: i32, index: i32) {
        self.failed = 0;
        let at = place(index, asked.len()).or((asked.len() == 1).then_some(0)).map(|at| asked[at]);
        match (error, at) {
            (status::TOO_BIG, _) if self.shrink(asked.len()) => {}
            // RFC 1157, 4.1.3: nothing follows this name.
            (status::NO_SUCH_NAME, Some(column)) => {
                self.columns[column].open = false;
                self.answered = true;
            }
            (status::GENERAL, _) if self.asked_repetitions > 1 => self.repetitions = 1,
            (status::GENERAL, Some(column)) => self.step_over(column),
            (status::GENERAL | status::NO_SUCH_NAME, None) => self.width = 1,
            _ => self.refuse(Refusal::ErrorStatus(error)),
        }
    }

    /// The agent fails at the object after the cursor: it is stepped over once, the second time the column is left.
    fn step_over(&mut self, column: usize) {
        self.width = self.style.variables.clamp(1, MOST_VARIABLES);
        let column = &mut self.columns[column];
        if !column.stepped && column.step_over() {
            column.stepped = true;
            self.stepped_over += 1;
            let cut = Cut::Skipped { objects: self.stepped_over };
            if matches!(self.fault, None | Some(Cut::Skipped { .. })) {
                self.fault = Some(cut);
            }
        } else {
            column.open = false;
            self.fault = Some(Cut::Refused(Refusal::ErrorStatus(status::GENERAL)));
        }
    }

    /// Asks for less from now on; `false` if it is one object already.
    fn shrink(&mut self, asked: usize) -> bool {
        if self.asked_repetitions > 1 {
            self.repetitions = self.asked_repetitions / 2;
            self.ceiling = self.repetitions;
            return true;
        }
        (self.repetitions, self.ceiling) = (1, 1);
        if asked > 1 {
            self.width = asked / 2;
            return true;
        }
        false
    }

    /// The open request has no answer.
    pub fn fail(&mut self, failure: Failure) {
        let asked = std::mem::take(&mut self.asked);
        if self.end.is_none() && !asked.is_empty() {
            self.fail_with(&asked, failure);
        }
    }

    fn fail_with(&mut self, asked: &[usize], failure: Failure) {
        self.failed += 1;
        if self.failed >= self.style.tries {
            let tries = self.failed;
            return self.finish(match (failure, self.answered) {
                (Failure::Silent, true) => End::Cut(Cut::Silent { tries }),
                (Failure::Silent, false) => End::Silent { tries },
                (Failure::Malformed(what), true) => End::Cut(Cut::Malformed(what)),
                (Failure::Malformed(what), false) => End::Malformed(what),
            });
        }
        // A lost packet needs no smaller question, but nobody can tell it from one that was too big.
        self.shrink(asked.len());
        if self.failed > 1 {
            (self.repetitions, self.ceiling) = (1, 1);
            self.width = if self.failed > 2 { 1 } else { (asked.len() / 2).max(1) };
        }
    }

    /// Somebody says that no question is answered here.
    pub fn refuse(&mut self, refusal: Refusal) {
        let nothing = self.spent.rows == 0 && self.pending.is_empty() && !self.answered;
        self.finish(if nothing { End::Refused(refusal) } else { End::Cut(Cut::Refused(refusal)) });
    }

    /// Ends it now.
    pub fn cut(&mut self, cut: Cut) {
        self.finish(End::Cut(cut));
    }

    fn finish(&mut self, end: End) {
        if self.end.is_some() {
            return;
        }
        self.asked.clear();
        let end = match (end, self.fault.take()) {
            (End::Whole, Some(Cut::Refused(refusal))) if self.is_without_rows() => {
                End::Refused(refusal)
            }
            (End::Whole, Some(fault)) => End::Cut(fault),
            (end, _) => end,
        };
        self.end = Some(end);
        self.emit();
    }

    fn is_without_rows(&self) -> bool {
        self.spent.rows == 0 && self.pending.is_empty()
    }

    /// The next row that is complete.
    pub fn next_row(&mut self) -> Option<Row> {
        self.rows.pop_front()
    }

    /// How it ended, once it has; rows may be left to take.
    pub const fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// What it has cost so far.
    pub const fn spent(&self) -> Spent {
        self.spent
    }
}

#[cfg(test)]
mod tests;
