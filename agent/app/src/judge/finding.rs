//! A judgement as the report shows it.

use herkomst_model::report::{
    ActionEntry, DeviceEntry, FindingEntry, ListingEntry, MissingEntry, RuleSourceEntry,
    SourceEntry,
};
use herkomst_rules::{
    ActionState, Because, DueAction, Judgement, Listing, ListingDate, Missing, Pack, Rule, Source,
    Verdict, Waived, WaiverState,
};
use jiff::civil::Date;

use super::device::fnv;
use super::supply::supply;

/// A waiver in a sentence: it is shown beside the finding and takes nothing away from it.
pub(super) fn waiver(waived: &Waived) -> String {
    let Waived { waiver, state } = waived;
    let state = match state {
        WaiverState::Holds => format!("waived until {}", waiver.expires),
        WaiverState::Expired => format!("waived until {}, which is over", waiver.expires),
        WaiverState::NotApproved => "waiver does not count: two different persons, in the roles that the pack asks for, must approve it".to_owned(),
    };
    let (one, other) = (&waiver.approver.by, &waiver.second_approver.by);
    format!("{state}: {} (approved by {one} and {other})", waiver.reason)
}

pub(super) fn finding(
    pack: &Pack,
    rule: &Rule,
    judgement: &Judgement,
    device: &DeviceEntry,
) -> FindingEntry {
    // The lists stand beside the grounds, with more to each than a sentence.
    let tests = judgement.because.iter().filter(|because| !matches!(because, Because::Listed(_)));
    let because = tests.map(Because::to_string);
    FindingEntry {
        id: format!(
            "fnd-{:016x}",
            fnv(format!("{} {} {}", pack.id, rule.id, device.id).as_bytes())
        ),
        pack: pack.id.clone(),
        rule: rule.id.clone(),
        title: rule.title.clone(),
        verdict: judgement.verdict.to_string(),
        severity: judgement.severity.to_string(),
        force: judgement.force.map(|force| force.to_string()),
        addressee: judgement.because.iter().find_map(|because| {
            if let Because::Bound { who, .. } = because { Some(who.clone()) } else { None }
        }),
        grade: judgement.grade.to_string(),
        device: device.id.clone(),
        component: None,
        parts: device.parts.clone(),
        actions: actions(&judgement.actions),
        next_due: next_due(&judgement.actions),
        because: because.collect(),
        missing: entries(missing(judgement)),
        source: source(pack, rule),
        listings: judgement.listings().map(listed).collect(),
        waiver: judgement.waiver.as_ref().map(|waived| waiver(waived)),
        waiver_state: judgement.waiver.as_ref().map(|waived| waiver_word(waived.state).to_owned()),
        wording: rule.wording.clone(),
        disclaimer: pack.disclaimer.clone(),
        sealed: false,
    }
}

/// What is asked, with its dates.
pub(super) fn actions(actions: &[DueAction]) -> Vec<ActionEntry> {
    let text = |date: Option<Date>| date.map(|date| date.to_string());
    let entry = |due: &DueAction| ActionEntry {
        action: due.action.to_string(),
        instrument: due.list.clone(),
        scope: due.scope.clone(),
        due: text(due.due),
        days_left: due.days_left,
        state: due.state.to_string(),
        mark: due.mark.map(|mark| mark.to_string()),
        soft_due: text(due.soft_due),
        soft_days_left: due.soft_days_left,
        extension_request_by: text(due.extension_request_by),
        extension_days_left: due.extension_days_left,
        missing: due.missing.map(|missing| missing.to_string()),
    };
    actions.iter().map(entry).collect()
}

/// What is to be done next, in a line. What the instrument itself asks comes before what public lists ask of those they
/// bind: of the first the nearest day that is to come with what is overdue beside it, of the others one alone.
pub(super) fn next_due(actions: &[DueAction]) -> Option<String> {
    let (own, cited): (Vec<_>, Vec<_>) = actions.iter().partition(|action| action.list.is_none());
    let in_turn = |actions: &[&DueAction]| -> Vec<String> {
        let of = |state: ActionState| actions.iter().filter(move |action| action.state == state);
        // What has been overdue for longest is told, not the last that came to it.
        let overdue = of(ActionState::Overdue).min_by_key(|action| action.due);
        let ahead = of(ActionState::Ahead).min_by_key(|action| action.due);
        let rest = [ActionState::InEffect, ActionState::Undetermined, ActionState::Undated];
        let rest = rest.into_iter().find_map(|state| of(state).next());
        let dated = ahead.is_some() || overdue.is_some();
        let rest = rest.filter(|_| !dated);
        ahead.into_iter().chain(overdue).chain(rest).map(|action| in_words(action)).collect()
    };
    if own.is_empty() {
        return in_turn(&cited).into_iter().next();
    }
    Some(in_turn(&own).join("; "))
}

fn in_words(due: &DueAction) -> String {
    let what = due.action;
    let mut line = match (due.state, due.due, due.days_left) {
        (ActionState::Ahead, Some(date), Some(0)) => format!("{what} by {date}, today"),
        (ActionState::Ahead, Some(date), Some(left)) => {
            format!("{what} by {date}, {}", days(left, "left"))
        }
        (ActionState::Overdue, Some(date), Some(left)) => {
            format!("{what} by {date}, {}", days(-left, "overdue"))
        }
        (ActionState::InEffect, Some(date), _) => format!("{what} since {date}"),
        (ActionState::Undetermined, _, _) => match due.missing {
            Some(missing) => format!("{what}, not known by when: {missing} is missing"),
            None => format!("{what}, not known by when"),
        },
        (
            ActionState::Ahead
            | ActionState::Overdue
            | ActionState::InEffect
            | ActionState::Undated,
            _,
            _,
        ) => format!("{what}, no date set"),
    };
    if let Some(scope) = &due.scope {
        line.push_str(&format!(" ({scope})"));
    }
    if let Some(list) = &due.list {
        line.push_str(&format!(" — {list}, for those it binds"));
    }
    line
}

fn days(count: i64, word: &str) -> String {
    format!("{count} {} {word}", if count == 1 { "day" } else { "days" })
}

/// Everything that is not known, the verdict's own reason first.
pub(super) fn missing(judgement: &Judgement) -> Vec<Missing> {
    let verdict = match judgement.verdict {
        Verdict::Undetermined(missing) => Some(missing),
        Verdict::Match | Verdict::NoMatch | Verdict::NotApplicable(_) => None,
    };
    let open = judgement.because.iter().filter_map(|because| {
        if let Because::Open { missing } = because { Some(*missing) } else { None }
    });
    let dates = judgement.actions.iter().filter_map(|action| action.missing);
    let mut all: Vec<Missing> = Vec::new();
    for one in verdict.into_iter().chain(open).chain(dates) {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all
}

/// Each with where to say it.
pub(super) fn entries(missing: Vec<Missing>) -> Vec<MissingEntry> {
    let entry = |missing: Missing| MissingEntry {
        what: missing.to_string(),
        how: supply(missing).to_string(),
    };
    missing.into_iter().map(entry).collect()
}

/// The word for how a waiver stands.
pub(super) fn waiver_word(state: WaiverState) -> &'static str {
    match state {
        WaiverState::Holds => "holds",
        WaiverState::Expired => "expired",
        WaiverState::NotApproved => "not-approved",
    }
}

pub(super) fn source(pack: &Pack, rule: &Rule) -> SourceEntry {
    let texts =
        pack.sources.iter().cloned().chain(rule.sources.iter().map(|source| source.text.clone()));
    SourceEntry {
        instrument: pack.instrument.clone(),
        article: pack.article.clone(),
        jurisdiction: pack.jurisdiction.clone(),
        status: pack.status.to_string(),
        binds: pack.bound.clone(),
        texts: texts.collect(),
        rule_sources: rule.sources.iter().map(rule_source).collect(),
        last_checked: pack.last_checked.to_string(),
    }
}

fn rule_source(source: &Source) -> RuleSourceEntry {
    RuleSourceEntry {
        text: source.text.clone(),
        last_checked: source.last_checked.to_string(),
        mark: source.mark.map(|mark| mark.to_string()),
    }
}

fn listed(listing: &Listing) -> ListingEntry {
    let list = &listing.list;
    let notes: Vec<&str> =
        [&listing.note, &list.note].into_iter().flatten().map(String::as_str).collect();
    ListingEntry {
        list: list.id.clone(),
        instrument: list.instrument.clone(),
        article: list.article.clone(),
        jurisdiction: list.jurisdiction.clone(),
        named_as: listing.name.clone(),
        since: match listing.since {
            ListingDate::From(day) => day.to_string(),
            ListingDate::KnownBy(day) => format!("at the latest {day}"),
        },
        force: list.force.to_string(),
        status: list.status.to_string(),
        binds: list.bound.clone(),
        scope: list.scope.clone(),
        mark: listing.mark.to_string(),
        note: (!notes.is_empty()).then(|| notes.join("; ")),
        last_checked: list.sources.iter().map(|source| source.last_checked.to_string()).max(),
    }
}

#[cfg(test)]
mod tests {
    use herkomst_rules::{Action, Mark};

    use super::*;

    fn due(action: Action, day: &str, left: i64, state: ActionState) -> DueAction {
        DueAction {
            action,
            due: Some(day.parse().unwrap()),
            days_left: Some(left),
            state,
            scope: None,
            mark: Some(Mark::Official),
            list: None,
            soft_due: None,
            soft_days_left: None,
            extension_request_by: None,
            extension_days_left: None,
            missing: None,
        }
    }

    #[test]
    fn the_next_day_to_come_is_told_with_what_is_overdue() {
        let ahead = due(Action::Remove, "2026-12-31", 40, ActionState::Ahead);
        let later = due(Action::Remove, "2027-12-31", 405, ActionState::Ahead);
        let over = due(Action::ReplaceFunction, "2025-01-01", -689, ActionState::Overdue);
        let told = |actions: &[&DueAction]| {
            next_due(&actions.iter().map(|one| (*one).clone()).collect::<Vec<_>>())
        };
        assert_eq!(
            told(&[&ahead, &later, &over]).as_deref(),
            Some(
                "remove by 2026-12-31, 40 days left; replace-function by 2025-01-01, 689 days overdue"
            )
        );
        assert_eq!(
            told(&[&over]).as_deref(),
            Some("replace-function by 2025-01-01, 689 days overdue")
        );
        assert_eq!(told(&[]), None);
        let listed = DueAction { list: Some("de-2024".to_owned()), ..ahead.clone() };
        assert_eq!(
            told(&[&listed, &later]).as_deref(),
            Some("remove by 2027-12-31, 405 days left"),
            "what a list asks of others does not hide what is asked of the operator"
        );
        let one = due(Action::Remove, "2026-11-23", 1, ActionState::Ahead);
        assert_eq!(told(&[&one]).as_deref(), Some("remove by 2026-11-23, 1 day left"));
        let open = DueAction {
            due: None,
            days_left: None,
            state: ActionState::Undetermined,
            missing: Some(Missing::OrderDate),
            ..ahead
        };
        assert_eq!(
            told(&[&open]).as_deref(),
            Some("remove, not known by when: order-date is missing")
        );
    }
}
