//! Reading packs by name or path, and what is to be said of one beside its findings.

use std::path::Path;

use herkomst_registry::Registry;
use herkomst_rules::{NamedVendor, Pack, Rule, shipped};
use jiff::civil::Date;

use crate::config::bounded;
use crate::config::problems::hint;

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
        let pack = read("public-lists").unwrap();
        assert_eq!(aged(&pack, "2026-12-01".parse().unwrap()), None);
        assert!(aged(&pack, "2027-12-01".parse().unwrap()).unwrap().contains("last checked on"));
    }
}
