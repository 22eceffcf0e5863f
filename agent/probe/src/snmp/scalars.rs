//! Gets single objects: those that an agent lacks are holes, and the rest is asked again without them.

use std::time::Instant;

use herkomst_ids::Oid;
use herkomst_model::{Cut, Refusal};

use super::exchange::{MOST_VARIABLES, Operation, Request, Response, Value, place, status};
use super::walk::{End, Failure, Limits, Row, Spent, Style};

/// A question for objects: hands out requests, takes what came of them, ends with one row.
#[derive(Debug)]
pub struct Scalars {
    oids: Vec<Oid>,
    values: Vec<Option<Value>>,
    left: Vec<usize>,
    asked: Vec<usize>,
    size: usize,
    /// After so many silences in a row the device is let be.
    tries: u8,
    failed: u8,
    answered: bool,
    limits: Limits,
    spent: Spent,
    fault: Option<Cut>,
    end: Option<End>,
}

impl Scalars {
    /// For these objects, instances and all.
    pub fn new(oids: Vec<Oid>, style: Style, limits: Limits) -> Self {
        Self {
            values: vec![None; oids.len()],
            left: (0..oids.len()).collect(),
            oids,
            asked: Vec::new(),
            size: style.variables.clamp(1, MOST_VARIABLES),
            tries: style.tries,
            failed: 0,
            answered: false,
            limits,
            spent: Spent::default(),
            fault: None,
            end: None,
        }
    }

    /// The next request; `None` once it has ended.
    pub fn request(&mut self, _now: Instant) -> Option<Request> {
        if self.end.is_some() {
            return None;
        }
        if self.left.is_empty() {
            self.finish(self.fault.clone().map_or(End::Whole, End::Cut));
            return None;
        }
        if self.spent.requests >= self.limits.requests {
            self.finish(End::Cut(Cut::Requests(self.limits.requests)));
            return None;
        }
        self.spent.requests += 1;
        self.asked = self.left.iter().copied().take(self.size.max(1)).collect();
        let oids = self.asked.iter().map(|place| self.oids[*place].clone()).collect();
        Some(Request { operation: Operation::Get, oids, vlan: None })
    }

    /// Takes the answer to the open request.
    pub fn take(&mut self, response: Response) {
        let asked = std::mem::take(&mut self.asked);
        if self.end.is_some() || asked.is_empty() {
            return;
        }
        match response {
            Response::Bindings(bindings) => {
                let mut given = 0;
                for (name, value) in bindings {
                    let Some(at) = asked.iter().copied().find(|at| self.oids[*at] == name) else {
                        continue;
                    };
                    self.spent.octets += (name.arcs().len() + value.octets() + 6) as u64;
                    given += 1;
                    self.left.retain(|left| *left != at);
                    if !matches!(value, Value::Absent | Value::EndOfView) {
                        self.values[at] = Some(value);
                    }
                }
                if given == 0 {
                    self.asked = asked;
                    return self.fail(Failure::Malformed("none of the objects asked for".into()));
                }
                (self.failed, self.answered) = (0, true);
            }
            Response::Error { status: error, index } => self.take_error(&asked, error, index),
        }
    }

    fn take_error(&mut self, asked: &[usize], error: i32, index: i32) {
        self.failed = 0;
        let at = place(index, asked.len()).or((asked.len() == 1).then_some(0)).map(|at| asked[at]);
        match (error, at) {
            (status::TOO_BIG, _) if asked.len() > 1 => self.size = asked.len() / 2,
            // RFC 1157, 4.1.2: the index is of the first object that the agent has not.
            (status::NO_SUCH_NAME, Some(missing)) => {
                self.left.retain(|left| *left != missing);
                self.answered = true;
            }
            (status::GENERAL, Some(failing)) => {
                self.left.retain(|left| *left != failing);
                self.answered = true;
                let before = match self.fault {
                    Some(Cut::Skipped { objects }) => objects,
                    _ => 0,
                };
                self.fault = Some(Cut::Skipped { objects: before + 1 });
            }
            (status::GENERAL | status::NO_SUCH_NAME, None) => self.size = 1,
            _ => self.refuse(Refusal::ErrorStatus(error)),
        }
    }

    /// The open request has no answer.
    pub fn fail(&mut self, failure: Failure) {
        let asked = std::mem::take(&mut self.asked);
        if self.end.is_some() || asked.is_empty() {
            return;
        }
        self.failed += 1;
        if self.failed < self.tries {
            self.size = (asked.len() / 2).max(1);
            return;
        }
        let tries = self.failed;
        self.finish(match (failure, self.answered) {
            (Failure::Silent, true) => End::Cut(Cut::Silent { tries }),
            (Failure::Silent, false) => End::Silent { tries },
            (Failure::Malformed(what), true) => End::Cut(Cut::Malformed(what)),
            (Failure::Malformed(what), false) => End::Malformed(what),
        });
    }

    /// Somebody says that no question is answered here.
    pub fn refuse(&mut self, refusal: Refusal) {
        let cut = End::Cut(Cut::Refused(refusal));
        self.finish(if self.answered { cut } else { End::Refused(refusal) });
    }

    /// Ends it now.
    pub fn cut(&mut self, cut: Cut) {
        self.finish(End::Cut(cut));
    }

    fn finish(&mut self, end: End) {
        self.end.get_or_insert(end);
    }

    /// What was given, once it has ended; `None` when that is nothing. Can be taken once.
    pub fn row(&mut self) -> Option<Row> {
        self.end.as_ref()?;
        let values = std::mem::take(&mut self.values);
        values.iter().any(Option::is_some).then(|| Row { index: [0].into(), values: values.into() })
    }

    /// How it ended, once it has.
    pub const fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// What it has cost so far.
    pub const fn spent(&self) -> Spent {
        self.spent
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn scalars(count: u32) -> Scalars {
        let oids = (1..=count).map(|n| Oid::new(vec![1, 3, 6, 1, n, 0]).unwrap()).collect();
        let limits = Limits { rows: 1, octets: 1 << 20, requests: 40, time: Duration::MAX };
        Scalars::new(oids, Style::usual(true), limits)
    }

    fn answer(request: &Request) -> Response {
        let bound = |oid: &Oid| (oid.clone(), Value::Integer(1));
        Response::Bindings(request.oids.iter().map(bound).collect())
    }

    #[test]
    fn what_a_v1_agent_lacks_is_a_hole_and_the_rest_is_read() {
        let (mut scalars, now) = (scalars(3), Instant::now());
        assert_eq!(scalars.request(now).unwrap().oids.len(), 3);
        scalars.take(Response::Error { status: 2, index: 2 });
        let again = scalars.request(now).unwrap();
        assert_eq!(again.oids.len(), 2);
        scalars.take(answer(&again));
        assert_eq!(scalars.request(now), None);
        assert_eq!(scalars.end(), Some(&End::Whole));
        let row = scalars.row().unwrap();
        assert_eq!(row.values.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
    }

    #[test]
    fn an_object_that_the_agent_fails_at_is_named_as_lost() {
        let (mut scalars, now) = (scalars(2), Instant::now());
        scalars.request(now);
        scalars.take(Response::Error { status: 5, index: 1 });
        let again = scalars.request(now).unwrap();
        scalars.take(answer(&again));
        scalars.request(now);
        assert_eq!(scalars.end(), Some(&End::Cut(Cut::Skipped { objects: 1 })));
    }

    #[test]
    fn whatever_comes_it_ends() {
        for bad in [
            Response::Bindings(vec![]),
            Response::Error { status: 1, index: 0 },
            Response::Error { status: 2, index: -5 },
            Response::Error { status: 5, index: 99 },
            Response::Error { status: 16, index: 0 },
        ] {
            let (mut scalars, now) = (scalars(12), Instant::now());
            while let Some(request) = scalars.request(now) {
                assert!(request.oids.len() <= MOST_VARIABLES);
                scalars.take(bad.clone());
            }
            assert!(scalars.end().is_some() && scalars.spent().requests <= 40, "{bad:?}");
        }
    }

    #[test]
    fn more_objects_than_one_request_holds_are_asked_in_turn() {
        let (mut scalars, now) = (scalars(12), Instant::now());
        let mut sizes = vec![];
        while let Some(request) = scalars.request(now) {
            sizes.push(request.oids.len());
            scalars.take(answer(&request));
        }
        assert_eq!((sizes, scalars.row().unwrap().values.len()), (vec![10, 2], 12));
    }
}
