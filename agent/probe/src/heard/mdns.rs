//! Multicast DNS (RFC 6762): host names, types of service (RFC 6763), and the model and maker in texts.
//!
//! A message may be about others: reflectors repeat what they hear on another segment, and proxies answer for who sleeps. So
//! a message that was heard counts only where its own address records say that its sender is meant; and where they say that
//! others are meant, what is said of these is left out, also in an answer to us.

use std::net::IpAddr;

use herkomst_model::{Announcement, DeviceText};
use herkomst_wire::dns::{DnsData, DnsName, DnsRecord, TxtItems};
use herkomst_wire::{DnsMessage, WireError};

use super::Read;
use super::text::{add, is_a_hosts, mac, text};

/// What was heard of the host at `source`.
pub(super) fn heard(payload: &[u8], source: IpAddr) -> Read<Announcement> {
    let message = Message::read(payload)?;
    Ok(message.filter(|message| message.is_by(source)).and_then(|message| message.said(source)))
}

/// What the host at `source` answered to a question that was put to it alone: nobody reflects that, so the message needs no
/// address record to count.
pub fn answered(payload: &[u8], source: IpAddr) -> Result<Option<Announcement>, WireError> {
    Ok(Message::read(payload)?.and_then(|message| message.said(source)))
}

/// The records of a response that hold: with a time of 0 they are taken back.
struct Message<'a> {
    records: Vec<(DnsRecord<'a>, DnsData<'a>)>,
}

impl<'a> Message<'a> {
    /// `None` for a question: the records in it are what its sender knows, or hopes for.
    fn read(payload: &'a [u8]) -> Read<Self> {
        let message = DnsMessage::parse(payload)?;
        if !message.response || message.code != 0 {
            return Ok(None);
        }
        let mut records = Vec::new();
        for record in message.records() {
            let (_, record) = record?;
            // RFC 6762, 18.12 and 10.1: of class IN, and not a goodbye
            if record.class == 1 && record.ttl != 0 {
                records.push((record, record.data()?));
            }
        }
        Ok(Some(Self { records }))
    }

    /// The host names with their addresses.
    fn hosts(&self) -> impl Iterator<Item = (DnsName<'a>, IpAddr)> {
        self.records.iter().filter_map(|(record, data)| match data {
            DnsData::A(address) => Some((record.name, (*address).into())),
            DnsData::Aaaa(address) => Some((record.name, (*address).into())),
            _ => None,
        })
    }

    fn is_by(&self, source: IpAddr) -> bool {
        self.hosts().any(|(_, address)| address == source)
    }

    fn said(&self, source: IpAddr) -> Option<Announcement> {
        // a few names in a message, however many records: the rest is not looked at
        let mut own: Vec<DnsName<'a>> = Vec::new();
        add(&mut own, self.hosts().filter(|(_, address)| *address == source).map(|(name, _)| name));
        if own.is_empty() && self.hosts().next().is_some() {
            return None;
        }
        let mut instances: Vec<DnsName<'a>> = Vec::new();
        let mut of_others: Vec<DnsName<'a>> = Vec::new();
        for (record, data) in &self.records {
            if let DnsData::Srv { target, .. } = data {
                let is_own = own.is_empty() || own.contains(target);
                add(if is_own { &mut instances } else { &mut of_others }, [record.name]);
            }
        }
        let mut said = Announcement::default();
        add(&mut said.names, own.iter().filter_map(|name| text(name.to_string().as_bytes())));
        for (record, data) in &self.records {
            match data {
                DnsData::A(_) | DnsData::Aaaa(_) if own.contains(&record.name) => {
                    let address = match *data {
                        DnsData::A(four) => IpAddr::from(four),
                        DnsData::Aaaa(six) => six.into(),
                        _ => continue,
                    };
                    add(&mut said.addresses, Some(address).filter(|one| is_a_hosts(*one)));
                }
                DnsData::HostInfo { cpu, os } if own.is_empty() || own.contains(&record.name) => {
                    let both = [cpu.trim_ascii(), os.trim_ascii()].join(&b' ');
                    add(&mut said.descriptions, text(&both));
                }
                DnsData::Ptr(target) if is_service(record.name) => {
                    // what all services are called (RFC 6763, 9) is a service itself
                    let is_list = record.name.labels().next() == Some(b"_services");
                    let service = if is_list { *target } else { record.name };
                    if is_service(service) && !of_others.contains(target) {
                        add(&mut said.services, text(service.to_string().as_bytes()));
                    }
                }
                DnsData::Txt(items)
                    if instances.contains(&record.name)
                        || of_others.is_empty() && is_device_info(record.name) =>
                {
                    texts(&mut said, *items);
                }
                _ => {}
            }
        }
        Some(said).filter(|said| *said != Announcement::default())
    }
}

/// `_ipp._tcp.local`, without an instance in front (RFC 6763, 4.1).
fn is_service(name: DnsName<'_>) -> bool {
    let mut labels = name.labels();
    let first = labels.next().is_some_and(|label| label.starts_with(b"_"));
    first && labels.any(|label| matches!(label, b"_tcp" | b"_udp"))
}

/// Apple's, which has no SRV record: it is of the host whose services have the same instance name.
fn is_device_info(name: DnsName<'_>) -> bool {
    name.labels().nth(1) == Some(b"_device-info")
}

/// The keys that name a product. `ty`, `usb_MFG` and `usb_MDL` are those of printers (Bonjour Printing Specification 1.2.1, 9),
/// `md` those of HomeKit and of Google Cast, `am` that of AirPlay, `macaddress` that of cameras of Axis.
fn texts(said: &mut Announcement, items: TxtItems<'_>) {
    let first = |keys: &[&str]| -> Option<DeviceText> {
        keys.iter().find_map(|key| items.value(key).and_then(text))
    };
    let keep = |field: &mut Option<DeviceText>, keys: &[&str]| {
        if field.is_none() {
            *field = first(keys);
        }
    };
    keep(&mut said.model, &["usb_MDL", "model", "md", "am"]);
    keep(&mut said.manufacturer, &["usb_MFG", "manufacturer"]);
    keep(&mut said.serial, &["serialNumber", "serial"]);
    add(&mut said.descriptions, first(&["ty"]));
    add(
        &mut said.macs,
        ["macaddress", "mac"].iter().find_map(|key| items.value(key).and_then(mac)),
    );
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use herkomst_wire::dns::emit_dns_response;

    use super::*;

    const SOURCE: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 9);

    /// A host answers where its service is, and what it is; all made up.
    fn response(address: Ipv4Addr, items: &[u8]) -> Vec<u8> {
        // names are made by sending and reading them: a record has no other
        let mut named = vec![];
        let instance = "Lab printer._ipp._tcp.local";
        emit_dns_response(
            &mut named,
            0,
            120,
            &[("lab.local", DnsData::A(address)), (instance, DnsData::A(address))],
        )
        .unwrap();
        let read = DnsMessage::parse(&named).unwrap();
        let names: Vec<_> = read.records().map(|record| record.unwrap().1.name).collect();
        let mut buf = vec![];
        let records = [
            ("_ipp._tcp.local", DnsData::Ptr(names[1])),
            (instance, DnsData::Srv { priority: 0, weight: 0, port: 631, target: names[0] }),
            (instance, DnsData::Txt(TxtItems::new(items))),
            ("lab.local", DnsData::A(address)),
        ];
        emit_dns_response(&mut buf, 0, 120, &records).unwrap();
        buf
    }

    const ITEMS: &[u8] = b"\x0eusb_MFG=Lablab\x0busb_MDL=L-1\x11ty=Lablab L-1 A/1\x04x=yz";

    #[test]
    fn a_printer_tells_its_name_service_maker_and_model() {
        let message = response(SOURCE, ITEMS);
        let said = heard(&message, SOURCE.into()).unwrap().unwrap();
        assert_eq!(said.names, ["lab.local".into()]);
        assert_eq!(said.services, ["_ipp._tcp.local".into()]);
        assert_eq!((said.manufacturer, said.model), (Some("Lablab".into()), Some("L-1".into())));
        assert_eq!(said.descriptions, ["Lablab L-1 A/1".into()]);
        assert_eq!(said.addresses, [IpAddr::from(SOURCE)]);
    }

    #[test]
    fn what_a_reflector_repeats_is_not_about_the_reflector() {
        let message = response(SOURCE, ITEMS);
        let reflector = IpAddr::from([10, 0, 0, 1]);
        assert_eq!(heard(&message, reflector).unwrap(), None);
        assert_eq!(answered(&message, reflector).unwrap(), None);
    }

    #[test]
    fn a_list_of_services_counts_only_as_an_answer_to_us() {
        let mut named = vec![];
        let service = "_http._tcp.local";
        emit_dns_response(&mut named, 0, 9, &[(service, DnsData::A(SOURCE))]).unwrap();
        let read = DnsMessage::parse(&named).unwrap();
        let name = read.records().next().unwrap().unwrap().1.name;
        let mut message = vec![];
        let list = [("_services._dns-sd._udp.local", DnsData::Ptr(name))];
        emit_dns_response(&mut message, 0, 9, &list).unwrap();
        assert_eq!(heard(&message, SOURCE.into()).unwrap(), None);
        let said = answered(&message, SOURCE.into()).unwrap().unwrap();
        assert_eq!(said.services, [service.into()]);
    }

    #[test]
    fn a_goodbye_says_nothing() {
        let mut message = vec![];
        emit_dns_response(&mut message, 0, 0, &[("lab.local", DnsData::A(SOURCE))]).unwrap();
        assert_eq!(heard(&message, SOURCE.into()).unwrap(), None);
    }
}
