//! The party test: who made it, whose name it bears, who controls whom, who supplies it, and from which country.

use herkomst_ids::VendorId;
use jiff::civil::Date;

use crate::pack::{NamedTest, Pack, PartyExpression, Rule};
use crate::{Because, Missing};
use crate::{
    Confidence, Context, Controller, Controllers, CountryOf, Party, Relation, Subject, Suppliers,
};

/// Three values; the open one says what is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No,
    Open(Missing),
}

/// The party test as a whole.
#[derive(Debug)]
pub(super) struct PartyAnswer {
    pub(super) answer: Answer,
    pub(super) because: Vec<Because>,
    /// Relations in which some evidence, weak or contested too, speaks for a vendor of the rule.
    pub(super) pointing: Vec<Relation>,
    /// Whether some evidence, of a relation or a country, speaks for the party.
    points: bool,
    /// Whether only a suspicion makes it a yes.
    pub(super) suspected: bool,
}

/// What is asked of every subject alike.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) pack: &'a Pack,
    pub(super) rule: &'a Rule,
    pub(super) context: &'a Context,
    /// Whether the lists of the day reach a subject in that relation.
    pub(super) reached: &'a dyn Fn(Relation) -> bool,
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
pub(super) fn party(asked: &Asked<'_>, subject: &Subject) -> PartyAnswer {
    let expression = &asked.rule.party.tests;
    let main = subject.maker.as_ref().map(|maker| (maker, &subject.controllers));
    let test = Test { asked: *asked, needed: asked.rule.minimum_confidence, is_supposed: false };
    let ours = test.side(expression, Side { subject, maker: main, is_main: true });
    if subject.against.is_empty() {
        return ours;
    }
    // A contender is asked "and if it were that one?", however weak the evidence for it: doubt is what it is there for.
    // Only that it is the maker is supposed: who controls it, and all the rest, must be as sure as ever.
    let supposed = Test { is_supposed: true, ..test };
    let others: Vec<(&VendorId, PartyAnswer)> = subject
        .against
        .iter()
        .map(|other| {
            let maker = Some((&other.party, &other.controllers));
            let side = Side { subject, maker, is_main: false };
            (&other.party.id, supposed.side(expression, side))
        })
        .collect();
    let all_sides = |answer: Answer| {
        ours.answer == answer && others.iter().all(|(_, other)| other.answer == answer)
    };
    if all_sides(Answer::Yes) || all_sides(Answer::No) {
        // Whichever side is right, the answer is the same, and no surer than the least sure of them.
        let suspected = ours.suspected || others.iter().any(|(_, other)| other.suspected);
        let theirs = others.into_iter().flat_map(|(_, other)| other.because);
        let because = ours.because.into_iter().chain(theirs).collect();
        return PartyAnswer { because, suspected, ..ours };
    }
    let maker = subject.maker.as_ref().map(|maker| (&maker.id, &ours));
    let sides: Vec<_> =
        maker.into_iter().chain(others.iter().map(|(id, other)| (*id, other))).collect();
    let makers = sides.iter().map(|(id, _)| (*id).clone()).collect();
    let named: Vec<VendorId> =
        sides.iter().filter(|(_, side)| side.points).map(|(id, _)| (*id).clone()).collect();
    let mut because = vec![Because::Contested { makers, named: named.clone() }];
    because.extend(ours.because.iter().cloned());
    let lacks = |side: &PartyAnswer| match side.answer {
        Answer::Open(missing) => Some(missing),
        Answer::Yes | Answer::No => None,
    };
    // The main one's question first; of the others' the least, so that their order does not matter.
    let open = lacks(&ours).or_else(|| others.iter().filter_map(|(_, other)| lacks(other)).min());
    let missing = match open {
        // No side speaks for the rule's party, so what is open is not which one is right.
        Some(missing) if named.is_empty() => missing,
        Some(_) | None => Missing::AgreedMaker,
    };
    let mut pointing: Vec<Relation> =
        sides.iter().flat_map(|(_, side)| side.pointing.iter().copied()).collect();
    pointing.extend(&ours.pointing);
    pointing.sort();
    pointing.dedup();
    let (answer, points) = (Answer::Open(missing), !named.is_empty());
    PartyAnswer { answer, because, pointing, points, suspected: false }
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
    fn side(&self, expression: &PartyExpression, side: Side<'_>) -> PartyAnswer {
        match expression {
            PartyExpression::All(tests) => {
                all(tests.iter().map(|test| self.side(test, side)).collect())
            }
            PartyExpression::Any(tests) => {
                any(tests.iter().map(|test| self.side(test, side)).collect())
            }
            PartyExpression::Named(named) => self.named(named, side),
            PartyExpression::Unlisted(trusted) => unlisted(self.named(trusted, side)),
            PartyExpression::Country { of, lists } => self.country(*of, lists, side),
            PartyExpression::StateOwned(wanted) => {
                match side.subject.state_owned.filter(|_| side.is_main) {
                    None => single(Tested::unknown(Missing::StateOwned), None),
                    Some(is) if is == *wanted => {
                        single(Tested::Yes(Because::StateOwned { is }), None)
                    }
                    Some(is) => single(Tested::No(Because::StateOwned { is }), None),
                }
            }
        }
    }

    /// A vendor in one of some relations; any of them suffices.
    fn named(&self, named: &NamedTest, side: Side<'_>) -> PartyAnswer {
        if named.ordered {
            let order = self.asked.context.valid_order(self.asked.pack);
            // Without the order nobody knows whom it is about: that is open, and never a no.
            let Some(vendors) = order.and_then(|order| order.vendors.clone()) else {
                return single(Tested::unknown(Missing::Order), None);
            };
            let theirs = NamedTest { vendors, ordered: false, ..named.clone() };
            return self.named(&theirs, side);
        }
        let relations =
            named.relations.iter().copied().filter(|relation| (self.asked.reached)(*relation));
        let maker = side.maker.map(|(party, _)| party);
        let brand = side.subject.brand.as_ref();
        let nobody = Controllers::Unrecorded;
        let of_main = |recorded| if side.is_main { recorded } else { &nobody };
        let mut answers = Vec::new();
        for relation in relations {
            let tested = match relation {
                Relation::Maker => self.maker(named, relation, maker),
                // The name on the box is the maker's own unless something says otherwise.
                Relation::Brand => match brand {
                    Some(brand) => self.one(named, relation, Some(brand)),
                    None => self.maker(named, relation, maker),
                },
                Relation::ControlledBy => {
                    let recorded = side.maker.map(|(_, recorded)| recorded);
                    self.chain(named, relation, maker, recorded, Missing::Controllers)
                }
                Relation::Controls => {
                    let recorded = of_main(&side.subject.controls);
                    self.chain(named, relation, maker, Some(recorded), Missing::Controlled)
                }
                Relation::SuccessorOf => {
                    let recorded = of_main(&side.subject.successor_of);
                    self.chain(named, relation, maker, Some(recorded), Missing::Succession)
                }
                Relation::PredecessorOf => {
                    let recorded = of_main(&side.subject.predecessor_of);
                    self.chain(named, relation, maker, Some(recorded), Missing::Succession)
                }
                Relation::Supplier => self.suppliers(named, &side.subject.suppliers),
            };
            let mut answer = single(tested, Some(relation));
            // What the maker is was told already where the name on the box is the maker's own.
            if relation == Relation::Brand
                && brand.is_none()
                && named.relations.contains(&Relation::Maker)
                && (self.asked.reached)(Relation::Maker)
            {
                answer.because.clear();
            }
            answers.push(answer);
        }
        any(answers)
    }

    /// Maker or brand: one party, known well enough or not.
    fn one(&self, named: &NamedTest, relation: Relation, party: Option<&Party>) -> Tested {
        let Some(party) = party else { return Tested::unknown(Missing::Maker) };
        self.weigh(named, relation, party, party.confidence, Missing::Confidence)
    }

    /// The maker: one that is only supposed is weak enough for any rule.
    fn maker(&self, named: &NamedTest, relation: Relation, maker: Option<&Party>) -> Tested {
        let needed = if self.is_supposed { Confidence::Possible } else { self.needed };
        Test { needed, ..*self }.one(named, relation, maker)
    }

    fn weigh(
        &self,
        test: &NamedTest,
        relation: Relation,
        party: &Party,
        confidence: Confidence,
        missing: Missing,
    ) -> Tested {
        let (id, needed, named) = (party.id.clone(), self.needed, test.names(&party.id));
        if confidence < needed {
            let fact = Because::TooWeak { relation, id, confidence, needed, named };
            Tested::Open { missing, fact, points: named }
        } else if named {
            Tested::Yes(Because::Party { relation, id, confidence })
        } else {
            Tested::No(Because::OtherParty { relation, ids: vec![id] })
        }
    }

    /// Those recorded in a relation to the maker, on the day asked. None is surer than the maker itself.
    fn chain(
        &self,
        named: &NamedTest,
        relation: Relation,
        maker: Option<&Party>,
        recorded: Option<&Controllers>,
        unrecorded: Missing,
    ) -> Tested {
        let (Some(maker), Some(recorded)) = (maker, recorded) else {
            return Tested::unknown(Missing::Maker);
        };
        let maker_is_weak = !self.is_supposed && maker.confidence < self.needed;
        // While the maker itself is unsure, who controls it is not the question yet.
        let missing = |otherwise| if maker_is_weak { Missing::Confidence } else { otherwise };
        let mut others = Vec::new();
        let mut refused = None;
        let mut suspected = None;
        let mut open = None;
        match recorded {
            Controllers::Unrecorded => return Tested::unknown(missing(unrecorded)),
            Controllers::Recorded(_) | Controllers::Partly(_) if maker_is_weak => {
                open = Some(Tested::unknown(Missing::Confidence))
            }
            // Whoever stands above the last one known may be a vendor of the rule.
            Controllers::Partly(_) => open = Some(Tested::unknown(unrecorded)),
            Controllers::Recorded(_) => {}
        }
        for controller in recorded.on(self.asked.on) {
            let confidence = if self.is_supposed {
                controller.party.confidence
            } else {
                controller.party.confidence.min(maker.confidence)
            };
            let weak = missing(Missing::ControllerConfidence);
            let tested = match self.weigh(named, relation, &controller.party, confidence, weak) {
                Tested::Yes(_) if controller.suspected => {
                    let id = controller.party.id.clone();
                    if named.suspicion {
                        Tested::Suspected(Because::Suspected { relation, id })
                    } else {
                        // Grounds to suspect are less than control, and more than nothing.
                        let fact = Because::UncertainControl { relation, id, named: true };
                        Tested::Open { missing: weak, fact, points: true }
                    }
                }
                Tested::Yes(fact) => self.by_test(named, relation, controller, fact),
                tested @ (Tested::Suspected(_) | Tested::No(_) | Tested::Open { .. }) => tested,
            };
            match tested {
                Tested::Yes(fact) => return Tested::Yes(fact),
                Tested::Suspected(fact) => suspected = suspected.or(Some(fact)),
                Tested::No(fact @ Because::OtherControl { .. }) => refused = Some(fact),
                Tested::No(_) => others.push(controller.party.id.clone()),
                // Of several open ones, that which points to the rule's party is told.
                Tested::Open { points: false, .. } if open.is_some() => {}
                told @ Tested::Open { .. } => {
                    if !matches!(open, Some(Tested::Open { points: true, .. })) {
                        open = Some(told);
                    }
                }
            }
        }
        if let Some(fact) = suspected {
            return Tested::Suspected(fact);
        }
        let other = refused.unwrap_or(Because::OtherParty { relation, ids: others });
        open.unwrap_or(Tested::No(other))
    }

    /// Whether control by a named vendor is control by the rule's own test: one kind of it, or the share.
    fn by_test(
        &self,
        named: &NamedTest,
        relation: Relation,
        controller: &Controller,
        fact: Because,
    ) -> Tested {
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
        let id = controller.party.id.clone();
        match (by_kind, by_share) {
            (Some(true), _) | (_, Some(true)) => Tested::Yes(fact),
            (Some(false), Some(false)) => {
                let (by, share) = (controller.by.clone(), controller.share);
                Tested::No(Because::OtherControl { id, by, share })
            }
            (None, _) | (_, None) => {
                let fact = Because::UncertainControl { relation, id, named: true };
                Tested::Open { missing: Missing::ControlTest, fact, points: true }
            }
        }
    }

    /// Those who deliver it, install it or run it, in the roles that the rule asks for.
    fn suppliers(&self, named: &NamedTest, suppliers: &Suppliers) -> Tested {
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
                Tested::No(_) => others.push(party.id.clone()),
                Tested::Open { points: false, .. } if open.is_some() => {}
                told @ Tested::Open { .. } => {
                    if !matches!(open, Some(Tested::Open { points: true, .. })) {
                        open = Some(told);
                    }
                }
            }
        }
        let other = Because::OtherParty { relation: Relation::Supplier, ids: others };
        open.unwrap_or(Tested::No(other))
    }

    /// A country of the subject, on all lists asked for.
    fn country(&self, of: CountryOf, lists: &[String], side: Side<'_>) -> PartyAnswer {
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
        let tests = lists.iter().map(|id| {
            let list = self.asked.pack.country_list(id, self.asked.context);
            let countries = list.and_then(|list| list.countries.as_ref().map(|all| (list, all)));
            let tested = match countries {
                None => Tested::unknown(Missing::CountryList),
                Some((_, all)) if confidence < needed => {
                    let listed = all.contains(&country);
                    let fact = Because::WeakCountry { of, country, confidence, needed, listed };
                    Tested::Open { missing, fact, points: listed }
                }
                Some((list, all)) if all.contains(&country) => Tested::Yes(Because::Country {
                    of,
                    country,
                    list: id.clone(),
                    words: list.words.clone(),
                    source: list.source.clone(),
                    last_checked: list.last_checked,
                }),
                Some(_) => Tested::No(Because::OtherCountry { of, country, list: id.clone() }),
            };
            single(tested, None)
        });
        all(tests.collect())
    }
}

/// One test, before it is put together with others.
enum Tested {
    Yes(Because),
    Suspected(Because),
    No(Because),
    Open { missing: Missing, fact: Because, points: bool },
}

impl Tested {
    fn unknown(missing: Missing) -> Self {
        Self::Open { missing, fact: Because::Open { missing }, points: false }
    }
}

fn single(tested: Tested, relation: Option<Relation>) -> PartyAnswer {
    let (answer, fact, points, suspected) = match tested {
        Tested::Yes(fact) => (Answer::Yes, fact, true, false),
        Tested::Suspected(fact) => (Answer::Yes, fact, true, true),
        Tested::No(fact) => (Answer::No, fact, false, false),
        Tested::Open { missing, fact, points } => (Answer::Open(missing), fact, points, false),
    };
    let pointing = relation.filter(|_| points).into_iter().collect();
    PartyAnswer { answer, because: vec![fact], pointing, points, suspected }
}

/// One yes suffices; without one, an open test leaves it open. A yes by facts goes before one by suspicion.
fn any(answers: Vec<PartyAnswer>) -> PartyAnswer {
    together(answers, Answer::Yes, Answer::No)
}

/// One no suffices; without one, an open test leaves it open.
fn all(answers: Vec<PartyAnswer>) -> PartyAnswer {
    together(answers, Answer::No, Answer::Yes)
}

fn together(mut answers: Vec<PartyAnswer>, decides: Answer, otherwise: Answer) -> PartyAnswer {
    if answers.len() == 1
        && let Some(only) = answers.pop()
    {
        return only;
    }
    let open = answers.iter().filter_map(|one| match one.answer {
        Answer::Open(missing) => Some(missing),
        Answer::Yes | Answer::No => None,
    });
    let answer = if answers.iter().any(|one| one.answer == decides) {
        decides
    } else {
        open.min().map_or(otherwise, Answer::Open)
    };
    let met = || answers.iter().filter(|one| one.answer == Answer::Yes);
    let suspected = answer == Answer::Yes
        && match decides {
            // Of several, one by facts is enough; together, all must be.
            Answer::Yes => met().all(|one| one.suspected),
            Answer::No | Answer::Open(_) => met().any(|one| one.suspected),
        };
    let points = answers.iter().any(|one| one.points);
    let mut pointing: Vec<Relation> =
        answers.iter().flat_map(|one| one.pointing.iter().copied()).collect();
    pointing.sort();
    pointing.dedup();
    // What decided it is told; while it is open, what is open first.
    let (told, rest): (Vec<_>, Vec<_>) = answers.into_iter().partition(|one| match answer {
        Answer::Open(_) => matches!(one.answer, Answer::Open(_)),
        Answer::Yes | Answer::No => one.answer == answer,
    });
    let rest = if matches!(answer, Answer::Open(_)) { rest } else { Vec::new() };
    let mut because: Vec<Because> = Vec::new();
    for fact in told.into_iter().chain(rest).flat_map(|one| one.because) {
        if !because.contains(&fact) {
            because.push(fact);
        }
    }
    PartyAnswer { answer, because, pointing, points, suspected }
}

/// The test of an allow-list: whoever is on it is none of the party, whoever is known not to be on it is.
fn unlisted(trusted: PartyAnswer) -> PartyAnswer {
    let mut ids: Vec<VendorId> = Vec::new();
    for fact in &trusted.because {
        match fact {
            Because::Party { id, .. } | Because::Suspected { id, .. } => ids.push(id.clone()),
            Because::OtherParty { ids: others, .. } => ids.extend(others.iter().cloned()),
            Because::TooWeak { .. }
            | Because::Contested { .. }
            | Because::Open { .. }
            | Because::Role { .. }
            | Because::OtherRole { .. }
            | Because::Component { .. }
            | Because::OtherComponent { .. }
            | Because::InParts { .. }
            | Because::InNoPart { .. }
            | Because::Listed(_)
            | Because::SeenBefore { .. }
            | Because::UncertainControl { .. }
            | Because::OtherControl { .. }
            | Because::NotAllowed { .. }
            | Because::Allowed { .. }
            | Because::Country { .. }
            | Because::OtherCountry { .. }
            | Because::WeakCountry { .. }
            | Because::StateOwned { .. }
            | Because::Fact { .. }
            | Because::OtherFact { .. }
            | Because::Excepted { .. }
            | Because::Bound { .. }
            | Because::Standing { .. }
            | Because::Order { .. }
            | Because::Answered(_)
            | Because::Question { .. }
            | Because::OutOfScope { .. } => {}
        }
    }
    ids.sort();
    ids.dedup();
    match trusted.answer {
        Answer::Yes => single(Tested::No(Because::Allowed { ids }), None),
        Answer::No => single(Tested::Yes(Because::NotAllowed { ids }), None),
        // Weak evidence for a trusted vendor does not point to a party of the rule.
        Answer::Open(missing) => PartyAnswer {
            answer: Answer::Open(missing),
            because: vec![Because::Open { missing }],
            pointing: Vec::new(),
            points: false,
            suspected: false,
        },
    }
}
