//! Rules over a whole inventory: the share of a party, and the number of suppliers. Exact, and three-valued.
//!
//! What is not known widens the answer to an interval: what is certain in the most favourable case, and what is possible
//! in the least favourable one. A rule is broken for certain only when the whole interval says so.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use herkomst_ids::VendorId;
use jiff::civil::Date;
use serde::{Serialize, Serializer};

use crate::Missing;
use crate::evaluate::{is_in_scope, is_of_party, stands};
use crate::judgement::{Verdict, Why};
use crate::pack::{Pack, PlaceTest, Rule, SetTest};
use crate::{Context, Controllers, Denominator, FactTest, PartTag, Parts, Per, Share, Subject};

/// What a rule over an inventory says of one part, site or zone of it, or of all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// For what it was counted.
    pub scope: Scope,
    /// Does the rule match, that is: is its cap exceeded, or are there too few suppliers?
    #[serde(serialize_with = "verdict_word")]
    pub verdict: Verdict,
    /// What was counted.
    pub counted: Counted,
}

/// For what a figure was counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// All subjects together.
    Network,
    /// Those in a part.
    Part(PartTag),
    /// Those on a site.
    Site(String),
    /// Those in a zone.
    Zone(String),
}

/// The figures themselves, in the terms of the test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counted {
    /// A share: how many of how many.
    Share {
        /// The share that is still allowed.
        cap: Share,
        /// What was counted.
        denominator: Denominator,
        /// The smallest share that fits what is known.
        certain: Ratio,
        /// The largest.
        possible: Ratio,
        /// How many subjects could not be weighed at all, such as those whose ports nobody counted.
        unweighed: u64,
    },
    /// A number of suppliers.
    Suppliers {
        /// How many there must be.
        at_least: u32,
        /// The smallest number that fits what is known.
        certain: u64,
        /// The largest.
        possible: u64,
        /// One vendor of each supplier that is certain to be there.
        vendors: Vec<String>,
    },
}

/// So many of so many; nothing of nothing is no share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Ratio {
    /// Of the party.
    pub part: u64,
    /// Of all.
    pub whole: u64,
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.part, self.whole)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network => f.write_str("the network"),
            Self::Part(tag) => write!(f, "part {tag}"),
            Self::Site(site) => write!(f, "site {site}"),
            Self::Zone(zone) => write!(f, "zone {zone}"),
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.counted {
            Counted::Share { cap, denominator, certain, possible, unweighed } => {
                write!(f, "{}: certainly {certain} {denominator}", self.scope)?;
                if possible != certain {
                    write!(f, ", possibly {possible}")?;
                }
                write!(f, "; allowed are {cap}")?;
                if *unweighed > 0 {
                    write!(f, "; {unweighed} could not be weighed")?;
                }
                Ok(())
            }
            Counted::Suppliers { at_least, certain, possible, vendors } => {
                write!(f, "{}: certainly {certain} suppliers", self.scope)?;
                if !vendors.is_empty() {
                    write!(f, " ({})", vendors.join(", "))?;
                }
                if possible != certain {
                    write!(f, ", possibly {possible}")?;
                }
                write!(f, "; at least {at_least} are needed")
            }
        }
    }
}

fn verdict_word<S: Serializer>(verdict: &Verdict, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(verdict.as_str())
}

/// Judges a whole inventory under one rule with a cap or a diversity test, on one day. Pure, and independent of the
/// order of the subjects: one figure for each scope that somebody declared, sorted, or one for all of the network.
/// No figures, but why, for a rule that is not in force, does not bind the operator, or is about single subjects.
pub fn evaluate_set(
    pack: &Pack,
    rule: &Rule,
    subjects: &[Subject],
    context: &Context,
    on: Date,
) -> Result<Vec<Figure>, Why> {
    let Some(test) = &rule.set else { return Err(Why::SingleRule) };
    let open = stands(pack, rule, context, on)?;
    let (per, is_cap) = match test {
        SetTest::Cap { per, .. } => (*per, true),
        SetTest::Diversity { per, .. } => (*per, false),
    };
    let named = named_parts(rule);
    let mut here: BTreeMap<Scope, Vec<Placed<'_>>> = BTreeMap::new();
    let mut anywhere: Vec<Placed<'_>> = Vec::new();
    for subject in subjects {
        let (in_scope, missing) = match is_in_scope(pack, rule, subject, context) {
            Ok(false) => continue,
            Ok(true) => (true, None),
            Err(missing) => (false, Some(missing)),
        };
        let of_party =
            if is_cap { is_of_party(pack, rule, subject, context, on) } else { Ok(false) };
        let placed = Placed { subject, in_scope, missing, of_party };
        match own_scopes(subject, per, &named) {
            Ok(scopes) => {
                for scope in scopes {
                    here.entry(scope).or_default().push(placed);
                }
            }
            Err(missing) => {
                let missing = placed.missing.or(Some(missing));
                anywhere.push(Placed { in_scope: false, missing, ..placed });
            }
        }
    }
    if here.is_empty() {
        here.insert(Scope::Network, Vec::new());
    }
    let figures = here.into_iter().map(|(scope, mut here)| {
        here.extend(&anywhere);
        let (verdict, counted) = match test {
            SetTest::Cap { share, denominator, per: _ } => cap(*share, *denominator, &here),
            SetTest::Diversity { at_least, per: _ } => diversity(*at_least, pack, rule, &here, on),
        };
        // Whether it binds the operator at all may be open: then nothing is broken for certain.
        let verdict = match (verdict, open.first()) {
            (Verdict::Match, Some(missing)) => Verdict::Undetermined(*missing),
            (verdict, _) => verdict,
        };
        Figure { scope, verdict, counted }
    });
    Ok(figures.collect())
}

/// A subject that is in the rule's scope, or may be.
#[derive(Clone, Copy)]
struct Placed<'a> {
    subject: &'a Subject,
    in_scope: bool,
    missing: Option<Missing>,
    of_party: Result<bool, Missing>,
}

/// Where a subject is counted; else what is missing, and then it may be counted anywhere.
fn own_scopes(
    subject: &Subject,
    per: Per,
    named: &BTreeSet<&PartTag>,
) -> Result<Vec<Scope>, Missing> {
    match per {
        Per::Network => Ok(vec![Scope::Network]),
        Per::Part => match &subject.parts {
            Parts::Undeclared => Err(Missing::Parts),
            Parts::Declared(parts) => {
                let ours = parts.iter().filter(|tag| named.is_empty() || named.contains(tag));
                Ok(ours.cloned().map(Scope::Part).collect())
            }
        },
        Per::Site => {
            let sites = subject.sites.as_ref().ok_or(Missing::Site)?;
            Ok(sites.iter().cloned().map(Scope::Site).collect())
        }
        Per::Zone => {
            let zones = subject.zones.as_ref().ok_or(Missing::Zone)?;
            Ok(zones.iter().cloned().map(Scope::Zone).collect())
        }
    }
}

/// The parts that the rule is about; empty when it names none.
fn named_parts(rule: &Rule) -> BTreeSet<&PartTag> {
    match &rule.place {
        PlaceTest::Anywhere => BTreeSet::new(),
        PlaceTest::Parts(parts) => parts.iter().collect(),
        PlaceTest::Where(tests) => {
            let parts = tests.iter().filter_map(|test| {
                if let FactTest::Parts { parts, .. } = test { Some(parts) } else { None }
            });
            parts.flatten().collect()
        }
    }
}

/// What is known of one thing that is counted: whether it counts at all, and whether for the party.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Known {
    in_scope: bool,
    of_party: Option<bool>,
}

/// How many units are known so and so.
#[derive(Default)]
struct Sums {
    /// In scope, and of the party.
    party: u64,
    /// In scope, and not of it.
    other: u64,
    /// In scope, of the party or not.
    open: u64,
    /// Of the party, in scope or not.
    stray_party: u64,
    /// Not of the party, in scope or not.
    stray_other: u64,
    /// Nothing is known.
    stray_open: u64,
}

impl Sums {
    fn add(&mut self, known: Known, units: u64) {
        let sum = match (known.in_scope, known.of_party) {
            (true, Some(true)) => &mut self.party,
            (true, Some(false)) => &mut self.other,
            (true, None) => &mut self.open,
            (false, Some(true)) => &mut self.stray_party,
            (false, Some(false)) => &mut self.stray_other,
            (false, None) => &mut self.stray_open,
        };
        *sum = sum.saturating_add(units);
    }

    /// The smallest share that fits: what is open is somebody else's, and in scope.
    fn certain(&self) -> Ratio {
        let others = [self.other, self.open, self.stray_other, self.stray_open];
        let whole = others.iter().fold(self.party, |sum, one| sum.saturating_add(*one));
        Ratio { part: self.party, whole }
    }

    /// The largest share that fits: what is open is the party's, and in scope; what is another's is not.
    fn possible(&self) -> Ratio {
        let ours = [self.open, self.stray_party, self.stray_open];
        let part = ours.iter().fold(self.party, |sum, one| sum.saturating_add(*one));
        Ratio { part, whole: part.saturating_add(self.other) }
    }
}

fn cap(share: Share, denominator: Denominator, here: &[Placed<'_>]) -> (Verdict, Counted) {
    let mut sums = Sums::default();
    let mut sites: BTreeMap<&str, Known> = BTreeMap::new();
    let mut missing: Option<Missing> = None;
    let (mut unweighed, mut perhaps_party) = (0_u64, false);
    for placed in here {
        let of_party = placed.of_party;
        let lacks = placed.missing.or(of_party.err());
        missing = missing.into_iter().chain(lacks).min();
        let known = Known { in_scope: placed.in_scope, of_party: of_party.ok() };
        let mut skip = || {
            unweighed += 1;
            perhaps_party |= known.of_party != Some(false);
        };
        match denominator {
            Denominator::Devices => sums.add(known, 1),
            Denominator::Ports => match placed.subject.ports {
                Some(ports) => sums.add(known, u64::from(ports)),
                None => skip(),
            },
            Denominator::Sites => match &placed.subject.sites {
                None => skip(),
                Some(all) => {
                    for site in all {
                        let entry = sites.entry(site).or_insert(known);
                        *entry = on_one_site(*entry, known);
                    }
                }
            },
        }
    }
    for known in sites.into_values() {
        sums.add(known, 1);
    }
    let (certain, possible) = (sums.certain(), sums.possible());
    let exceeds = |ratio: Ratio| share.is_exceeded_by(ratio.part, ratio.whole);
    let verdict = if unweighed > 0 && (perhaps_party || exceeds(possible)) {
        // A weight that nobody knows may be as large as it likes: the interval does not hold.
        let missing = match denominator {
            Denominator::Ports => Missing::Ports,
            Denominator::Devices | Denominator::Sites => Missing::Site,
        };
        Verdict::Undetermined(missing)
    } else if exceeds(certain) {
        Verdict::Match
    } else if exceeds(possible) {
        Verdict::Undetermined(missing.unwrap_or(Missing::Maker))
    } else {
        Verdict::NoMatch
    };
    (verdict, Counted::Share { cap: share, denominator, certain, possible, unweighed })
}

/// A site with two subjects: it counts when one of them does, and for the party when one that counts is of it.
fn on_one_site(one: Known, other: Known) -> Known {
    let is_sure = |known: Known| known.in_scope && known.of_party == Some(true);
    let in_scope = one.in_scope || other.in_scope;
    let of_party = if is_sure(one) || is_sure(other) {
        Some(true)
    } else if one.of_party == Some(false) && other.of_party == Some(false) {
        Some(false)
    } else if !in_scope && one.of_party == Some(true) && other.of_party == Some(true) {
        Some(true)
    } else {
        None
    };
    Known { in_scope, of_party }
}

/// The number of suppliers, where vendors of one group and of one chain of control are one.
fn diversity(
    at_least: u32,
    pack: &Pack,
    rule: &Rule,
    here: &[Placed<'_>],
    on: Date,
) -> (Verdict, Counted) {
    let mut missing: Option<Missing> = None;
    let lacks = |what: Missing, missing: &mut Option<Missing>| {
        *missing = (*missing).into_iter().chain([what]).min();
    };
    // Certain ties make the largest number; possible ties too, the smallest.
    let (mut tied, mut maybe_tied) = (Unions::default(), Unions::default());
    for group in &pack.groups {
        for pair in group.vendors.windows(2) {
            if let [one, other] = pair {
                tied.join(&one.id, &other.id);
                maybe_tied.join(&one.id, &other.id);
            }
        }
    }
    let (mut sure, mut perhaps): (BTreeSet<&VendorId>, BTreeSet<&VendorId>) = Default::default();
    // Makers that may belong to any other, since nobody recorded who controls them; and things that anybody may have made.
    let mut loose: BTreeSet<&VendorId> = BTreeSet::new();
    let mut nameless = 0_u64;
    for placed in here {
        placed.missing.into_iter().for_each(|what| lacks(what, &mut missing));
        let subject = placed.subject;
        let maker = match &subject.maker {
            Some(maker) if subject.against.is_empty() => maker,
            maker => {
                let what = if maker.is_some() { Missing::AgreedMaker } else { Missing::Maker };
                lacks(what, &mut missing);
                nameless += 1;
                continue;
            }
        };
        if maker.confidence < rule.minimum_confidence {
            lacks(Missing::Confidence, &mut missing);
            nameless += 1;
            continue;
        }
        if placed.in_scope {
            sure.insert(&maker.id);
        }
        perhaps.insert(&maker.id);
        if subject.controllers == Controllers::Unrecorded {
            lacks(Missing::Controllers, &mut missing);
            loose.insert(&maker.id);
        }
        for controller in subject.controllers.on(on) {
            maybe_tied.join(&maker.id, &controller.party.id);
            let is_sure =
                controller.party.confidence >= rule.minimum_confidence && !controller.suspected;
            if is_sure {
                tied.join(&maker.id, &controller.party.id);
            } else {
                lacks(Missing::ControllerConfidence, &mut missing);
            }
        }
    }
    let mut roots: BTreeMap<VendorId, &VendorId> = BTreeMap::new();
    for id in sure.iter().copied().filter(|id| !loose.contains(id)) {
        roots.entry(maybe_tied.root(id)).or_insert(id);
    }
    let some_are_there = !sure.is_empty();
    let certain = (roots.len() as u64).max(u64::from(some_are_there));
    let most: BTreeSet<VendorId> = perhaps.iter().map(|id| tied.root(id)).collect();
    let possible = (most.len() as u64).saturating_add(nameless);
    let vendors = roots.values().map(|id| id.to_string()).collect();
    let needed = u64::from(at_least);
    let verdict = if possible == 0 || certain >= needed {
        // Where nothing stands, nobody needs a second supplier.
        Verdict::NoMatch
    } else if possible < needed && some_are_there {
        Verdict::Match
    } else {
        Verdict::Undetermined(missing.unwrap_or(Missing::Maker))
    };
    (verdict, Counted::Suppliers { at_least, certain, possible, vendors })
}

/// Vendors that count as one: each set is known by its least member, so that the order of joining does not matter.
#[derive(Default)]
struct Unions {
    parents: BTreeMap<VendorId, VendorId>,
}

impl Unions {
    fn root(&self, id: &VendorId) -> VendorId {
        let mut id = id;
        while let Some(parent) = self.parents.get(id) {
            id = parent;
        }
        id.clone()
    }

    fn join(&mut self, one: &VendorId, other: &VendorId) {
        let (one, other) = (self.root(one), self.root(other));
        if one != other {
            self.parents.insert(one.clone().max(other.clone()), one.min(other));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Confidence, Controller, Party};

    fn pack(set: &str) -> Pack {
        let text = format!(
            r#"id = "p"
title = "t"
edition = 2026-11-21
last-checked = 2026-11-21
jurisdiction = "NL"
instrument = "i"
sources = ["s"]
status = "in-force"
publicity = "public"
bound = "b"
disclaimer = "d"
group = [{{ id = "one", vendors = ["nokia", "alcatel"] }}]

[[rule]]
id = "r"
title = "t"
severity = "low"
minimum-confidence = "probable"
wording = "w"
{set}
"#
        );
        Pack::parse(&text, "p").unwrap_or_else(|problems| panic!("{problems}"))
    }

    fn cap_of(denominator: &str, place: &str) -> Pack {
        pack(&format!(
            "cap = {{ share = 35.0, denominator = \"{denominator}\", per = \"network\" }}\n\
             party = {{ vendors = [\"zte\"], relations = [\"maker\"] }}\nplace = {{ {place} }}"
        ))
    }

    fn made_by(id: &str) -> Subject {
        let maker = Some(Party { id: id.parse().unwrap(), confidence: Confidence::Confirmed });
        Subject { maker, controllers: Controllers::Recorded(Vec::new()), ..Subject::default() }
    }

    fn figures(pack: &Pack, subjects: &[Subject]) -> Vec<Figure> {
        let on = "2026-11-21".parse().unwrap();
        let figures = |subjects: &[Subject]| {
            evaluate_set(pack, &pack.rules[0], subjects, &Context::default(), on).unwrap()
        };
        let (mut turned, told) = (subjects.to_vec(), figures(subjects));
        turned.reverse();
        assert_eq!(told, figures(&turned), "the order does not matter");
        told
    }

    fn verdict(pack: &Pack, subjects: &[Subject]) -> Verdict {
        let figures = figures(pack, subjects);
        assert_eq!(figures.len(), 1, "{figures:?}");
        figures[0].verdict
    }

    #[test]
    fn a_cap_of_35_percent_is_exact_for_devices_and_for_ports() {
        let devices = cap_of("devices", "where = \"anywhere\"");
        let ports = cap_of("ports", "where = \"anywhere\"");
        for (party, right) in
            [(349, Verdict::NoMatch), (350, Verdict::NoMatch), (351, Verdict::Match)]
        {
            let mut subjects = vec![made_by("zte"); party];
            subjects.extend(vec![made_by("nokia"); 1_000 - party]);
            assert_eq!(verdict(&devices, &subjects), right, "{party} devices");
            let with = |id: &str, ports: usize| Subject {
                ports: Some(u32::try_from(ports).unwrap()),
                ..made_by(id)
            };
            let two = [with("zte", party), with("nokia", 1_000 - party)];
            assert_eq!(verdict(&ports, &two), right, "{party} ports");
        }
    }

    #[test]
    fn what_nobody_knows_widens_the_share_to_an_interval() {
        let pack = cap_of("devices", "parts = [\"acc.olt\"]");
        let olt = |id: &str| Subject {
            parts: Parts::Declared(["acc.olt".parse().unwrap()].into()),
            ..made_by(id)
        };
        let unknown = Subject { maker: None, ..olt("x") };
        let mut subjects = vec![olt("zte"), olt("nokia"), olt("nokia"), unknown.clone()];
        let figure = &figures(&pack, &subjects)[0];
        assert_eq!(figure.verdict, Verdict::Undetermined(Missing::Maker));
        assert_eq!(
            figure.to_string(),
            "the network: certainly 1 of 4 devices, possibly 2 of 4; allowed are 35 %"
        );
        // Whoever made the fourth, two of four are too many.
        subjects[1] = olt("zte");
        assert_eq!(verdict(&pack, &subjects), Verdict::Match);
        // A device that nobody declared may be in the part, or not.
        let undeclared = [olt("zte"), olt("nokia"), olt("nokia"), made_by("zte")];
        assert_eq!(verdict(&pack, &undeclared), Verdict::Undetermined(Missing::Parts));
        let diluting = [olt("zte"), olt("nokia"), made_by("nokia")];
        assert_eq!(verdict(&pack, &diluting), Verdict::Undetermined(Missing::Parts));
        assert_eq!(verdict(&pack, &[made_by("nokia"), olt("nokia")]), Verdict::NoMatch);
    }

    #[test]
    fn ports_that_nobody_counted_and_sites_that_nobody_declared_leave_it_open() {
        let ports = cap_of("ports", "where = \"anywhere\"");
        let counted = Subject { ports: Some(24), ..made_by("nokia") };
        assert_eq!(
            verdict(&ports, &[counted.clone(), made_by("zte")]),
            Verdict::Undetermined(Missing::Ports)
        );
        assert_eq!(verdict(&ports, &[counted, made_by("nokia")]), Verdict::NoMatch);

        let sites = cap_of("sites", "where = \"anywhere\"");
        let at =
            |id: &str, site: &str| Subject { sites: Some([site.to_owned()].into()), ..made_by(id) };
        let three = [at("zte", "a"), at("nokia", "a"), at("nokia", "b"), at("nokia", "c")];
        assert_eq!(verdict(&sites, &three), Verdict::NoMatch, "one site of three");
        assert_eq!(verdict(&sites, &three[..3]), Verdict::Match, "one site of two");
        assert_eq!(
            verdict(&sites, &[at("nokia", "a"), made_by("zte")]),
            Verdict::Undetermined(Missing::Site)
        );
    }

    #[test]
    fn suppliers_of_one_group_or_under_one_control_count_as_one() {
        let pack =
            pack("diversity = { at-least = 2, per = \"zone\" }\nplace = { where = \"anywhere\" }");
        let at =
            |id: &str, zone: &str| Subject { zones: Some([zone.to_owned()].into()), ..made_by(id) };
        let owned = |by: Confidence| Subject {
            controllers: Controllers::Recorded(vec![Controller::from(Party {
                id: "zte".parse().unwrap(),
                confidence: by,
            })]),
            ..at("nubia", "north")
        };
        let told = figures(
            &pack,
            &[
                at("nokia", "north"),
                at("alcatel", "north"),
                at("nokia", "south"),
                at("zte", "south"),
            ],
        );
        let told: Vec<_> =
            told.iter().map(|figure| (figure.scope.to_string(), figure.verdict)).collect();
        let wanted = [
            ("zone north".to_owned(), Verdict::Match),
            ("zone south".to_owned(), Verdict::NoMatch),
        ];
        assert_eq!(told, wanted);
        let sure = [at("zte", "north"), owned(Confidence::Confirmed)];
        assert_eq!(verdict(&pack, &sure), Verdict::Match);
        let unsure = [at("zte", "north"), owned(Confidence::Possible)];
        assert_eq!(verdict(&pack, &unsure), Verdict::Undetermined(Missing::ControllerConfidence));
        let unrecorded = Subject { controllers: Controllers::Unrecorded, ..at("nubia", "north") };
        assert_eq!(
            verdict(&pack, &[at("zte", "north"), unrecorded]),
            Verdict::Undetermined(Missing::Controllers)
        );
        let nobody = Subject { maker: None, ..at("x", "north") };
        assert_eq!(
            verdict(&pack, &[at("zte", "north"), nobody]),
            Verdict::Undetermined(Missing::Maker)
        );
    }

    #[test]
    fn a_question_of_a_rule_over_an_inventory_needs_an_answer_that_is_for_all() {
        let pack = cap_of(
            "devices",
            "where = \"anywhere\" }\nquestion = [{ id = \"q\", text = \"Is it?\" }]\nthing = { passive = false",
        );
        let zte = Subject { traits: [(crate::Trait::Passive, false)].into(), ..made_by("zte") };
        let told = |subject: Option<&str>, yes: bool| {
            let answer = crate::Answer {
                pack: "p".to_owned(),
                rule: "r".to_owned(),
                question: "q".to_owned(),
                subject: subject.map(str::to_owned),
                yes,
                author: "board".to_owned(),
                date: "2026-11-21".parse().unwrap(),
                evidence: "minutes".to_owned(),
            };
            let context = Context { answers: vec![answer], ..Context::default() };
            let on = "2026-11-21".parse().unwrap();
            evaluate_set(&pack, &pack.rules[0], std::slice::from_ref(&zte), &context, on)
                .map(|figures| figures[0].verdict)
        };
        assert_eq!(
            verdict(&pack, std::slice::from_ref(&zte)),
            Verdict::Undetermined(Missing::Assessment)
        );
        assert_eq!(told(Some("dev-1"), true), Ok(Verdict::Undetermined(Missing::Assessment)));
        assert_eq!(told(None, true), Ok(Verdict::Match));
        assert_eq!(told(None, false), Err(Why::AnsweredNo));
    }

    #[test]
    fn a_rule_over_an_inventory_says_nothing_of_one_device_and_the_other_way_round() {
        let on = "2026-11-21".parse().unwrap();
        let set = cap_of("devices", "where = \"anywhere\"");
        let one = crate::evaluate(&set, &set.rules[0], &made_by("zte"), on);
        assert_eq!(one.verdict, Verdict::NotApplicable(Why::SetRule));
        let single = pack(
            "party = { vendors = [\"zte\"], relations = [\"maker\"] }\nplace = { where = \"anywhere\" }",
        );
        let told = evaluate_set(&single, &single.rules[0], &[], &Context::default(), on);
        assert_eq!(told, Err(Why::SingleRule));
    }
}
