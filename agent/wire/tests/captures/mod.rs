//! The recorded frames, for the tests of each protocol and for those of all (README.md says who sent them).

/// Every file by its name.
pub(crate) const ALL: &[(&str, &str)] = &[
    ("arp", include_str!("arp.hex")),
    ("arp_announcement", include_str!("arp_announcement.hex")),
    ("arp_probe", include_str!("arp_probe.hex")),
    ("arp_silence", include_str!("arp_silence.hex")),
    ("cdp", include_str!("cdp.hex")),
    ("fragments", include_str!("fragments.hex")),
    ("icmp", include_str!("icmp.hex")),
    ("icmp_unreachable", include_str!("icmp_unreachable.hex")),
    ("lldp", include_str!("lldp.hex")),
    ("snmp_trap_v1", include_str!("snmp_trap_v1.hex")),
    ("snmp_trap_v2", include_str!("snmp_trap_v2.hex")),
    ("snmp_v1", include_str!("snmp_v1.hex")),
    ("snmp_v1_no_such_name", include_str!("snmp_v1_no_such_name.hex")),
    ("snmp_v2c", include_str!("snmp_v2c.hex")),
    ("snmp_v2c_bulk", include_str!("snmp_v2c_bulk.hex")),
    ("snmp_v2c_exceptions", include_str!("snmp_v2c_exceptions.hex")),
    ("snmp_v2c_next", include_str!("snmp_v2c_next.hex")),
    ("snmp_v3", include_str!("snmp_v3.hex")),
    ("snmp_v3_unknown_user", include_str!("snmp_v3_unknown_user.hex")),
];

/// The frames of one file.
pub(crate) fn frames(name: &str) -> Vec<Vec<u8>> {
    let (_, text) = ALL.iter().find(|(file, _)| *file == name).expect("a file of that name");
    text.lines().map(bytes).collect()
}

/// What a line of hexadecimal digits stands for.
fn bytes(line: &str) -> Vec<u8> {
    let digit = |octet: u8| char::from(octet).to_digit(16).expect("hexadecimal digits");
    let (pairs, odd) = line.as_bytes().as_chunks::<2>();
    assert!(odd.is_empty(), "an odd number of digits");
    pairs
        .iter()
        .map(|[high, low]| u8::try_from(digit(*high) << 4 | digit(*low)).expect("two digits"))
        .collect()
}
