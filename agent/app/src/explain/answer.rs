//! The shape of an explanation, as `-o json` writes it: `docs/explain.schema.json` describes it.

use std::collections::BTreeMap;

use serde::Serialize;

/// Raised when a field changes its meaning or goes.
pub(super) const SCHEMA_VERSION: u32 = 1;

/// The whole document.
#[derive(Debug, Serialize)]
pub(super) struct Explained {
    pub(super) schema_version: u32,
    pub(super) program: String,
    pub(super) as_of: String,
    pub(super) editions: EditionsEntry,
    pub(super) answers: Vec<Answer>,
}

/// What the answers are from.
#[derive(Debug, Serialize)]
pub(super) struct EditionsEntry {
    pub(super) registry: String,
    pub(super) enterprise_numbers: String,
    pub(super) vendors: String,
    pub(super) packs: BTreeMap<String, String>,
    pub(super) digest: String,
}

/// All that is known of one thing that was asked about.
#[derive(Debug, Default, Serialize)]
pub(super) struct Answer {
    pub(super) asked: String,
    pub(super) taken_for: String,
    pub(super) known: bool,
    pub(super) special: Option<SpecialEntry>,
    pub(super) assignment: Option<AssignmentEntry>,
    pub(super) number: Option<NumberEntry>,
    pub(super) object: Option<ObjectEntry>,
    pub(super) registrant: Option<RegistrantEntry>,
    pub(super) vendor: Option<VendorEntry>,
    pub(super) owner: Option<OwnerEntry>,
    pub(super) rules: Vec<RuleEntry>,
    pub(super) rule: Option<RuleTextEntry>,
    pub(super) notes: Vec<String>,
    pub(super) suggestions: Vec<String>,
}

/// Why an address names no maker.
#[derive(Debug, Serialize)]
pub(super) struct SpecialEntry {
    pub(super) kind: String,
    pub(super) what: String,
    pub(super) source: String,
}

/// A row of a listing of IEEE.
#[derive(Debug, Serialize)]
pub(super) struct AssignmentEntry {
    pub(super) prefix: String,
    pub(super) listing: String,
    pub(super) edition: String,
    pub(super) registrant: String,
    pub(super) registration_country: Option<String>,
    pub(super) correction: Option<CorrectionEntry>,
}

/// A registration country that the listing has wrong or lacks.
#[derive(Debug, Serialize)]
pub(super) struct CorrectionEntry {
    pub(super) listed: Option<String>,
    pub(super) reason: String,
}

/// A row of the list of IANA.
#[derive(Debug, Serialize)]
pub(super) struct NumberEntry {
    pub(super) number: u32,
    pub(super) organisation: String,
    pub(super) edition: String,
    pub(super) role: String,
    pub(super) reason: Option<String>,
}

/// What is known of a subtree of object identifiers beyond its enterprise number.
#[derive(Debug, Serialize)]
pub(super) struct ObjectEntry {
    pub(super) subtree: String,
    pub(super) names: Option<String>,
    pub(super) weight: String,
    pub(super) family: Option<String>,
    pub(super) roles: Vec<String>,
    pub(super) note: String,
}

/// What the listings of IEEE have under one spelling, or under all spellings of a vendor.
#[derive(Debug, Serialize)]
pub(super) struct RegistrantEntry {
    pub(super) spellings: Vec<String>,
    pub(super) prefixes: BTreeMap<String, u64>,
    pub(super) countries: BTreeMap<String, u64>,
    pub(super) addresses: u64,
}

/// A row of the vendor register.
#[derive(Debug, Serialize)]
pub(super) struct VendorEntry {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) legal_name: Option<String>,
    pub(super) lei: Option<String>,
    pub(super) kind: String,
    pub(super) country: Option<String>,
    pub(super) brands: Vec<String>,
    pub(super) registrants: Vec<String>,
    pub(super) enterprise_numbers: Vec<u32>,
    pub(super) successors: Vec<String>,
    pub(super) note: Option<String>,
    pub(super) source: Option<String>,
    pub(super) last_checked: Option<String>,
    pub(super) verified: bool,
    pub(super) local: bool,
    pub(super) edition: String,
    pub(super) controller: Option<ControlEntry>,
    pub(super) country_of_control: Option<String>,
    pub(super) control_verified: bool,
    pub(super) chain: Vec<ControlEntry>,
    pub(super) history: Vec<ControlEntry>,
}

/// Somebody who owns makers and makes nothing.
#[derive(Debug, Serialize)]
pub(super) struct OwnerEntry {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) country: Option<String>,
    pub(super) note: Option<String>,
    pub(super) local: bool,
    pub(super) chain: Vec<ControlEntry>,
    pub(super) history: Vec<ControlEntry>,
    pub(super) controls: Vec<String>,
}

/// One step of control.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ControlEntry {
    pub(super) id: Option<String>,
    pub(super) name: String,
    pub(super) country: Option<String>,
    pub(super) test: String,
    pub(super) from: Option<String>,
    pub(super) until: Option<String>,
    pub(super) source: Option<String>,
    pub(super) last_checked: Option<String>,
    pub(super) confidence: String,
    pub(super) verified: bool,
}

/// A shipped rule that names the vendor, or one that controls it.
#[derive(Debug, Serialize)]
pub(super) struct RuleEntry {
    pub(super) pack: String,
    pub(super) rule: String,
    pub(super) title: String,
    pub(super) names: String,
    pub(super) relation: String,
    pub(super) verified: bool,
    pub(super) listings: Vec<RuleListingEntry>,
}

/// A public list that such a rule rests on.
#[derive(Debug, Serialize)]
pub(super) struct RuleListingEntry {
    pub(super) list: String,
    pub(super) instrument: String,
    pub(super) named_as: String,
    pub(super) since: String,
    pub(super) until: Option<String>,
    pub(super) status: String,
    pub(super) in_force: bool,
    pub(super) reaches: bool,
    pub(super) mark: String,
}

/// A shipped rule, in plain words.
#[derive(Debug, Serialize)]
pub(super) struct RuleTextEntry {
    pub(super) pack: String,
    pub(super) rule: String,
    pub(super) title: String,
    pub(super) pack_title: String,
    pub(super) edition: String,
    pub(super) instrument: String,
    pub(super) article: Option<String>,
    pub(super) jurisdiction: String,
    pub(super) status: String,
    pub(super) publicity: String,
    pub(super) binds: String,
    pub(super) sentences: Vec<String>,
    pub(super) sources: Vec<SourceTextEntry>,
    pub(super) disclaimer: String,
}

/// Where it can be read.
#[derive(Debug, Serialize)]
pub(super) struct SourceTextEntry {
    pub(super) text: String,
    pub(super) last_checked: String,
}
