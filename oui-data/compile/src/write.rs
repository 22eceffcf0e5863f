//! Lays the checked tables out as `layout` says.

use std::collections::{HashMap, HashSet};

use crate::claims::Claims;
use crate::tables::Tables;
use crate::vendors::{By, Edge, Entity, Register};
use crate::{Problems, SourceFile, cut};
use herkomst_lookup::fold;
use herkomst_lookup::layout::{
    DIGEST_AT, FORMAT, LOCAL, MAGIC, NO_ENTITY, NO_STRING, OWNER, PEN_LIST, Section, TABLE_AT,
    VERIFIED, digest,
};
use herkomst_lookup::{PenRole, RegistryKind};

/// The longest string that two octets of length carry.
const LONGEST: usize = (1 << 14) - 1;

struct Writer<'p> {
    sections: Vec<Vec<u8>>,
    strings: HashMap<String, u32>,
    /// What was said of tables that are full.
    full: HashSet<String>,
    problems: &'p mut Problems,
}

pub(crate) fn write(
    tables: &Tables<'_>,
    register: &Register,
    claims: &Claims,
    local: &[(String, String)],
    problems: &mut Problems,
) -> Vec<u8> {
    let sections = vec![Vec::new(); Section::ALL.len()];
    let mut writer = Writer { sections, strings: HashMap::new(), full: HashSet::new(), problems };
    // The empty string is the one at 0, so that a row of zeros has no text.
    writer.text("");
    writer.assignments(tables, claims);
    writer.pens(tables, claims);
    for ((key, bits), correction) in &tables.corrections {
        let reason = writer.text(correction.reason);
        writer.row(
            Section::Corrections,
            &[key, &[*bits], &correction.registered.unwrap_or_default(), &u24(reason)],
        );
    }
    writer.special(tables);
    for entity in &register.entities {
        writer.entity(entity, register, claims);
    }
    for (name, row) in claims.names.values() {
        let name = writer.text(name);
        let row = row.map_or(NO_ENTITY, |row| writer.number(row, "entities"));
        writer.row(Section::Names, &[&u24(name), &row.to_le_bytes()]);
    }
    for (kind, source) in &tables.sources {
        writer.source(*kind, source);
    }
    for (name, sha256) in local {
        let (name, sha256) = (writer.text(name), writer.text(sha256));
        writer.row(Section::Local, &[&u24(name), &u24(sha256)]);
    }
    writer.finish([&tables.ieee_date, &tables.pen_date, &register.edition])
}

impl Writer<'_> {
    fn section(&mut self, section: Section) -> &mut Vec<u8> {
        &mut self.sections[section as usize]
    }

    fn row(&mut self, section: Section, fields: &[&[u8]]) {
        let row = fields.concat();
        assert_eq!(
            row.len(),
            section.width(),
            "a row of {section:?} is as wide as the layout says"
        );
        self.section(section).extend(row);
    }

    fn rows(&self, section: Section) -> usize {
        self.sections[section as usize].len() / section.width()
    }

    /// Row numbers are two octets.
    fn number(&mut self, row: usize, what: &str) -> u16 {
        u16::try_from(row).ok().filter(|row| *row != NO_ENTITY).unwrap_or_else(|| {
            let full = format!("more than 65534 {what}: the layout needs wider numbers");
            // Each row behind the last that fits would say it again.
            if self.full.insert(full.clone()) {
                self.problems.add("registry.hkr", full);
            }
            NO_ENTITY
        })
    }

    /// Where a string stands; each is kept once.
    fn text(&mut self, text: &str) -> u32 {
        if let Some(at) = self.strings.get(text) {
            return *at;
        }
        let at = self.section(Section::Strings).len();
        if text.len() > LONGEST || at >= NO_STRING as usize {
            self.problems.add(
                "registry.hkr",
                format!(
                    "{text} does not fit: a string has {LONGEST} bytes, all have 16 MB",
                    text = cut(text, 60)
                ),
            );
            return 0;
        }
        let [low, high, ..] = text.len().to_le_bytes();
        let strings = self.section(Section::Strings);
        if text.len() < 0x80 {
            strings.push(low);
        } else {
            strings.extend([low | 0x80, high << 1 | low >> 7]);
        }
        strings.extend(text.as_bytes());
        let at = u32::try_from(at).expect("checked against NO_STRING above");
        self.strings.insert(text.to_owned(), at);
        at
    }

    fn assignments(&mut self, tables: &Tables<'_>, claims: &Claims) {
        let mut registrants: HashMap<(&str, Option<[u8; 2]>), u16> = HashMap::new();
        for row in &tables.assigned {
            let registrant =
                *registrants.entry((row.registrant, row.country)).or_insert_with(|| {
                    let at = self.rows(Section::Registrants);
                    let at = self.number(at, "pairs of registrant and country");
                    let name = self.text(row.registrant);
                    let entity = claims.registrants.get(&fold(row.registrant)).copied();
                    let entity = entity.map_or(NO_ENTITY, |row| self.number(row, "entities"));
                    self.row(
                        Section::Registrants,
                        &[&u24(name), &row.country.unwrap_or_default(), &entity.to_le_bytes()],
                    );
                    at
                });
            let section = match row.registry {
                RegistryKind::MaL => Section::MaL,
                RegistryKind::MaM => Section::MaM,
                RegistryKind::MaS => Section::MaS,
                RegistryKind::Iab => Section::Iab,
                RegistryKind::Cid => Section::Cid,
            };
            self.row(section, &[&row.key[..section.key_width()], &registrant.to_le_bytes()]);
        }
    }

    fn pens(&mut self, tables: &Tables<'_>, claims: &Claims) {
        let end = tables.pens.last_key_value().map_or(0, |(number, _)| number + 1);
        for number in 0..end {
            let at =
                tables.pens.get(&number).map_or(NO_STRING, |organisation| self.text(organisation));
            self.row(Section::Pens, &[&u24(at)]);
            let entity = claims.pens.get(&number);
            let special = tables.pen_special.get(&number);
            if entity.is_none() && special.is_none() {
                continue;
            }
            let entity = entity.map_or(NO_ENTITY, |row| self.number(*row, "entities"));
            let (role, reason) = special.copied().unwrap_or((PenRole::Maker, ""));
            let reason = self.text(reason);
            let fields: [&[u8]; 4] = [
                &number.to_be_bytes(),
                &entity.to_le_bytes(),
                &[code(PenRole::ALL, role)],
                &u24(reason),
            ];
            self.row(Section::PenNotes, &fields);
        }
    }

    fn source(&mut self, kind: Option<RegistryKind>, source: &SourceFile) {
        let listing = kind.map_or(PEN_LIST, |kind| code(RegistryKind::ALL, kind));
        let texts = [&source.name, &source.origin, &source.date, &source.sha256];
        let texts: Vec<u8> = texts.iter().flat_map(|text| u24(self.text(text))).collect();
        self.row(Section::Sources, &[&[listing], &source.rows.to_le_bytes(), &texts]);
    }

    fn special(&mut self, tables: &Tables<'_>) {
        for first in 0..=256 {
            let start = tables.special.iter().filter(|row| u16::from(row.value[0]) < first).count();
            let start = self.number(start, "special addresses");
            self.row(Section::SpecialIndex, &[&start.to_le_bytes()]);
        }
        for row in &tables.special {
            let (what, source) = (self.text(row.what), self.text(row.source));
            let kind = code(herkomst_lookup::SpecialKind::ALL, row.kind);
            self.row(Section::Special, &[&row.value, &[row.bits, kind], &u24(what), &u24(source)]);
        }
    }

    fn entity(&mut self, entity: &Entity, register: &Register, claims: &Claims) {
        let brands = self.list(entity.brands.iter().map(|(_, name)| name.as_str()));
        let registrants = self.list(entity.registrants.iter().map(|(_, name)| name.as_str()));
        let numbers = self.start(Section::Numbers, entity.pens.len());
        for (_, number) in &entity.pens {
            self.row(Section::Numbers, &[&number.to_le_bytes()]);
        }
        let successors = self.start(Section::Numbers, entity.successors.len());
        for (_, id) in &entity.successors {
            let row = claims.ids.get(id).map_or(NO_ENTITY, |row| self.number(*row, "entities"));
            self.row(Section::Numbers, &[&u32::from(row).to_le_bytes()]);
        }
        let edges = self.start(Section::Edges, entity.edges.len());
        let mut by_day: Vec<_> = entity.edges.iter().collect();
        by_day.sort_by_key(|edge| edge.from.as_deref());
        for edge in by_day {
            self.edge(edge, register, claims);
        }
        let optional = |text: &Option<String>| text.clone().unwrap_or_default();
        let texts = [
            entity.id.clone(),
            entity.name.clone(),
            optional(&entity.legal),
            entity.lei.as_ref().map(|(_, lei)| lei.clone()).unwrap_or_default(),
            optional(&entity.note),
            optional(&entity.source),
            optional(&entity.last_checked),
        ];
        let texts: Vec<u8> = texts.iter().flat_map(|text| u24(self.text(text))).collect();
        let kind = entity.kind.map_or(OWNER, |kind| code(herkomst_lookup::VendorKind::ALL, kind));
        let flags =
            if entity.verified { VERIFIED } else { 0 } | if entity.is_local { LOCAL } else { 0 };
        let country = entity.country.unwrap_or_default();
        self.row(
            Section::Entities,
            &[
                &texts,
                &[kind, flags],
                &country,
                &brands,
                &registrants,
                &numbers,
                &successors,
                &edges,
            ],
        );
    }

    fn edge(&mut self, edge: &Edge, register: &Register, claims: &Claims) {
        let row = match &edge.by {
            By::Id(id) => claims.ids.get(id).copied(),
            By::Name(_) => None,
        };
        let controller = row.and_then(|row| register.entities.get(row));
        let name = match &edge.by {
            By::Name(name) => self.text(name),
            By::Id(id) => self.text(controller.map_or(id, |one| &one.name)),
        };
        let country = edge.country.or_else(|| controller?.country).unwrap_or_default();
        let row = row.map_or(NO_ENTITY, |row| self.number(row, "entities"));
        let flags = if edge.verified { VERIFIED } else { 0 };
        let codes = [
            code(herkomst_lookup::ControlTest::ALL, edge.test),
            flags,
            code(herkomst_lookup::ControlConfidence::ALL, edge.confidence),
        ];
        let texts = [&edge.from, &edge.until, &edge.source, &edge.last_checked];
        let texts: Vec<u8> =
            texts.iter().flat_map(|text| u24(self.text(text.as_deref().unwrap_or("")))).collect();
        self.row(Section::Edges, &[&row.to_le_bytes(), &u24(name), &country, &codes, &texts]);
    }

    fn list<'a>(&mut self, texts: impl ExactSizeIterator<Item = &'a str>) -> [u8; 4] {
        let place = self.start(Section::Lists, texts.len());
        for text in texts {
            let at = self.text(text);
            self.row(Section::Lists, &[&u24(at)]);
        }
        place
    }

    /// Where a list of so many rows will stand.
    fn start(&mut self, section: Section, count: usize) -> [u8; 4] {
        let (start, count) = (self.rows(section), count);
        let [a, b] = self.number(start, "rows of a list").to_le_bytes();
        let [c, d] = self.number(count, "rows of a list").to_le_bytes();
        [a, b, c, d]
    }

    fn finish(self, editions: [&String; 3]) -> Vec<u8> {
        let count = u16::try_from(Section::ALL.len()).expect("there are few sections");
        let mut file = [MAGIC.as_slice(), &FORMAT.to_le_bytes(), &count.to_le_bytes()].concat();
        for edition in editions {
            // A day that is none was reported already; the file is not used then.
            file.extend(edition.bytes().chain(std::iter::repeat(b' ')).take(10));
        }
        // Two zeros, and the place of the digest.
        file.resize(TABLE_AT, 0);
        let mut at = TABLE_AT + 8 * Section::ALL.len();
        for section in &self.sections {
            let place = |number: usize| {
                u32::try_from(number).expect("strings end at 16 MB and rows are few").to_le_bytes()
            };
            file.extend([place(at), place(section.len())].concat());
            at += section.len();
        }
        file.extend(self.sections.concat());
        if let Some(digest) = digest(&file) {
            file[DIGEST_AT..TABLE_AT].copy_from_slice(&digest);
        }
        file
    }
}

fn u24(number: u32) -> [u8; 3] {
    let [a, b, c, _] = number.to_le_bytes();
    [a, b, c]
}

/// The place of a word in its list.
fn code<T: PartialEq>(all: &[T], one: T) -> u8 {
    let place = all.iter().position(|other| *other == one).expect("ALL holds all of them");
    u8::try_from(place).expect("the lists are short")
}
