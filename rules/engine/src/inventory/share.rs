//! The share of a party: what is certain of it and what is possible, and whether that is more than its cap.

use std::collections::BTreeMap;

use super::{Counted, Placed, Ratio};
use crate::judgement::Verdict;
use crate::{Denominator, Missing, Share};

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

pub(super) fn cap<'a>(
    share: Share,
    denominator: Denominator,
    here: impl Iterator<Item = &'a Placed<'a>>,
) -> (Verdict, Counted) {
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
            unweighed = placed.count.saturating_add(unweighed);
            perhaps_party |= known.of_party != Some(false);
        };
        match denominator {
            Denominator::Devices => sums.add(known, placed.count),
            Denominator::Ports => match placed.subject.ports {
                Some(ports) => sums.add(known, placed.count.saturating_mul(u64::from(ports))),
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
