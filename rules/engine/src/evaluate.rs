//! One rule, one subject, one day: three-valued (Kleene) logic over the rule's tests.
//!
//! No match arm here is a wildcard: a new kind of test, relation or action does not compile until it is judged.

use std::collections::BTreeSet;
use std::sync::Arc;

use herkomst_ids::VendorId;
use jiff::civil::Date;

use crate::judgement::{ActionState, Because, DueAction, Judgement, Missing, Verdict, Why};
use crate::pack::{DatedAction, Listing, Pack, PlaceTest, Rule, days_between};
use crate::{Action, Confidence, Controllers, Parts, Party, Relation, Status, Subject};

/// Judges one subject under one rule on one day. Pure: the same arguments give the same judgement on any machine.
///
/// Order of the questions: is the rule in force; is it about such a thing; in such a place; is it about this party.
/// Out of scope is answered first, then a party known to be another, then what is missing.
pub fn evaluate(pack: &Pack, rule: &Rule, subject: &Subject, on: Date) -> Judgement {
    let current: Vec<&Arc<Listing>> =
        rule.listings.iter().filter(|listing| listing.holds_on(on)).collect();
    if let Some(why) = not_in_force(pack, rule, current.is_empty(), on) {
        return out_of_scope(why, Because::OutOfScope { why });
    }
    let mut because = Vec::new();
    let mut open = Vec::new();
    for scope in [component(rule, subject), role(rule, subject), place(rule, subject)] {
        match scope {
            Scope::Any => {}
            Scope::In(met) => because.push(met),
            Scope::Unknown(missing) => open.push(missing),
            Scope::Out(why, fact) => return out_of_scope(why, fact),
        }
    }

    // An affiliates clause belongs to a list, not to the rule: without such a list in force, control reaches nobody.
    let relations: Vec<Relation> = rule.party.relations.iter().copied().collect();
    let reached = |relation: &Relation| {
        rule.listings.is_empty() || current.iter().any(|listing| listing.reaches.contains(relation))
    };
    let relations: Vec<Relation> = relations.into_iter().filter(reached).collect();
    let party = party(rule, subject, &relations, on);
    let mut all = party.because;
    let verdict = match party.answer {
        Answer::No => {
            return Judgement { verdict: Verdict::NoMatch, because: all, actions: Vec::new() };
        }
        Answer::Open(missing) => Verdict::Undetermined(missing),
        Answer::Yes => {
            open.first().map_or(Verdict::Match, |missing| Verdict::Undetermined(*missing))
        }
    };
    all.extend(because);
    let told = |all: &[Because], missing: Missing| {
        all.iter()
            .any(|because| matches!(because, Because::Open { missing: other } if *other == missing))
    };
    for missing in open {
        if !told(&all, missing) {
            all.push(Because::Open { missing });
        }
    }
    let mut actions: Vec<DueAction> = Vec::new();
    let mut due = |dated: &[DatedAction], from: Option<&Listing>, all: &mut Vec<Because>| {
        for dated in dated {
            match due(dated, from, subject, on) {
                Reach::Due(action) => actions.push(action),
                Reach::SeenBefore(fact) if all.contains(&fact) => {}
                Reach::SeenBefore(fact) => all.push(fact),
            }
        }
    };
    due(&rule.actions, None, &mut all);
    for listing in current {
        if listing.reaches.iter().any(|relation| party.pointing.contains(relation)) {
            due(&listing.actions, Some(listing), &mut all);
            all.push(Because::Listed(Arc::clone(listing)));
        }
    }
    // Ahead first and by date, so that the first one is what a reader plans for; the sort keeps the pack's order.
    actions.sort_by_key(|action| (action.state, action.due));
    Judgement { verdict, because: all, actions }
}

fn out_of_scope(why: Why, fact: Because) -> Judgement {
    Judgement { verdict: Verdict::NotApplicable(why), because: vec![fact], actions: Vec::new() }
}

fn not_in_force(pack: &Pack, rule: &Rule, unlisted: bool, on: Date) -> Option<Why> {
    match pack.status {
        Status::InForce => {}
        status @ (Status::Proposal | Status::Stayed | Status::Expired) => {
            return Some(Why::Status(status));
        }
    }
    if let Some(from) = [pack.from, rule.from].into_iter().flatten().find(|from| on < *from) {
        return Some(Why::NotYet(from));
    }
    if let Some(until) = [pack.until, rule.until].into_iter().flatten().find(|until| *until < on) {
        return Some(Why::Ended(until));
    }
    (unlisted && !rule.listings.is_empty()).then_some(Why::NotListed)
}

/// How a subject stands to what the rule is about.
enum Scope {
    /// The rule does not ask.
    Any,
    In(Because),
    Unknown(Missing),
    Out(Why, Because),
}

fn component(rule: &Rule, subject: &Subject) -> Scope {
    if rule.thing.components.is_empty() {
        return Scope::Any;
    }
    match subject.component {
        Some(kind) if rule.thing.components.contains(&kind) => {
            Scope::In(Because::Component { kind })
        }
        kind @ (Some(_) | None) => {
            Scope::Out(Why::OtherComponent, Because::OtherComponent { kind })
        }
    }
}

fn role(rule: &Rule, subject: &Subject) -> Scope {
    if rule.thing.roles.is_empty() {
        return Scope::Any;
    }
    if subject.roles.is_empty() {
        return Scope::Unknown(Missing::Role);
    }
    let roles = rule.thing.roles.intersection(&subject.roles).cloned().collect::<BTreeSet<_>>();
    if roles.is_empty() {
        return Scope::Out(Why::OtherRole, Because::OtherRole { roles: subject.roles.clone() });
    }
    Scope::In(Because::Role { roles })
}

fn place(rule: &Rule, subject: &Subject) -> Scope {
    let wanted = match &rule.place {
        PlaceTest::Anywhere => return Scope::Any,
        PlaceTest::Parts(wanted) => wanted,
    };
    match &subject.parts {
        Parts::Undeclared => Scope::Unknown(Missing::Parts),
        Parts::Declared(parts) => {
            let common = wanted.intersection(parts).cloned().collect::<BTreeSet<_>>();
            if common.is_empty() {
                return Scope::Out(Why::OtherPart, Because::InNoPart { parts: parts.clone() });
            }
            Scope::In(Because::InParts { parts: common })
        }
    }
}

/// Three values; the open one says what is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
    Open(Missing),
}

/// The party test as a whole.
struct PartyAnswer {
    answer: Answer,
    because: Vec<Because>,
    /// Relations in which some evidence, weak or contested too, speaks for a vendor of the rule.
    pointing: Vec<Relation>,
}

/// Any relation suffices. Where the maker is contested, every side must give the same answer for it to count.
fn party(rule: &Rule, subject: &Subject, relations: &[Relation], on: Date) -> PartyAnswer {
    let main = subject.maker.as_ref().map(|maker| (maker, &subject.controllers));
    let brand = subject.brand.as_ref();
    let ours = side(&Test { rule, relations, on, needed: rule.minimum_confidence }, main, brand);
    if subject.against.is_empty() {
        return ours;
    }
    // A contender is asked "and if it were that one?", however weak the evidence for it: doubt is what it is there for.
    let supposed = Test { rule, relations, on, needed: Confidence::Possible };
    let others: Vec<(&VendorId, PartyAnswer)> = subject
        .against
        .iter()
        .map(|other| {
            (&other.party.id, side(&supposed, Some((&other.party, &other.controllers)), brand))
        })
        .collect();
    let all_sides = |answer: Answer| {
        ours.answer == answer && others.iter().all(|(_, other)| other.answer == answer)
    };
    if all_sides(Answer::Yes) || all_sides(Answer::No) {
        // Whichever side is right, the answer is the same.
        let theirs = others.into_iter().flat_map(|(_, other)| other.because);
        let because = ours.because.into_iter().chain(theirs).collect();
        return PartyAnswer { because, ..ours };
    }
    let maker = subject.maker.as_ref().map(|maker| (&maker.id, &ours));
    let sides: Vec<_> =
        maker.into_iter().chain(others.iter().map(|(id, other)| (*id, other))).collect();
    let points = |side: &PartyAnswer| !side.pointing.is_empty();
    let makers = sides.iter().map(|(id, _)| (*id).clone()).collect();
    let named: Vec<VendorId> =
        sides.iter().filter(|(_, side)| points(side)).map(|(id, _)| (*id).clone()).collect();
    let mut because = vec![Because::Contested { makers, named: named.clone() }];
    because.extend(ours.because.iter().cloned());
    let open =
        [&ours].into_iter().chain(others.iter().map(|(_, other)| other)).find_map(
            |side| match side.answer {
                Answer::Open(missing) => Some(missing),
                Answer::Yes | Answer::No => None,
            },
        );
    let missing = match open {
        // No side speaks for the rule's party, so what is open is not which one is right.
        Some(missing) if named.is_empty() => missing,
        Some(_) | None => Missing::AgreedMaker,
    };
    let mut pointing: Vec<Relation> =
        sides.iter().flat_map(|(_, side)| side.pointing.iter().copied()).collect();
    pointing.extend(&ours.pointing);
    pointing.sort();
    pointing.dedup();
    PartyAnswer { answer: Answer::Open(missing), because, pointing }
}

/// What is asked of each possible maker.
struct Test<'a> {
    rule: &'a Rule,
    relations: &'a [Relation],
    on: Date,
    needed: Confidence,
}

/// The party test for one possible maker.
fn side(
    test: &Test<'_>,
    maker: Option<(&Party, &Controllers)>,
    brand: Option<&Party>,
) -> PartyAnswer {
    let (mut yes, mut no) = (Vec::new(), Vec::new());
    let mut open: Vec<(Missing, Because)> = Vec::new();
    let mut pointing = Vec::new();
    for relation in test.relations.iter().copied() {
        let (tested, told_before) = match relation {
            Relation::Maker => (test.one(relation, maker.map(|(party, _)| party)), false),
            // The name on the box is the maker's own unless something says otherwise.
            Relation::Brand => match brand {
                Some(brand) => (test.one(relation, Some(brand)), false),
                None => (
                    test.one(relation, maker.map(|(party, _)| party)),
                    test.relations.contains(&Relation::Maker),
                ),
            },
            Relation::ControlledBy => (test.control(maker), false),
        };
        match tested {
            Tested::Yes(fact) => {
                pointing.push(relation);
                yes.extend((!told_before).then_some(fact));
            }
            Tested::No(fact) => no.extend((!told_before).then_some(fact)),
            Tested::Open { missing, fact, points } => {
                pointing.extend(points.then_some(relation));
                open.extend((!told_before).then_some((missing, fact)));
            }
        }
    }
    if !yes.is_empty() {
        return PartyAnswer { answer: Answer::Yes, because: yes, pointing };
    }
    let Some(missing) = open.iter().map(|(missing, _)| *missing).min() else {
        return PartyAnswer { answer: Answer::No, because: no, pointing };
    };
    let mut because: Vec<Because> = Vec::new();
    for (_, fact) in open {
        if !because.contains(&fact) {
            because.push(fact);
        }
    }
    because.extend(no);
    PartyAnswer { answer: Answer::Open(missing), because, pointing }
}

/// One relation, tested.
enum Tested {
    Yes(Because),
    No(Because),
    Open { missing: Missing, fact: Because, points: bool },
}

impl Tested {
    fn unknown(missing: Missing) -> Self {
        Self::Open { missing, fact: Because::Open { missing }, points: false }
    }
}

impl Test<'_> {
    /// Maker or brand: one party, known well enough or not.
    fn one(&self, relation: Relation, party: Option<&Party>) -> Tested {
        let Some(party) = party else { return Tested::unknown(Missing::Maker) };
        self.weigh(relation, party, party.confidence, Missing::Confidence)
    }

    fn weigh(
        &self,
        relation: Relation,
        party: &Party,
        confidence: Confidence,
        missing: Missing,
    ) -> Tested {
        let (id, needed, named) = (party.id.clone(), self.needed, self.rule.party.names(&party.id));
        if confidence < needed {
            let fact = Because::TooWeak { relation, id, confidence, needed, named };
            Tested::Open { missing, fact, points: named }
        } else if named {
            Tested::Yes(Because::Party { relation, id, confidence })
        } else {
            Tested::No(Because::OtherParty { relation, ids: vec![id] })
        }
    }

    /// Control at any remove, on the day asked. It is no surer than the maker whose control it is.
    fn control(&self, maker: Option<(&Party, &Controllers)>) -> Tested {
        let Some((maker, controllers)) = maker else { return Tested::unknown(Missing::Maker) };
        let maker_is_weak = maker.confidence < self.needed;
        // While the maker itself is unsure, who controls it is not the question yet.
        let missing = |otherwise| if maker_is_weak { Missing::Confidence } else { otherwise };
        let mut others = Vec::new();
        let mut open = None;
        match controllers {
            Controllers::Unrecorded => return Tested::unknown(missing(Missing::Controllers)),
            Controllers::Recorded(_) if maker_is_weak => {
                open = Some(Tested::unknown(Missing::Confidence))
            }
            Controllers::Recorded(_) => {}
        }
        for controller in controllers.on(self.on) {
            let confidence = controller.party.confidence.min(maker.confidence);
            let missing = missing(Missing::ControllerConfidence);
            match self.weigh(Relation::ControlledBy, &controller.party, confidence, missing) {
                Tested::Yes(fact) => return Tested::Yes(fact),
                Tested::No(_) => others.push(controller.party.id.clone()),
                // Of several open ones, that which points to the rule's party is told.
                Tested::Open { points: false, .. } if open.is_some() => {}
                told @ Tested::Open { .. } => {
                    if !matches!(open, Some(Tested::Open { points: true, .. })) {
                        open = Some(told);
                    }
                }
            }
        }
        open.unwrap_or(Tested::No(Because::OtherParty {
            relation: Relation::ControlledBy,
            ids: others,
        }))
    }
}

/// Whether a date reaches the subject.
enum Reach {
    Due(DueAction),
    SeenBefore(Because),
}

fn due(dated: &DatedAction, from: Option<&Listing>, subject: &Subject, on: Date) -> Reach {
    let action = dated.action;
    let (state, days_left) = match dated.date {
        None => (ActionState::Undated, None),
        Some(date) => {
            let left = days_between(on, date);
            match action {
                Action::NoInstall => {
                    // What was there before may stay: the first sight proves that it was, its absence proves nothing.
                    if let Some(first_seen) = subject.first_seen.filter(|seen| *seen < date) {
                        return Reach::SeenBefore(Because::SeenBefore { first_seen, date });
                    }
                    begins(left)
                }
                Action::NoProcure => begins(left),
                Action::Remove | Action::ReplaceFunction | Action::Permit => ends(left),
            }
        }
    };
    let (scope, mark) = (dated.scope.clone(), dated.mark.or(from.map(|listing| listing.mark)));
    let list = from.map(|listing| listing.list.id.clone());
    Reach::Due(DueAction { action, due: dated.date, days_left, state, scope, mark, list })
}

/// A prohibition from a date: once begun it has no days left, and is not overdue either.
fn begins(left: i64) -> (ActionState, Option<i64>) {
    if left > 0 { (ActionState::Ahead, Some(left)) } else { (ActionState::InEffect, None) }
}

/// A duty by a date: the day itself is the last one.
fn ends(left: i64) -> (ActionState, Option<i64>) {
    let state = if left < 0 { ActionState::Overdue } else { ActionState::Ahead };
    (state, Some(left))
}
