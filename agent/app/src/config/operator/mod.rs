//! The operator's file: which devices are in which part of the network, on which site and segment, what only he can state of
//! them, and what he is, his orders, answers and waivers (`herkomst_rules::Context` reads those). Nothing is critical by
//! default.
//!
//! What a declaration asks for and nobody knows of a device leaves it open: unknown is not outside.

mod place;
mod selector;
mod stated;
mod statement;

use std::collections::{BTreeMap, BTreeSet};

use herkomst_ids::VendorId;
use herkomst_registry::Registry;
use herkomst_rules::{Context, NamedVendor, PartTag, Trait};
use ipnet::IpNet;
use jiff::civil::Date;

pub(crate) use self::place::Membership;
pub(crate) use self::selector::{Known, Switch};
use self::selector::{Selector, any, each, prefixes};
pub(crate) use self::stated::{Stated, StatedMaker};
use self::statement::{DeviceStatement, MakerStatement, TRAITS};
use super::problems::{Problems, hint};
use super::section::{Document, Section};
use crate::rules::file::mistakes;
use crate::rules::read::is_known;

/// The most tables of one kind.
const MOST_TABLES: usize = 1000;

/// What the operator declared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Operator {
    /// The whole of his network; empty when he does not say.
    pub(crate) networks: Vec<IpNet>,
    parts: Vec<Part>,
    sites: Vec<Site>,
    segments: Vec<Selector>,
    devices: Vec<DeviceStatement>,
    makers: Vec<MakerStatement>,
    /// Every vendor that the file names, with its place and key: the register has to know it.
    pub(crate) vendors: Vec<(VendorId, String)>,
    /// The name of the file.
    file: String,
    /// What he is, his orders, answers and waivers.
    pub(crate) context: Context,
}

/// One `[[part]]`: whatever fits the selector, or stands on one of the sites, is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    tag: PartTag,
    selector: Selector,
    sites: BTreeSet<String>,
}

/// One `[[site]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Site {
    name: String,
    selector: Selector,
    zone: Option<String>,
    classification: Option<String>,
    traits: BTreeMap<Trait, bool>,
}

impl Operator {
    /// What is stated of a device, as far as it counts on that day: the latest last.
    pub(crate) fn stated(&self, known: &Known<'_>, on: Date) -> Stated<'_> {
        let ours =
            |one: &&DeviceStatement| one.holds_on(on) && one.which.holds(known) == Some(true);
        let mut statements: Vec<&DeviceStatement> = self.devices.iter().filter(ours).collect();
        statements.sort_by_key(|one| one.told.date());
        Stated::of(statements)
    }

    /// How many vendors the file names that no register knows, and where: for those who may not see the rest of it.
    pub(crate) fn sealed_strangers(&self, registry: &Registry) -> Option<String> {
        let unknown = self.vendors.iter().filter(|(id, _)| !is_known(id.as_str(), registry));
        let places: Vec<String> = unknown
            .map(|(_, place)| {
                let place = place.strip_prefix(&self.file).unwrap_or_default();
                place.split(' ').next().unwrap_or_default().trim_matches(':').to_owned()
            })
            .collect();
        (!places.is_empty()).then(|| mistakes(&self.file, places.len(), &places))
    }

    /// What is stated of a maker, as far as it counts on that day.
    pub(crate) fn maker(&self, id: &VendorId, on: Date) -> StatedMaker {
        let ours = self.makers.iter().filter(|one| one.id == *id && one.holds_on(on));
        let mut statements: Vec<&MakerStatement> = ours.collect();
        statements.sort_by_key(|one| one.told.date());
        StatedMaker::of(&statements)
    }
}

/// Reads the text of a file and notes every problem.
pub(crate) fn parse(name: &str, text: &str, problems: &mut Problems) -> Operator {
    let document = Document { file: name, text };
    let Some(table) = document.parse(text, problems) else { return Operator::default() };
    let root = Section::root(document, &table);
    let mut vendors = Vec::new();
    let networks = prefixes(&root, "networks", problems);
    let sites = tables(&root, "site", problems, site);
    let mut names = BTreeSet::new();
    for site in &sites {
        if !names.insert(site.name.as_str()) {
            root.problem(problems, format!("has a second site {:?}", site.name));
        }
    }
    let parts =
        tables(&root, "part", problems, |section, problems| part(section, &names, problems));
    let segments = tables(&root, "segment", problems, segment);
    let devices = tables(&root, "device", problems, |section, problems| {
        DeviceStatement::read(section, problems, &mut vendors)
    });
    let makers = tables(&root, "maker", problems, |section, problems| {
        MakerStatement::read(section, problems, &mut vendors)
    });
    for key in ["is", "is-not", "country-list", "order", "answer", "waiver"] {
        drop(root.take(key));
    }
    root.finish(problems);
    let context = Context::parse(text, name).unwrap_or_else(|wrong| {
        for problem in &wrong.problems {
            let place = format!("{name}:{}:{}", problem.line, problem.column);
            problems.add_configuration(&place, format!("{} {}", problem.key, problem.text));
        }
        Context::default()
    });
    for vendor in context.orders.iter().flat_map(|order| order.vendors.iter().flatten()) {
        let NamedVendor { id, line, column } = vendor;
        vendors.push((id.clone(), format!("{name}:{line}:{column} order.vendors")));
    }
    Operator {
        networks,
        parts,
        sites,
        segments,
        devices,
        makers,
        vendors,
        file: name.to_owned(),
        context,
    }
}

fn tables<T>(
    root: &Section<'_>,
    key: &'static str,
    problems: &mut Problems,
    mut read: impl FnMut(Section<'_>, &mut Problems) -> Option<T>,
) -> Vec<T> {
    let tables = root.items(key, problems);
    if tables.len() > MOST_TABLES {
        root.problem(problems, format!("has {} {key}s, allowed are {MOST_TABLES}", tables.len()));
    }
    let mut all = Vec::new();
    for found in tables.into_iter().take(MOST_TABLES) {
        all.extend(found.section(problems).and_then(|section| read(section, problems)));
    }
    all
}

fn part(section: Section<'_>, known: &BTreeSet<&str>, problems: &mut Problems) -> Option<Part> {
    if !section.has("tag") {
        section.problem(problems, "has no tag");
    }
    let tag = section.take("tag").and_then(|found| {
        let tag = found.text(problems)?.parse::<PartTag>();
        tag.map_err(|error| found.problem(problems, error.to_string())).ok()
    });
    let selector = Selector::read(&section, problems);
    let known: Vec<&str> = known.iter().copied().collect();
    let sites = each(&section, "sites", problems, |text| {
        let is_known = known.contains(&text).then(|| text.to_owned());
        is_known
            .ok_or_else(|| format!("the name of a [[site]] of this file; {}", hint(text, &known)))
    });
    if selector.is_empty() && sites.is_empty() && problems.is_empty() {
        section.problem(problems, "says of no device that it is in it: give prefixes, macs, names, serials, roles, interfaces, vlans, ids or sites");
    }
    section.finish(problems);
    Some(Part { tag: tag?, selector, sites: sites.into_iter().collect() })
}

fn site(section: Section<'_>, problems: &mut Problems) -> Option<Site> {
    if !section.has("name") {
        section.problem(problems, "has no name");
    }
    let name = name(&section, "name", problems);
    let selector = Selector::read(&section, problems);
    if selector.is_empty() && problems.is_empty() {
        section.problem(problems, "says of no device that it stands there: give prefixes, macs, names, serials, roles, interfaces, vlans or ids");
    }
    let zone = self::name(&section, "zone", problems);
    let classification = self::name(&section, "classification", problems);
    let mut traits = BTreeMap::new();
    for which in TRAITS {
        traits.extend(section.switch(which.as_str(), problems).map(|is| (which, is)));
    }
    section.finish(problems);
    Some(Site { name: name?, selector, zone, classification, traits })
}

fn segment(section: Section<'_>, problems: &mut Problems) -> Option<Selector> {
    let selector = Selector::read(&section, problems);
    if selector.is_empty() && problems.is_empty() {
        section.problem(problems, "says of no device that it is on it: give prefixes or vlans");
    }
    section.finish(problems);
    Some(selector)
}

/// The names that operators and packs give: sites, zones, purposes, events, classifications.
fn is_name(text: &str) -> bool {
    let fits = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.'
    };
    (1..=48).contains(&text.len()) && text.bytes().all(fits)
}

const NAME: &str = "a name of at most 48 lower-case letters, digits, hyphens and full stops";

fn name(section: &Section<'_>, key: &'static str, problems: &mut Problems) -> Option<String> {
    let found = section.take(key)?;
    let text = found.text(problems)?;
    if !is_name(text) {
        found.problem(problems, format!("is not {NAME}"));
        return None;
    }
    Some(text.to_owned())
}

/// A list of names: these and no others, so that an empty one says something.
fn names(
    section: &Section<'_>,
    key: &'static str,
    problems: &mut Problems,
) -> Option<BTreeSet<String>> {
    section.take(key)?;
    let read = |text: &str| is_name(text).then(|| text.to_owned()).ok_or(NAME.to_owned());
    Some(each(section, key, problems, read).into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (Operator, String) {
        let mut problems = Problems::default();
        let operator = parse("parts.toml", text, &mut problems);
        (operator, problems.to_string())
    }

    #[test]
    fn every_way_to_declare_a_part_is_read() {
        let (operator, problems) = parsed(
            "[[part]]\ntag = \"core.cp\"\nprefixes = [\"10.0.0.0/24\", \"2001:db8::/32\", \"10.1.1.1\"]\n\
             macs = [\"00:e0:fc\", \"00:e0:fc:12:34:56\"]\nnames = [\"core-*\"]\nserials = [\"21980107\"]\n\
             roles = [\"router\"]\ninterfaces = [\"eth1\"]\nvlans = [10, \"20\"]\n",
        );
        assert_eq!(problems, "");
        let selector = format!("{:?}", operator.parts[0].selector);
        for read in ["2001:db8::/32", "10.1.1.1/32", "serials: {\"21980107\"}", "vlans: {10, 20}"] {
            assert!(selector.contains(read), "{read}: {selector}");
        }
    }

    #[test]
    fn a_statement_without_its_author_or_of_nobody_is_refused() {
        let who = "author = \"A\"\ndate = 2026-01-01\nevidence = \"e\"\n";
        for (text, told) in [
            ("[[device]]\nports = 1\nwhich = { serials = \"1\" }\n".to_owned(), "device[1] has no author"),
            (format!("[[device]]\nports = 1\n{who}"), "device[1] has no which"),
            (format!("[[device]]\nwhich = {{}}\nports = 1\n{who}"), "means no device"),
            (format!("[[device]]\nwhich = {{ serials = \"1\" }}\n{who}"), "states nothing of the device"),
            (
                format!("[[device]]\nwhich = {{ serials = \"1\" }}\npasive = true\n{who}"),
                "did you mean \"passive\"?",
            ),
            (format!("[[maker]]\nstate-owned = true\n{who}"), "maker[1] has no id"),
            (format!("[[maker]]\nid = \"No one\"\n{who}"), "is not the id of a vendor"),
            ("[[site]]\nprefixes = \"192.0.2.0/24\"\n".to_owned(), "site[1] has no name"),
            ("[[segment]]\n".to_owned(), "says of no device that it is on it"),
            (
                "[[part]]\ntag = \"li\"\nsites = [\"sout\"]\n[[site]]\nname = \"south\"\nvlans = [1]\n".to_owned(),
                "is not the name of a [[site]] of this file; did you mean \"south\"?",
            ),
            (
                "[[site]]\nname = \"south\"\nvlans = [1]\n[[site]]\nname = \"south\"\nvlans = [2]\n".to_owned(),
                "has a second site \"south\"",
            ),
            ("[[device]]\nwhich = { ids = \"dev-1\" }\n".to_owned(), "is not the id of a device in the report"),
        ] {
            let (_, problems) = parsed(&text);
            assert!(problems.contains(told), "{text}: {problems}");
        }
    }

    #[test]
    fn a_sealed_file_tells_only_where_it_names_a_vendor_nobody_knows() {
        let who = "author = \"A\"\ndate = 2026-01-01\nevidence = \"e\"\n";
        let (operator, problems) =
            parsed(&format!("[[maker]]\nid = \"huawai\"\nstate-owned = false\n{who}"));
        assert_eq!(problems, "");
        let told = operator.sealed_strangers(herkomst_registry::embedded()).expect("it is unknown");
        assert!(told.starts_with("parts.toml: 1 mistake at 2:6 of what is sealed"), "{told}");
        assert!(!told.contains("huaw"), "{told}");
    }

    #[test]
    fn the_example_of_the_documentation_is_read() {
        let page = include_str!("../../../../../docs/parts.md");
        let example =
            page.split("```toml operator\n").nth(1).and_then(|rest| rest.split("```").next());
        let (operator, problems) = parsed(example.expect("is in docs/parts.md"));
        assert_eq!(problems, "");
        let Operator { parts, sites, segments, devices, makers, context, .. } = &operator;
        for (what, count) in [
            ("parts", parts.len()),
            ("networks", operator.networks.len()),
            ("sites", sites.len()),
            ("segments", segments.len()),
            ("devices", devices.len()),
            ("makers", makers.len()),
            ("country lists", context.country_lists.len()),
            ("orders", context.orders.len()),
            ("answers", context.answers.len()),
            ("waivers", context.waivers.len()),
        ] {
            assert!(count > 0, "the example is to show {what}");
        }
    }
}
