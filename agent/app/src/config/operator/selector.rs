//! By what a device is meant: prefixes, hardware addresses, names, serial numbers, roles, interfaces, VLANs, ports of
//! switches or its id in the report. One that fits suffices, and one that nobody can tell leaves it open: unknown is not outside.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use herkomst_identify::Identification;
use herkomst_ids::{MacAddr, MacPrefix};
use herkomst_model::{Device, DeviceText, Link, Place};
use herkomst_rules::ROLES;
use ipnet::IpNet;

use crate::config::problems::{Problems, hint};
use crate::config::section::{Found, Section};
use crate::coverage::Scanned;

/// The longest pattern of a name.
const LONGEST_PATTERN: usize = 255;
/// The most items of one list.
const MOST_ITEMS: usize = 10_000;

/// What is known of a device that a selector is held against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'a> {
    /// Its id in the report.
    pub(crate) id: &'a str,
    /// Its keys, and what was seen of it.
    pub(crate) device: &'a Device,
    /// What is concluded from that.
    pub(crate) found: &'a Identification<'a>,
    /// Its roles, those that the operator stated too.
    pub(crate) roles: &'a BTreeSet<String>,
    /// The devices whose ports tables show it at, by their place in the list of devices.
    pub(crate) switches: &'a BTreeMap<usize, Switch>,
}

/// A device with ports that others are plugged in at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Switch {
    /// Its id in the report.
    pub(crate) id: String,
    /// What it calls itself.
    pub(crate) names: Vec<DeviceText>,
    /// Its addresses.
    pub(crate) ips: BTreeSet<IpAddr>,
}

/// Whatever fits one of these.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Selector {
    ids: BTreeSet<String>,
    prefixes: Vec<IpNet>,
    macs: Vec<MacPrefix>,
    names: Vec<Pattern>,
    serials: BTreeSet<String>,
    roles: BTreeSet<String>,
    interfaces: BTreeSet<String>,
    vlans: BTreeSet<u16>,
    ports: Vec<PortPattern>,
}

/// A port of a switch, which its name, an address or its id stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PortPattern {
    switch: Pattern,
    port: Pattern,
}

/// A name in which `*` stands for any text and `?` for one character; letters of either case are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern(Vec<char>);

impl Selector {
    /// Reads the keys of a table that say which devices are meant.
    pub(super) fn read(section: &Section<'_>, problems: &mut Problems) -> Self {
        let ids = each(section, "ids", problems, |text| {
            let is_id = text.strip_prefix("dev-").is_some_and(|hash| {
                hash.len() == 16 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
            });
            is_id
                .then(|| text.to_owned())
                .ok_or("the id of a device in the report, such as dev-0123456789abcdef".to_owned())
        });
        let prefixes = prefixes(section, "prefixes", problems);
        let macs = each(section, "macs", problems, |text| {
            let address = text.parse::<MacAddr>().map(|mac| mac.prefix(48));
            address
                .or_else(|_| text.parse::<MacPrefix>())
                .map_err(|_| "a MAC address or a prefix such as 00:e0:fc".to_owned())
        });
        let names = each(section, "names", problems, |text| {
            let fits = (1..=LONGEST_PATTERN).contains(&text.len());
            fits.then(|| Pattern::new(text))
                .ok_or(format!("a name of at most {LONGEST_PATTERN} bytes, * for any text"))
        });
        let serials = each(section, "serials", problems, |text| {
            let text = text.trim();
            (!text.is_empty()).then(|| text.to_owned()).ok_or("a serial number".to_owned())
        });
        let interfaces = each(section, "interfaces", problems, |text| {
            (1..=15)
                .contains(&text.len())
                .then(|| text.to_owned())
                .ok_or("the name of an interface of this host".to_owned())
        });
        let ports = each(section, "ports", problems, |text| {
            let parts = text.trim().split_once(char::is_whitespace);
            let fits = text.len() <= LONGEST_PATTERN;
            parts
                .filter(|_| fits)
                .map(|(switch, port)| PortPattern {
                    switch: Pattern::new(switch),
                    port: Pattern::new(port.trim()),
                })
                .ok_or_else(|| "a switch (its name, an address or its id), a blank and a port: access-7 GE0/0/*".to_owned())
        });
        Self {
            ids: ids.into_iter().collect(),
            prefixes,
            macs,
            names,
            serials: serials.into_iter().collect(),
            roles: roles(section, problems),
            interfaces: interfaces.into_iter().collect(),
            vlans: numbers(section, problems),
            ports,
        }
    }

    /// Whether it means no device at all.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it means this one: Kleene's or over what is asked.
    pub(super) fn holds(&self, known: &Known<'_>) -> Option<bool> {
        let Known { id, device, found, roles, .. } = known;
        let names: Vec<&str> = found.names.iter().map(|name| name.raw().trim()).collect();
        let serial = found.product.serial.as_ref().map(|serial| serial.raw().trim());
        let seen = &device.observations;
        let answers = [
            Some(self.ids.contains(*id)),
            self.holds_an_address(device),
            among(&self.macs, device.macs.iter(), |prefix, mac: &&MacAddr| prefix.contains(**mac)),
            among(&self.names, names.iter(), |pattern, name| pattern.fits(name)),
            among(&self.serials, serial.iter(), |wanted, serial| wanted == *serial),
            among(&self.roles, roles.iter(), |wanted, role| wanted == *role),
            among(
                &self.interfaces,
                seen.iter().filter_map(|one| one.interface.as_deref()),
                |wanted, name| wanted == *name,
            ),
            among(
                &self.vlans,
                seen.iter().filter_map(|one| one.vlan).chain(device.vlans.iter().copied()),
                |wanted, vlan| wanted == vlan,
            ),
            self.holds_a_port(known),
        ];
        any(answers)
    }

    /// Whether it is plugged in at one of the ports. At one of several ports, or behind another switch, it may be; that it
    /// is not is known of whoever is plugged in elsewhere.
    fn holds_a_port(&self, known: &Known<'_>) -> Option<bool> {
        if self.ports.is_empty() {
            return Some(false);
        }
        let fits = |place: &Place| {
            known.switches.get(&place.port.device).is_some_and(|switch| {
                self.ports.iter().any(|wanted| wanted.fits(switch, &place.port.name))
            })
        };
        let (plugged, others): (Vec<&Place>, Vec<&Place>) =
            known.device.places.iter().partition(|place| place.link == Link::Plugged);
        if plugged.iter().any(|place| fits(place)) {
            return Some(true);
        }
        let is_open = plugged.is_empty() || others.iter().any(|place| fits(place));
        (!is_open).then_some(false)
    }

    /// Whether everything with an address in one of its prefixes was a target. Where there are prefixes of both families,
    /// those of IPv4 answer: they describe one place twice.
    pub(super) fn lies_within(&self, scanned: &Scanned) -> bool {
        self.prefixes.iter().filter(|net| net.addr().is_ipv4()).all(|net| scanned.holds(net))
    }

    /// A device is known by its addresses of either family, and those of one say nothing of the other: prefixes of IPv6
    /// alone leave it open of whom nobody looked which addresses of IPv6 it has. Prefixes of both describe one place twice, and
    /// an address of either family answers.
    fn holds_an_address(&self, device: &Device) -> Option<bool> {
        let is_asked =
            |ip: &&IpAddr| self.prefixes.iter().any(|net| net.addr().is_ipv4() == ip.is_ipv4());
        among(&self.prefixes, device.ips.iter().filter(is_asked), |net, ip| net.contains(*ip))
    }
}

/// Kleene's or.
pub(super) fn any(answers: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    let mut open = false;
    for answer in answers {
        match answer {
            Some(true) => return Some(true),
            Some(false) => {}
            None => open = true,
        }
    }
    (!open).then_some(false)
}

/// The prefixes of a list; an address alone is a prefix of itself.
pub(super) fn prefixes(
    section: &Section<'_>,
    key: &'static str,
    problems: &mut Problems,
) -> Vec<IpNet> {
    each(section, key, problems, |text| {
        let whole = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        whole
            .ok()
            .filter(|net| net.trunc() == *net)
            .ok_or("a prefix such as 10.0.0.0/24 without bits behind it, or an address".to_owned())
    })
}

/// The roles that a table lists.
pub(super) fn roles(section: &Section<'_>, problems: &mut Problems) -> BTreeSet<String> {
    let read = |text: &str| {
        let known = ROLES.contains(&text).then(|| text.to_owned());
        known.ok_or_else(|| format!("a role; {}", hint(text, ROLES)))
    };
    each(section, "roles", problems, read).into_iter().collect()
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

impl PortPattern {
    fn fits(&self, switch: &Switch, port: &DeviceText) -> bool {
        let named = switch.names.iter().any(|name| self.switch.fits(name.raw().trim()));
        let at = switch.ips.iter().any(|ip| self.switch.fits(&ip.to_string()));
        (named || at || self.switch.fits(&switch.id)) && self.port.fits(port.raw().trim())
    }
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

/// Every text of a list as a value, or a problem that says what would be right.
pub(super) fn each<T>(
    section: &Section<'_>,
    key: &'static str,
    problems: &mut Problems,
    read: impl Fn(&str) -> Result<T, String>,
) -> Vec<T> {
    let mut values = Vec::new();
    let items = section.items(key, problems);
    if items.len() > MOST_ITEMS {
        section.problem(problems, format!("has {} {key}, allowed are {MOST_ITEMS}", items.len()));
    }
    for item in items.into_iter().take(MOST_ITEMS) {
        // What would be right is searched for among all names of the file: not for problems that nobody is told.
        if problems.is_full() {
            break;
        }
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

    #[test]
    fn addresses_of_one_family_say_nothing_of_the_other() {
        let selector = |prefixes: &[&str]| Selector {
            prefixes: prefixes.iter().map(|net| net.parse().unwrap()).collect(),
            ..Selector::default()
        };
        let device = |ips: &[&str]| Device {
            ips: ips.iter().map(|ip| ip.parse().unwrap()).collect(),
            ..Device::default()
        };
        for (prefixes, ips, told) in [
            (&["2001:db8::/32"][..], &["192.0.2.1"][..], None),
            (&["2001:db8::/32"], &["192.0.2.1", "2001:db8::1"], Some(true)),
            (&["2001:db8::/32"], &["192.0.2.1", "2001:db9::1"], Some(false)),
            (&["192.0.2.0/24"], &["2001:db8::1"], None),
            (&["192.0.2.0/24", "2001:db8::/32"], &["198.51.100.1"], Some(false)),
            (&["192.0.2.0/24"], &[], None),
            (&[], &["192.0.2.1"], Some(false)),
        ] {
            let held = selector(prefixes).holds_an_address(&device(ips));
            assert_eq!(held, told, "{prefixes:?} {ips:?}");
        }
    }

    #[test]
    fn a_port_is_meant_by_its_switch_and_its_name() {
        let port = |wanted: &str| {
            let (switch, port) = wanted.split_once(' ').unwrap();
            PortPattern { switch: Pattern::new(switch), port: Pattern::new(port) }
        };
        let switch = Switch {
            id: "dev-0123456789abcdef".to_owned(),
            names: vec!["Access-7".into()],
            ips: ["192.0.2.7".parse().unwrap()].into(),
        };
        let name = DeviceText::from("GE0/0/7");
        for (wanted, fits) in [
            ("access-7 GE0/0/7", true),
            ("access-* ge0/0/*", true),
            ("192.0.2.7 GE0/0/7", true),
            ("dev-0123456789abcdef *", true),
            ("access-8 GE0/0/7", false),
            ("access-7 GE0/0/70", false),
        ] {
            assert_eq!(port(wanted).fits(&switch, &name), fits, "{wanted}");
        }
        let selector = Selector { ports: vec![port("access-7 GE0/0/7")], ..Selector::default() };
        let registry = herkomst_registry::embedded();
        let identifier = herkomst_identify::Identifier::new(registry);
        let switches = BTreeMap::from([(0, switch)]);
        let held = |places: &[(&str, Link)]| {
            let place = |(name, link): &(&str, Link)| Place {
                port: std::sync::Arc::new(herkomst_model::Port {
                    device: 0,
                    name: DeviceText::from(*name),
                    alias: None,
                    stations: 1,
                }),
                vlans: Vec::new(),
                link: *link,
                table: herkomst_model::Table::Forwarding,
            };
            let device = Device { places: places.iter().map(place).collect(), ..Device::default() };
            let found = identifier.identify(&device, "2026-11-22".parse().unwrap());
            let (id, roles, switches) = ("dev-0000000000000001", &BTreeSet::new(), &switches);
            selector.holds_a_port(&Known { id, device: &device, found: &found, roles, switches })
        };
        let (here, there) = ("GE0/0/7", "GE0/0/8");
        assert_eq!(held(&[(here, Link::Plugged)]), Some(true));
        assert_eq!(held(&[(there, Link::Plugged)]), Some(false));
        assert_eq!(held(&[(here, Link::OneOf), (there, Link::OneOf)]), None);
        assert_eq!(held(&[(there, Link::Uplink)]), None, "behind it may be the port");
        assert_eq!(held(&[]), None, "nobody looked");
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
