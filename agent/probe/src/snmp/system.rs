//! The system group (RFC 3418, section 2), collected over requests and answers, whatever carries them.

use std::sync::Arc;

use herkomst_ids::Oid;
use herkomst_model::{DeviceText, Refusal, SnmpVersion, System};

pub use super::exchange::{Response, Value};

const TOO_BIG: i32 = 1;
const NO_SUCH_NAME: i32 = 2;
/// DESIGN: at most ten variables in a request; the group has seven scalars that are read.
const DESCRIPTION: u32 = 1;
const OBJECT_ID: u32 = 2;
const UP_TIME: u32 = 3;
const CONTACT: u32 = 4;
const NAME: u32 = 5;
const LOCATION: u32 = 6;
const SERVICES: u32 = 7;

/// Where a collection stands after an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Ask for these next.
    Ask(Vec<Oid>),
    /// The group, as far as the agent has it.
    Done(System),
    /// The agent has none of it, or answers with an error that a smaller request does not mend.
    Refused(Refusal),
}

/// Collects the system group. A missing object (v1) is left out and the rest asked again; `tooBig` halves the request.
#[derive(Debug)]
pub struct SystemGroup {
    found: System,
    /// Objects still to be asked for.
    left: Vec<u32>,
    /// Objects in the open request.
    open: Vec<u32>,
    size: usize,
    any: bool,
}

fn oid(object: u32) -> Oid {
    Oid::new(vec![1, 3, 6, 1, 2, 1, 1, object, 0])
        .expect("a short object identifier with good first arcs")
}

impl SystemGroup {
    /// A collection by this version of SNMP, with this credential.
    pub fn new(version: SnmpVersion, credential: Arc<str>) -> Self {
        let found = System {
            version,
            credential,
            description: None,
            object_id: None,
            up_time: None,
            contact: None,
            name: None,
            location: None,
            services: None,
            cut_short: false,
        };
        let left = vec![DESCRIPTION, OBJECT_ID, UP_TIME, CONTACT, NAME, LOCATION, SERVICES];
        let size = left.len();
        Self { found, left, open: Vec::new(), size, any: false }
    }

    /// The same with at most so many variables in a request.
    #[must_use]
    pub fn at_most(self, variables: usize) -> Self {
        Self { size: self.size.min(variables.max(1)), ..self }
    }

    /// The objects of the first request, or of the next after an answer.
    pub fn request(&mut self) -> Vec<Oid> {
        let count = self.size.min(self.left.len());
        self.open = self.left.drain(..count).collect();
        self.open.iter().map(|object| oid(*object)).collect()
    }

    /// Takes the answer to the open request.
    pub fn take(&mut self, response: Response) -> Step {
        match response {
            Response::Bindings(bindings) => {
                for (name, value) in bindings {
                    if let Some(object) =
                        self.open.iter().copied().find(|object| oid(*object) == name)
                    {
                        self.any |= self.keep(object, value);
                    }
                }
                self.open.clear();
            }
            Response::Error { status: TOO_BIG, .. } if self.open.len() > 1 => {
                self.size = self.open.len().div_ceil(2);
                self.left.splice(..0, self.open.drain(..));
            }
            Response::Error { status: NO_SUCH_NAME, index } if !self.open.is_empty() => {
                // RFC 1157, 4.1.2: the index is of the first object that the agent has not.
                let missing = usize::try_from(index).ok().and_then(|index| index.checked_sub(1));
                match missing.filter(|missing| *missing < self.open.len()) {
                    Some(missing) => drop(self.open.remove(missing)),
                    None if self.open.len() == 1 => self.open.clear(),
                    None => self.size = 1,
                }
                self.left.splice(..0, self.open.drain(..));
            }
            Response::Error { status, .. } => {
                if !self.any {
                    return Step::Refused(Refusal::ErrorStatus(status));
                }
                self.left.clear();
                self.found.cut_short = true;
            }
        }
        if !self.left.is_empty() {
            return Step::Ask(self.request());
        }
        if self.any { Step::Done(self.found.clone()) } else { Step::Refused(Refusal::NoSuchObject) }
    }

    /// What the agent gave before it fell silent or erred; `None` when it gave nothing.
    pub fn partial(&self) -> Option<System> {
        self.any.then(|| System { cut_short: true, ..self.found.clone() })
    }

    /// Keeps a value of the type that the object has; says whether it was one.
    fn keep(&mut self, object: u32, value: Value) -> bool {
        let found = &mut self.found;
        match (object, value) {
            (DESCRIPTION, Value::Octets(text)) => {
                found.description = Some(DeviceText::from_bytes(&text))
            }
            (CONTACT, Value::Octets(text)) => found.contact = Some(DeviceText::from_bytes(&text)),
            (NAME, Value::Octets(text)) => found.name = Some(DeviceText::from_bytes(&text)),
            (LOCATION, Value::Octets(text)) => found.location = Some(DeviceText::from_bytes(&text)),
            (OBJECT_ID, Value::Oid(oid)) => found.object_id = Some(oid),
            (UP_TIME, Value::Ticks(ticks)) => found.up_time = Some(ticks),
            (SERVICES, Value::Integer(sum)) => found.services = u8::try_from(sum).ok(),
            (_, value) => {
                tracing::debug!(object, ?value, "system object is absent or of another type");
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group() -> SystemGroup {
        SystemGroup::new(SnmpVersion::V1, "ro".into())
    }

    fn text(text: &str) -> Value {
        Value::Octets(text.into())
    }

    #[test]
    fn one_request_of_seven_objects_is_enough_for_a_whole_agent() {
        let mut group = group();
        let asked = group.request();
        assert_eq!(asked.len(), 7);
        let bindings = asked.into_iter().map(|oid| (oid, text("x"))).collect();
        let Step::Done(system) = group.take(Response::Bindings(bindings)) else { panic!("done") };
        assert_eq!(system.description, Some("x".into()));
        assert_eq!(system.object_id, None, "an octet string is no object identifier");
    }

    #[test]
    fn an_object_that_a_v1_agent_lacks_is_left_out() {
        let mut group = group();
        let asked = group.request();
        let Step::Ask(again) = group.take(Response::Error { status: 2, index: 7 }) else {
            panic!("asks again")
        };
        assert_eq!(again, asked[..6]);
    }

    #[test]
    fn too_big_halves_the_request_and_loses_nothing() {
        let mut group = group();
        let asked = group.request();
        let Step::Ask(first) = group.take(Response::Error { status: 1, index: 0 }) else {
            panic!("asks again")
        };
        assert_eq!(first, asked[..4]);
        let Step::Ask(rest) = group.take(Response::Bindings(vec![(first[0].clone(), text("d"))]))
        else {
            panic!()
        };
        assert_eq!(rest, asked[4..]);
    }

    #[test]
    fn what_was_given_before_an_error_is_kept_and_marked() {
        let mut group = group();
        group.request();
        assert_eq!(group.partial(), None, "nothing was given yet");
        let Step::Ask(first) = group.take(Response::Error { status: 1, index: 0 }) else {
            panic!()
        };
        let Step::Ask(_) = group.take(Response::Bindings(vec![(first[0].clone(), text("d"))]))
        else {
            panic!("asks for the other half")
        };
        let partial = group.partial().unwrap();
        assert_eq!((partial.description.clone(), partial.cut_short), (Some("d".into()), true));
        assert_eq!(group.take(Response::Error { status: 5, index: 0 }), Step::Done(partial));
    }

    #[test]
    fn an_object_that_the_agent_lacks_does_not_cut_the_group_short() {
        let mut group = group();
        let mut asked = group.request();
        group.take(Response::Error { status: 2, index: 7 });
        asked.pop();
        let bindings = asked.into_iter().map(|oid| (oid, text("x"))).collect();
        let Step::Done(system) = group.take(Response::Bindings(bindings)) else { panic!("done") };
        assert!(!system.cut_short);
    }

    #[test]
    fn an_agent_that_lies_about_the_index_is_asked_one_by_one_and_ends() {
        let mut group = group();
        group.request();
        let mut requests = 0;
        loop {
            requests += 1;
            match group.take(Response::Error { status: 2, index: 99 }) {
                Step::Ask(_) => assert!(requests < 20, "does not end"),
                step => break assert_eq!(step, Step::Refused(Refusal::NoSuchObject)),
            }
        }
    }

    #[test]
    fn bindings_that_were_not_asked_for_are_not_kept() {
        let mut group = group();
        group.request();
        let stranger = "1.3.6.1.2.1.1.9.0".parse().unwrap();
        assert_eq!(
            group.take(Response::Bindings(vec![(stranger, text("x"))])),
            Step::Refused(Refusal::NoSuchObject)
        );
    }
}
