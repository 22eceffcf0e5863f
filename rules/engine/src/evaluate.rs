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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{ComponentKind, Contender, Controller, PartTag};

    /// A pack of one rule, with the given lines in its header and in its rule.
    fn pack(header: &str, rule: &str) -> Pack {
        let text = format!(
            r#"id = "p"
title = "t"
edition = 2026-11-21
last-checked = 2026-11-21
jurisdiction = "NL"
instrument = "i"
sources = ["s"]
publicity = "public"
bound = "b"
disclaimer = "d"
{header}
[[rule]]
id = "r"
title = "t"
severity = "low"
minimum-confidence = "probable"
wording = "w"
{rule}
"#
        );
        Pack::parse(&text, "p").unwrap_or_else(|problems| panic!("{problems}"))
    }

    const IN_FORCE: &str = "status = \"in-force\"";
    const MAKER: &str = "party = { vendors = [\"zte\"], relations = [\"maker\"] }";
    const ANYWHERE: &str = "place = { where = \"anywhere\" }";

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn party(id: &str, confidence: Confidence) -> Party {
        Party { id: id.parse().unwrap(), confidence }
    }

    fn made_by(id: &str) -> Subject {
        Subject {
            maker: Some(party(id, Confidence::Confirmed)),
            controllers: Controllers::Recorded(Vec::new()),
            ..Subject::default()
        }
    }

    fn judge(pack: &Pack, subject: &Subject) -> Judgement {
        evaluate(pack, &pack.rules[0], subject, day("2026-11-21"))
    }

    fn in_parts(tags: &[&str]) -> Parts {
        Parts::Declared(tags.iter().map(|tag| tag.parse().unwrap()).collect())
    }

    #[test]
    fn a_rule_for_parts_asks_for_them_and_does_not_apply_outside() {
        let pack = pack(IN_FORCE, &format!("{MAKER}\nplace = {{ parts = [\"core.*\"] }}"));
        let undeclared = made_by("zte");
        assert_eq!(judge(&pack, &undeclared).verdict, Verdict::Undetermined(Missing::Parts));
        let elsewhere = Subject { parts: in_parts(&["wlan"]), ..made_by("zte") };
        assert_eq!(judge(&pack, &elsewhere).verdict, Verdict::NotApplicable(Why::OtherPart));
        let nowhere = Subject { parts: in_parts(&[]), ..made_by("zte") };
        assert_eq!(judge(&pack, &nowhere).verdict, Verdict::NotApplicable(Why::OtherPart));
        let inside = Subject { parts: in_parts(&["wlan", "core.cp"]), ..made_by("zte") };
        let judged = judge(&pack, &inside);
        assert_eq!(judged.verdict, Verdict::Match);
        let parts: BTreeSet<PartTag> = ["core.cp".parse().unwrap()].into();
        assert!(judged.because.contains(&Because::InParts { parts }), "{judged:?}");
        // The maker settles it: where it stands makes no difference.
        assert_eq!(judge(&pack, &made_by("nokia")).verdict, Verdict::NoMatch);
        assert_eq!(
            judge(&pack, &Subject::default()).verdict,
            Verdict::Undetermined(Missing::Maker)
        );
    }

    #[test]
    fn a_rule_for_roles_and_components_asks_for_them_and_does_not_apply_to_others() {
        let roles =
            pack(IN_FORCE, &format!("{MAKER}\n{ANYWHERE}\nthing = {{ roles = [\"camera\"] }}"));
        assert_eq!(judge(&roles, &made_by("zte")).verdict, Verdict::Undetermined(Missing::Role));
        let with = |role: &str| Subject { roles: [role.to_owned()].into(), ..made_by("zte") };
        assert_eq!(judge(&roles, &with("camera")).verdict, Verdict::Match);
        assert_eq!(judge(&roles, &with("switch")).verdict, Verdict::NotApplicable(Why::OtherRole));

        let optics =
            pack(IN_FORCE, &format!("{MAKER}\n{ANYWHERE}\nthing = {{ components = [\"optic\"] }}"));
        let part = |kind| Subject { component: Some(kind), ..made_by("zte") };
        assert_eq!(judge(&optics, &part(ComponentKind::Optic)).verdict, Verdict::Match);
        let other = Verdict::NotApplicable(Why::OtherComponent);
        assert_eq!(judge(&optics, &part(ComponentKind::Fan)).verdict, other);
        assert_eq!(judge(&optics, &made_by("zte")).verdict, other);
    }

    #[test]
    fn only_what_is_in_force_on_the_day_applies() {
        for status in ["proposal", "stayed", "expired"] {
            let pack = pack(&format!("status = \"{status}\""), &format!("{MAKER}\n{ANYWHERE}"));
            let verdict = judge(&pack, &made_by("zte")).verdict;
            assert_eq!(verdict, Verdict::NotApplicable(Why::Status(status.parse().unwrap())));
        }
        let rule = format!("from = 2024-01-01\nuntil = 2024-12-31\n{MAKER}\n{ANYWHERE}");
        let pack = pack(IN_FORCE, &rule);
        let on = |text: &str| evaluate(&pack, &pack.rules[0], &made_by("zte"), day(text)).verdict;
        assert_eq!(on("2023-12-31"), Verdict::NotApplicable(Why::NotYet(day("2024-01-01"))));
        assert_eq!((on("2024-01-01"), on("2024-12-31")), (Verdict::Match, Verdict::Match));
        assert_eq!(on("2025-01-01"), Verdict::NotApplicable(Why::Ended(day("2024-12-31"))));
    }

    #[test]
    fn weak_evidence_is_undetermined_either_way_and_says_whether_it_points_here() {
        let pack = pack(IN_FORCE, &format!("{MAKER}\n{ANYWHERE}"));
        for (id, points) in [("zte", true), ("nokia", false)] {
            let subject =
                Subject { maker: Some(party(id, Confidence::Possible)), ..Subject::default() };
            let judged = judge(&pack, &subject);
            assert_eq!(judged.verdict, Verdict::Undetermined(Missing::Confidence));
            assert_eq!(judged.points_here(), points, "{id}");
            assert_eq!(
                judged.because[0].to_string(),
                format!("maker {id} is only possible, the rule asks for probable")
            );
        }
        assert!(!judge(&pack, &Subject::default()).points_here());
    }

    #[test]
    fn a_contested_maker_is_undetermined_when_it_matters_who_is_right() {
        let pack = pack(IN_FORCE, &format!("{MAKER}\n{ANYWHERE}"));
        let contested = |maker: &str, other: &str, confidence| {
            let controllers = Controllers::Recorded(Vec::new());
            let contender = Contender { party: party(other, confidence), controllers };
            judge(&pack, &Subject { against: vec![contender], ..made_by(maker) })
        };
        for confidence in [Confidence::Possible, Confidence::Probable, Confidence::Confirmed] {
            let open = Verdict::Undetermined(Missing::AgreedMaker);
            assert_eq!(contested("nokia", "zte", confidence).verdict, open);
            assert_eq!(contested("zte", "nokia", confidence).verdict, open);
            assert!(contested("nokia", "zte", confidence).points_here());
            assert_eq!(contested("nokia", "ericsson", confidence).verdict, Verdict::NoMatch);
            assert_eq!(contested("zte", "zte", confidence).verdict, Verdict::Match);
        }
        let nobody_leads = Subject { maker: None, ..made_by("x") };
        let zte = Contender {
            party: party("zte", Confidence::Probable),
            controllers: Controllers::Unrecorded,
        };
        let judged = judge(&pack, &Subject { against: vec![zte], ..nobody_leads });
        assert_eq!(judged.verdict, Verdict::Undetermined(Missing::AgreedMaker));
    }

    #[test]
    fn control_counts_at_any_remove_but_only_while_it_lasts_and_only_as_surely_as_the_maker() {
        let rule = format!(
            "party = {{ vendors = [\"zte\"], relations = [\"controlled-by\"] }}\n{ANYWHERE}"
        );
        let pack = pack(IN_FORCE, &rule);
        let controlled = |controllers: Vec<Controller>| Subject {
            controllers: Controllers::Recorded(controllers),
            ..made_by("nubia")
        };
        let by = |id: &str, confidence| Controller::from(party(id, confidence));
        let confirmed = Confidence::Confirmed;
        let chain = controlled(vec![by("holding", confirmed), by("zte", confirmed)]);
        assert_eq!(judge(&pack, &chain).verdict, Verdict::Match);
        assert_eq!(judge(&pack, &controlled(vec![])).verdict, Verdict::NoMatch);
        // The maker itself is not its own controller.
        assert_eq!(judge(&pack, &made_by("zte")).verdict, Verdict::NoMatch);
        let weak = controlled(vec![by("zte", Confidence::Possible)]);
        assert_eq!(
            judge(&pack, &weak).verdict,
            Verdict::Undetermined(Missing::ControllerConfidence)
        );
        let weak_maker =
            Subject { maker: Some(party("nubia", Confidence::Possible)), ..chain.clone() };
        let judged = judge(&pack, &weak_maker);
        assert_eq!(
            (judged.verdict, judged.points_here()),
            (Verdict::Undetermined(Missing::Confidence), true)
        );
        let unrecorded = Subject { controllers: Controllers::Unrecorded, ..chain };
        assert_eq!(judge(&pack, &unrecorded).verdict, Verdict::Undetermined(Missing::Controllers));

        let (from, until) = (Some(day("2020-01-01")), Some(day("2022-01-01")));
        let sold = controlled(vec![Controller { from, until, ..by("zte", confirmed) }]);
        let on = |text: &str| evaluate(&pack, &pack.rules[0], &sold, day(text)).verdict;
        assert_eq!((on("2019-12-31"), on("2020-01-01")), (Verdict::NoMatch, Verdict::Match));
        assert_eq!((on("2021-12-31"), on("2022-01-01")), (Verdict::Match, Verdict::NoMatch));
    }

    #[test]
    fn the_name_on_the_box_counts_and_is_the_makers_own_when_nothing_else_is_known() {
        let rule =
            format!("party = {{ vendors = [\"zte\"], relations = [\"brand\"] }}\n{ANYWHERE}");
        let pack = pack(IN_FORCE, &rule);
        assert_eq!(judge(&pack, &made_by("zte")).verdict, Verdict::Match);
        let sold_as = |brand: &str| Subject {
            brand: Some(party(brand, Confidence::Probable)),
            ..made_by("nokia")
        };
        assert_eq!(judge(&pack, &sold_as("zte")).verdict, Verdict::Match);
        let other_name =
            Subject { brand: Some(party("vodafone", Confidence::Probable)), ..made_by("zte") };
        assert_eq!(judge(&pack, &other_name).verdict, Verdict::NoMatch);
    }

    #[test]
    fn dates_run_down_to_their_day_and_are_overdue_on_the_next() {
        let actions = "action = [{ do = \"no-procure\", date = 2026-01-01 }, { do = \"remove\", date = 2027-12-31 }, \
                       { do = \"no-install\", date = 2026-06-01 }, { do = \"replace-function\" }]";
        let pack = pack(IN_FORCE, &format!("{actions}\n{MAKER}\n{ANYWHERE}"));
        let on = |text: &str, subject: &Subject| {
            let judged = evaluate(&pack, &pack.rules[0], subject, day(text));
            judged
                .actions
                .iter()
                .map(|due| (due.action, due.days_left, due.state))
                .collect::<Vec<_>>()
        };
        use {Action::*, ActionState::*};
        let all = on("2026-11-21", &made_by("zte"));
        let wanted = [
            (Remove, Some(405), Ahead),
            (NoProcure, None, InEffect),
            (NoInstall, None, InEffect),
            (ReplaceFunction, None, Undated),
        ];
        assert_eq!(all, wanted);
        assert_eq!(on("2027-12-31", &made_by("zte"))[0], (Remove, Some(0), Ahead));
        assert_eq!(on("2028-01-01", &made_by("zte"))[0], (Remove, Some(-1), Overdue));
        assert_eq!(on("2025-12-31", &made_by("zte"))[0], (NoProcure, Some(1), Ahead));
        assert!(on("2026-01-01", &made_by("zte")).contains(&(NoProcure, None, InEffect)));

        let before = Subject { first_seen: Some(day("2026-05-31")), ..made_by("zte") };
        assert!(!on("2026-11-21", &before).iter().any(|(action, ..)| *action == NoInstall));
        let judged = judge(&pack, &before);
        assert!(
            judged.because.iter().any(|because| matches!(because, Because::SeenBefore { .. })),
            "{judged:?}"
        );
        let after = Subject { first_seen: Some(day("2026-06-01")), ..made_by("zte") };
        assert!(on("2026-11-21", &after).iter().any(|(action, ..)| *action == NoInstall));
    }

    #[test]
    fn what_does_not_match_has_nothing_to_do() {
        let pack =
            pack(IN_FORCE, &format!("action = [{{ do = \"remove\" }}]\n{MAKER}\n{ANYWHERE}"));
        assert_eq!(judge(&pack, &made_by("nokia")).actions, []);
        assert_eq!(
            judge(&pack, &Subject::default()).actions.len(),
            1,
            "an open question keeps its dates"
        );
    }

    #[test]
    fn a_stayed_list_names_nobody_and_a_name_taken_off_no_longer_counts() {
        let list = |id: &str, status: &str| {
            format!(
                "[[list]]\nid = \"{id}\"\ninstrument = \"{id}\"\njurisdiction = \"NL\"\nforce = \"warning\"\n\
                 status = \"{status}\"\nbound = \"b\"\nscope = \"s\"\nmark = \"official\"\n\
                 source = [{{ text = \"t\", last-checked = 2026-11-21 }}]\n"
            )
        };
        let header = format!("{IN_FORCE}\n{}{}", list("now", "in-force"), list("court", "stayed"));
        let named = |list: &str, more: &str| {
            format!(
                "{{ list = \"{list}\", name = \"n\", since = 2020-01-01, {more} reaches = [\"maker\"], mark = \"official\" }}"
            )
        };
        let rule = |more: &str| {
            format!(
                "listing = [{}, {}]\n{MAKER}\n{ANYWHERE}",
                named("now", more),
                named("court", "")
            )
        };
        let both = pack(&header, &rule(""));
        let cited: Vec<_> =
            judge(&both, &made_by("zte")).listings().map(|at| at.list.id.clone()).collect();
        assert_eq!(cited, ["now"]);
        let off = pack(&header, &rule("until = 2026-11-21,"));
        assert_eq!(judge(&off, &made_by("zte")).verdict, Verdict::NotApplicable(Why::NotListed));
        let eve = evaluate(&off, &off.rules[0], &made_by("zte"), day("2026-11-20"));
        assert_eq!(eve.verdict, Verdict::Match);
    }
}
