//! Routers that share an address: VRRP, CARP, HSRP, GLBP. The group's addresses are no member's own, and neither is the
//! hardware address that a member of VRRP or HSRP sends from: so no address is joined to it here.

use herkomst_model::{About, Fact, Method, VirtualRouter};
use herkomst_wire::glbp::GlbpTlv;
use herkomst_wire::{Carp, Glbp, Hsrp, Ipv4Packet, Ipv6Packet, Vrrp, WireError};

use super::text::{add, is_a_hosts, is_a_stations};
use super::{Heard, Sender};
use crate::Fit;

impl Heard {
    pub(super) fn routers(
        &mut self,
        method: Method,
        sender: Sender,
        payload: &[u8],
        read: impl FnOnce() -> Result<VirtualRouter, WireError>,
    ) -> Fit {
        // CARP counts its packets and signs them: there is nothing else in one that the first did not have
        let octets = if method == Method::Carp { payload.get(..6) } else { Some(payload) };
        self.once(method, sender, octets.unwrap_or_default(), |heard| {
            heard.member(method, sender, read()?)
        })
    }

    /// Keeps what a member of a group says. Excluded addresses are left out of it.
    pub(super) fn member(
        &mut self,
        method: Method,
        sender: Sender,
        mut router: VirtualRouter,
    ) -> Result<Fit, WireError> {
        if !is_a_hosts(sender.address) || !self.keep.wants(sender.address) {
            return Ok(Fit::NotMine);
        }
        router.addresses.retain(|address| is_a_hosts(*address) && self.keep.wants(*address));
        let (about, fact) = (About::Address(sender.address), Fact::VirtualRouter(Box::new(router)));
        Ok(self.memory.word(method, about, sender.vlan, fact, 128))
    }
}

fn of_vrrp(read: Vrrp<'_>) -> VirtualRouter {
    let mut addresses = Vec::new();
    add(&mut addresses, read.addresses());
    VirtualRouter {
        group: read.group.into(),
        addresses,
        macs: vec![read.mac()],
        priority: Some(read.priority.into()),
        // RFC 9568, 6.4.3: only the active one speaks; with priority 0 it gives up
        active: Some(read.priority != 0),
        member: None,
    }
}

pub(super) fn vrrp(packet: &Ipv4Packet<'_>) -> Result<VirtualRouter, WireError> {
    Vrrp::parse(packet).map(of_vrrp)
}

pub(super) fn vrrp_of_ipv6(packet: &Ipv6Packet<'_>) -> Result<VirtualRouter, WireError> {
    Vrrp::parse_v6(packet).map(of_vrrp)
}

pub(super) fn carp(packet: &Ipv4Packet<'_>) -> Result<VirtualRouter, WireError> {
    let read = Carp::parse(packet)?;
    Ok(VirtualRouter {
        group: read.group.into(),
        addresses: Vec::new(),
        macs: vec![read.mac()],
        priority: None,
        active: Some(read.skew != u8::MAX),
        member: None,
    })
}

pub(super) fn hsrp(payload: &[u8]) -> Result<VirtualRouter, WireError> {
    let read = Hsrp::parse(payload)?;
    let active = if read.version == 1 { 16 } else { 6 };
    Ok(VirtualRouter {
        group: read.group,
        addresses: vec![read.address],
        macs: vec![read.mac()],
        priority: Some(read.priority),
        active: Some(read.state == active),
        member: read.router.filter(|mac| is_a_stations(*mac)),
    })
}

pub(super) fn glbp(payload: &[u8]) -> Result<VirtualRouter, WireError> {
    let read = Glbp::parse(payload)?;
    let mut router = VirtualRouter {
        group: read.group,
        addresses: Vec::new(),
        macs: Vec::new(),
        priority: None,
        active: None,
        member: Some(read.owner).filter(|mac| is_a_stations(*mac)),
    };
    for tlv in read.tlvs() {
        match tlv? {
            GlbpTlv::Hello { state, priority, address } => {
                router.priority = Some(priority.into());
                router.active = Some(state == 32);
                add(&mut router.addresses, [address]);
            }
            GlbpTlv::Forwarder { mac, .. } => {
                add(&mut router.macs, Some(mac).filter(|mac| is_a_stations(*mac)));
            }
            GlbpTlv::Other { .. } => {}
        }
    }
    Ok(router)
}
