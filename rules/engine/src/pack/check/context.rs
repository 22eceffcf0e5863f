//! The operator's statements: from his file, or from a case of a pack.

use std::sync::Arc;

use super::super::read::{Found, Section};
use super::party::vendors;
use super::{country_lists, name, names, parse_with, set};
use crate::problems::{PackProblems, Problems};
use crate::{Answer, Approval, Context, Order, PartTag, Waiver, person};

pub(crate) fn parse_context(text: &str, file: &str) -> Result<Context, PackProblems> {
    parse_with(text, file, |mut file, problems| {
        // What stands where, and what is stated of whom, is the caller's to read, who knows the devices.
        for key in ["networks", "part", "site", "segment", "device", "maker"] {
            drop(file.take(key));
        }
        context(file, problems, None)
    })
}

/// `pack` and `rule` stand in for those that a case need not name: its own.
pub(super) fn context(
    mut file: Section<'_>,
    problems: &mut Problems<'_>,
    own: Option<(&str, &str)>,
) -> Context {
    let is = names(&mut file, "is", problems);
    let is_not = names(&mut file, "is-not", problems);
    for both in is.intersection(&is_not) {
        let text = format!("holds {both:?}, which stands in is too");
        file.problem_at("is-not", problems, text);
    }
    let lists = country_lists(&mut file, problems);
    for list in lists.iter().filter(|list| list.countries.is_none()) {
        let text =
            format!("holds {:?} without countries: it would leave its question open", list.id);
        file.problem_at("country-list", problems, text);
    }
    let mut orders: Vec<Order> = Vec::new();
    for mut section in file.sections("order", problems) {
        let order = Order {
            pack: of(&mut section, "pack", problems, own.map(|(pack, _)| pack)),
            reference: section.need_text("reference", problems),
            issuer: name(&mut section, "issuer", problems),
            parts: section
                .items("parts", problems)
                .map(|items| set(items, problems, Found::parsed::<PartTag>)),
            vendors: section.items("vendors", problems).map(|items| {
                // An order that designates nobody would clear everybody.
                if items.is_empty() {
                    let text = "is empty: leave it out where the order's vendors are not known";
                    section.problem_at("vendors", problems, text);
                }
                vendors(items, problems)
            }),
            scope: section.need_text("scope", problems),
            date: section.date("date", problems),
            term: section.take("term").and_then(|found| found.parsed(problems)),
        };
        if orders.iter().any(|other| other.pack == order.pack) {
            section.problem(problems, "is a second order for the same pack");
        }
        section.finish(problems);
        orders.push(order);
    }
    let mut answers = Vec::new();
    for mut section in file.sections("answer", problems) {
        let yes = section.boolean("yes", problems);
        if !section.has("yes") {
            section.problem_at("yes", problems, "is missing");
        }
        answers.push(Answer {
            pack: of(&mut section, "pack", problems, own.map(|(pack, _)| pack)),
            rule: of(&mut section, "rule", problems, own.map(|(_, rule)| rule)),
            question: section.need_id("question", problems),
            subject: section.text("subject", problems),
            yes: yes.unwrap_or(false),
            author: section.need_text("author", problems),
            date: section.need_date("date", problems),
            evidence: section.need_text("evidence", problems),
        });
        section.finish(problems);
    }
    let mut waivers = Vec::new();
    for mut section in file.sections("waiver", problems) {
        let approver = approval(&mut section, "approver", problems);
        let second_approver = approval(&mut section, "second-approver", problems);
        let is_told =
            [&approver, &second_approver].iter().any(|one| person::wrong(&one.by).is_some());
        if !is_told && person::are_same(&approver.by, &second_approver.by) {
            let text = "is the approver again: a waiver needs two different persons";
            section.problem_at("second-approver", problems, text);
        }
        let mut further = Vec::new();
        for mut section in section.sections("further", problems) {
            further.push(approval_of(&mut section, problems));
            section.finish(problems);
        }
        waivers.push(Waiver {
            pack: of(&mut section, "pack", problems, own.map(|(pack, _)| pack)),
            rule: of(&mut section, "rule", problems, own.map(|(_, rule)| rule)),
            subject: section.need_text("subject", problems),
            reason: section.need_text("reason", problems),
            approver,
            second_approver,
            further,
            expires: section.need_date("expires", problems),
        });
        section.finish(problems);
    }
    file.finish(problems);
    let country_lists = lists.into_iter().map(Arc::new).collect();
    Context { is, is_not, country_lists, orders, answers, waivers }
}

fn of(
    file: &mut Section<'_>,
    key: &'static str,
    problems: &mut Problems<'_>,
    own: Option<&str>,
) -> String {
    match own {
        Some(own) if !file.has(key) => own.to_owned(),
        Some(_) | None => file.need_id(key, problems),
    }
}

/// `approver = { by = "…", role = "…" }`
fn approval(file: &mut Section<'_>, key: &'static str, problems: &mut Problems<'_>) -> Approval {
    let mut section = file.need_section(key, problems);
    let approval = approval_of(&mut section, problems);
    section.finish(problems);
    approval
}

fn approval_of(file: &mut Section<'_>, problems: &mut Problems<'_>) -> Approval {
    let by = file.need_text("by", problems);
    // What could not be read was told already.
    if let Some(wrong) = person::wrong(&by).filter(|_| !by.is_empty()) {
        file.problem_at("by", problems, wrong);
    }
    let role = file.take("role").and_then(|found| found.name(problems));
    Approval { by, role }
}
