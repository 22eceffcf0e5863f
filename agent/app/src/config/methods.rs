//! Which means of finding something out are on: the words of `--methods`, and those of `[[scan.ask]]`.
//!
//! Two words stand for several: `listen` for all that is heard, and `tables` for all tables of SNMP, each read where it fits. A
//! table that is named by its own word is read from every device that answers.

use std::collections::{BTreeMap, BTreeSet};

use herkomst_model::{Method, Table};
use herkomst_probe::snmp::plan::Wanted;

use super::problems::{Problems, hint};

/// A means of finding something out. The order is that of outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Means {
    /// ARP, asked and heard.
    Arp,
    /// IPv6 neighbour discovery, asked and heard.
    Nd,
    /// ICMP and ICMPv6 echo.
    Icmp,
    /// SNMP: the engine id and the system group.
    Snmp,
    /// A table over SNMP.
    Table(Table),
    /// LLDP, heard.
    Lldp,
    /// CDP, heard.
    Cdp,
    /// EDP, heard.
    Edp,
    /// FDP, heard.
    Fdp,
    /// SONMP, heard.
    Sonmp,
    /// MNDP, heard.
    Mndp,
    /// DHCP and DHCPv6, heard.
    Dhcp,
    /// Multicast DNS, heard.
    Mdns,
    /// SSDP, heard.
    Ssdp,
    /// WS-Discovery, heard.
    WsDiscovery,
    /// VRRP, heard.
    Vrrp,
    /// HSRP, heard.
    Hsrp,
    /// GLBP, heard.
    Glbp,
    /// CARP, heard.
    Carp,
    /// A general query of Multicast Listener Discovery: it can win the election of the querier (RFC 3810, 7.6.2).
    MldQuery,
    /// The discovery of Hikvision, asked.
    SadpQuery,
    /// The discovery of Dahua, asked.
    DhipQuery,
    /// WS-Discovery for cameras, asked.
    OnvifQuery,
    /// SSDP, asked.
    SsdpQuery,
    /// Multicast DNS, asked.
    MdnsQuery,
}

impl Means {
    /// What is heard when neighbours say it unasked.
    pub(crate) const HEARD: [Self; 14] = [
        Self::Lldp,
        Self::Cdp,
        Self::Edp,
        Self::Fdp,
        Self::Sonmp,
        Self::Mndp,
        Self::Dhcp,
        Self::Mdns,
        Self::Ssdp,
        Self::WsDiscovery,
        Self::Vrrp,
        Self::Hsrp,
        Self::Glbp,
        Self::Carp,
    ];
    /// Questions to one target each, which nobody is asked unless the operator says so.
    pub(crate) const QUESTIONS: [Self; 5] =
        [Self::SadpQuery, Self::DhipQuery, Self::OnvifQuery, Self::SsdpQuery, Self::MdnsQuery];
    /// What is asked in every scan, but for tables.
    const ASKED: [Self; 4] = [Self::Arp, Self::Nd, Self::Icmp, Self::Snmp];

    /// All of them, in the order of outputs.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let tables = Table::ALL.into_iter().map(Self::Table);
        let asked = Self::ASKED.into_iter().chain(tables);
        asked.chain(Self::HEARD).chain([Self::MldQuery]).chain(Self::QUESTIONS)
    }

    /// The protocols that it hears.
    fn heard_as(self) -> &'static [Method] {
        match self {
            Self::Arp => &[Method::Arp],
            Self::Nd => &[Method::Ndp, Method::Mld],
            Self::Lldp => &[Method::Lldp],
            Self::Cdp => &[Method::Cdp],
            Self::Edp => &[Method::Edp],
            Self::Fdp => &[Method::Fdp],
            Self::Sonmp => &[Method::Sonmp],
            Self::Mndp => &[Method::Mndp],
            Self::Dhcp => &[Method::Dhcp, Method::Dhcpv6],
            Self::Mdns => &[Method::Mdns],
            Self::Ssdp => &[Method::Ssdp],
            // Cameras announce themselves by these too.
            Self::WsDiscovery => &[Method::WsDiscovery, Method::Sadp, Method::Dhip],
            Self::Vrrp => &[Method::Vrrp],
            Self::Hsrp => &[Method::Hsrp],
            Self::Glbp => &[Method::Glbp],
            Self::Carp => &[Method::Carp],
            Self::Icmp
            | Self::Snmp
            | Self::Table(_)
            | Self::MldQuery
            | Self::SadpQuery
            | Self::DhipQuery
            | Self::OnvifQuery
            | Self::SsdpQuery
            | Self::MdnsQuery => &[],
        }
    }

    /// The word in `--methods` and in outputs.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Arp => "arp",
            Self::Nd => "nd",
            Self::Icmp => "icmp",
            Self::Snmp => "snmp",
            Self::Table(table) => table.as_str(),
            Self::Lldp => "lldp",
            Self::Cdp => "cdp",
            Self::Edp => "edp",
            Self::Fdp => "fdp",
            Self::Sonmp => "sonmp",
            Self::Mndp => "mndp",
            Self::Dhcp => "dhcp",
            Self::Mdns => "mdns",
            Self::Ssdp => "ssdp",
            Self::WsDiscovery => "ws-discovery",
            Self::Vrrp => "vrrp",
            Self::Hsrp => "hsrp",
            Self::Glbp => "glbp",
            Self::Carp => "carp",
            Self::MldQuery => "mld-query",
            Self::SadpQuery => "sadp-query",
            Self::DhipQuery => "dhip-query",
            Self::OnvifQuery => "onvif-query",
            Self::SsdpQuery => "ssdp-query",
            Self::MdnsQuery => "mdns-query",
        }
    }
}

/// The word for all that is heard.
const LISTEN: &str = "listen";
/// The word for all tables, where they fit.
const TABLES: &str = "tables";

/// Which means are on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Methods {
    on: BTreeSet<Means>,
    /// Tables that the operator named by their own words: every device that answers is asked for them.
    always: BTreeSet<Table>,
    /// The operator named them: also devices that are spared otherwise are asked.
    pub(crate) named: bool,
}

impl Default for Methods {
    /// All but what may disturb: queries, which somebody has to want.
    fn default() -> Self {
        let tables = Table::ALL.into_iter().map(Means::Table);
        let on = Means::ASKED.into_iter().chain(tables).chain(Means::HEARD).collect();
        Self { on, always: BTreeSet::new(), named: false }
    }
}

impl Methods {
    /// Every word that may be given, in the order of the manual.
    pub(crate) fn words() -> Vec<&'static str> {
        let mut words = vec![TABLES, LISTEN];
        words.extend(Means::all().map(Means::as_str));
        words
    }

    /// Reads the operator's words, each with its place; none given is the default.
    pub(crate) fn read(named: Option<Vec<(String, String)>>, problems: &mut Problems) -> Self {
        let Some(named) = named else { return Self::default() };
        if named.is_empty() {
            problems.add("scan.methods", "is an empty list: leave it out for all methods");
        }
        let mut methods = Self { on: BTreeSet::new(), always: BTreeSet::new(), named: true };
        for (place, word) in named {
            match word.trim() {
                LISTEN => methods.on.extend(Means::HEARD),
                TABLES => methods.on.extend(Table::ALL.map(Means::Table)),
                word => match Means::all().find(|means| means.as_str() == word) {
                    Some(means) => {
                        methods.on.insert(means);
                        if let Means::Table(table) = means {
                            methods.always.insert(table);
                        }
                    }
                    None => problems.add(
                        &place,
                        format!("{word:?} is no method; {}", hint(word, &Self::words())),
                    ),
                },
            }
        }
        // No table is read from an agent that was not spoken to.
        if methods.on.iter().any(|means| matches!(means, Means::Table(_))) {
            methods.on.insert(Means::Snmp);
        }
        methods
    }

    /// Whether it is on.
    pub(crate) fn has(&self, means: Means) -> bool {
        self.on.contains(&means)
    }

    /// The tables to read, and of whom.
    pub(crate) fn tables(&self) -> BTreeMap<Table, Wanted> {
        let wanted = |table: Table| match self.always.contains(&table) {
            true => Wanted::Always,
            false => Wanted::WhereItFits,
        };
        let table = |means: &Means| match means {
            Means::Table(table) => Some((*table, wanted(*table))),
            _ => None,
        };
        self.on.iter().filter_map(table).collect()
    }

    /// The protocols that are listened to.
    pub(crate) fn heard(&self) -> Vec<Method> {
        self.on.iter().flat_map(|means| means.heard_as()).copied().collect()
    }

    /// The questions that every target is asked.
    pub(crate) fn questions(&self) -> BTreeSet<Means> {
        Means::QUESTIONS.into_iter().filter(|means| self.has(*means)).collect()
    }

    /// The words of those that are on, each by its own.
    pub(crate) fn names(&self) -> Vec<String> {
        self.on.iter().map(|means| means.as_str().to_owned()).collect()
    }

    /// The same in few words, for people.
    pub(crate) fn in_short(&self) -> Vec<&'static str> {
        let whole_tables = Table::ALL.iter().all(|table| self.has(Means::Table(*table)));
        let whole_heard = Means::HEARD.iter().all(|means| self.has(*means));
        let mut words: Vec<&str> = Vec::new();
        for means in &self.on {
            let word = match means {
                Means::Table(table) if whole_tables && !self.always.contains(table) => TABLES,
                means if whole_heard && Means::HEARD.contains(means) => LISTEN,
                means => means.as_str(),
            };
            if !words.contains(&word) {
                words.push(word);
            }
        }
        words
    }
}

/// Reads the words of `[[scan.ask]]`: questions alone, since all else is for every target or for none.
pub(crate) fn read_questions(
    words: Vec<(String, String)>,
    problems: &mut Problems,
) -> BTreeSet<Means> {
    let known = Means::QUESTIONS.map(Means::as_str);
    let mut questions = BTreeSet::new();
    for (place, word) in words {
        match Means::QUESTIONS.into_iter().find(|means| means.as_str() == word.trim()) {
            Some(means) => {
                questions.insert(means);
            }
            None => {
                problems.add_configuration(
                    &place,
                    format!(
                        "is {word:?}, no question to a group of targets; {}",
                        hint(&word, &known)
                    ),
                );
            }
        }
    }
    questions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> (Methods, String) {
        let mut problems = Problems::default();
        let given = words.iter().map(|word| ("--methods".to_owned(), (*word).to_owned())).collect();
        let methods = Methods::read(Some(given), &mut problems);
        (methods, problems.to_string())
    }

    #[test]
    fn every_means_has_a_word_of_its_own_in_the_order_of_the_enum() {
        let all: Vec<Means> = Means::all().collect();
        assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
        let words: BTreeSet<&str> = Methods::words().into_iter().collect();
        assert_eq!(words.len(), all.len() + 2);
        for means in all {
            let (methods, problems) = read(&[means.as_str()]);
            assert!(methods.has(means) && problems.is_empty(), "{means:?}: {problems}");
        }
    }

    #[test]
    fn the_schema_of_the_report_lists_every_word() {
        let schema = include_str!("../../../../docs/scan.schema.json");
        let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
        let listed = schema.pointer("/$defs/Scan/properties/methods/items/enum");
        let listed: Vec<&str> =
            listed.unwrap().as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
        assert_eq!(listed, Means::all().map(Means::as_str).collect::<Vec<_>>());
    }

    #[test]
    fn nobody_is_queried_by_default() {
        let methods = Methods::default();
        assert!(!methods.has(Means::MldQuery) && methods.questions().is_empty());
        assert!(Means::HEARD.iter().all(|means| methods.has(*means)));
        assert_eq!(methods.tables().len(), Table::ALL.len());
        assert_eq!(methods.in_short(), ["arp", "nd", "icmp", "snmp", "tables", "listen"]);
        // Neither do the words that stand for several.
        assert!(read(&["listen", "tables"]).0.questions().is_empty());
        assert!(!read(&["listen"]).0.has(Means::MldQuery));
    }

    #[test]
    fn a_table_by_its_own_word_is_read_from_everybody_and_brings_snmp() {
        let (methods, _) = read(&["tables", "snmp-forwarding"]);
        assert_eq!(methods.tables()[&Table::Forwarding], Wanted::Always);
        assert_eq!(methods.tables()[&Table::Entities], Wanted::WhereItFits);
        assert_eq!(methods.in_short(), ["snmp", "tables", "snmp-forwarding"]);
        assert!(methods.named && !methods.has(Means::Arp));
    }

    #[test]
    fn a_word_that_does_not_exist_is_named_with_the_nearest_one() {
        let (_, problems) = read(&["snpm", "ldp", "sadp-qurey"]);
        for says in ["did you mean \"snmp\"?", "did you mean \"lldp\"?", "\"sadp-query\"?"] {
            assert!(problems.contains(says), "{says}: {problems}");
        }
        let mut problems = Problems::default();
        Methods::read(Some(Vec::new()), &mut problems);
        assert!(problems.to_string().contains("scan.methods: is an empty list"), "{problems}");
    }

    #[test]
    fn a_group_of_targets_is_asked_questions_and_nothing_else() {
        let mut problems = Problems::default();
        let words = ["onvif-query", "arp"].map(|word| ("ask".to_owned(), word.to_owned()));
        let questions = read_questions(words.into(), &mut problems);
        assert_eq!(questions, [Means::OnvifQuery].into());
        assert!(problems.to_string().contains("ask: is \"arp\", no question"), "{problems}");
    }
}
