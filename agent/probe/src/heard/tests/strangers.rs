//! What a hostile or broken segment sends: bounded memory, and no panic.

use herkomst_wire::llc::snap;

use super::super::memory::{MOST_OCTETS, MOST_SPEAKERS, MOST_STATIONS, MOST_THINGS};
use super::*;

/// Every recorded frame, cut at every octet and with every octet changed once: read or refused, and never more than one frame
/// can say.
#[test]
fn a_cut_or_changed_frame_is_read_or_refused() {
    for (name, frames) in recorded::all() {
        for frame in frames {
            for end in 0..frame.len() {
                let mut heard = Heard::new(OURS, ALL());
                let mut changed = frame.clone();
                changed[end] ^= 1 << (end % 8);
                for bytes in [&frame[..end], &changed] {
                    let Ok(frame) = EthernetFrame::parse(bytes) else { continue };
                    for pending in [false, true] {
                        heard.hear(&frame, None, pending);
                    }
                }
                assert!(told(&mut heard).len() <= 8, "{name} at {end}");
            }
        }
    }
}

fn station(number: usize) -> MacAddr {
    let [.., a, b, c] = number.to_be_bytes();
    MacAddr([2, 0, 0, a, b, c])
}

#[test]
fn stations_that_invent_names_do_not_fill_the_memory() {
    let mut heard = Heard::new(OURS, Keep::None);
    for number in 0..MOST_SPEAKERS + 100 {
        take(&mut heard, &lldp_frame(station(number + 2), "x"));
    }
    assert_eq!(told_len(&mut heard), MOST_SPEAKERS);
    assert_eq!(heard.overflow(), 100);
    // a station that was heard is heard again all the same
    assert_eq!(take(&mut heard, &lldp_frame(station(2), "another")), Fit::Taken);
    assert_eq!(told_len(&mut heard), 1);
}

#[test]
fn one_station_that_invents_names_is_heard_out_for_a_while() {
    let mut heard = Heard::new(OURS, Keep::None);
    for number in 0..MOST_THINGS + 10 {
        take(&mut heard, &lldp_frame(STATION, &format!("sw{number}")));
    }
    assert_eq!(told_len(&mut heard), MOST_THINGS);
    assert_eq!(heard.overflow(), 10);
    assert_eq!(take(&mut heard, &lldp_frame(station(2), "sw1")), Fit::Taken, "others are heard");
}

#[test]
fn long_words_of_many_are_bounded_by_their_length() {
    let mut heard = Heard::new(OURS, Keep::None);
    let mut cdp = vec![];
    let long = [b'x'; 1200];
    let tlvs = [herkomst_wire::cdp::CdpTlv::SoftwareVersion(&long)];
    herkomst_wire::cdp::emit_cdp(&mut cdp, 2, 180, &tlvs).unwrap();
    let mut frame = vec![];
    for number in 0..MOST_SPEAKERS {
        let source = station(number + 2);
        snap_frame(&mut frame, MacAddr::BROADCAST, source, None, snap::CDP, &cdp).unwrap();
        take(&mut heard, &frame);
    }
    assert_eq!(told_len(&mut heard), MOST_OCTETS / cdp.len());
    assert_eq!(
        take(&mut heard, &lldp_frame(STATION, "sw1")),
        Fit::Taken,
        "other protocols are heard"
    );
}

#[test]
fn a_flood_of_addresses_is_bounded() {
    let mut heard = Heard::new(OURS, ALL());
    for number in 0..MOST_STATIONS + 50 {
        let [.., b, c, d] = number.to_be_bytes();
        take(&mut heard, &arp_frame([10, b, c, d], [10, 0, 0, 1]));
    }
    assert_eq!(told_len(&mut heard), MOST_STATIONS);
    assert_eq!(heard.overflow(), 50);
    assert_eq!(take(&mut heard, &arp_frame([10, 0, 0, 7], [10, 0, 0, 1])), Fit::Taken);
}

#[test]
fn frames_that_are_new_each_time_do_not_fill_the_memory() {
    let mut heard = Heard::new(OURS, ALL());
    for number in 0..200_000_u32 {
        let mut payload = b"\0\0\0\x01\0\x05\0\x03lab\0\x0a\0\x04".to_vec();
        payload.extend(number.to_be_bytes());
        let frame = udp(([10, 0, 0, 6], 5678), ([255; 4], 5678), &payload);
        assert_eq!(take(&mut heard, &frame), Fit::Taken);
    }
    assert_eq!(told_len(&mut heard), 2, "the station, and its name");
}

proptest::proptest! {
    #[test]
    fn any_octets_are_read_or_refused(kind in 0_usize..8, octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        let ports = [67, 547, 1900, 3702, 5353, 5678, 37_020, 37_810];
        let mut heard = Heard::new(OURS, ALL());
        take(&mut heard, &udp(([10, 0, 0, 6], 4000), ([224, 0, 0, 251], ports[kind]), &octets));
        let mut frame = vec![];
        udp6_frame(&mut frame, &way("fe80::9", "ff02::fb"), 4000, ports[kind], &octets).unwrap();
        take(&mut heard, &frame);
        let mut message = vec![130 + u8::try_from(kind).unwrap(), 0, 0, 0];
        message.extend(&octets);
        let way = Ipv6Way { hop_limit: if kind < 3 { 1 } else { 255 }, ..way("fe80::9", "ff02::1") };
        icmpv6_frame(&mut frame, &way, Extra::Nothing, &message).unwrap();
        take(&mut heard, &frame);
        let lldp = ethernet(ether_type::LLDP, STATION, &octets);
        take(&mut heard, &lldp);
    }
}
