//! SNMP versions 1 and 2c: what is read comes back the same, whole or made anew from its bindings.
#![no_main]

use herkomst_wire::snmp::{
    CommunityMessage, MOST_BINDINGS, PduKind, emit_response, message_version,
};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let version = message_version(bytes);
    let Ok(message) = CommunityMessage::parse(bytes) else { return };
    assert_eq!(version, Ok(message.version.number()));
    let mut again = vec![];
    message.emit(&mut again);
    assert_eq!(CommunityMessage::parse(&again).as_ref(), Ok(&message));

    let pdu = &message.pdu;
    assert!(pdu.bindings().count() <= MOST_BINDINGS + 1);
    let list: Vec<_> =
        pdu.bindings().flatten().map(|binding| (binding.name, binding.value)).collect();
    again.clear();
    let (status, index) = (pdu.error_status, pdu.error_index);
    emit_response(
        &mut again,
        message.version,
        message.community,
        pdu.request_id,
        status,
        index,
        &list,
    );
    let read = CommunityMessage::parse(&again).expect("it was sent by us");
    assert_eq!((read.pdu.kind, read.pdu.request_id), (PduKind::Response, pdu.request_id));
    let back: Vec<_> =
        read.pdu.bindings().map(|binding| binding.expect("it was read before")).collect();
    assert!(back.into_iter().map(|binding| (binding.name, binding.value)).eq(list));
});
