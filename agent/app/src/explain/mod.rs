//! `explain`: all that the registries, the register and the shipped rules know of a thing, and why. Sends nothing.

mod answer;
mod names;
mod rule;
mod text;
mod vendor;
mod what;

use std::collections::BTreeSet;

use anyhow::{Context, anyhow};
use herkomst_identify::{Names, SUBTREES};
use herkomst_ids::{MacAddr, MacPrefix, Oid, Pen};
use herkomst_registry::{
    Assignment, MacMeaning, PenMeaning, PenRole, Registry, RegistryKind, Special, Vendor, fold,
};
use herkomst_rules::Pack;
use jiff::civil::Date;

use self::answer::{
    Answer, AssignmentEntry, CorrectionEntry, EditionsEntry, Explained, NumberEntry, ObjectEntry,
    SpecialEntry,
};
use self::names::{Folded, holdings};
use self::what::What;
use crate::cli::{ExplainArgs, Form};
use crate::exit::{Failure, Result};
use crate::outputs::table::Screen;
use crate::outputs::{json, write_out};

/// Who holds the blocks that are divided.
const IEEE: &str = "IEEE Registration Authority";
/// The code when something that was asked about is not known.
const UNKNOWN: u8 = 2;
/// The most texts of one call.
const MOST_ASKED: usize = 1000;

/// Answers everything that was asked and prints it; the code to end with.
pub(crate) fn run(args: &ExplainArgs, registry: &Registry) -> Result<u8> {
    let on = as_of(args.as_of.as_deref())?;
    if args.what.len() > MOST_ASKED {
        let many =
            anyhow!("{} things to explain, at most {MOST_ASKED} in one call", args.what.len());
        return Err(Failure::usage(many));
    }
    let mut explainer = Explainer::new(registry, on);
    let mut answers = Vec::new();
    for text in &args.what {
        answers.extend(explainer.answer(text)?);
    }
    // A text that could be two things is known when one of them is.
    let known: BTreeSet<&str> =
        answers.iter().filter(|one| one.known).map(|one| one.asked.as_str()).collect();
    let all_known = answers.iter().all(|one| known.contains(one.asked.as_str()));
    let explained = explainer.document(answers);
    let bytes = match args.output {
        Form::Json => json::document_of(&explained),
        Form::Table => text::render(&explained, Screen::stdout()).into_bytes(),
    };
    write_out(&bytes).context("writing the answer").map_err(Failure::io)?;
    Ok(if all_known { 0 } else { UNKNOWN })
}

fn as_of(given: Option<&str>) -> Result<Date> {
    let Some(text) = given else {
        return Ok(jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date());
    };
    text.parse::<Date>().ok().filter(|_| text.len() == 10).ok_or_else(|| {
        Failure::usage(anyhow!("--as-of is {text:?}, expected a day such as 2026-11-21"))
    })
}

struct Explainer<'a> {
    registry: &'a Registry,
    on: Date,
    packs: Option<Vec<Pack>>,
    /// Made for the first name that is no vendor's.
    names: Option<Folded<'a>>,
}

impl<'a> Explainer<'a> {
    fn new(registry: &'a Registry, on: Date) -> Self {
        Self { registry, on, packs: None, names: None }
    }

    fn document(&mut self, answers: Vec<Answer>) -> Explained {
        let packs = self.packs().iter().map(|pack| (pack.id.clone(), pack.edition.to_string()));
        let packs = packs.collect();
        let digest = self.registry.digest().iter().map(|octet| format!("{octet:02x}")).collect();
        Explained {
            schema_version: answer::SCHEMA_VERSION,
            program: concat!("herkomst ", env!("CARGO_PKG_VERSION")).to_owned(),
            as_of: self.on.to_string(),
            editions: EditionsEntry {
                registry: self.registry.edition().to_string(),
                enterprise_numbers: self.registry.pen_edition().to_string(),
                vendors: self.registry.vendors_edition().to_string(),
                packs,
                digest,
            },
            answers,
        }
    }

    /// Every answer that fits a text.
    fn answer(&mut self, text: &str) -> Result<Vec<Answer>> {
        let text = text.trim();
        let read = what::read(text);
        if read.is_empty() || text.is_empty() {
            return Err(Failure::usage(anyhow!(
                "{text:?} is nothing that can be explained: expected a MAC address, a prefix such as 00:e0:fc/24, an \
                 enterprise number, an object identifier, the id, name or brand of a vendor, or a rule such as \
                 public-lists/huawei"
            )));
        }
        let mut answers = Vec::new();
        for what in &read {
            match what {
                What::Mac(mac) => answers.push(self.mac(*mac)),
                What::Prefix(prefix) => answers.push(self.prefix(*prefix)),
                What::Number(pen) => answers.push(self.number(*pen)),
                What::Oid(oid) => answers.push(self.oid(oid)),
                What::Rule { pack, rule } => answers.push(self.rule(pack, rule)),
                What::Name => answers.extend(self.name(text)),
            }
        }
        // `2011` is a number, and no name that nobody knows.
        if answers.iter().any(|one| one.known) {
            answers.retain(|one| one.known);
        } else if read.iter().any(|what| !matches!(what, What::Name)) {
            answers.retain(|one| one.taken_for != "name");
        }
        for one in &mut answers {
            text.clone_into(&mut one.asked);
        }
        Ok(answers)
    }

    fn mac(&mut self, mac: MacAddr) -> Answer {
        let mut answer = Answer { taken_for: "mac-address".into(), ..Answer::default() };
        match self.registry.mac(mac) {
            MacMeaning::Special(special) => {
                answer.known = true;
                answer.special = Some(special_entry(special));
                self.beneath(mac, &mut answer);
            }
            MacMeaning::Assigned(assignment) => self.assigned(assignment, &mut answer),
            MacMeaning::Unassigned => {
                answer.notes.push(self.unassigned(mac));
            }
        }
        answer
    }

    /// Who holds the block that a special address lies in: said as a remark, since it names no maker.
    fn beneath(&self, mac: MacAddr, answer: &mut Answer) {
        if let Some(found) = self.registry.assignment(mac) {
            answer.assignment = Some(self.assignment_entry(found));
            let holder = found.registrant;
            answer.notes.push(format!(
                "the block around it is assigned to {holder}: that names no maker of this address"
            ));
        } else if mac.is_locally_administered() && !mac.is_multicast() {
            let [first, rest @ ..] = mac.octets();
            let [b, c, d, e, f] = rest;
            let cleared = MacAddr([first & !0b10, b, c, d, e, f]);
            if let MacMeaning::Assigned(found) = self.registry.mac(cleared) {
                answer.notes.push(format!(
                    "with the local bit cleared it would be {cleared}, a block of {}: access points derive further \
                     network names so; a weak hint, and no evidence of a maker",
                    found.registrant
                ));
            }
        }
    }

    fn unassigned(&self, mac: MacAddr) -> String {
        let edition = self.registry.edition();
        match self.registry.listed(RegistryKind::MaL, mac) {
            Some(parent) => format!(
                "{} is divided by {} into smaller blocks, and this one is assigned to nobody in the listings of {edition}",
                parent.prefix, parent.registrant
            ),
            None => format!("assigned to nobody in the listings of {edition}"),
        }
    }

    fn assigned(&mut self, assignment: Assignment<'_>, answer: &mut Answer) {
        answer.known = true;
        answer.assignment = Some(self.assignment_entry(assignment));
        match assignment.vendor {
            Some(vendor) => self.maker(vendor, answer),
            None => answer.notes.push(no_vendor(assignment.registrant)),
        }
    }

    fn prefix(&mut self, prefix: MacPrefix) -> Answer {
        let mut answer = Answer { taken_for: "mac-prefix".into(), ..Answer::default() };
        let (first, len) = (prefix.first(), prefix.len());
        let special = self
            .registry
            .special_ranges()
            .find(|range| range.prefix.len() <= len && range.prefix.contains(first));
        if let Some(range) = special {
            answer.known = true;
            answer.special = Some(special_entry(range.special));
            self.beneath(first, &mut answer);
            return answer;
        }
        if first.is_multicast() || first.is_locally_administered() {
            if let MacMeaning::Special(special) = self.registry.mac(first) {
                answer.known = true;
                answer.special = Some(special_entry(special));
            }
            self.beneath(first, &mut answer);
            if let Some(company) = self.company(prefix) {
                answer.assignment = Some(self.assignment_entry(company));
                answer.notes.push(
                    "a company id: it names a firm in protocols and belongs to no card".to_owned(),
                );
            }
            return answer;
        }
        let fits = |listing: &RegistryKind| {
            self.registry.listed(*listing, first).filter(|row| row.prefix.len() <= len)
        };
        let longest_first =
            [RegistryKind::MaS, RegistryKind::Iab, RegistryKind::MaM, RegistryKind::MaL];
        let Some(found) = longest_first.iter().find_map(fits) else {
            self.held_within(prefix, &mut answer);
            return answer;
        };
        self.assigned(found, &mut answer);
        let smaller = self.within(prefix).filter(|row| row.prefix.len() > len).count();
        if smaller > 0 {
            answer.notes.push(format!("{smaller} smaller blocks in it have holders of their own"));
        }
        let special = self
            .registry
            .special_ranges()
            .filter(|range| range.prefix.len() > len && prefix.contains(range.prefix.first()));
        for range in special {
            let what = range.special.what;
            answer.notes.push(format!("{} in it names no maker: {what}", range.prefix));
        }
        answer
    }

    /// The rows of the listings that lie in a prefix, but for company ids.
    fn within(&self, prefix: MacPrefix) -> impl Iterator<Item = Assignment<'a>> + use<'a> {
        let registry = self.registry;
        [RegistryKind::MaS, RegistryKind::Iab, RegistryKind::MaM, RegistryKind::MaL]
            .into_iter()
            .flat_map(|listing| registry.listing(listing))
            .filter(move |row| prefix.contains(row.prefix.first()))
    }

    /// A prefix that no row covers as a whole: what lies in it, or that it is nobody's.
    fn held_within(&self, prefix: MacPrefix, answer: &mut Answer) {
        let held = self.within(prefix).filter(|row| row.prefix.len() > prefix.len()).count();
        if held == 0 {
            answer.notes.push(self.unassigned(prefix.first()));
            return;
        }
        answer.known = true;
        answer.notes.push(format!(
            "{prefix} is assigned to nobody as a whole: {held} blocks in it have holders of their own, ask for one of \
             them"
        ));
    }

    fn company(&self, prefix: MacPrefix) -> Option<Assignment<'a>> {
        (prefix.len() >= 24)
            .then(|| self.registry.listed(RegistryKind::Cid, prefix.first()))
            .flatten()
    }

    fn number(&mut self, pen: Pen) -> Answer {
        let mut answer = Answer { taken_for: "enterprise-number".into(), ..Answer::default() };
        self.number_of(pen, &mut answer);
        answer
    }

    fn number_of(&mut self, pen: Pen, answer: &mut Answer) {
        let edition = self.registry.pen_edition().to_string();
        let PenMeaning::Assigned { organisation, role, vendor, reason } = self.registry.pen(pen)
        else {
            answer.notes.push(format!("{pen} is assigned to nobody in the list of {edition}"));
            return;
        };
        answer.known = true;
        answer.number = Some(NumberEntry {
            number: pen.0,
            organisation: organisation.to_owned(),
            edition,
            role: role.as_str().to_owned(),
            reason: reason.map(str::to_owned),
        });
        match (role, vendor) {
            (PenRole::Agent, _) => answer.notes.push(
                "names the SNMP agent, which runs on anybody's box: it attributes nothing".to_owned(),
            ),
            (PenRole::Platform, _) => answer.notes.push(
                "names a platform, a body or an example, and not who made the box: it attributes nothing".to_owned(),
            ),
            (PenRole::Maker, Some(vendor)) => self.maker(vendor, answer),
            (PenRole::Maker, None) => answer.notes.push(no_vendor(organisation)),
        }
    }

    fn oid(&mut self, oid: &Oid) -> Answer {
        let mut answer = Answer { taken_for: "object-identifier".into(), ..Answer::default() };
        let Some(pen) = oid.pen() else {
            answer.notes.push(format!(
                "{oid} does not stand under 1.3.6.1.4.1, where enterprise numbers are"
            ));
            return answer;
        };
        self.number_of(pen, &mut answer);
        let arcs = oid.arcs().get(Oid::ENTERPRISES.len()..).unwrap_or_default();
        let known = SUBTREES.iter().filter(|one| arcs.starts_with(one.arcs));
        if let Some(subtree) = known.max_by_key(|one| one.arcs.len()) {
            answer.known = true;
            answer.object = Some(ObjectEntry {
                subtree: format!("1.3.6.1.4.1.{}", subtree.text),
                names: match subtree.names {
                    Names::Vendor(name) | Names::Organisation(name) => Some(name.to_owned()),
                    Names::Nobody => None,
                },
                weight: subtree.weight.as_str().to_owned(),
                family: subtree.family.map(str::to_owned),
                roles: subtree.roles.iter().map(|role| role.as_str().to_owned()).collect(),
                note: subtree.note.to_owned(),
            });
            // The subtree knows better than the number whose boxes show it.
            match subtree.names {
                Names::Vendor(id) if answer.vendor.as_ref().is_none_or(|one| one.id != id) => {
                    if let Some(vendor) = self.registry.vendor(id) {
                        self.maker(vendor, &mut answer);
                    }
                }
                _ => {}
            }
        }
        answer
    }

    /// All that a name can be: a vendor, an owner, a brand of several, a registrant or an organisation without a vendor.
    fn name(&mut self, text: &str) -> Vec<Answer> {
        let folded = fold(text);
        let registry = self.registry;
        if let Some(vendor) = registry.by_name(text) {
            let mut answer = Answer {
                taken_for: called(vendor, &folded).into(),
                known: true,
                ..Answer::default()
            };
            answer.registrant =
                Some(holdings(self.rows().filter(|row| row.vendor == Some(vendor))));
            self.maker(vendor, &mut answer);
            return vec![answer];
        }
        if let Some(owner) =
            registry.owners().find(|one| one.id() == folded || fold(one.name()) == folded)
        {
            return vec![self.owner(owner)];
        }
        let users =
            registry.vendors().filter(|one| one.brands().any(|brand| fold(brand) == folded));
        let mut answers: Vec<Answer> = Vec::new();
        for vendor in users.collect::<Vec<_>>() {
            let mut answer = Answer { taken_for: "brand".into(), known: true, ..Answer::default() };
            answer.notes.push(
                "a brand of more than one vendor: it names none of them by itself".to_owned(),
            );
            self.maker(vendor, &mut answer);
            answers.push(answer);
        }
        if !answers.is_empty() {
            return answers;
        }
        let names = self.names.get_or_insert_with(|| Folded::of(registry));
        let numbers: Vec<Pen> = names.numbers.get(&folded).cloned().unwrap_or_default();
        let rows = names.rows.get(&folded).cloned().unwrap_or_default();
        let held = holdings(rows.into_iter());
        let mut answer = Answer { taken_for: "name".into(), ..Answer::default() };
        if !held.spellings.is_empty() {
            answer.known = true;
            answer.taken_for = "registrant".into();
            answer.notes.push(no_vendor(text));
            answer.registrant = Some(held);
        }
        if let Some(first) = numbers.first() {
            if answer.known {
                let numbers: Vec<String> = numbers.iter().map(Pen::to_string).collect();
                answer.notes.push(format!("it holds enterprise number {}", numbers.join(", ")));
            } else {
                answer.taken_for = "organisation".into();
                self.number_of(*first, &mut answer);
                for pen in numbers.iter().skip(1) {
                    answer.notes.push(format!("it holds enterprise number {pen} too"));
                }
            }
        }
        if !answer.known {
            answer.notes.push("no vendor, owner, brand, registrant or organisation has this name; parts of names are not looked for".to_owned());
            let names = self.names.get_or_insert_with(|| Folded::of(registry));
            answer.suggestions = names.near(&folded);
        }
        vec![answer]
    }

    /// Every row of the listings of IEEE.
    fn rows(&self) -> impl Iterator<Item = Assignment<'a>> + use<'a> {
        let registry = self.registry;
        RegistryKind::ALL.iter().flat_map(|listing| registry.listing(*listing))
    }

    fn packs(&mut self) -> &[Pack] {
        self.packs.get_or_insert_with(|| {
            let shipped = herkomst_rules::shipped().iter();
            shipped
                .map(|(id, text)| {
                    Pack::parse(text, id).expect("the tests parse every shipped pack")
                })
                .collect()
        })
    }

    fn assignment_entry(&self, row: Assignment<'_>) -> AssignmentEntry {
        let source = self.registry.sources().find(|one| one.listing == Some(row.registry));
        let edition =
            source.map_or_else(|| self.registry.edition().to_string(), |one| one.date.to_owned());
        let correction = self.registry.correction(row.prefix).map(|one| CorrectionEntry {
            listed: one.registered.map(|country| country.to_string()),
            reason: one.reason.to_owned(),
        });
        AssignmentEntry {
            prefix: row.prefix.to_string(),
            listing: row.registry.as_str().to_owned(),
            edition,
            registrant: row.registrant.to_owned(),
            registration_country: row.country.map(|country| country.to_string()),
            correction,
        }
    }
}

/// By which of its names a vendor was found.
fn called(vendor: Vendor<'_>, folded: &str) -> &'static str {
    if vendor.id() == folded {
        "vendor"
    } else if fold(vendor.name()) == folded
        || vendor.legal_name().is_some_and(|name| fold(name) == folded)
    {
        "vendor-name"
    } else if vendor.brands().any(|brand| fold(brand) == folded) {
        "brand"
    } else {
        "registrant"
    }
}

fn no_vendor(holder: &str) -> String {
    match holder {
        IEEE => {
            "IEEE holds this block to divide it into smaller ones, each with a holder of its own: \
                 it names nobody"
                .to_owned()
        }
        "Private" => "the holder asked IEEE not to be named: no vendor known".to_owned(),
        holder => format!("no vendor known: the register has no row for {holder}"),
    }
}

fn special_entry(special: Special<'_>) -> SpecialEntry {
    SpecialEntry {
        kind: special.kind.as_str().to_owned(),
        what: special.what.to_owned(),
        source: special.source.to_owned(),
    }
}

#[cfg(test)]
mod tests;
