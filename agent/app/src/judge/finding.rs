//! A judgement as the report shows it.

use herkomst_model::report::{ActionEntry, DeviceEntry, FindingEntry, ListingEntry, SourceEntry};
use herkomst_rules::{Because, Judgement, Listing, ListingDate, Pack, Rule, Waived, WaiverState};

use super::device::fnv;

/// A waiver in a sentence: it is shown beside the finding and takes nothing away from it.
fn waiver(waived: &Waived) -> String {
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
    let actions = judgement.actions.iter().map(|due| ActionEntry {
        action: due.action.to_string(),
        instrument: due.list.clone(),
        scope: due.scope.clone(),
        due: due.due.map(|date| date.to_string()),
        days_left: due.days_left,
        state: due.state.to_string(),
        mark: due.mark.map(|mark| mark.to_string()),
    });
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
        device: device.id.clone(),
        component: None,
        parts: device.parts.clone(),
        actions: actions.collect(),
        because: because.collect(),
        source: source(pack, rule),
        listings: judgement.listings().map(listed).collect(),
        waiver: judgement.waiver.as_ref().map(|waived| waiver(waived)),
        wording: rule.wording.clone(),
        disclaimer: pack.disclaimer.clone(),
        sealed: false,
    }
}

fn source(pack: &Pack, rule: &Rule) -> SourceEntry {
    let texts =
        pack.sources.iter().cloned().chain(rule.sources.iter().map(|source| source.text.clone()));
    SourceEntry {
        instrument: pack.instrument.clone(),
        article: pack.article.clone(),
        jurisdiction: pack.jurisdiction.clone(),
        status: pack.status.to_string(),
        binds: pack.bound.clone(),
        texts: texts.collect(),
        last_checked: pack.last_checked.to_string(),
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
