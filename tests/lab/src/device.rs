//! A fake device as the lab plays it. It is read from `tests/devices/NAME.toml` and checked before a thread starts; what
//! the file does not say is the behaviour of an ordinary host: it answers ARP and echo requests, has no SNMP agent and
//! announces nothing.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use herkomst_ids::{EngineId, MacAddr, Oid};

use crate::device_file::{DeviceFile, parsed, some_parsed};
use crate::objects::Objects;
use crate::{LabError, document};

/// A version of SNMP that has a community.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommunityVersion {
    /// RFC 1157.
    V1,
    /// RFC 1901.
    V2c,
}

/// An LLDP chassis or port id by its subtype (IEEE 802.1AB-2016, 8.5.2.2 and 8.5.3.2).
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LldpId {
    /// A MAC address, by default that of the device.
    #[serde(deserialize_with = "parsed")]
    Mac(MacAddr),
    /// `ifName`.
    InterfaceName(String),
    /// `ifAlias`.
    InterfaceAlias(String),
    /// A management address.
    Network(Ipv4Addr),
    /// What the device likes.
    Local(String),
}

/// A bit of the system capabilities (IEEE 802.1AB-2016, table 8-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    /// Bit 1.
    Other,
    /// Bit 2.
    Repeater,
    /// Bit 3.
    Bridge,
    /// Bit 4.
    WlanAccessPoint,
    /// Bit 5.
    Router,
    /// Bit 6.
    Telephone,
    /// Bit 7.
    Docsis,
    /// Bit 8.
    Station,
}

/// How an agent treats what it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Manner {
    /// As the standards say.
    #[default]
    Proper,
    /// Not a word.
    Silent,
    /// The port is closed: ICMP port unreachable.
    Closed,
    /// Bytes that are no message.
    Garbage,
    /// An empty datagram.
    Empty,
    /// A proper answer that ends half-way.
    Truncated,
    /// A proper answer to a question that nobody put.
    WrongRequestId,
    /// The question itself, sent back.
    EchoRequest,
    /// A v3 report with another message id and another engine; a v2c answer for another community.
    OtherEngine,
    /// A well-formed answer with as much text as fits a datagram on Ethernet.
    Oversize,
    /// A proper answer from a port that was not asked.
    OtherPort,
    /// A proper answer from an address that was not asked.
    OtherAddress,
    /// An answer without one binding.
    NoBindings,
    /// Sequences in sequences, as deep as fits.
    DeepNesting,
    /// An object identifier of more arcs than there may be.
    LongOid,
    /// An indefinite length, which SNMP does not know.
    IndefiniteLength,
    /// A proper answer with a wrong UDP checksum.
    WrongChecksum,
    /// A proper answer, twenty times.
    Many,
    /// Garbage first, the proper answer after it.
    GarbageFirst,
}

/// The inventory TLVs of LLDP-MED (ANSI/TIA-1057, 10.2.6).
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Inventory {
    /// Hardware revision.
    pub hardware: Option<String>,
    /// Firmware revision.
    pub firmware: Option<String>,
    /// Software revision.
    pub software: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// Name of the manufacturer.
    pub manufacturer: Option<String>,
    /// Name of the model.
    pub model: Option<String>,
    /// Asset id.
    pub asset: Option<String>,
}

/// A device as the lab plays it.
#[derive(Debug, Clone)]
pub struct Device {
    /// What a scenario calls it.
    pub name: String,
    /// What it is.
    pub title: String,
    /// Its hardware address.
    pub mac: MacAddr,
    /// The addresses that are its own, the link-local one of IPv6 among them.
    pub addresses: Vec<IpAddr>,
    /// The VLAN in which alone it speaks and hears.
    pub vlan: Option<u16>,
    /// The device that stands before it and answers with its own MAC for it.
    pub behind: Option<String>,
    /// Whether it answers ARP.
    pub arp: bool,
    /// Whether it answers neighbour solicitations.
    pub nd: bool,
    /// Whether it answers echo requests.
    pub icmp: bool,
    /// Whether it answers those to all nodes of the link.
    pub all_nodes: bool,
    /// Whether it complains of an option that it does not know (RFC 8200, 4.2), also to one who asks all nodes.
    pub complains: bool,
    /// What it says of itself as a router.
    pub router: Option<RouterPlan>,
    /// How long it takes to answer.
    pub latency: Duration,
    /// Its SNMP agent.
    pub agent: Option<Agent>,
    /// What it announces, and how often.
    pub beacons: Vec<Beacon>,
}

/// What a router advertises (RFC 4861, 4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterPlan {
    /// The prefixes of the segment, in which hosts make addresses by themselves.
    pub prefixes: Vec<ipnet::Ipv6Net>,
    /// For how many seconds it is a default router.
    pub lifetime: u16,
}

/// An SNMP agent.
#[derive(Debug, Clone)]
pub struct Agent {
    /// How it treats what it is asked.
    pub manner: Manner,
    /// What makes walking it hard.
    pub habits: Habits,
    /// An error-status that it answers everything with.
    pub error_status: Option<i32>,
    /// What it says to a v3 discovery.
    pub engine: Option<Engine>,
    /// The communities that it takes.
    pub communities: Vec<(Vec<u8>, Vec<CommunityVersion>)>,
    /// What it knows.
    pub objects: Objects,
    /// What it knows besides when it is asked by `community@context`, as of one VLAN.
    pub contexts: BTreeMap<String, Objects>,
}

/// What agents do that makes reading their tables hard. Requests that do not fit are counted in values: names times
/// repetitions.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Habits {
    /// Says `tooBig` to requests for more values.
    pub too_big_above: Option<usize>,
    /// Does not answer requests for more values.
    pub silent_above: Option<usize>,
    /// Gives at most so many repetitions.
    pub repetitions: Option<usize>,
    /// Says `genErr` where it comes to this object.
    #[serde(deserialize_with = "some_parsed")]
    pub fails_at: Option<Oid>,
    /// After this object comes the very first.
    #[serde(deserialize_with = "some_parsed")]
    pub loops_at: Option<Oid>,
    /// After this object comes the same again.
    #[serde(deserialize_with = "some_parsed")]
    pub stands_at: Option<Oid>,
    /// Answers so many requests and no more.
    pub silent_after: Option<u64>,
    /// How much longer it takes than its device does for anything else.
    pub latency_ms: u64,
    /// How much longer each answer takes than the one before.
    pub slower_ms: u64,
}

/// An SNMPv3 engine (RFC 3414, 2.1 to 2.3).
#[derive(Debug, Clone)]
pub struct Engine {
    /// `snmpEngineID`.
    pub id: EngineId,
    /// `snmpEngineBoots`.
    pub boots: i32,
    /// `snmpEngineTime` when the lab starts.
    pub time: i32,
}

/// Something that is sent again and again.
#[derive(Debug, Clone)]
pub struct Beacon {
    /// How often.
    pub interval: Duration,
    /// What.
    pub announcement: Announcement,
}

/// What a device announces.
#[derive(Debug, Clone)]
pub enum Announcement {
    /// An LLDP frame.
    Lldp(Box<LldpAnnouncement>),
    /// An ARP announcement of each of its addresses (RFC 5227, 3).
    GratuitousArp,
    /// What it says as a router, to all nodes.
    Router,
    /// A frame as it stands.
    Raw(Vec<u8>),
}

/// What an LLDP frame says.
#[derive(Debug, Clone)]
pub struct LldpAnnouncement {
    /// Chassis id.
    pub chassis: LldpId,
    /// Port id.
    pub port: LldpId,
    /// Seconds it holds.
    pub ttl: u16,
    /// System name.
    pub name: Option<String>,
    /// System description.
    pub description: Option<String>,
    /// Port description.
    pub port_description: Option<String>,
    /// Supported and enabled capabilities, as bits; `None` if neither is given.
    pub capabilities: Option<(u16, u16)>,
    /// Management address.
    pub management_address: Option<Ipv4Addr>,
    /// LLDP-MED inventory.
    pub inventory: Inventory,
}

impl Device {
    /// Reads a device file.
    pub fn parse(text: &str, name: &str, file: &str) -> Result<Self, LabError> {
        let device: DeviceFile = document::read(text, file)?;
        device.check(name).map_err(|problem| LabError::file(file, problem))
    }

    /// Reads a device out of its file and what a scenario lays over it.
    ///
    /// `snmp = "silent"` in a scenario is short for `snmp.manner = "silent"`.
    pub fn parse_with(
        text: &str,
        name: &str,
        file: &str,
        mut over: toml::Table,
        place: &str,
    ) -> Result<Self, LabError> {
        Self::parse(text, name, file)?; // its own mistakes are told with their own place
        let mut table: toml::Table = document::read(text, file)?;
        if let Some(toml::Value::String(_)) = over.get("snmp")
            && let Some(manner) = over.remove("snmp")
        {
            over.insert(
                "snmp".into(),
                toml::Value::Table([("manner".into(), manner)].into_iter().collect()),
            );
        }
        document::overlay(&mut table, over);
        let device: DeviceFile = document::read_table(table, place)?;
        device.check(name).map_err(|problem| LabError::file(place, problem))
    }

    /// The same device once more, `index` addresses further, in MAC and IP.
    pub fn copy(&self, index: u32) -> Self {
        let mut copy = self.clone();
        if index == 0 {
            return copy;
        }
        let [a, b, c, d, e, f] = self.mac.octets();
        let [_, low @ ..] =
            (u32::from_be_bytes([0, d, e, f]).wrapping_add(index) & 0xff_ffff).to_be_bytes();
        copy.mac = MacAddr([a, b, c, low[0], low[1], low[2]]);
        copy.name = format!("{}-{index}", self.name);
        for address in &mut copy.addresses {
            *address = match *address {
                IpAddr::V6(own) if own == link_local(self.mac) => link_local(copy.mac).into(),
                IpAddr::V6(six) => {
                    Ipv6Addr::from_bits(six.to_bits().wrapping_add(index.into())).into()
                }
                IpAddr::V4(four) => Ipv4Addr::from_bits(four.to_bits().wrapping_add(index)).into(),
            };
        }
        if let Some(engine) = copy.agent.as_mut().and_then(|agent| agent.engine.as_mut())
            && let Some(id) = engine_of(engine.id.pen().0, copy.mac)
        {
            engine.id = id;
        }
        copy
    }
}

/// The link-local address that hosts make of their MAC address (RFC 4291, appendix A).
pub(crate) fn link_local(mac: MacAddr) -> Ipv6Addr {
    let [a, b, c, d, e, f] = mac.octets();
    Ipv6Addr::from([0xfe, 0x80, 0, 0, 0, 0, 0, 0, a ^ 2, b, c, 0xff, 0xfe, d, e, f])
}

/// An engine id of format 3, a MAC address (RFC 3411, 5).
pub(crate) fn engine_of(pen: u32, mac: MacAddr) -> Option<EngineId> {
    let mut octets = (pen | 0x8000_0000).to_be_bytes().to_vec();
    octets.push(3);
    octets.extend_from_slice(&mac.octets());
    EngineId::new(&octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SWITCH: &str = r#"
title = "a switch"
mac = "00:e0:fc:00:00:ff"
addresses = ["10.0.0.9"]
[snmp]
engine = { enterprise = 2011, boots = 7 }
[[snmp.community]]
name = "public"
[snmp.system]
description = "text"
object-id = "1.3.6.1.4.1.2011.2"
services = 6
[lldp]
chassis = { mac = "00:e0:fc:00:00:ff" }
port = { interface-name = "GE0/0/1" }
supported = ["bridge", "router"]
enabled = ["bridge"]
"#;

    #[test]
    fn every_device_file_of_the_repository_reads() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../devices");
        let mut stations = std::collections::BTreeSet::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            let device = Device::parse(&text, &name, &path.display().to_string()).unwrap();
            assert!(stations.insert(device.mac), "{name} has the MAC of another device");
        }
        assert!(stations.len() >= 20, "{}", stations.len());
    }

    #[test]
    fn reads_all_that_a_device_says() {
        let device = Device::parse(SWITCH, "sw", "sw.toml").unwrap();
        let agent = device.agent.unwrap();
        let engine = agent.engine.unwrap();
        assert_eq!(engine.id.octets(), [0x80, 0, 0x07, 0xdb, 3, 0, 0xe0, 0xfc, 0, 0, 0xff]);
        assert_eq!(engine.boots, 7);
        let names: Vec<String> = agent.objects.single.keys().map(ToString::to_string).collect();
        assert_eq!(names, ["1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.2.0", "1.3.6.1.2.1.1.7.0"]);
        let Announcement::Lldp(lldp) = &device.beacons[0].announcement else {
            panic!("lldp comes first")
        };
        assert_eq!(lldp.capabilities, Some((0b1_0100, 0b100)), "bridge is bit 3, router bit 5");
    }

    #[test]
    fn a_mistyped_key_is_told_with_place_and_nearest_key() {
        let text = SWITCH.replace("description =", "descrption =");
        let error = Device::parse(&text, "sw", "sw.toml").unwrap_err().to_string();
        assert_eq!(
            error,
            "sw.toml:10:1: key \"descrption\" is unknown, the nearest is \"description\""
        );
        let text = SWITCH.replace("\"bridge\", \"router\"", "\"bridge\", \"ruoter\"");
        let error = Device::parse(&text, "sw", "sw.toml").unwrap_err().to_string();
        assert!(
            error.contains("value \"ruoter\" is unknown, the nearest is \"router\""),
            "{error}"
        );
    }

    #[test]
    fn a_scenario_lays_over_what_differs() {
        let over: toml::Table =
            toml::from_str("snmp = \"silent\"\naddresses = [\"10.0.0.1\"]").unwrap();
        let device = Device::parse_with(SWITCH, "sw", "sw.toml", over, "s.toml:1:1").unwrap();
        assert_eq!(device.addresses, [IpAddr::from([10, 0, 0, 1])]);
        let agent = device.agent.unwrap();
        assert_eq!(agent.manner, Manner::Silent);
        assert_eq!(agent.objects.single.len(), 3, "the rest of the agent stays");

        let over: toml::Table = toml::from_str("lldp = { interval-mss = 5 }").unwrap();
        let error = Device::parse_with(SWITCH, "sw", "sw.toml", over, "s.toml:4:1")
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "s.toml:4:1: in [lldp]: key \"interval-mss\" is unknown, the nearest is \"interval-ms\""
        );
    }

    #[test]
    fn copies_differ_in_every_address() {
        let device = Device::parse(SWITCH, "sw", "sw.toml").unwrap();
        let copy = device.copy(257);
        assert_eq!(copy.mac.to_string(), "00:e0:fc:00:02:00");
        assert_eq!(copy.addresses, [IpAddr::from([10, 0, 1, 10])]);
        assert_eq!(copy.agent.unwrap().engine.unwrap().id.octets()[5..], copy.mac.octets());
    }

    #[test]
    fn an_address_of_ipv6_brings_a_link_local_one_and_both_are_copied() {
        let text = SWITCH.replace("10.0.0.9", "fd00:50::ff");
        let device = Device::parse(&text, "sw", "sw.toml").unwrap();
        let addresses =
            |device: &Device| device.addresses.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(addresses(&device), ["fd00:50::ff", "fe80::2e0:fcff:fe00:ff"]);
        assert_eq!(addresses(&device.copy(1)), ["fd00:50::100", "fe80::2e0:fcff:fe00:100"]);
        let alone = format!("link-local = false\n{text}");
        assert_eq!(addresses(&Device::parse(&alone, "sw", "sw.toml").unwrap()), ["fd00:50::ff"]);
    }

    #[test]
    fn impossible_values_are_refused() {
        for (from, to) in [
            ("mac = \"00:e0", "vlan = 4095\nmac = \"00:e0"),
            ("mac = \"00:e0:fc:00:00:ff\"\nadd", "mac = \"01:e0:fc:00:00:ff\"\nadd"),
            ("enterprise = 2011", "boots = 1"),
            ("[lldp]", "[lldp]\ninterval-ms = 0"),
            ("1.3.6.1.4.1.2011.2", "1.3.6.a"),
        ] {
            let text = SWITCH.replacen(from, to, 1);
            assert_ne!(text, SWITCH, "{from}");
            assert!(Device::parse(&text, "sw", "sw.toml").is_err(), "{to}");
        }
    }
}
