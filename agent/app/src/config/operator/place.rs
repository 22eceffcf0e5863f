//! Where a device stands: in which parts, on which sites, on which segments, and next to which parts.
//!
//! A device is taken to be on the segments that it was seen on: an interface of this host with the VLAN tag that it spoke in,
//! and every `[[segment]]` that fits it. It stands next to a part when something else on one of its segments is in that part.
//! That it does not is said only where all of this is known: its segment, that of everything in the part, and all that is on it.
//!
//! Sites overlap: a room is in a building, and that in a town. A device that is on one may be on others too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use herkomst_rules::{
    Context, Denominator, FactTest, Pack, PartTag, Parts, Per, PlaceTest, Rule, SetTest, Subject,
    Trait,
};

use super::{Known, Operator, Part, Site, any};
use crate::coverage::Scanned;

/// Where a device is, and where it may be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Membership {
    /// It is in these parts.
    pub(crate) certain: BTreeSet<PartTag>,
    /// It may be in these too: what they ask for is not known of it.
    possible: BTreeSet<PartTag>,
    /// The numbers of the `[[part]]`s that it is in.
    in_parts: BTreeSet<usize>,
    /// Whether any part is declared: of whoever declares none, nobody is outside.
    has_parts: bool,
    /// On which sites it stands.
    pub(crate) sites: Standing,
    zones: Standing,
    classification: Option<String>,
    traits: BTreeMap<Trait, bool>,
    segments: BTreeSet<Segment>,
    /// Whether these segments are all that it can be on.
    is_placed: bool,
    /// It stands next to these parts.
    pub(crate) beside: BTreeSet<PartTag>,
    /// It may stand next to these.
    maybe_beside: BTreeSet<PartTag>,
    /// Next to these of them for no other reason than that not all was scanned.
    unscanned: BTreeSet<PartTag>,
}

/// On which sites, or in which zones, a device stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// On these.
    pub(crate) certain: BTreeSet<String>,
    /// It may stand on these too.
    possible: BTreeSet<String>,
    /// Whether it may stand on one that has no name.
    is_open: bool,
    /// All that the file names. Who stands on another one nobody knows.
    named: BTreeSet<String>,
}

/// Roles of whoever forwards between segments.
const FORWARDERS: [&str; 3] = ["router", "firewall", "load-balancer"];

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
        for (number, part) in self.parts.iter().enumerate() {
            match part.holds(known, &sites.0, &sites.1) {
                Some(true) => {
                    place.certain.insert(part.tag.clone());
                    place.in_parts.insert(number);
                }
                None => drop(place.possible.insert(part.tag.clone())),
                Some(false) => {}
            }
        }
        place.possible.retain(|tag| !place.certain.contains(tag));
        let (certain, possible) = sites;
        let all: Vec<&Site> = self.sites.iter().collect();
        let name = |site: &Site| Some(site.name.clone());
        place.sites = Standing::of(&all, &certain, &possible, name);
        place.zones = Standing::of(&all, &certain, &possible, |site| site.zone.clone());
        let classes = |sites: &[&Site]| -> Vec<Option<String>> {
            sites.iter().map(|site| site.classification.clone()).collect()
        };
        place.classification = agreed(classes(&certain), classes(&possible));
        let told: BTreeSet<Trait> =
            certain.iter().flat_map(|site| site.traits.keys().copied()).collect();
        for which in told {
            let says = |sites: &[&Site]| -> Vec<Option<bool>> {
                sites.iter().map(|site| site.traits.get(&which).copied()).collect()
            };
            let is = agreed(says(&certain), says(&possible));
            place.traits.extend(is.map(|is| (which, is)));
        }
        self.segments_of(known, &mut place);
        place
    }

    fn segments_of(&self, known: &Known<'_>, place: &mut Membership) {
        let mut may_be_on_more = false;
        for (number, segment) in self.segments.iter().enumerate() {
            match segment.holds(known) {
                Some(true) => drop(place.segments.insert(Segment::Declared(number))),
                None => may_be_on_more = true,
                Some(false) => {}
            }
        }
        // Whoever forwards between segments is on more of them than on the one that it was seen on, unless the operator
        // said on which. So may be whoever shows no role.
        let forwards = |role: &String| FORWARDERS.contains(&role.as_str());
        let is_declared = !place.segments.is_empty();
        let is_one_sided = !known.roles.is_empty() && !known.roles.iter().any(forwards);
        for seen in &known.device.observations {
            if let (true, Some(interface)) = (seen.method.is_of_the_segment(), &seen.interface) {
                place.segments.insert(Segment::Heard(Arc::clone(interface), seen.vlan));
            }
        }
        let is_seen = is_one_sided && !place.segments.is_empty();
        place.is_placed = !may_be_on_more && (is_declared || is_seen);
    }

    /// Works out who stands next to which part, once it is known where everybody stands. What nobody saw may be in a part.
    pub(crate) fn neighbours(
        &self,
        places: &mut [&mut Membership],
        all_seen: bool,
        scanned: &Scanned,
    ) {
        let tags: BTreeSet<&PartTag> = self.parts.iter().map(|part| &part.tag).collect();
        for tag in tags {
            let is_scanned = all_seen && self.is_scanned(tag, places, scanned);
            let mut on: BTreeMap<Segment, (u64, u64)> = BTreeMap::new();
            let mut anywhere = 0_u64;
            for place in places.iter() {
                let (is, may) = place.stands_in(tag);
                if !(is || may) {
                    continue;
                }
                anywhere += u64::from(!place.is_placed);
                for segment in &place.segments {
                    let count = on.entry(segment.clone()).or_default();
                    count.0 += u64::from(is);
                    count.1 += u64::from(may);
                }
            }
            for place in places.iter_mut() {
                let (is, may) = place.stands_in(tag);
                let own_anywhere = u64::from((is || may) && !place.is_placed);
                // A device is not its own neighbour.
                let counts = place.segments.iter().filter_map(|segment| on.get(segment));
                let others = |count: u64, own: bool| count > u64::from(own);
                let (beside, maybe) = counts.fold((false, false), |sum, count| {
                    (sum.0 || others(count.0, is), sum.1 || others(count.1, may))
                });
                let is_open = maybe || !place.is_placed || anywhere > own_anywhere;
                if beside {
                    place.beside.insert(tag.clone());
                } else if is_open || !is_scanned {
                    place.maybe_beside.insert(tag.clone());
                    if !is_open {
                        place.unscanned.insert(tag.clone());
                    }
                }
            }
        }
    }

    /// Whether all that is in a part was scanned, as far as anybody can tell: something was seen in each part of that tag,
    /// and the prefixes of each lie within the targets.
    fn is_scanned(&self, tag: &PartTag, places: &[&mut Membership], scanned: &Scanned) -> bool {
        self.parts.iter().enumerate().filter(|(_, part)| part.tag == *tag).all(|(number, part)| {
            part.selector.lies_within(scanned)
                && places.iter().any(|place| place.in_parts.contains(&number))
        })
    }
}

impl Part {
    fn holds(&self, known: &Known<'_>, on: &[&Site], maybe_on: &[&Site]) -> Option<bool> {
        let is_of = |sites: &[&Site]| sites.iter().any(|site| self.sites.contains(&site.name));
        let on_site = match (is_of(on), is_of(maybe_on)) {
            (true, _) => Some(true),
            (false, true) => None,
            (false, false) => Some(false),
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
        let sites = tests(rule).filter_map(|test| match test {
            FactTest::Sites(sites) => Some(sites),
            _ => None,
        });
        subject.sites = self.sites.as_asked(sites, counts_sites(rule));
        let zones = tests(rule).filter_map(|test| match test {
            FactTest::Zones(zones) => Some(zones),
            _ => None,
        });
        subject.zones = self.zones.as_asked(zones, per(rule) == Some(Per::Zone));
        if !self.has_parts {
            return;
        }
        let wanted = wanted_parts(pack, rule, context);
        let mut open = wanted.iter().any(|wanted| is_open(wanted, &self.certain, &self.possible));
        if per(rule) == Some(Per::Part) {
            // Then each part is a count of its own.
            let counts =
                |tag| wanted.is_empty() || wanted.iter().any(|wanted| wanted.contains(tag));
            open |= self.possible.iter().any(counts);
        }
        subject.parts =
            if open { Parts::Undeclared } else { Parts::Declared(self.certain.clone()) };
        let beside: Vec<&BTreeSet<PartTag>> = wanted_beside(rule).collect();
        let mut open =
            beside.iter().any(|wanted| is_open(wanted, &self.beside, &self.maybe_beside));
        if per(rule) == Some(Per::Part) {
            open |= beside.iter().any(|wanted| !wanted.is_disjoint(&self.maybe_beside));
        }
        subject.adjacent =
            if open { Parts::Undeclared } else { Parts::Declared(self.beside.clone()) };
    }

    /// Whether it is for no other reason than that not all was scanned, that nobody knows whether it stands next to a part
    /// which the rule asks for.
    pub(crate) fn is_unscanned(&self, rule: &Rule) -> bool {
        let open: BTreeSet<&PartTag> = wanted_beside(rule)
            .flat_map(|wanted| wanted.intersection(&self.maybe_beside))
            .collect();
        !open.is_empty() && open.iter().all(|tag| self.unscanned.contains(*tag))
    }
}

impl Standing {
    fn of(
        all: &[&Site],
        certain: &[&Site],
        possible: &[&Site],
        name: impl Fn(&Site) -> Option<String>,
    ) -> Self {
        let names = |sites: &[&Site]| -> BTreeSet<String> {
            sites.iter().filter_map(|site| name(site)).collect()
        };
        let (named, certain_names) = (names(all), names(certain));
        let mut possible_names = names(possible);
        possible_names.retain(|name| !certain_names.contains(name));
        let mut on = certain.iter().chain(possible);
        Self {
            is_open: on.any(|site| name(site).is_none()),
            certain: certain_names,
            possible: possible_names,
            named,
        }
    }

    /// What a rule is told that asks for one of each of these, or counts them all. None: nobody knows.
    fn as_asked<'a>(
        &self,
        mut wanted: impl Iterator<Item = &'a BTreeSet<String>>,
        counts: bool,
    ) -> Option<BTreeSet<String>> {
        let is_open = |wanted: &BTreeSet<String>| {
            wanted.is_disjoint(&self.certain)
                && (self.is_open
                    || !wanted.is_subset(&self.named)
                    || !wanted.is_disjoint(&self.possible))
        };
        let uncounted = counts && (self.is_open || !self.possible.is_empty());
        let open = self.named.is_empty() || uncounted || wanted.any(is_open);
        (!open).then(|| self.certain.clone())
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

/// Every set of parts that some test of the rule asks to stand next to one of.
fn wanted_beside(rule: &Rule) -> impl Iterator<Item = &BTreeSet<PartTag>> {
    tests(rule).filter_map(|test| match test {
        FactTest::Parts { adjacent_to, .. } => Some(adjacent_to),
        _ => None,
    })
}

/// For what the rule counts, if it does.
fn per(rule: &Rule) -> Option<Per> {
    match rule.set.as_ref()? {
        SetTest::Cap { per, .. } | SetTest::Diversity { per, .. } => Some(*per),
    }
}

/// Whether the rule counts sites, or for each of them.
fn counts_sites(rule: &Rule) -> bool {
    let of_sites = matches!(&rule.set, Some(SetTest::Cap { denominator: Denominator::Sites, .. }));
    of_sites || per(rule) == Some(Per::Site)
}

/// What all sites say that it stands on, and none says otherwise that it may stand on; none where one of the first says
/// nothing, or another thing.
fn agreed<T: PartialEq>(certain: Vec<Option<T>>, possible: Vec<Option<T>>) -> Option<T> {
    let mut all = certain.into_iter();
    let first = all.next()??;
    let agrees = all.all(|one| one.as_ref() == Some(&first))
        && possible.iter().flatten().all(|one| *one == first);
    agrees.then_some(first)
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
            in_parts: certain.iter().map(|_| 0).collect(),
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
        operator.neighbours(
            &mut places.iter_mut().collect::<Vec<_>>(),
            all_seen,
            &Scanned::default(),
        );
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
        assert_eq!(
            beside(true, maybe),
            [None; 3],
            "nobody was seen in the part: whoever is may be anywhere"
        );
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
        let told = |certain: &[Option<u8>], possible: &[Option<u8>]| {
            agreed(certain.to_vec(), possible.to_vec())
        };
        assert_eq!(told(&[Some(1), Some(1)], &[]), Some(1));
        assert_eq!(told(&[Some(1), Some(2)], &[]), None);
        assert_eq!(told(&[Some(1), None], &[]), None);
        assert_eq!(told(&[], &[Some(1)]), None);
        assert_eq!(told(&[Some(1)], &[None, Some(1)]), Some(1));
        assert_eq!(told(&[Some(1)], &[Some(2)]), None, "it may stand there too");
    }

    #[test]
    fn a_site_that_it_may_be_on_or_that_nobody_names_is_open() {
        let names = |names: &[&str]| -> BTreeSet<String> {
            names.iter().map(|name| (*name).to_owned()).collect()
        };
        let south = Standing {
            certain: names(&["south"]),
            possible: names(&["room"]),
            is_open: false,
            named: names(&["south", "room", "north"]),
        };
        let asked = |standing: &Standing, wanted: &[&str]| {
            standing.as_asked([&names(wanted)].into_iter(), false).map(|on| on.len())
        };
        for (wanted, told) in [
            (&["south"][..], Some(1)),
            (&["south", "room"], Some(1)),
            (&["north"], Some(1)),
            (&["room"], None),
            (&["elsewhere"], None),
            (&["north", "elsewhere"], None),
        ] {
            assert_eq!(asked(&south, wanted), told, "{wanted:?}");
        }
        let nameless = Standing { is_open: true, ..south.clone() };
        assert_eq!((asked(&nameless, &["north"]), asked(&nameless, &["south"])), (None, Some(1)));
        assert_eq!(south.as_asked([].into_iter(), true), None, "it may count for the room too");
        assert_eq!(Standing::default().as_asked([].into_iter(), true), None);
    }

    #[test]
    fn a_part_in_which_nobody_was_seen_may_be_next_to_anybody() {
        let empty = vec![on(Some(1), &[], &[]), on(Some(2), &[], &[])];
        assert_eq!(beside(true, empty), [None, None]);
        let mut router = on(Some(1), &["core.cp"], &[]);
        router.is_placed = false;
        let places = vec![router, on(Some(2), &[], &[])];
        assert_eq!(beside(true, places), [None, None], "it may be on the other segment too");
    }
}
