//! What vendors claim, and that no two claim the same: ids, names, registrant spellings, numbers, and control that
//! does not run in a circle.

use std::collections::{BTreeMap, HashMap};

use crate::tables::Tables;
use crate::vendors::{By, Edge, Register};
use crate::{Place, Problems};
use herkomst_lookup::fold;
use herkomst_lookup::layout::LONGEST_CHAIN;

/// Names and numbers, each with the row of the entity it stands for.
#[derive(Default)]
pub(crate) struct Claims {
    /// By folded name: as it is written, and whose it is; none for a brand that several use.
    pub(crate) names: BTreeMap<String, (String, Option<usize>)>,
    /// By folded spelling.
    pub(crate) registrants: HashMap<String, usize>,
    pub(crate) pens: BTreeMap<u32, usize>,
    pub(crate) ids: HashMap<String, usize>,
}

/// Registrants, folded, that stand for whoever asked not to be named, and for blocks that are divided.
const NOBODY: [&str; 2] = ["private", "ieee registration authority"];

pub(crate) fn check(register: &Register, tables: &Tables<'_>, problems: &mut Problems) -> Claims {
    let mut claims = Claims::default();
    let mut owners: HashMap<String, (usize, &Place)> = HashMap::new();
    for (row, entity) in register.entities.iter().enumerate() {
        if !is_id(&entity.id) {
            problems.add(
                &entity.place,
                format!("id is {:?}, expected a-z, 0-9 and inner hyphens, at most 48", entity.id),
            );
        }
        if let Some(other) = claims.ids.insert(entity.id.clone(), row) {
            let other =
                register.entities.get(other).map_or(String::new(), |one| one.place.to_string());
            problems.add(&entity.place, format!("id {:?} is taken by {other}", entity.id));
        }
        if entity.kind.is_none() {
            continue;
        }
        let own = [Some(&entity.id), Some(&entity.name), entity.legal.as_ref()];
        let names = own.into_iter().flatten().map(|name| (&entity.place, name));
        for (place, name) in
            names.chain(entity.registrants.iter().map(|(place, name)| (place, name)))
        {
            if let Some((other, at)) =
                owners.insert(fold(name), (row, place)).filter(|(other, _)| *other != row)
            {
                let id = register.entities.get(other).map_or("", |one| &one.id);
                problems.add(place, format!("{name:?} is claimed by {id:?} too, at {at}"));
            }
            claims.names.entry(fold(name)).or_insert_with(|| (name.clone(), Some(row)));
        }
        for (place, name) in entity.brands.iter().chain(&entity.registrants) {
            if fold(name).is_empty() {
                problems.add(place, format!("{:?} has an empty name in a list", entity.id));
            }
        }
        for (place, spelling) in &entity.registrants {
            let folded = fold(spelling);
            if NOBODY.contains(&folded.as_str()) {
                problems.add(place, format!("registrant {spelling:?} stands for nobody"));
            }
            if !tables.registrants.contains(&folded) {
                problems.out_of_date(
                    place,
                    format!("registrant {spelling:?} is not in the IEEE listings"),
                );
            }
            if claims.registrants.insert(folded, row) == Some(row) {
                problems.add(place, format!("registrant {spelling:?} is listed twice"));
            }
        }
        for (place, number) in &entity.pens {
            if !tables.pens.contains_key(number) {
                problems.out_of_date(
                    place,
                    format!("enterprise number {number} is not in the list of IANA"),
                );
            }
            if tables.pen_special.contains_key(number) {
                problems.add(
                    place,
                    format!("enterprise number {number} is in pen-special.tsv and names no maker"),
                );
            }
            if let Some(other) = claims.pens.insert(*number, row) {
                let other = register.entities.get(other);
                let theirs = other.and_then(|one| one.pens.iter().find(|(_, pen)| pen == number));
                // What a file of the operator's claims is told with its line, and not that of the program's register.
                let (at, id) = match theirs {
                    Some((theirs, _)) if place.line == 0 => (theirs, entity.id.as_str()),
                    _ => (place, other.map_or("", |one| one.id.as_str())),
                };
                problems.add(at, format!("enterprise number {number} is claimed by {id:?} too"));
            }
        }
    }
    let mut one_a_day = true;
    for (row, entity) in register.entities.iter().enumerate() {
        for (place, brand) in &entity.brands {
            let folded = fold(brand);
            match owners.get(&folded) {
                Some((other, at)) if *other != row => {
                    problems.add(
                        place,
                        format!("brand {brand:?} is a name of another vendor, at {at}"),
                    );
                }
                Some(_) => {}
                None => {
                    let shared =
                        claims.names.get(&folded).is_some_and(|(_, other)| *other != Some(row));
                    claims.names.insert(folded, (brand.clone(), (!shared).then_some(row)));
                }
            }
        }
        for (place, id) in &entity.successors {
            if claims.ids.get(id).is_none_or(|other| *other == row) {
                problems.add(place, format!("successor {id:?} is not another row of the register"));
            }
        }
        for edge in &entity.edges {
            if let By::Id(id) = &edge.by
                && !claims.ids.contains_key(id)
            {
                problems.add(&edge.place, format!("controller {id:?} is not in the register"));
            }
        }
        if let Some(edge) = overlapping(&entity.edges) {
            let what = format!("{:?} has two controllers on one day", entity.id);
            problems.add(&edge.place, what);
            one_a_day = false;
        }
    }
    // Where two control on one day there are too many ways to walk, and that is refused already.
    if one_a_day {
        check_chains(register, &claims, problems);
    }
    claims
}

/// The days on which control holds; no end means that it still does.
#[derive(Default, Clone, Copy)]
struct Span<'a> {
    from: Option<&'a str>,
    until: Option<&'a str>,
}

fn span<'a>(edge: &'a Edge) -> Span<'a> {
    Span { from: edge.from.as_deref(), until: edge.until.as_deref() }
}

impl<'a> Span<'a> {
    fn overlaps(&self, other: &Self) -> bool {
        let starts_before_end = |from: Option<&str>, until: Option<&str>| match (from, until) {
            (Some(from), Some(until)) => from < until,
            _ => true,
        };
        starts_before_end(self.from, other.until) && starts_before_end(other.from, self.until)
    }

    fn within(self, other: Span<'a>) -> Self {
        let until = match (self.until, other.until) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Span { from: self.from.max(other.from), until }
    }
}

/// An edge that holds on a day on which another does.
fn overlapping(edges: &[Edge]) -> Option<&Edge> {
    let mut by_day: Vec<&Edge> = edges.iter().collect();
    by_day.sort_by_key(|edge| edge.from.as_deref());
    by_day.windows(2).find_map(|pair| match pair {
        [one, other] if span(one).overlaps(&span(other)) => Some(*one),
        _ => None,
    })
}

/// What is wrong with the chains that start at an entity.
#[derive(PartialEq, Eq)]
enum Chain {
    Circle,
    TooLong,
}

fn check_chains(register: &Register, claims: &Claims, problems: &mut Problems) {
    let mut too_long = Vec::new();
    let before = problems.found.len();
    for (row, entity) in register.entities.iter().enumerate() {
        match walk(&mut vec![row], &Span::default(), register, claims) {
            Some(Chain::Circle) => {
                problems.add(&entity.place, format!("control of {:?} runs in a circle", entity.id))
            }
            Some(Chain::TooLong) => too_long.push(entity),
            None => {}
        }
    }
    // Whoever is controlled from within a circle has a long chain as well; the circle says it all.
    if problems.found.len() > before {
        return;
    }
    for entity in too_long {
        let what = format!("control of {:?} has more than {LONGEST_CHAIN} steps", entity.id);
        problems.add(&entity.place, what);
    }
}

/// Follows control from the last one of a path, on days on which all of the path holds. As no two control one entity
/// on one day, the ways part into days and never multiply.
fn walk(
    path: &mut Vec<usize>,
    days: &Span<'_>,
    register: &Register,
    claims: &Claims,
) -> Option<Chain> {
    let (start, at) = (*path.first()?, *path.last()?);
    let mut found = None;
    for edge in &register.entities.get(at)?.edges {
        let next = match &edge.by {
            By::Id(id) => claims.ids.get(id).copied(),
            By::Name(_) => None,
        };
        let own = span(edge);
        if next == Some(at) || !own.overlaps(days) {
            continue;
        }
        if next == Some(start) {
            return Some(Chain::Circle);
        }
        if path.len() > LONGEST_CHAIN {
            found = Some(Chain::TooLong);
            continue;
        }
        // A circle of others is theirs to tell.
        let Some(next) = next.filter(|next| !path.contains(next)) else { continue };
        path.push(next);
        let beyond = walk(path, &own.within(*days), register, claims);
        path.pop();
        if beyond == Some(Chain::Circle) {
            return beyond;
        }
        found = found.or(beyond);
    }
    found
}

/// As `herkomst_ids::VendorId` reads it.
fn is_id(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=48).contains(&text.len())
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}
