#!/bin/sh
# Lays out what each target starts from: the recorded messages, without the headers that are not the target's.
set -eu
cd "$(dirname "$0")"
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
