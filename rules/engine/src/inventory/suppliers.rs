//! The number of suppliers, where those of one group or under one control count as one.

use std::collections::{BTreeMap, BTreeSet};

use herkomst_ids::VendorId;
use jiff::civil::Date;

use super::{Counted, Placed};
use crate::Missing;
use crate::judgement::Verdict;
use crate::pack::{Pack, Rule};

/// The number of suppliers, where vendors of one group and of one chain of control are one.
pub(super) fn diversity<'a>(
    at_least: u32,
    pack: &Pack,
    rule: &Rule,
    here: impl Iterator<Item = &'a Placed<'a>>,
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
                nameless = nameless.saturating_add(placed.count);
                continue;
            }
        };
        if maker.confidence < rule.minimum_confidence {
            lacks(Missing::Confidence, &mut missing);
            nameless = nameless.saturating_add(placed.count);
            continue;
        }
        if placed.in_scope {
            sure.insert(&maker.id);
        }
        perhaps.insert(&maker.id);
        if !subject.controllers.is_complete() {
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
