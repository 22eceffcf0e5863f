//! A device as it is written in TOML: read by serde, then checked as a whole and made into what the lab plays.

mod agent;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use herkomst_ids::MacAddr;
use serde::de::{Deserialize, Deserializer, Error as _};

use self::agent::AgentFile;
use crate::device::{
    Announcement, Beacon, Capability, Device, Inventory, LldpAnnouncement, LldpId, RouterPlan,
    link_local,
};

/// A device, as written.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct DeviceFile {
    title: String,
    #[serde(deserialize_with = "parsed")]
    mac: MacAddr,
    #[serde(default)]
    addresses: Vec<IpAddr>,
    /// By default where one of the addresses is of IPv6.
    link_local: Option<bool>,
    vlan: Option<u16>,
    behind: Option<String>,
    #[serde(default = "yes")]
    arp: bool,
    #[serde(default = "yes")]
    nd: bool,
    #[serde(default = "yes")]
    icmp: bool,
    #[serde(default = "yes")]
    all_nodes: bool,
    #[serde(default = "yes")]
    complains: bool,
    #[serde(default)]
    latency_ms: u64,
    snmp: Option<AgentFile>,
    lldp: Option<LldpFile>,
    gratuitous_arp: Option<IntervalFile>,
    router: Option<RouterFile>,
    #[serde(default)]
    raw: Vec<RawFile>,
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
struct RouterFile {
    #[serde(default = "ten_seconds")]
    interval_ms: u64,
    #[serde(default)]
    prefixes: Vec<ipnet::Ipv6Net>,
    #[serde(default = "half_an_hour")]
    lifetime: u16,
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
        if let Some(router) = &self.router {
            let interval = interval("router.interval-ms", router.interval_ms)?;
            beacons.push(Beacon { interval, announcement: Announcement::Router });
        }
        let mut addresses = self.addresses;
        let own = IpAddr::from(link_local(self.mac));
        let speaks_six = addresses.iter().any(IpAddr::is_ipv6) || self.router.is_some();
        if self.link_local.unwrap_or(speaks_six) && !addresses.contains(&own) {
            addresses.push(own);
        }
        // RFC 4861, 6.1.2: hosts believe a router only by its link-local address.
        if self.router.is_some() && !addresses.contains(&own) {
            return Err("a router needs its link-local address, link-local is false".into());
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
            addresses,
            vlan: self.vlan,
            behind: self.behind,
            arp: self.arp,
            nd: self.nd,
            icmp: self.icmp,
            all_nodes: self.all_nodes,
            complains: self.complains,
            router: self
                .router
                .map(|router| RouterPlan { prefixes: router.prefixes, lifetime: router.lifetime }),
            latency: Duration::from_millis(self.latency_ms),
            beacons,
        })
    }
}

fn interval(key: &str, milliseconds: u64) -> Result<Duration, String> {
    if (10..=3_600_000).contains(&milliseconds) {
        return Ok(Duration::from_millis(milliseconds));
    }
    Err(format!("{key} is {milliseconds}, allowed are 10 to 3600000"))
}

/// Bytes from hexadecimal digits, with white space between them as one likes.
pub(super) fn hex(text: &str) -> Option<Vec<u8>> {
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

pub(crate) fn some_parsed<
    'de,
    D: Deserializer<'de>,
    T: std::str::FromStr<Err: std::fmt::Display>,
>(
    from: D,
) -> Result<Option<T>, D::Error> {
    parsed(from).map(Some)
}

const fn yes() -> bool {
    true
}

const fn two_minutes() -> u16 {
    120
}

const fn half_a_minute() -> u64 {
    30_000
}

const fn ten_seconds() -> u64 {
    10_000
}

const fn half_an_hour() -> u16 {
    1800
}
