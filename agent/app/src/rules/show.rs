//! Packs and rules in plain words, out of their checked form.

use std::fmt::Write;

use herkomst_rules::{
    FactTest, Listing, ListingDate, NamedTest, Pack, PartyExpression, PlaceTest, ProductName,
    Relation, Rule, SetTest, TermStart,
};
use jiff::civil::Date;

use super::aged;
use crate::outputs::table::{BOLD, DIM, Screen, wrapped};

/// A pack in plain words.
pub(crate) fn show(pack: &Pack, on: Date, screen: Screen) -> String {
    let mut out = String::new();
    let mut painted = |code: Option<&str>, indent: usize, text: &str| {
        let text = wrapped(text, indent + 2, screen);
        let text = code.map_or_else(|| text.clone(), |code| screen.paint(code, &text));
        let _ = writeln!(out, "{:indent$}{text}", "");
    };
    painted(Some(BOLD), 0, &format!("{}: {}", pack.id, pack.title));
    let article = pack.article.as_ref().map_or_else(String::new, |article| format!(", {article}"));
    painted(
        None,
        2,
        &format!("{}{article}; {}, {}", pack.instrument, pack.jurisdiction, pack.status),
    );
    painted(None, 2, &format!("binds {}", pack.bound));
    painted(
        None,
        2,
        &format!(
            "edition of {}, last checked {}; {}",
            pack.edition, pack.last_checked, pack.publicity
        ),
    );
    painted(Some(DIM), 2, &pack.disclaimer);
    if let Some(aged) = aged(pack, on) {
        painted(None, 2, &aged);
    }
    for sentence in terms(pack) {
        painted(None, 2, &sentence);
    }
    for rule in &pack.rules {
        painted(None, 0, "");
        painted(Some(BOLD), 0, &format!("{}/{}: {}", pack.id, rule.id, rule.title));
        for sentence in in_words(rule) {
            painted(None, 2, &sentence);
        }
    }
    out
}

/// When a pack applies, and to whom: it goes for each of its rules.
pub(crate) fn terms(pack: &Pack) -> Vec<String> {
    let mut words = Vec::new();
    if !pack.binds.is_empty() {
        let kinds = pack.binds.iter().map(|one| {
            let severity =
                one.severity.map_or_else(String::new, |severity| format!(", severity {severity}"));
            format!("{} ({}{severity})", one.who, one.force)
        });
        words.push(format!(
            "For an operator who says that he is {}; undetermined for one who does not say.",
            either(kinds)
        ));
    }
    words.extend(pack.order.as_ref().map(|order| {
        format!("Valid only with an order of {}, which the operator holds.", either(&order.issuers))
    }));
    words.extend(pack.from.map(|from| format!("No rule of it applies before {from}.")));
    words.extend(pack.until.map(|until| format!("No rule of it applies after {until}.")));
    if !pack.waiver_roles.is_empty() {
        let roles: Vec<&str> = pack.waiver_roles.iter().map(String::as_str).collect();
        words.push(format!("A waiver needs the approval of {}.", roles.join(" and ")));
    }
    words
}

/// A rule in plain words, out of its checked form.
pub(crate) fn in_words(rule: &Rule) -> Vec<String> {
    let found = match &rule.set {
        None => format!("Finds a device where {}.", party(&rule.party.tests)),
        Some(SetTest::Cap { .. }) => format!("Counts devices where {}.", party(&rule.party.tests)),
        Some(SetTest::Diversity { .. }) => "Counts the suppliers of devices.".to_owned(),
    };
    let mut words = vec![found];
    if !rule.thing.roles.is_empty() {
        words.push(format!("Only a {}.", either(&rule.thing.roles)));
    }
    if !rule.thing.components.is_empty() {
        words.push(format!("Only a component that is a {}.", either(&rule.thing.components)));
    }
    words.extend(rule.thing.more.iter().map(|test| format!("Only where {}.", fact(test))));
    match &rule.place {
        PlaceTest::Anywhere => words.push("Wherever it stands.".to_owned()),
        PlaceTest::Parts(parts) => words.push(format!(
            "Only in the part {}; undetermined where nobody declared the parts.",
            either(parts)
        )),
        PlaceTest::Where(tests) => {
            words.extend(tests.iter().map(|test| format!("Only where {}.", fact(test))));
        }
    }
    for exception in &rule.except {
        let tests: Vec<String> = exception.tests.iter().map(fact).collect();
        words.push(format!("Not: {}, where {}.", exception.title, tests.join(" and ")));
    }
    for question in &rule.questions {
        words.push(format!("Asks a person, who answers with evidence: {}", question.text));
    }
    words.extend(rule.set.as_ref().map(|set| match set {
        SetTest::Cap { share, denominator, per } => {
            format!("Counts over the inventory: at most {share} of the {denominator}, for each {per}.")
        }
        SetTest::Diversity { at_least, per } => format!(
            "Counts over the inventory: at least {at_least} suppliers, for each {per}; one group is one supplier."
        ),
    }));
    words.push(format!(
        "The evidence must be at least {}; severity {}.",
        rule.minimum_confidence, rule.severity
    ));
    words.extend(rule.from.map(|from| format!("In force from {from}.")));
    words.extend(rule.until.map(|until| format!("In force until {until}.")));
    words.extend(rule.actions.iter().map(|action| format!("Asks: {}.", dated(action))));
    for listing in &rule.listings {
        words.push(listed(listing));
        words.extend(listing.actions.iter().map(|action| format!("  asks {}", dated(action))));
    }
    words.push(format!("Says: {}", rule.wording));
    words
}

fn either<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(" or ")
}

/// The party tests in words.
fn party(tests: &PartyExpression) -> String {
    let all = |tests: &[PartyExpression], word: &str| {
        let parts: Vec<String> = tests.iter().map(party).collect();
        match parts.as_slice() {
            [] => "anybody made it".to_owned(),
            [one] => one.clone(),
            several => format!("({})", several.join(word)),
        }
    };
    match tests {
        PartyExpression::All(tests) => all(tests, " and "),
        PartyExpression::Any(tests) => all(tests, " or "),
        PartyExpression::Named(test) if test.vendors.len() == 1 => named(test),
        PartyExpression::Named(test) => format!("one of {}", named(test)),
        PartyExpression::Unlisted(test) => format!("none of {}", named(test)),
        PartyExpression::Country { of, lists } => {
            format!("its {of} stands on the list {}", lists.join(" and on "))
        }
        PartyExpression::StateOwned(true) => "a state owns the maker".to_owned(),
        PartyExpression::StateOwned(false) => "no state owns the maker".to_owned(),
    }
}

fn named(test: &NamedTest) -> String {
    let vendors: Vec<String> = test.vendors.iter().map(|one| one.id.to_string()).collect();
    let relations = test.relations.iter().map(|relation| match relation {
        Relation::Maker => "is its maker".to_owned(),
        Relation::Brand => "is the name on the box".to_owned(),
        Relation::ControlledBy => "controls its maker on the day asked".to_owned(),
        other => format!("stands to it as {other}"),
    });
    let who =
        if test.ordered { "the vendors of your order".to_owned() } else { vendors.join(", ") };
    let mut words = format!("{who} {}", either(relations));
    if !test.control.is_empty() {
        let _ = write!(words, ", by {}", either(&test.control));
    }
    if let Some(share) = test.share_at_least {
        let _ = write!(words, ", or with a share of at least {share}");
    }
    if !test.supplier_roles.is_empty() {
        let _ = write!(words, ", as {}", either(&test.supplier_roles));
    }
    if test.suspicion {
        words.push_str(", or there are grounds to suspect that");
    }
    words
}

/// A test of a thing or a place in words.
fn fact(test: &FactTest) -> String {
    let products = |names: &[ProductName]| either(names.iter().map(|name| &name.text));
    match test {
        FactTest::Roles(roles) => format!("it is a {}", either(roles)),
        FactTest::Components(kinds) => format!("it is a component, a {}", either(kinds)),
        FactTest::Families(names) => format!("it is of the family {}", products(names)),
        FactTest::Software(names) => format!("{} is on it", products(names)),
        FactTest::Generations(ones) => format!("it serves {}", either(ones)),
        FactTest::Purposes(ones) => format!("it is used for {}", either(ones)),
        FactTest::Events(ones) => format!("it is {}", either(ones)),
        FactTest::Attribute(test) => format!("its {test}"),
        FactTest::Trait(one, true) => format!("it has the property {one}"),
        FactTest::Trait(one, false) => format!("it has not the property {one}"),
        FactTest::SeenBefore(day) => format!("it was seen before {day}"),
        FactTest::Parts { parts, adjacent_to } => {
            match (parts.is_empty(), adjacent_to.is_empty()) {
                (_, true) => format!("it is in the part {}", either(parts)),
                (true, false) => format!("it stands next to the part {}", either(adjacent_to)),
                (false, false) => {
                    format!(
                        "it is in the part {} or next to {}",
                        either(parts),
                        either(adjacent_to)
                    )
                }
            }
        }
        FactTest::OrderedParts => "it is in a part that the operator's order names".to_owned(),
        FactTest::ConnectedTo(parts) => format!("it is connected to the part {}", either(parts)),
        FactTest::Sites(sites) => format!("it stands on the site {}", either(sites)),
        FactTest::Zones(zones) => format!("it stands in the zone {}", either(zones)),
        FactTest::Classifications(ones) => format!("its system is classified {}", either(ones)),
    }
}

fn listed(listing: &Listing) -> String {
    let since = match listing.since {
        ListingDate::From(day) => format!("since {day}"),
        ListingDate::KnownBy(day) => format!("known by {day}"),
    };
    let until = listing.until.map_or_else(String::new, |day| format!(" until {day}"));
    let reaches: Vec<&str> = listing.reaches.iter().map(|one| one.as_str()).collect();
    format!(
        "Listed as {:?} in {} ({}), {since}{until}; reaches {}; {}.",
        listing.name,
        listing.list.id,
        listing.list.instrument,
        reaches.join(", "),
        listing.mark
    )
}

fn dated(action: &herkomst_rules::DatedAction) -> String {
    let start = action.from.map_or_else(String::new, |from| match from {
        TermStart::Order => "the date of the order".to_owned(),
        TermStart::FirstSeen => "the day it was first seen".to_owned(),
    });
    let mut words = match (action.date, action.period) {
        (Some(date), _) => format!("{}, {date}", action.action),
        (None, Some(period)) => format!("{}, {period} after {start}", action.action),
        (None, None) if action.from.is_some() && action.minimum_term.is_none() => {
            format!("{}, when the term of the order ends, counted from its date", action.action)
        }
        (None, None) => format!("{}, no date set", action.action),
    };
    if let Some(scope) = &action.scope {
        let _ = write!(words, " ({scope})");
    }
    if !action.only.is_empty() {
        let tests: Vec<String> = action.only.iter().map(fact).collect();
        let _ = write!(words, ", only where {}", tests.join(" and "));
    }
    if let Some(least) = action.minimum_term {
        let _ = write!(words, ", and no sooner than {least} after {start}");
    }
    if let Some(soft) = action.soft_date {
        let _ = write!(words, "; should be done by {soft}");
    }
    if let Some(request) = action.extension_request_by {
        let _ = write!(words, "; more time can be asked for until {request}");
    }
    if let Some(mark) = action.mark {
        let _ = write!(words, "; {mark}");
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pack_is_shown_in_words() {
        let shown = show(
            &crate::rules::shipped_pack("public-lists").unwrap(),
            "2026-11-21".parse().unwrap(),
            Screen { width: None, colour: false },
        );
        for words in [
            "huawei is its maker",
            "Wherever it stands.",
            "Listed as \"Huawei Technologies Company\"",
            "asks remove",
        ] {
            assert!(shown.contains(words), "{words}");
        }
    }
}
