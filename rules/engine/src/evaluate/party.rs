//! The party test: who made it, whose name it bears, who controls whom, who supplies it, and from which country.

use herkomst_ids::VendorId;
use jiff::civil::Date;

use super::ground::Ground;
use super::together::{
    Answer, PartyAnswer, Relations, Tested, all, any, more_telling, single, unlisted,
};
use crate::pack::{NamedTest, NamedVendor, Pack, PartyExpression, Rule};
use crate::{Because, Missing};
use crate::{
    Confidence, Context, Controller, Controllers, CountryOf, Party, Relation, Subject, Suppliers,
};

/// What is asked of every subject alike.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) pack: &'a Pack,
    pub(super) rule: &'a Rule,
    pub(super) context: &'a Context,
    /// The relations in which the lists of the day reach a subject.
    pub(super) reached: Relations,
    pub(super) on: Date,
}

/// One possible maker.
#[derive(Clone, Copy)]
struct Side<'a> {
    subject: &'a Subject,
    maker: Option<(&'a Party, &'a Controllers)>,
    /// Whether it is the one that the subject's other facts are recorded for.
    is_main: bool,
}

/// Any relation suffices. Where the maker is contested, every side must give the same answer for it to count.
pub(super) fn party<F: Ground>(asked: &Asked<'_>, subject: &Subject) -> PartyAnswer<F> {
    let expression = &asked.rule.party.tests;
    let main = subject.maker.as_ref().map(|maker| (maker, &subject.controllers));
    let test = Test { asked: *asked, needed: asked.rule.minimum_confidence, is_supposed: false };
    let ours = test.side::<F>(expression, Side { subject, maker: main, is_main: true });
    if subject.against.is_empty() {
        return ours;
    }
    // A contender is asked "and if it were that one?", however weak the evidence for it: doubt is what it is there for.
    // Only that it is the maker is supposed: who controls it, and all the rest, must be as sure as ever.
    let supposed = Test { is_supposed: true, ..test };
    let (mut are_same, mut suspected, mut pointing) = (true, ours.suspected, ours.pointing);
    let mut points = subject.maker.is_some() && ours.points;
    let mut open = None::<Missing>;
    let (mut makers, mut named) = (Vec::new(), Vec::new());
    let note = |to: &mut Vec<VendorId>, id: &VendorId| {
        if F::IS_KEPT {
            to.push(id.clone());
        }
    };
    if let Some(maker) = &subject.maker {
        note(&mut makers, &maker.id);
        if ours.points {
            note(&mut named, &maker.id);
        }
    }
    let mut theirs: Vec<F> = Vec::new();
    for other in &subject.against {
        let maker = Some((&other.party, &other.controllers));
        let told = supposed.side::<F>(expression, Side { subject, maker, is_main: false });
        are_same &= told.answer == ours.answer;
        suspected |= told.suspected;
        pointing.extend(told.pointing);
        points |= told.points;
        if let Answer::Open(missing) = told.answer {
            open = open.into_iter().chain([missing]).min();
        }
        note(&mut makers, &other.party.id);
        if told.points {
            note(&mut named, &other.party.id);
        }
        theirs.extend(told.because);
    }
    if are_same && !matches!(ours.answer, Answer::Open(_)) {
        // Whichever side is right, the answer is the same, and no surer than the least sure of them.
        let because = ours.because.into_iter().chain(theirs).collect();
        return PartyAnswer { because, suspected, ..ours };
    }
    // The main one's question first; of the others' the least, so that their order does not matter.
    let open = match ours.answer {
        Answer::Open(missing) => Some(missing),
        Answer::Yes | Answer::No => open,
    };
    let missing = match open {
        // No side speaks for the rule's party, so what is open is not which one is right.
        Some(missing) if !points => missing,
        Some(_) | None => Missing::AgreedMaker,
    };
    // Without a main maker, its name on the box or who supplies it may still speak for the party.
    let points = points || ours.points;
    let mut because = vec![F::of(|| Because::Contested { makers, named })];
    because.extend(ours.because);
    PartyAnswer { answer: Answer::Open(missing), because, pointing, points, suspected: false }
}

/// What is asked of each possible maker.
#[derive(Clone, Copy)]
struct Test<'a> {
    asked: Asked<'a>,
    needed: Confidence,
    /// Whether the maker is only supposed to be that one.
    is_supposed: bool,
}

impl Test<'_> {
    /// The party test for one possible maker.
    fn side<F: Ground>(&self, expression: &PartyExpression, side: Side<'_>) -> PartyAnswer<F> {
        match expression {
            PartyExpression::All(tests) => all(tests.iter().map(|test| self.side(test, side))),
            PartyExpression::Any(tests) => any(tests.iter().map(|test| self.side(test, side))),
            PartyExpression::Named(named) => self.named(named, side),
            PartyExpression::Unlisted(trusted) => unlisted(self.named(trusted, side)),
            PartyExpression::Country { of, lists } => self.country(*of, lists, side),
            PartyExpression::StateOwned(wanted) => {
                let known = side.subject.state_owned.filter(|_| side.is_main);
                let fact = |is| F::of(|| Because::StateOwned { is });
                let tested = match known {
                    None => Tested::unknown(Missing::StateOwned),
                    Some(is) if is == *wanted => Tested::Yes(fact(is)),
                    Some(is) => Tested::No(fact(is)),
                };
                single(tested, None)
            }
        }
    }

    /// A vendor in one of some relations; any of them suffices.
    fn named<F: Ground>(&self, named: &NamedTest, side: Side<'_>) -> PartyAnswer<F> {
        // Without the order nobody knows whom it is about: that is open, and never a no.
        if named.ordered && self.ordered().is_none() {
            return single(Tested::unknown(Missing::Order), None);
        }
        let reached = |relation: &Relation| self.asked.reached.contains(*relation);
        let maker = side.maker.map(|(party, _)| party);
        let brand = side.subject.brand.as_ref();
        let nobody = Controllers::Unrecorded;
        let of_main = |recorded| if side.is_main { recorded } else { &nobody };
        // What the maker is was told already where the name on the box is the maker's own.
        let is_told = brand.is_none()
            && named.relations.contains(&Relation::Maker)
            && reached(&Relation::Maker);
        any(named.relations.iter().copied().filter(reached).map(|relation| {
            let chain = |recorded, missing| self.chain(named, relation, maker, recorded, missing);
            let tested = match relation {
                Relation::Maker => self.maker(named, relation, maker),
                // The name on the box is the maker's own unless something says otherwise.
                Relation::Brand => match brand {
                    Some(brand) => self.one(named, relation, Some(brand)),
                    None => self.maker(named, relation, maker),
                },
                Relation::ControlledBy => {
                    chain(side.maker.map(|(_, recorded)| recorded), Missing::Controllers)
                }
                Relation::Controls => {
                    chain(Some(of_main(&side.subject.controls)), Missing::Controlled)
                }
                Relation::SuccessorOf => {
                    chain(Some(of_main(&side.subject.successor_of)), Missing::Succession)
                }
                Relation::PredecessorOf => {
                    chain(Some(of_main(&side.subject.predecessor_of)), Missing::Succession)
                }
                Relation::Supplier => self.suppliers(named, &side.subject.suppliers),
            };
            let mut answer = single(tested, Some(relation));
            if relation == Relation::Brand && is_told {
                answer.because.clear();
            }
            answer
        }))
    }

    /// The vendors that the operator's order designates.
    fn ordered(&self) -> Option<&[NamedVendor]> {
        self.asked.context.valid_order(self.asked.pack)?.vendors.as_deref()
    }

    /// Maker or brand: one party, known well enough or not.
    fn one<F: Ground>(
        &self,
        named: &NamedTest,
        relation: Relation,
        party: Option<&Party>,
    ) -> Tested<F> {
        let Some(party) = party else { return Tested::unknown(Missing::Maker) };
        self.weigh(named, relation, party, party.confidence, Missing::Confidence)
    }

    /// The maker: one that is only supposed is weak enough for any rule.
    fn maker<F: Ground>(
        &self,
        named: &NamedTest,
        relation: Relation,
        maker: Option<&Party>,
    ) -> Tested<F> {
        let needed = if self.is_supposed { Confidence::Possible } else { self.needed };
        Test { needed, ..*self }.one(named, relation, maker)
    }

    /// Whether the test names that vendor, or the operator's order does in its place.
    fn names(&self, test: &NamedTest, id: &VendorId) -> bool {
        if !test.ordered {
            return test.names(id);
        }
        self.ordered().into_iter().flatten().any(|vendor| vendor.id == *id)
    }

    fn weigh<F: Ground>(
        &self,
        test: &NamedTest,
        relation: Relation,
        party: &Party,
        confidence: Confidence,
        missing: Missing,
    ) -> Tested<F> {
        let (needed, named) = (self.needed, self.names(test, &party.id));
        let id = || party.id.clone();
        if confidence < needed {
            let fact = F::of(|| Because::TooWeak { relation, id: id(), confidence, needed, named });
            Tested::Open { missing, fact, points: named }
        } else if named {
            Tested::Yes(F::of(|| Because::Party { relation, id: id(), confidence }))
        } else {
            Tested::No(F::of(|| Because::OtherParty { relation, ids: vec![id()] }))
        }
    }

    /// Those recorded in a relation to the maker, on the day asked. None is surer than the maker itself.
    fn chain<F: Ground>(
        &self,
        named: &NamedTest,
        relation: Relation,
        maker: Option<&Party>,
        recorded: Option<&Controllers>,
        unrecorded: Missing,
    ) -> Tested<F> {
        let (Some(maker), Some(recorded)) = (maker, recorded) else {
            return Tested::unknown(Missing::Maker);
        };
        let maker_is_weak = !self.is_supposed && maker.confidence < self.needed;
        // While the maker itself is unsure, who controls it is not the question yet.
        let missing = |otherwise| if maker_is_weak { Missing::Confidence } else { otherwise };
        let mut open = match recorded {
            Controllers::Unrecorded => return Tested::unknown(missing(unrecorded)),
            // Whoever stands above the last one known may be a vendor of the rule.
            Controllers::Partly(_) => Some(Tested::unknown(missing(unrecorded))),
            Controllers::Recorded(_) if maker_is_weak => Some(Tested::unknown(Missing::Confidence)),
            Controllers::Recorded(_) => None,
        };
        let mut others = Vec::new();
        let mut refused = None;
        let mut suspected = None;
        for controller in recorded.on(self.asked.on) {
            let confidence = if self.is_supposed {
                controller.party.confidence
            } else {
                controller.party.confidence.min(maker.confidence)
            };
            let weak = missing(Missing::ControllerConfidence);
            let tested = match self.weigh(named, relation, &controller.party, confidence, weak) {
                Tested::Yes(_) if controller.suspected => {
                    let id = || controller.party.id.clone();
                    if named.suspicion {
                        Tested::Suspected(F::of(|| Because::Suspected { relation, id: id() }))
                    } else {
                        // Grounds to suspect are less than control, and more than nothing.
                        let fact =
                            F::of(|| Because::UncertainControl { relation, id: id(), named: true });
                        Tested::Open { missing: weak, fact, points: true }
                    }
                }
                Tested::Yes(fact) => self.by_test(named, relation, controller, fact),
                tested @ (Tested::Suspected(_)
                | Tested::OtherControl(_)
                | Tested::No(_)
                | Tested::Open { .. }) => tested,
            };
            match tested {
                Tested::Yes(fact) => return Tested::Yes(fact),
                Tested::Suspected(fact) => suspected = suspected.or(Some(fact)),
                Tested::OtherControl(fact) => refused = Some(fact),
                Tested::No(_) if F::IS_KEPT => others.push(controller.party.id.clone()),
                Tested::No(_) => {}
                told @ Tested::Open { .. } => open = more_telling(open, told),
            }
        }
        if let Some(fact) = suspected {
            return Tested::Suspected(fact);
        }
        open.unwrap_or_else(|| {
            Tested::No(
                refused.unwrap_or_else(|| F::of(|| Because::OtherParty { relation, ids: others })),
            )
        })
    }

    /// Whether control by a named vendor is control by the rule's own test: one kind of it, or the share.
    fn by_test<F: Ground>(
        &self,
        named: &NamedTest,
        relation: Relation,
        controller: &Controller,
        fact: F,
    ) -> Tested<F> {
        let is_control = match relation {
            Relation::ControlledBy | Relation::Controls => true,
            Relation::Maker
            | Relation::Brand
            | Relation::SuccessorOf
            | Relation::PredecessorOf
            | Relation::Supplier => false,
        };
        if !is_control || (named.control.is_empty() && named.share_at_least.is_none()) {
            return Tested::Yes(fact);
        }
        let by_kind = if named.control.is_empty() {
            Some(false)
        } else if !named.control.is_disjoint(&controller.by) {
            Some(true)
        } else if controller.by.is_empty() {
            None
        } else {
            Some(false)
        };
        let by_share = match (named.share_at_least, controller.share) {
            (None, _) => Some(false),
            (Some(least), Some(share)) => Some(share >= least),
            (Some(_), None) => None,
        };
        let id = || controller.party.id.clone();
        match (by_kind, by_share) {
            (Some(true), _) | (_, Some(true)) => Tested::Yes(fact),
            (Some(false), Some(false)) => Tested::OtherControl(F::of(|| {
                let (by, share) = (controller.by.clone(), controller.share);
                Because::OtherControl { id: id(), by, share }
            })),
            (None, _) | (_, None) => {
                let fact = F::of(|| Because::UncertainControl { relation, id: id(), named: true });
                Tested::Open { missing: Missing::ControlTest, fact, points: true }
            }
        }
    }

    /// Those who deliver it, install it or run it, in the roles that the rule asks for.
    fn suppliers<F: Ground>(&self, named: &NamedTest, suppliers: &Suppliers) -> Tested<F> {
        let recorded = match suppliers {
            Suppliers::Unrecorded => return Tested::unknown(Missing::Suppliers),
            Suppliers::Recorded(all) => all,
        };
        let mut others = Vec::new();
        let mut open = None;
        for supplier in recorded {
            if !named.supplier_roles.is_empty() && !named.supplier_roles.contains(&supplier.role) {
                continue;
            }
            let (party, confidence) = (&supplier.party, supplier.party.confidence);
            match self.weigh(named, Relation::Supplier, party, confidence, Missing::Suppliers) {
                met @ (Tested::Yes(_) | Tested::Suspected(_)) => return met,
                Tested::OtherControl(_) | Tested::No(_) if F::IS_KEPT => {
                    others.push(party.id.clone());
                }
                Tested::OtherControl(_) | Tested::No(_) => {}
                told @ Tested::Open { .. } => open = more_telling(open, told),
            }
        }
        let relation = Relation::Supplier;
        open.unwrap_or_else(|| Tested::No(F::of(|| Because::OtherParty { relation, ids: others })))
    }

    /// A country of the subject, on all lists asked for.
    fn country<F: Ground>(
        &self,
        of: CountryOf,
        lists: &[String],
        side: Side<'_>,
    ) -> PartyAnswer<F> {
        let (missing, is_of_maker) = match of {
            CountryOf::Control => (Missing::CountryOfControl, true),
            CountryOf::Seat => (Missing::CountryOfSeat, true),
            CountryOf::Production => (Missing::CountryOfProduction, false),
            CountryOf::Data => (Missing::CountryOfData, false),
            CountryOf::Administration => (Missing::CountryOfAdministration, false),
        };
        let known = side.subject.countries.get(&of).filter(|_| side.is_main || !is_of_maker);
        let Some(fact) = known else { return single(Tested::unknown(missing), None) };
        let (country, confidence, needed) = (fact.country, fact.confidence, self.needed);
        all(lists.iter().map(|id| {
            let list = self.asked.pack.country_list(id, self.asked.context);
            let countries = list.and_then(|list| list.countries.as_ref().map(|all| (list, all)));
            let tested = match countries {
                None => Tested::unknown(Missing::CountryList),
                Some((_, all)) if confidence < needed => {
                    let listed = all.contains(&country);
                    let fact =
                        F::of(|| Because::WeakCountry { of, country, confidence, needed, listed });
                    Tested::Open { missing, fact, points: listed }
                }
                Some((list, all)) if all.contains(&country) => {
                    Tested::Yes(F::of(|| Because::Country {
                        of,
                        country,
                        list: id.clone(),
                        words: list.words.clone(),
                        source: list.source.clone(),
                        last_checked: list.last_checked,
                    }))
                }
                Some(_) => {
                    Tested::No(F::of(|| Because::OtherCountry { of, country, list: id.clone() }))
                }
            };
            single(tested, None)
        }))
    }
}
