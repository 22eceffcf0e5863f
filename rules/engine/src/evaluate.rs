//! One rule, one subject, one day: three-valued (Kleene) logic over the rule's tests.
//!
//! No match arm here is a wildcard: a new kind of test, relation or action does not compile until it is judged.

mod chain;
mod dates;
mod facts;
mod ground;
mod party;
mod together;

use std::cmp::Reverse;
use std::sync::Arc;

use jiff::civil::Date;

use self::facts::Scope;
use self::ground::Ground;
use self::party::Asked;
use self::together::{Answer, Relations};
use crate::judgement::{DueAction, Judgement, Outcome, Verdict, Waived, Why};
use crate::pack::{Binding, DatedAction, Listing, Pack, PlaceTest, Rule};
use crate::{Because, Missing};
use crate::{Context, Force, Grade, Severity, Status, Subject};

/// Judges one subject under one rule on one day, for an operator who says nothing of himself.
///
/// See [`evaluate_in`]; where the pack asks what the operator is, the answer is undetermined.
pub fn evaluate(pack: &Pack, rule: &Rule, subject: &Subject, on: Date) -> Judgement {
    evaluate_in(pack, rule, subject, &Context::default(), on)
}

/// Judges one subject under one rule on one day. Pure: the same arguments give the same judgement on any machine.
///
/// Order of the questions: is the rule in force; does it bind the operator; is it about such a thing; in such a place;
/// is there an exception; did a person answer no; is it about this party; has a person still to answer. Out of scope is answered first, then a
/// party known to be another, then what is missing.
pub fn evaluate_in(
    pack: &Pack,
    rule: &Rule,
    subject: &Subject,
    context: &Context,
    on: Date,
) -> Judgement {
    let decided = decide::<Because>(pack, rule, subject, context, on);
    let Decided { verdict, mut because, severity, force, more, points, pointing, suspected } =
        decided;
    let mut judgement = Judgement {
        verdict,
        because: Vec::new(),
        actions: Vec::new(),
        severity,
        force,
        open: more.into_iter().collect(),
        grade: if suspected { Grade::Suspected } else { Grade::Established },
        waiver: None,
        points,
    };
    match verdict {
        Verdict::NoMatch | Verdict::NotApplicable(_) => {
            judgement.because = because;
            return judgement;
        }
        Verdict::Match | Verdict::Undetermined(_) => {}
    }
    let mut due = |dated: &[DatedAction], from: Option<&Listing>, because: &mut Vec<Because>| {
        for dated in dated {
            match dates::due(dated, from, pack, subject, context, on) {
                dates::Reach::Due(action) => judgement.actions.push(action),
                dates::Reach::SeenBefore(fact) if because.contains(&fact) => {}
                dates::Reach::SeenBefore(fact) => because.push(fact),
                dates::Reach::NotForIt => {}
            }
        }
    };
    due(&rule.actions, None, &mut because);
    for listing in rule.listings.iter().filter(|listing| listing.holds_on(on)) {
        if listing.reaches.iter().any(|relation| pointing.contains(*relation)) {
            due(&listing.actions, Some(listing), &mut because);
            because.push(Because::Listed(Arc::clone(listing)));
        }
    }
    in_order(&mut judgement.actions);
    judgement.because = because;
    judgement.waiver = subject.id.as_ref().and_then(|id| waived(pack, rule, id, context, on));
    judgement
}

/// The verdict of [`evaluate_in`] without its grounds, actions and waiver, by the same tests. It takes no memory, so
/// that very many subjects can be asked first, and those alone judged in full of which there is something to say.
pub fn outcome_in(
    pack: &Pack,
    rule: &Rule,
    subject: &Subject,
    context: &Context,
    on: Date,
) -> Outcome {
    let Decided { verdict, points, .. } = decide::<()>(pack, rule, subject, context, on);
    Outcome { verdict, points_here: points }
}

/// What all tests of a rule come to.
struct Decided<F> {
    verdict: Verdict,
    because: Vec<F>,
    severity: Severity,
    force: Option<Force>,
    /// What would make it weigh more, if it were so.
    more: Option<Missing>,
    points: bool,
    pointing: Relations,
    suspected: bool,
}

impl<F> Decided<F> {
    /// A rule that says nothing of the subject.
    fn plain(verdict: Verdict, because: Vec<F>, severity: Severity) -> Self {
        let (pointing, force, more) = (Relations::default(), None, None);
        Self { verdict, because, severity, force, more, points: false, pointing, suspected: false }
    }
}

/// All tests of a rule, with the grounds where they are kept.
fn decide<F: Ground>(
    pack: &Pack,
    rule: &Rule,
    subject: &Subject,
    context: &Context,
    on: Date,
) -> Decided<F> {
    let standing = match rule.set {
        Some(_) => Err(Why::SetRule),
        None => standing::<F>(pack, rule, context, on),
    };
    match standing {
        Ok(standing) => decide_from(standing, pack, rule, subject, context, on),
        Err(why) => {
            let fact = F::of(|| Because::OutOfScope { why });
            Decided::plain(Verdict::NotApplicable(why), vec![fact], rule.severity)
        }
    }
}

/// The tests of the subject itself, where it is known how the rule stands.
fn decide_from<F: Ground>(
    standing: Standing<F>,
    pack: &Pack,
    rule: &Rule,
    subject: &Subject,
    context: &Context,
    on: Date,
) -> Decided<F> {
    let out = |why, fact| Decided::plain(Verdict::NotApplicable(why), vec![fact], rule.severity);
    let Standing { because: mut met, mut open, severity, force, more, reached } = standing;
    let old_stock = dates::old_stock(pack, rule, subject, context, on);
    for scope in scopes(pack, rule, subject, context).chain([old_stock]) {
        match scope {
            Scope::Any => {}
            Scope::In(fact) => met.push(fact),
            Scope::Unknown(missing) => open.push::<F>(missing),
            Scope::Out(why, fact) => return out(why, fact),
        }
    }
    // A no of the operator's ends the matter, whoever made the thing.
    let mut answers: Vec<F> = Vec::new();
    let is_assessed = match chain::walk(pack, rule, subject, context, on, &mut answers) {
        chain::End::Complete => true,
        chain::End::Open => false,
        chain::End::Refused => {
            return Decided::plain(Verdict::NotApplicable(Why::AnsweredNo), answers, rule.severity);
        }
    };

    let asked = Asked { pack, rule, context, reached, on };
    let party = party::party::<F>(&asked, subject);
    let mut because = party.because;
    let verdict = match party.answer {
        Answer::No => return Decided::plain(Verdict::NoMatch, because, rule.severity),
        Answer::Open(missing) => Verdict::Undetermined(missing),
        Answer::Yes => match open.first() {
            Some(missing) => Verdict::Undetermined(missing),
            // What persons say never makes a match of what the tests leave open.
            None if !is_assessed => Verdict::Undetermined(Missing::Assessment),
            None => Verdict::Match,
        },
    };
    if F::IS_KEPT {
        because.extend(met);
        for missing in open.all().chain(more) {
            let fact = F::of(|| Because::Open { missing });
            if !because.contains(&fact) {
                because.push(fact);
            }
        }
        because.extend(answers);
    }
    let (points, pointing, suspected) = (party.points, party.pointing, party.suspected);
    Decided { verdict, because, severity, force, more, points, pointing, suspected }
}

/// What the instrument is to this operator on this day.
#[derive(Debug, Clone)]
struct Standing<F> {
    because: Vec<F>,
    open: Open,
    severity: Severity,
    force: Option<Force>,
    /// What would make it weigh more, if it were so: a stronger binding that the operator neither claims nor denies.
    more: Option<Missing>,
    /// The relations in which it reaches a subject.
    reached: Relations,
}

/// What is open, in the order it was asked; the first one is the verdict's, the others are for its grounds.
#[derive(Debug, Clone, Default)]
struct Open {
    first: Option<Missing>,
    more: Vec<Missing>,
}

impl Open {
    fn push<F: Ground>(&mut self, missing: Missing) {
        if self.first.is_none() {
            self.first = Some(missing);
        } else if F::IS_KEPT {
            self.more.push(missing);
        }
    }

    fn first(&self) -> Option<Missing> {
        self.first
    }

    fn all(self) -> impl Iterator<Item = Missing> {
        self.first.into_iter().chain(self.more)
    }
}

fn standing<F: Ground>(
    pack: &Pack,
    rule: &Rule,
    context: &Context,
    on: Date,
) -> Result<Standing<F>, Why> {
    let current = || rule.listings.iter().filter(|listing| listing.holds_on(on));
    if let Some(why) = not_in_force(pack, rule, current().next().is_none(), on) {
        return Err(why);
    }
    // An affiliates clause belongs to a list, not to the rule: without such a list in force, control reaches nobody.
    let mut reached = if rule.listings.is_empty() { Relations::ALL } else { Relations::default() };
    for listing in current() {
        listing.reaches.iter().for_each(|relation| reached.insert(*relation));
    }
    let (because, open, severity) = (Vec::new(), Open::default(), rule.severity);
    let mut standing = Standing { because, open, severity, force: None, more: None, reached };
    match pack.status {
        status @ (Status::Challenged | Status::Modified) => {
            standing.because.push(F::of(|| Because::Standing { status }));
        }
        Status::InForce | Status::Proposal | Status::Stayed | Status::Expired => {}
    }
    // Of several kinds that the operator is, the one that binds most: forces are ordered from the strongest.
    let severity = |binding: &Binding| binding.severity.unwrap_or(rule.severity);
    let ours = pack.binds.iter().filter(|binding| context.is.contains(&binding.who));
    if let Some(binding) = ours.min_by_key(|one| (one.force, Reverse(severity(one)))) {
        let (who, force) = (|| binding.who.clone(), binding.force);
        standing.because.push(F::of(|| Because::Bound { who: who(), force }));
        standing.force = Some(force);
        standing.severity = severity(binding);
        let is_more =
            |other: &&Binding| other.force < binding.force || severity(other) > severity(binding);
        let unsaid = |other: &Binding| {
            !context.is.contains(&other.who) && !context.is_not.contains(&other.who)
        };
        if pack.binds.iter().filter(is_more).any(unsaid) {
            standing.more = Some(Missing::Addressee);
        }
    } else if !pack.binds.is_empty() {
        if pack.binds.iter().all(|binding| context.is_not.contains(&binding.who)) {
            return Err(Why::NotBound);
        }
        standing.open.push::<F>(Missing::Addressee);
    }
    if let Some(test) = &pack.order {
        match context.order(&pack.id) {
            Some(order) if test.issuers.contains(&order.issuer) => {
                if let Some(date) = order.date.filter(|date| on < *date) {
                    return Err(Why::NotYet(date));
                }
                standing.because.push(F::of(|| Because::Order {
                    reference: order.reference.clone(),
                    issuer: order.issuer.clone(),
                    scope: order.scope.clone(),
                }));
            }
            Some(_) | None => standing.open.push::<F>(Missing::Order),
        }
    }
    Ok(standing)
}

fn not_in_force(pack: &Pack, rule: &Rule, unlisted: bool, on: Date) -> Option<Why> {
    if !pack.status.has_effect() {
        return Some(Why::Status(pack.status));
    }
    if let Some(from) = [pack.from, rule.from].into_iter().flatten().find(|from| on < *from) {
        return Some(Why::NotYet(from));
    }
    if let Some(until) = [pack.until, rule.until].into_iter().flatten().find(|until| *until < on) {
        return Some(Why::Ended(until));
    }
    (unlisted && !rule.listings.is_empty()).then_some(Why::NotListed)
}

/// How the subject stands to each thing, place and exception of the rule, one by one as they are asked for.
fn scopes<'a, F: Ground>(
    pack: &Pack,
    rule: &'a Rule,
    subject: &'a Subject,
    context: &'a Context,
) -> impl Iterator<Item = Scope<F>> + use<'a, F> {
    let order = context.valid_order(pack);
    let (parts, tests) = match &rule.place {
        PlaceTest::Anywhere => (None, [].as_slice()),
        PlaceTest::Parts(wanted) => (Some(wanted), [].as_slice()),
        PlaceTest::Where(tests) => (None, tests.as_slice()),
    };
    let thing = [
        facts::component(&rule.thing.components, subject),
        facts::role(&rule.thing.roles, subject),
    ];
    let tests = rule.thing.more.iter().chain(tests);
    thing
        .into_iter()
        .chain(parts.map(|wanted| facts::parts(wanted, subject)))
        .chain(tests.map(move |test| facts::fact(test, subject, order)))
        .chain(rule.except.iter().map(move |one| facts::exception(one, subject, order)))
}

/// How the subject stands to thing and place alone: for counting a whole inventory.
pub(crate) fn is_in_scope(
    pack: &Pack,
    rule: &Rule,
    subject: &Subject,
    context: &Context,
) -> Result<bool, Missing> {
    let mut open = None;
    for scope in scopes::<()>(pack, rule, subject, context) {
        match scope {
            Scope::Any | Scope::In(_) => {}
            Scope::Unknown(missing) => open = open.or(Some(missing)),
            Scope::Out(..) => return Ok(false),
        }
    }
    open.map_or(Ok(true), Err)
}

/// Whether the subject is of the rule's party: for counting a whole inventory.
pub(crate) fn is_of_party(
    pack: &Pack,
    rule: &Rule,
    subject: &Subject,
    context: &Context,
    on: Date,
) -> Result<bool, Missing> {
    let asked = Asked { pack, rule, context, reached: Relations::ALL, on };
    match party::party::<()>(&asked, subject).answer {
        Answer::Yes => Ok(true),
        Answer::No => Ok(false),
        Answer::Open(missing) => Err(missing),
    }
}

/// What a rule is to the operator, without any subject.
pub(crate) struct Stands {
    /// What is open about it.
    pub(crate) open: Option<Missing>,
    pub(crate) severity: Severity,
    pub(crate) force: Option<Force>,
    /// What would make it weigh more, if it were so.
    pub(crate) more: Option<Missing>,
}

/// What the instrument is to the operator, without any subject: why it does not apply, or what is open about it.
pub(crate) fn stands(pack: &Pack, rule: &Rule, context: &Context, on: Date) -> Result<Stands, Why> {
    let Standing { mut open, severity, force, more, .. } = standing::<()>(pack, rule, context, on)?;
    // An answer for one subject says nothing of all: those alone count here that are for none in particular.
    match chain::walk::<()>(pack, rule, &Subject::default(), context, on, &mut Vec::new()) {
        chain::End::Complete => {}
        chain::End::Open => open.push::<()>(Missing::Assessment),
        chain::End::Refused => return Err(Why::AnsweredNo),
    }
    Ok(Stands { open: open.first(), severity, force, more })
}

/// A rule on a day, for an operator: what is the same for every subject, worked out once.
#[derive(Debug)]
pub(crate) struct Prepared(Standing<()>);

impl Prepared {
    /// None: the rule says nothing on that day to that operator, whatever the subject.
    pub(crate) fn new(pack: &Pack, rule: &Rule, context: &Context, on: Date) -> Option<Self> {
        standing::<()>(pack, rule, context, on).ok().map(Self)
    }

    /// See [`outcome_in`], for the same rule, operator and day.
    pub(crate) fn outcome(
        &self,
        pack: &Pack,
        rule: &Rule,
        subject: &Subject,
        context: &Context,
        on: Date,
    ) -> Outcome {
        let Decided { verdict, points, .. } =
            decide_from::<()>(self.0.clone(), pack, rule, subject, context, on);
        Outcome { verdict, points_here: points }
    }
}

/// What the rule itself asks, by when, of what is known so.
pub(crate) fn dues(
    pack: &Pack,
    rule: &Rule,
    subject: &Subject,
    context: &Context,
    on: Date,
) -> Vec<DueAction> {
    let due = |dated| match dates::due(dated, None, pack, subject, context, on) {
        dates::Reach::Due(action) => Some(action),
        dates::Reach::SeenBefore(_) | dates::Reach::NotForIt => None,
    };
    let mut actions: Vec<DueAction> = rule.actions.iter().filter_map(due).collect();
    in_order(&mut actions);
    actions
}

/// Ahead first and by date, so that the first one is what a reader plans for; the sort keeps the pack's order.
fn in_order(actions: &mut [DueAction]) {
    actions.sort_by_key(|action| (action.state, action.due));
}

/// The waiver for a finding about that subject: one that holds before one that does not.
pub(crate) fn waived(
    pack: &Pack,
    rule: &Rule,
    subject: &str,
    context: &Context,
    on: Date,
) -> Option<Box<Waived>> {
    let ours = context.waivers.iter().filter(|waiver| {
        waiver.pack == pack.id && waiver.rule == rule.id && waiver.subject == subject
    });
    ours.map(|waiver| (waiver.state(&pack.waiver_roles, on), waiver))
        .min_by_key(|(state, waiver)| (*state as u8, Reverse(waiver.expires)))
        .map(|(state, waiver)| Box::new(Waived { waiver: waiver.clone(), state }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{
        Action, ActionState, ComponentKind, Confidence, Contender, Controller, Controllers,
        PartTag, Parts, Party,
    };

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
    fn of_a_contender_only_the_maker_is_supposed_and_who_controls_it_must_be_as_sure_as_ever() {
        let rule = format!(
            "party = {{ vendors = [\"zte\"], relations = [\"controlled-by\"] }}\n{ANYWHERE}"
        );
        let pack = pack(IN_FORCE, &rule);
        let by = |id: &str, confidence| {
            Controllers::Recorded(vec![Controller::from(party(id, confidence))])
        };
        let contested = |main: &str, other: &str, confidence| {
            let contender = Contender {
                party: party("ericsson", Confidence::Possible),
                controllers: by(other, confidence),
            };
            let controllers = by(main, Confidence::Confirmed);
            judge(&pack, &Subject { against: vec![contender], controllers, ..made_by("nokia") })
                .verdict
        };
        assert_eq!(contested("zte", "zte", Confidence::Confirmed), Verdict::Match);
        assert_eq!(contested("nubia", "nubia", Confidence::Confirmed), Verdict::NoMatch);
        for main in ["zte", "nubia"] {
            for other in ["zte", "nubia"] {
                let told = contested(main, other, Confidence::Possible);
                assert!(matches!(told, Verdict::Undetermined(_)), "{main} {other}: {told:?}");
            }
        }
    }

    #[test]
    fn an_exception_by_part_takes_a_declared_device_out_or_leaves_it_alone() {
        let except = "except = [{ title = \"t\", parts = [\"lan.core\"] }]";
        let pack = pack(IN_FORCE, &format!("{except}\n{MAKER}\n{ANYWHERE}"));
        let at = |parts: &[&str]| {
            let parts = parts.iter().map(|tag| tag.parse().unwrap()).collect();
            judge(&pack, &Subject { parts: Parts::Declared(parts), ..made_by("zte") }).verdict
        };
        assert_eq!(at(&["core.cp"]), Verdict::Match);
        assert_eq!(at(&[]), Verdict::Match);
        assert_eq!(at(&["lan.core"]), Verdict::NotApplicable(Why::Excepted));
        let undeclared = judge(&pack, &made_by("zte")).verdict;
        assert_eq!(undeclared, Verdict::Undetermined(Missing::Parts));
    }

    #[test]
    fn an_order_of_an_issuer_that_the_pack_does_not_name_designates_no_part_and_starts_no_term() {
        let header = format!("{IN_FORCE}\norder = {{ issuers = [\"minister\"] }}");
        let action = "action = [{ do = \"remove\", period = \"7y\", from = \"order\" }]";
        let by = |issuer: &str, rule: &str| {
            let pack = pack(&header, &format!("{action}\n{MAKER}\n{rule}"));
            let order = crate::Order {
                pack: "p".to_owned(),
                reference: "r".to_owned(),
                issuer: issuer.to_owned(),
                parts: Some(["core.cp".parse().unwrap()].into()),
                vendors: None,
                scope: "s".to_owned(),
                date: Some(day("2026-01-01")),
                term: None,
            };
            let context = Context { orders: vec![order], ..Context::default() };
            let parts = Parts::Declared(["lan.core".parse().unwrap()].into());
            let subject = Subject { parts, ..made_by("zte") };
            evaluate_in(&pack, &pack.rules[0], &subject, &context, day("2026-11-21"))
        };
        let ordered = "place = { where = \"order\" }";
        let right = by("minister", ordered).verdict;
        assert_eq!(right, Verdict::NotApplicable(Why::OtherPart));
        let open = Verdict::Undetermined(Missing::Order);
        assert_eq!(by("mayor", ordered).verdict, open);
        let anywhere = by("mayor", ANYWHERE);
        assert_eq!(anywhere.verdict, open);
        assert_eq!(anywhere.actions[0].missing, Some(Missing::OrderDate));
    }

    #[test]
    fn a_least_term_past_the_end_of_the_calendar_leaves_no_last_day() {
        let action = "action = [{ do = \"remove\", date = 2026-01-01, minimum-term = \"100y\", from = \"first-seen\" }]";
        let pack = pack(IN_FORCE, &format!("{action}\n{MAKER}\n{ANYWHERE}"));
        let subject = Subject { first_seen: Some(day("9950-01-01")), ..made_by("zte") };
        let due = &judge(&pack, &subject).actions[0];
        assert_eq!((due.due, due.state), (None, ActionState::Undated));
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
    fn a_rule_against_new_things_alone_is_not_about_what_was_there_before_all_of_its_days() {
        let rule =
            |actions: &str| pack(IN_FORCE, &format!("action = [{actions}]\n{MAKER}\n{ANYWHERE}"));
        let seen = |pack: &Pack, first: &str, roles: &[&str]| {
            let roles = roles.iter().map(|role| (*role).to_owned()).collect();
            let subject = Subject { first_seen: Some(day(first)), roles, ..made_by("zte") };
            judge(pack, &subject)
        };
        let old = Verdict::NotApplicable(Why::OldStock);
        let early = "{ do = \"no-install\", date = 2022-01-01 }";
        let late = "{ do = \"no-install\", date = 2024-01-01, only = { roles = [\"camera\"] } }";
        let both = rule(&format!("{early}, {late}"));
        let judged = seen(&both, "2021-12-31", &["camera"]);
        assert_eq!(judged.verdict, old);
        let (first_seen, date) = (day("2021-12-31"), day("2022-01-01"));
        assert_eq!(judged.because, [Because::SeenBefore { first_seen, date }]);
        assert_eq!(seen(&both, "2022-01-01", &["camera"]).verdict, Verdict::Match);
        // Nobody knows since when, and the rule asks nothing of what was there.
        let open = Verdict::Undetermined(Missing::FirstSeen);
        assert_eq!(judge(&both, &made_by("zte")).verdict, open);
        // A day that is for others says nothing of this one, and one that may be for it leaves it open.
        let early = "{ do = \"no-install\", date = 2022-01-01, only = { roles = [\"router\"] } }";
        let each = rule(&format!("{early}, {late}"));
        assert_eq!(seen(&each, "2023-01-01", &["camera"]).verdict, old);
        assert_eq!(seen(&each, "2023-01-01", &["router"]).verdict, Verdict::Match);
        assert_eq!(seen(&each, "2023-01-01", &["phone"]).verdict, Verdict::Match);
        let role = Verdict::Undetermined(Missing::Role);
        assert_eq!(seen(&each, "2023-01-01", &[]).verdict, role);
        // What it asks for besides is asked of old things too, and a rule of no action is about whatever it names.
        let more = rule("{ do = \"no-install\", date = 2022-01-01 }, { do = \"no-procure\" }");
        assert_eq!(seen(&more, "2021-01-01", &[]).verdict, Verdict::Match);
        let none = pack(IN_FORCE, &format!("{MAKER}\n{ANYWHERE}"));
        assert_eq!(seen(&none, "2021-01-01", &[]).verdict, Verdict::Match);
        // The term of an order starts on a day that only the operator knows.
        let ordered = "{ do = \"no-install\", period = \"1y\", from = \"order\" }";
        let undated = Verdict::Undetermined(Missing::OrderDate);
        assert_eq!(seen(&rule(ordered), "2021-01-01", &[]).verdict, undated);
    }

    #[test]
    fn what_an_operator_left_unsaid_of_a_stronger_binding_shows_in_the_finding() {
        let binds = "binds = [{ who = \"government\", force = \"obligation\" }, \
                     { who = \"vital-operator\", force = \"advice\", severity = \"info\" }, \
                     { who = \"supplier\", force = \"advice\", severity = \"high\" }]";
        let pack = pack(&format!("{IN_FORCE}\n{binds}"), &format!("{MAKER}\n{ANYWHERE}"));
        let told = |is: &[&str], is_not: &[&str]| {
            let names = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect();
            let context = Context { is: names(is), is_not: names(is_not), ..Context::default() };
            let subject = made_by("zte");
            let judged = evaluate_in(&pack, &pack.rules[0], &subject, &context, day("2026-11-21"));
            let words = Because::Open { missing: Missing::Addressee };
            assert_eq!(judged.because.contains(&words), !judged.open.is_empty(), "{judged:?}");
            let outcome = outcome_in(&pack, &pack.rules[0], &subject, &context, day("2026-11-21"));
            assert_eq!((judged.verdict, outcome.verdict), (Verdict::Match, Verdict::Match));
            (judged.force.unwrap(), judged.severity, judged.open)
        };
        let open = vec![Missing::Addressee];
        let advice = |severity, open| (Force::Advice, severity, open);
        let vital = |is_not: &[&str]| told(&["vital-operator"], is_not);
        assert_eq!(vital(&[]), advice(Severity::Info, open.clone()));
        assert_eq!(vital(&["supplier"]), advice(Severity::Info, open.clone()));
        // Of the same force, and more severe.
        assert_eq!(vital(&["government"]), advice(Severity::Info, open.clone()));
        assert_eq!(vital(&["government", "supplier"]), advice(Severity::Info, vec![]));
        // Of two bindings of one force, the more severe one counts.
        let both = told(&["vital-operator", "supplier"], &["government"]);
        assert_eq!(both, advice(Severity::High, vec![]));
        // What is weaker in every way is not asked for; what is more severe is, whatever its force.
        let (force, severity, left) = told(&["government"], &[]);
        assert_eq!((force, severity, left), (Force::Obligation, Severity::Low, open));
        assert_eq!(told(&["government"], &["supplier"]).2, vec![]);
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

    #[test]
    fn a_soft_date_and_the_last_day_for_an_extension_run_down_beside_the_hard_one() {
        let action = "action = [{ do = \"remove\", soft-date = 2026-11-01, date = 2027-12-31, extension-request-by = 2026-11-22 }]";
        let pack = pack(IN_FORCE, &format!("{action}\n{MAKER}\n{ANYWHERE}"));
        let judged = judge(&pack, &made_by("zte"));
        let due = judged.next_due().unwrap();
        assert_eq!(
            (due.soft_days_left, due.days_left, due.extension_days_left),
            (Some(-20), Some(405), Some(1))
        );
        assert!(!judged.is_overdue());
    }

    #[test]
    fn a_court_case_shows_and_changes_nothing() {
        let rule = format!("{MAKER}\n{ANYWHERE}");
        let judged = judge(&pack("status = \"challenged\"", &rule), &made_by("zte"));
        assert_eq!(judged.verdict, Verdict::Match);
        assert!(judged.because.contains(&Because::Standing { status: Status::Challenged }));
    }

    #[test]
    fn an_answer_counts_from_its_day_and_two_that_differ_count_not_at_all() {
        let question = "question = [{ id = \"q\", text = \"Is it?\" }]";
        let pack = pack(IN_FORCE, &format!("{question}\n{MAKER}\n{ANYWHERE}"));
        let answer = |yes: bool, date: &str| crate::Answer {
            pack: "p".to_owned(),
            rule: "r".to_owned(),
            question: "q".to_owned(),
            subject: None,
            yes,
            author: "board".to_owned(),
            date: day(date),
            evidence: "minutes".to_owned(),
        };
        let with = |answers: Vec<crate::Answer>| {
            let context = Context { answers, ..Context::default() };
            evaluate_in(&pack, &pack.rules[0], &made_by("zte"), &context, day("2026-11-21"))
        };
        let open = Verdict::Undetermined(Missing::Assessment);
        assert_eq!(with(vec![]).verdict, open);
        assert_eq!(with(vec![]).needs_assessment(), Some("q"));
        assert_eq!(with(vec![answer(true, "2026-11-22")]).verdict, open);
        assert_eq!(with(vec![answer(true, "2026-11-21")]).verdict, Verdict::Match);
        let later = vec![answer(true, "2026-01-01"), answer(false, "2026-11-20")];
        assert_eq!(with(later).verdict, Verdict::NotApplicable(Why::AnsweredNo));
        let both = vec![answer(true, "2026-11-20"), answer(false, "2026-11-20")];
        assert_eq!(with(both).verdict, open);
        let nobody = crate::Answer { author: " ".to_owned(), ..answer(true, "2026-11-20") };
        assert_eq!(with(vec![nobody]).verdict, open);
    }

    #[test]
    fn a_chain_of_control_that_is_not_known_to_its_top_clears_nobody() {
        let rule = |more: &str| {
            format!(
                "party = {{ vendors = [\"zte\"], relations = [\"controlled-by\"]{more} }}\n{ANYWHERE}"
            )
        };
        let (plain, majority) =
            (pack(IN_FORCE, &rule("")), pack(IN_FORCE, &rule(", test = [\"majority\"]")));
        let by = |id: &str, confidence| Controller::from(party(id, confidence));
        let partly = |known: Vec<Controller>| Subject {
            controllers: Controllers::Partly(known),
            ..made_by("nubia")
        };
        let open = Verdict::Undetermined(Missing::Controllers);
        let confirmed = Confidence::Confirmed;
        let nobody = judge(&plain, &partly(vec![]));
        assert_eq!((nobody.verdict, nobody.points_here()), (open, false));
        assert_eq!(judge(&plain, &partly(vec![by("holding", confirmed)])).verdict, open);
        // What is known of it is known.
        assert_eq!(judge(&plain, &partly(vec![by("zte", confirmed)])).verdict, Verdict::Match);
        // One that the test does not count may still be controlled by one that it does.
        let seat =
            Controller { by: [crate::ControlKind::ManagementSeat].into(), ..by("zte", confirmed) };
        assert_eq!(judge(&majority, &partly(vec![seat.clone()])).verdict, open);
        let whole = Subject { controllers: Controllers::Recorded(vec![seat]), ..made_by("nubia") };
        assert_eq!(judge(&majority, &whole).verdict, Verdict::NoMatch);
        // Of several open steps that which points to the rule's party is told, in whatever order they come.
        let mut steps = vec![by("zte", Confidence::Possible), by("holding", Confidence::Possible)];
        for _ in 0..2 {
            steps.reverse();
            let judged = judge(&plain, &partly(steps.clone()));
            let weak = Verdict::Undetermined(Missing::ControllerConfidence);
            assert_eq!((judged.verdict, judged.points_here()), (weak, true));
        }
        let weak = Subject {
            maker: Some(party("nubia", Confidence::Possible)),
            ..partly(vec![by("holding", confirmed)])
        };
        assert_eq!(judge(&plain, &weak).verdict, Verdict::Undetermined(Missing::Confidence));
    }

    #[test]
    fn a_maker_outside_of_the_vendor_table_is_known_not_to_be_on_an_allow_list() {
        let rule = |relations: &str| {
            format!(
                "party = {{ vendors = [\"nokia\"], relations = [{relations}], mode = \"allow-list\" }}\n{ANYWHERE}"
            )
        };
        let with = |confidence| Subject {
            maker: Some(party("not-in-the-vendor-table", confidence)),
            ..Subject::default()
        };
        let maker = pack(IN_FORCE, &rule("\"maker\""));
        assert_eq!(judge(&maker, &with(Confidence::Probable)).verdict, Verdict::Match);
        let weak = Verdict::Undetermined(Missing::Confidence);
        assert_eq!(judge(&maker, &with(Confidence::Possible)).verdict, weak);
        // Who controls a maker that is in no table, no table says.
        let either = pack(IN_FORCE, &rule("\"maker\", \"controlled-by\""));
        let open = Verdict::Undetermined(Missing::Controllers);
        assert_eq!(judge(&either, &with(Confidence::Confirmed)).verdict, open);
    }

    #[test]
    fn a_name_of_a_product_is_of_a_family_or_of_a_model() {
        let rule =
            format!("{MAKER}\n{ANYWHERE}\nthing = {{ families = [\"NE40*\", \"S5720-28P\"] }}");
        let pack = pack(IN_FORCE, &rule);
        let told = |family: Option<&str>, model: Option<&str>| {
            let (family, model) = (family.map(str::to_owned), model.map(str::to_owned));
            judge(&pack, &Subject { family, model, ..made_by("zte") }).verdict
        };
        let (other, open) =
            (Verdict::NotApplicable(Why::OtherThing), Verdict::Undetermined(Missing::Family));
        assert_eq!(told(Some("NE40E"), None), Verdict::Match);
        assert_eq!(told(Some("Router"), Some("NE40E-X8A")), Verdict::Match);
        assert_eq!(told(None, Some("S5720 28P")), Verdict::Match);
        assert_eq!((told(None, None), told(None, Some("CE6800"))), (open, open));
        assert_eq!(told(Some("CloudEngine"), None), other);
        // A model of that family has the name that the rule gives; which model it is nobody knows.
        assert_eq!(told(Some("S5720"), None), open);
        assert_eq!(told(Some("S5720"), Some("S5720-52X")), other);
    }

    #[test]
    fn the_next_day_is_the_nearest_that_is_not_over_and_else_the_latest_that_is() {
        let rule =
            |actions: &str| pack(IN_FORCE, &format!("action = [{actions}]\n{MAKER}\n{ANYWHERE}"));
        let next = |pack: &Pack, on: &str| {
            let judged = evaluate(pack, &pack.rules[0], &made_by("zte"), day(on));
            judged.next_due().map(|due| (due.due.unwrap().to_string(), due.days_left))
        };
        let pack = rule(
            "{ do = \"remove\", date = 2025-01-01 }, { do = \"remove\", date = 2026-11-21, scope = \"s\" }, \
             { do = \"no-procure\", date = 2024-01-01 }, { do = \"replace-function\", date = 2027-01-31 }",
        );
        assert_eq!(next(&pack, "2026-11-21"), Some(("2026-11-21".to_owned(), Some(0))));
        assert_eq!(next(&pack, "2026-11-22"), Some(("2027-01-31".to_owned(), Some(70))));
        assert_eq!(next(&pack, "2027-02-01"), Some(("2027-01-31".to_owned(), Some(-1))));
        assert_eq!(
            next(
                &rule("{ do = \"remove\" }, { do = \"no-procure\", date = 2024-01-01 }"),
                "2026-11-21"
            ),
            None
        );
    }
}
