//! SNMP version 3: a report as ours, made of what was read, says the same engine and clock.
#![no_main]

use herkomst_wire::snmp::{MOST_BINDINGS, V3Message, emit_discovery_report, flag, message_version};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(message) = V3Message::parse(bytes) else { return };
    assert_eq!(message_version(bytes), Ok(3));
    assert_eq!(message.scoped.is_none(), message.flags & flag::ENCRYPTED != 0);
    if let Some(scoped) = &message.scoped {
        assert!(scoped.pdu.bindings().count() <= MOST_BINDINGS + 1);
    }
    let usm = message.usm;
    let mut again = vec![];
    emit_discovery_report(&mut again, message.msg_id, 1, usm.engine_id, usm.boots, usm.time, 1);
    let read = V3Message::parse(&again).expect("it was sent by us");
    assert_eq!((read.msg_id, read.usm.engine_id), (message.msg_id, usm.engine_id));
    assert_eq!((read.usm.boots, read.usm.time), (usm.boots, usm.time));
});
