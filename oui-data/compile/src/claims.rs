//! What vendors claim, and that no two claim the same: ids, names, registrant spellings, numbers, and control that
//! does not run in a circle.

use std::collections::{BTreeMap, HashMap};

use crate::tables::Tables;
use crate::vendors::{By, Edge, Register};
use crate::{Place, Problems};
use herkomst_lookup::fold;

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
        for (place, spelling) in &entity.registrants {
            let folded = fold(spelling);
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
        for (at, edge) in entity.edges.iter().enumerate() {
            if entity.edges.iter().skip(at + 1).any(|other| span(other).overlaps(&span(edge))) {
                problems
                    .add(&edge.place, format!("{:?} has two controllers on one day", entity.id));
            }
        }
        if runs_in_a_circle(row, row, &Span::default(), register, &claims, 0) {
            problems.add(&entity.place, format!("control of {:?} runs in a circle", entity.id));
        }
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

/// Chains of control are short; what is longer is a circle that does not come back to its start.
const LONGEST_CHAIN: usize = 16;

fn runs_in_a_circle(
    start: usize,
    at: usize,
    days: &Span<'_>,
    register: &Register,
    claims: &Claims,
    depth: usize,
) -> bool {
    let Some(entity) = register.entities.get(at).filter(|_| depth < LONGEST_CHAIN) else {
        return false;
    };
    entity.edges.iter().any(|edge| {
        let By::Id(id) = &edge.by else { return false };
        let Some(next) = claims.ids.get(id).copied().filter(|next| *next != at) else {
            return false;
        };
        let own = span(edge);
        own.overlaps(days)
            && (next == start
                || runs_in_a_circle(start, next, &own.within(*days), register, claims, depth + 1))
    })
}

/// As `herkomst_ids::VendorId` reads it.
fn is_id(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=48).contains(&text.len())
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}
