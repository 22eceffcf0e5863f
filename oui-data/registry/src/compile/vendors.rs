//! The vendor register as people write it: `vendors/*.toml`, one file a group. What a row may say, and no more.

use serde::Deserialize;
use toml::Spanned;

use super::tables::words;
use super::{File, Place, Problems, country, is_day};
use crate::kinds::{ControlConfidence, ControlTest, VendorKind};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VendorFile {
    /// The day this file was last edited; the latest of all files is the edition of the register.
    edition: String,
    #[serde(default)]
    vendor: Vec<VendorRow>,
    /// Who owns makers and makes nothing itself: states, funds, holdings.
    #[serde(default)]
    owner: Vec<OwnerRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct VendorRow {
    id: Spanned<String>,
    name: String,
    legal: Option<String>,
    kind: Spanned<String>,
    country: Option<Spanned<String>>,
    #[serde(default)]
    brands: Vec<Spanned<String>>,
    #[serde(default)]
    registrants: Vec<Spanned<String>>,
    #[serde(default)]
    pens: Vec<Spanned<u32>>,
    /// Who carried its business on when it ended or split.
    #[serde(default)]
    successors: Vec<Spanned<String>>,
    note: Option<String>,
    #[serde(default)]
    verified: bool,
    source: Option<String>,
    last_checked: Option<String>,
    #[serde(default)]
    control: Vec<ControlRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnerRow {
    id: Spanned<String>,
    name: String,
    country: Option<Spanned<String>>,
    note: Option<String>,
    #[serde(default)]
    control: Vec<ControlRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ControlRow {
    /// The id of a vendor or owner; its own id says that nobody controls it.
    by: Option<Spanned<String>>,
    /// The name of a controller that has no row.
    name: Option<String>,
    /// The country of control, where it is not simply the controller's.
    country: Option<Spanned<String>>,
    test: Spanned<String>,
    from: Option<String>,
    until: Option<String>,
    source: Option<String>,
    last_checked: Option<String>,
    confidence: Spanned<String>,
    #[serde(default)]
    verified: bool,
}

/// A vendor or, without a kind, an owner.
pub(super) struct Entity<'a> {
    pub(super) place: Place<'a>,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) legal: Option<String>,
    pub(super) kind: Option<VendorKind>,
    pub(super) country: Option<[u8; 2]>,
    pub(super) brands: Vec<(Place<'a>, String)>,
    pub(super) registrants: Vec<(Place<'a>, String)>,
    pub(super) pens: Vec<(Place<'a>, u32)>,
    pub(super) successors: Vec<(Place<'a>, String)>,
    pub(super) note: Option<String>,
    pub(super) verified: bool,
    pub(super) source: Option<String>,
    pub(super) last_checked: Option<String>,
    pub(super) edges: Vec<Edge<'a>>,
}

/// Who controls an entity, and when.
pub(super) struct Edge<'a> {
    pub(super) place: Place<'a>,
    pub(super) by: By,
    pub(super) country: Option<[u8; 2]>,
    pub(super) test: ControlTest,
    pub(super) from: Option<String>,
    pub(super) until: Option<String>,
    pub(super) source: Option<String>,
    pub(super) last_checked: Option<String>,
    pub(super) confidence: ControlConfidence,
    pub(super) verified: bool,
}

/// A controller that has a row, or one that has only a name.
pub(super) enum By {
    Id(String),
    Name(String),
}

/// The register: entities by id.
#[derive(Default)]
pub(super) struct Register<'a> {
    pub(super) edition: String,
    pub(super) entities: Vec<Entity<'a>>,
}

pub(super) fn read<'a>(files: &'a [File], problems: &mut Problems) -> Register<'a> {
    let mut register = Register::default();
    for file in files {
        let read = match toml::from_str::<VendorFile>(&file.text) {
            Ok(read) => read,
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                problems.add(line_of(file, at), error.message());
                continue;
            }
        };
        if !is_day(&read.edition) {
            problems.add(
                &file.path,
                format!("edition is {:?}, expected a day such as 2026-11-21", read.edition),
            );
        }
        register.edition = register.edition.max(read.edition);
        let mut reader = Reader { file, problems: &mut *problems };
        register.entities.extend(read.vendor.into_iter().map(|row| reader.vendor(row)));
        register.entities.extend(read.owner.into_iter().map(|row| reader.owner(row)));
    }
    register.entities.sort_by(|a, b| a.id.cmp(&b.id));
    register
}

fn line_of(file: &File, at: usize) -> Place<'_> {
    let line = 1 + file.text.bytes().take(at).filter(|b| *b == b'\n').count();
    Place { file, line }
}

struct Reader<'a, 'p> {
    file: &'a File,
    problems: &'p mut Problems,
}

impl<'a> Reader<'a, '_> {
    fn place<T>(&self, value: &Spanned<T>) -> Place<'a> {
        line_of(self.file, value.span().start)
    }

    fn placed<T>(&self, values: Vec<Spanned<T>>) -> Vec<(Place<'a>, T)> {
        values.into_iter().map(|value| (self.place(&value), value.into_inner())).collect()
    }

    fn vendor(&mut self, row: VendorRow) -> Entity<'a> {
        let place = self.place(&row.id);
        let kind = self.word(&row.kind, VendorKind::ALL, VendorKind::as_str);
        let country = self.country(row.country.as_ref());
        self.sourced(place, row.verified, row.source.as_deref(), row.last_checked.as_deref());
        Entity {
            place,
            kind,
            country,
            brands: self.placed(row.brands),
            registrants: self.placed(row.registrants),
            pens: self.placed(row.pens),
            successors: self.placed(row.successors),
            edges: row.control.into_iter().map(|edge| self.edge(edge, place)).collect(),
            id: row.id.into_inner(),
            name: row.name,
            legal: row.legal,
            note: row.note,
            verified: row.verified,
            source: row.source,
            last_checked: row.last_checked,
        }
    }

    fn owner(&mut self, row: OwnerRow) -> Entity<'a> {
        let place = self.place(&row.id);
        Entity {
            place,
            kind: None,
            country: self.country(row.country.as_ref()),
            edges: row.control.into_iter().map(|edge| self.edge(edge, place)).collect(),
            id: row.id.into_inner(),
            name: row.name,
            note: row.note,
            legal: None,
            brands: Vec::new(),
            registrants: Vec::new(),
            pens: Vec::new(),
            successors: Vec::new(),
            verified: false,
            source: None,
            last_checked: None,
        }
    }

    fn edge(&mut self, row: ControlRow, entity: Place<'a>) -> Edge<'a> {
        let place = row.by.as_ref().map_or(self.place(&row.test), |by| self.place(by));
        let test = self
            .word(&row.test, ControlTest::ALL, ControlTest::as_str)
            .unwrap_or(ControlTest::Unstated);
        let confidence =
            self.word(&row.confidence, ControlConfidence::ALL, ControlConfidence::as_str);
        let country = self.country(row.country.as_ref());
        for day in [&row.from, &row.until].into_iter().flatten() {
            if !is_day(day) {
                self.problems.add(place, format!("{day:?} is no day such as 2026-11-21"));
            }
        }
        if row.from.is_some() && row.until.is_some() && row.from >= row.until {
            self.problems.add(
                place,
                "ends before it starts: `until` is the first day on which it no longer holds",
            );
        }
        self.sourced(place, row.verified, row.source.as_deref(), row.last_checked.as_deref());
        let by = match (row.by, row.name) {
            (Some(id), None) => By::Id(id.into_inner()),
            (None, Some(name)) => By::Name(name),
            _ => {
                self.problems.add(
                    entity,
                    "a control row needs either `by`, an id of the register, or `name`",
                );
                By::Name(String::new())
            }
        };
        if matches!(by, By::Name(_)) && country.is_none() {
            self.problems.add(place, "a controller without a row needs a `country`");
        }
        let confidence = confidence.unwrap_or(ControlConfidence::Low);
        let (from, until, source, last_checked) =
            (row.from, row.until, row.source, row.last_checked);
        Edge {
            place,
            by,
            country,
            test,
            from,
            until,
            source,
            last_checked,
            confidence,
            verified: row.verified,
        }
    }

    /// What is called verified names what was read and when.
    fn sourced(
        &mut self,
        place: Place<'a>,
        verified: bool,
        source: Option<&str>,
        checked: Option<&str>,
    ) {
        if verified && (source.is_none_or(str::is_empty) || checked.is_none()) {
            self.problems.add(place, "is called verified without `source` and `last-checked`");
        }
        if checked.is_some_and(|day| !is_day(day)) {
            self.problems.add(
                place,
                format!("last-checked is {checked:?}, expected a day such as 2026-11-21"),
            );
        }
    }

    fn word<T: Copy>(
        &mut self,
        value: &Spanned<String>,
        all: &[T],
        word: fn(T) -> &'static str,
    ) -> Option<T> {
        let found = all.iter().copied().find(|one| word(*one) == value.as_ref());
        if found.is_none() {
            self.problems.add(
                self.place(value),
                format!("{:?} is not one of {}", value.as_ref(), words(all, word)),
            );
        }
        found
    }

    fn country(&mut self, value: Option<&Spanned<String>>) -> Option<[u8; 2]> {
        let value = value?;
        let code = country(value.as_ref());
        if code.is_none() {
            self.problems.add(
                self.place(value),
                format!("country is {:?}, expected two capitals", value.as_ref()),
            );
        }
        code
    }
}
