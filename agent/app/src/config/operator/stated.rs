//! What several statements come to together. For each key the latest counts that has it; where two of that day differ, none
//! does, as with answers, and the report says so.

use std::collections::{BTreeMap, BTreeSet};

use herkomst_ids::{Country, VendorId};
use herkomst_rules::{
    Confidence, Controller, CountryFact, CountryOf, Parts, Party, Subject, Suppliers,
};
use jiff::civil::Date;

use super::statement::{DeviceStatement, Facts, MakerStatement, Told};

/// All that is stated of one device, the latest statement last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stated<'a> {
    statements: Vec<&'a DeviceStatement>,
}

/// All that is stated of one maker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct StatedMaker {
    /// Who controls it: these and no others.
    pub(crate) controllers: Option<Vec<Controller>>,
    /// Whether statements of one day differ on who does.
    pub(crate) differs_on_controllers: bool,
    /// Whom it controls.
    pub(crate) controls: Option<Vec<Controller>>,
    /// Whose business it took over.
    pub(crate) successor_of: Option<Vec<Controller>>,
    /// Who took over its business.
    pub(crate) predecessor_of: Option<Vec<Controller>>,
    /// Whether a state owns it.
    pub(crate) state_owned: Option<bool>,
    /// Where it sits, and where those who control it do.
    pub(crate) countries: BTreeMap<CountryOf, Country>,
    /// In words, for the report.
    pub(crate) in_words: Vec<String>,
}

/// What statements come to that are sorted by their day, the latest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sum<T> {
    /// None says anything.
    Unsaid,
    /// The latest that says anything says this.
    Says(T),
    /// Two of the latest day say different things.
    Differs,
}

impl<T: PartialEq> Sum<T> {
    fn of(said: impl DoubleEndedIterator<Item = (Date, Option<T>)>) -> Self {
        let mut said = said.rev().filter_map(|(date, value)| Some((date, value?)));
        let Some((day, value)) = said.next() else { return Self::Unsaid };
        let agrees = said.take_while(|(date, _)| *date == day).all(|(_, other)| other == value);
        if agrees { Self::Says(value) } else { Self::Differs }
    }

    /// Takes the place of what is known otherwise. Where statements differ nobody knows which is right, nor whether what is known
    /// otherwise is.
    fn replace<K>(self, known: &mut K, unknown: K, make: impl FnOnce(T) -> K) {
        match self {
            Self::Unsaid => {}
            Self::Says(value) => *known = make(value),
            Self::Differs => *known = unknown,
        }
    }

    fn said(self) -> Option<T> {
        if let Self::Says(value) = self { Some(value) } else { None }
    }
}

/// What each statement says, with who does, and which keys do not count.
fn in_words(about: &str, all: &[(&Told, Vec<(String, String)>)]) -> Vec<String> {
    let list = |said: &[(String, String)]| {
        said.iter().map(|(key, value)| format!("{key} = {value}")).collect::<Vec<_>>().join(", ")
    };
    let mut words: Vec<String> = all
        .iter()
        .map(|(told, said)| {
            let Told { author, date, evidence } = told;
            format!("{about}{} stated by {author} on {date}: {evidence}", list(said))
        })
        .collect();
    // Roles add up, and never contradict each other.
    let keys: BTreeSet<&str> = all
        .iter()
        .flat_map(|(_, said)| said.iter().map(|(key, _)| key.as_str()))
        .filter(|key| *key != "roles")
        .collect();
    let torn = keys.into_iter().filter(|key| {
        let said = all.iter().map(|(told, said)| {
            (told.date, said.iter().find(|(known, _)| known == key).map(|(_, value)| value))
        });
        Sum::of(said) == Sum::Differs
    });
    words.extend(
        torn.map(|key| {
            format!("{about}{key}: statements of one day differ, and none of them counts")
        }),
    );
    words
}

impl<'a> Stated<'a> {
    /// They are sorted by their day.
    pub(super) fn of(statements: Vec<&'a DeviceStatement>) -> Self {
        Self { statements }
    }

    fn latest<T: PartialEq>(&self, of: impl Fn(&'a Facts) -> Option<T>) -> Sum<T> {
        Sum::of(self.statements.iter().map(|one| (one.told.date, of(&one.facts))))
    }

    /// The makers that are stated: one, or those that statements of one day differ on.
    pub(crate) fn makers(&self) -> Vec<&'a VendorId> {
        let stated = || {
            let all = self.statements.iter();
            all.filter_map(|one| Some((one.told.date, one.facts.maker.as_ref()?)))
        };
        let last = stated().next_back().map(|(day, _)| day);
        let mut makers: Vec<&VendorId> = Vec::new();
        for (_, maker) in stated().filter(|(day, _)| Some(*day) == last) {
            if !makers.contains(&maker) {
                makers.push(maker);
            }
        }
        makers
    }

    /// The roles that were seen, and those that are stated.
    pub(crate) fn with_roles(&self, seen: &BTreeSet<String>) -> BTreeSet<String> {
        let stated = self.statements.iter().flat_map(|one| &one.facts.roles);
        seen.iter().chain(stated).cloned().collect()
    }

    /// In words, for the report: what is stated, by whom, since when and on what.
    pub(crate) fn in_words(&self) -> Vec<String> {
        let all: Vec<_> = self.statements.iter().map(|one| (&one.told, one.facts.said())).collect();
        in_words("", &all)
    }

    /// Adds it to a subject: all but the maker, on whom more depends.
    pub(crate) fn apply(&self, subject: &mut Subject) {
        let roles = self.statements.iter().flat_map(|one| &one.facts.roles);
        subject.roles.extend(roles.cloned());
        self.latest(|facts| facts.brand.as_ref()).replace(&mut subject.brand, None, |brand| {
            Some(Party { id: brand.clone(), confidence: Confidence::Confirmed })
        });
        self.latest(|facts| facts.suppliers.as_ref()).replace(
            &mut subject.suppliers,
            Suppliers::Unrecorded,
            |suppliers| Suppliers::Recorded(suppliers.clone()),
        );
        self.put(&mut subject.family, |facts| facts.family.as_ref());
        self.put(&mut subject.software, |facts| facts.software.as_ref());
        self.put(&mut subject.generations, |facts| facts.generations.as_ref());
        self.put(&mut subject.purposes, |facts| facts.purposes.as_ref());
        self.put(&mut subject.events, |facts| facts.events.as_ref());
        self.put(&mut subject.classification, |facts| facts.classification.as_ref());
        self.put(&mut subject.ports, |facts| facts.ports.as_ref());
        self.put(&mut subject.first_seen, |facts| facts.first_seen.as_ref());
        self.latest(|facts| facts.connected.as_ref()).replace(
            &mut subject.connected,
            Parts::Undeclared,
            |parts| Parts::Declared(parts.clone()),
        );
        let sure = |country: &Country| CountryFact {
            country: *country,
            confidence: Confidence::Confirmed,
        };
        self.put_each(&mut subject.countries, |facts| &facts.countries, sure);
        self.put_each(&mut subject.attributes, |facts| &facts.attributes, Clone::clone);
        self.put_each(&mut subject.traits, |facts| &facts.traits, |is| *is);
    }

    fn put<T: Clone + PartialEq + 'a>(
        &self,
        known: &mut Option<T>,
        of: impl Fn(&'a Facts) -> Option<&'a T>,
    ) {
        self.latest(of).replace(known, None, |stated| Some(stated.clone()));
    }

    fn put_each<K: Ord + Clone + 'a, T: PartialEq + 'a, V>(
        &self,
        known: &mut BTreeMap<K, V>,
        of: impl Fn(&'a Facts) -> &'a BTreeMap<K, T>,
        make: impl Fn(&T) -> V,
    ) {
        let keys: BTreeSet<&K> =
            self.statements.iter().flat_map(|one| of(&one.facts).keys()).collect();
        for key in keys {
            let mut value = known.remove(key);
            self.latest(|facts| of(facts).get(key))
                .replace(&mut value, None, |said| Some(make(said)));
            known.extend(value.map(|value| (key.clone(), value)));
        }
    }
}

impl StatedMaker {
    /// They are of one maker, sorted by their day.
    pub(super) fn of(statements: &[&MakerStatement]) -> Self {
        let Some(first) = statements.first() else { return Self::default() };
        let ties = |of: fn(&MakerStatement) -> &Option<Vec<Controller>>| {
            Sum::of(statements.iter().map(|one| (one.told.date, of(one).clone())))
        };
        let mut countries = BTreeMap::new();
        for of in statements.iter().flat_map(|one| one.countries.keys()) {
            let said = statements.iter().map(|one| (one.told.date, one.countries.get(of)));
            countries.extend(Sum::of(said).said().map(|country| (*of, *country)));
        }
        let all: Vec<_> = statements.iter().map(|one| (&one.told, one.said())).collect();
        let controllers = ties(|one| &one.controllers);
        let owned = statements.iter().map(|one| (one.told.date, one.state_owned));
        Self {
            differs_on_controllers: controllers == Sum::Differs,
            controllers: controllers.said(),
            controls: ties(|one| &one.controls).said(),
            successor_of: ties(|one| &one.successor_of).said(),
            predecessor_of: ties(|one| &one.predecessor_of).said(),
            state_owned: Sum::of(owned).said(),
            countries,
            in_words: in_words(&format!("{}: ", first.id), &all),
        }
    }
}

#[cfg(test)]
mod tests {
    use herkomst_rules::Trait;

    use super::*;
    use crate::config::operator::{Operator, parse};
    use crate::config::problems::Problems;

    fn parsed(text: &str) -> Operator {
        let mut problems = Problems::default();
        let operator = parse("parts.toml", text, &mut problems);
        assert_eq!(problems.to_string(), "");
        operator
    }

    fn statement(table: &str, says: &str, date: &str) -> String {
        format!("[[{table}]]\n{says}\nauthor = \"A\"\ndate = {date}\nevidence = \"label\"\n")
    }

    fn stated(says: &[(&str, &str)]) -> (Vec<String>, Subject, Vec<String>) {
        let which = "which = { serials = [\"S1\"] }\n";
        let text: String = says
            .iter()
            .map(|(says, date)| statement("device", &format!("{which}{says}"), date))
            .collect();
        let operator = parsed(&text);
        let mut statements: Vec<&DeviceStatement> = operator.devices.iter().collect();
        statements.sort_by_key(|one| one.told.date);
        let stated = Stated::of(statements);
        let mut subject = Subject::default();
        subject.traits.insert(Trait::Passive, true);
        stated.apply(&mut subject);
        (stated.makers().into_iter().map(VendorId::to_string).collect(), subject, stated.in_words())
    }

    #[test]
    fn two_statements_of_one_day_that_differ_count_for_nothing_and_are_told() {
        let day = "2026-11-01";
        let (makers, subject, words) = stated(&[
            (
                "maker = \"huawei\"\nports = 4\npassive = true\nattributes = [\"weight-kg = 2\"]",
                day,
            ),
            (
                "maker = \"nokia\"\nports = 4\npassive = false\nattributes = [\"weight-kg = 3\"]",
                day,
            ),
            ("maker = \"cisco\"", "2026-10-01"),
        ]);
        assert_eq!(makers, ["huawei", "nokia"]);
        assert_eq!(subject.ports, Some(4), "what they agree on counts");
        assert!(subject.traits.is_empty() && subject.attributes.is_empty(), "{subject:?}");
        for told in [
            "maker = huawei, ports = 4, attribute weight-kg = 2, passive = true stated by A on 2026-11-01: label",
            "maker: statements of one day differ, and none of them counts",
            "passive: statements of one day differ, and none of them counts",
            "attribute weight-kg: statements of one day differ, and none of them counts",
        ] {
            assert!(words.iter().any(|line| line == told), "{told}: {words:#?}");
        }
        assert_eq!(words.len(), 6, "{words:#?}");
    }

    #[test]
    fn the_latest_that_says_it_counts_for_each_key() {
        let (makers, subject, words) = stated(&[
            ("maker = \"nokia\"\nsoftware = []\nroles = [\"olt\"]", "2026-11-02"),
            ("maker = \"huawei\"\nports = 4\nroles = [\"router\"]", "2026-11-01"),
        ]);
        assert_eq!((makers, subject.ports), (vec!["nokia".to_owned()], Some(4)));
        assert_eq!(subject.roles.len(), 2, "roles add up");
        assert_eq!(
            words[1],
            "maker = nokia, roles = olt, software = none stated by A on 2026-11-02: label"
        );
        assert_eq!(words.len(), 2, "{words:#?}");
    }

    #[test]
    fn a_later_statement_on_a_maker_erases_nothing_that_it_does_not_speak_of() {
        let on = "2026-11-21".parse().unwrap();
        let text = statement(
            "maker",
            "id = \"nokia\"\ncontrollers = [{ id = \"huawei\", by = [\"majority\"], share = \"60\" }]",
            "2026-10-01",
        );
        let later = statement("maker", "id = \"nokia\"\nstate-owned = false", "2026-11-01");
        let nokia = "nokia".parse().unwrap();
        let told = parsed(&format!("{text}{later}")).maker(&nokia, on);
        assert_eq!(
            (told.controllers.map(|all| all.len()), told.state_owned),
            (Some(1), Some(false))
        );
        assert_eq!(
            told.in_words[0],
            "nokia: controllers = huawei (majority, 60 %) stated by A on 2026-10-01: label"
        );
        let other = statement("maker", "id = \"nokia\"\nstate-owned = true", "2026-11-01");
        let told = parsed(&format!("{text}{later}{other}")).maker(&nokia, on);
        assert_eq!((told.controllers.map(|all| all.len()), told.state_owned), (Some(1), None));
        assert_eq!(told.in_words.len(), 4, "{:#?}", told.in_words);
        let none = statement("maker", "id = \"nokia\"\ncontrollers = []", "2026-10-01");
        let told = parsed(&format!("{text}{none}")).maker(&nokia, on);
        assert!(told.differs_on_controllers && told.controllers.is_none(), "{told:?}");
    }
}
