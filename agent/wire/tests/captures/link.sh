# Sourced by make.sh and neighbours.sh: two network namespaces of their own, joined by a veth pair (va here, vb there),
# and what records the link between them. `out` is the folder that the captures go to.
set -eu
here=$(readlink /proc/self/ns/net)
[ "$here" != "$(readlink /proc/1/ns/net)" ] || { echo "this is the machine's own network namespace: start with unshare" >&2; exit 77; }

mount -t tmpfs tmpfs /run
mkdir -p /run/lldpd /run/snmp
hostname lab-host
work=$(mktemp -d /run/captures.XXXX)
# an inner shell keeps the second namespace; the pid is that of what it becomes
unshare --net --uts sh -c 'hostname lab-peer; exec sleep 600' >/dev/null 2>&1 &
peer=$!
started=$peer
trap 'kill $started 2>/dev/null' EXIT
for _ in $(seq 50); do [ "$(readlink "/proc/$peer/ns/net")" != "$here" ] && break; sleep 0.1; done
there() { nsenter --target "$peer" --net --uts "$@"; }

# link IPV6: makes the pair, with or without IPv6 (yes or no)
link() {
    ip link add va address 02:00:00:00:00:0a type veth peer name vb address 02:00:00:00:00:0b
    ip link set vb netns "$peer"
    for side in va vb; do
        run=$([ $side = va ] && echo env || echo "nsenter --target $peer --net")
        [ "$1" = yes ] || $run sh -c "echo 1 > /proc/sys/net/ipv6/conf/$side/disable_ipv6" 2>/dev/null || true
        # a veth leaves the checksums to hardware that is not there
        $run python3 - $side <<'PY'
import ctypes, fcntl, socket, struct, sys
value = ctypes.create_string_buffer(struct.pack("II", 0x17, 0))  # ETHTOOL_STXCSUM off
fcntl.ioctl(socket.socket(), 0x8946, struct.pack("16sP16x", sys.argv[1].encode(), ctypes.addressof(value)))
PY
    done
    ip link set lo up; ip addr add 10.50.0.1/24 dev va; ip link set va up
    there ip link set lo up; there ip addr add 10.50.0.2/24 dev vb; there ip link set vb up
}

# record NAME FILTER COMMAND...: what crosses the link while the command runs
record() {
    name=$1 filter=$2; shift 2
    tcpdump -i va --immediate-mode -U -n -w "$work/$name.pcap" "$filter" 2>"$work/$name.log" &
    dump=$!
    for _ in $(seq 50); do grep -q listening "$work/$name.log" 2>/dev/null && break; sleep 0.1; done
    "$@" >"$work/$name.out" 2>&1 || true
    sleep 0.3
    kill -INT $dump; wait $dump || true
}

# write_out: each capture as a file of hexadecimal lines; with `unique`, datagrams that come again are left out
write_out() {
    unique=${unique:-no}
    for file in "$work"/*.pcap; do
        python3 - "$file" >"$out/$(basename "$file" .pcap).hex" <<PY
import struct, sys
data, at, seen = open(sys.argv[1], "rb").read(), 24, set()
while at < len(data):
    length = struct.unpack_from("<I", data, at + 8)[0]
    frame = data[at + 16 : at + 16 + length]
    said = frame[0:18] + frame[34:]  # without the identification and checksum of IPv4, which count on
    if said not in seen or "$unique" != "yes":
        print(frame.hex())
    seen.add(said)
    at += 16 + length
PY
    done
}
