//! Where to say what a finding lacks: the file, its table and its key.

use std::fmt;

use herkomst_model::report::MissingEntry;
use herkomst_rules::Missing;

/// What supplies a thing that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Supply {
    missing: Missing,
    /// What else may supply it, beside the operator's file.
    or: &'static str,
    /// How it is said in the operator's file, on one line.
    table: &'static str,
    key: &'static str,
}

/// The lines of the operator's file that supply it. No wildcard arm: what a rule can lack, the operator can say.
pub(super) fn supply(missing: Missing) -> Supply {
    let (table, key) = match missing {
        Missing::Maker | Missing::Confidence | Missing::AgreedMaker => ("[[device]]", "maker"),
        Missing::Controllers | Missing::ControllerConfidence => ("[[maker]]", "controllers"),
        Missing::ControlTest => ("[[maker]]", "controllers (with by or share)"),
        Missing::Controlled => ("[[maker]]", "controls"),
        Missing::Succession => ("[[maker]]", "successor-of or predecessor-of"),
        Missing::CountryOfControl => ("[[maker]]", "country-of-control"),
        Missing::CountryOfSeat => ("[[maker]]", "country-of-seat"),
        Missing::StateOwned => ("[[maker]]", "state-owned"),
        Missing::Role => ("[[device]]", "roles"),
        Missing::Parts => ("[[part]]", "tag, with prefixes, macs, serials, sites …"),
        Missing::Addressee => ("the top of it", "is or is-not"),
        Missing::Order => (
            "[[order]]",
            "pack, reference, issuer, scope, and vendors where the pack leaves them to it",
        ),
        Missing::OrderParts => ("[[order]]", "parts"),
        Missing::OrderDate => ("[[order]]", "date, and term where the pack sets none"),
        Missing::FirstSeen => ("[[device]]", "first-seen"),
        Missing::Suppliers => ("[[device]]", "suppliers"),
        Missing::CountryOfProduction => ("[[device]]", "country-of-production"),
        Missing::CountryOfData => ("[[device]]", "country-of-data"),
        Missing::CountryOfAdministration => ("[[device]]", "country-of-administration"),
        Missing::CountryList => ("[[country-list]]", "id, words, source, last-checked, countries"),
        Missing::Family => ("[[device]]", "family"),
        Missing::Software => ("[[device]]", "software"),
        Missing::Generation => ("[[device]]", "generations"),
        Missing::Purpose => ("[[device]]", "purposes"),
        Missing::Event => ("[[device]]", "events"),
        Missing::Attribute => ("[[device]]", "attributes"),
        Missing::Trait => {
            ("[[device]] or [[site]]", "the property, true or false (docs/parts.md lists the keys)")
        }
        Missing::Adjacency => {
            ("[[segment]]", "prefixes or vlans; and every [[part]] by what is known of its devices")
        }
        Missing::Connection => ("[[device]]", "connected-to"),
        Missing::Site => ("[[site]]", "name, with prefixes, macs, serials …"),
        Missing::Zone => ("[[site]]", "zone"),
        Missing::Classification => ("[[device]] or [[site]]", "classification"),
        Missing::Ports => ("[[device]]", "ports"),
        Missing::Assessment => ("[[answer]]", "pack, rule, question, yes, author, date, evidence"),
    };
    let or = match missing {
        Missing::Maker | Missing::Confidence | Missing::AgreedMaker | Missing::Family => {
            "SNMP credentials (--snmp-credentials); or "
        }
        Missing::Controllers
        | Missing::ControllerConfidence
        | Missing::ControlTest
        | Missing::CountryOfControl
        | Missing::CountryOfSeat
        | Missing::StateOwned => "your own vendors.d (docs/data.md); or ",
        Missing::Role
        | Missing::Parts
        | Missing::Addressee
        | Missing::Order
        | Missing::OrderParts
        | Missing::OrderDate
        | Missing::FirstSeen
        | Missing::Controlled
        | Missing::Succession
        | Missing::Suppliers
        | Missing::CountryOfProduction
        | Missing::CountryOfData
        | Missing::CountryOfAdministration
        | Missing::CountryList
        | Missing::Software
        | Missing::Generation
        | Missing::Purpose
        | Missing::Event
        | Missing::Attribute
        | Missing::Trait
        | Missing::Adjacency
        | Missing::Connection
        | Missing::Site
        | Missing::Zone
        | Missing::Classification
        | Missing::Ports
        | Missing::Assessment => "",
    };
    Supply { missing, or, table, key }
}

/// Where nothing but what was not scanned leaves it open next to what a device stands, no `[[segment]]` settles that.
pub(super) fn by_scanning(missing: &mut [MissingEntry], unseen: Option<&str>) {
    let adjacency = Missing::Adjacency.to_string();
    for entry in missing.iter_mut().filter(|entry| entry.what == adjacency) {
        let why = unseen.unwrap_or(
            "no device of a declared part was seen, or not all of its prefixes were scanned",
        );
        entry.how = format!(
            "coverage: {why}, and what was not seen may stand next to it: scan all of the network, the declared parts too"
        );
    }
}

impl fmt::Display for Supply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { missing, or, table, key } = self;
        write!(
            f,
            "{}: {or}the operator's file (--operator), {table}: {key}",
            missing.how_to_supply()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::operator;
    use crate::config::problems::Problems;

    const WHO: &str = "author = \"A. Example\"\ndate = 2026-11-01\nevidence = \"label\"\n";

    fn device(says: &str) -> String {
        format!("[[device]]\nwhich = {{ serials = \"S1\" }}\n{says}\n{WHO}")
    }

    fn maker(says: &str) -> String {
        format!("[[maker]]\nid = \"zte\"\n{says}\n{WHO}")
    }

    /// How each is said.
    fn example(missing: Missing) -> String {
        match missing {
            Missing::Maker | Missing::Confidence | Missing::AgreedMaker => {
                device("maker = \"nokia\"")
            }
            Missing::Controllers | Missing::ControllerConfidence => maker("controllers = []"),
            Missing::ControlTest => {
                maker("controllers = [{ id = \"nokia\", by = [\"majority\"], share = \"60\" }]")
            }
            Missing::Controlled => maker("controls = [\"nokia\"]"),
            Missing::Succession => maker("successor-of = [\"nokia\"]\npredecessor-of = []"),
            Missing::CountryOfControl => maker("country-of-control = \"FI\""),
            Missing::CountryOfSeat => maker("country-of-seat = \"FI\""),
            Missing::StateOwned => maker("state-owned = false"),
            Missing::Role => device("roles = [\"olt\"]"),
            Missing::Parts => "[[part]]\ntag = \"core.cp\"\nprefixes = \"192.0.2.0/28\"\n".to_owned(),
            Missing::Addressee => "is = [\"telecom-operator\"]\nis-not = [\"public-body\"]\n".to_owned(),
            Missing::Order | Missing::OrderParts | Missing::OrderDate => {
                "[[order]]\npack = \"p\"\nreference = \"1\"\nissuer = \"minister\"\nscope = \"core\"\n\
                 parts = [\"core.cp\"]\ndate = 2026-01-15\nterm = \"2y\"\n"
                    .to_owned()
            }
            Missing::FirstSeen => device("first-seen = 2019-05-01"),
            Missing::Suppliers => {
                device("suppliers = [{ id = \"nokia\", role = \"integrator\" }]")
            }
            Missing::CountryOfProduction => device("country-of-production = \"FI\""),
            Missing::CountryOfData => device("country-of-data = \"FI\""),
            Missing::CountryOfAdministration => device("country-of-administration = \"FI\""),
            Missing::CountryList => {
                "[[country-list]]\nid = \"law\"\nwords = \"w\"\nsource = \"study\"\nlast-checked = 2026-11-20\n\
                 countries = [\"XA\"]\n"
                    .to_owned()
            }
            Missing::Family => device("family = \"AirScale\""),
            Missing::Software => device("software = []"),
            Missing::Generation => device("generations = [\"5g\"]"),
            Missing::Purpose => device("purposes = [\"backhaul\"]"),
            Missing::Event => device("events = []"),
            Missing::Attribute => device("attributes = [\"weight-kg = 2.5\"]"),
            Missing::Trait => device("sees-user-data = false\npassive = true"),
            Missing::Adjacency => {
                "[[segment]]\nprefixes = [\"192.0.2.0/28\", \"2001:db8::/64\"]\nvlans = [40]\n".to_owned()
            }
            Missing::Connection => device("connected-to = [\"core.cp\"]"),
            Missing::Site | Missing::Zone => {
                "[[site]]\nname = \"south\"\nzone = \"inner\"\nprefixes = \"192.0.2.0/28\"\n".to_owned()
            }
            Missing::Classification => device("classification = \"restricted\""),
            Missing::Ports => device("ports = 48"),
            Missing::Assessment => format!(
                "[[answer]]\npack = \"p\"\nrule = \"r\"\nquestion = \"q\"\nyes = true\n{WHO}"
            ),
        }
    }

    #[test]
    fn what_was_not_scanned_is_not_supplied_by_a_segment() {
        let of = |missing: Missing| MissingEntry {
            what: missing.to_string(),
            how: supply(missing).to_string(),
        };
        let mut all = [of(Missing::Maker), of(Missing::Adjacency)];
        by_scanning(&mut all, Some("1 target was not asked by any method"));
        assert_eq!(all[0], of(Missing::Maker));
        assert!(all[1].how.starts_with("coverage: 1 target was not asked"), "{}", all[1].how);
        assert!(!all[1].how.contains("[[segment]]"), "{}", all[1].how);
    }

    #[test]
    fn whatever_a_finding_lacks_can_be_said_where_it_says_so() {
        for missing in Missing::ALL {
            let (told, text) = (supply(*missing), example(*missing));
            let mut problems = Problems::default();
            operator::parse("operator.toml", &text, &mut problems);
            assert_eq!(problems.to_string(), "", "{missing}: {text}");
            let is_table = told.table.split(" or ").any(|table| text.contains(table));
            assert!(is_table || *missing == Missing::Addressee, "{missing}: {text}");
            let key = told.key.split([',', ' ']).next().unwrap_or_default();
            assert!(
                *missing == Missing::Trait || text.contains(&format!("{key} = ")),
                "{missing}: {key}"
            );
            let words = told.to_string();
            assert!(words.starts_with(missing.how_to_supply()), "{words}");
        }
    }
}
