//! The JSON of a scan, `schema_version` 1: what every output is made from.
//!
//! Fields may be added; none is renamed or dropped without a new version. The schema is kept in
//! `docs/scan.schema.json`. Order is fixed: maps are sorted, lists are sorted by what they name.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::DeviceText;

/// The version of this shape.
pub const SCHEMA_VERSION: u32 = 1;

/// All that one scan says.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// What was asked, by which program, from which editions.
    pub scan: Scan,
    /// Every device, sorted by its first address.
    pub devices: Vec<DeviceEntry>,
    /// Every finding, worst first.
    pub findings: Vec<FindingEntry>,
    /// What rules over the whole inventory came to, each scope of each rule, worst first.
    pub figures: Vec<FigureEntry>,
    /// What was asked and what came of it.
    pub coverage: Coverage,
    /// What was sent.
    pub receipt: ReceiptEntry,
}

/// What was asked.
#[derive(Debug, Clone, Serialize)]
pub struct Scan {
    /// Random, for this scan alone.
    pub id: String,
    /// RFC 3339, UTC.
    pub started: String,
    /// RFC 3339, UTC.
    pub ended: String,
    /// Name and version.
    pub program: String,
    /// The targets as the operator wrote them, or the segments that were taken.
    pub targets: Vec<String>,
    /// The exclusions as the operator wrote them.
    pub excluded: Vec<String>,
    /// The interfaces that were used.
    pub interfaces: Vec<String>,
    /// The methods that were switched on.
    pub methods: Vec<String>,
    /// Which editions the answers are from.
    pub editions: Editions,
    /// What the reader should know of the means: a pack that nobody compared with its sources for long, a registry file
    /// that could not be used.
    pub notes: Vec<String>,
    /// Whether it may hold what is sealed: it is for a reader who is cleared.
    pub cleared: bool,
}

/// The editions that the answers are from.
#[derive(Debug, Clone, Serialize)]
pub struct Editions {
    /// Of the IEEE and IANA registries.
    pub registry: String,
    /// SHA-256 of the registry file, which names this very one.
    pub registry_digest: String,
    /// Of the vendor table.
    pub vendors: String,
    /// Of each rule pack.
    pub packs: BTreeMap<String, String>,
}

/// One device.
#[derive(Debug, Clone, Serialize)]
pub struct DeviceEntry {
    /// Stable while its strongest key is: a hash of that key.
    pub id: String,
    /// Hardware addresses.
    pub macs: Vec<String>,
    /// Network addresses.
    pub ips: Vec<String>,
    /// What it calls itself.
    pub names: Vec<DeviceText>,
    /// router, switch, camera …
    pub roles: Vec<String>,
    /// Part tags that the operator declared.
    pub parts: Vec<String>,
    /// Part tags of what else is on its segment.
    pub adjacent: Vec<String>,
    /// Sites that the operator declared it to stand on.
    pub sites: Vec<String>,
    /// What the operator states of it or of its maker, with who says so and since when.
    pub stated: Vec<String>,
    /// The methods that saw it; of a device that only tables of others show, these tables.
    pub seen_by: Vec<String>,
    /// The VLANs that it was seen in, by its own frames or by forwarding tables of others.
    pub vlans: Vec<u16>,
    /// Where tables of other devices show it, the best known first.
    pub places: Vec<PlaceEntry>,
    /// Who made it; null when nothing names one.
    pub maker: Option<MakerEntry>,
    /// Who controls the maker.
    pub controller: Option<ControllerEntry>,
    /// The country in the registry of its first address: evidence only, not origin.
    pub registration_country: Option<String>,
    /// The organisation that the address is registered to.
    pub registrant: Option<String>,
    /// What the product is.
    pub product: Product,
    /// Things inside with a maker of their own.
    pub components: Vec<ComponentEntry>,
    /// Software on it.
    pub software: Vec<DeviceText>,
    /// Both makers, when evidence disagrees on the box.
    pub relabelled: Option<String>,
    /// What kind of special address it is, for an address that is no box: `VRRP virtual router`.
    pub special: Option<String>,
    /// Why its keys are taken for one device.
    pub joined_by: Vec<String>,
    /// What was seen and names nobody, each with the reason.
    pub rejected: Vec<EvidenceEntry>,
}

/// A port of another device that leads to this one.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct PlaceEntry {
    /// The id of the other device.
    pub device: String,
    /// What that one calls itself.
    pub name: Option<DeviceText>,
    /// Its port, as it names it.
    pub port: DeviceText,
    /// What the operator wrote on the port.
    pub alias: Option<DeviceText>,
    /// The VLANs in which it was seen there.
    pub vlans: Vec<u16>,
    /// `plugged`, `one-of` several such ports of which nobody knows which, or `uplink`, with another device between.
    pub link: String,
    /// How many stations its forwarding table has behind the port.
    pub stations: u64,
    /// The table that says so.
    pub seen_by: String,
}

/// Who made it, and why we think so.
#[derive(Debug, Clone, Serialize)]
pub struct MakerEntry {
    /// The vendor's stable id, or null when the registrant is in no vendor table.
    pub id: Option<String>,
    /// The name.
    pub name: String,
    /// Seat of the maker.
    pub country: Option<String>,
    /// `confirmed`, `probable` or `possible`.
    pub confidence: String,
    /// What says so.
    pub evidence: Vec<EvidenceEntry>,
    /// What says otherwise.
    pub against: Vec<EvidenceEntry>,
}

/// One piece of evidence.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct EvidenceEntry {
    /// `mac-assignment`, `snmp-engine-id`, `sys-object-id`, `sys-descr`, `lldp-…`.
    pub kind: String,
    /// What was seen.
    pub value: DeviceText,
    /// The vendor id or name it points at; null when it names nobody.
    pub says: Option<String>,
    /// `strong`, `likely`, `hint` or `none`.
    pub weight: String,
    /// Why it counts as it does, in words, with the edition it is from.
    pub note: String,
}

/// Who controls the maker, as of a day.
#[derive(Debug, Clone, Serialize)]
pub struct ControllerEntry {
    /// Its id in the vendor table, if it stands there.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its seat.
    pub country: Option<String>,
    /// The day the answer is for.
    pub as_of: String,
    /// Whether a source for it was checked.
    pub verified: bool,
}

/// What the product is.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Product {
    /// The family or operating system.
    pub family: Option<String>,
    /// The model.
    pub model: Option<DeviceText>,
    /// The software and its version.
    pub software: Option<DeviceText>,
    /// The serial number.
    pub serial: Option<DeviceText>,
}

/// A thing inside a device with a maker of its own.
#[derive(Debug, Clone, Serialize)]
pub struct ComponentEntry {
    /// `module`, `optic` …
    pub kind: String,
    /// Who made it, in the device's words.
    pub manufacturer: Option<DeviceText>,
    /// Who made it.
    pub maker: Option<MakerEntry>,
    /// Its model.
    pub model: Option<DeviceText>,
    /// Its serial number.
    pub serial: Option<DeviceText>,
    /// Where it sits.
    pub r#where: Option<DeviceText>,
}

/// One rule that a device meets, or may meet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FindingEntry {
    /// Stable for pack, rule and device.
    pub id: String,
    /// The pack.
    pub pack: String,
    /// The rule in it.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// `match` or `undetermined`.
    pub verdict: String,
    /// As the rule says, or the pack for those who are what the operator is.
    pub severity: String,
    /// `obligation`, `policy`, `warning` or `advice` to this operator; null where the pack does not ask what he is, or he
    /// did not say.
    pub force: Option<String>,
    /// As what the operator is bound, in the word of the pack; null as above.
    pub addressee: Option<String>,
    /// `established` by facts, or `suspected`.
    pub grade: String,
    /// The device's id.
    pub device: String,
    /// The component, if it is about one.
    pub component: Option<String>,
    /// The parts of the device.
    pub parts: Vec<String>,
    /// What is to be done by when.
    pub actions: Vec<ActionEntry>,
    /// What is to be done next, in a line: its date with the days left or overdue; null where nothing is asked.
    pub next_due: Option<String>,
    /// The tests that were met or could not be decided.
    pub because: Vec<String>,
    /// What is not known, and where to say it; also for dates that cannot be told without it.
    pub missing: Vec<MissingEntry>,
    /// The instrument that the pack restates.
    pub source: SourceEntry,
    /// The public lists that name the maker and reach the device.
    pub listings: Vec<ListingEntry>,
    /// A waiver of the operator, if any.
    pub waiver: Option<String>,
    /// How it stands: `holds`, `expired` or `not-approved`.
    pub waiver_state: Option<String>,
    /// The rule's wording.
    pub wording: String,
    /// What the pack says must be said with every finding.
    pub disclaimer: String,
    /// From what is sealed: an output that is not cleared does not have it, or has it in other words.
    pub sealed: bool,
}

/// What is not known, and where to say it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MissingEntry {
    /// The word of docs/rules.md: `parts`, `maker` …; or `coverage`, for what the scan did not see.
    pub what: String,
    /// The file, table and key that supply it, or what else does.
    pub how: String,
}

/// What a rule over the whole inventory came to in one scope of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FigureEntry {
    /// Stable for pack, rule and scope.
    pub id: String,
    /// The pack.
    pub pack: String,
    /// The rule in it.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// `the network`, or the part, site or zone: `part core.up`.
    pub scope: String,
    /// `match`: the cap is exceeded, or there are too few suppliers; `no-match` or `undetermined`.
    pub verdict: String,
    /// As the rule says, or the pack for those who are what the operator is.
    pub severity: String,
    /// `obligation`, `policy`, `warning` or `advice` to this operator; null as in a finding.
    pub force: Option<String>,
    /// For a cap: the share. Null otherwise.
    pub share: Option<ShareEntry>,
    /// For diversity: the suppliers. Null otherwise.
    pub suppliers: Option<SuppliersEntry>,
    /// How many devices of the scan were counted from, those that are out of scope too.
    pub devices: u64,
    /// Whether the scan saw all that it was told to look at; where not, only what more devices cannot change is certain.
    pub complete: bool,
    /// What is to be done by when.
    pub actions: Vec<ActionEntry>,
    /// What is to be done next, in a line.
    pub next_due: Option<String>,
    /// On what it rests, in words.
    pub because: Vec<String>,
    /// What is not known, and where to say it.
    pub missing: Vec<MissingEntry>,
    /// The instrument that the pack restates.
    pub source: SourceEntry,
    /// A waiver of the operator, if any.
    pub waiver: Option<String>,
    /// How it stands: `holds`, `expired` or `not-approved`.
    pub waiver_state: Option<String>,
    /// The rule's wording.
    pub wording: String,
    /// What the pack says must be said with every finding.
    pub disclaimer: String,
    /// From what is sealed: an output that is not cleared does not have it, or has other numbers in it.
    pub sealed: bool,
}

/// The share of a party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShareEntry {
    /// The share that is still allowed, in percent.
    pub cap: String,
    /// What is counted: `devices`, `ports` or `sites`.
    pub denominator: String,
    /// The smallest share that fits what is known.
    pub certain: RatioEntry,
    /// The largest.
    pub possible: RatioEntry,
    /// Devices that could not be weighed, such as those whose ports nobody counted.
    pub unweighed: u64,
}

/// So many of so many, exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RatioEntry {
    /// Of the party.
    pub part: u64,
    /// Of all.
    pub whole: u64,
    /// The same in percent, for people; null where there is nothing to share.
    pub percent: Option<String>,
}

/// How many suppliers there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SuppliersEntry {
    /// How many there must be.
    pub at_least: u64,
    /// The smallest number that fits what is known.
    pub certain: u64,
    /// The largest.
    pub possible: u64,
    /// One vendor of each that is certain to be there.
    pub vendors: Vec<String>,
}

/// An action and its date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActionEntry {
    /// `remove`, `no-install` …
    pub action: String,
    /// The list or instrument that asks for it, of those it binds; null for the rule itself.
    pub instrument: Option<String>,
    /// Which things or places it is about, where that is less than the whole.
    pub scope: Option<String>,
    /// The date, if it has one.
    pub due: Option<String>,
    /// Days from today; negative when past.
    pub days_left: Option<i64>,
    /// `ahead`, `overdue`, `in-effect`, `undated` or `undetermined`.
    pub state: String,
    /// How well the date was checked, where that is known.
    pub mark: Option<String>,
    /// The day by which it should be done, before the one by which it must.
    pub soft_due: Option<String>,
    /// Days until then; negative when past.
    pub soft_days_left: Option<i64>,
    /// The last day on which an extension can be asked for.
    pub extension_request_by: Option<String>,
    /// Days until then; negative when past.
    pub extension_days_left: Option<i64>,
    /// What must be known before the date, or whether it is for this device, can be told.
    pub missing: Option<String>,
}

/// The instrument that a pack restates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceEntry {
    /// Its title.
    pub instrument: String,
    /// The article or section of it.
    pub article: Option<String>,
    /// Where it applies.
    pub jurisdiction: String,
    /// `in-force`, `proposal` …
    pub status: String,
    /// Who is bound.
    pub binds: String,
    /// Where it, and the rule, can be read.
    pub texts: Vec<String>,
    /// Sources of the rule itself, each with the day it was last compared.
    pub rule_sources: Vec<RuleSourceEntry>,
    /// When the pack was last compared with its sources.
    pub last_checked: String,
}

/// A source of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleSourceEntry {
    /// The text, gazette or page.
    pub text: String,
    /// The day it was last compared.
    pub last_checked: String,
    /// How it was checked: `official` text or `reported`; null where the pack does not say.
    pub mark: Option<String>,
}

/// A public list that names the maker and reaches the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListingEntry {
    /// Its name within the pack, which actions cite.
    pub list: String,
    /// The list or law.
    pub instrument: String,
    /// Where in it.
    pub article: Option<String>,
    /// Where it applies.
    pub jurisdiction: String,
    /// The name exactly as the list writes it.
    pub named_as: String,
    /// Since when it stands there, or by when it did.
    pub since: String,
    /// `obligation`, `advice`, `warning` …
    pub force: String,
    /// `in-force`, `proposal` …
    pub status: String,
    /// Who is bound.
    pub binds: String,
    /// Which things it is about.
    pub scope: String,
    /// How well the entry was checked.
    pub mark: String,
    /// Denials, challenges and limits.
    pub note: Option<String>,
    /// When somebody last read it.
    pub last_checked: Option<String>,
}

/// How many targets ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Targets the method applies to.
    pub expected: u64,
    /// Asked at least once.
    pub asked: u64,
    /// Answered.
    pub answered: u64,
    /// Turned down.
    pub refused: u64,
    /// Nothing came back.
    pub silent: u64,
    /// What came back was broken.
    pub malformed: u64,
    /// The scan ended first.
    pub cut_short: u64,
    /// Not asked, for a reason.
    pub not_asked: u64,
}

/// What was asked and what came of it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Coverage {
    /// Whether every target was properly asked.
    pub complete: bool,
    /// Whether the scan was stopped before it was done.
    pub interrupted: bool,
    /// Over all methods: a target counts as answered when anything answered.
    pub targets: Counts,
    /// By method.
    pub methods: BTreeMap<String, Counts>,
    /// Devices with a maker.
    pub identified: u64,
    /// Devices that nobody could name.
    pub undetermined: u64,
    /// Special addresses, which are no boxes.
    pub special: u64,
    /// How long the scan listened.
    pub listened: BTreeMap<String, ListenedEntry>,
    /// What was not asked, and why.
    pub not_asked: Vec<NotAskedEntry>,
    /// What the scan could not do, and what would help.
    pub limits: Vec<String>,
    /// Targets in ranges of equal outcome.
    pub ledger: Vec<LedgerEntry>,
    /// Devices that were asked for tables, and what came of each.
    pub tables: Vec<TablesEntry>,
}

/// How long the scan listened for a protocol.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ListenedEntry {
    /// How long it listened, in whole seconds.
    pub seconds: u64,
    /// The usual interval of announcements, in seconds.
    pub usual_seconds: u64,
}

/// Targets that were not asked by a method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotAskedEntry {
    /// A range of addresses.
    pub targets: String,
    /// The method.
    pub method: String,
    /// The reason.
    pub why: String,
}

/// A range of targets with the same outcomes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LedgerEntry {
    /// A range of addresses.
    pub targets: String,
    /// Outcome by method.
    pub outcomes: BTreeMap<String, String>,
}

/// The tables of one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TablesEntry {
    /// Its address.
    pub target: String,
    /// Those that were asked for; the others are under `not_asked`.
    pub tables: BTreeMap<String, TableEntry>,
}

/// What came of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableEntry {
    /// `answered`, `silent`, `cut short` …
    pub outcome: String,
    /// How many rows could be read.
    pub rows: u64,
    /// How many rows or values were dropped because they are not what the MIB says.
    pub unreadable: u64,
    /// How many requests it took, where it was answered.
    pub requests: u64,
    /// Where a table that is cut short ends, and why.
    pub cut: Option<String>,
}

/// What was sent.
#[derive(Debug, Clone, Serialize)]
pub struct ReceiptEntry {
    /// All packets.
    pub packets: u64,
    /// Packets by kind.
    pub by_kind: BTreeMap<String, u64>,
    /// Packets by ranges of targets that got the same.
    pub targets: Vec<SentEntry>,
    /// The credentials that were offered, by name, and to whom.
    pub credentials: BTreeMap<String, Vec<String>>,
    /// Packets that were not what was asked for.
    pub ignored: u64,
    /// Answers that came from another address or port than was asked, from where the operator allows it.
    pub elsewhere: u64,
    /// Packets that the kernel dropped.
    pub dropped: u64,
}

/// A range of targets that got the same packets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SentEntry {
    /// A range of addresses.
    pub targets: String,
    /// Packets to each of them, by kind.
    pub packets: BTreeMap<String, u64>,
}
