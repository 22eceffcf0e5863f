//! The discovery of Hikvision (SADP) and Dahua (DHIP) devices. Neither is public; the fields are those that open programs which
//! ask such devices read. A message about another address than its sender's is of a proxy, and says nothing.

use std::net::IpAddr;

use herkomst_model::{Announcement, DeviceText};
use herkomst_wire::{Dahua, Reader, Sadp, WireError};
use serde_json::{Map, Value};

use super::text::{add, address, mac, text};

/// What a device at `source` says over SADP; `None` where it is a question, or about another.
pub fn sadp(payload: &[u8], source: IpAddr) -> Result<Option<Announcement>, WireError> {
    if is_sadp_question(payload) {
        return Ok(None);
    }
    let read = Sadp::parse(payload)?;
    let mut said = Announcement::default();
    let fields = ["IPv4Address", "IPv6Address"];
    add(&mut said.addresses, fields.iter().filter_map(|name| read.field(name).and_then(address)));
    if !is_of(source, &said.addresses) {
        return Ok(None);
    }
    said.model = read.field("DeviceDescription").and_then(text);
    said.serial = read.field("DeviceSN").and_then(text);
    said.software = read.field("SoftwareVersion").and_then(text);
    add(&mut said.macs, read.field("MAC").and_then(mac));
    Ok(Some(said).filter(|said| *said != Announcement::default()))
}

/// Its outermost element is `Probe`, and that of an answer `ProbeMatch`.
fn is_sadp_question(payload: &[u8]) -> bool {
    payload.windows(7).take(256).any(|seven| matches!(seven, b"<Probe>" | b"<Probe "))
}

/// What a device at `source` says over DHIP; `None` where it is a question, or about another.
pub fn dhip(payload: &[u8], source: IpAddr) -> Result<Option<Announcement>, WireError> {
    let read = Dahua::parse(payload)?;
    let Ok(Value::Object(message)) = serde_json::from_slice(read.json) else {
        let found = Reader::new(read.json).u8("dhip text")?.into();
        let want = "the start of a JSON object";
        return Err(WireError::Unexpected { what: "dhip text", at: 32, found, want });
    };
    let params = message.get("params").and_then(Value::as_object);
    let info = params.and_then(|params| params.get("deviceInfo")).and_then(Value::as_object);
    let Some(info) = info else { return Ok(None) };
    let mut said = Announcement::default();
    for family in ["IPv4Address", "IPv6Address"] {
        let own = info.get(family).and_then(Value::as_object);
        let texts = own.into_iter().flat_map(|own| {
            ["IPAddress", "LinkLocalAddress"].iter().filter_map(|name| own.get(*name)?.as_str())
        });
        add(&mut said.addresses, texts.filter_map(|text| address(text.as_bytes())));
    }
    if !is_of(source, &said.addresses) {
        return Ok(None);
    }
    said.model = word(info, "DeviceType");
    said.manufacturer = word(info, "Vendor");
    said.serial = word(info, "SerialNo");
    said.software = word(info, "Version");
    add(&mut said.names, word(info, "MachineName"));
    add(&mut said.services, word(info, "DeviceClass"));
    let own = message.get("mac").and_then(Value::as_str);
    add(&mut said.macs, own.and_then(|text| mac(text.as_bytes())));
    Ok(Some(said).filter(|said| *said != Announcement::default()))
}

fn word(info: &Map<String, Value>, name: &str) -> Option<DeviceText> {
    info.get(name)?.as_str().and_then(|word| text(word.as_bytes()))
}

/// A device that gives no address of the family that it speaks from may still be meant.
fn is_of(source: IpAddr, addresses: &[IpAddr]) -> bool {
    let mut same_family = addresses.iter().filter(|one| one.is_ipv4() == source.is_ipv4());
    addresses.contains(&source) || same_family.next().is_none()
}

#[cfg(test)]
mod tests {
    use herkomst_ids::MacAddr;
    use herkomst_wire::dahua::DAHUA_SEARCH;
    use herkomst_wire::sadp::emit_sadp_probe;

    use super::*;

    const SOURCE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 9));
    const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 8));

    // made up, in the form that open descriptions give
    const SADP: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<ProbeMatch><Uuid>13A888A9</Uuid><DeviceDescription>LAB-CAMERA</DeviceDescription>\
        <DeviceSN>LAB-1</DeviceSN><MAC>02-00-00-00-00-0b</MAC><IPv4Address>10.0.0.9</IPv4Address><IPv6Address>::</IPv6Address>\
        <SoftwareVersion>V1.2build 1</SoftwareVersion></ProbeMatch>";
    const DHIP: &[u8] = br#"{"mac":"02:00:00:00:00:0b","method":"client.notifyDevInfo","params":{"deviceInfo":{"DeviceClass":"IPC","DeviceType":"LAB-D1",
        "IPv4Address":{"IPAddress":"10.0.0.9","SubnetMask":"255.0.0.0"},"IPv6Address":{"IPAddress":"\/64","LinkLocalAddress":"fe80::ff:fe00:b\/64"},
        "MachineName":"door","SerialNo":"LAB00001","Vendor":"Lab","Version":"2.6","Port":37777}}}"#;

    #[test]
    fn a_camera_says_model_serial_and_address_over_sadp() {
        let said = sadp(SADP, SOURCE).unwrap().unwrap();
        let texts = (said.model, said.serial, said.software);
        let expected = ("LAB-CAMERA", "LAB-1", "V1.2build 1");
        assert_eq!(
            texts,
            (Some(expected.0.into()), Some(expected.1.into()), Some(expected.2.into()))
        );
        assert_eq!(said.macs, [MacAddr([2, 0, 0, 0, 0, 0x0b])]);
        assert_eq!(said.addresses, [SOURCE]);
        assert_eq!(sadp(SADP, OTHER).unwrap(), None);
        let mut question = vec![];
        emit_sadp_probe(&mut question, "1");
        assert_eq!(sadp(&question, SOURCE), Ok(None));
    }

    #[test]
    fn a_camera_says_model_serial_and_address_over_dhip() {
        let message = |json| {
            let mut buf = vec![];
            Dahua { session: 0, id: 0, json }.emit(&mut buf).unwrap();
            buf
        };
        let said = dhip(&message(DHIP), SOURCE).unwrap().unwrap();
        assert_eq!((said.model, said.serial), (Some("LAB-D1".into()), Some("LAB00001".into())));
        assert_eq!(said.manufacturer, Some("Lab".into()));
        assert_eq!((said.names, said.services), (vec!["door".into()], vec!["IPC".into()]));
        assert_eq!(said.addresses, [SOURCE, "fe80::ff:fe00:b".parse().unwrap()]);
        assert_eq!(said.macs, [MacAddr([2, 0, 0, 0, 0, 0x0b])]);
        assert_eq!(dhip(&message(DHIP), OTHER).unwrap(), None);
        assert_eq!(dhip(&message(DAHUA_SEARCH), SOURCE), Ok(None));
        for json in [&b""[..], b"[]", b"{", br#""text""#] {
            assert!(dhip(&message(json), SOURCE).is_err());
        }
        let deep = [b"[".repeat(40_000), b"]".repeat(20_000)].concat();
        assert!(dhip(&message(&deep), SOURCE).is_err());
    }
}
