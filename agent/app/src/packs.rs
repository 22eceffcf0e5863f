//! Rule packs: reading them by name or path, and `herkomst rules list · show · check · test`.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, anyhow};
use herkomst_registry::Registry;
use herkomst_rules::{
    FactTest, Listing, ListingDate, NamedTest, NamedVendor, Pack, PartyExpression, PlaceTest,
    ProductName, Relation, Rule, SetTest, shipped,
};
use jiff::civil::Date;

use crate::cli::{RulesArgs, RulesCommand, printable};
use crate::config::bounded;
use crate::config::problems::hint;
use crate::exit::{Failure, Result};
use crate::outputs::table::{BOLD, DIM, Screen, wrapped};
use crate::outputs::write_out;

/// After so many days since its facts were last checked a pack is said to have aged.
const STALE_AFTER: i64 = 180;
/// The most ids that are offered for one that does not exist.
const MOST_NEAR: usize = 3;

/// Why a pack cannot be read.
#[derive(Debug)]
pub(crate) enum Refused {
    /// It is no shipped pack, and not written like a path.
    Unknown(String),
    /// The file cannot be read.
    File(String),
    /// It is read, and wrong.
    Wrong(String),
}

/// Reads a pack: the id of a shipped one, or a path.
pub(crate) fn read(name: &str) -> std::result::Result<Pack, Refused> {
    let parsed = match shipped().iter().find(|(id, _)| *id == name) {
        Some((id, text)) => Pack::parse(text, &format!("{id}.toml")),
        None if name.contains(['/', '.']) => {
            let text = bounded::read(Path::new(name)).map_err(Refused::File)?;
            Pack::parse(&text, name)
        }
        None => {
            let known: Vec<&str> = shipped().iter().map(|(id, _)| *id).collect();
            let hint = hint(name, &known);
            return Err(Refused::Unknown(format!(
                "{name:?} is no shipped pack and no path to one; {hint}"
            )));
        }
    };
    parsed.map_err(|problems| Refused::Wrong(problems.to_string()))
}

/// Vendors of a pack that no register knows, each with its place and the nearest ids: such a rule would never match.
pub(crate) fn strangers(pack: &Pack, file: &str, registry: &Registry) -> Vec<String> {
    let is_known = |id: &str| registry.vendor(id).is_some() || registry.owner(id).is_some();
    let stranger = |vendor: &NamedVendor| {
        let NamedVendor { id, line, column } = vendor;
        let near = near(id.as_str(), registry);
        let hint = if near.is_empty() {
            "herkomst explain finds ids by name".to_owned()
        } else {
            format!("near ones are {}", near.join(", "))
        };
        format!("{file}:{line}:{column}: {:?} is no vendor of the register; {hint}", id.as_str())
    };
    pack.vendors().filter(|vendor| !is_known(vendor.id.as_str())).map(stranger).collect()
}

fn near<'a>(id: &str, registry: &'a Registry) -> Vec<&'a str> {
    let vendors = registry.vendors().map(|one| one.id());
    let ids = vendors.chain(registry.owners().map(|one| one.id()));
    let mut near: Vec<(usize, &str)> = ids
        .map(|known| (strsim::damerau_levenshtein(id, known), known))
        .filter(|(distance, known)| *distance <= 1 + known.len() / 4)
        .collect();
    near.sort_unstable();
    near.into_iter().take(MOST_NEAR).map(|(_, known)| known).collect()
}

/// What to say of rules that a scan does not judge: they count over a whole inventory.
pub(crate) fn not_judged(pack: &Pack) -> Vec<String> {
    let counting = pack.rules.iter().filter(|rule| rule.set.is_some());
    let told = |rule: &Rule| {
        let (pack, rule) = (&pack.id, &rule.id);
        format!("rule {pack}/{rule} counts over a whole inventory: a scan does not judge it yet")
    };
    counting.map(told).collect()
}

/// What to say of a pack whose facts were not checked for long.
pub(crate) fn aged(pack: &Pack, on: Date) -> Option<String> {
    let days = pack.days_since_check(on);
    (days > STALE_AFTER).then(|| {
        format!(
            "the rule pack {} was last checked on {}, {days} days ago: its lists and dates may have changed",
            pack.id, pack.last_checked
        )
    })
}

/// Runs one of the commands.
pub(crate) fn run(args: &RulesArgs, registry: &Registry) -> Result<()> {
    let on = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let screen = Screen::stdout();
    let text = match &args.command {
        RulesCommand::List => list(on, screen),
        RulesCommand::Show(named) => {
            let pack = read(&named.pack).map_err(|refused| failure(&named.pack, refused))?;
            show(&pack, on, screen)
        }
        RulesCommand::Check(named) => checked(&named.packs, registry, on)?,
        RulesCommand::Test(named) => tested(&named.packs)?,
    };
    write_out(text.as_bytes()).context("writing the answer").map_err(Failure::io)
}

fn failure(name: &str, refused: Refused) -> Failure {
    match refused {
        Refused::Unknown(what) => Failure::usage(anyhow!(what)),
        Refused::File(what) => Failure::data(anyhow!("{name}: {what}")),
        Refused::Wrong(what) => Failure::data(anyhow!(what)),
    }
}

/// The packs that were named, or all that are shipped.
fn or_shipped(named: &[String]) -> Vec<String> {
    if named.is_empty() {
        shipped().iter().map(|(id, _)| (*id).to_owned()).collect()
    } else {
        named.to_vec()
    }
}

fn list(on: Date, screen: Screen) -> String {
    let mut out = String::new();
    for (id, _) in shipped() {
        let Ok(pack) = read(id) else { continue };
        let head = format!(
            "{} of {}, {}, {}; {} rules, last checked {}",
            pack.id,
            pack.edition,
            pack.jurisdiction,
            pack.status,
            pack.rules.len(),
            pack.last_checked
        );
        let _ = writeln!(out, "{}", screen.paint(BOLD, &wrapped(&head, 0, screen)));
        let _ = writeln!(out, "  {}", wrapped(&pack.title, 2, screen));
        if let Some(aged) = aged(&pack, on) {
            let _ = writeln!(out, "  {}", wrapped(&aged, 2, screen));
        }
    }
    printable(&out)
}

/// Every pack in turn, with all that is wrong with all of them.
fn checked(named: &[String], registry: &Registry, on: Date) -> Result<String> {
    let (mut out, mut wrong) = (String::new(), Vec::new());
    for name in or_shipped(named) {
        let pack = match read(&name) {
            Ok(pack) => pack,
            Err(unknown @ Refused::Unknown(_)) => return Err(failure(&name, unknown)),
            Err(Refused::File(what)) => {
                wrong.push(format!("{name}: {what}"));
                continue;
            }
            Err(Refused::Wrong(what)) => {
                wrong.push(what);
                continue;
            }
        };
        let strangers = strangers(&pack, &name, registry);
        if strangers.is_empty() {
            let _ = writeln!(out, "{name}: {} rules, no mistake found", pack.rules.len());
        }
        wrong.extend(strangers);
        if let Some(aged) = aged(&pack, on) {
            let _ = writeln!(out, "{name}: {aged}");
        }
    }
    settle(out, wrong)
}

fn tested(named: &[String]) -> Result<String> {
    let (mut out, mut wrong) = (String::new(), Vec::new());
    for name in or_shipped(named) {
        let pack = read(&name).map_err(|refused| failure(&name, refused))?;
        let failures = pack.run_cases();
        let cases: usize = pack.rules.iter().map(|rule| rule.cases.len()).sum();
        if failures.is_empty() {
            let _ = writeln!(
                out,
                "{name}: all {cases} cases of {} rules come out as they should",
                pack.rules.len()
            );
        }
        wrong.extend(failures.iter().map(|failure| format!("{name}: {failure}")));
    }
    settle(out, wrong)
}

/// What is right goes to stdout; with anything wrong the command fails and says all of it.
fn settle(out: String, wrong: Vec<String>) -> Result<String> {
    if wrong.is_empty() {
        return Ok(printable(&out));
    }
    write_out(printable(&out).as_bytes()).context("writing the answer").map_err(Failure::io)?;
    Err(Failure::data(anyhow!(wrong.join("\n"))))
}

fn show(pack: &Pack, on: Date, screen: Screen) -> String {
    let mut out = String::new();
    let mut line = |indent: usize, text: &str| {
        let _ = writeln!(out, "{:indent$}{}", "", wrapped(text, indent + 2, screen));
    };
    line(0, &screen.paint(BOLD, &format!("{}: {}", pack.id, pack.title)));
    let article = pack.article.as_ref().map_or_else(String::new, |article| format!(", {article}"));
    line(2, &format!("{}{article}; {}, {}", pack.instrument, pack.jurisdiction, pack.status));
    line(2, &format!("binds {}", pack.bound));
    line(
        2,
        &format!(
            "edition of {}, last checked {}; {}",
            pack.edition, pack.last_checked, pack.publicity
        ),
    );
    line(2, &screen.paint(DIM, &pack.disclaimer));
    if let Some(aged) = aged(pack, on) {
        line(2, &aged);
    }
    for rule in &pack.rules {
        line(0, "");
        line(0, &screen.paint(BOLD, &format!("{}/{}: {}", pack.id, rule.id, rule.title)));
        for sentence in in_words(rule) {
            line(2, &sentence);
        }
    }
    printable(&out)
}

/// A rule in plain words, out of its checked form.
fn in_words(rule: &Rule) -> Vec<String> {
    let mut words = vec![format!("Finds a device where {}.", party(&rule.party.tests))];
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
    let mut words = format!("{} {}", vendors.join(", "), either(relations));
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
    let date = action.date.map_or_else(|| "no date set".to_owned(), |date| date.to_string());
    let scope = action.scope.as_ref().map_or_else(String::new, |scope| format!(" ({scope})"));
    format!("{}, {date}{scope}", action.action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_pack_is_right_tested_and_names_vendors_that_exist() {
        let registry = herkomst_registry::embedded();
        let on = "2026-11-21".parse().unwrap();
        let text = checked(&[], registry, on).unwrap();
        assert_eq!(text.lines().count(), shipped().len(), "{text}");
        assert!(tested(&[]).unwrap().contains("come out as they should"));
    }

    #[test]
    fn a_vendor_that_no_register_knows_is_told_with_its_place_and_near_ones() {
        let (id, text) = shipped()[0];
        let text = text.replacen("vendors = [\"huawei\"]", "vendors = [\"huawai\"]", 1);
        let pack = Pack::parse(&text, id).unwrap();
        let told = strangers(&pack, "own.toml", herkomst_registry::embedded());
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("own.toml:"), "{told:?}");
        assert!(
            told[0].contains("\"huawai\" is no vendor of the register; near ones are huawei"),
            "{told:?}"
        );
    }

    #[test]
    fn a_pack_that_was_not_checked_for_long_says_so() {
        let pack = read("public-lists").unwrap();
        assert_eq!(aged(&pack, "2026-12-01".parse().unwrap()), None);
        assert!(aged(&pack, "2027-12-01".parse().unwrap()).unwrap().contains("last checked on"));
    }

    #[test]
    fn a_pack_is_shown_in_words() {
        let shown = show(
            &read("public-lists").unwrap(),
            "2026-11-21".parse().unwrap(),
            Screen { width: None, colour: false },
        );
        for words in [
            "one of huawei is its maker",
            "Wherever it stands.",
            "Listed as \"Huawei Technologies Company\"",
            "asks remove",
        ] {
            assert!(shown.contains(words), "{words}");
        }
    }
}
