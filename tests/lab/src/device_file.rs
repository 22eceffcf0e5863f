//! A device as it is written in TOML: read by serde, then checked as a whole and made into what the lab plays.

use std::net::Ipv4Addr;
use std::time::Duration;

use herkomst_ids::{EngineId, MacAddr, Oid};
use serde::de::{Deserialize, Deserializer, Error as _};

use crate::device::{
    Agent, Announcement, Beacon, Capability, CommunityVersion, Device, Engine, Held, Inventory,
    LldpAnnouncement, LldpId, Manner, engine_of,
};

/// A device, as written.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct DeviceFile {
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

impl DeviceFile {
    pub(crate) fn check(self, name: &str) -> Result<Device, String> {
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
fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let digits = digits?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

pub(crate) fn parsed<'de, D: Deserializer<'de>, T: std::str::FromStr<Err: std::fmt::Display>>(
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
