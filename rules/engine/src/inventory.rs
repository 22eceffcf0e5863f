//! Rules over a whole inventory: the share of a party, and the number of suppliers. Exact, and three-valued.
//!
//! What is not known widens the answer to an interval: what is certain in the most favourable case, and what is possible
//! in the least favourable one. A rule is broken for certain only when the whole interval says so.

mod share;
mod suppliers;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::Date;
use serde::{Serialize, Serializer};

use crate::evaluate::{dues, is_in_scope, is_of_party, stands, waived};
use crate::judgement::{ActionState, DueAction, Verdict, Waived, Why, next_due};
use crate::pack::{Pack, PlaceTest, Rule, SetTest};
use crate::{
    Context, Denominator, FactTest, Force, Missing, PartTag, Parts, Per, Severity, Share, Subject,
    WaiverState,
};

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
    /// What is asked and by when: for `match` and `undetermined`; the earliest still to come first.
    pub actions: Vec<DueAction>,
    /// How much the finding should disturb this addressee.
    pub severity: Severity,
    /// What the instrument does to this addressee. None: the pack does not ask who he is, or he did not say.
    pub force: Option<Force>,
    /// What may make it weigh more, as in [`Judgement::open`](crate::Judgement::open).
    #[serde(serialize_with = "missing_words")]
    pub open: Vec<Missing>,
    /// What the operator's file says against acting on it, by the scope's name. A waived match is still a match.
    pub waiver: Option<Box<Waived>>,
}

impl Figure {
    /// The action to plan for: the nearest day that is not over, else the latest that is overdue.
    pub fn next_due(&self) -> Option<&DueAction> {
        next_due(&self.actions)
    }

    /// Whether some action's day has gone by.
    pub fn is_overdue(&self) -> bool {
        self.actions.iter().any(|action| action.state == ActionState::Overdue)
    }

    /// Whether a waiver holds.
    pub fn is_waived(&self) -> bool {
        self.waiver.as_ref().is_some_and(|waived| waived.state == WaiverState::Holds)
    }
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

impl Scope {
    /// By which name a waiver means it: `network`, or the name of the part, site or zone.
    pub fn name(&self) -> &str {
        match self {
            Self::Network => "network",
            Self::Part(tag) => tag.as_str(),
            Self::Site(name) | Self::Zone(name) => name,
        }
    }

    /// What is known of all that stands there: for actions that are about certain places only.
    fn as_subject(&self) -> Subject {
        let one = |name: &String| Some(BTreeSet::from([name.clone()]));
        match self {
            Self::Network => Subject::default(),
            Self::Part(tag) => {
                Subject { parts: Parts::Declared([tag.clone()].into()), ..Subject::default() }
            }
            Self::Site(name) => Subject { sites: one(name), ..Subject::default() },
            Self::Zone(name) => Subject { zones: one(name), ..Subject::default() },
        }
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

fn missing_words<S: Serializer>(all: &[Missing], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(all.iter().map(|missing| missing.as_str()))
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
    figures(pack, rule, subjects.iter().map(|subject| (subject, 1)), context, on)
}

/// The same over subjects of which there are so many each.
pub(crate) fn figures<'a>(
    pack: &Pack,
    rule: &Rule,
    subjects: impl Iterator<Item = (&'a Subject, u64)>,
    context: &Context,
    on: Date,
) -> Result<Vec<Figure>, Why> {
    let Some(test) = &rule.set else { return Err(Why::SingleRule) };
    let standing = stands(pack, rule, context, on)?;
    let (per, is_cap) = match test {
        SetTest::Cap { per, .. } => (*per, true),
        SetTest::Diversity { per, .. } => (*per, false),
    };
    let named = Named::of(pack, rule, context);
    let mut here: BTreeMap<Scope, Vec<Placed<'_>>> = BTreeMap::new();
    // What may stand anywhere, but for the scopes where it is known to stand.
    let mut anywhere: Vec<(Placed<'_>, Vec<Scope>)> = Vec::new();
    for (subject, count) in subjects {
        let (in_scope, missing) = match is_in_scope(pack, rule, subject, context) {
            Ok(false) => continue,
            Ok(true) => (true, None),
            Err(missing) => (false, Some(missing)),
        };
        let of_party =
            if is_cap { is_of_party(pack, rule, subject, context, on) } else { Ok(false) };
        let placed = Placed { subject, count, in_scope, missing, of_party };
        let (scopes, perhaps) = own_scopes(subject, per, &named);
        for scope in &scopes {
            here.entry(scope.clone()).or_default().push(placed);
        }
        if let Some(perhaps) = perhaps {
            let missing = placed.missing.or(Some(perhaps));
            anywhere.push((Placed { in_scope: false, missing, ..placed }, scopes));
        }
    }
    if here.is_empty() {
        here.insert(Scope::Network, Vec::new());
    }
    let figures = here.into_iter().map(|(scope, here)| {
        let strays = anywhere.iter().filter(|(_, but)| !but.contains(&scope)).map(|(one, _)| one);
        let all = here.iter().chain(strays);
        let (verdict, counted) = match test {
            SetTest::Cap { share, denominator, per: _ } => share::cap(*share, *denominator, all),
            SetTest::Diversity { at_least, per: _ } => {
                suppliers::diversity(*at_least, pack, rule, all, on)
            }
        };
        // Whether it binds the operator at all may be open: then nothing is broken for certain.
        let verdict = match (verdict, standing.open) {
            (Verdict::Match, Some(missing)) => Verdict::Undetermined(missing),
            (verdict, _) => verdict,
        };
        let (severity, force) = (standing.severity, standing.force);
        let (actions, open, waiver) = match verdict {
            Verdict::Match | Verdict::Undetermined(_) => (
                dues(pack, rule, &scope.as_subject(), context, on),
                standing.more.into_iter().collect(),
                waived(pack, rule, scope.name(), context, on),
            ),
            Verdict::NoMatch | Verdict::NotApplicable(_) => (Vec::new(), Vec::new(), None),
        };
        Figure { scope, verdict, counted, actions, severity, force, open, waiver }
    });
    Ok(figures.collect())
}

/// Subjects that are in the rule's scope, or may be, and of which all the same is known.
#[derive(Clone, Copy)]
struct Placed<'a> {
    subject: &'a Subject,
    count: u64,
    in_scope: bool,
    missing: Option<Missing>,
    of_party: Result<bool, Missing>,
}

/// Where a subject is counted for certain; and, where it may be counted elsewhere too, what is missing to tell.
fn own_scopes(subject: &Subject, per: Per, named: &Named<'_>) -> (Vec<Scope>, Option<Missing>) {
    let all = |names: &Option<BTreeSet<String>>, scope: fn(String) -> Scope, missing| match names {
        None => (Vec::new(), Some(missing)),
        Some(names) => (names.iter().cloned().map(scope).collect(), None),
    };
    match per {
        Per::Network => (vec![Scope::Network], None),
        Per::Part => named.scopes(subject),
        Per::Site => all(&subject.sites, Scope::Site, Missing::Site),
        Per::Zone => all(&subject.zones, Scope::Zone, Missing::Zone),
    }
}

/// The parts that a rule is about.
struct Named<'a> {
    /// Those that a device must be in. None: the rule names none, so that each part counts.
    inside: Option<BTreeSet<&'a PartTag>>,
    /// Those that it may stand next to instead.
    beside: BTreeSet<&'a PartTag>,
}

impl<'a> Named<'a> {
    fn of(pack: &Pack, rule: &'a Rule, context: &'a Context) -> Self {
        let tests = match &rule.place {
            PlaceTest::Anywhere => [].as_slice(),
            PlaceTest::Parts(parts) => {
                return Self { inside: Some(parts.iter().collect()), beside: BTreeSet::new() };
            }
            PlaceTest::Where(tests) => tests.as_slice(),
        };
        let ordered = context.valid_order(pack).and_then(|order| order.parts.as_ref());
        let mut named = Self { inside: None, beside: BTreeSet::new() };
        for test in tests {
            match test {
                FactTest::Parts { parts, adjacent_to } => {
                    named.inside.get_or_insert_default().extend(parts);
                    named.beside.extend(adjacent_to);
                }
                FactTest::OrderedParts => {
                    if let Some(ordered) = ordered {
                        named.inside.get_or_insert_default().extend(ordered);
                    }
                }
                FactTest::Roles(_)
                | FactTest::Components(_)
                | FactTest::Families(_)
                | FactTest::Software(_)
                | FactTest::Generations(_)
                | FactTest::Purposes(_)
                | FactTest::Events(_)
                | FactTest::Attribute(_)
                | FactTest::Trait(..)
                | FactTest::SeenBefore(_)
                | FactTest::ConnectedTo(_)
                | FactTest::Sites(_)
                | FactTest::Zones(_)
                | FactTest::Classifications(_) => {}
            }
        }
        named
    }

    /// The parts that a subject is counted for: those of the rule that it is in, or next to where the rule takes that.
    fn scopes(&self, subject: &Subject) -> (Vec<Scope>, Option<Missing>) {
        let (mut parts, mut perhaps) = (BTreeSet::new(), None);
        let is_named =
            |tag: &&PartTag| self.inside.as_ref().is_none_or(|inside| inside.contains(tag));
        match &subject.parts {
            Parts::Declared(own) => parts.extend(own.iter().filter(is_named)),
            Parts::Undeclared if self.inside.as_ref().is_some_and(BTreeSet::is_empty) => {}
            Parts::Undeclared => perhaps = Some(Missing::Parts),
        }
        match &subject.adjacent {
            Parts::Declared(near) => {
                parts.extend(near.iter().filter(|tag| self.beside.contains(tag)))
            }
            Parts::Undeclared if self.beside.is_empty() => {}
            Parts::Undeclared => perhaps = perhaps.or(Some(Missing::Adjacency)),
        }
        (parts.into_iter().cloned().map(Scope::Part).collect(), perhaps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Confidence, Controller, Controllers, Party};

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

    #[test]
    fn a_figure_carries_its_dates_its_severity_and_its_waiver() {
        let pack = pack(
            "cap = { share = 35, denominator = \"devices\", per = \"site\" }\n\
             party = { vendors = [\"zte\"], relations = [\"maker\"] }\nplace = { where = \"anywhere\" }\n\
             action = [{ do = \"remove\", date = 2026-11-20 }, { do = \"no-install\", date = 2026-12-01, only = { sites = [\"hq\"] } }, \
             { do = \"permit\", period = \"1y\", from = \"first-seen\" }]",
        );
        let at =
            |id: &str, site: &str| Subject { sites: Some([site.to_owned()].into()), ..made_by(id) };
        let approval = |by: &str| crate::Approval { by: by.to_owned(), role: None };
        let waiver = |subject: &str, expires: &str| crate::Waiver {
            pack: "p".to_owned(),
            rule: "r".to_owned(),
            subject: subject.to_owned(),
            reason: "replacement is ordered".to_owned(),
            approver: approval("A. Example"),
            second_approver: approval("B. Example"),
            further: Vec::new(),
            expires: expires.parse().unwrap(),
        };
        let waivers = vec![waiver("hq", "2026-11-21"), waiver("yard", "2026-11-20")];
        let context = Context { waivers, ..Context::default() };
        let all = [at("zte", "hq"), at("zte", "yard"), at("nokia", "shed")];
        let told =
            evaluate_set(&pack, &pack.rules[0], &all, &context, "2026-11-21".parse().unwrap());
        let told = told.unwrap();
        let [hq, shed, yard] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((hq.verdict, hq.is_waived(), hq.is_overdue()), (Verdict::Match, true, true));
        assert_eq!((hq.severity, hq.force), (Severity::Low, None));
        let left: Vec<_> =
            hq.actions.iter().map(|due| (due.state, due.days_left, due.missing)).collect();
        let wanted = [
            (ActionState::Ahead, Some(10), None),
            (ActionState::Overdue, Some(-1), None),
            (ActionState::Undetermined, None, Some(Missing::FirstSeen)),
        ];
        assert_eq!(left, wanted);
        assert_eq!(hq.next_due().and_then(|due| due.days_left), Some(10));
        // What is only for the other site is not asked of this one, and its waiver has ended.
        assert_eq!(yard.next_due().and_then(|due| due.days_left), Some(-1));
        let state = yard.waiver.as_ref().map(|waived| waived.state);
        assert_eq!((yard.is_waived(), state), (false, Some(WaiverState::Expired)));
        assert_eq!((shed.verdict, shed.actions.len()), (Verdict::NoMatch, 0));
        assert!(shed.waiver.is_none());
        let data = serde_json::to_value(hq).unwrap();
        assert_eq!(data["actions"][0]["due"], "2026-12-01");
        assert_eq!(data["waiver"]["state"], "holds");
    }

    #[test]
    fn a_figure_says_that_a_stronger_binding_was_neither_claimed_nor_denied() {
        let mut pack = pack(
            "cap = { share = 35, denominator = \"devices\", per = \"network\" }\n\
             party = { vendors = [\"zte\"], relations = [\"maker\"] }\nplace = { where = \"anywhere\" }",
        );
        let binding =
            |who: &str, force| crate::pack::Binding { who: who.to_owned(), force, severity: None };
        pack.binds =
            vec![binding("government", Force::Obligation), binding("vital", Force::Advice)];
        let told = |is_not: &[&str], maker: &str| {
            let is_not = is_not.iter().map(|one| (*one).to_owned()).collect();
            let context = Context { is: ["vital".to_owned()].into(), is_not, ..Context::default() };
            let on = "2026-11-21".parse().unwrap();
            evaluate_set(&pack, &pack.rules[0], &[made_by(maker)], &context, on).unwrap().remove(0)
        };
        let figure = told(&[], "zte");
        assert_eq!((figure.verdict, figure.force), (Verdict::Match, Some(Force::Advice)));
        assert_eq!(figure.open, [Missing::Addressee]);
        assert_eq!(serde_json::to_value(&figure).unwrap()["open"][0], "addressee");
        assert_eq!(told(&["government"], "zte").open, []);
        assert_eq!(told(&[], "nokia").open, []);
    }

    #[test]
    fn what_stands_beside_a_part_counts_for_it_where_the_place_takes_it() {
        let pack = pack(
            "cap = { share = 35, denominator = \"devices\", per = \"part\" }\n\
             party = { vendors = [\"zte\"], relations = [\"maker\"] }\n\
             place = { parts = [\"core.cp\"], adjacent-to = [\"core.cp\", \"core.up\"] }",
        );
        let tags =
            |tags: &[&str]| Parts::Declared(tags.iter().map(|tag| tag.parse().unwrap()).collect());
        let at = |id: &str, inside: &[&str], beside: &[&str]| Subject {
            parts: tags(inside),
            adjacent: tags(beside),
            ..made_by(id)
        };
        let told = |subjects: &[Subject]| {
            let figures = figures(&pack, subjects);
            figures.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let beside = at("zte", &["lan.core"], &["core.cp", "core.up", "lan.acc"]);
        assert_eq!(
            told(&[beside.clone(), at("nokia", &["core.cp"], &[])]),
            [
                "part core.cp: certainly 1 of 2 devices; allowed are 35 %",
                "part core.up: certainly 1 of 1 devices; allowed are 35 %"
            ]
        );
        // In one part for certain, and nobody knows beside which it stands: it may count for the other too.
        let loose = Subject { adjacent: Parts::Undeclared, ..at("zte", &["core.cp"], &[]) };
        assert_eq!(
            told(&[loose, at("nokia", &[], &["core.up"])]),
            [
                "part core.cp: certainly 1 of 1 devices; allowed are 35 %",
                "part core.up: certainly 0 of 1 devices, possibly 1 of 2; allowed are 35 %"
            ]
        );
        // Beside nothing, and in none of the rule's parts: it is out of the rule.
        assert_eq!(told(&[at("zte", &["lan.core"], &[])]).len(), 1);
        assert!(told(&[at("zte", &["lan.core"], &[])])[0].contains("0 of 0"));
    }
}
