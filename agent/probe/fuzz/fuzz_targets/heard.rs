//! All that is listened to, as a whole: frames one after the other, each after its length, from the kernel or as a file has them.
#![no_main]

use herkomst_ids::MacAddr;
use herkomst_probe::Probe;
use herkomst_probe::heard::{Heard, Keep};
use herkomst_wire::EthernetFrame;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut heard = Heard::new(MacAddr([2; 6]), Keep::AllBut(Box::new(|_| false)));
    let mut rest = bytes;
    let (mut frames, mut told) = (0, 0);
    while let Some(([high, low], behind)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes([*high & 0x0f, *low])).min(behind.len());
        let (frame, next) = behind.split_at(length);
        rest = next;
        frames += 1;
        // the kernel says of packets of this machine that their checksum is still to come
        if let Ok(frame) = EthernetFrame::parse(frame) {
            heard.hear(&frame, frame.vlan, *high & 0x80 != 0);
        }
        while heard.poll_observation().is_some() {
            told += 1;
        }
    }
    // a station, what it says, and for DHCP whoever answers it
    assert!(told <= frames * 3, "{told} observations from {frames} frames");
});
