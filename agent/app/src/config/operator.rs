//! The operator's file: which devices are in which part of the network, and what else only the operator can say (what he
//! is, his orders, answers and waivers: `herkomst_rules::Context` reads those). Nothing is critical by default.
//!
//! A part is declared by prefixes, hardware addresses, names, serial numbers, roles, interfaces or VLANs; one of them that
//! fits suffices. What a declaration asks for and nobody knows of a device leaves it open whether the device is in that
//! part: unknown is not outside.

use std::collections::BTreeSet;
use std::net::IpAddr;

use herkomst_identify::{Identification, Role};
use herkomst_ids::{MacAddr, MacPrefix};
use herkomst_model::Device;
use herkomst_rules::{Context, Pack, PartTag, Parts, Rule};
use ipnet::IpNet;

use super::problems::{Problems, hint};
use super::section::{Document, Found, Section};

/// The most `[[part]]` tables of a file.
const MOST_PARTS: usize = 1000;
/// The longest pattern of a name.
const LONGEST_PATTERN: usize = 255;

/// What the operator declared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Operator {
    parts: Vec<Part>,
    /// What he is, his orders, answers and waivers.
    pub(crate) context: Context,
}

/// One `[[part]]`: whatever fits one of these is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    tag: PartTag,
    prefixes: Vec<IpNet>,
    macs: Vec<MacPrefix>,
    names: Vec<Pattern>,
    serials: BTreeSet<String>,
    roles: BTreeSet<String>,
    interfaces: BTreeSet<String>,
    vlans: BTreeSet<u16>,
}

/// A name in which `*` stands for any text and `?` for one character; letters of either case are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern(Vec<char>);

/// Which parts a device is in, and in which it may be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Membership {
    /// It is in these.
    pub(crate) certain: BTreeSet<PartTag>,
    /// It may be in these too: what they ask for is not known of it.
    pub(crate) possible: BTreeSet<PartTag>,
}

impl Membership {
    /// What a rule is told: where it asks for a part that the device may be in, that nobody knows.
    pub(crate) fn for_rule(&self, pack: &Pack, rule: &Rule, context: &Context) -> Parts {
        let ordered = context.order(&pack.id).and_then(|order| order.parts.as_ref());
        let asked = || rule.parts().into_iter().chain(ordered.into_iter().flatten());
        if asked().any(|part| self.possible.contains(part)) {
            return Parts::Undeclared;
        }
        Parts::Declared(self.certain.clone())
    }
}

impl Operator {
    /// In which parts a device is. None when the file declares no part at all: whoever only states what he is, or holds
    /// an order, has said of no device that it is outside.
    pub(crate) fn membership(
        &self,
        device: &Device,
        found: &Identification<'_>,
    ) -> Option<Membership> {
        if self.parts.is_empty() {
            return None;
        }
        let mut membership = Membership::default();
        for part in &self.parts {
            match part.holds(device, found) {
                Some(true) => drop(membership.certain.insert(part.tag.clone())),
                None => drop(membership.possible.insert(part.tag.clone())),
                Some(false) => {}
            }
        }
        Some(membership)
    }
}

impl Part {
    /// Kleene's or over what is declared: one that fits suffices, and one that nobody can tell leaves it open.
    fn holds(&self, device: &Device, found: &Identification<'_>) -> Option<bool> {
        let names: Vec<&str> = found.names.iter().map(|name| name.raw().trim()).collect();
        let serial = found.product.serial.as_ref().map(|serial| serial.raw().trim());
        let seen = &device.observations;
        let answers = [
            among(&self.prefixes, device.ips.iter(), |net, ip: &&IpAddr| net.contains(*ip)),
            among(&self.macs, device.macs.iter(), |prefix, mac: &&MacAddr| prefix.contains(**mac)),
            among(&self.names, names.iter(), |pattern, name| pattern.fits(name)),
            among(&self.serials, serial.iter(), |wanted, serial| wanted == *serial),
            among(&self.roles, found.roles.keys(), |wanted, role| wanted == role.as_str()),
            among(
                &self.interfaces,
                seen.iter().filter_map(|one| one.interface.as_deref()),
                |wanted, name| wanted == *name,
            ),
            among(&self.vlans, seen.iter().filter_map(|one| one.vlan), |wanted, vlan| {
                wanted == vlan
            }),
        ];
        if answers.contains(&Some(true)) {
            return Some(true);
        }
        if answers.contains(&None) { None } else { Some(false) }
    }
}

/// Whether one of the values that are known fits one that is wanted; none when something is wanted and nothing is known.
fn among<'a, W: 'a, V>(
    wanted: impl IntoIterator<Item = &'a W> + Copy,
    known: impl Iterator<Item = V>,
    fits: impl Fn(&'a W, &V) -> bool,
) -> Option<bool> {
    if wanted.into_iter().next().is_none() {
        return Some(false);
    }
    let mut any = false;
    for value in known {
        any = true;
        if wanted.into_iter().any(|one| fits(one, &value)) {
            return Some(true);
        }
    }
    any.then_some(false)
}

impl Pattern {
    fn new(text: &str) -> Self {
        Self(text.chars().flat_map(char::to_lowercase).collect())
    }

    /// Linear in the name for each `*`: the last one is enough to go back to.
    fn fits(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().flat_map(char::to_lowercase).collect();
        let (mut at, mut here) = (0, 0);
        let mut star = None;
        while here < name.len() {
            match self.0.get(at) {
                Some('*') => {
                    star = Some((at, here));
                    at += 1;
                }
                Some(c) if *c == '?' || *c == name[here] => {
                    at += 1;
                    here += 1;
                }
                _ => {
                    let Some((behind, from)) = star else { return false };
                    star = Some((behind, from + 1));
                    at = behind + 1;
                    here = from + 1;
                }
            }
        }
        self.0.get(at..).unwrap_or_default().iter().all(|c| *c == '*')
    }
}

/// Reads a file's text and notes every problem.
pub(crate) fn parse(name: &str, text: &str, problems: &mut Problems) -> Operator {
    let document = Document { file: name, text };
    let Some(table) = document.parse(text, problems) else { return Operator::default() };
    let root = Section::root(document, &table);
    let mut parts = Vec::new();
    let tables = root.items("part", problems);
    if tables.len() > MOST_PARTS {
        root.problem(problems, format!("has {} parts, allowed are {MOST_PARTS}", tables.len()));
    }
    for found in tables.into_iter().take(MOST_PARTS) {
        parts.extend(found.section(problems).and_then(|section| part(section, problems)));
    }
    for key in ["is", "is-not", "country-list", "order", "answer", "waiver"] {
        drop(root.take(key));
    }
    root.finish(problems);
    let context = Context::parse(text, name).unwrap_or_else(|wrong| {
        for problem in &wrong.problems {
            let place = format!("{name}:{}:{}", problem.line, problem.column);
            problems.add_configuration(&place, format!("{} {}", problem.key, problem.text));
        }
        Context::default()
    });
    Operator { parts, context }
}

fn part(section: Section<'_>, problems: &mut Problems) -> Option<Part> {
    let tag = section.need_text("tag", problems).and_then(|text| {
        let tag = text.parse::<PartTag>();
        tag.map_err(|error| section.problem(problems, format!("tag {error}"))).ok()
    });
    let roles: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
    let prefixes = each(&section, "prefixes", problems, |text| {
        let whole = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        whole
            .ok()
            .filter(|net| net.trunc() == *net)
            .ok_or("a prefix such as 10.0.0.0/24 without bits behind it, or an address".to_owned())
    });
    let macs = each(&section, "macs", problems, |text| {
        let address = text.parse::<MacAddr>().map(|mac| mac.prefix(48));
        address
            .or_else(|_| text.parse::<MacPrefix>())
            .map_err(|_| "a MAC address or a prefix such as 00:e0:fc".to_owned())
    });
    let names = each(&section, "names", problems, |text| {
        let fits = (1..=LONGEST_PATTERN).contains(&text.len());
        fits.then(|| Pattern::new(text))
            .ok_or(format!("a name of at most {LONGEST_PATTERN} bytes, * for any text"))
    });
    let serials = each(&section, "serials", problems, |text| {
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned()).ok_or("a serial number".to_owned())
    });
    let named_roles = each(&section, "roles", problems, |text| {
        roles
            .contains(&text)
            .then(|| text.to_owned())
            .ok_or_else(|| format!("a role; {}", hint(text, &roles)))
    });
    let interfaces = each(&section, "interfaces", problems, |text| {
        (1..=15)
            .contains(&text.len())
            .then(|| text.to_owned())
            .ok_or("the name of an interface of this host".to_owned())
    });
    let vlans = numbers(&section, problems);
    let is_empty = prefixes.is_empty()
        && macs.is_empty()
        && names.is_empty()
        && serials.is_empty()
        && named_roles.is_empty()
        && interfaces.is_empty()
        && vlans.is_empty();
    if is_empty && problems.is_empty() {
        section.problem(problems, "says of no device that it is in it: give prefixes, macs, names, serials, roles, interfaces or vlans");
    }
    section.finish(problems);
    Some(Part {
        tag: tag?,
        prefixes,
        macs,
        names,
        serials: serials.into_iter().collect(),
        roles: named_roles.into_iter().collect(),
        interfaces: interfaces.into_iter().collect(),
        vlans,
    })
}

/// Every text of a list as a value, or a problem that says what would be right.
fn each<T>(
    section: &Section<'_>,
    key: &'static str,
    problems: &mut Problems,
    read: impl Fn(&str) -> Result<T, String>,
) -> Vec<T> {
    let mut values = Vec::new();
    for item in section.items(key, problems) {
        let Some(text) = item.text(problems) else { continue };
        match read(text) {
            Ok(value) => values.push(value),
            Err(right) => item.problem(problems, format!("is not {right}")),
        }
    }
    values
}

fn numbers(section: &Section<'_>, problems: &mut Problems) -> BTreeSet<u16> {
    let mut vlans = BTreeSet::new();
    let read = |item: &Found<'_>, problems: &mut Problems| {
        item.number_or_text(problems)?.parse::<u16>().ok().filter(|vlan| (1..=4094).contains(vlan))
    };
    for item in section.items("vlans", problems) {
        match read(&item, problems) {
            Some(vlan) => drop(vlans.insert(vlan)),
            None => item.problem(problems, "is not a VLAN, allowed are 1 to 4094"),
        }
    }
    vlans
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (Operator, String) {
        let mut problems = Problems::default();
        let operator = parse("parts.toml", text, &mut problems);
        (operator, problems.to_string())
    }

    #[test]
    fn every_way_to_declare_a_part_is_read() {
        let (operator, problems) = parsed(
            "[[part]]\ntag = \"core.cp\"\nprefixes = [\"10.0.0.0/24\", \"2001:db8::/32\", \"10.1.1.1\"]\n\
             macs = [\"00:e0:fc\", \"00:e0:fc:12:34:56\"]\nnames = [\"core-*\"]\nserials = [\"21980107\"]\n\
             roles = [\"router\"]\ninterfaces = [\"eth1\"]\nvlans = [10, \"20\"]\n",
        );
        assert_eq!(problems, "");
        let part = &operator.parts[0];
        assert_eq!((part.prefixes.len(), part.macs.len(), part.vlans.len()), (3, 2, 2));
    }

    #[test]
    fn names_are_patterns_in_either_case() {
        for (pattern, name, fits) in [
            ("core-*", "CORE-pe-1", true),
            ("core-*", "score-1", false),
            ("*.example.net", "a.example.net", true),
            ("*.example.net", "a.example.net.", false),
            ("pe-?", "pe-1", true),
            ("pe-?", "pe-10", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b*", "xxbxxaxx", false),
            ("", "", true),
            ("*", "", true),
            ("É*", "é1", true),
        ] {
            assert_eq!(Pattern::new(pattern).fits(name), fits, "{pattern} {name}");
        }
    }

    #[test]
    fn a_pattern_of_stars_is_not_slow() {
        let pattern = Pattern::new(&"*a".repeat(120));
        assert!(!pattern.fits(&"a".repeat(100)));
        assert!(!Pattern::new(&format!("{}b", "*a".repeat(100))).fits(&"a".repeat(200)));
    }

    #[test]
    fn what_is_asked_for_and_not_known_is_open() {
        let wanted = [1, 2];
        let equal = |one: &i32, other: &i32| one == other;
        assert_eq!(among(&wanted, [2].into_iter(), equal), Some(true));
        assert_eq!(among(&wanted, [3].into_iter(), equal), Some(false));
        assert_eq!(among(&wanted, [].into_iter(), equal), None);
        let nothing: [i32; 0] = [];
        assert_eq!(among(&nothing, [3].into_iter(), equal), Some(false));
        assert_eq!(among(&nothing, [].into_iter(), equal), Some(false));
    }
}
