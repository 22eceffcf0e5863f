#!/bin/sh
# Makes the captures of what a network says of itself: neighbour protocols, addresses, names, routers. As make.sh does.
# usage: unshare --net --mount --uts sh neighbours.sh FOLDER [PART…]; parts: v6 layer2 routers dhcp names
set -eu
out=$(realpath "$1"); shift
parts=${*:-v6 layer2 routers dhcp names}
. "$(dirname "$0")/link.sh"
link yes
ip addr add fd00:50::1/64 dev va nodad; there ip addr add fd00:50::2/64 dev vb nodad
sleep 2.5 # for the kernels to have said hello

# run NAME COMMAND...: a program in the peer until `quit`
run() {
    name=$1; shift
    nsenter --target "$peer" --net --uts "$@" >"$work/$name.log" 2>&1 &
    program=$!; started="$started $program"
}
quit() { kill "$program" 2>/dev/null || true; wait "$program" 2>/dev/null || true; }
# some tell the release of the kernel they run on, which is nobody's business
cat >"$work/uname.c" <<'C'
#include <string.h>
#include <sys/utsname.h>
int uname(struct utsname *all) {
    strcpy(all->sysname, "Linux"); strcpy(all->nodename, "lab-peer"); strcpy(all->release, "lab release");
    strcpy(all->version, "lab version"); strcpy(all->machine, "lab machine");
    return 0;
}
C
cc -shared -fPIC -o "$work/uname.so" "$work/uname.c"
# the frames of a python expression over scapy, sent from here
scapy() { /usr/bin/python3 -c "from scapy.all import *; sendp($1, iface='va', verbose=0)"; sleep 0.5; }

v6() {
    ip -6 neigh flush dev va
    to="Ether(src='02:00:00:00:00:0a', dst='02:00:00:00:00:0b')/IPv6(src='fd00:50::1', dst='fd00:50::2')"
    record ndp "icmp6 and (ip6[40] == 135 or ip6[40] == 136)" ndisc6 -1 fd00:50::2 va
    record icmpv6 "icmp6 and (ip6[40] == 128 or ip6[40] == 129)" scapy "$to/ICMPv6EchoRequest(id=0x1234, seq=7, data=b'wire capture')"
    there sysctl -qw net.ipv6.conf.all.forwarding=1
    cat >"$work/radvd.conf" <<'CONF'
interface vb {
    AdvSendAdvert on; AdvManagedFlag off; AdvOtherConfigFlag on; AdvLinkMTU 1492; AdvDefaultLifetime 600;
    AdvDefaultPreference high; AdvCurHopLimit 64; MinRtrAdvInterval 3; MaxRtrAdvInterval 4;
    prefix fd00:50::/64 { AdvOnLink on; AdvAutonomous on; AdvValidLifetime 3600; AdvPreferredLifetime 1800; };
    prefix fd00:51::/64 { AdvOnLink on; AdvAutonomous off; };
    route fd00:52::/48 { AdvRoutePreference low; AdvRouteLifetime 900; };
    RDNSS fd00:50::53 fd00:50::54 { AdvRDNSSLifetime 300; };
    DNSSL lab.example net.example { AdvDNSSLLifetime 300; };
};
CONF
    run radvd radvd -n -m stderr -d 1 -C "$work/radvd.conf" -p "$work/radvd.pid" -u root
    sleep 1
    record ndp_router "icmp6 and (ip6[40] == 133 or ip6[40] == 134)" rdisc6 -1 -w 2000 va
    quit
    # the membership that a program takes and leaves, in the newer and the older version
    join() { python3 -c 'import socket, struct, sys, time
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(41, 20, socket.inet_pton(socket.AF_INET6, "ff02::fb") + struct.pack("@I", socket.if_nametoindex("va")))
time.sleep(1.2); s.close(); time.sleep(1)'; }
    record mld_v2 "ip6 and ip6[48] == 143" join
    sysctl -qw net.ipv6.conf.va.force_mld_version=1
    record mld_v1 "ip6 and ip6[6] == 0 and not ip6[48] == 143" join
    sysctl -qw net.ipv6.conf.va.force_mld_version=0
    # the kernel here has no bridge that would ask
    question="Ether(src='02:00:00:00:00:0a', dst='33:33:00:00:00:01')/IPv6(src='fe80::ff:fe00:a', dst='ff02::1', hlim=1)/IPv6ExtHdrHopByHop(options=[RouterAlert(value=0)])"
    record mld_query "ip6 and ip6[6] == 0 and ip6[48] == 130" scapy "[$question/ICMPv6MLQuery(mrd=10000), $question/ICMPv6MLQuery2(mrd=10000, QRV=2, QQIC=125, mladdr='ff02::fb', sources=['fe80::1'])]"
    say6() { python3 -c 'import socket, sys; socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(bytes(int(sys.argv[2])), (sys.argv[1], 9))' "$@"; sleep 0.5; }
    say6 fd00:50::2 1
    record icmpv6_unreachable "(icmp6 and ip6[40] == 1) or (ip6 and udp)" say6 fd00:50::2 5
    record ipv6_fragments "ip6 and (ip6[6] == 44)" say6 fd00:50::2 3000
    record icmpv6_parameter_problem "ip6 and (ip6[6] == 60 or (ip6[6] == 58 and ip6[40] == 4))" \
        scapy "$to/IPv6ExtHdrDestOpt(options=[HBHOptUnknown(otype=0x80, optlen=4, optdata=b'wire')])/ICMPv6EchoRequest(id=0x1234, seq=7, data=b'wire capture')"
    record ipv6_extensions "ip6 and src host fd00:50::1 and (ip6[6] == 0 or ip6[6] == 60)" \
        scapy "$to/IPv6ExtHdrHopByHop(options=[RouterAlert(value=0)])/IPv6ExtHdrDestOpt(options=[PadN(optdata=b'\\0' * 4)])/IPv6ExtHdrRouting(type=0, segleft=0, addresses=['fd00:50::9'])/IPv6ExtHdrFragment(m=0, offset=0, id=7)/IPv6ExtHdrDestOpt()/UDP(sport=40000, dport=9)/b'wire capture'"
}

control() { there lldpcli -u /run/lldpd.socket "$@" >>"$work/lldpcli.log" 2>&1; }
update() { control update; sleep 1.5; }
neighbour() {
    nsenter --target "$peer" --net --uts lldpd -d "$@" -I "vb" -C vb -S "lab peer of a wire capture" -m '10.50.0.2,fd00:50::2' \
        -u /run/lldpd.socket >"$work/lldpd.log" 2>&1 &
    program=$!; started="$started $program"
    for _ in $(seq 50); do control show chassis 2>/dev/null && break; sleep 0.1; done
}
layer2() {
    # power of IEEE 802.3; policies, places and power of LLDP-MED; those of IEEE 802.1 byte by byte, for want of VLANs here
    neighbour -M 4
    control configure inventory software-revision "lab software-revision"
    control configure med policy application voice vlan 200 priority voice dscp 46
    control configure med location coordinate latitude 48.85667N longitude 2.2014E altitude 117.47 m datum WGS84
    control configure med location address country NL language nl-NL city Example street Teststraat number 1
    control configure med location elin 112
    control configure med power pse source primary priority high value 5000
    control configure dot3 power pse supported enabled paircontrol powerpairs spare class class-3 type 2 source primary priority low requested 10000 allocated 15000
    control configure lldp custom-tlv add oui 00,80,c2 subtype 1 oui-info 00,64
    control configure lldp custom-tlv add oui 00,80,c2 subtype 2 oui-info 03,00,64
    control configure lldp custom-tlv add oui 00,80,c2 subtype 3 oui-info 00,64,07,63,61,6d,65,72,61,73
    control configure lldp custom-tlv add oui 00,80,c2 subtype 4 oui-info 02,88,cc
    control configure lldp custom-tlv add oui 00,01,02 subtype 9 oui-info 6c,61,62
    record lldp_organisations "ether proto 0x88cc" update
    quit
    neighbour -ccccc; record cdp_v2 "ether host 01:00:0c:cc:cc:cc" update; quit
    neighbour -ll -ee; record edp "ether host 00:e0:2b:00:00:00" update; quit
    neighbour -ll -ff; record fdp "ether host 01:e0:52:cc:cc:cc" update; quit
    neighbour -ll -ss; record sonmp "ether host 01:00:81:00:01:00 or ether host 01:00:81:00:01:01" update; quit
    run mactelnetd env LD_PRELOAD="$work/uname.so" mactelnetd -f -n
    record mndp "udp port 5678" sleep 3
    quit
}

routers() {
    cat >"$work/keepalived.conf" <<'CONF'
global_defs { vrrp_garp_master_repeat 0
 }
vrrp_instance two { state MASTER
 interface vb
 virtual_router_id 51
 priority 150
 advert_int 1
 authentication { auth_type PASS
 auth_pass labpass
 }
 virtual_ipaddress { 10.50.0.100/24
 10.50.0.101/24
 } }
vrrp_instance three { state MASTER
 interface vb
 version 3
 virtual_router_id 52
 priority 200
 advert_int 0.5
 virtual_ipaddress { 10.50.0.102/24
 } }
vrrp_instance six { state MASTER
 interface vb
 version 3
 virtual_router_id 53
 priority 90
 advert_int 1
 virtual_ipaddress { fe80::53/64
 fd00:50::53/64
 } }
CONF
    run keepalived keepalived -n -l -P -f "$work/keepalived.conf" -p "$work/k.pid" -r "$work/v.pid" -c "$work/c.pid"
    sleep 5
    record vrrp "ip proto 112 or (ip6 and ip6[6] == 112)" sleep 1.3
    quit
    run ucarp ucarp --interface=vb --srcip=10.50.0.2 --vhid=7 --pass=lab --addr=10.50.0.103 --upscript=/bin/true --downscript=/bin/true
    record carp "ip proto 112" sleep 5
    quit
    record hsrp "udp port 1985" scapy "[Ether(src='00:00:0c:07:ac:05', dst='01:00:5e:00:00:02')/IP(src='10.50.0.2', dst='224.0.0.2', ttl=1)/UDP(sport=1985, dport=1985)/HSRP(state=state, priority=110, group=5, virtualIP='10.50.0.104') for state in (8, 16)]"
}

dhcp() {
    there dnsmasq --version >/dev/null
    run dnsmasq dnsmasq -k -p 0 -C /dev/null -i vb --bind-dynamic --dhcp-range=10.50.0.50,10.50.0.60,600 --dhcp-range=fd00:50::50,fd00:50::60,64,600 \
        --dhcp-option=option:domain-name,lab.example --dhcp-leasefile="$work/leases" --dhcp-rapid-commit --user=root
    sleep 2
    cat >"$work/dhclient.conf" <<'CONF'
send host-name "lab-host";
send vendor-class-identifier "lab vendor class";
send user-class "lab user class";
send dhcp-client-identifier 1:2:0:0:0:0:a;
send fqdn.fqdn "lab-host.lab.example."; send fqdn.encoded on; send fqdn.server-update on;
option dhcp6.lab-vendor code 16 = string;
send dhcp6.lab-vendor 0:0:82:ed:0:3:6c:61:62;
option dhcp6.lab-user code 15 = string;
send dhcp6.lab-user 0:3:6c:61:62;
request subnet-mask, routers, domain-name, domain-name-servers, host-name, ntp-servers;
CONF
    dhc() { timeout 8 dhclient "$1" -1 -v -d -sf /bin/true -cf "$work/dhclient.conf" -lf "$work/dhclient$1.leases" -pf "$work/dhclient.pid" va; }
    record dhcp "udp port 67 or udp port 68" dhc -4
    record dhcp_udhcpc "udp port 67 or udp port 68" timeout 5 udhcpc -i va -n -q -f -s /bin/true -V "lab vendor" -x hostname:lab-host
    dhc6() { timeout 8 dhclient -6 -D "$1" -1 -v -d -sf /bin/true -cf "$work/dhclient.conf" -lf "$work/dhclient6.$1.leases" -pf "$work/dhclient.pid" va; }
    record dhcpv6 "udp port 546 or udp port 547" dhc6 LLT
    record dhcpv6_ll "udp port 546 or udp port 547" dhc6 LL
    mount -t tmpfs tmpfs /var/lib/dhcpcd
    printf 'duid\nhostname lab-host\nvendorclassid lab vendor class\nvendclass 33517 lab\nuserclass lab\nfqdn both\nnohook *\nnoipv6rs\nipv6only\nia_na 1\n' >"$work/dhcpcd.conf"
    record dhcpv6_dhcpcd "udp port 546 or udp port 547" timeout 8 dhcpcd -B -6 -1 -t 6 -f "$work/dhcpcd.conf" va
    quit
}

names() {
    there ip route add default dev vb
    mount -t tmpfs tmpfs /etc/avahi; mkdir /etc/avahi/services
    cat >"$work/avahi.conf" <<'CONF'
[server]
host-name=lab-peer
use-ipv4=yes
use-ipv6=yes
allow-interfaces=vb
enable-dbus=no
[publish]
publish-hinfo=yes
publish-workstation=yes
CONF
    cat >/etc/avahi/services/camera.service <<'CONF'
<?xml version="1.0" standalone='no'?><!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group><name>Lab camera</name><service><type>_http._tcp</type><port>80</port>
<txt-record>manufacturer=Lab</txt-record><txt-record>model=Wire capture</txt-record><txt-record>flag</txt-record></service></service-group>
CONF
    cp /usr/share/avahi/avahi-service.dtd /etc/avahi/ 2>/dev/null || true
    avahi() { run avahi avahi-daemon -f "$work/avahi.conf" --no-drop-root --no-rlimits --no-chroot --no-proc-title; sleep 4; }
    record mdns "udp port 5353" avahi
    # the questions of RFC 6763, by hand: a PTR, and one that wants a unicast answer
    ask() { python3 -c 'import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("10.50.0.1", 5353))
for name, kind, klass in ("_http._tcp.local", 12, 0x8001), ("lab-peer.local", 1, 1):
    q = b"".join(bytes([len(l)]) + l.encode() for l in name.split(".")) + b"\0"
    s.sendto(struct.pack(">6H", 0, 0, 1, 0, 0, 0) + q + struct.pack(">HH", kind, klass), ("224.0.0.251", 5353))'; sleep 1.5; }
    record mdns_answer "udp port 5353" ask
    quit
    run dns dnsmasq -k -p 53 -C /dev/null -i vb --bind-interfaces --no-resolv --no-hosts --user=root --pid-file= \
        --address=/lab-peer.lab.example/10.50.0.2 --address=/lab-peer.lab.example/fd00:50::2 --ptr-record=_sip._udp.lab.example,lab-peer.lab.example \
        --srv-host=_sip._udp.lab.example,lab-peer.lab.example,5060,1,2 --txt-record=lab.example,wire,capture --cname=alias.lab.example,lab-peer.lab.example --host-record=lab-peer.lab.example,10.50.0.2
    sleep 1
    dns() { /usr/bin/python3 -c 'import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(1); s.bind(("10.50.0.1", 40000))
for name, kind in ("lab-peer.lab.example", 1), ("lab-peer.lab.example", 28), ("_sip._udp.lab.example", 33), ("_sip._udp.lab.example", 12), ("lab.example", 16), ("alias.lab.example", 1), ("nobody.lab.example", 1):
    q = b"".join(bytes([len(l)]) + l.encode() for l in name.split(".")) + b"\0"
    s.sendto(struct.pack(">6H", 7, 0x100, 1, 0, 0, 0) + q + struct.pack(">HH", kind, 1), ("10.50.0.2", 53))
    try: s.recv(1500)
    except OSError: pass'; }
    record dns "udp port 53" dns
    quit
    cat >"$work/upnp.conf" <<'CONF'
ext_ifname=vb
listening_ip=vb
http_port=5000
enable_upnp=yes
enable_natpmp=no
uuid=01234567-89ab-cdef-0123-456789abcdef
friendly_name=Lab router
manufacturer_name=Lab
model_name=Wire capture
serial=1
notify_interval=60
system_uptime=no
CONF
    search() {
        run upnp env LD_PRELOAD="$work/uname.so" miniupnpd -d -f "$work/upnp.conf" -P "$work/upnp.pid"; sleep 1
        python3 -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("10.50.0.1", 40000))
s.sendto(b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: upnp:rootdevice\r\n\r\n", ("239.255.255.250", 1900))'; sleep 2.5
    }
    record ssdp "ip and udp and (port 1900 or port 40000)" search
    quit
    # one asks, then the other says hello and answers; both say bye
    probe() {
        timeout 6 wsdd -D -o -i va -4 -U 00000000-89ab-cdef-0123-456789abcdef -n lab-host &
        asker=$!
        there timeout 3 wsdd -i vb -4 -U 01234567-89ab-cdef-0123-456789abcdef -n lab-peer -w LAB || true
        wait $asker
    }
    record ws_discovery "udp port 3702" probe
}

for part in $parts; do "$part"; done
unique=yes write_out
[ -z "${KEEP:-}" ] || cp "$work"/*.log "$work"/*.out "$KEEP"
