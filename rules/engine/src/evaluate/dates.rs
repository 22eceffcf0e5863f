//! What is asked and by when, for one subject on one day.

use jiff::civil::Date;

use super::facts::{self, Scope};
use super::ground::Ground;
use crate::judgement::{ActionState, DueAction, Why};
use crate::pack::{DatedAction, Listing, Pack, Rule, days_between};
use crate::{Action, Context, Order, Subject, Term, TermStart};
use crate::{Because, Missing};

/// Whether a date reaches the subject.
pub(super) enum Reach {
    Due(DueAction),
    SeenBefore(Because),
    NotForIt,
}

pub(super) fn due(
    dated: &DatedAction,
    from: Option<&Listing>,
    pack: &Pack,
    subject: &Subject,
    context: &Context,
    on: Date,
) -> Reach {
    let order = context.valid_order(pack);
    let unsure = match facts::all_met(&dated.only, subject, order) {
        Ok(true) => None,
        Ok(false) => return Reach::NotForIt,
        Err(missing) => Some(missing),
    };
    let (date, unknown) = day_of(dated, subject, order);
    let missing = unknown.or(unsure);
    let (action, left) = (dated.action, date.map(|date| (date, days_between(on, date))));
    let (state, days_left) = match (missing, left) {
        (Some(_), _) => (ActionState::Undetermined, None),
        (None, None) => (ActionState::Undated, None),
        (None, Some((date, left))) => match action {
            Action::NoInstall => {
                // What was already there may stay: the first sight proves that it was, its absence proves nothing.
                if let Some(first_seen) = subject.first_seen.filter(|seen| *seen < date) {
                    return Reach::SeenBefore(Because::SeenBefore { first_seen, date });
                }
                begins(left)
            }
            Action::NoProcure => begins(left),
            Action::Remove | Action::ReplaceFunction | Action::Permit => ends(left),
        },
    };
    let (scope, mark) = (dated.scope.clone(), dated.mark.or(from.map(|listing| listing.mark)));
    let until = |date: Option<Date>| date.map(|date| days_between(on, date));
    Reach::Due(DueAction {
        action,
        due: date,
        days_left,
        state,
        scope,
        mark,
        list: from.map(|listing| listing.list.id.clone()),
        soft_due: dated.soft_date,
        soft_days_left: until(dated.soft_date),
        extension_request_by: dated.extension_request_by,
        extension_days_left: until(dated.extension_request_by),
        missing,
    })
}

/// The date of an action; or what is missing to tell it, with the earliest day that it may be.
fn day_of(
    dated: &DatedAction,
    subject: &Subject,
    order: Option<&Order>,
) -> (Option<Date>, Option<Missing>) {
    let start = match dated.from {
        None => Ok(None),
        Some(TermStart::Order) => {
            order.and_then(|order| order.date).map(Some).ok_or(Missing::OrderDate)
        }
        Some(TermStart::FirstSeen) => subject.first_seen.map(Some).ok_or(Missing::FirstSeen),
    };
    // The term of some orders is as confidential as the order, and no pack can hold it.
    let (period, start) = match (dated.has_ordered_term(), start) {
        (false, start) => (dated.period, start),
        (true, start) => match order.and_then(|order| order.term) {
            Some(term) => (Some(term), start),
            None => (None, Err(Missing::OrderDate)),
        },
    };
    match start {
        Ok(start) => (last_day(dated, period, start), None),
        // A date that a minimum term may move is shown, but not counted down to.
        Err(missing) => (dated.date, Some(missing)),
    }
}

/// A rule that asks for nothing but that nothing new be installed is not about what was there before all of its days that
/// are for it. The days of its lists count too: while one of them asks for something else, there is something to show.
pub(super) fn old_stock<F: Ground>(
    pack: &Pack,
    rule: &Rule,
    subject: &Subject,
    context: &Context,
    on: Date,
) -> Scope<F> {
    if rule.actions.is_empty() {
        return Scope::Any;
    }
    let listed = rule.listings.iter().filter(|listing| listing.holds_on(on));
    let all = || rule.actions.iter().chain(listed.clone().flat_map(|listing| &listing.actions));
    if all().any(|dated| dated.action != Action::NoInstall) {
        return Scope::Any;
    }
    let order = context.valid_order(pack);
    let (mut open, mut before) = (None, None::<(Date, Date)>);
    // What is for it only perhaps: with a day before which it was there, and with one of another kind.
    let (mut perhaps_before, mut perhaps_due) = (None, None);
    for dated in all() {
        let unsure = match facts::all_met(&dated.only, subject, order) {
            Ok(true) => None,
            Ok(false) => continue,
            Err(missing) => Some(missing),
        };
        let seen = match (day_of(dated, subject, order), subject.first_seen) {
            ((_, Some(missing)), _) => Err(missing),
            ((Some(_), None), None) => Err(Missing::FirstSeen),
            ((Some(date), None), Some(seen)) => Ok(Some((seen, date)).filter(|_| seen < date)),
            ((None, None), _) => Ok(None),
        };
        match (seen, unsure) {
            (Err(missing), _) => open = open.or(Some(missing)),
            (Ok(None), None) => return Scope::Any,
            (Ok(None), Some(missing)) => perhaps_due = perhaps_due.or(Some(missing)),
            (Ok(Some(_)), Some(missing)) => perhaps_before = perhaps_before.or(Some(missing)),
            (Ok(Some(one)), None) => before = Some(before.map_or(one, |other| other.min(one))),
        }
    }
    match (open, before, perhaps_due, perhaps_before) {
        (Some(missing), ..) => Scope::Unknown(missing),
        (None, Some((first_seen, date)), None, _) => {
            Scope::Out(Why::OldStock, F::of(|| Because::SeenBefore { first_seen, date }))
        }
        (None, Some(_), Some(missing), _) | (None, None, _, Some(missing)) => {
            Scope::Unknown(missing)
        }
        (None, None, _, None) => Scope::Any,
    }
}

/// The date of an action, from its own or from a period, and not before its minimum term.
fn last_day(dated: &DatedAction, period: Option<Term>, start: Option<Date>) -> Option<Date> {
    // A term that runs past the end of the calendar has no last day that anybody could plan for.
    let after = |term: Option<Term>| term.and_then(|term| term.after(start?));
    let date = dated.date.or_else(|| after(period));
    match dated.minimum_term.filter(|_| date.is_some()) {
        Some(least) => after(Some(least)).map(|least| date.max(Some(least)))?,
        None => date,
    }
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
