//! What the operator states of a device, or of a maker, that no scan can see: each with who says so, since when, and on what
//! it rests. It supplies what is missing; what evidence says otherwise is kept beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use herkomst_ids::{Country, VendorId};
use herkomst_rules::{
    AttributeTest, Comparison, Confidence, ControlKind, Controller, CountryOf, Generation, PartTag,
    Party, Quantity, Share, Supplier, SupplierRole, Trait,
};
use jiff::civil::Date;

use super::selector::{Selector, each, roles};
use crate::config::problems::Problems;
use crate::config::section::{Found, Section};

/// The longest text of a statement.
const LONGEST_TEXT: usize = 400;

/// Every property that a thing has or has not.
pub(super) const TRAITS: [Trait; 9] = [
    Trait::SeesUserData,
    Trait::Passive,
    Trait::EndUserDevice,
    Trait::ThirdPartyFacility,
    Trait::PrivateNetwork,
    Trait::RemoteControl,
    Trait::VitalProcess,
    Trait::CriticalData,
    Trait::WideAccess,
];

/// Who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) author: String,
    pub(super) date: Date,
    pub(super) evidence: String,
}

impl Told {
    /// The day from which on it counts.
    pub(super) fn date(&self) -> Date {
        self.date
    }

    fn read(section: &Section<'_>, problems: &mut Problems) -> Option<Self> {
        let text = |key, problems: &mut Problems| {
            let text = section.need_text(key, problems)?.trim();
            if text.is_empty() || text.len() > LONGEST_TEXT {
                section.problem(
                    problems,
                    format!("has a {key} of {} bytes, allowed are 1 to {LONGEST_TEXT}", text.len()),
                );
                return None;
            }
            Some(text.to_owned())
        };
        let author = text("author", problems);
        let evidence = text("evidence", problems);
        let date = section.date("date", problems);
        if date.is_none() && !section.has("date") {
            section.problem(problems, "has no date: a statement counts from a day on");
        }
        Some(Self { author: author?, date: date?, evidence: evidence? })
    }
}

/// One `[[device]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DeviceStatement {
    pub(super) which: Selector,
    pub(super) told: Told,
    pub(super) facts: Facts,
}

/// What is stated of a device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) maker: Option<VendorId>,
    pub(super) brand: Option<VendorId>,
    pub(super) roles: BTreeSet<String>,
    pub(super) suppliers: Option<Vec<Supplier>>,
    pub(super) countries: BTreeMap<CountryOf, Country>,
    pub(super) family: Option<String>,
    pub(super) software: Option<BTreeSet<String>>,
    pub(super) generations: Option<BTreeSet<Generation>>,
    pub(super) purposes: Option<BTreeSet<String>>,
    pub(super) events: Option<BTreeSet<String>>,
    pub(super) attributes: BTreeMap<String, Quantity>,
    pub(super) traits: BTreeMap<Trait, bool>,
    pub(super) connected: Option<BTreeSet<PartTag>>,
    pub(super) classification: Option<String>,
    pub(super) ports: Option<u32>,
    pub(super) first_seen: Option<Date>,
}

/// One `[[maker]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MakerStatement {
    pub(super) id: VendorId,
    pub(super) told: Told,
    /// Who controls it: these and no others.
    pub(super) controllers: Option<Vec<Controller>>,
    /// Whom it controls.
    pub(super) controls: Option<Vec<Controller>>,
    /// Whose business it took over.
    pub(super) successor_of: Option<Vec<Controller>>,
    /// Who took over its business.
    pub(super) predecessor_of: Option<Vec<Controller>>,
    /// Whether a state owns it.
    pub(super) state_owned: Option<bool>,
    /// Where it sits, and where those who control it do.
    pub(super) countries: BTreeMap<CountryOf, Country>,
}

impl DeviceStatement {
    pub(super) fn read(
        section: Section<'_>,
        problems: &mut Problems,
        named: &mut Vec<(VendorId, String)>,
    ) -> Option<Self> {
        let which = section.take("which").and_then(|found| found.section(problems));
        let which = match which {
            Some(which) => {
                let selector = Selector::read(&which, problems);
                if selector.is_empty() && problems.is_empty() {
                    which.problem(
                        problems,
                        "means no device: give ids, macs, serials, names or prefixes",
                    );
                }
                which.finish(problems);
                Some(selector)
            }
            None => {
                if !section.has("which") {
                    section.problem(problems, "has no which: say which devices, as in which = { serials = [\"21980107\"] }");
                }
                None
            }
        };
        let told = Told::read(&section, problems);
        let facts = Facts::read(&section, problems, named);
        if facts == Facts::default() && problems.is_empty() {
            section.problem(problems, "states nothing of the device");
        }
        section.finish(problems);
        Some(Self { which: which?, told: told?, facts })
    }

    /// Whether it counts on that day.
    pub(super) fn holds_on(&self, on: Date) -> bool {
        self.told.date <= on
    }
}

impl Facts {
    fn read(
        section: &Section<'_>,
        problems: &mut Problems,
        named: &mut Vec<(VendorId, String)>,
    ) -> Self {
        let mut countries = BTreeMap::new();
        for of in [CountryOf::Production, CountryOf::Data, CountryOf::Administration] {
            countries.extend(country(section, of, problems).map(|country| (of, country)));
        }
        let mut traits = BTreeMap::new();
        for which in TRAITS {
            traits.extend(section.switch(which.as_str(), problems).map(|is| (which, is)));
        }
        let mut attributes = BTreeMap::new();
        for test in each(section, "attributes", problems, |text| {
            let test = text.parse::<AttributeTest>().ok();
            test.filter(|test| test.comparison == Comparison::Equal)
                .ok_or("an attribute and what it is, such as \"weight-kg = 2.5\"".to_owned())
        }) {
            attributes.insert(test.name, test.value);
        }
        Self {
            maker: vendor(section, "maker", problems, named),
            brand: vendor(section, "brand", problems, named),
            roles: roles(section, problems),
            suppliers: suppliers(section, problems, named),
            countries,
            family: text(section, "family", problems),
            software: texts(section, "software", problems),
            generations: words(section, "generations", problems),
            purposes: super::names(section, "purposes", problems),
            events: super::names(section, "events", problems),
            attributes,
            traits,
            connected: words(section, "connected-to", problems),
            classification: super::name(section, "classification", problems),
            ports: section
                .number("ports", 0..=1_000_000, problems)
                .and_then(|number| u32::try_from(number).ok()),
            first_seen: section.date("first-seen", problems),
        }
    }

    /// Every key that says something, and what, for the report; an attribute or a property is a key of its own.
    pub(super) fn said(&self) -> Vec<(String, String)> {
        let texts = |all: &Option<BTreeSet<String>>| all.as_ref().map(list);
        let suppliers = self
            .suppliers
            .as_ref()
            .map(|all| list(all.iter().map(|one| format!("{} as {}", one.party.id, one.role))));
        let roles = (!self.roles.is_empty()).then(|| list(&self.roles));
        let mut said: Vec<(String, String)> = [
            ("maker", self.maker.as_ref().map(VendorId::to_string)),
            ("brand", self.brand.as_ref().map(VendorId::to_string)),
            ("roles", roles),
            ("suppliers", suppliers),
            ("family", self.family.clone()),
            ("software", texts(&self.software)),
            ("generations", self.generations.as_ref().map(list)),
            ("purposes", texts(&self.purposes)),
            ("events", texts(&self.events)),
            ("connected-to", self.connected.as_ref().map(list)),
            ("classification", self.classification.clone()),
            ("ports", self.ports.map(|ports| ports.to_string())),
            ("first-seen", self.first_seen.map(|day| day.to_string())),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)))
        .collect();
        let attributes = self.attributes.iter();
        said.extend(
            attributes.map(|(name, value)| (format!("attribute {name}"), value.to_string())),
        );
        said.extend(countries(&self.countries));
        let traits = self.traits.iter();
        said.extend(traits.map(|(which, is)| (which.to_string(), is.to_string())));
        said
    }
}

/// A list in words: that it is empty is said too.
fn list<T: std::fmt::Display>(all: impl IntoIterator<Item = T>) -> String {
    let all: Vec<String> = all.into_iter().map(|one| one.to_string()).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(" and ") }
}

fn countries(of: &BTreeMap<CountryOf, Country>) -> impl Iterator<Item = (String, String)> {
    of.iter().map(|(of, country)| (of.to_string(), country.to_string()))
}

impl MakerStatement {
    pub(super) fn read(
        section: Section<'_>,
        problems: &mut Problems,
        named: &mut Vec<(VendorId, String)>,
    ) -> Option<Self> {
        if !section.has("id") {
            section.problem(problems, "has no id: the id of the maker in the vendor table");
        }
        let id = vendor(&section, "id", problems, named);
        let told = Told::read(&section, problems);
        let mut countries = BTreeMap::new();
        for of in [CountryOf::Seat, CountryOf::Control] {
            countries.extend(country(&section, of, problems).map(|country| (of, country)));
        }
        let controllers = related(&section, "controllers", problems, named);
        let controls = related(&section, "controls", problems, named);
        let successor_of = related(&section, "successor-of", problems, named);
        let predecessor_of = related(&section, "predecessor-of", problems, named);
        let state_owned = section.switch("state-owned", problems);
        section.finish(problems);
        Some(Self {
            id: id?,
            told: told?,
            controllers,
            controls,
            successor_of,
            predecessor_of,
            state_owned,
            countries,
        })
    }

    /// Whether it counts on that day.
    pub(super) fn holds_on(&self, on: Date) -> bool {
        self.told.date <= on
    }

    /// Every key that says something, and what, for the report.
    pub(super) fn said(&self) -> Vec<(String, String)> {
        let related =
            |all: &Option<Vec<Controller>>| all.as_ref().map(|all| list(all.iter().map(tie)));
        let said = [
            ("controllers", related(&self.controllers)),
            ("controls", related(&self.controls)),
            ("successor-of", related(&self.successor_of)),
            ("predecessor-of", related(&self.predecessor_of)),
            ("state-owned", self.state_owned.map(|is| is.to_string())),
        ];
        let said = said.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
        said.chain(countries(&self.countries)).collect()
    }
}

/// A tie to a vendor in words, with the kinds of control and the share.
fn tie(of: &Controller) -> String {
    let kinds = of.by.iter().map(ControlKind::to_string).collect::<Vec<_>>().join("/");
    let share = of.share.as_ref().map(|share| share.to_string());
    let more: Vec<String> = (!kinds.is_empty()).then_some(kinds).into_iter().chain(share).collect();
    if more.is_empty() {
        of.party.id.to_string()
    } else {
        format!("{} ({})", of.party.id, more.join(", "))
    }
}

fn vendor(
    section: &Section<'_>,
    key: &'static str,
    problems: &mut Problems,
    named: &mut Vec<(VendorId, String)>,
) -> Option<VendorId> {
    let found = section.take(key)?;
    vendor_of(&found, problems, named)
}

fn vendor_of(
    found: &Found<'_>,
    problems: &mut Problems,
    named: &mut Vec<(VendorId, String)>,
) -> Option<VendorId> {
    let id = found.text(problems)?.parse::<VendorId>().ok();
    match &id {
        Some(id) => named.push((id.clone(), found.place())),
        None => found
            .problem(problems, "is not the id of a vendor: lower-case letters, digits and hyphens"),
    }
    id
}

/// Vendors, each a text or a table with `id`, and for control `by` and `share`.
fn related(
    section: &Section<'_>,
    key: &'static str,
    problems: &mut Problems,
    named: &mut Vec<(VendorId, String)>,
) -> Option<Vec<Controller>> {
    section.take(key)?;
    let sure = |id| Controller::from(Party { id, confidence: Confidence::Confirmed });
    let mut all = Vec::new();
    for item in section.items(key, problems) {
        if item.is_text() {
            all.extend(vendor_of(&item, problems, named).map(sure));
            continue;
        }
        let Some(table) = item.section(problems) else { continue };
        let id = vendor(&table, "id", problems, named);
        if id.is_none() && !table.has("id") {
            table.problem(problems, "has no id");
        }
        let by: Option<BTreeSet<ControlKind>> = words(&table, "by", problems);
        let share = table.take("share").and_then(|found| {
            let share = found.number_or_text(problems)?.parse::<Share>();
            share.map_err(|error| found.problem(problems, error.to_string())).ok()
        });
        table.finish(problems);
        all.extend(id.map(|id| Controller { by: by.unwrap_or_default(), share, ..sure(id) }));
    }
    Some(all)
}

fn suppliers(
    section: &Section<'_>,
    problems: &mut Problems,
    named: &mut Vec<(VendorId, String)>,
) -> Option<Vec<Supplier>> {
    section.take("suppliers")?;
    let mut all = Vec::new();
    for item in section.items("suppliers", problems) {
        let Some(table) = item.section(problems) else { continue };
        let id = vendor(&table, "id", problems, named);
        let role = table.take("role").and_then(|found| {
            let role = found.text(problems)?.parse::<SupplierRole>();
            role.map_err(|error| found.problem(problems, error.to_string())).ok()
        });
        for key in ["id", "role"] {
            if !table.has(key) {
                table.problem(problems, format!("has no {key}"));
            }
        }
        table.finish(problems);
        all.extend(id.zip(role).map(|(id, role)| Supplier {
            party: Party { id, confidence: Confidence::Confirmed },
            role,
        }));
    }
    Some(all)
}

fn country(section: &Section<'_>, of: CountryOf, problems: &mut Problems) -> Option<Country> {
    let found = section.take(of.as_str())?;
    let country = found.text(problems)?.parse::<Country>().ok();
    if country.is_none() {
        found.problem(problems, "is not a country in two capital letters, such as NL");
    }
    country
}

/// A list of words that the engine knows: these and no others, so that an empty one says something.
fn words<T>(
    section: &Section<'_>,
    key: &'static str,
    problems: &mut Problems,
) -> Option<BTreeSet<T>>
where
    T: FromStr + Ord,
    T::Err: std::fmt::Display,
{
    section.take(key)?;
    let mut all = BTreeSet::new();
    for item in section.items(key, problems) {
        match item.text(problems).map(str::parse::<T>) {
            Some(Ok(word)) => drop(all.insert(word)),
            Some(Err(error)) => item.problem(problems, error.to_string()),
            None => {}
        }
    }
    Some(all)
}

fn text(section: &Section<'_>, key: &'static str, problems: &mut Problems) -> Option<String> {
    let found = section.take(key)?;
    let text = found.text(problems)?.trim();
    if text.is_empty() || text.len() > LONGEST_TEXT {
        found.problem(
            problems,
            format!("has {} bytes, allowed are 1 to {LONGEST_TEXT}", text.len()),
        );
        return None;
    }
    Some(text.to_owned())
}

fn texts(
    section: &Section<'_>,
    key: &'static str,
    problems: &mut Problems,
) -> Option<BTreeSet<String>> {
    section.take(key)?;
    let read = |text: &str| {
        let text = text.trim();
        (1..=LONGEST_TEXT).contains(&text.len()).then(|| text.to_owned()).ok_or("a name".to_owned())
    };
    Some(each(section, key, problems, read).into_iter().collect())
}
