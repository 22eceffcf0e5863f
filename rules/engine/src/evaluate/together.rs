//! Answers of party tests, and how several are put together: three-valued (Kleene) logic with its grounds.

use super::ground::Ground;
use crate::{Because, Missing, Relation};

/// Three values; the open one says what is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No,
    Open(Missing),
}

/// The party test as a whole, or one side of it.
#[derive(Debug)]
pub(super) struct PartyAnswer<F> {
    pub(super) answer: Answer,
    pub(super) because: Vec<F>,
    /// Relations in which some evidence, weak or contested too, speaks for a vendor of the rule.
    pub(super) pointing: Relations,
    /// Whether some evidence, of a relation or a country, speaks for the party.
    pub(super) points: bool,
    /// Whether only a suspicion makes it a yes.
    pub(super) suspected: bool,
}

/// A set of relations that takes no memory of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Relations(u8);

impl Relations {
    /// Every one.
    pub(super) const ALL: Self = Self(u8::MAX);

    pub(super) fn insert(&mut self, relation: Relation) {
        self.0 |= 1 << relation as u8;
    }

    pub(super) fn extend(&mut self, others: Self) {
        self.0 |= others.0;
    }

    pub(super) fn contains(self, relation: Relation) -> bool {
        self.0 & (1 << relation as u8) != 0
    }
}

/// One test, before it is put together with others.
pub(super) enum Tested<F> {
    Yes(F),
    Suspected(F),
    /// By a tie that the rule's own test of control does not count.
    OtherControl(F),
    No(F),
    Open {
        missing: Missing,
        fact: F,
        points: bool,
    },
}

impl<F: Ground> Tested<F> {
    pub(super) fn unknown(missing: Missing) -> Self {
        Self::Open { missing, fact: F::of(|| Because::Open { missing }), points: false }
    }
}

/// The answer of one test.
pub(super) fn single<F>(tested: Tested<F>, relation: Option<Relation>) -> PartyAnswer<F> {
    let (answer, fact, points, suspected) = match tested {
        Tested::Yes(fact) => (Answer::Yes, fact, true, false),
        Tested::Suspected(fact) => (Answer::Yes, fact, true, true),
        Tested::OtherControl(fact) | Tested::No(fact) => (Answer::No, fact, false, false),
        Tested::Open { missing, fact, points } => (Answer::Open(missing), fact, points, false),
    };
    let mut pointing = Relations::default();
    relation.filter(|_| points).into_iter().for_each(|relation| pointing.insert(relation));
    PartyAnswer { answer, because: vec![fact], pointing, points, suspected }
}

/// Of several open tests the one that is told: one that points to the rule's party before others, and of those the
/// least, so that their order does not matter.
pub(super) fn more_telling<F>(one: Option<Tested<F>>, other: Tested<F>) -> Option<Tested<F>> {
    let key = |tested: &Tested<F>| match tested {
        Tested::Open { missing, points, .. } => Some((!*points, *missing)),
        Tested::Yes(_) | Tested::Suspected(_) | Tested::OtherControl(_) | Tested::No(_) => None,
    };
    match one {
        Some(one) if key(&one) <= key(&other) => Some(one),
        Some(_) | None => Some(other),
    }
}

/// One yes suffices; without one, an open test leaves it open. A yes by facts goes before one by suspicion.
pub(super) fn any<F: Ground>(answers: impl Iterator<Item = PartyAnswer<F>>) -> PartyAnswer<F> {
    together(answers, Answer::Yes, Answer::No)
}

/// One no suffices; without one, an open test leaves it open.
pub(super) fn all<F: Ground>(answers: impl Iterator<Item = PartyAnswer<F>>) -> PartyAnswer<F> {
    together(answers, Answer::No, Answer::Yes)
}

fn together<F: Ground>(
    answers: impl Iterator<Item = PartyAnswer<F>>,
    decides: Answer,
    otherwise: Answer,
) -> PartyAnswer<F> {
    let (mut open, mut is_decided) = (None::<Missing>, false);
    // Of those answered with yes: whether one is by suspicion, and whether one is by facts.
    let (mut by_suspicion, mut by_facts) = (false, false);
    let (mut pointing, mut points) = (Relations::default(), false);
    let mut grounds: Vec<(Answer, F)> = Vec::new();
    for one in answers {
        is_decided |= one.answer == decides;
        match one.answer {
            Answer::Open(missing) => open = open.into_iter().chain([missing]).min(),
            Answer::Yes if one.suspected => by_suspicion = true,
            Answer::Yes => by_facts = true,
            Answer::No => {}
        }
        pointing.extend(one.pointing);
        points |= one.points;
        if F::IS_KEPT {
            grounds.extend(one.because.into_iter().map(|fact| (one.answer, fact)));
        }
    }
    let answer = if is_decided { decides } else { open.map_or(otherwise, Answer::Open) };
    // What is surely no party is not pointed to, whichever of its tests is met.
    if answer == Answer::No {
        (pointing, points) = (Relations::default(), false);
    }
    let suspected = answer == Answer::Yes
        && match decides {
            // Of several, one by facts is enough; together, all must be.
            Answer::Yes => !by_facts,
            Answer::No | Answer::Open(_) => by_suspicion,
        };
    if !F::IS_KEPT {
        return PartyAnswer { answer, because: Vec::new(), pointing, points, suspected };
    }
    // What decided it is told; while it is open, what is open first, and then the rest.
    let is_open = matches!(answer, Answer::Open(_));
    let is_told = |of: &Answer| match of {
        Answer::Open(_) => is_open,
        Answer::Yes | Answer::No => *of == answer,
    };
    let (told, rest): (Vec<_>, Vec<_>) = grounds.into_iter().partition(|(of, _)| is_told(of));
    let rest = if is_open { rest } else { Vec::new() };
    let mut because: Vec<F> = Vec::new();
    for (_, fact) in told.into_iter().chain(rest) {
        if !because.contains(&fact) {
            because.push(fact);
        }
    }
    PartyAnswer { answer, because, pointing, points, suspected }
}

/// The test of an allow-list: whoever is on it is none of the party, whoever is known not to be on it is.
pub(super) fn unlisted<F: Ground>(trusted: PartyAnswer<F>) -> PartyAnswer<F> {
    let ids = || F::vendors(&trusted.because);
    match trusted.answer {
        Answer::Yes => single(Tested::No(F::of(|| Because::Allowed { ids: ids() })), None),
        Answer::No => single(Tested::Yes(F::of(|| Because::NotAllowed { ids: ids() })), None),
        // Weak evidence for a trusted vendor does not point to a party of the rule.
        Answer::Open(missing) => single(Tested::unknown(missing), None),
    }
}
