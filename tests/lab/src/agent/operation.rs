//! Get, GetNext and GetBulk over what an agent knows (RFC 3416, 4.2), and the habits of agents that make walking hard.

use herkomst_ids::Oid;
use herkomst_wire::snmp::{PduKind, Value, Version, emit_response};

use crate::device::Habits;
use crate::objects::{Held, Objects};

/// RFC 3416, 3: the answer would not fit.
pub(super) const TOO_BIG: i32 = 1;
/// RFC 3416, 3: what v1 says where v2c says noSuchObject.
pub(super) const NO_SUCH_NAME: i32 = 2;
/// RFC 3416, 3: something else is wrong.
pub(super) const GENERAL: i32 = 5;
/// RFC 3416, 4.2.5: writing is not for these agents.
pub(super) const NOT_WRITABLE: i32 = 17;
/// RFC 3416, 4.2.3: more is not given at once.
const MOST_REPETITIONS: usize = 64;

/// A question whose sender may ask it.
#[derive(Debug)]
pub(super) struct Question<'a> {
    pub(super) kind: PduKind,
    /// Version 1, which has errors where version 2 has exceptions.
    pub(super) v1: bool,
    pub(super) names: &'a [Oid],
    /// Of a GetBulk: names that are answered once.
    pub(super) single: usize,
    /// Of a GetBulk: how often the others are.
    pub(super) repetitions: usize,
}

/// What comes of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answered {
    Silence,
    Error {
        status: i32,
        index: i32,
    },
    /// A name without a value has none, or stands at the end of the view.
    Bindings(Vec<(Oid, Option<Held>)>),
}

/// Answers from all the views together. The bindings take at most `room` bytes.
pub(super) fn answer(
    views: &[&Objects],
    habits: &Habits,
    question: &Question<'_>,
    room: usize,
) -> Answered {
    let Question { kind, names, .. } = *question;
    let repetitions = match kind {
        PduKind::GetBulk => {
            question.repetitions.min(habits.repetitions.unwrap_or(MOST_REPETITIONS))
        }
        _ => 1,
    };
    let (once, repeated) = match kind {
        PduKind::GetBulk => names.split_at(question.single.min(names.len())),
        _ => (names, &[][..]),
    };
    let asked = once.len().saturating_add(repeated.len().saturating_mul(repetitions));
    if habits.silent_above.is_some_and(|most| asked > most) {
        return Answered::Silence;
    }
    if habits.too_big_above.is_some_and(|most| asked > most) {
        return Answered::Error { status: TOO_BIG, index: 0 };
    }
    let walker = Walker { views, habits };
    let mut answer = Bindings { room, held: Vec::new() };
    match kind {
        PduKind::Get | PduKind::GetNext | PduKind::GetBulk => {}
        PduKind::Set if question.v1 => return Answered::Error { status: NO_SUCH_NAME, index: 1 },
        PduKind::Set => return Answered::Error { status: NOT_WRITABLE, index: 1 },
        _ => return Answered::Silence,
    }
    for (place, name) in once.iter().enumerate() {
        let found = match kind {
            PduKind::Get => walker.exact(name).map(|held| (name.clone(), held)),
            _ => walker.after(name),
        };
        let error =
            |status| Answered::Error { status, index: i32::try_from(place + 1).unwrap_or(1) };
        match found {
            Some((found, _)) if Some(&found) == habits.fails_at.as_ref() => return error(GENERAL),
            None if question.v1 => return error(NO_SUCH_NAME),
            found => {
                if !answer.push(found.map_or_else(|| (name.clone(), None), |(n, h)| (n, Some(h)))) {
                    return Answered::Error { status: TOO_BIG, index: 0 };
                }
            }
        }
    }
    let mut row = repeated.to_vec();
    'rows: for _ in 0..repetitions {
        let mut ended = true;
        for (place, name) in row.iter_mut().enumerate() {
            let found = walker.after(name);
            if found.as_ref().is_some_and(|(found, _)| Some(found) == habits.fails_at.as_ref()) {
                let index = i32::try_from(once.len() + place + 1).unwrap_or(1);
                return Answered::Error { status: GENERAL, index };
            }
            ended &= found.is_none();
            let binding = found.map_or_else(|| (name.clone(), None), |(n, h)| (n, Some(h)));
            name.clone_from(&binding.0);
            if !answer.push(binding) {
                break 'rows;
            }
        }
        // RFC 3416, 4.2.3: where all stand at the end, nothing more is said.
        if ended {
            break;
        }
    }
    Answered::Bindings(answer.held)
}

/// Bindings as far as there is room for them.
struct Bindings {
    room: usize,
    held: Vec<(Oid, Option<Held>)>,
}

impl Bindings {
    /// False when it did not fit.
    fn push(&mut self, binding: (Oid, Option<Held>)) -> bool {
        let mut alone = Vec::new();
        let value =
            binding.1.as_ref().map_or(Value::Null, |held| held.value(std::time::Duration::ZERO));
        emit_response(&mut alone, Version::V2c, &[], 0, 0, 0, &[(binding.0.clone(), value)]);
        // What a message without bindings is, of the shortest ids, is taken off; a clock may grow by three octets.
        let needs = alone.len().saturating_sub(EMPTY) + 3;
        let Some(left) = self.room.checked_sub(needs) else { return false };
        self.room = left;
        self.held.push(binding);
        true
    }
}

/// The length of a response with an empty community, three numbers of one octet and no binding.
const EMPTY: usize = 20;

/// The way of an agent through what it knows.
struct Walker<'a> {
    views: &'a [&'a Objects],
    habits: &'a Habits,
}

impl Walker<'_> {
    fn exact(&self, name: &Oid) -> Option<Held> {
        self.views.iter().find_map(|view| view.exact(name))
    }

    fn after(&self, name: &Oid) -> Option<(Oid, Held)> {
        if Some(name) == self.habits.stands_at.as_ref() {
            return self.exact(name).map(|held| (name.clone(), held));
        }
        if Some(name) == self.habits.loops_at.as_ref() {
            let root = Oid::new([1, 3].as_slice())?;
            return self.next(&root);
        }
        self.next(name)
    }

    fn next(&self, name: &Oid) -> Option<(Oid, Held)> {
        let found = self.views.iter().filter_map(|view| view.after(name));
        found.min_by(|a, b| a.0.cmp(&b.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oid(text: &str) -> Oid {
        text.parse().unwrap()
    }

    /// 1.3.6.1.9.1.ROW and 1.3.6.1.9.2.ROW for three rows.
    fn objects() -> Objects {
        let name = |column, row| oid(&format!("1.3.6.1.9.{column}.{row}"));
        let rows = (1..=2).flat_map(|column| (1..=3).map(move |row| (column, row)));
        let single = rows.map(|(column, row)| (name(column, row), Held::Integer(row))).collect();
        Objects { single, series: Vec::new() }
    }

    fn ask(habits: &Habits, kind: PduKind, names: &[&str], repetitions: usize) -> Answered {
        let (objects, names) = (objects(), names.iter().map(|name| oid(name)).collect::<Vec<_>>());
        let question = Question { kind, v1: false, names: &names, single: 0, repetitions };
        answer(&[&objects], habits, &question, 1400)
    }

    fn names(answered: Answered) -> Vec<String> {
        let Answered::Bindings(bindings) = answered else { panic!("{answered:?}") };
        bindings.into_iter().map(|(name, _)| name.to_string()).collect()
    }

    const COLUMNS: [&str; 2] = ["1.3.6.1.9.1", "1.3.6.1.9.2"];

    #[test]
    fn bulk_goes_row_by_row_and_ends_with_the_view() {
        let said = names(ask(&Habits::default(), PduKind::GetBulk, &COLUMNS, 2));
        assert_eq!(said, ["1.3.6.1.9.1.1", "1.3.6.1.9.2.1", "1.3.6.1.9.1.2", "1.3.6.1.9.2.2"]);
        let said = ask(&Habits::default(), PduKind::GetBulk, &["1.3.6.1.9.2.2"], 50);
        let end = (oid("1.3.6.1.9.2.3"), None);
        let last = (oid("1.3.6.1.9.2.3"), Some(Held::Integer(3)));
        assert_eq!(said, Answered::Bindings(vec![last, end]), "said once, not 49 times");
    }

    #[test]
    fn bulk_gives_as_much_as_fits_and_a_get_that_does_not_fit_is_too_big() {
        let series = crate::objects::Series {
            entry: oid("1.3.6.1.9"),
            columns: [(1, crate::objects::Cell::Same(Held::Text(vec![b'x'; 100])))].into(),
            first: vec![1],
            rows: 1000,
        };
        let objects = Objects { series: vec![series], ..Objects::default() };
        let start = [oid("1.3")];
        let mut question = Question {
            kind: PduKind::GetBulk,
            v1: false,
            names: &start,
            single: 0,
            repetitions: 60,
        };
        let Answered::Bindings(bindings) = answer(&[&objects], &Habits::default(), &question, 1400)
        else {
            panic!("bindings")
        };
        assert!((10..=13).contains(&bindings.len()), "{}", bindings.len());
        question.kind = PduKind::GetNext;
        let said = answer(&[&objects], &Habits::default(), &question, 50);
        assert_eq!(said, Answered::Error { status: TOO_BIG, index: 0 });
    }

    #[test]
    fn each_habit_makes_walking_hard_in_its_own_way() {
        let bulk = |habits: &Habits| ask(habits, PduKind::GetBulk, &COLUMNS, 3);
        let stands = Habits { stands_at: Some(oid("1.3.6.1.9.1.2")), ..Habits::default() };
        assert_eq!(
            names(bulk(&stands))[2..],
            ["1.3.6.1.9.1.2", "1.3.6.1.9.2.2", "1.3.6.1.9.1.2", "1.3.6.1.9.2.3"]
        );
        let loops = Habits { loops_at: Some(oid("1.3.6.1.9.2.2")), ..Habits::default() };
        assert_eq!(names(bulk(&loops))[5], "1.3.6.1.9.1.1");
        let fails = Habits { fails_at: Some(oid("1.3.6.1.9.2.3")), ..Habits::default() };
        assert_eq!(bulk(&fails), Answered::Error { status: GENERAL, index: 2 });
        let few = Habits { repetitions: Some(1), ..Habits::default() };
        assert_eq!(names(bulk(&few)).len(), 2);
        let too_big = Habits { too_big_above: Some(5), ..Habits::default() };
        assert_eq!(bulk(&too_big), Answered::Error { status: TOO_BIG, index: 0 });
        let silent = Habits { silent_above: Some(5), ..Habits::default() };
        assert_eq!(bulk(&silent), Answered::Silence);
    }

    #[test]
    fn an_answer_never_outgrows_its_room() {
        let (objects, start) = (objects(), [oid("1.3")]);
        let question = Question {
            kind: PduKind::GetBulk,
            v1: false,
            names: &start,
            single: 0,
            repetitions: 6,
        };
        for room in 0..200 {
            let Answered::Bindings(bindings) =
                answer(&[&objects], &Habits::default(), &question, room)
            else {
                panic!("bindings")
            };
            let values: Vec<(Oid, Value<'_>)> = bindings
                .iter()
                .map(|(name, held)| {
                    (
                        name.clone(),
                        held.as_ref().map_or(Value::EndOfMibView, |held| {
                            held.value(std::time::Duration::ZERO)
                        }),
                    )
                })
                .collect();
            let (mut empty, mut full) = (Vec::new(), Vec::new());
            emit_response(&mut empty, Version::V2c, &[], 0, 0, 0, &[]);
            assert_eq!(empty.len(), EMPTY);
            emit_response(&mut full, Version::V2c, &[], 0, 0, 0, &values);
            assert!(full.len() <= EMPTY + room + 8, "{} for {room}", full.len());
        }
    }
}
