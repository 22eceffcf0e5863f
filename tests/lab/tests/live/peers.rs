//! Real programs at the switch: what they say arrives, and each ends with its test.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use herkomst_ids::MacAddr;
use herkomst_wire::dhcp::{DhcpKind, DhcpOption};
use herkomst_wire::llc::snap;
use herkomst_wire::{
    Arp, Cdp, Dhcp, Edp, EthernetFrame, Ipv4Packet, Llc, Sonmp, UdpDatagram, ether_type,
};

use crate::tables::{DUMP, same_as_recorded};
use crate::{PATIENCE, Test, heard_name, stage, sweep, until};

pub(crate) const TESTS: &[(&str, Test)] = crate::tests![
    snmpd_comes_up_at_the_switch,
    snmpd_serves_a_dump,
    lldpd_is_heard_through_the_switch,
    lldpd_speaks_the_protocols_of_others,
    keepalived_answers_with_its_virtual_mac,
    radvd_gives_a_host_its_address,
    a_dhcp_client_asks_and_touches_nothing,
    a_peer_that_does_not_come_up_says_why,
];

pub(crate) const SWITCH: &str = "[[segment]]\naddress = \"10.99.0.2/24\"\nswitch = true\n";

fn snmpd_comes_up_at_the_switch() -> Result<()> {
    let mut stage = stage(&format!(
        "{SWITCH}[[peer]]\nruns = \"snmpd\"\nmac = \"00:e0:fc:12:34:56\"\naddresses = [\"10.99.0.11/24\"]\n\
         config = \"\"\"\nagentAddress udp:161\nrocommunity lab-read\nsysDescr a real agent\n\"\"\"\n"
    ))?;
    let _peer = stage.peer()?;
    let description = stage.description(Ipv4Addr::new(10, 99, 0, 11))?;
    ensure!(description == "a real agent", "{description}");
    Ok(())
}

/// Two agents of one dump, of which one is net-snmp's: both say what was recorded, over v2c and over v3.
fn snmpd_serves_a_dump() -> Result<()> {
    let mut stage = stage(&format!(
        "{SWITCH}[[peer]]\nruns = \"snmpd\"\naddresses = [\"10.99.0.11/24\"]\ndump = '''\n{DUMP}'''\nconfig = \"\"\"\n\
         agentAddress udp:161\nrocommunity lab-read\ncreateUser lab SHA-256 authentication-pass AES encryption-pass\nrouser lab priv\n\"\"\"\n"
    ))?;
    let _peer = stage.peer()?;
    for table in ["1.0.8802", "1.3.6.1.2.1.2", "1.3.6.1.2.1.4", "1.3.6.1.2.1.25", "1.3.6.1.2.1.31"]
    {
        let two = stage.walk(&["-v2c", "-c", "lab-read", "10.99.0.11", table])?;
        same_as_recorded(&two, table)?;
        let three = stage.walk(&[
            "-v3",
            "-l",
            "authPriv",
            "-u",
            "lab",
            "-a",
            "SHA-256",
            "-A",
            "authentication-pass",
            "-x",
            "AES",
            "-X",
            "encryption-pass",
            "10.99.0.11",
            table,
        ])?;
        ensure!(two == three, "v3 says something else of {table}");
    }
    Ok(())
}

fn lldpd_is_heard_through_the_switch() -> Result<()> {
    let mut stage = stage(&format!(
        "{SWITCH}[[peer]]\nruns = \"lldpd\"\nconfig = \"\"\"\nconfigure system hostname node-7\nconfigure lldp tx-interval 1\n\"\"\"\n"
    ))?;
    let mut port = stage.port()?;
    let peer = stage.peer()?;
    heard_name(&mut port, b"node-7").with_context(|| peer.output().join("\n"))
}

fn lldpd_speaks_the_protocols_of_others() -> Result<()> {
    let mut stage = stage(&format!(
        "{SWITCH}[[peer]]\nruns = \"lldpd\"\naddresses = [\"10.99.0.21/24\"]\nargs = [\"-l\", \"-ccc\", \"-ee\", \"-ff\", \"-ss\"]\n\
         config = \"\"\"\nconfigure system hostname node-7\nconfigure lldp tx-interval 1\n\"\"\"\n"
    ))?;
    let mut port = stage.port()?;
    let peer = stage.peer()?;
    let mut missing: BTreeSet<&str> = ["LLDP", "CDP", "EDP", "FDP", "SONMP"].into();
    until(&mut port, |bytes, _| {
        let frame = EthernetFrame::parse(bytes).ok()?;
        if frame.ether_type == ether_type::LLDP {
            missing.remove("LLDP");
        } else if frame.ether_type < ether_type::LOWEST
            && let Ok(Llc::Snap { oui, protocol, payload }) = Llc::parse(frame.payload)
        {
            match (oui, protocol) {
                snap::CDP if Cdp::parse(payload).is_ok() => missing.remove("CDP"),
                snap::FDP if Cdp::parse(payload).is_ok() => missing.remove("FDP"),
                snap::EDP if Edp::parse(payload).is_ok() => missing.remove("EDP"),
                snap::SONMP_SEGMENT if Sonmp::parse(payload).is_ok() => missing.remove("SONMP"),
                _ => false,
            };
        }
        missing.is_empty().then_some(())
    })
    .with_context(|| format!("{missing:?} were not heard\n{}", peer.output().join("\n")))
}

/// A host that has nothing but IPv6 makes its address of what the router says, and then is there for others.
fn radvd_gives_a_host_its_address() -> Result<()> {
    let mut stage = stage(
        "[[segment]]\nipv6 = \"fd00:50::2/64\"\nswitch = true\n\
         [[peer]]\nruns = \"kernel\"\nmac = \"02:00:00:00:00:77\"\nautoconf = true\n\
         [[peer]]\nruns = \"radvd\"\naddresses = [\"fd00:50::1/64\"]\nconfig = \"\"\"\n\
         interface eth0 {\n  AdvSendAdvert on;\n  MinRtrAdvInterval 3;\n  MaxRtrAdvInterval 4;\n  prefix fd00:50::/64 {};\n};\n\"\"\"\n",
    )?;
    let peers = stage.peers()?;
    let deadline = Instant::now() + PATIENCE;
    let host: Ipv6Addr = "fd00:50::ff:fe00:77".parse()?;
    // A closed port says that its host is there.
    stage
        .scanner
        .run(|| -> Result<()> {
            loop {
                let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0))?;
                socket.connect((host, 9))?;
                socket.set_read_timeout(Some(Duration::from_millis(200)))?;
                socket.send(b"anybody?")?;
                match socket.recv(&mut [0; 10]) {
                    Err(error) if error.kind() == ErrorKind::ConnectionRefused => return Ok(()),
                    answer => ensure!(Instant::now() < deadline, "{answer:?}"),
                }
            }
        })?
        .with_context(|| peers[1].output().join("\n"))
}

fn a_dhcp_client_asks_and_touches_nothing() -> Result<()> {
    let resolver = std::fs::read("/etc/resolv.conf").ok();
    let mut stage = stage(&format!(
        "{SWITCH}[[peer]]\nruns = \"dnsmasq\"\naddresses = [\"10.99.0.1/24\"]\nconfig = \"\"\"\n\
         dhcp-range=10.99.0.50,10.99.0.60,1h\ndhcp-option=6,10.99.0.1\n\"\"\"\n\
         [[peer]]\nruns = \"udhcpc\"\nmac = \"44:19:b6:00:00:07\"\nargs = [\"-V\", \"lab-vendor\", \"-x\", \"hostname:cam-7\"]\n"
    ))?;
    let mut port = stage.port()?;
    let peers = stage.peers()?;
    let [server, client] = peers.as_slice() else { anyhow::bail!("two peers") };
    client.wait_for("lease of 10.99.0.", PATIENCE).with_context(|| server.output().join("\n"))?;
    until(&mut port, |bytes, _| {
        let packet = Ipv4Packet::parse(EthernetFrame::parse(bytes).ok()?.payload).ok()?;
        let udp = UdpDatagram::parse(packet.payload, packet.source, packet.destination).ok()?;
        let said = Dhcp::parse(udp.payload).ok()?;
        let named = said.options().any(|option| option == Ok(DhcpOption::HostName(b"cam-7")));
        (named && said.kind() == Some(DhcpKind::Discover)).then_some(())
    })?;
    let addresses = client.network().run(herkomst_net::interfaces)??;
    let has_none =
        addresses.iter().all(|interface| interface.loopback || interface.ipv4.is_empty());
    ensure!(has_none, "its script changes nothing: {addresses:?}");
    ensure!(
        std::fs::read("/etc/resolv.conf").ok() == resolver,
        "the machine's resolver is as it was"
    );
    Ok(())
}

fn keepalived_answers_with_its_virtual_mac() -> Result<()> {
    let mut stage = stage(&format!(
        "{SWITCH}[[peer]]\nruns = \"keepalived\"\naddresses = [\"10.99.0.3/24\"]\nconfig = \"\"\"\n\
         vrrp_instance one {{\n  state MASTER\n  interface eth0\n  virtual_router_id 10\n  priority 200\n  advert_int 1\n  use_vmac\n  \
         virtual_ipaddress {{\n    10.99.0.254/24\n  }}\n}}\n\"\"\"\n"
    ))?;
    let peer = stage.peer()?;
    let mut port = stage.port()?;
    sweep(&mut port, MacAddr([2, 0, 0, 0, 0, 2]), std::iter::once(Ipv4Addr::new(10, 99, 0, 254)))?;
    until(&mut port, |bytes, _| {
        let arp =
            EthernetFrame::parse(bytes).ok().and_then(|frame| Arp::parse(frame.payload).ok())?;
        let ours = arp.sender_ip == Ipv4Addr::new(10, 99, 0, 254);
        (ours && arp.sender_mac == MacAddr([0, 0, 0x5e, 0, 1, 10])).then_some(())
    })
    .with_context(|| peer.output().join("\n"))
}

fn a_peer_that_does_not_come_up_says_why() -> Result<()> {
    let mut stage = stage(&format!(
        "{SWITCH}[[peer]]\nruns = \"keepalived\"\nconfig = \"\"\"\nvrrp_instance one {{\n  interface nowhere9\n  virtual_router_id 10\n}}\n\"\"\"\n"
    ))?;
    let Err(error) = stage.peer() else { anyhow::bail!("it came up") };
    let text = error.to_string();
    ensure!(text.contains("keepalived ended before") && text.contains("nowhere9"), "{text}");
    Ok(())
}
