//! The recorded frames, for the tests of each protocol and for those of all (README.md says who sent them).

/// Every file by its name.
pub(crate) const ALL: &[(&str, &str)] = &[
    ("arp", include_str!("arp.hex")),
    ("arp_announcement", include_str!("arp_announcement.hex")),
    ("arp_probe", include_str!("arp_probe.hex")),
    ("arp_silence", include_str!("arp_silence.hex")),
    ("carp", include_str!("carp.hex")),
    ("cdp", include_str!("cdp.hex")),
    ("cdp_v2", include_str!("cdp_v2.hex")),
    ("dhcp", include_str!("dhcp.hex")),
    ("dhcp_udhcpc", include_str!("dhcp_udhcpc.hex")),
    ("dhcpv6", include_str!("dhcpv6.hex")),
    ("dhcpv6_dhcpcd", include_str!("dhcpv6_dhcpcd.hex")),
    ("dhcpv6_ll", include_str!("dhcpv6_ll.hex")),
    ("dns", include_str!("dns.hex")),
    ("edp", include_str!("edp.hex")),
    ("fdp", include_str!("fdp.hex")),
    ("fragments", include_str!("fragments.hex")),
    ("hsrp", include_str!("hsrp.hex")),
    ("icmp", include_str!("icmp.hex")),
    ("icmp_unreachable", include_str!("icmp_unreachable.hex")),
    ("icmpv6", include_str!("icmpv6.hex")),
    ("icmpv6_parameter_problem", include_str!("icmpv6_parameter_problem.hex")),
    ("icmpv6_unreachable", include_str!("icmpv6_unreachable.hex")),
    ("ipv6_extensions", include_str!("ipv6_extensions.hex")),
    ("ipv6_fragments", include_str!("ipv6_fragments.hex")),
    ("lldp", include_str!("lldp.hex")),
    ("lldp_organisations", include_str!("lldp_organisations.hex")),
    ("mdns", include_str!("mdns.hex")),
    ("mdns_answer", include_str!("mdns_answer.hex")),
    ("mld_query", include_str!("mld_query.hex")),
    ("mld_v1", include_str!("mld_v1.hex")),
    ("mld_v2", include_str!("mld_v2.hex")),
    ("mndp", include_str!("mndp.hex")),
    ("ndp", include_str!("ndp.hex")),
    ("ndp_router", include_str!("ndp_router.hex")),
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
    ("sonmp", include_str!("sonmp.hex")),
    ("ssdp", include_str!("ssdp.hex")),
    ("vrrp", include_str!("vrrp.hex")),
    ("ws_discovery", include_str!("ws_discovery.hex")),
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

/// What the datagrams of one file carry, over IPv4 or IPv6 as recorded: behind headers without options.
pub(crate) fn udp_payloads(name: &str) -> Vec<Vec<u8>> {
    let header = |frame: &[u8]| if frame[12..14] == [8, 0] { 42 } else { 62 };
    frames(name).into_iter().map(|mut frame| frame.split_off(header(&frame))).collect()
}
