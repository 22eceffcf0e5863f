//! Private networks: the scanner's namespace, the far one behind its links, and what lies between them.
//!
//! ```text
//! scanner            far
//! eth0 ───────────── dev0                                    fake devices only
//! eth0 ── cable0 ~~~ cable1 ──┐                              ~~~ a relay that spoils frames
//! eth0 ────────────── plug0 ──┤ switch ├── plug1 ── dev0     fake devices and real peers
//!                             │ switch ├── plug2 ── eth0     the namespace of a peer
//! ```
//!
//! Everything lives in namespaces made here and goes with them; nothing is written under /run/netns.

use std::net::IpAddr;

use herkomst_ids::MacAddr;
use herkomst_net::{
    Filter, Interface, NetworkNamespace, PacketPort, PortOptions, RingSize, interfaces, links,
};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::relay::{Faults, Relay, RelayEnd};
use crate::{Device, LabError, Segment};

/// A route of the scanner.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Route {
    /// Where to.
    pub to: IpNet,
    /// Over whom.
    pub via: IpAddr,
}

/// One link of the scanner and what is behind it.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SegmentPlan {
    /// The name of the scanner's link.
    #[serde(default = "eth0")]
    pub interface: String,
    /// The scanner's address on it.
    pub address: Option<Ipv4Net>,
    /// Its address of IPv6; the kernel adds a link-local one. Without this the link has no IPv6.
    pub ipv6: Option<Ipv6Net>,
    /// The routes that the scanner has over it.
    #[serde(default)]
    pub routes: Vec<Route>,
    /// A relay between the scanner and everything else.
    pub relay: Option<Faults>,
    /// A switch between the scanner and the devices, into which peers can be plugged.
    #[serde(default)]
    pub switch: bool,
}

fn eth0() -> String {
    "eth0".to_owned()
}

impl Default for SegmentPlan {
    fn default() -> Self {
        Self {
            interface: eth0(),
            address: None,
            ipv6: None,
            routes: Vec::new(),
            relay: None,
            switch: false,
        }
    }
}

const SWITCH: &str = "switch";
const DEVICES: &str = "dev0";

/// A segment that was built, with its fake devices at work.
#[derive(Debug)]
pub struct LiveSegment {
    plan: SegmentPlan,
    far: NetworkNamespace,
    relay: Option<Relay>,
    plugs: u32,
    fakes: Segment,
}

impl LiveSegment {
    /// Builds it: the scanner's link appears in `scanner`, up and with its address.
    pub fn build(
        scanner: &NetworkNamespace,
        plan: &SegmentPlan,
        devices: Vec<Device>,
    ) -> Result<Self, LabError> {
        if let Some(faults) = &plan.relay {
            faults.check().map_err(|problem| LabError::file(&plan.interface, problem))?;
        }
        let far = namespace("the far side")?;
        let mut plugs = 0;
        // The far end of the scanner's link, whatever it leads to.
        let mut last = match (&plan.relay, plan.switch) {
            (Some(_), _) => "cable0".to_owned(),
            (None, true) => plug(&mut plugs),
            (None, false) => DEVICES.to_owned(),
        };
        cable(scanner, &plan.interface, &far, &last)?;
        let mut relay = None;
        if let Some(faults) = &plan.relay {
            let next = if plan.switch { plug(&mut plugs) } else { DEVICES.to_owned() };
            within(&far, "the relay", || links::create_veth("cable1", &next))?;
            for name in ["cable1", &next] {
                start_link(&far, name)?;
            }
            relay =
                Some(Relay::start(relay_end(&far, "cable0")?, relay_end(&far, "cable1")?, faults)?);
            last = next;
        }
        if plan.switch {
            within(&far, "the switch", || links::create_bridge(SWITCH))?;
            silence(&far, SWITCH);
            within(&far, "the switch", || links::attach(SWITCH, &last))?;
            let port = plug(&mut plugs);
            within(&far, "the switch", || {
                links::create_veth(&port, DEVICES).and_then(|()| links::attach(SWITCH, &port))
            })?;
            for name in [port.as_str(), DEVICES] {
                start_link(&far, name)?;
            }
        }
        let name = plan.interface.as_str();
        let mac = within(scanner, name, || find(name))?.mac;
        let fakes = Segment::start(devices, far_port(&far, DEVICES)?, mac)?;
        if let Some(address) = plan.address {
            within(scanner, name, || {
                links::add_address(name, address.addr(), address.prefix_len())
            })?;
        }
        if let Some(address) = plan.ipv6 {
            speak_ipv6(scanner, name, false)?;
            within(scanner, name, || {
                links::add_address(name, address.addr(), address.prefix_len())
            })?;
        }
        for route in &plan.routes {
            within(scanner, name, || links::add_route(route.to, links::Via::Gateway(route.via)))?;
        }
        Ok(Self { plan: plan.clone(), far, relay, plugs, fakes })
    }

    /// Plugs the namespace of a peer into the switch: its link is called `eth0` there. It has IPv6 where one of its addresses
    /// is of it, or where it makes them by itself from what routers say (`autoconf`).
    pub fn plug(
        &mut self,
        peer: &NetworkNamespace,
        mac: Option<MacAddr>,
        addresses: &[IpNet],
        autoconf: bool,
    ) -> Result<(), LabError> {
        if !self.plan.switch {
            let problem = "has no switch to plug a peer into, give it switch = true";
            return Err(LabError::file(&self.plan.interface, problem));
        }
        let port = plug(&mut self.plugs);
        cable(peer, "eth0", &self.far, &port)?;
        if let Some(mac) = mac {
            within(peer, "eth0", || links::set_mac("eth0", mac))?;
        }
        // The switch first: what the kernel says when it gets an address must not be lost.
        within(&self.far, "the switch", || links::attach(SWITCH, &port))?;
        if autoconf || addresses.iter().any(|address| address.addr().is_ipv6()) {
            speak_ipv6(peer, "eth0", autoconf)?;
        }
        for address in addresses {
            within(peer, "eth0", || {
                links::add_address("eth0", address.addr(), address.prefix_len())
            })?;
        }
        Ok(())
    }

    /// The plan it was built after.
    pub fn plan(&self) -> &SegmentPlan {
        &self.plan
    }

    /// The fake devices.
    pub fn fakes(&self) -> &Segment {
        &self.fakes
    }

    /// How many frames the relay dropped, if there is one.
    pub fn relay_lost(&self) -> u64 {
        self.relay.as_ref().map_or(0, Relay::lost)
    }
}

/// A new namespace.
pub fn namespace(what: &str) -> Result<NetworkNamespace, LabError> {
    NetworkNamespace::create().map_err(LabError::network(format!("making the network of {what}")))
}

/// A veth pair from one namespace to another. Both ends are up, and say nothing by themselves.
pub fn cable(
    near: &NetworkNamespace,
    near_name: &str,
    far: &NetworkNamespace,
    far_name: &str,
) -> Result<(), LabError> {
    within(near, near_name, || {
        links::create_veth(near_name, far_name)?;
        links::move_link(far_name, far)
    })?;
    start_link(far, far_name)?;
    start_link(near, near_name)
}

/// A port at the end of a link that hears all that comes in, and not what it sends itself.
pub fn far_port(namespace: &NetworkNamespace, name: &str) -> Result<PacketPort, LabError> {
    open(namespace, name, &Filter::everything(), RingSize::LARGE)
}

/// Runs something in a namespace and says what it was for if the kernel refuses.
pub fn within<T: Send>(
    namespace: &NetworkNamespace,
    what: &str,
    inside: impl FnOnce() -> Result<T, herkomst_net::NetError> + Send,
) -> Result<T, LabError> {
    namespace
        .run(inside)
        .and_then(|result| result)
        .map_err(LabError::network(format!("building {what}")))
}

fn plug(plugs: &mut u32) -> String {
    let name = format!("plug{plugs}");
    *plugs += 1;
    name
}

/// Sets a link up so that it speaks only when spoken to and its frames are complete when the far end reads them.
fn start_link(namespace: &NetworkNamespace, name: &str) -> Result<(), LabError> {
    silence(namespace, name);
    within(namespace, name, || {
        links::finish_checksums(name)?;
        links::set_up(name)
    })
}

/// Without IPv6 the kernel sends no solicitations of its own. Where /proc/sys may not be written they are harmless noise.
fn silence(namespace: &NetworkNamespace, name: &str) {
    if let Err(error) = set(namespace, name, "disable_ipv6", "1") {
        tracing::debug!(%error, name, "IPv6 stays on in the lab");
    }
}

/// Switches IPv6 on for a link that is up: the kernel gives it a link-local address, which can be used at once, and asks for
/// no routers. What they say counts with `autoconf` alone.
fn speak_ipv6(namespace: &NetworkNamespace, name: &str, autoconf: bool) -> Result<(), LabError> {
    let believes = if autoconf { "2" } else { "0" };
    for (key, value) in [
        ("dad_transmits", "0"),
        ("accept_dad", "0"),
        ("router_solicitations", if autoconf { "1" } else { "0" }),
        ("accept_ra", believes),
        ("disable_ipv6", "0"),
    ] {
        set(namespace, name, key, value)?;
    }
    Ok(())
}

/// Sets a value below /proc/sys/net/ipv6/conf, which shows the network of the thread that looks.
fn set(namespace: &NetworkNamespace, name: &str, key: &str, value: &str) -> Result<(), LabError> {
    let path = format!("/proc/sys/net/ipv6/conf/{name}/{key}");
    let written = namespace.run(|| std::fs::write(&path, value));
    let written = written.map_err(LabError::network(format!("building {name}")))?;
    written.map_err(LabError::io(&path, "written"))
}

fn relay_end(namespace: &NetworkNamespace, name: &str) -> Result<RelayEnd, LabError> {
    Ok(RelayEnd {
        hears: open(namespace, name, &Filter::everything(), RingSize::LARGE)?,
        speaks: open(namespace, name, &Filter::nothing(), RingSize::SMALL)?,
    })
}

fn open(
    namespace: &NetworkNamespace,
    name: &str,
    filter: &Filter,
    ring: RingSize,
) -> Result<PacketPort, LabError> {
    within(namespace, name, || {
        let interface = find(name)?;
        PacketPort::open_with(
            &interface,
            filter,
            &[],
            PortOptions { ring, promiscuous: true, ..PortOptions::default() },
        )
    })
}

fn find(name: &str) -> Result<Interface, herkomst_net::NetError> {
    interfaces()?
        .into_iter()
        .find(|interface| interface.name == name)
        .ok_or_else(|| herkomst_net::NetError::NoSuchInterface { name: name.to_owned() })
}
