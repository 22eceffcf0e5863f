//! The vendor register as people write it: `vendors/*.toml`, one file a group. What a row may say, and no more.
//!
//! The operator's own files look the same. A row with the id of one that is there changes it: each key that it gives
//! takes the place of the shipped one, a list as a whole, control as a whole; what it does not give stays.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use crate::tables::words;
use crate::{File, Place, Problems, country, is_day};
use herkomst_lookup::{ControlConfidence, ControlTest, VendorKind};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VendorFile {
    /// The day this file was last edited; the latest of all shipped files is the edition of the register.
    edition: Option<String>,
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
    name: Option<String>,
    legal: Option<String>,
    lei: Option<Spanned<String>>,
    kind: Option<Spanned<String>>,
    country: Option<Spanned<String>>,
    brands: Option<Vec<Spanned<String>>>,
    registrants: Option<Vec<Spanned<String>>>,
    pens: Option<Vec<Spanned<u32>>>,
    /// Who carried its business on when it ended or split.
    successors: Option<Vec<Spanned<String>>>,
    note: Option<String>,
    verified: Option<bool>,
    source: Option<String>,
    last_checked: Option<String>,
    control: Option<Vec<ControlRow>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnerRow {
    id: Spanned<String>,
    name: Option<String>,
    country: Option<Spanned<String>>,
    note: Option<String>,
    control: Option<Vec<ControlRow>>,
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
#[derive(Clone)]
pub(crate) struct Entity {
    pub(crate) place: Place,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) legal: Option<String>,
    pub(crate) lei: Option<(Place, String)>,
    pub(crate) kind: Option<VendorKind>,
    pub(crate) country: Option<[u8; 2]>,
    pub(crate) brands: Vec<(Place, String)>,
    pub(crate) registrants: Vec<(Place, String)>,
    pub(crate) pens: Vec<(Place, u32)>,
    pub(crate) successors: Vec<(Place, String)>,
    pub(crate) note: Option<String>,
    pub(crate) verified: bool,
    pub(crate) source: Option<String>,
    pub(crate) last_checked: Option<String>,
    pub(crate) edges: Vec<Edge>,
    /// Made or changed by a file of the operator's.
    pub(crate) is_local: bool,
}

/// Who controls an entity, and when.
#[derive(Clone)]
pub(crate) struct Edge {
    pub(crate) place: Place,
    pub(crate) by: By,
    pub(crate) country: Option<[u8; 2]>,
    pub(crate) test: ControlTest,
    pub(crate) from: Option<String>,
    pub(crate) until: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) last_checked: Option<String>,
    pub(crate) confidence: ControlConfidence,
    pub(crate) verified: bool,
}

/// A controller that has a row, or one that has only a name.
#[derive(Clone)]
pub(crate) enum By {
    Id(String),
    Name(String),
}

/// The register: entities by id.
#[derive(Default)]
pub(crate) struct Register {
    pub(crate) edition: String,
    pub(crate) entities: Vec<Entity>,
}

impl Register {
    /// Reads the shipped register. Each file says its edition, each vendor its name and kind, no id stands twice.
    pub(crate) fn read(&mut self, files: &[File], problems: &mut Problems) {
        for file in files {
            let Some(read) = parsed(file, problems) else { continue };
            let edition = read.edition.clone().unwrap_or_default();
            if !is_day(&edition) {
                problems.add(
                    &file.path,
                    format!("edition is {edition:?}, expected a day such as 2026-11-21"),
                );
            }
            self.edition = std::mem::take(&mut self.edition).max(edition);
            let rows = Reader::new(file, problems).entities(read, false);
            self.entities.extend(rows.into_iter().map(|row| row.over(None)));
        }
        self.entities.sort_by(|a, b| a.id.cmp(&b.id));
        self.check_names(problems);
    }

    /// Reads the operator's files over what is there.
    pub(crate) fn read_local(&mut self, files: &[File], problems: &mut Problems) {
        let mut moved = HashSet::new();
        for file in files {
            let Some(read) = parsed(file, problems) else { continue };
            if let Some(edition) = read.edition.as_ref().filter(|edition| !is_day(edition)) {
                problems.add(
                    &file.path,
                    format!(
                        "edition is {edition:?}, expected a day such as 2026-11-21, or leave it out"
                    ),
                );
            }
            for row in Reader::new(file, problems).entities(read, true) {
                let found = self.entities.binary_search_by(|one| one.id.cmp(&row.id));
                match found {
                    Err(at) => {
                        if row.kind.is_none() && !row.is_owner {
                            problems.add(&row.place, format!("{:?} has no kind", row.id));
                        }
                        self.entities.insert(at, row.over(None));
                    }
                    Ok(at) => {
                        let Some(old) = self.entities.get_mut(at) else { continue };
                        if old.is_local {
                            // Two files of the operator's must not depend on the order of their names.
                            problems.add(
                                &row.place,
                                format!("{:?} stands at {} already", row.id, old.place),
                            );
                        } else if old.kind.is_some() == row.is_owner {
                            problems.add(
                                &row.place,
                                format!(
                                    "{:?} is {} in the shipped register: say [[{}]]",
                                    row.id,
                                    if row.is_owner { "a vendor" } else { "an owner" },
                                    if row.is_owner { "vendor" } else { "owner" }
                                ),
                            );
                        } else {
                            let new = row.over(Some(old.clone()));
                            if new.country != old.country {
                                moved.insert(new.id.clone());
                            }
                            *old = new;
                        }
                    }
                }
            }
        }
        // What was read for a shipped edge says nothing of a seat that the operator gives its controller.
        let edges = self.entities.iter_mut().flat_map(|one| &mut one.edges);
        for edge in edges.filter(|edge| edge.place.line == 0 && edge.country.is_none()) {
            edge.verified &= !matches!(&edge.by, By::Id(id) if moved.contains(id));
        }
        self.check_names(problems);
    }

    fn check_names(&self, problems: &mut Problems) {
        for one in &self.entities {
            if one.name.is_empty() {
                problems.add(&one.place, format!("{:?} has no name", one.id));
            }
        }
    }
}

fn parsed(file: &File, problems: &mut Problems) -> Option<VendorFile> {
    toml::from_str::<VendorFile>(&file.text)
        .map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            problems.add(line_of(&file.text, &file.path.as_str().into(), at), error.message());
        })
        .ok()
}

fn line_of(text: &str, file: &Arc<str>, at: usize) -> Place {
    let line = 1 + text.bytes().take(at).filter(|b| *b == b'\n').count();
    Place { file: Arc::clone(file), line }
}

/// What a row of a file says of an entity; what it does not say is none.
struct Row {
    place: Place,
    id: String,
    is_owner: bool,
    is_local: bool,
    name: Option<String>,
    legal: Option<String>,
    lei: Option<(Place, String)>,
    kind: Option<VendorKind>,
    country: Option<[u8; 2]>,
    brands: Option<Vec<(Place, String)>>,
    registrants: Option<Vec<(Place, String)>>,
    pens: Option<Vec<(Place, u32)>>,
    successors: Option<Vec<(Place, String)>>,
    note: Option<String>,
    verified: Option<bool>,
    source: Option<String>,
    last_checked: Option<String>,
    edges: Option<Vec<Edge>>,
}

impl Row {
    /// The entity that this row makes, over the one that was there.
    fn over(self, old: Option<Entity>) -> Entity {
        // Whoever states a seat or kind of his own answers for its source as well, and what he read is not what was
        // verified before.
        let restated = self.kind.is_some() || self.country.is_some() || self.verified.is_some();
        let reread = self.source.is_some() || self.last_checked.is_some();
        let old = old.unwrap_or_else(|| Entity::empty(self.place.clone(), self.id.clone()));
        Entity {
            place: self.place,
            id: self.id,
            name: self.name.unwrap_or(old.name),
            legal: self.legal.or(old.legal),
            lei: self.lei.or(old.lei),
            kind: self.kind.or(old.kind),
            country: self.country.or(old.country),
            brands: self.brands.unwrap_or(old.brands),
            registrants: self.registrants.unwrap_or(old.registrants),
            pens: self.pens.unwrap_or(old.pens),
            successors: self.successors.unwrap_or(old.successors),
            note: self.note.or(old.note),
            verified: self.verified.unwrap_or(old.verified && !restated && !reread),
            source: if restated { self.source } else { self.source.or(old.source) },
            last_checked: if restated {
                self.last_checked
            } else {
                self.last_checked.or(old.last_checked)
            },
            edges: self.edges.unwrap_or(old.edges),
            is_local: self.is_local,
        }
    }
}

impl Entity {
    pub(crate) fn empty(place: Place, id: String) -> Self {
        Self {
            place,
            id,
            name: String::new(),
            legal: None,
            lei: None,
            kind: None,
            country: None,
            brands: Vec::new(),
            registrants: Vec::new(),
            pens: Vec::new(),
            successors: Vec::new(),
            note: None,
            verified: false,
            source: None,
            last_checked: None,
            edges: Vec::new(),
            is_local: false,
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    path: Arc<str>,
    problems: &'a mut Problems,
}

impl<'a> Reader<'a> {
    fn new(file: &'a File, problems: &'a mut Problems) -> Self {
        Self { text: &file.text, path: file.path.as_str().into(), problems }
    }

    fn place<T>(&self, value: &Spanned<T>) -> Place {
        line_of(self.text, &self.path, value.span().start)
    }

    fn placed<T>(&self, values: Option<Vec<Spanned<T>>>) -> Option<Vec<(Place, T)>> {
        let placed = |value: Spanned<T>| (self.place(&value), value.into_inner());
        Some(values?.into_iter().map(placed).collect())
    }

    fn entities(&mut self, file: VendorFile, is_local: bool) -> Vec<Row> {
        let mut rows: Vec<_> =
            file.vendor.into_iter().map(|row| self.vendor(row, is_local)).collect();
        rows.extend(file.owner.into_iter().map(|row| self.owner(row, is_local)));
        rows
    }

    fn vendor(&mut self, row: VendorRow, is_local: bool) -> Row {
        let place = self.place(&row.id);
        if row.kind.is_none() && !is_local {
            self.problems.add(&place, format!("{:?} has no kind", row.id.as_ref()));
        }
        let kind =
            row.kind.as_ref().and_then(|kind| self.word(kind, VendorKind::ALL, VendorKind::as_str));
        let country = self.country(row.country.as_ref());
        let (source, checked) = (row.source.as_deref(), row.last_checked.as_deref());
        self.sourced(&place, row.verified.unwrap_or(false), source, checked);
        let lei = row.lei.map(|lei| (self.place(&lei), lei.into_inner()));
        if let Some((place, lei)) = lei.as_ref().filter(|(_, lei)| !is_lei(lei)) {
            self.problems.add(
                place,
                format!("lei is {lei:?}, expected 20 capitals and digits whose check digits fit (ISO 17442)"),
            );
        }
        Row {
            kind,
            country,
            lei,
            brands: self.placed(row.brands),
            registrants: self.placed(row.registrants),
            pens: self.placed(row.pens),
            successors: self.placed(row.successors),
            edges: self.edges(row.control, &place),
            place,
            id: row.id.into_inner(),
            is_owner: false,
            is_local,
            name: row.name,
            legal: row.legal,
            note: row.note,
            verified: row.verified,
            source: row.source,
            last_checked: row.last_checked,
        }
    }

    fn owner(&mut self, row: OwnerRow, is_local: bool) -> Row {
        let place = self.place(&row.id);
        Row {
            country: self.country(row.country.as_ref()),
            edges: self.edges(row.control, &place),
            place,
            id: row.id.into_inner(),
            is_owner: true,
            is_local,
            name: row.name,
            note: row.note,
            legal: None,
            lei: None,
            kind: None,
            brands: None,
            registrants: None,
            pens: None,
            successors: None,
            verified: None,
            source: None,
            last_checked: None,
        }
    }

    fn edges(&mut self, rows: Option<Vec<ControlRow>>, entity: &Place) -> Option<Vec<Edge>> {
        Some(rows?.into_iter().map(|edge| self.edge(edge, entity)).collect())
    }

    fn edge(&mut self, row: ControlRow, entity: &Place) -> Edge {
        let place = row.by.as_ref().map_or_else(|| self.place(&row.test), |by| self.place(by));
        let test = self
            .word(&row.test, ControlTest::ALL, ControlTest::as_str)
            .unwrap_or(ControlTest::Unstated);
        let confidence =
            self.word(&row.confidence, ControlConfidence::ALL, ControlConfidence::as_str);
        let country = self.country(row.country.as_ref());
        for day in [&row.from, &row.until].into_iter().flatten() {
            if !is_day(day) {
                self.problems.add(&place, format!("{day:?} is no day such as 2026-11-21"));
            }
        }
        if row.from.is_some() && row.until.is_some() && row.from >= row.until {
            self.problems.add(
                &place,
                "ends before it starts: `until` is the first day on which it no longer holds",
            );
        }
        self.sourced(&place, row.verified, row.source.as_deref(), row.last_checked.as_deref());
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
            self.problems.add(&place, "a controller without a row needs a `country`");
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
        place: &Place,
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

/// Whether it could be a Legal Entity Identifier: 18 capitals and digits, and two check digits (ISO 17442, ISO 7064
/// MOD 97-10).
fn is_lei(text: &str) -> bool {
    let rest = text.chars().try_fold(0_u32, |rest, c| {
        let value = c.to_digit(36).filter(|_| !c.is_ascii_lowercase())?;
        Some((rest * if value < 10 { 10 } else { 100 } + value) % 97)
    });
    text.len() == 20 && rest == Some(1)
}
