//! Every recorded frame that two programs sent to each other, and what is made of it.

use super::*;

#[path = "../../../../wire/tests/captures/mod.rs"]
mod captures;

pub(super) fn all() -> impl Iterator<Item = (&'static str, Vec<Vec<u8>>)> {
    captures::ALL.iter().map(|(name, _)| (*name, captures::frames(name)))
}

/// What a datagram carries.
pub(super) fn payload(name: &str, number: usize) -> Vec<u8> {
    captures::udp_payloads(name).remove(number)
}

/// A fact in one line, all that is empty left out.
fn line(seen: &Seen) -> String {
    let about = match seen.about {
        About::Address(address) => address.to_string(),
        About::Station(mac) => mac.to_string(),
    };
    let Answer::Is(fact) = &seen.answer else { panic!("{seen:?}") };
    let what = match fact {
        Fact::Neighbour { mac } => format!("is at {mac}"),
        Fact::Spoke { wants } => {
            format!("wants {}", wants.map_or("nothing".into(), |ip| ip.to_string()))
        }
        Fact::Lldp(neighbour) => lldp(neighbour),
        Fact::Announced(said) => announced(said),
        Fact::Router(router) => routes(router),
        Fact::VirtualRouter(router) => group(router),
        Fact::DhcpClient(client) => asks_for(client),
        Fact::DhcpServer(server) => gives(server),
        other => panic!("{other:?}"),
    };
    format!("{} {about} {what}", seen.method.as_str())
}

fn joined(parts: impl IntoIterator<Item = String>) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// A name and what there is of it.
fn some<T: std::fmt::Debug>(name: &str, values: impl IntoIterator<Item = T>) -> String {
    let values: Vec<_> = values.into_iter().map(|value| format!("{value:?}")).collect();
    if values.is_empty() { String::new() } else { format!("{name} {}", values.join(" ")) }
}

fn lldp(one: &LldpNeighbour) -> String {
    joined([
        some("name", &one.system_name),
        some("text", &one.system_description),
        some("port", [&one.port]),
        some("vlan", one.native_vlan),
        some("class", one.med_class),
        some("can", one.capabilities.map(|bits| bits.enabled)),
        some("addresses", &one.management),
        some("maker", one.inventory.iter().filter_map(|all| all.manufacturer.as_ref())),
    ])
}

fn announced(one: &Announcement) -> String {
    joined([
        some("names", &one.names),
        some("texts", &one.descriptions),
        some("maker", &one.manufacturer),
        some("model", &one.model),
        some("software", &one.software),
        some("can", one.capabilities.map(|bits| bits.enabled)),
        some("services", &one.services),
        some("ids", &one.identifiers),
        some("macs", one.macs.iter().map(MacAddr::to_string)),
        some("addresses", &one.addresses),
        some("port", &one.port),
        some("vlan", one.native_vlan),
    ])
}

fn routes(one: &Router) -> String {
    joined([
        format!("routes for {} s", one.lifetime),
        some("managed", one.managed.then_some(())),
        some("other", one.other.then_some(())),
        some("prefixes", one.prefixes.iter().map(|one| (one.address, one.length, one.autonomous))),
        some("routes", &one.routes),
        some("names by", &one.name_servers),
    ])
}

fn group(one: &VirtualRouter) -> String {
    joined([
        format!("group {}", one.group),
        some("addresses", &one.addresses),
        some("macs", one.macs.iter().map(MacAddr::to_string)),
        some("priority", one.priority),
        some("active", one.active),
    ])
}

fn asks_for(one: &DhcpClient) -> String {
    joined([
        some("asks as", one.mac.map(|mac| mac.to_string())),
        some("names", &one.names),
        some(
            "classes",
            one.vendor_classes.iter().map(|one| (one.enterprise.map(|pen| pen.0), &one.text)),
        ),
        some("of", &one.user_classes),
        some("wants", &one.wants),
        some("requested", one.requested),
        some("own", one.own),
    ])
}

fn gives(one: &DhcpServer) -> String {
    joined([some("gives as", one.address), some("id", &one.id), some("routers", &one.routers)])
}

#[test]
fn every_recorded_frame_is_heard_out() {
    let mut all_lines = String::new();
    for (name, frames) in all() {
        let mut heard = Heard::new(OURS, ALL());
        for frame in frames {
            let fit = take(&mut heard, &frame);
            assert_ne!(fit, Fit::Ignored, "{name}");
        }
        for seen in told(&mut heard) {
            all_lines += &format!("{name}: {}\n", line(&seen));
        }
    }
    assert_eq!(all_lines, EXPECTED);
}

/// Files of which nothing is here are of protocols that are not listened to, or of fragments.
const EXPECTED: &str = include_str!("recorded.txt");
