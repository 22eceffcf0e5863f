//! Which rules may say anything of a subject, found by its vendors: for judging very many subjects.

use std::collections::{BTreeMap, HashMap};

use herkomst_ids::VendorId;

use crate::pack::{NamedTest, Pack, PartyExpression, Rule};
use crate::{Confidence, Controllers, Party, Relation, Subject, Suppliers};

/// An index over the rules of some packs.
///
/// Every rule that it leaves out for a subject would be `no-match` or `not-applicable`, whatever the day and whatever the
/// operator says. It may hand out rules that turn out so.
#[derive(Debug)]
pub struct Index<'p> {
    rules: Vec<(&'p Pack, &'p Rule)>,
    /// Rules that cannot be told apart by vendors.
    always: Vec<usize>,
    by_vendor: HashMap<&'p VendorId, Vec<usize>>,
    by_relation: BTreeMap<Relation, Vec<usize>>,
    /// What the surest of the rules asks for.
    needed: Confidence,
}

impl<'p> Index<'p> {
    /// An index over all rules of the packs, in their order.
    pub fn new(packs: &'p [Pack]) -> Self {
        let rules: Vec<(&Pack, &Rule)> =
            packs.iter().flat_map(|pack| pack.rules.iter().map(move |rule| (pack, rule))).collect();
        let mut index = Self {
            always: Vec::new(),
            by_vendor: HashMap::new(),
            by_relation: BTreeMap::new(),
            needed: Confidence::Possible,
            rules: Vec::new(),
        };
        for (number, (_, rule)) in rules.iter().enumerate() {
            // A rule over an inventory says nothing of one subject.
            if rule.set.is_some() {
                continue;
            }
            match &rule.party.tests {
                // Whom an order names only the operator knows.
                PartyExpression::Named(named) if named.ordered => index.always.push(number),
                PartyExpression::Named(named) => index.add(number, rule, named),
                PartyExpression::All(_)
                | PartyExpression::Any(_)
                | PartyExpression::Unlisted(_)
                | PartyExpression::Country { .. }
                | PartyExpression::StateOwned(_) => index.always.push(number),
            }
        }
        Self { rules, ..index }
    }

    fn add(&mut self, number: usize, rule: &Rule, named: &'p NamedTest) {
        for vendor in &named.vendors {
            self.by_vendor.entry(&vendor.id).or_default().push(number);
        }
        for relation in &named.relations {
            self.by_relation.entry(*relation).or_default().push(number);
        }
        self.needed = self.needed.max(rule.minimum_confidence);
    }

    /// The rules that may say `match` or `undetermined` of a subject, in the order of the packs.
    pub fn rules(&self, subject: &Subject) -> Vec<(&'p Pack, &'p Rule)> {
        let mut numbers = self.always.clone();
        let mut named =
            |id: &VendorId| numbers.extend(self.by_vendor.get(id).into_iter().flatten());
        let of_main = [
            &subject.controllers,
            &subject.controls,
            &subject.successor_of,
            &subject.predecessor_of,
        ];
        let of_others = subject.against.iter().map(|other| &other.controllers);
        for recorded in of_main.into_iter().chain(of_others) {
            recorded.known().iter().for_each(|one| named(&one.party.id));
        }
        let makers = subject.maker.iter().chain(subject.against.iter().map(|other| &other.party));
        makers.chain(&subject.brand).for_each(|party| named(&party.id));
        if let Suppliers::Recorded(suppliers) = &subject.suppliers {
            suppliers.iter().for_each(|supplier| named(&supplier.party.id));
        }
        for (relation, rules) in &self.by_relation {
            if !self.is_settled(*relation, subject) {
                numbers.extend(rules);
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into_iter().map(|number| self.rules[number]).collect()
    }

    /// Whether a vendor that the subject does not name in a relation is surely not in it.
    fn is_settled(&self, relation: Relation, subject: &Subject) -> bool {
        let is_sure = |party: &Party| party.confidence >= self.needed;
        let maker = subject.maker.as_ref().is_some_and(is_sure);
        let chain = |recorded: &Controllers| match recorded {
            Controllers::Unrecorded | Controllers::Partly(_) => false,
            Controllers::Recorded(recorded) => {
                maker && recorded.iter().all(|one| is_sure(&one.party))
            }
        };
        let is_sole = subject.against.is_empty();
        match relation {
            Relation::Maker => maker,
            Relation::Brand => subject.brand.as_ref().map_or(maker, is_sure),
            Relation::ControlledBy => {
                let others = subject.against.iter().map(|other| &other.controllers);
                // Of a contender only the maker is supposed; its controllers must be as sure as any.
                let recorded = |one: &Controllers| match one {
                    Controllers::Unrecorded | Controllers::Partly(_) => false,
                    Controllers::Recorded(all) => all.iter().all(|one| is_sure(&one.party)),
                };
                chain(&subject.controllers) && others.into_iter().all(recorded)
            }
            // Of a contender only those who control it are recorded.
            Relation::Controls => is_sole && chain(&subject.controls),
            Relation::SuccessorOf => is_sole && chain(&subject.successor_of),
            Relation::PredecessorOf => is_sole && chain(&subject.predecessor_of),
            Relation::Supplier => match &subject.suppliers {
                Suppliers::Unrecorded => false,
                Suppliers::Recorded(all) => all.iter().all(|supplier| is_sure(&supplier.party)),
            },
        }
    }
}
