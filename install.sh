#!/usr/bin/env bash
# Installs what building and testing herkomst needs, on Debian and its relatives. Used by people and by .ci/run alike.
#
#   ./install.sh                 to build, test and check: packages with apt-get, tools with cargo
#   ./install.sh --build-only    to build, run the demo and scan: no test peers, no tools
#   ./install.sh --dry-run       say what would be done, and do nothing (goes with --build-only too)
#
# As root, or as an ordinary user with sudo (which is asked for apt-get alone). Running it again does nothing new.
#
# Among the test peers are daemons: lldpd, snmpd, keepalived and radvd. The tests start them by hand inside private networks.
# On this machine they must not run: lldpd would send frames to your network, and snmpd would open a port. So they are
# kept from starting while apt-get installs them, and those that were not here before are switched off for the next boot.
set -euo pipefail

# A C compiler and library for cargo; setcap, for a scan without root.
build=(gcc libc6-dev libcap2-bin)
# Real peers of the tests: agents for SNMP, LLDP and VRRP, and a router of IPv6.
peers=(snmpd lldpd keepalived radvd)
# Peers without a service of their own: a DHCP server and a client, of which neither package starts anything.
programs=(dnsmasq-base udhcpc)
# uidmap: whole ranges of users for the tests of an ordinary user. The rest: who else looks at our frames and output,
# snmp, whose tools walk agents; arp-scan and nmap to measure against; strace, which ends an update at every point;
# openssl, a server with certificates; minisign and age, which read the signatures and seals of rule packs, and make them;
# groff-base, which sets the manual.
witnesses=(
    uidmap util-linux tcpdump tshark snmp arp-scan nmap python3 python3-jsonschema strace openssl minisign age groff-base
)
# Crates with a program, at the versions that the checks were written for.
just=1.59.0
cargo_deny=0.20.2

all=yes dry=no
for argument in "$@"; do
    case $argument in
    --build-only) all=no ;;
    --dry-run) dry=yes ;;
    -h | --help)
        sed -n '2,12s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
    *)
        echo "install.sh: $argument is no option, allowed are --build-only and --dry-run" >&2
        exit 64
        ;;
    esac
done

say() { echo "install.sh: $*"; }
fail() {
    echo "install.sh: $*" >&2
    exit 69
}
run() {
    say "+ $*"
    [ $dry = yes ] || "$@"
}
as_root() {
    if [ "$(id -u)" = 0 ]; then run "$@"; else run sudo -- "$@"; fi
}
installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

packages=("${build[@]}")
[ $all = no ] || packages+=("${peers[@]}" "${programs[@]}" "${witnesses[@]}")
command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
    fail "there is no apt-get here; install what these Debian packages hold: ${packages[*]}"

missing=()
for package in "${packages[@]}"; do
    installed "$package" || missing+=("$package")
done
new_daemons=()
for package in "${peers[@]}"; do
    [[ " ${missing[*]} " != *" $package "* ]] || new_daemons+=("$package")
done

policy=/usr/sbin/policy-rc.d
allow_starts() {
    trap - EXIT
    as_root rm -f "$policy"
}
ours=no
forbid_starts() {
    if [ ! -e "$policy" ]; then
        say "no service is started meanwhile: $policy is laid down, and taken away again"
        trap allow_starts EXIT
        ours=yes
        # shellcheck disable=SC2016
        as_root sh -c 'printf "#!/bin/sh\nexit 101\n" >"$1" && chmod 755 "$1"' sh "$policy"
        return
    fi
    local says=0
    "$policy" lldpd start >/dev/null 2>&1 || says=$?
    [ $says = 101 ] ||
        fail "$policy of this machine lets services start (it says $says): installing ${new_daemons[*]} would start them; change that first"
}

if [ ${#missing[@]} = 0 ]; then
    say "all packages are here: ${packages[*]}"
else
    say "installing ${missing[*]}"
    [ ${#new_daemons[@]} = 0 ] || forbid_starts
    as_root apt-get update -qq
    # Without an answer, tshark keeps captures to root; the tests only read files with it.
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
    [ $ours = no ] || allow_starts
    for daemon in "${new_daemons[@]}"; do
        # Asked of files, so it works where no service manager runs.
        if command -v systemctl >/dev/null; then
            as_root systemctl --quiet disable "$daemon.service"
        else
            as_root update-rc.d "$daemon" disable
        fi
    done
fi
command -v cargo >/dev/null || say "there is no cargo in PATH: herkomst needs Rust 1.95 or newer"
[ $all = yes ] || exit 0

# tool NAME VERSION PROGRAM ARGUMENT...: the last words print its version.
tool() {
    local name=$1 version=$2
    shift 2
    if [ "$("$@" 2>/dev/null | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1)" = "$version" ]; then
        say "$name $version is here"
    else
        run cargo install --locked "$name@$version"
    fi
}
command -v cargo >/dev/null || fail "just and cargo-deny were not installed: run this again as the user who has cargo"
tool just "$just" just --version
tool cargo-deny "$cargo_deny" cargo deny --version
