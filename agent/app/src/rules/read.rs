//! Reading packs by name or path, and what is to be said of one beside its findings.

use std::path::PathBuf;

use herkomst_registry::Registry;
use herkomst_rules::{NamedVendor, Pack, shipped};
use jiff::civil::Date;

use super::file::mistakes;
use crate::config::problems::hint;

/// After so many days since its facts were last checked a pack is said to have aged.
const STALE_AFTER: i64 = 180;
/// The most vendors that nobody knows which are told one by one.
pub(crate) const MOST_STRANGERS: usize = 50;
/// The most ids that are offered for one that does not exist.
const MOST_NEAR: usize = 3;

/// A pack as somebody named it.
pub(crate) enum Named {
    /// One that comes with the program.
    Shipped(Box<Pack>),
    /// A file.
    File(PathBuf),
}

/// Whether a name is one of a file and no id.
pub(crate) fn is_path(name: &str) -> bool {
    name.contains(['/', '.'])
}

/// The id of a shipped pack, or a path; else what would be right.
pub(crate) fn named(name: &str) -> Result<Named, String> {
    if let Some(pack) = shipped_pack(name) {
        return Ok(Named::Shipped(Box::new(pack)));
    }
    if is_path(name) {
        return Ok(Named::File(name.into()));
    }
    let known: Vec<&str> = shipped().iter().map(|(id, _)| *id).collect();
    Err(format!("{name:?} is no shipped pack and no path to one; {}", hint(name, &known)))
}

/// A pack that comes with the program.
pub(crate) fn shipped_pack(id: &str) -> Option<Pack> {
    let (id, text) = shipped().iter().find(|(known, _)| *known == id)?;
    // A test reads them all.
    Pack::parse(text, &format!("{id}.toml")).ok()
}

/// Vendors of a pack that no register knows, each with its place and the nearest ids: such a rule would never match.
pub(crate) fn strangers(pack: &Pack, file: &str, registry: &Registry) -> Vec<String> {
    let told = |vendor: &NamedVendor| {
        let NamedVendor { id, line, column } = vendor;
        stranger(id.as_str(), &format!("{file}:{line}:{column}:"), registry)
    };
    // Near ids are looked for in the whole register, for each of them.
    let mut told: Vec<String> =
        unknown(pack, registry).take(MOST_STRANGERS).filter_map(told).collect();
    let more = unknown(pack, registry).count().saturating_sub(MOST_STRANGERS);
    if more > 0 {
        told.push(format!("{file}: and {more} more vendors that the register does not know"));
    }
    told
}

/// How many such vendors a sealed pack names, and where.
pub(crate) fn sealed_strangers(pack: &Pack, file: &str, registry: &Registry) -> Option<String> {
    let places: Vec<String> =
        unknown(pack, registry).map(|one| format!("{}:{}", one.line, one.column)).collect();
    (!places.is_empty()).then(|| mistakes(file, places.len(), &places))
}

fn unknown<'p>(
    pack: &'p Pack,
    registry: &'p Registry,
) -> impl Iterator<Item = &'p NamedVendor> + use<'p> {
    pack.vendors().filter(move |vendor| !is_known(vendor.id.as_str(), registry))
}

pub(crate) fn is_known(id: &str, registry: &Registry) -> bool {
    registry.vendor(id).is_some() || registry.owner(id).is_some()
}

/// What to say of a vendor that no register knows; nothing of one that it knows.
pub(crate) fn stranger(id: &str, place: &str, registry: &Registry) -> Option<String> {
    if is_known(id, registry) {
        return None;
    }
    let near = near(id, registry);
    let hint = if near.is_empty() {
        "herkomst explain finds ids by name".to_owned()
    } else {
        format!("near ones are {}", near.join(", "))
    };
    Some(format!("{place} {id:?} is no vendor of the register; {hint}"))
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

#[cfg(test)]
mod tests {
    use super::*;

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
        let pack = shipped_pack("public-lists").unwrap();
        assert_eq!(aged(&pack, "2026-12-01".parse().unwrap()), None);
        assert!(aged(&pack, "2027-12-01".parse().unwrap()).unwrap().contains("last checked on"));
    }
}
