//! Texts and object identifiers that we know, as data: one file per vendor in `fingerprints/`.
//!
//! A pattern is a regular expression of the `regex` crate, because those who write them know the language, and because
//! that crate works in linear time whatever a device sends: it has no backtracking, and no back-references. All
//! patterns are asked in one pass. They see octets, not Unicode: `.` and `[0-9]` are all that product texts need.

use std::sync::OnceLock;

use herkomst_ids::Oid;
use herkomst_model::DeviceText;
use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use crate::Weight;
use crate::role::Role;

/// Whom a fingerprint names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// A row of the vendor table.
    Vendor(&'static str),
    /// A firm that stands in no vendor table.
    Organisation(&'static str),
    /// Nobody: software that runs on anybody's box.
    Nobody,
}

/// A text that we know.
#[derive(Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// File and name: `huawei/vrp`.
    pub id: &'static str,
    /// Whom it names.
    pub names: Names,
    /// The regular expression; its groups `model` and `software` are taken out.
    pub pattern: &'static str,
    /// How much it counts.
    pub weight: Weight,
    /// The product family.
    pub family: Option<&'static str>,
    /// The software that it names.
    pub os: Option<&'static str>,
    /// What such devices are for.
    pub roles: &'static [Role],
}

/// A subtree of sysObjectID that we know.
#[derive(Debug, PartialEq, Eq)]
pub struct Subtree {
    /// The arcs below 1.3.6.1.4.1, as written.
    pub text: &'static str,
    /// The arcs.
    pub arcs: &'static [u32],
    /// Whom it names.
    pub names: Names,
    /// Why.
    pub note: &'static str,
    /// How much it counts.
    pub weight: Weight,
    /// The product family.
    pub family: Option<&'static str>,
    /// What such devices are for.
    pub roles: &'static [Role],
}

/// Firms that divided or handed on a line of boxes (`houses.toml`): their evidence does not contradict each other's.
#[derive(Debug, PartialEq, Eq)]
pub struct House {
    /// Their ids.
    pub vendors: &'static [&'static str],
    /// What happened, and where that is written.
    pub because: &'static str,
}

/// A text that a fingerprint must or must not know.
#[cfg(test)]
pub(crate) struct Example {
    pub(crate) of: usize,
    pub(crate) text: &'static str,
    pub(crate) fits: bool,
    pub(crate) model: Option<&'static str>,
    pub(crate) software: Option<&'static str>,
}

include!(concat!(env!("OUT_DIR"), "/fingerprints.rs"));

/// How texts begin that speak of a system of their own: a firm that is named further on is mentioned, as a peer or a
/// driver, and did not make the box.
const OTHER_SYSTEMS: &str = r#"^\W{0,2}(?i:linux|windows|microsoft|hardware: |freebsd|openbsd|netbsd|sunos|solaris|darwin|aix|hp-ux|vmware|ubuntu|debian|red hat|cisco|juniper|arista|milestone|genetec|nagios|zabbix|prtg)\b"#;

/// How far into a text its own name may begin: a quotation mark, a blank.
const AT_THE_START: usize = 2;

/// What a fingerprint took out of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Captures {
    /// The model.
    pub(crate) model: Option<DeviceText>,
    /// The version of the software.
    pub(crate) software: Option<DeviceText>,
}

/// All fingerprints, compiled when the first text is there to be looked at: it takes longer than to sweep a thousand hosts.
pub(crate) struct Fingerprints {
    set: OnceLock<RegexSet>,
    other_systems: OnceLock<Regex>,
    single: Vec<OnceLock<Regex>>,
}

impl Fingerprints {
    pub(crate) fn new() -> Self {
        let single = FINGERPRINTS.iter().map(|_| OnceLock::new()).collect();
        Self { set: OnceLock::new(), other_systems: OnceLock::new(), single }
    }

    fn set(&self) -> &RegexSet {
        self.set.get_or_init(|| {
            RegexSetBuilder::new(FINGERPRINTS.iter().map(|one| one.pattern))
                .unicode(false)
                .size_limit(64 << 20)
                .build()
                .expect("the build has compiled every pattern")
        })
    }

    fn other_systems(&self) -> &Regex {
        self.other_systems.get_or_init(|| {
            RegexBuilder::new(OTHER_SYSTEMS)
                .unicode(false)
                .build()
                .expect("a constant that every test compiles")
        })
    }

    /// The fingerprints that know a text: the first of each file, in the order of the files; those that name nobody
    /// only if no other does.
    pub(crate) fn matching(&self, text: &DeviceText) -> Vec<&'static Fingerprint> {
        let mut found: Vec<&'static Fingerprint> = Vec::new();
        let text = text.raw().as_bytes();
        let of_other_system = self.other_systems().is_match(text);
        for index in self.set().matches(text) {
            let one = &FINGERPRINTS[index];
            let start = || self.single(index).find(text).map_or(usize::MAX, |found| found.start());
            if of_other_system && one.names != Names::Nobody && start() > AT_THE_START {
                continue; // only mentioned
            }
            if found.iter().all(|other| other.names != one.names) {
                found.push(one);
            }
        }
        if found.iter().any(|one| one.names != Names::Nobody) {
            found.retain(|one| one.names != Names::Nobody);
        }
        found
    }

    /// One pattern, compiled when it is first needed.
    fn single(&self, index: usize) -> &Regex {
        self.single[index].get_or_init(|| {
            RegexBuilder::new(FINGERPRINTS[index].pattern)
                .unicode(false)
                .build()
                .expect("the build has compiled every pattern")
        })
    }

    /// What a fingerprint that knows a text takes out of it.
    pub(crate) fn captures(&self, print: &'static Fingerprint, text: &DeviceText) -> Captures {
        let Some(index) = FINGERPRINTS.iter().position(|one| one.id == print.id) else {
            return Captures::default();
        };
        let Some(captures) = self.single(index).captures(text.raw().as_bytes()) else {
            return Captures::default();
        };
        let take = |name| {
            let text = captures
                .name(name)
                .map(|found| String::from_utf8_lossy(found.as_bytes()).trim().to_owned());
            text.filter(|text| !text.is_empty()).map(|text| DeviceText::from(text.as_str()))
        };
        Captures { model: take("model"), software: take("software") }
    }
}

/// The longest known subtree that an object stands under.
pub(crate) fn subtree(oid: &Oid) -> Option<&'static Subtree> {
    let below = oid.arcs().strip_prefix(&Oid::ENTERPRISES)?;
    SUBTREES.iter().filter(|one| below.starts_with(one.arcs)).max_by_key(|one| one.arcs.len())
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn every_example_is_known_and_gives_what_it_should() {
        let prints = Fingerprints::new();
        let mut wrong = Vec::new();
        for example in EXAMPLES {
            let of = &FINGERPRINTS[example.of];
            let text = DeviceText::from(example.text);
            let found = prints.matching(&text);
            if !example.fits {
                if found.iter().any(|one| one.id == of.id) {
                    wrong.push(format!("{}: knows {:?}, and should not", of.id, example.text));
                }
                continue;
            }
            if found.as_slice() != [of] {
                let ids: Vec<&str> = found.iter().map(|one| one.id).collect();
                wrong.push(format!("{}: {:?} is known by {ids:?}", of.id, example.text));
            }
            let captures = prints.captures(of, &text);
            let model = captures.model.as_ref().map(DeviceText::raw);
            let software = captures.software.as_ref().map(DeviceText::raw);
            if (model, software) != (example.model, example.software) {
                wrong.push(format!(
                    "{}: {:?} gives model {model:?}, software {software:?}",
                    of.id, example.text
                ));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn a_firm_that_a_text_of_another_system_mentions_made_nothing() {
        let prints = Fingerprints::new();
        for text in [
            "Linux srv to Huawei Technologies Co., Ltd",
            "Linux mon1 5.10 peer HUAWEI Technologies NE40E",
            "Milestone XProtect recording server, Hikvision driver pack",
            "Genetec Archiver with Dahua Technology plug-in",
            "Linux inspur01 4.19 dc inspur rack",
            "Linux gw 5.10 with a QNAP share and an iDRAC",
            "Windows host, monitors TiMOS, JUNOS and BIG-IP",
            "Linux lab, ZXR10 ROS Version V4.08 ZXR10 emulator",
        ] {
            let found = prints.matching(&DeviceText::from(text));
            let firms: Vec<_> = found.iter().filter(|one| one.names != Names::Nobody).collect();
            assert!(firms.is_empty(), "{text}: {firms:?}");
        }
        let text = DeviceText::from(
            "Cisco IOS Software, C2960 Software, Version 15.2(7)E4, SFP vendor Huawei",
        );
        let found = prints.matching(&text);
        assert_eq!(found.iter().map(|one| one.names).collect::<Vec<_>>(), [Names::Vendor("cisco")]);
    }

    #[test]
    fn every_vendor_stands_in_the_vendor_table() {
        let registry = herkomst_registry::embedded();
        let named = FINGERPRINTS.iter().map(|one| (one.id, one.names));
        let named = named.chain(SUBTREES.iter().map(|one| (one.text, one.names)));
        let houses = HOUSES
            .iter()
            .flat_map(|house| house.vendors)
            .map(|id| ("houses.toml", Names::Vendor(id)));
        let named = named.chain(houses);
        let missing: Vec<String> = named
            .filter_map(|(place, names)| match names {
                Names::Vendor(id) => {
                    registry.vendor(id).is_none().then(|| format!("{place}: {id}"))
                }
                Names::Organisation(name) => registry.by_name(name).map(|vendor| {
                    format!("{place}: {name} stands in the vendor table as {}", vendor.id())
                }),
                Names::Nobody => None,
            })
            .collect();
        assert!(missing.is_empty(), "{}", missing.join("\n"));
    }

    #[test]
    fn ids_and_subtrees_stand_once() {
        let mut ids: Vec<&str> = FINGERPRINTS
            .iter()
            .map(|one| one.id)
            .chain(SUBTREES.iter().map(|one| one.text))
            .collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all);
    }

    #[test]
    fn a_long_text_of_one_character_costs_no_more_than_its_length() {
        let prints = Fingerprints::new();
        for filler in ["a", "0", " ", "Version ", "HP "] {
            assert!(
                prints.matching(&DeviceText::from(filler.repeat(20_000).as_str())).len() < 2,
                "{filler}"
            );
        }
    }
}
