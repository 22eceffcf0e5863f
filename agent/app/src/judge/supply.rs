//! Where to say what a finding lacks: the file, its table and its key.

use std::fmt;

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
        Missing::Order => ("[[order]]", "pack, reference, issuer, scope"),
        Missing::OrderParts => ("[[order]]", "parts"),
        Missing::OrderDate => ("[[order]]", "date"),
        Missing::FirstSeen => ("[[device]]", "first-seen"),
        Missing::Suppliers => ("[[device]]", "suppliers"),
        Missing::CountryOfProduction => ("[[device]]", "country-of-production"),
        Missing::CountryOfData => ("[[device]]", "country-of-data"),
        Missing::CountryOfAdministration => ("[[device]]", "country-of-administration"),
        Missing::CountryList => ("[[country-list]]", "id, words, source, countries"),
        Missing::Family => ("[[device]]", "family"),
        Missing::Software => ("[[device]]", "software"),
        Missing::Generation => ("[[device]]", "generations"),
        Missing::Purpose => ("[[device]]", "purposes"),
        Missing::Event => ("[[device]]", "events"),
        Missing::Attribute => ("[[device]]", "attributes"),
        Missing::Trait => ("[[device]] or [[site]]", "the property, true or false"),
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
