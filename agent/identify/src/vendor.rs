//! Weighs evidence on the maker (`docs/identification.md` has the rules in words).

use std::collections::BTreeMap;

use herkomst_registry::Registry;

use crate::fingerprints::{HOUSES, House};
use crate::{Claim, Confidence, Evidence, Party, Weight, Witness};

/// What all the evidence comes to.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// The maker, with what is for and against it.
    pub(crate) maker: Option<(Claim<Party>, Confidence)>,
    /// The maker and the strongest other one, if evidence of weight disagrees.
    pub(crate) contested: Option<(Party, Party)>,
    /// Hints at somebody else than the maker: about a part, at best.
    pub(crate) hints: Vec<Evidence>,
    /// What names nobody.
    pub(crate) rejected: Vec<Evidence>,
}

/// How sure a maker is: from how many independent witnesses of which weight are for it, and from the heaviest
/// evidence for somebody else. A firm that is in no vendor table is at most probable.
pub fn confidence(strong: usize, likely: usize, against: Weight, in_table: bool) -> Confidence {
    let alone = match (strong, likely) {
        (0, 0 | 1) => Confidence::Possible,
        (0, _) | (1, 0) => Confidence::Probable,
        (1, _) | (_, _) => Confidence::Confirmed,
    };
    let disputed = match against {
        Weight::None | Weight::Hint => alone,
        Weight::Likely => alone.lowered(),
        Weight::Strong => Confidence::Possible,
    };
    if in_table { disputed } else { disputed.min(Confidence::Probable) }
}

/// What one party has for it.
#[derive(Default)]
struct Standing {
    /// The heaviest evidence of each independent witness.
    witnesses: BTreeMap<Witness, Weight>,
    /// The rank of its strongest kind; less is stronger.
    rank: u8,
}

impl Standing {
    fn count(&self, weight: Weight) -> usize {
        self.witnesses.values().filter(|one| **one == weight).count()
    }

    /// What witnesses say of this party and of another together: each is heard once.
    fn add(&mut self, other: &Self) {
        for (witness, weight) in &other.witnesses {
            let heaviest = self.witnesses.entry(*witness).or_insert(Weight::None);
            *heaviest = (*weight).max(*heaviest);
        }
    }

    /// One strong witness outweighs one likely one, two likely ones outweigh one strong one.
    fn sum(&self) -> usize {
        3 * self.count(Weight::Strong) + 2 * self.count(Weight::Likely)
    }
}

/// Weighs all evidence on one device. The order of the evidence does not matter.
pub(crate) fn weigh(mut evidence: Vec<Evidence>, registry: &Registry, on: &str) -> Verdict {
    evidence.sort_by_cached_key(|one| (std::cmp::Reverse(one.weight()), one.rank(), one.value()));
    let mut verdict = Verdict::default();
    let mut parties: BTreeMap<Party, Standing> = BTreeMap::new();
    for one in &evidence {
        let Some(party) = one.party().filter(|_| one.weight() >= Weight::Likely) else { continue };
        let standing = parties
            .entry(party)
            .or_insert_with(|| Standing { rank: u8::MAX, ..Standing::default() });
        let heaviest = standing.witnesses.entry(one.witness()).or_insert(Weight::None);
        *heaviest = one.weight().max(*heaviest);
        standing.rank = standing.rank.min(one.rank());
    }
    // A house is heard as one: its prefix may be in the name of a firm that it bought, its text in its own.
    let of_house = |party: &Party| {
        let mut house = Standing::default();
        let kin = parties.iter().filter(|(other, _)| related(other, party, registry, on));
        kin.for_each(|(_, standing)| house.add(standing));
        house.sum()
    };
    // The stronger house, in it the stronger firm; one that was reviewed before one that was not; then the stronger
    // kind; then the name, to be deterministic.
    let first = parties
        .iter()
        .map(|(party, standing)| {
            let reviewed = party.id().is_some();
            let rank = std::cmp::Reverse(standing.rank);
            ((of_house(party), standing.sum(), reviewed, rank), std::cmp::Reverse(party), standing)
        })
        .max_by(|(a, a_name, _), (b, b_name, _)| a.cmp(b).then_with(|| a_name.cmp(b_name)));
    let Some((_, std::cmp::Reverse(maker), standing)) = first else {
        for one in evidence {
            if one.weight() == Weight::None { &mut verdict.rejected } else { &mut verdict.hints }
                .push(one);
        }
        return verdict;
    };
    let maker = maker.clone();
    let mut claim: Option<Claim<Party>> = None;
    let mut others: Option<(Weight, Party)> = None;
    for one in evidence {
        let party = one.party();
        let weight = one.weight();
        match party {
            _ if weight == Weight::None => verdict.rejected.push(one),
            Some(party) if party == maker => match &mut claim {
                Some(claim) => claim.support(one),
                None => claim = Some(Claim::new(maker.clone(), one)),
            },
            // The same house: neither for this maker nor against it.
            Some(party) if related(&party, &maker, registry, on) => match &mut claim {
                Some(claim) if weight >= Weight::Likely => claim.support(one),
                _ => verdict.hints.push(one),
            },
            Some(party) if weight >= Weight::Likely => {
                if others.as_ref().is_none_or(|(heaviest, _)| weight > *heaviest) {
                    others = Some((weight, party));
                }
                // Kept for after the claim exists: the evidence is sorted by weight, and the maker's may come later.
                verdict.hints.push(one);
            }
            Some(_) | None => verdict.hints.push(one),
        }
    }
    let against = others.as_ref().map_or(Weight::None, |(weight, _)| *weight);
    let sure = confidence(
        standing.count(Weight::Strong),
        standing.count(Weight::Likely),
        against,
        maker.id().is_some(),
    );
    verdict.contested = others.map(|(_, other)| (maker, other));
    let Some(mut claim) = claim else { return verdict };
    for one in std::mem::take(&mut verdict.hints) {
        let same_house =
            one.party().is_some_and(|party| related(&party, claim.value(), registry, on));
        match one.weight() {
            Weight::Strong | Weight::Likely if same_house => claim.support(one),
            Weight::Strong | Weight::Likely => claim.oppose(one),
            Weight::Hint | Weight::None => verdict.hints.push(one),
        }
    }
    verdict.maker = Some((claim, sure));
    verdict
}

/// Whether one of two vendors controls the other, a third vendor controls both, or they divided one line of boxes. An
/// owner that makes nothing, such as a state's asset holder, relates nobody: its firms are makers of their own.
pub(crate) fn related(one: &Party, other: &Party, registry: &Registry, on: &str) -> bool {
    let house = |party: &Party| -> Vec<String> {
        let Some(vendor) = party.id().and_then(|id| registry.vendor(id.as_str())) else {
            return Vec::new();
        };
        let above = vendor.control_chain(on).into_iter().filter_map(|control| control.id);
        let makers = above.filter(|id| registry.vendor(id).is_some());
        std::iter::once(vendor.id()).chain(makers).map(str::to_owned).collect()
    };
    if one == other {
        return true;
    }
    let (ours, others) = (house(one), house(other));
    let same_line = |line: &House| {
        let of = |ids: &[String]| ids.first().is_some_and(|id| line.vendors.contains(&id.as_str()));
        of(&ours) && of(&others)
    };
    ours.iter().any(|id| others.contains(id)) || HOUSES.iter().any(same_line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confidence_is_what_the_table_in_the_documentation_says() {
        use Confidence::{Confirmed, Possible, Probable};
        // docs/identification.md, "How sure": strong witnesses, likely witnesses, nothing / likely / strong against.
        let table = [
            (0, 1, [Possible, Possible, Possible]),
            (0, 2, [Probable, Possible, Possible]),
            (0, 3, [Probable, Possible, Possible]),
            (1, 0, [Probable, Possible, Possible]),
            (1, 1, [Confirmed, Probable, Possible]),
            (1, 2, [Confirmed, Probable, Possible]),
            (2, 0, [Confirmed, Probable, Possible]),
            (2, 2, [Confirmed, Probable, Possible]),
        ];
        for (strong, likely, expected) in table {
            for (against, expected) in
                [Weight::None, Weight::Likely, Weight::Strong].into_iter().zip(expected)
            {
                assert_eq!(
                    confidence(strong, likely, against, true),
                    expected,
                    "{strong} {likely} {against:?}"
                );
                assert_eq!(confidence(strong, likely, against, false), expected.min(Probable));
            }
            assert_eq!(
                confidence(strong, likely, Weight::Hint, true),
                expected[0],
                "a hint disputes nothing"
            );
        }
    }

    #[test]
    fn the_documentation_shows_the_same_table() {
        let text = include_str!("../../../docs/identification.md");
        for (row, strong, likely) in [
            ("| 1 likely", 0, 1),
            ("| 2 or more likely", 0, 2),
            ("| 1 strong", 1, 0),
            ("| 1 strong and 1 or more likely, or 2 strong", 1, 1),
        ] {
            let line = text.lines().find(|line| line.starts_with(&format!("{row} |"))).expect(row);
            let cells: Vec<&str> =
                line.split('|').skip(2).map(str::trim).filter(|cell| !cell.is_empty()).collect();
            let words: Vec<&str> = [Weight::None, Weight::Likely, Weight::Strong]
                .map(|against| confidence(strong, likely, against, true).as_str())
                .to_vec();
            assert_eq!(cells, words, "{row}");
        }
    }
}
