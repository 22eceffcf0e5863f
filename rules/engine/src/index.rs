//! Which rules may say anything of a subject, found by its vendors and its place: for judging very many subjects.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use herkomst_ids::VendorId;
use jiff::civil::Date;

use crate::evaluate::Prepared;
use crate::judgement::{Outcome, Verdict};
use crate::pack::{FactTest, NamedTest, Pack, PartyExpression, PlaceTest, Rule};
use crate::{
    ComponentKind, Confidence, Context, Controllers, PartTag, Parts, Relation, Subject, Suppliers,
};

/// An index over the rules of some packs.
///
/// Every rule that it leaves out for a subject would be `no-match` or `not-applicable`. It may hand out rules that turn
/// out so.
#[derive(Debug)]
pub struct Index<'p> {
    rules: Vec<(&'p Pack, &'p Rule)>,
    /// Rules that cannot be told apart by vendors.
    always: Bits,
    by_vendor: HashMap<&'p VendorId, Vec<u32>>,
    /// Rules that ask for that relation and that confidence.
    by_relation: BTreeMap<Relation, BTreeMap<Confidence, Bits>>,
    by_part: By<&'p PartTag>,
    beside_part: By<&'p PartTag>,
    /// Rules that ask for no part, be it in it or beside it.
    anywhere: Bits,
    by_role: By<&'p str>,
    by_component: By<ComponentKind>,
}

/// The rules for one subject: room that is used again for the next one.
#[derive(Debug, Default)]
pub struct Room {
    rules: Bits,
    there: Bits,
}

/// A set of rules, by their numbers.
#[derive(Debug, Clone, Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn insert(&mut self, number: usize) {
        let word = number / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if let Some(word) = self.0.get_mut(word) {
            *word |= 1 << (number % 64);
        }
    }

    fn copy(&mut self, other: &Self) {
        self.0.clone_from(&other.0);
    }

    fn extend(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        self.0.iter_mut().zip(&other.0).for_each(|(ours, theirs)| *ours |= theirs);
    }

    fn keep(&mut self, other: &Self) {
        self.0.truncate(other.0.len());
        self.0.iter_mut().zip(&other.0).for_each(|(ours, theirs)| *ours &= theirs);
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(place, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
                rest &= rest - 1;
                Some(place * 64 + bit)
            })
        })
    }
}

/// Rules by what a subject must have one of.
#[derive(Debug)]
struct By<K> {
    /// Those that ask for it at all.
    asked: Bits,
    /// Those that do not.
    unasked: Bits,
    each: HashMap<K, Bits>,
}

impl<K: Eq + Hash> By<K> {
    fn new() -> Self {
        Self { asked: Bits::default(), unasked: Bits::default(), each: HashMap::new() }
    }

    fn add(&mut self, number: usize, wanted: impl Iterator<Item = K>) {
        let mut is_asked = false;
        for one in wanted {
            is_asked = true;
            self.each.entry(one).or_default().insert(number);
        }
        if is_asked { &mut self.asked } else { &mut self.unasked }.insert(number);
    }
}

impl<'p> Index<'p> {
    /// An index over all rules of the packs, in their order: for any day, and whatever the operator says.
    pub fn new(packs: &'p [Pack]) -> Self {
        Self::of(all(packs).collect())
    }

    /// An index over the rules that are in force on that day and not known to bind others only: for a caller who must know
    /// the rule before he can say all of the subject. Else see [`Day`].
    pub fn for_day(packs: &'p [Pack], context: &Context, on: Date) -> Self {
        let counts =
            |(pack, rule): &(&Pack, &Rule)| Prepared::new(pack, rule, context, on).is_some();
        Self::of(all(packs).filter(counts).collect())
    }

    fn of(rules: Vec<(&'p Pack, &'p Rule)>) -> Self {
        let mut index = Self {
            always: Bits::default(),
            by_vendor: HashMap::new(),
            by_relation: BTreeMap::new(),
            by_part: By::new(),
            beside_part: By::new(),
            anywhere: Bits::default(),
            by_role: By::new(),
            by_component: By::new(),
            rules: Vec::new(),
        };
        for (number, (_, rule)) in rules.iter().enumerate() {
            match &rule.party.tests {
                // Whom an order names only the operator knows.
                PartyExpression::Named(named) if named.ordered => index.always.insert(number),
                PartyExpression::Named(named) => index.add(number, rule, named),
                PartyExpression::All(_)
                | PartyExpression::Any(_)
                | PartyExpression::Unlisted(_)
                | PartyExpression::Country { .. }
                | PartyExpression::StateOwned(_) => index.always.insert(number),
            }
            let (inside, beside) = parts(&rule.place);
            if inside.is_none() && beside.is_none() {
                index.anywhere.insert(number);
            }
            index.by_part.add(number, inside.into_iter().flatten());
            index.beside_part.add(number, beside.into_iter().flatten());
            index.by_role.add(number, rule.thing.roles.iter().map(String::as_str));
            index.by_component.add(number, rule.thing.components.iter().copied());
        }
        Self { rules, ..index }
    }

    fn add(&mut self, number: usize, rule: &Rule, named: &'p NamedTest) {
        let place = u32::try_from(number).expect("packs of 1 MiB hold no four billion rules");
        for vendor in &named.vendors {
            self.by_vendor.entry(&vendor.id).or_default().push(place);
        }
        for relation in &named.relations {
            let of_relation = self.by_relation.entry(*relation).or_default();
            of_relation.entry(rule.minimum_confidence).or_default().insert(number);
        }
    }

    /// The rules that may say `match` or `undetermined` of a subject, in the order of the packs.
    pub fn rules<'i>(
        &'i self,
        subject: &Subject,
        room: &'i mut Room,
    ) -> impl Iterator<Item = (&'p Pack, &'p Rule)> + use<'i, 'p> {
        self.numbers(subject, room).filter_map(|number| self.rules.get(number).copied())
    }

    fn numbers<'i>(
        &self,
        subject: &Subject,
        room: &'i mut Room,
    ) -> impl Iterator<Item = usize> + use<'i> {
        self.by_party(subject, &mut room.rules);
        if !room.rules.is_empty() {
            self.by_place(subject, room);
        }
        room.rules.iter()
    }

    /// The rules that one of the subject's vendors, or what is not known of them, leads to.
    fn by_party(&self, subject: &Subject, rules: &mut Bits) {
        rules.copy(&self.always);
        let mut named = |id: &VendorId| {
            let numbers = self.by_vendor.get(id).into_iter().flatten();
            numbers.for_each(|number| rules.insert(*number as usize));
        };
        let of_main = [
            &subject.controllers,
            &subject.controls,
            &subject.successor_of,
            &subject.predecessor_of,
        ];
        let of_others = subject.against.iter().map(|other| &other.controllers);
        for recorded in of_main.into_iter().chain(of_others) {
            recorded.known().iter().for_each(|one| named(&one.party.id));
        }
        let makers = subject.maker.iter().chain(subject.against.iter().map(|other| &other.party));
        makers.chain(&subject.brand).for_each(|party| named(&party.id));
        if let Suppliers::Recorded(suppliers) = &subject.suppliers {
            suppliers.iter().for_each(|supplier| named(&supplier.party.id));
        }
        for (relation, by_confidence) in &self.by_relation {
            let known = surety(*relation, subject);
            let open = by_confidence.iter().filter(|(needed, _)| Some(**needed) > known);
            open.for_each(|(_, of_relation)| rules.extend(of_relation));
        }
    }

    /// Leaves out what is about other things and other places than the subject surely is.
    fn by_place(&self, subject: &Subject, room: &mut Room) {
        let Room { rules, there } = room;
        there.copy(&self.anywhere);
        for (by, known) in [(&self.by_part, &subject.parts), (&self.beside_part, &subject.adjacent)]
        {
            match known {
                Parts::Undeclared => there.extend(&by.asked),
                Parts::Declared(parts) => {
                    parts.iter().filter_map(|tag| by.each.get(tag)).for_each(|at| there.extend(at));
                }
            }
        }
        rules.keep(there);
        there.copy(&self.by_role.unasked);
        if subject.roles.is_empty() {
            there.extend(&self.by_role.asked);
        }
        let roles = subject.roles.iter().filter_map(|role| self.by_role.each.get(role.as_str()));
        roles.for_each(|of_role| there.extend(of_role));
        rules.keep(there);
        there.copy(&self.by_component.unasked);
        let kind = subject.component.as_ref().and_then(|kind| self.by_component.each.get(kind));
        kind.into_iter().for_each(|of_kind| there.extend(of_kind));
        rules.keep(there);
    }
}

/// The rules of some packs on one day for one operator, for judging very many subjects: an [`Index`] of those that are in
/// force and may bind him, with what is the same for every subject worked out once.
#[derive(Debug)]
pub struct Day<'p> {
    index: Index<'p>,
    /// Beside the rules of the index.
    prepared: Vec<Prepared>,
    context: &'p Context,
    on: Date,
}

impl<'p> Day<'p> {
    /// Of all rules of the packs, in their order.
    pub fn new(packs: &'p [Pack], context: &'p Context, on: Date) -> Self {
        let counting = all(packs).filter_map(|(pack, rule)| {
            Some(((pack, rule), Prepared::new(pack, rule, context, on)?))
        });
        let (rules, prepared) = counting.unzip();
        Self { index: Index::of(rules), prepared, context, on }
    }

    /// What the rules say of a subject that say `match` or `undetermined`, in the order of the packs; every other rule
    /// says `no-match` or `not-applicable`. As [`outcome_in`](crate::outcome_in) does, and it takes no memory either once
    /// there is room.
    pub fn outcomes<'i>(
        &'i self,
        subject: &'i Subject,
        room: &'i mut Room,
    ) -> impl Iterator<Item = (&'p Pack, &'p Rule, Outcome)> + use<'i, 'p> {
        self.index.numbers(subject, room).filter_map(|number| {
            let (pack, rule) = self.index.rules.get(number).copied()?;
            let prepared = self.prepared.get(number)?;
            let outcome = prepared.outcome(pack, rule, subject, self.context, self.on);
            match outcome.verdict {
                Verdict::Match | Verdict::Undetermined(_) => Some((pack, rule, outcome)),
                Verdict::NoMatch | Verdict::NotApplicable(_) => None,
            }
        })
    }
}

/// All rules about single subjects: one over an inventory says nothing of one.
fn all(packs: &[Pack]) -> impl Iterator<Item = (&Pack, &Rule)> {
    let rules = packs.iter().flat_map(|pack| pack.rules.iter().map(move |rule| (pack, rule)));
    rules.filter(|(_, rule)| rule.set.is_none())
}

/// The parts that a place asks for: to be in, and to stand beside. None where it does not ask.
fn parts(place: &PlaceTest) -> (Option<&BTreeSet<PartTag>>, Option<&BTreeSet<PartTag>>) {
    let asked = |tags: &'_ BTreeSet<PartTag>| !tags.is_empty();
    match place {
        PlaceTest::Anywhere => (None, None),
        PlaceTest::Parts(parts) => (Some(parts), None),
        // All tests must be met, so one of them is enough to leave a rule out.
        PlaceTest::Where(tests) => {
            let of_parts = tests.iter().find_map(|test| {
                if let FactTest::Parts { parts, adjacent_to } = test {
                    Some((parts, adjacent_to))
                } else {
                    None
                }
            });
            of_parts.map_or((None, None), |(inside, beside)| {
                (Some(inside).filter(|tags| asked(tags)), Some(beside).filter(|tags| asked(tags)))
            })
        }
    }
}

/// How surely a vendor that the subject does not name in a relation is not in it. None: not at all.
fn surety(relation: Relation, subject: &Subject) -> Option<Confidence> {
    let maker = subject.maker.as_ref().map(|party| party.confidence);
    let least = |recorded: &Controllers, most: Confidence| match recorded {
        Controllers::Unrecorded | Controllers::Partly(_) => None,
        Controllers::Recorded(all) => {
            let all = all.iter().map(|one| one.party.confidence);
            Some(all.min().map_or(most, |least| least.min(most)))
        }
    };
    // None in a relation to the maker is surer than the maker itself.
    let chain = |recorded| least(recorded, maker?);
    let is_sole = subject.against.is_empty();
    match relation {
        Relation::Maker => maker,
        Relation::Brand => subject.brand.as_ref().map_or(maker, |party| Some(party.confidence)),
        Relation::ControlledBy => {
            let own = chain(&subject.controllers)?;
            // Of a contender only the maker is supposed; its controllers must be as sure as any.
            let others = subject.against.iter().map(|other| &other.controllers);
            others
                .map(|recorded| least(recorded, own))
                .try_fold(own, |sum, one| Some(sum.min(one?)))
        }
        // Of a contender only those who control it are recorded.
        Relation::Controls => is_sole.then(|| chain(&subject.controls))?,
        Relation::SuccessorOf => is_sole.then(|| chain(&subject.successor_of))?,
        Relation::PredecessorOf => is_sole.then(|| chain(&subject.predecessor_of))?,
        Relation::Supplier => match &subject.suppliers {
            Suppliers::Unrecorded => None,
            Suppliers::Recorded(all) => {
                let party = |supplier: &crate::Supplier| supplier.party.confidence;
                Some(all.iter().map(party).min().unwrap_or(Confidence::Confirmed))
            }
        },
    }
}
