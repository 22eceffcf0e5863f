//! What a device announces of itself by other protocols than LLDP, and what it says to servers of DHCP.
//!
//! All of it is in frames that anybody on the segment may send. So product text counts as that of LLDP does where it is in a
//! protocol for neighbours (CDP, FDP, MNDP), which only the device itself fills; everywhere else it is a hint, since names of
//! services, servers and DHCP clients are mostly those of somebody's software.

use std::collections::{BTreeMap, BTreeSet};

use herkomst_ids::Pen;
use herkomst_model::{
    Announcement, Capabilities, DeviceText, DhcpClient, DhcpId, Fact, Method, Table,
};
use herkomst_registry::{Registry, VendorKind};

use crate::assigned::{Number, weight_of};
use crate::evidence::{Evidence, Party, Weight, Witness};
use crate::fingerprints::{Fingerprint, Fingerprints};
use crate::gather::{maker_by_name, texts};
use crate::inventory::is_placeholder;
use crate::role::Role;

/// Evidence out of an announcement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// The protocol.
    pub method: Method,
    /// What was said.
    pub text: DeviceText,
    /// What it is, and whom it names.
    pub says: Says,
}

/// What kind of word it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// Text of product or software, with the fingerprint that knows it, and whom it names.
    Text(Option<(&'static Fingerprint, Option<Party>)>),
    /// A field for the maker, with the vendor of exactly this name, and what it makes.
    Maker(Option<(Party, VendorKind)>),
    /// An answer in a protocol that one maker's devices alone speak.
    Own(Party),
    /// The enterprise number in an identifier or a vendor class of DHCP.
    Number(Number),
}

impl Announced {
    /// Whether it is of a protocol that only the device itself fills, as it was heard here or by a switch that kept it.
    fn is_of_a_neighbour(&self) -> bool {
        matches!(self.method, Method::Cdp | Method::Fdp | Method::Mndp | Method::Table(Table::Cdp))
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self.says {
            Says::Text(_) if self.is_of_a_neighbour() => "neighbour-text",
            Says::Text(_) => "announced-text",
            Says::Maker(_) => "announced-maker",
            Says::Own(_) => "discovery-reply",
            Says::Number(_) => "dhcp-enterprise",
        }
    }

    pub(crate) fn witness(&self) -> Witness {
        match self.says {
            Says::Text(_) => Witness::Text,
            Says::Maker(_) | Says::Own(_) => Witness::Inventory,
            Says::Number(_) => Witness::Number,
        }
    }

    pub(crate) fn party(&self) -> Option<Party> {
        match &self.says {
            Says::Text(known) => known.as_ref().and_then(|(_, party)| party.clone()),
            Says::Maker(vendor) => vendor.as_ref().map(|(party, _)| party.clone()),
            Says::Own(party) => Some(party.clone()),
            Says::Number(number) => number.party(),
        }
    }

    pub(crate) fn weight(&self) -> Weight {
        match &self.says {
            Says::Text(Some((print, Some(_)))) if self.is_of_a_neighbour() => print.weight,
            Says::Text(Some((print, Some(_)))) => print.weight.min(Weight::Hint),
            Says::Text(Some((_, None)) | None) => Weight::None,
            Says::Maker(Some((_, kind))) => weight_of(*kind, Weight::Hint, Weight::Hint),
            Says::Maker(None) => Weight::None, // a stranger's text is not a firm
            // Nothing proves who sent it, so never more than a prefix of the same firm says.
            Says::Own(_) => Weight::Likely,
            // Whoever wrote the client put it there: that may be the system, as systemd's own number.
            Says::Number(number) => number.weight().min(Weight::Hint),
        }
    }

    pub(crate) fn note(&self) -> String {
        let protocol = self.method.as_str();
        match &self.says {
            Says::Text(Some((print, Some(party)))) => {
                format!("{protocol}: fingerprint {}: product text of {}", print.id, party.name())
            }
            Says::Text(Some((print, None))) => {
                format!("{protocol}: fingerprint {}: software that runs on anybody's box", print.id)
            }
            Says::Text(None) => format!("{protocol}: no fingerprint knows this text"),
            Says::Maker(Some((party, _))) => {
                format!("{protocol}: the device names {} as its maker", party.name())
            }
            Says::Maker(None) => format!("{protocol}: no vendor of the table has this name"),
            Says::Own(party) => {
                format!("{protocol} is the discovery of {}'s own devices", party.name())
            }
            Says::Number(number) => format!("{protocol}: {}", number.note()),
        }
    }
}

/// All that was heard of one device.
#[derive(Debug, Default)]
pub(crate) struct HeardOf<'d> {
    announced: Vec<(Method, &'d Announcement)>,
    clients: Vec<(Method, &'d DhcpClient)>,
    routes: bool,
}

/// What is told first, in lists of which one alone is shown.
const ORDER: [Method; 10] = [
    Method::Sadp,
    Method::Dhip,
    Method::Cdp,
    Method::Fdp,
    Method::Mndp,
    Method::Edp,
    Method::Sonmp,
    Method::WsDiscovery,
    Method::Mdns,
    Method::Ssdp,
];

impl<'d> HeardOf<'d> {
    pub(crate) fn take(&mut self, method: Method, fact: &'d Fact) {
        match fact {
            Fact::Announced(said) => self.announced.push((method, said)),
            Fact::DhcpClient(client) => self.clients.push((method, client)),
            // RFC 4861, 4.2: with a lifetime of 0 it routes for nobody by default
            Fact::Router(router) => self.routes |= router.lifetime != 0,
            _ => {}
        }
    }

    pub(crate) fn sort(&mut self) {
        let place = |method| ORDER.iter().position(|one| *one == method).unwrap_or(ORDER.len());
        self.announced.sort_by_cached_key(|(method, said)| {
            let texts = (&said.model, &said.serial, &said.software, &said.names);
            (place(*method), format!("{texts:?}"))
        });
        self.clients.sort_by_cached_key(|(method, client)| (*method, client.names.clone()));
    }

    pub(crate) fn evidence(
        &self,
        registry: &Registry,
        prints: &Fingerprints,
        found: &mut Vec<Evidence>,
    ) {
        let mut put = |method, text: &DeviceText, says| {
            found.push(Evidence::Announced(Announced { method, text: text.clone(), says }));
        };
        let mut said: BTreeMap<Method, Vec<&DeviceText>> = BTreeMap::new();
        let mut makers: BTreeSet<(Method, &DeviceText)> = BTreeSet::new();
        let mut own: BTreeMap<(Method, &'static str), DeviceText> = BTreeMap::new();
        for (method, one) in &self.announced {
            let list = said.entry(*method).or_default();
            list.extend(&one.descriptions);
            if matches!(method, Method::Cdp | Method::Fdp | Method::Table(Table::Cdp)) {
                list.extend(&one.model); // the platform, such as "cisco WS-C2960"
            }
            makers.extend(one.manufacturer.iter().map(|text| (*method, text)));
            if let Some(vendor) = maker_of(*method) {
                let text = one.model.as_ref().or(one.serial.as_ref()).or(one.software.as_ref());
                // An answer without any of them is nobody's: the port is anybody's to use.
                if let Some(text) = text.filter(|text| !is_placeholder(text.raw())) {
                    own.entry((*method, vendor)).or_insert_with(|| text.clone());
                }
            }
        }
        let mut numbers: BTreeSet<(Method, Pen)> = BTreeSet::new();
        for (method, client) in &self.clients {
            let classes = client.vendor_classes.iter();
            said.entry(*method).or_default().extend(classes.clone().map(|class| &class.text));
            numbers.extend(classes.filter_map(|class| Some((*method, class.enterprise?))));
            if let Some(DhcpId::Enterprise { pen, .. }) = client.id {
                numbers.insert((*method, pen));
            }
        }
        for ((method, vendor), text) in own {
            // the vendor table has both; without its row nothing is said
            if let Some(vendor) = registry.vendor(vendor) {
                put(method, &text, Says::Own(Party::of(&vendor)));
            }
        }
        for (method, list) in said {
            for (text, known) in texts(list.into_iter(), registry, prints) {
                put(method, &text, Says::Text(known));
            }
        }
        for (method, text) in makers.into_iter().filter(|(_, text)| !is_placeholder(text.raw())) {
            put(method, text, Says::Maker(maker_by_name(text.raw(), registry)));
        }
        for (method, pen) in numbers {
            let text = DeviceText::from(pen.0.to_string().as_str());
            put(method, &text, Says::Number(Number::look_up(pen, registry)));
        }
    }

    /// What it calls itself, in protocols and then to servers of DHCP.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'d DeviceText> {
        let announced = self.announced.iter().flat_map(|(_, said)| &said.names);
        announced.chain(self.clients.iter().flat_map(|(_, client)| &client.names))
    }

    /// Roles that protocols say in so many words.
    pub(crate) fn capabilities(&self) -> impl Iterator<Item = (Method, Capabilities)> {
        self.announced.iter().filter_map(|(method, said)| Some((*method, said.capabilities?)))
    }

    pub(crate) fn roles(&self) -> impl Iterator<Item = (Role, String)> {
        let routes = self
            .routes
            .then(|| (Role::Router, "it advertises itself as a router of IPv6".to_owned()));
        let classes = self.announced.iter().filter(|(method, _)| *method == Method::Dhip);
        let classes = classes.flat_map(|(_, said)| &said.services).filter_map(|class| {
            let role = match class.raw() {
                "IPC" => Role::Camera,
                "NVR" | "DVR" | "HCVR" | "XVR" => Role::Recorder,
                _ => return None,
            };
            Some((role, format!("dhip: its class is {}", class.raw())))
        });
        routes.into_iter().chain(classes)
    }

    /// The announcements whose fields for product, serial and software are believed: those of a maker's own discovery, and those
    /// in which a text is known. lldpd, which speaks CDP too, has "Linux" where the platform stands.
    pub(crate) fn products(&self, agreeing: &[Evidence]) -> impl Iterator<Item = &'d Announcement> {
        let known: BTreeSet<Method> = agreeing
            .iter()
            .filter_map(|one| match one {
                Evidence::Announced(Announced { method, says: Says::Own(_), .. }) => Some(*method),
                Evidence::Announced(Announced { method, says: Says::Text(Some(_)), .. }) => {
                    Some(*method)
                }
                _ => None,
            })
            .collect();
        let announced = self.announced.iter().filter(move |(method, _)| known.contains(method));
        announced.map(|(_, said)| *said)
    }
}

/// Whose devices alone speak a protocol; also those that they build for other brands.
fn maker_of(method: Method) -> Option<&'static str> {
    match method {
        Method::Sadp => Some("hikvision"),
        Method::Dhip => Some("dahua"),
        _ => None,
    }
}

#[cfg(test)]
#[path = "heard/tests.rs"]
mod tests;
