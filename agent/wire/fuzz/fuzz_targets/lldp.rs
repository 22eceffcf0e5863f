//! LLDP: what is read comes back the same.
#![no_main]

use herkomst_wire::lldp::{Lldp, LldpToSend, emit_lldp};

libfuzzer_sys::fuzz_target!(|payload: &[u8]| {
    let Ok(lldp) = Lldp::parse(payload) else { return };
    let tlvs: Vec<_> = lldp.tlvs().collect();
    assert!(tlvs.len() <= payload.len() / 2);
    let tlvs: Vec<_> = tlvs.into_iter().flatten().collect();
    let (chassis_id, port_id, ttl) = (lldp.chassis_id(), lldp.port_id(), lldp.ttl());
    let mut again = vec![];
    emit_lldp(&mut again, &LldpToSend { chassis_id, port_id, ttl, tlvs: &tlvs })
        .expect("it was read");
    let read = Lldp::parse(&again).expect("it was sent by us");
    assert_eq!((read.chassis_id(), read.port_id(), read.ttl()), (chassis_id, port_id, ttl));
    assert_eq!(read.tlvs().collect::<Result<Vec<_>, _>>(), Ok(tlvs));
});
