//! SSDP and WS-Discovery: what devices offer, and of which make they say they are. Descriptions that a message leads to are not
//! fetched.

use std::net::IpAddr;

use herkomst_model::Announcement;
use herkomst_wire::ssdp::SsdpKind;
use herkomst_wire::ws_discovery::WsKind;
use herkomst_wire::{Ssdp, WireError, WsDiscovery};

use super::text::{add, host_of, percent_decoded, text};

/// What a device at `source` announces or answers over SSDP. Where the description is at another address, somebody else is
/// meant. So says UPnP Device Architecture 2.0, 1.2.2: the URL is that of the device.
pub fn ssdp(payload: &[u8], source: IpAddr) -> Result<Option<Announcement>, WireError> {
    let message = Ssdp::parse(payload)?;
    let is_told = matches!(message.kind, SsdpKind::Notify | SsdpKind::Response);
    let elsewhere = message.location().and_then(host_of).is_some_and(|host| host != source);
    if !is_told || message.is_leaving() || elsewhere {
        return Ok(None);
    }
    let mut said = Announcement::default();
    add(&mut said.descriptions, message.server().and_then(text));
    // a UUID by itself is a type, too
    let kind = message.target().filter(|kind| !kind.starts_with(b"uuid:"));
    add(&mut said.services, kind.and_then(text));
    add(&mut said.identifiers, message.usn().map(uuid_of).and_then(text));
    Ok(Some(said).filter(|said| *said != Announcement::default()))
}

/// What stands before the type in a unique service name.
fn uuid_of(usn: &[u8]) -> &[u8] {
    let end = usn.windows(2).position(|pair| pair == b"::");
    usn.get(..end.unwrap_or(usn.len())).unwrap_or_default()
}

/// What a device at `source` announces or answers over WS-Discovery. One that tells of several devices is a proxy, and one that
/// says they answer elsewhere tells of others.
pub fn ws_discovery(payload: &[u8], source: IpAddr) -> Result<Option<Announcement>, WireError> {
    let message = WsDiscovery::parse(payload)?;
    if !matches!(message.kind, WsKind::Hello | WsKind::ProbeMatches | WsKind::ResolveMatches) {
        return Ok(None);
    }
    let mut said = Announcement::default();
    add(&mut said.identifiers, message.endpoints().filter_map(text));
    let hosts: Vec<IpAddr> = message.addresses().filter_map(host_of).collect();
    if said.identifiers.len() > 1 || !hosts.is_empty() && !hosts.contains(&source) {
        return Ok(None);
    }
    add(&mut said.services, message.types().filter_map(text));
    for scope in message.scopes() {
        // ONVIF core specification, 7.3.2.2: what a device is in words
        let Some(scope) = scope.strip_prefix(b"onvif://www.onvif.org/") else { continue };
        let Some(at) = scope.iter().position(|octet| *octet == b'/') else { continue };
        let (what, value) = scope.split_at(at);
        let value = text(&percent_decoded(value.get(1..).unwrap_or_default()));
        match what.to_ascii_lowercase().as_slice() {
            b"name" => add(&mut said.names, value),
            b"hardware" => said.model = said.model.or(value),
            b"manufacturer" | b"mfr" => said.manufacturer = said.manufacturer.or(value),
            _ => {}
        }
    }
    Ok(Some(said).filter(|said| *said != Announcement::default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 9));

    #[test]
    fn a_device_elsewhere_is_not_the_sender() {
        let notify = |host: &str| {
            format!(
                "NOTIFY * HTTP/1.1\r\nLOCATION: http://{host}/d.xml\r\nSERVER: Lab/1 UPnP/1.1 L/2\r\nNTS: ssdp:alive\r\nNT: uuid:1\r\nUSN: uuid:1\r\n\r\n"
            )
        };
        let said = ssdp(notify("10.0.0.9:80").as_bytes(), SOURCE).unwrap().unwrap();
        assert_eq!(said.descriptions, ["Lab/1 UPnP/1.1 L/2".into()]);
        assert_eq!((said.services, said.identifiers), (vec![], vec!["uuid:1".into()]));
        assert_eq!(ssdp(notify("10.0.0.8:80").as_bytes(), SOURCE).unwrap(), None);
        assert!(ssdp(notify("camera.lab").as_bytes(), SOURCE).unwrap().is_some());
    }

    #[test]
    fn a_camera_says_its_name_and_hardware() {
        // made up, in the form of the ONVIF core specification, 7.3
        let matches = |address: &str, more: &str| {
            format!(
                "<E:Envelope><E:Body><d:ProbeMatches><d:ProbeMatch><a:Address>urn:uuid:9</a:Address>{more}<d:Types>dn:NetworkVideoTransmitter</d:Types>\
                 <d:Scopes>onvif://www.onvif.org/hardware/LAB-1 onvif://www.onvif.org/name/Lab%20camera onvif://www.onvif.org/location/x other:y</d:Scopes>\
                 <d:XAddrs>http://{address}/onvif http://[fe80::9]/onvif</d:XAddrs></d:ProbeMatch></d:ProbeMatches></E:Body></E:Envelope>"
            )
        };
        let said = ws_discovery(matches("10.0.0.9", "").as_bytes(), SOURCE).unwrap().unwrap();
        assert_eq!((said.names, said.model), (vec!["Lab camera".into()], Some("LAB-1".into())));
        assert_eq!(said.services, ["dn:NetworkVideoTransmitter".into()]);
        assert_eq!(said.identifiers, ["urn:uuid:9".into()]);
        assert_eq!(ws_discovery(matches("10.0.0.8", "").as_bytes(), SOURCE).unwrap(), None);
        let proxy = matches("10.0.0.9", "<a:Address>urn:uuid:8</a:Address>");
        assert_eq!(ws_discovery(proxy.as_bytes(), SOURCE).unwrap(), None);
    }
}
