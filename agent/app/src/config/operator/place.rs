//! Where a device stands: in which parts, on which sites, on which segments, and next to which parts.
//!
//! A device is taken to be on the segments that it was seen on: an interface of this host with the VLAN tag that it spoke in,
//! and every `[[segment]]` that fits it. It stands next to a part when something else on one of its segments is in that part.
//! That it does not is said only where all of this is known: its segment, that of everything in the part, and all that is on it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use herkomst_model::Method;
use herkomst_rules::{
    Context, FactTest, Pack, PartTag, Parts, Per, PlaceTest, Rule, SetTest, Subject, Trait,
};

use super::{Known, Operator, Part, Site, any};

/// Where a device is, and where it may be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Membership {
    /// It is in these parts.
    pub(crate) certain: BTreeSet<PartTag>,
    /// It may be in these too: what they ask for is not known of it.
    possible: BTreeSet<PartTag>,
    /// Whether any part is declared: of whoever declares none, nobody is outside.
    has_parts: bool,
    /// It stands on these sites. None: none is declared, or it may be on some and is on none for certain.
    pub(crate) sites: Option<BTreeSet<String>>,
    zones: Option<BTreeSet<String>>,
    classification: Option<String>,
    traits: BTreeMap<Trait, bool>,
    segments: BTreeSet<Segment>,
    /// Whether these segments are all that it can be on.
    is_placed: bool,
    /// It stands next to these parts.
    pub(crate) beside: BTreeSet<PartTag>,
    /// It may stand next to these.
    maybe_beside: BTreeSet<PartTag>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    /// The number of a `[[segment]]`.
    Declared(usize),
    /// What is heard on an interface of this host, in one VLAN.
    Heard(Arc<str>, Option<u16>),
}

impl Operator {
    /// Where a device stands, but for its neighbours.
    pub(crate) fn place(&self, known: &Known<'_>) -> Membership {
        let mut place = Membership { has_parts: !self.parts.is_empty(), ..Membership::default() };
        let mut sites: (Vec<&Site>, Vec<&Site>) = Default::default();
        for site in &self.sites {
            match site.selector.holds(known) {
                Some(true) => sites.0.push(site),
                None => sites.1.push(site),
                Some(false) => {}
            }
        }
        for part in &self.parts {
            match part.holds(known, &sites.0, &sites.1) {
                Some(true) => drop(place.certain.insert(part.tag.clone())),
                None => drop(place.possible.insert(part.tag.clone())),
                Some(false) => {}
            }
        }
        place.possible.retain(|tag| !place.certain.contains(tag));
        let (certain, possible) = sites;
        // It stands in one place: where one site is certain, others are not open.
        if !self.sites.is_empty() && (possible.is_empty() || !certain.is_empty()) {
            place.sites = Some(certain.iter().map(|site| site.name.clone()).collect());
            let has_zones = self.sites.iter().any(|site| site.zone.is_some());
            let zones = certain.iter().map(|site| site.zone.clone()).collect();
            place.zones = Some(zones)
                .filter(|_| has_zones)
                .and_then(|zones: Vec<_>| zones.into_iter().collect());
        }
        place.classification = agreed(certain.iter().map(|site| site.classification.clone()));
        let told: BTreeSet<Trait> =
            certain.iter().flat_map(|site| site.traits.keys().copied()).collect();
        for which in told {
            let is = agreed(certain.iter().map(|site| site.traits.get(&which).copied()));
            place.traits.extend(is.map(|is| (which, is)));
        }
        self.segments_of(known, &mut place);
        place
    }

    fn segments_of(&self, known: &Known<'_>, place: &mut Membership) {
        for (number, segment) in self.segments.iter().enumerate() {
            if segment.holds(known) == Some(true) {
                place.segments.insert(Segment::Declared(number));
            }
        }
        // Whoever forwards between segments is on more of them than on the one that it was seen on, unless the operator
        // said on which.
        let forwards = ["router", "firewall", "load-balancer"];
        let is_declared = !place.segments.is_empty();
        let is_one_sided = !known.roles.iter().any(|role| forwards.contains(&role.as_str()));
        for seen in &known.device.observations {
            if let (Method::Arp | Method::Lldp, Some(interface)) = (seen.method, &seen.interface) {
                place.segments.insert(Segment::Heard(Arc::clone(interface), seen.vlan));
            }
        }
        place.is_placed = is_declared || (is_one_sided && !place.segments.is_empty());
    }

    /// Works out who stands next to which part, once it is known where everybody stands. What nobody saw may be in a part.
    pub(crate) fn neighbours(&self, places: &mut [&mut Membership], all_seen: bool) {
        let tags: BTreeSet<&PartTag> = self.parts.iter().map(|part| &part.tag).collect();
        for tag in tags {
            let mut on: BTreeMap<Segment, (u64, u64)> = BTreeMap::new();
            let mut anywhere = 0_u64;
            for place in places.iter() {
                let (is, may) = place.stands_in(tag);
                if !(is || may) {
                    continue;
                }
                anywhere += u64::from(place.segments.is_empty());
                for segment in &place.segments {
                    let count = on.entry(segment.clone()).or_default();
                    count.0 += u64::from(is);
                    count.1 += u64::from(may);
                }
            }
            for place in places.iter_mut() {
                let (is, may) = place.stands_in(tag);
                let own_anywhere = u64::from((is || may) && place.segments.is_empty());
                // A device is not its own neighbour.
                let counts = place.segments.iter().filter_map(|segment| on.get(segment));
                let others = |count: u64, own: bool| count > u64::from(own);
                let (beside, maybe) = counts.fold((false, false), |sum, count| {
                    (sum.0 || others(count.0, is), sum.1 || others(count.1, may))
                });
                if beside {
                    place.beside.insert(tag.clone());
                } else if maybe || !all_seen || !place.is_placed || anywhere > own_anywhere {
                    place.maybe_beside.insert(tag.clone());
                }
            }
        }
    }
}

impl Part {
    fn holds(&self, known: &Known<'_>, on: &[&Site], maybe_on: &[&Site]) -> Option<bool> {
        let is_of = |sites: &[&Site]| sites.iter().any(|site| self.sites.contains(&site.name));
        let on_site = match (is_of(on), is_of(maybe_on)) {
            (true, _) => Some(true),
            (false, true) if on.is_empty() => None,
            (false, _) => Some(false),
        };
        any([self.selector.holds(known), on_site])
    }
}

impl Membership {
    fn stands_in(&self, tag: &PartTag) -> (bool, bool) {
        (self.certain.contains(tag), self.possible.contains(tag))
    }

    /// What its site says of it.
    pub(crate) fn apply(&self, subject: &mut Subject) {
        subject.classification.clone_from(&self.classification);
        subject.traits.extend(&self.traits);
        subject.sites.clone_from(&self.sites);
        subject.zones.clone_from(&self.zones);
    }

    /// Places a subject for the question which rules could be about it: where anything is open, all are.
    pub(crate) fn place_for_all(&self, subject: &mut Subject) {
        let settled = |certain: &BTreeSet<PartTag>, possible: &BTreeSet<PartTag>| {
            if self.has_parts && possible.is_empty() {
                Parts::Declared(certain.clone())
            } else {
                Parts::Undeclared
            }
        };
        subject.parts = settled(&self.certain, &self.possible);
        subject.adjacent = settled(&self.beside, &self.maybe_beside);
    }

    /// Places a subject for one rule. Where a test of it asks for a part that the device may be in, and for none that it is in,
    /// nobody knows.
    pub(crate) fn place(&self, subject: &mut Subject, pack: &Pack, rule: &Rule, context: &Context) {
        if !self.has_parts {
            return;
        }
        let wanted = wanted_parts(pack, rule, context);
        let mut open = wanted.iter().any(|wanted| is_open(wanted, &self.certain, &self.possible));
        if is_per_part(rule) {
            // Then each part is a count of its own.
            let counts =
                |tag| wanted.is_empty() || wanted.iter().any(|wanted| wanted.contains(tag));
            open |= self.possible.iter().any(counts);
        }
        subject.parts =
            if open { Parts::Undeclared } else { Parts::Declared(self.certain.clone()) };
        let beside: Vec<&BTreeSet<PartTag>> = tests(rule)
            .filter_map(|test| match test {
                FactTest::Parts { adjacent_to, .. } => Some(adjacent_to),
                _ => None,
            })
            .collect();
        let mut open =
            beside.iter().any(|wanted| is_open(wanted, &self.beside, &self.maybe_beside));
        if is_per_part(rule) {
            open |= beside.iter().any(|wanted| !wanted.is_disjoint(&self.maybe_beside));
        }
        subject.adjacent =
            if open { Parts::Undeclared } else { Parts::Declared(self.beside.clone()) };
    }
}

fn is_open(
    wanted: &BTreeSet<PartTag>,
    certain: &BTreeSet<PartTag>,
    possible: &BTreeSet<PartTag>,
) -> bool {
    wanted.is_disjoint(certain) && !wanted.is_disjoint(possible)
}

/// Every set of parts that some test of the rule asks for one of.
fn wanted_parts<'a>(
    pack: &Pack,
    rule: &'a Rule,
    context: &'a Context,
) -> Vec<&'a BTreeSet<PartTag>> {
    let ordered = context.order(&pack.id).and_then(|order| order.parts.as_ref());
    let mut wanted: Vec<&BTreeSet<PartTag>> = tests(rule)
        .filter_map(|test| match test {
            FactTest::Parts { parts, .. } => Some(parts),
            FactTest::OrderedParts => ordered,
            _ => None,
        })
        .collect();
    if let PlaceTest::Parts(parts) = &rule.place {
        wanted.push(parts);
    }
    wanted
}

/// Every test of the rule that is held against a subject, be it of the thing, its place, an exception or an action.
fn tests(rule: &Rule) -> impl Iterator<Item = &FactTest> {
    let place = match &rule.place {
        PlaceTest::Where(tests) => tests.as_slice(),
        PlaceTest::Anywhere | PlaceTest::Parts(_) => &[],
    };
    let listed = rule.listings.iter().flat_map(|listing| &listing.actions);
    let only = rule.actions.iter().chain(listed).flat_map(|action| &action.only);
    let except = rule.except.iter().flat_map(|exception| &exception.tests);
    rule.thing.more.iter().chain(place).chain(only).chain(except)
}

/// Whether the rule counts for each part of the network.
fn is_per_part(rule: &Rule) -> bool {
    match &rule.set {
        Some(SetTest::Cap { per, .. } | SetTest::Diversity { per, .. }) => *per == Per::Part,
        None => false,
    }
}

/// What all of them say; none where one says nothing, or another thing.
fn agreed<T: PartialEq>(mut all: impl Iterator<Item = Option<T>>) -> Option<T> {
    let first = all.next()??;
    all.all(|one| one.as_ref() == Some(&first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(tags: &[&str]) -> BTreeSet<PartTag> {
        tags.iter().map(|tag| tag.parse().unwrap()).collect()
    }

    fn on(segment: Option<usize>, certain: &[&str], possible: &[&str]) -> Membership {
        Membership {
            certain: tags(certain),
            possible: tags(possible),
            has_parts: true,
            segments: segment.map(Segment::Declared).into_iter().collect(),
            is_placed: segment.is_some(),
            ..Membership::default()
        }
    }

    fn beside(all_seen: bool, mut places: Vec<Membership>) -> Vec<Option<bool>> {
        let part = Part {
            tag: "core.cp".parse().unwrap(),
            selector: Default::default(),
            sites: BTreeSet::new(),
        };
        let operator = Operator { parts: vec![part], ..Operator::default() };
        operator.neighbours(&mut places.iter_mut().collect::<Vec<_>>(), all_seen);
        let core = "core.cp".parse().unwrap();
        let told = |place: &Membership| match (
            place.beside.contains(&core),
            place.maybe_beside.contains(&core),
        ) {
            (true, _) => Some(true),
            (false, true) => None,
            (false, false) => Some(false),
        };
        places.iter().map(told).collect()
    }

    #[test]
    fn whoever_shares_a_segment_with_a_part_stands_next_to_it() {
        let places =
            vec![on(Some(1), &["core.cp"], &[]), on(Some(1), &[], &[]), on(Some(2), &[], &[])];
        assert_eq!(
            beside(true, places),
            [Some(false), Some(true), Some(false)],
            "nobody is his own neighbour"
        );
        let two = vec![on(Some(1), &["core.cp"], &[]), on(Some(1), &["core.cp"], &[])];
        assert_eq!(beside(true, two), [Some(true), Some(true)]);
    }

    #[test]
    fn an_unknown_segment_is_not_another_one() {
        let lost = vec![on(Some(1), &["core.cp"], &[]), on(None, &[], &[])];
        assert_eq!(
            beside(true, lost),
            [Some(false), None],
            "of the second nobody knows where it is"
        );
        let lost_part = vec![on(None, &["core.cp"], &[]), on(Some(1), &[], &[])];
        assert_eq!(beside(true, lost_part), [None, None]);
        let maybe =
            vec![on(Some(1), &[], &["core.cp"]), on(Some(1), &[], &[]), on(Some(2), &[], &[])];
        assert_eq!(beside(true, maybe), [Some(false), None, Some(false)]);
        let unseen =
            vec![on(Some(1), &["core.cp"], &[]), on(Some(1), &[], &[]), on(Some(2), &[], &[])];
        assert_eq!(beside(false, unseen), [None, Some(true), None]);
    }

    #[test]
    fn one_part_that_is_certain_suffices_and_one_that_is_open_leaves_it_open() {
        let told =
            |wanted: &[&str]| is_open(&tags(wanted), &tags(&["core.cp"]), &tags(&["core.up"]));
        assert!(!told(&["core.cp", "core.up"]), "it is in one of them whatever the other is");
        assert!(told(&["core.up"]));
        assert!(!told(&["li"]));
    }

    #[test]
    fn sites_that_disagree_say_nothing() {
        assert_eq!(agreed([Some(1), Some(1)].into_iter()), Some(1));
        assert_eq!(agreed([Some(1), Some(2)].into_iter()), None);
        assert_eq!(agreed([Some(1), None].into_iter()), None);
        assert_eq!(agreed([None::<u8>; 0].into_iter()), None);
    }
}
