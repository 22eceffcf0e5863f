//! An explanation for people: one line a fact, what it rests on behind it.

use std::fmt::Write;

use herkomst_model::DeviceText;

use super::answer::{
    Answer, AssignmentEntry, ControlEntry, Explained, NumberEntry, ObjectEntry, OwnerEntry,
    RegistrantEntry, RuleEntry, RuleTextEntry, VendorEntry,
};
use crate::outputs::escape::for_terminal;
use crate::outputs::table::{BOLD, DIM, RED, Screen, YELLOW, wrapped};

/// Where the facts begin.
const INDENT: usize = 18;
/// The longest text of a file that is shown whole.
const LONGEST: usize = 400;
/// The most spellings, brands or firms of one line.
const MOST: usize = 12;

pub(super) fn render(explained: &Explained, screen: Screen) -> String {
    let mut page = Page { out: String::new(), screen, as_of: &explained.as_of };
    for answer in &explained.answers {
        page.answer(answer);
    }
    let editions = &explained.editions;
    let packs: Vec<String> =
        editions.packs.iter().map(|(id, edition)| format!("{id} of {edition}")).collect();
    let foot = format!(
        "listings of {}, enterprise numbers of {}, vendors of {}, {}; file {}",
        editions.registry,
        editions.enterprise_numbers,
        editions.vendors,
        packs.join(", "),
        editions.digest.get(..12).unwrap_or_default()
    );
    let _ = writeln!(page.out, "{}", screen.paint(DIM, &wrapped(&foot, 0, screen)));
    page.out
}

struct Page<'a> {
    out: String,
    screen: Screen,
    as_of: &'a str,
}

impl Page<'_> {
    fn answer(&mut self, answer: &Answer) {
        let asked = self.screen.paint(BOLD, &shown(&answer.asked));
        let taken = self.screen.paint(DIM, &answer.taken_for.replace('-', " "));
        let _ = writeln!(self.out, "{asked}  {taken}");
        if let Some(special) = &answer.special {
            let text =
                format!("{} [{}]: names no maker ({})", special.what, special.kind, special.source);
            self.fact("special address", &text);
        }
        if let Some(assignment) = &answer.assignment {
            self.assignment(assignment);
        }
        if let Some(number) = &answer.number {
            self.number(number);
        }
        if let Some(object) = &answer.object {
            self.object(object);
        }
        if let Some(registrant) = &answer.registrant {
            self.registrant(registrant);
        }
        if let Some(vendor) = &answer.vendor {
            self.vendor(vendor);
        }
        if let Some(owner) = &answer.owner {
            self.owner(owner);
        }
        for rule in &answer.rules {
            self.rule(rule);
        }
        if answer.rules.is_empty() && (answer.vendor.is_some() || answer.owner.is_some()) {
            self.fact("rules", "no shipped rule names it, or who controls it");
        }
        if let Some(rule) = &answer.rule {
            self.rule_text(rule);
        }
        for note in &answer.notes {
            self.fact("note", note);
        }
        if !answer.suggestions.is_empty() {
            self.fact("near names", &list(&answer.suggestions));
        }
        self.out.push('\n');
    }

    fn rule_text(&mut self, one: &RuleTextEntry) {
        self.painted("rule", &one.title, Some(BOLD));
        self.fact("of the pack", &format!("{} of {}: {}", one.pack, one.edition, one.pack_title));
        let article =
            one.article.as_ref().map(|article| format!(", {article}")).unwrap_or_default();
        let RuleTextEntry { instrument, jurisdiction, status, publicity, .. } = one;
        self.fact(
            "instrument",
            &format!("{instrument}{article}; {jurisdiction}, {status}, {publicity}"),
        );
        self.fact("binds", &one.binds);
        for (number, sentence) in one.sentences.iter().enumerate() {
            self.fact(if number == 0 { "in words" } else { "" }, sentence);
        }
        for source in &one.sources {
            self.fact("source", &format!("{}; last checked {}", source.text, source.last_checked));
        }
        self.painted("note", &one.disclaimer, Some(DIM));
    }

    fn fact(&mut self, label: &str, text: &str) {
        self.painted(label, text, None);
    }

    fn painted(&mut self, label: &str, text: &str, code: Option<&str>) {
        let text = wrapped(&shown(text), INDENT, self.screen);
        let text = code.map_or_else(|| text.clone(), |code| self.screen.paint(code, &text));
        let _ = writeln!(self.out, "  {label:<width$}{text}", width = INDENT - 2);
    }

    fn assignment(&mut self, one: &AssignmentEntry) {
        let AssignmentEntry {
            prefix,
            listing,
            edition,
            registrant,
            registration_country,
            correction,
        } = one;
        self.fact("assigned to", &format!("{registrant}: {prefix}, {listing} of {edition}"));
        let country = registration_country.as_deref().unwrap_or("no country");
        let because = correction.as_ref().map_or_else(String::new, |correction| {
            let listed = correction.listed.as_deref().unwrap_or("none");
            format!("; the listing says {listed}, corrected: {}", correction.reason)
        });
        self.fact(
            "registered in",
            &format!("{country}, where the holder gave an address, which is no origin{because}"),
        );
    }

    fn number(&mut self, one: &NumberEntry) {
        let NumberEntry { number, organisation, edition, role, reason } = one;
        self.fact(
            "assigned to",
            &format!("{organisation}: enterprise number {number}, IANA of {edition}"),
        );
        if let Some(reason) = reason {
            self.fact("role", &format!("{role}: {reason}"));
        }
    }

    fn object(&mut self, one: &ObjectEntry) {
        let names = one.names.as_deref().unwrap_or("nobody");
        let roles = if one.roles.is_empty() {
            String::new()
        } else {
            format!(", {}", one.roles.join(", "))
        };
        let family = one.family.as_ref().map_or_else(String::new, |family| format!(", {family}"));
        let text = format!(
            "{} names {names}{family}{roles} (weight {}): {}",
            one.subtree, one.weight, one.note
        );
        self.fact("subtree", &text);
    }

    fn registrant(&mut self, one: &RegistrantEntry) {
        let count = |counts: &std::collections::BTreeMap<String, u64>| {
            let mut counts: Vec<_> = counts.iter().collect();
            counts.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
            counts
                .iter()
                .map(|(what, count)| format!("{count} {what}"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        if one.prefixes.is_empty() {
            self.fact("holds", "no prefix in the listings of IEEE");
            return;
        }
        let text = format!(
            "{}, {} addresses in all; registered in {}",
            count(&one.prefixes),
            one.addresses,
            count(&one.countries)
        );
        self.fact("holds", &text);
    }

    fn vendor(&mut self, one: &VendorEntry) {
        let seat = one.country.as_deref().unwrap_or("unknown");
        let legal = one.legal_name.as_ref().map_or_else(String::new, |name| format!(", {name}"));
        let lei = one.lei.as_ref().map_or_else(String::new, |lei| format!(", LEI {lei}"));
        self.fact("vendor", &format!("{} [{}]{legal}{lei}", one.name, one.id));
        let local = if one.local { "; your own vendors.d speaks here" } else { "" };
        let basis = basis(one.source.as_deref(), one.last_checked.as_deref(), one.verified);
        self.fact("kind, seat", &format!("{}, {seat} ({basis}{local})", one.kind));
        for (label, texts) in [
            ("brands", &one.brands),
            ("spellings", &one.registrants),
            ("carried on by", &one.successors),
        ] {
            if !texts.is_empty() {
                self.fact(label, &list(texts));
            }
        }
        if !one.enterprise_numbers.is_empty() {
            let numbers: Vec<String> = one.enterprise_numbers.iter().map(u32::to_string).collect();
            self.fact("numbers", &list(&numbers));
        }
        if let Some(note) = &one.note {
            self.fact("remark", note);
        }
        self.control(&one.id, &one.chain, &one.history);
        match (&one.country_of_control, one.control_verified) {
            (Some(country), true) => {
                self.fact("controlled from", &format!("{country}, as of {}", self.as_of))
            }
            (Some(country), false) => {
                let text = format!(
                    "{country}, as of {}, not verified: a rule takes it for possible at most",
                    self.as_of
                );
                self.painted("controlled from", &text, Some(YELLOW));
            }
            (None, _) => {
                let text = format!(
                    "unknown as of {}: the register does not say who controls it",
                    self.as_of
                );
                self.painted("controlled from", &text, Some(YELLOW));
            }
        }
    }

    fn owner(&mut self, one: &OwnerEntry) {
        let seat = one.country.as_deref().unwrap_or("unknown");
        self.fact(
            "owner",
            &format!("{} [{}], seat {seat}; makes nothing itself", one.name, one.id),
        );
        if let Some(note) = &one.note {
            self.fact("remark", note);
        }
        self.control(&one.id, &one.chain, &one.history);
        if !one.controls.is_empty() {
            self.fact("controls", &format!("as of {}: {}", self.as_of, list(&one.controls)));
        }
    }

    fn control(&mut self, id: &str, chain: &[ControlEntry], history: &[ControlEntry]) {
        for step in chain {
            self.fact("controlled by", &told(step, id));
        }
        let past = history.iter().filter(|step| {
            !chain.iter().any(|now| {
                now.name == step.name && now.from == step.from && now.until == step.until
            })
        });
        for step in past {
            self.fact("at other times", &told(step, id));
        }
    }

    fn rule(&mut self, rule: &RuleEntry) {
        let through = match rule.relation.as_str() {
            "maker" => String::new(),
            relation => format!(
                " ({relation} {}{})",
                rule.names,
                if rule.verified { "" } else { ", not verified" }
            ),
        };
        let head = format!("{}/{}{through}: {}", rule.pack, rule.rule, rule.title);
        let in_force = rule.listings.iter().any(|listing| listing.in_force && listing.reaches);
        self.painted("rule", &head, in_force.then_some(RED));
        for listing in &rule.listings {
            let until =
                listing.until.as_ref().map_or_else(String::new, |day| format!(" until {day}"));
            let state = if listing.in_force { "in force" } else { "not in force on that day" };
            let reach =
                if listing.reaches { "" } else { "; does not reach firms in this relation" };
            let text = format!(
                "{}: {:?} since {}{until}, {state}{reach}; {}",
                listing.list, listing.named_as, listing.since, listing.instrument
            );
            self.painted("", &text, Some(DIM));
        }
    }
}

/// A step of control with what it rests on.
fn told(step: &ControlEntry, id: &str) -> String {
    let country = step.country.as_deref().unwrap_or("country unknown");
    let who = match &step.id {
        Some(own) if own == id => "nobody else".to_owned(),
        Some(other) => format!("{} [{other}]", step.name),
        None => step.name.clone(),
    };
    let days = match (&step.from, &step.until) {
        (None, None) => String::new(),
        (Some(from), None) => format!(", since {from}"),
        (None, Some(until)) => format!(", until {until}"),
        (Some(from), Some(until)) => format!(", {from} to {until}"),
    };
    let test = if step.test == "unstated" {
        "test not stated".to_owned()
    } else {
        step.test.replace('-', " ")
    };
    let basis = basis(step.source.as_deref(), step.last_checked.as_deref(), step.verified);
    format!("{who}, {country}: {test}{days} (confidence {}; {basis})", step.confidence)
}

/// What a statement rests on.
fn basis(source: Option<&str>, checked: Option<&str>, verified: bool) -> String {
    let sure = if verified { "verified" } else { "unverified" };
    match (source, checked) {
        (None, _) => format!("{sure}, no source"),
        (Some(source), None) => format!("{sure}, by {source}, not read again"),
        (Some(source), Some(day)) => format!("{sure}, {source}, read {day}"),
    }
}

fn list(texts: &[String]) -> String {
    let more = texts.len().saturating_sub(MOST);
    let first = texts.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(" · ");
    if more > 0 { format!("{first} · and {more} more") } else { first }
}

/// Names come from files that strangers wrote.
fn shown(text: &str) -> String {
    for_terminal(&DeviceText::from(text), LONGEST)
}
