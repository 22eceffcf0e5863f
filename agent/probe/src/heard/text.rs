//! Texts and addresses as announcements have them, bounded.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use herkomst_ids::MacAddr;
use herkomst_model::DeviceText;

/// The most of anything that is kept from one announcement.
pub(super) const MOST: usize = 16;

/// A text, unless it is blank.
pub(super) fn text(octets: &[u8]) -> Option<DeviceText> {
    Some(DeviceText::from_bytes(octets.trim_ascii())).filter(|text| !text.is_blank())
}

/// Adds what is not there yet, up to the bound.
pub(super) fn add<T: PartialEq>(list: &mut Vec<T>, item: impl IntoIterator<Item = T>) {
    for item in item {
        if list.len() < MOST && !list.contains(&item) {
            list.push(item);
        }
    }
}

/// What can be a host's: loopback, unspecified and group addresses are everybody's or nobody's.
pub(super) fn is_a_hosts(address: IpAddr) -> bool {
    let is_nobodys = match address {
        IpAddr::V4(four) => four.is_broadcast() || four.octets()[0] == 0, // RFC 1122, 3.2.1.3
        IpAddr::V6(six) => six.to_ipv4_mapped().is_some(),
    };
    !is_nobodys && !address.is_loopback() && !address.is_unspecified() && !address.is_multicast()
}

/// A hardware address that can be a station's.
pub(super) fn is_a_stations(mac: MacAddr) -> bool {
    mac != MacAddr::ZERO && !mac.is_multicast()
}

/// An address as text, behind which the length of a prefix may stand.
pub(super) fn address(octets: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(octets).ok()?;
    let (text, _) = text.split_once('/').unwrap_or((text, ""));
    IpAddr::from_str(text).ok().filter(|address| is_a_hosts(*address))
}

/// A hardware address as text: two digits each with colons or hyphens between, or twelve without.
pub(super) fn mac(octets: &[u8]) -> Option<MacAddr> {
    let text = std::str::from_utf8(octets).ok()?.trim();
    let digits: String = text.chars().filter(|letter| !matches!(letter, ':' | '-')).collect();
    let is_whole = digits.len() == 12 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let number = u64::from_str_radix(&digits, 16).ok().filter(|_| is_whole)?;
    let [_, _, octets @ ..] = number.to_be_bytes();
    Some(MacAddr(octets)).filter(|mac| is_a_stations(*mac))
}

/// The address that stands in the host of a URL; `None` for a name, and for what is no URL.
pub(super) fn host_of(url: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(url).ok()?;
    let (_, rest) = text.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    if let Some(inside) = authority.strip_prefix('[') {
        let inside = inside.split(']').next()?;
        // RFC 6874: behind a percent sign stands the zone
        return inside.split('%').next()?.parse::<Ipv6Addr>().ok().map(IpAddr::from);
    }
    authority.split(':').next()?.parse::<Ipv4Addr>().ok().map(IpAddr::from)
}

/// Text with `%20` and the like read (RFC 3986, 2.1); what is no such triplet stays as it is.
pub(super) fn percent_decoded(octets: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(octets.len());
    let mut rest = octets;
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind.first_chunk::<2>().filter(|_| *first == b'%');
        let value = digits
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        (decoded, rest) = match value {
            Some(value) => {
                decoded.push(value);
                (decoded, behind.get(2..).unwrap_or_default())
            }
            None => {
                decoded.push(*first);
                (decoded, behind)
            }
        };
    }
    decoded
}

/// As two digits an octet.
pub(super) fn hexadecimal(octets: &[u8]) -> DeviceText {
    let text: String = octets.iter().take(64).map(|octet| format!("{octet:02x}")).collect();
    DeviceText::from(text.as_str())
}

/// Text where it is text, and digits otherwise.
pub(super) fn text_or_hexadecimal(octets: &[u8]) -> DeviceText {
    match std::str::from_utf8(octets) {
        Ok(text) if !text.chars().any(char::is_control) => DeviceText::from(text),
        _ => hexadecimal(octets),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_devices_write_them() {
        let mine = Some(MacAddr([2, 0, 0, 0, 0, 0x0b]));
        for text in ["02-00-00-00-00-0b", "02:00:00:00:00:0B", "02000000000b"] {
            assert_eq!(mac(text.as_bytes()), mine, "{text}");
        }
        for text in ["", "2-0-0-0-0-b", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "+2000000000b"] {
            assert_eq!(mac(text.as_bytes()), None, "{text}");
        }
        assert_eq!(address(b"10.0.0.9"), Some(IpAddr::from([10, 0, 0, 9])));
        assert_eq!(address(b"fe80::9/64"), "fe80::9".parse().ok());
        for text in [&b"/64"[..], b"0.0.0.0", b"::", b"camera", b"255.255.255.255", b"\xff"] {
            assert_eq!(address(text), None);
        }
    }

    #[test]
    fn the_host_of_a_url_is_an_address_or_nothing() {
        let four = Some(IpAddr::from([10, 0, 0, 9]));
        assert_eq!(host_of(b"http://10.0.0.9:5000/a?b"), four);
        assert_eq!(host_of(b"http://10.0.0.9"), four);
        assert_eq!(host_of(b"http://[fe80::9%25eth0]:80/"), "fe80::9".parse().ok());
        for url in [&b""[..], b"10.0.0.9", b"http://camera/", b"http://[x]/", b"\xff://10.0.0.9"] {
            assert_eq!(host_of(url), None);
        }
    }

    #[test]
    fn triplets_are_read_and_the_rest_stays() {
        assert_eq!(percent_decoded(b"Lab%20camera%c3%a9"), "Lab cameraé".as_bytes());
        assert_eq!(percent_decoded(b"100%, %2 %zz%+1%"), b"100%, %2 %zz%+1%");
    }
}
