//! A fake device as it is written in TOML (`tests/devices/NAME.toml`), and as the lab plays it.
//!
//! The file form is checked as a whole before a thread starts; what it does not say is the behaviour of an ordinary
//! host: it answers ARP and echo requests, has no SNMP agent and announces nothing.

use std::net::Ipv4Addr;
use std::time::Duration;

use herkomst_ids::{EngineId, MacAddr, Oid};
use serde::de::{Deserialize, Deserializer, Error as _};

use crate::{LabError, document};

/// A device, as written.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct DeviceFile {
    title: String,
    #[serde(deserialize_with = "parsed")]
    mac: MacAddr,
    #[serde(default)]
    addresses: Vec<Ipv4Addr>,
    vlan: Option<u16>,
    behind: Option<String>,
    #[serde(default = "yes")]
    arp: bool,
    #[serde(default = "yes")]
    icmp: bool,
    #[serde(default)]
    latency_ms: u64,
    snmp: Option<AgentFile>,
    lldp: Option<LldpFile>,
    gratuitous_arp: Option<IntervalFile>,
    #[serde(default)]
    raw: Vec<RawFile>,
}

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct AgentFile {
    #[serde(default)]
    manner: Manner,
    error_status: Option<i32>,
    engine: Option<EngineFile>,
    #[serde(default)]
    community: Vec<CommunityFile>,
    #[serde(default)]
    system: SystemFile,
    #[serde(default)]
    object: Vec<ObjectFile>,
}

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct EngineFile {
    enterprise: Option<u32>,
    id: Option<String>,
    #[serde(default = "one")]
    boots: i32,
    #[serde(default)]
    time: i32,
}

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct CommunityFile {
    name: String,
    #[serde(default = "both_versions")]
    versions: Vec<CommunityVersion>,
}

#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct SystemFile {
    description: Option<String>,
    object_id: Option<String>,
    up_time: Option<u32>,
    contact: Option<String>,
    name: Option<String>,
    location: Option<String>,
    services: Option<i64>,
}

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ObjectFile {
    oid: String,
    text: Option<String>,
    integer: Option<i64>,
    object_id: Option<String>,
}

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LldpFile {
    chassis: LldpId,
    port: LldpId,
    #[serde(default = "two_minutes")]
    ttl: u16,
    #[serde(default = "half_a_minute")]
    interval_ms: u64,
    name: Option<String>,
    description: Option<String>,
    port_description: Option<String>,
    #[serde(default)]
    supported: Vec<Capability>,
    #[serde(default)]
    enabled: Vec<Capability>,
    management_address: Option<Ipv4Addr>,
    #[serde(default)]
    inventory: Inventory,
}

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct IntervalFile {
    interval_ms: u64,
}

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawFile {
    frame: String,
    interval_ms: u64,
}

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
    /// The addresses that are its own.
    pub addresses: Vec<Ipv4Addr>,
    /// The VLAN in which alone it speaks and hears.
    pub vlan: Option<u16>,
    /// The device that stands before it and answers with its own MAC for it.
    pub behind: Option<String>,
    /// Whether it answers ARP.
    pub arp: bool,
    /// Whether it answers echo requests.
    pub icmp: bool,
    /// How long it takes to answer.
    pub latency: Duration,
    /// Its SNMP agent.
    pub agent: Option<Agent>,
    /// What it announces, and how often.
    pub beacons: Vec<Beacon>,
}

/// An SNMP agent.
#[derive(Debug, Clone)]
pub struct Agent {
    /// How it treats what it is asked.
    pub manner: Manner,
    /// An error-status that it answers everything with.
    pub error_status: Option<i32>,
    /// What it says to a v3 discovery.
    pub engine: Option<Engine>,
    /// The communities that it takes.
    pub communities: Vec<(Vec<u8>, Vec<CommunityVersion>)>,
    /// What it knows, in the order of the names.
    pub objects: Vec<(Oid, Held)>,
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

/// The value of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// An OCTET STRING.
    Text(Vec<u8>),
    /// An INTEGER.
    Integer(i64),
    /// An OBJECT IDENTIFIER.
    Oid(Oid),
    /// TimeTicks.
    Ticks(u32),
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
            *address = Ipv4Addr::from_bits(address.to_bits().wrapping_add(index));
        }
        if let Some(engine) = copy.agent.as_mut().and_then(|agent| agent.engine.as_mut())
            && let Some(id) = engine_of(engine.id.pen().0, copy.mac)
        {
            engine.id = id;
        }
        copy
    }
}

impl DeviceFile {
    fn check(self, name: &str) -> Result<Device, String> {
        if let Some(vlan) = self.vlan
            && !(1..=4094).contains(&vlan)
        {
            return Err(format!("vlan is {vlan}, allowed are 1 to 4094"));
        }
        if self.mac.is_multicast() {
            return Err(format!("mac is {}, which is a group address", self.mac));
        }
        let mut beacons = Vec::new();
        if let Some(lldp) = &self.lldp {
            let bits =
                |list: &[Capability]| list.iter().fold(0, |bits, one| bits | 1u16 << (*one as u16));
            beacons.push(Beacon {
                interval: interval("lldp.interval-ms", lldp.interval_ms)?,
                announcement: Announcement::Lldp(Box::new(LldpAnnouncement {
                    chassis: lldp.chassis.clone(),
                    port: lldp.port.clone(),
                    ttl: lldp.ttl,
                    name: lldp.name.clone(),
                    description: lldp.description.clone(),
                    port_description: lldp.port_description.clone(),
                    capabilities: (!lldp.supported.is_empty() || !lldp.enabled.is_empty()).then(
                        || (bits(&lldp.supported) | bits(&lldp.enabled), bits(&lldp.enabled)),
                    ),
                    management_address: lldp.management_address,
                    inventory: lldp.inventory.clone(),
                })),
            });
        }
        if let Some(arp) = &self.gratuitous_arp {
            let interval = interval("gratuitous-arp.interval-ms", arp.interval_ms)?;
            beacons.push(Beacon { interval, announcement: Announcement::GratuitousArp });
        }
        for raw in &self.raw {
            let frame = hex(&raw.frame).filter(|frame| (14..=1514).contains(&frame.len()));
            let frame = frame
                .ok_or_else(|| "raw.frame is not 14 to 1514 bytes in hexadecimal".to_owned())?;
            let interval = interval("raw.interval-ms", raw.interval_ms)?;
            beacons.push(Beacon { interval, announcement: Announcement::Raw(frame) });
        }
        Ok(Device {
            name: name.to_owned(),
            agent: self.snmp.map(|agent| agent.check(self.mac)).transpose()?,
            title: self.title,
            mac: self.mac,
            addresses: self.addresses,
            vlan: self.vlan,
            behind: self.behind,
            arp: self.arp,
            icmp: self.icmp,
            latency: Duration::from_millis(self.latency_ms),
            beacons,
        })
    }
}

impl AgentFile {
    fn check(self, mac: MacAddr) -> Result<Agent, String> {
        let engine = match self.engine {
            None => None,
            Some(EngineFile { enterprise, id, boots, time }) => {
                let id = match (enterprise, id) {
                    (Some(pen), None) => engine_of(pen, mac),
                    (None, Some(id)) => hex(&id).and_then(|octets| EngineId::new(&octets)),
                    _ => return Err("snmp.engine needs either enterprise or id".into()),
                };
                let id = id.ok_or("snmp.engine.id is not 5 to 32 octets in hexadecimal")?;
                Some(Engine { id, boots, time })
            }
        };
        let mut objects = self.system.objects()?;
        for object in self.object {
            let held = match (object.text, object.integer, object.object_id) {
                (Some(text), None, None) => Held::Text(text.into_bytes()),
                (None, Some(integer), None) => Held::Integer(integer),
                (None, None, Some(id)) => Held::Oid(oid("snmp.object.object-id", &id)?),
                _ => {
                    return Err(format!(
                        "snmp.object {} needs one of text, integer, object-id",
                        object.oid
                    ));
                }
            };
            objects.push((oid("snmp.object.oid", &object.oid)?, held));
        }
        objects.sort_by(|a, b| a.0.cmp(&b.0));
        let communities =
            self.community.into_iter().map(|one| (one.name.into_bytes(), one.versions)).collect();
        Ok(Agent {
            manner: self.manner,
            error_status: self.error_status,
            engine,
            communities,
            objects,
        })
    }
}

impl SystemFile {
    /// The scalars of the system group (RFC 3418): `1.3.6.1.2.1.1.N.0`.
    fn objects(self) -> Result<Vec<(Oid, Held)>, String> {
        let object_id = self.object_id.map(|id| oid("snmp.system.object-id", &id)).transpose()?;
        let text = |text: Option<String>| text.map(|text| Held::Text(text.into_bytes()));
        let held = [
            (1, text(self.description)),
            (2, object_id.map(Held::Oid)),
            (3, self.up_time.map(Held::Ticks)),
            (4, text(self.contact)),
            (5, text(self.name)),
            (6, text(self.location)),
            (7, self.services.map(Held::Integer)),
        ];
        Ok(held
            .into_iter()
            .filter_map(|(arc, held)| {
                Some((Oid::new([1, 3, 6, 1, 2, 1, 1, arc, 0].as_slice())?, held?))
            })
            .collect())
    }
}

/// An engine id of format 3, a MAC address (RFC 3411, 5).
fn engine_of(pen: u32, mac: MacAddr) -> Option<EngineId> {
    let mut octets = (pen | 0x8000_0000).to_be_bytes().to_vec();
    octets.push(3);
    octets.extend_from_slice(&mac.octets());
    EngineId::new(&octets)
}

fn interval(key: &str, milliseconds: u64) -> Result<Duration, String> {
    if (10..=3_600_000).contains(&milliseconds) {
        return Ok(Duration::from_millis(milliseconds));
    }
    Err(format!("{key} is {milliseconds}, allowed are 10 to 3600000"))
}

fn oid(key: &str, text: &str) -> Result<Oid, String> {
    text.parse().map_err(|error| format!("{key}: {error}"))
}

/// Bytes from hexadecimal digits, with white space between them as one likes.
pub(crate) fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let digits = digits?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

fn parsed<'de, D: Deserializer<'de>, T: std::str::FromStr<Err: std::fmt::Display>>(
    from: D,
) -> Result<T, D::Error> {
    String::deserialize(from)?.parse().map_err(D::Error::custom)
}

const fn yes() -> bool {
    true
}

const fn one() -> i32 {
    1
}

const fn two_minutes() -> u16 {
    120
}

const fn half_a_minute() -> u64 {
    30_000
}

fn both_versions() -> Vec<CommunityVersion> {
    vec![CommunityVersion::V1, CommunityVersion::V2c]
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
    fn reads_all_that_a_device_says() {
        let device = Device::parse(SWITCH, "sw", "sw.toml").unwrap();
        let agent = device.agent.unwrap();
        let engine = agent.engine.unwrap();
        assert_eq!(engine.id.octets(), [0x80, 0, 0x07, 0xdb, 3, 0, 0xe0, 0xfc, 0, 0, 0xff]);
        assert_eq!(engine.boots, 7);
        let names: Vec<String> = agent.objects.iter().map(|(oid, _)| oid.to_string()).collect();
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
        assert_eq!(device.addresses, [Ipv4Addr::new(10, 0, 0, 1)]);
        let agent = device.agent.unwrap();
        assert_eq!(agent.manner, Manner::Silent);
        assert_eq!(agent.objects.len(), 3, "the rest of the agent stays");

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
        assert_eq!(copy.addresses, [Ipv4Addr::new(10, 0, 1, 10)]);
        assert_eq!(copy.agent.unwrap().engine.unwrap().id.octets()[5..], copy.mac.octets());
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
