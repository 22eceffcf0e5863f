//! An agent for tests: a list of objects, and manners good and bad.

use std::collections::BTreeMap;
use std::ops::Bound;

use herkomst_ids::Oid;

use super::exchange::{Operation, Request, Response, Value, status};

/// What an agent does that others do not.
#[derive(Debug, Clone, Default)]
pub(super) struct Habits {
    /// Version 1: errors in the place of exceptions.
    pub(super) v1: bool,
    /// Never gives more repetitions.
    pub(super) repetitions: Option<u16>,
    /// Says `tooBig` above so many values.
    pub(super) too_big: Option<usize>,
    /// Drops what asks for more values.
    pub(super) drops: Option<usize>,
    /// Leaves out all variables behind so many.
    pub(super) variables: Option<usize>,
    /// Fails at this object.
    pub(super) fails_at: Option<Oid>,
    /// After this object comes the first again.
    pub(super) loops_at: Option<Oid>,
    /// Says nothing more after so many requests.
    pub(super) dies_after: Option<u32>,
    /// Leaves out every second variable, so that names stand in the places of others.
    pub(super) skips: bool,
}

/// The agent.
#[derive(Debug, Clone)]
pub(super) struct Agent {
    pub(super) objects: BTreeMap<Oid, Value>,
    pub(super) habits: Habits,
    pub(super) requests: u32,
    pub(super) most_variables: usize,
    pub(super) most_values: usize,
}

impl Agent {
    pub(super) fn new(objects: BTreeMap<Oid, Value>, habits: Habits) -> Self {
        Self { objects, habits, requests: 0, most_variables: 0, most_values: 0 }
    }

    /// A table of these columns and so many rows, counted from 1.
    pub(super) fn table(entry: &str, columns: &[u32], rows: u32, habits: Habits) -> Self {
        let mut objects = BTreeMap::new();
        for column in columns {
            for row in 1..=rows {
                let name = format!("{entry}.{column}.{row}").parse().unwrap();
                objects.insert(name, Value::Integer(row.into()));
            }
        }
        Self::new(objects, habits)
    }

    /// What `snmpbulkwalk -One` printed.
    pub(super) fn recorded(dump: &str, habits: Habits) -> Self {
        let line = |line: &str| {
            let (name, value) = line.split_once(" = ")?;
            Some((name.parse().unwrap(), value_of(value)))
        };
        Self::new(dump.lines().filter_map(line).collect(), habits)
    }

    /// What comes of a request; `None` is silence.
    pub(super) fn answer(&mut self, request: &Request) -> Option<Response> {
        self.requests += 1;
        let (per_name, next) = match request.operation {
            Operation::Get => (1, false),
            Operation::Next => (1, true),
            Operation::Bulk { repetitions } => (repetitions, true),
        };
        let asked = request.oids.len() * usize::from(per_name);
        self.most_variables = self.most_variables.max(request.oids.len());
        self.most_values = self.most_values.max(asked);
        let habits = &self.habits;
        if habits.dies_after.is_some_and(|most| self.requests > most)
            || habits.drops.is_some_and(|most| asked > most)
        {
            return None;
        }
        if habits.too_big.is_some_and(|most| asked > most) {
            return Some(Response::Error { status: status::TOO_BIG, index: 0 });
        }
        let repetitions = per_name.min(habits.repetitions.unwrap_or(u16::MAX));
        let mut names: Vec<Oid> = request.oids.clone();
        names.truncate(habits.variables.unwrap_or(usize::MAX));
        let mut bindings = Vec::new();
        for _ in 0..repetitions {
            for (place, name) in names.iter_mut().enumerate() {
                let error = |status| {
                    let index = i32::try_from(place + 1).unwrap();
                    Some(Response::Error { status, index })
                };
                let found = if next { self.after(name) } else { self.at(name) };
                match found {
                    Some((found, _)) if Some(&found) == self.habits.fails_at.as_ref() => {
                        return error(status::GENERAL);
                    }
                    Some((found, value)) => {
                        *name = found.clone();
                        bindings.push((found, value));
                    }
                    None if self.habits.v1 => return error(status::NO_SUCH_NAME),
                    None => {
                        let none = if next { Value::EndOfView } else { Value::Absent };
                        bindings.push((name.clone(), none));
                    }
                }
            }
        }
        if self.habits.skips && names.len() > 1 {
            let mut place = 0;
            bindings.retain(|_| {
                place += 1;
                ((place - 1) % names.len()).is_multiple_of(2)
            });
        }
        Some(Response::Bindings(bindings))
    }

    fn at(&self, name: &Oid) -> Option<(Oid, Value)> {
        self.objects.get_key_value(name).map(|(name, value)| (name.clone(), value.clone()))
    }

    fn after(&self, name: &Oid) -> Option<(Oid, Value)> {
        let found = if self.habits.loops_at.as_ref() == Some(name) {
            self.objects.first_key_value()
        } else {
            self.objects.range((Bound::Excluded(name.clone()), Bound::Unbounded)).next()
        };
        found.map(|(name, value)| (name.clone(), value.clone()))
    }
}

fn value_of(text: &str) -> Value {
    let (kind, value) = text.split_once(": ").unwrap_or((text.trim_end_matches(':'), ""));
    match kind {
        "INTEGER" => Value::Integer(value.parse().unwrap()),
        "Gauge32" | "Counter32" | "Counter64" => Value::Unsigned(value.parse().unwrap()),
        "STRING" => Value::Octets(value.trim_matches('"').into()),
        "Hex-STRING" => {
            let octets = value.split_whitespace().map(|octet| u8::from_str_radix(octet, 16));
            Value::Octets(octets.map(Result::unwrap).collect())
        }
        "OID" => Value::Oid(value.parse().unwrap()),
        "IpAddress" => Value::Address(value.parse::<std::net::Ipv4Addr>().unwrap().octets()),
        "Timeticks" => {
            let ticks = value.trim_start_matches('(').split(')').next().unwrap();
            Value::Ticks(ticks.parse().unwrap())
        }
        "\"\"" => Value::Octets(vec![]),
        other => panic!("{other}: {value}"),
    }
}
