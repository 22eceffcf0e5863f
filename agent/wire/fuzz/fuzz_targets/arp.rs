//! ARP: what is read comes back the same.
#![no_main]

use herkomst_wire::Arp;

libfuzzer_sys::fuzz_target!(|payload: &[u8]| {
    if let Ok(arp) = Arp::parse(payload) {
        let mut again = vec![];
        arp.emit(&mut again);
        assert_eq!(again, payload[..28]);
        assert!(!(arp.is_probe() && arp.is_announcement()));
    }
});
