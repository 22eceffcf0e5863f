#!/bin/sh
# Makes the captures again: real peers in two network namespaces of their own, which end with this script. Needs root.
# usage: unshare --net --mount --uts sh make.sh FOLDER
set -eu
out=$(realpath "$1")
. "$(dirname "$0")/link.sh"
link no

# say ADDRESS BYTES: one datagram, for which the kernel has to find the neighbour
say() {
    python3 -c 'import socket, sys; socket.socket(type=socket.SOCK_DGRAM).sendto(bytes(int(sys.argv[2])), (sys.argv[1], 9))' "$@"
    sleep 0.5
}
moves() { ip link set va address 02:00:00:00:00:0c; sleep 0.5; ip link set va address 02:00:00:00:00:0a; sleep 0.5; }
ip neigh flush dev va
record arp arp say 10.50.0.2 1
record arp_silence arp say 10.50.0.9 1
record arp_probe arp arp-scan -q -I va --retry=1 --arpspa=0.0.0.0 10.50.0.2
echo 1 >/proc/sys/net/ipv4/conf/va/arp_notify
record arp_announcement arp moves
record icmp icmp nping --icmp -c 1 --icmp-id 4660 --icmp-seq 7 --data-string "wire capture" 10.50.0.2
record icmp_unreachable "icmp or udp" nping --udp -p 40000 -g 40001 -c 1 10.50.0.2
record fragments "udp or ip[6:2] & 0x3fff != 0" say 10.50.0.2 3000

cat >"$work/snmpd.conf" <<'CONF'
rocommunity public
rouser labuser authpriv
createUser labuser SHA-256 "only for this capture" AES "only for this capture"
engineIDType 3
engineIDNic vb
sysDescr lab agent of a wire capture
sysObjectID 1.3.6.1.4.1.8072.3.2.10
sysName lab-peer
sysLocation lab
sysContact nobody
CONF
nsenter --target "$peer" --net --uts env SNMP_PERSISTENT_DIR="$work/persistent" \
    snmpd -f -C -c "$work/snmpd.conf" -Lf "$work/snmpd.log" udp:10.50.0.2:161 >/dev/null 2>&1 &
started="$started $!"
ask() { command=$1; shift; env MIBS= SNMPCONFPATH=/nowhere SNMP_PERSISTENT_DIR="$work/client" "$command" -r 1 -t 1 "$@"; }
for _ in $(seq 50); do ask snmpget -v 2c -c public 10.50.0.2 1.3.6.1.2.1.1.5.0 >/dev/null 2>&1 && break; sleep 0.1; done
system="1.3.6.1.2.1.1.1.0 1.3.6.1.2.1.1.2.0 1.3.6.1.2.1.1.3.0 1.3.6.1.2.1.1.5.0"
udp161="udp and (port 161 or port 162)"
record snmp_v1 "$udp161" ask snmpget -v 1 -c public 10.50.0.2 $system
record snmp_v1_no_such_name "$udp161" ask snmpget -v 1 -Cf -c public 10.50.0.2 1.3.6.1.2.1.1.1.0 1.3.6.1.2.1.1.99.0
record snmp_v2c "$udp161" ask snmpget -v 2c -c public 10.50.0.2 $system \
    1.3.6.1.2.1.4.20.1.1.10.50.0.2 1.3.6.1.2.1.2.2.1.5.1 1.3.6.1.2.1.2.2.1.10.1 1.3.6.1.2.1.31.1.1.1.6.1
record snmp_v2c_exceptions "$udp161" ask snmpget -v 2c -c public 10.50.0.2 1.3.6.1.2.1.1.99.0 1.3.6.1.2.1.1.1.7
record snmp_v2c_next "$udp161" ask snmpgetnext -v 2c -c public 10.50.0.2 1.3.6.1.2.1.1 1.3.7
record snmp_v2c_bulk "$udp161" ask snmpbulkget -v 2c -c public -Cn1 -Cr12 10.50.0.2 1.3.6.1.2.1.1.5 1.3.6.1.2.1.2.2.1
record snmp_v3 "$udp161" ask snmpget -v 3 -u labuser -l authPriv -a SHA-256 -A "only for this capture" \
    -x AES -X "only for this capture" 10.50.0.2 1.3.6.1.2.1.1.1.0
record snmp_v3_unknown_user "$udp161" ask snmpget -v 3 -u stranger -l noAuthNoPriv 10.50.0.2 1.3.6.1.2.1.1.1.0
record snmp_trap_v1 "$udp161" ask snmptrap -v 1 -c public 10.50.0.2 1.3.6.1.4.1.8072.3.2.10 10.50.0.1 2 0 123456 \
    1.3.6.1.2.1.2.2.1.1.2 i 2
record snmp_trap_v2 "$udp161" ask snmptrap -v 2c -c public 10.50.0.2 123456 1.3.6.1.6.3.1.1.5.3 1.3.6.1.2.1.2.2.1.1.2 i 2

# -M 4: a network connectivity device of LLDP-MED; -cc: CDP instead of LLDP, a frame of IEEE 802.3 with LLC
control() { nsenter --target "$peer" --net lldpcli -u /run/lldpd.socket "$@" >/dev/null; }
update() { control update; sleep 1; }
neighbour() {
    nsenter --target "$peer" --net --uts lldpd -d "$@" -I vb -C vb -S "lab peer of a wire capture" -m 10.50.0.2 \
        -u /run/lldpd.socket >"$work/lldpd.log" 2>&1 &
    neighbour=$!
    for _ in $(seq 50); do control show chassis 2>/dev/null && break; sleep 0.1; done
}
neighbour -M 4
for item in hardware-revision software-revision firmware-revision serial-number manufacturer model asset; do
    control configure inventory $item "lab $item"
done
record lldp "ether proto 0x88cc" update
kill $neighbour; wait $neighbour || true
neighbour -cc
record cdp "ether host 01:00:0c:cc:cc:cc" update
kill $neighbour; wait $neighbour || true

write_out
