//! Two hosts and the wire between them, and frames to put on it.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::fd::AsFd;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use etherparse::PacketBuilder;
use herkomst_ids::MacAddr;
use herkomst_net::{
    Entered, Interface, Ipv6Address, NamespaceId, NetworkNamespace, PacketPort, current_network,
    interfaces, links, wait_readable,
};

/// The network this program was started in. Nothing is ever sent there.
pub(crate) static HOME: OnceLock<NamespaceId> = OnceLock::new();

/// How the network of the tests was entered.
pub(crate) static WAY_IN: OnceLock<Entered> = OnceLock::new();

pub(crate) type Test = (&'static str, fn());

/// Ends tests that have failed; no test waits for it otherwise.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) const NEAR: MacAddr = MacAddr([0x02, 0, 0, 0, 0, 0x0a]);
pub(crate) const FAR: MacAddr = MacAddr([0x02, 0, 0, 0, 0, 0x0b]);
pub(crate) const NEAR_IP: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
pub(crate) const FAR_IP: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);

pub(crate) fn assert_away_from_home() {
    assert_ne!(
        Some(&current_network().unwrap()),
        HOME.get(),
        "this would send on the network of the machine"
    );
}

/// A host at each end of a veth pair whose ends are called `near` and `far`, both up.
pub(crate) struct Wire {
    pub(crate) near: NetworkNamespace,
    pub(crate) far: NetworkNamespace,
}

impl Wire {
    /// Without addresses: the kernels say nothing of IPv4.
    pub(crate) fn bare() -> Self {
        let (near, far) =
            (NetworkNamespace::create().unwrap(), NetworkNamespace::create().unwrap());
        near.run(|| {
            assert_away_from_home();
            links::create_veth("near", "far").unwrap();
            links::move_link("far", &far).unwrap();
            links::set_mac("near", NEAR).unwrap();
            links::set_up("near").unwrap();
        })
        .unwrap();
        far.run(|| {
            assert_away_from_home();
            links::set_mac("far", FAR).unwrap();
            links::set_up("far").unwrap();
        })
        .unwrap();
        let wire = Self { near, far };
        wire.wait();
        wire
    }

    /// Until both ends carry frames.
    pub(crate) fn wait(&self) {
        for (network, name) in [(&self.near, "near"), (&self.far, "far")] {
            network.run(|| links::wait_until_running(name, DEADLINE).unwrap()).unwrap();
        }
    }

    /// With the addresses that the kernels give themselves (RFC 4862, 5.3), ready at once.
    pub(crate) fn with_link_locals() -> Self {
        let wire = Self::bare();
        for (network, name) in [(&wire.near, "near"), (&wire.far, "far")] {
            network
                .run(|| {
                    // Nobody else is there, so none of them can be a duplicate.
                    let setting = format!("/proc/sys/net/ipv6/conf/{name}");
                    std::fs::write(format!("{setting}/accept_dad"), "0").unwrap();
                    std::fs::write(format!("{setting}/disable_ipv6"), "1").unwrap();
                    std::fs::write(format!("{setting}/disable_ipv6"), "0").unwrap();
                    // The kernel takes them into use in a thread of its own, and tells nobody.
                    let deadline = Instant::now() + DEADLINE;
                    while !interface(name).ipv6.first().is_some_and(Ipv6Address::is_usable) {
                        assert!(Instant::now() < deadline, "{name} has no link-local address");
                        std::thread::yield_now();
                    }
                })
                .unwrap();
        }
        wire
    }

    pub(crate) fn near_link_local(&self) -> Ipv6Addr {
        link_local(NEAR)
    }

    pub(crate) fn far_link_local(&self) -> Ipv6Addr {
        link_local(FAR)
    }

    /// With one address each, in one /24.
    pub(crate) fn with_addresses() -> Self {
        let wire = Self::bare();
        wire.near.run(|| links::add_address("near", NEAR_IP, 24).unwrap()).unwrap();
        wire.far.run(|| links::add_address("far", FAR_IP, 24).unwrap()).unwrap();
        wire
    }
}

/// RFC 4291, appendix A.
fn link_local(mac: MacAddr) -> Ipv6Addr {
    let [a, b, c, d, e, f] = mac.octets();
    let high = [0xfe, 0x80, 0, 0, 0, 0, 0, 0];
    let low = [a ^ 2, b, c, 0xff, 0xfe, d, e, f];
    Ipv6Addr::from(<[u8; 16]>::try_from([high, low].concat()).unwrap())
}

/// The interface of this name, here.
pub(crate) fn interface(name: &str) -> Interface {
    interfaces().unwrap().into_iter().find(|interface| interface.name == name).unwrap()
}

/// Looks again whenever the port has something, until there is what was looked for.
pub(crate) fn until<P: AsFd, T>(port: &mut P, mut look: impl FnMut(&mut P) -> Option<T>) -> T {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(found) = look(port) {
            return found;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        assert!(wait_readable(port, left).unwrap(), "nothing came within {DEADLINE:?}");
    }
}

/// Puts all of it on the wire.
pub(crate) fn send_all(port: &mut PacketPort, frames: &[&[u8]]) {
    let deadline = Instant::now() + DEADLINE;
    let mut taken = 0;
    while taken < frames.len() {
        taken += port.send(&frames[taken..]).unwrap();
        assert!(Instant::now() < deadline, "the queue stays full after {taken} frames");
    }
}

pub(crate) fn ethernet(to: MacAddr, from: MacAddr, ethertype: u16, payload: &[u8]) -> Vec<u8> {
    [&to.octets()[..], &from.octets(), &ethertype.to_be_bytes(), payload].concat()
}

/// An ARP reply (RFC 826) that says where `ip` is.
pub(crate) fn arp_reply(to: MacAddr, from: MacAddr, ip: Ipv4Addr, to_ip: Ipv4Addr) -> Vec<u8> {
    arp(2, to, from, ip, to_ip)
}

fn arp(operation: u8, to: MacAddr, from: MacAddr, ip: Ipv4Addr, to_ip: Ipv4Addr) -> Vec<u8> {
    let fixed = [0, 1, 8, 0, 6, 4, 0, operation];
    let body = [&fixed[..], &from.octets(), &ip.octets(), &to.octets(), &to_ip.octets()].concat();
    ethernet(to, from, 0x0806, &body)
}

/// A UDP datagram in a frame, with right check sums.
pub(crate) fn udp(
    to: (MacAddr, Ipv4Addr, u16),
    from: (MacAddr, Ipv4Addr, u16),
    payload: &[u8],
) -> Vec<u8> {
    let builder = PacketBuilder::ethernet2(from.0.octets(), to.0.octets())
        .ipv4(from.1.octets(), to.1.octets(), 64)
        .udp(from.2, to.2);
    let mut frame = Vec::new();
    builder.write(&mut frame, payload).unwrap();
    frame
}

/// An 802.1Q tag, or one of 802.1ad, after the addresses.
pub(crate) fn tagged(tag: u16, control: u16, mut frame: Vec<u8>) -> Vec<u8> {
    frame.splice(12..12, [tag.to_be_bytes(), control.to_be_bytes()].concat());
    frame
}
