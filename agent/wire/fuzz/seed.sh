#!/bin/sh
# Lays out what each target starts from: what is kept, and the recorded messages without the headers that are not the target's.
set -eu
cd "$(dirname "$0")"
./corpus.py lay
seed() {
    target=$1 header=$2; shift 2
    mkdir -p "corpus/$target"
    for name in "$@"; do
        number=0
        while read -r frame; do
            number=$((number + 1))
            echo "$frame" | cut -c$((header * 2 + 1))- | xxd -r -p >"corpus/$target/$(basename "$name" .hex)-$number"
        done <"$name"
    done
}
recorded=../tests/captures
seed ethernet 0 $recorded/*.hex
seed arp 14 $recorded/arp*.hex
seed ipv4 14 $recorded/icmp*.hex $recorded/snmp_*.hex $recorded/fragments.hex
seed icmp 34 $recorded/icmp*.hex
seed lldp 14 $recorded/lldp.hex
seed snmp_community 42 $recorded/snmp_v1*.hex $recorded/snmp_v2c*.hex $recorded/snmp_trap*.hex
seed snmp_v3 42 $recorded/snmp_v3*.hex
seed ipv6 14 $recorded/ipv6_*.hex $recorded/icmpv6*.hex $recorded/ndp*.hex $recorded/mld_*.hex
seed icmpv6 54 $recorded/icmpv6.hex $recorded/icmpv6_unreachable.hex $recorded/ndp*.hex
seed icmpv6 62 $recorded/mld_*.hex
for name in cdp edp sonmp; do seed llc 14 $recorded/$name.hex; done
seed cdp 22 $recorded/cdp*.hex $recorded/fdp.hex
seed edp 22 $recorded/edp.hex
seed sonmp 22 $recorded/sonmp.hex
seed mndp 42 $recorded/mndp.hex
seed lldp_organisation 14 $recorded/lldp*.hex
seed dhcp 42 $recorded/dhcp.hex $recorded/dhcp_udhcpc.hex
seed dhcpv6 62 $recorded/dhcpv6*.hex
seed dns 42 $recorded/dns.hex $recorded/mdns*.hex
seed ssdp 42 $recorded/ssdp.hex
seed ws_discovery 42 $recorded/ws_discovery.hex
seed vrrp 34 $recorded/vrrp.hex $recorded/carp.hex
seed hsrp 42 $recorded/hsrp.hex
# nothing here speaks these: they start from what the tests made up
mkdir -p corpus/sadp corpus/dahua corpus/glbp
printf '<?xml version="1.0"?><ProbeMatch><Uuid>1</Uuid><DeviceSN>LAB</DeviceSN><IPv6Address/></ProbeMatch>' >corpus/sadp/made
printf '\040\000\000\000DHIP\000\000\000\000\000\000\000\000\002\000\000\000\000\000\000\000\002\000\000\000\000\000\000\000{}' >corpus/dahua/made
printf '\001\000\000\005\000\000\002\000\000\000\000\013\002\024\001\040\000\247\144\000\000\000\000\000\000\000\000\007\264\000\005\001' >corpus/glbp/made
