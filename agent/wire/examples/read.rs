//! Prints what this crate reads in frames, a line of hexadecimal each on standard input, under the names that tshark has for
//! the same: `number<TAB>field<TAB>value`. tests/captures/compare.py holds both against each other.

use std::fmt::{Display, LowerHex};
use std::io::BufRead;
use std::net::IpAddr;

use herkomst_ids::MacAddr;
use herkomst_wire::cdp::CdpTlv;
use herkomst_wire::dhcp::DhcpOption;
use herkomst_wire::dhcpv6::{Dhcpv6Option, Duid};
use herkomst_wire::dns::{self, DnsData};
use herkomst_wire::edp::EdpTlv;
use herkomst_wire::glbp::GlbpTlv;
use herkomst_wire::icmpv6::{NdpOption, NdpOptions};
use herkomst_wire::llc::snap;
use herkomst_wire::lldp::OrganisationTlv;
use herkomst_wire::mndp::MndpTlv;
use herkomst_wire::vrrp::VRRP_PROTOCOL;
use herkomst_wire::{
    Carp, Cdp, Dhcp, Dhcpv6, DnsMessage, Edp, EthernetFrame, Glbp, Hsrp, Icmpv6, Ipv4Packet,
    Ipv6Packet, Lldp, Mndp, Sonmp, Ssdp, UdpDatagram, Vrrp, WireError, ether_type, protocol,
};

/// Where the fields of one frame go.
struct Out(usize);

impl Out {
    fn put(&self, field: &str, value: impl Display) {
        println!("{}\t{field}\t{value}", self.0);
    }

    fn text(&self, field: &str, value: &[u8]) {
        self.put(field, String::from_utf8_lossy(value).escape_debug());
    }

    fn hex(&self, field: &str, value: impl LowerHex) {
        self.put(field, format_args!("{value:#x}"));
    }

    fn mac(&self, field: &str, mac: MacAddr) {
        self.put(field, mac.octets().map(|octet| format!("{octet:02x}")).join(":"));
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for (number, line) in std::io::stdin().lock().lines().enumerate() {
        let line = line?;
        let digit = |at| u8::from_str_radix(line.get(at..at + 2).unwrap_or("x"), 16);
        let frame: Vec<u8> = (0..line.len()).step_by(2).map(digit).collect::<Result<_, _>>()?;
        let out = Out(number + 1);
        if let Err(error) = read(&out, &frame) {
            eprintln!("frame {}: {error}", number + 1);
        }
    }
    Ok(())
}

fn read(out: &Out, frame: &[u8]) -> Result<(), WireError> {
    let ethernet = EthernetFrame::parse(frame)?;
    out.mac("eth.src", ethernet.source);
    if let Some(payload) = ethernet.snap(snap::CDP) {
        return cdp(out, "cdp", payload);
    }
    if let Some(payload) = ethernet.snap(snap::FDP) {
        return cdp(out, "fdp", payload);
    }
    if let Some(payload) = ethernet.snap(snap::EDP) {
        return edp(out, payload);
    }
    for which in [snap::SONMP_SEGMENT, snap::SONMP_FLATNET] {
        if let Some(payload) = ethernet.snap(which) {
            return sonmp(out, payload);
        }
    }
    match ethernet.ether_type {
        ether_type::LLDP => lldp(out, ethernet.payload),
        ether_type::IPV6 => {
            let packet = Ipv6Packet::parse(ethernet.payload)?;
            out.put("ipv6.src", packet.source);
            out.put("ipv6.dst", packet.destination);
            out.put("ipv6.hlim", packet.hop_limit);
            match packet.protocol {
                _ if packet.fragment => Ok(()),
                58 => icmpv6(out, Icmpv6::parse(&packet)?),
                17 => datagram(out, UdpDatagram::parse_v6(&packet)?),
                VRRP_PROTOCOL => vrrp(out, Vrrp::parse_v6(&packet)?),
                _ => Ok(()),
            }
        }
        ether_type::IPV4 => {
            let packet = Ipv4Packet::parse(ethernet.payload)?;
            out.put("ip.src", packet.source);
            match packet.protocol {
                _ if packet.fragment => Ok(()),
                protocol::UDP => {
                    let (source, destination) = (packet.source, packet.destination);
                    datagram(out, UdpDatagram::parse(packet.payload, source, destination)?)
                }
                VRRP_PROTOCOL => match Carp::parse(&packet) {
                    Ok(carp) => {
                        out.put("carp.vhid", carp.group);
                        out.put("carp.advskew", carp.skew);
                        out.put("carp.adver_int", carp.interval);
                        out.put("carp.counter", carp.counter);
                        Ok(())
                    }
                    Err(_) => vrrp(out, Vrrp::parse(&packet)?),
                },
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

fn datagram(out: &Out, udp: UdpDatagram<'_>) -> Result<(), WireError> {
    let ports = [udp.source_port, udp.destination_port];
    let is = |port: u16| ports.contains(&port);
    match ports {
        _ if is(5678) => mndp(out, udp.payload),
        _ if is(67) || is(68) => dhcp(out, udp.payload),
        _ if is(546) || is(547) => dhcpv6(out, udp.payload),
        _ if is(53) || is(5353) => names(out, udp.payload),
        _ if is(1985) => hsrp(out, udp.payload),
        _ if is(3222) => glbp(out, udp.payload),
        _ if is(1900) => {
            let read = Ssdp::parse(udp.payload)?;
            read.server().iter().for_each(|value| out.text("http.server", value));
            read.location().iter().for_each(|value| out.text("http.location", value));
            Ok(())
        }
        _ => Ok(()),
    }
}

fn icmpv6(out: &Out, message: Icmpv6<'_>) -> Result<(), WireError> {
    match message {
        Icmpv6::EchoRequest(echo) | Icmpv6::EchoReply(echo) => {
            out.put("icmpv6.echo.identifier", echo.id);
            out.put("icmpv6.echo.sequence_number", echo.sequence);
        }
        Icmpv6::RouterSolicitation(options) => ndp_options(out, options),
        Icmpv6::RouterAdvertisement(router) => {
            out.put("icmpv6.nd.ra.cur_hop_limit", router.hop_limit);
            out.put("icmpv6.nd.ra.router_lifetime", router.lifetime);
            out.put("icmpv6.nd.ra.flag.m", u8::from(router.managed));
            out.put("icmpv6.nd.ra.flag.o", u8::from(router.other));
            ndp_options(out, router.options);
        }
        Icmpv6::NeighbourSolicitation(question) => {
            out.put("icmpv6.nd.ns.target_address", question.target);
            ndp_options(out, question.options);
        }
        Icmpv6::NeighbourAdvertisement(answer) => {
            out.put("icmpv6.nd.na.target_address", answer.target);
            out.put("icmpv6.nd.na.flag.s", u8::from(answer.solicited));
            out.put("icmpv6.nd.na.flag.o", u8::from(answer.overrides));
            ndp_options(out, answer.options);
        }
        Icmpv6::ListenerQuery(query) => {
            out.put("icmpv6.mld.multicast_address", query.group);
            for source in query.sources.unwrap_or_default() {
                out.put("icmpv6.mld.source_address", IpAddr::from(*source));
            }
        }
        Icmpv6::ListenerReport(group) | Icmpv6::ListenerDone(group) => {
            out.put("icmpv6.mld.multicast_address", group);
        }
        Icmpv6::ListenerReportV2(report) => {
            for record in report.records() {
                out.put("icmpv6.mldr.mar.record_type", record.kind);
                out.put("icmpv6.mldr.mar.multicast_address", record.group);
            }
        }
        Icmpv6::Unreachable { code, .. } | Icmpv6::ParameterProblem { code, .. } => {
            out.put("icmpv6.code", code);
        }
        Icmpv6::Other { kind, .. } => out.put("icmpv6.type", kind),
    }
    Ok(())
}

fn ndp_options(out: &Out, options: NdpOptions<'_>) {
    for option in options.iter() {
        match option {
            NdpOption::SourceMac(mac) | NdpOption::TargetMac(mac) => {
                out.mac("icmpv6.opt.linkaddr", mac);
            }
            NdpOption::Prefix(prefix) => {
                out.put("icmpv6.opt.prefix", prefix.prefix);
                out.put("icmpv6.opt.prefix.length", prefix.length);
                out.put("icmpv6.opt.prefix.flag.a", u8::from(prefix.autonomous));
                out.put("icmpv6.opt.prefix.valid_lifetime", prefix.valid);
                out.put("icmpv6.opt.prefix.preferred_lifetime", prefix.preferred);
            }
            NdpOption::Mtu(mtu) => out.put("icmpv6.opt.mtu", mtu),
            NdpOption::Route { length, lifetime, .. } => {
                out.put("icmpv6.opt.prefix.length", length);
                out.put("icmpv6.opt.route_lifetime", lifetime);
            }
            NdpOption::NameServers { lifetime, addresses } => {
                out.put("icmpv6.opt.rdnss.lifetime", lifetime);
                for address in addresses {
                    out.put("icmpv6.opt.rdnss", IpAddr::from(*address));
                }
            }
            NdpOption::Other { .. } => {}
        }
    }
}

fn cdp(out: &Out, name: &str, payload: &[u8]) -> Result<(), WireError> {
    let read = Cdp::parse(payload)?;
    let field = |suffix: &str| format!("{name}.{suffix}");
    out.put(&field("version"), read.version);
    out.put(&field(if name == "cdp" { "ttl" } else { "holdtime" }), read.ttl);
    let texts = name == "cdp";
    for tlv in read.tlvs() {
        match tlv? {
            CdpTlv::DeviceId(value) if texts => out.text("cdp.deviceid", value),
            CdpTlv::Addresses(addresses) if texts => {
                addresses.ips().for_each(|ip| out.put("cdp.nrgyz.ip_address", ip));
            }
            CdpTlv::Addresses(addresses) => {
                addresses.ips().for_each(|ip| out.put("fdp.net.ip", ip));
            }
            CdpTlv::PortId(value) if texts => out.text("cdp.portid", value),
            CdpTlv::Capabilities(bits) => out.hex("cdp.capabilities", bits),
            CdpTlv::SoftwareVersion(value) if texts => out.text("cdp.software_version", value),
            CdpTlv::Platform(value) if texts => out.text("cdp.platform", value),
            CdpTlv::DeviceId(value)
            | CdpTlv::PortId(value)
            | CdpTlv::SoftwareVersion(value)
            | CdpTlv::Platform(value)
            | CdpTlv::CapabilityText(value) => out.text("fdp.string.text", value),
            CdpTlv::NativeVlan(vlan) => out.put("cdp.native_vlan", vlan),
            CdpTlv::VoiceVlan(vlan) => out.put("cdp.voice_vlan", vlan),
            CdpTlv::VtpDomain(value) => out.text("cdp.vtp_management_domain", value),
            CdpTlv::SystemName(value) => out.text("cdp.system_name", value),
            CdpTlv::Location(value) => out.text("cdp.location", value),
            _ => {}
        }
    }
    Ok(())
}

fn edp(out: &Out, payload: &[u8]) -> Result<(), WireError> {
    let read = Edp::parse(payload)?;
    out.put("edp.seqno", read.sequence);
    read.mac.iter().for_each(|mac| out.mac("edp.midmac", *mac));
    for tlv in read.tlvs() {
        match tlv? {
            EdpTlv::Display(name) => out.text("edp.display.string", name),
            EdpTlv::Info { slot, port, version } => {
                // tshark counts from 1
                out.put("edp.info.slot", slot + 1);
                out.put("edp.info.port", port + 1);
                out.put("edp.info.version.major1", version[0]);
                out.put("edp.info.version.internal", version[3]);
            }
            EdpTlv::Vlan { id, address, name } => {
                out.put("edp.vlan.id", id);
                out.put("edp.vlan.ip", address);
                out.text("edp.vlan.name", name);
            }
            EdpTlv::Other { .. } => {}
        }
    }
    Ok(())
}

fn sonmp(out: &Out, payload: &[u8]) -> Result<(), WireError> {
    let read = Sonmp::parse(payload)?;
    out.put("ndp.ipaddress", read.address);
    out.hex("ndp.segmentident", read.segment);
    out.put("ndp.chassis", read.chassis);
    out.put("ndp.backplane", read.backplane);
    out.put("ndp.state", read.state);
    out.put("ndp.numberoflinks", read.links);
    Ok(())
}

fn mndp(out: &Out, payload: &[u8]) -> Result<(), WireError> {
    let read = Mndp::parse(payload)?;
    out.put("mndp.header.seqno", read.sequence);
    for tlv in read.tlvs() {
        match tlv? {
            MndpTlv::Mac(mac) => out.mac("mndp.mac", mac),
            MndpTlv::Identity(value) => out.text("mndp.identity", value),
            MndpTlv::Version(value) => out.text("mndp.version", value),
            MndpTlv::Platform(value) => out.text("mndp.platform", value),
            MndpTlv::Uptime(seconds) => out.put("mndp.uptime", f64::from(seconds)),
            MndpTlv::SoftwareId(value) => out.text("mndp.softwareid", value),
            MndpTlv::Board(value) => out.text("mndp.board", value),
            MndpTlv::Interface(value) => out.text("mndp.interfacename", value),
            MndpTlv::Ipv4(address) => out.put("mndp.ipv4address", address),
            MndpTlv::Ipv6(address) => out.put("mndp.ipv6address", address),
            MndpTlv::Other { .. } => {}
        }
    }
    Ok(())
}

fn lldp(out: &Out, payload: &[u8]) -> Result<(), WireError> {
    for tlv in Lldp::parse(payload)?.tlvs() {
        let tlv = tlv?;
        let Some(known) = tlv.organisation()? else { continue };
        match known {
            OrganisationTlv::PortVlan(vlan) => out.put("lldp.ieee.802_1.port_vlan.id", vlan),
            OrganisationTlv::PortAndProtocolVlan { vlan, .. } => {
                out.put("lldp.ieee.802_1.port_proto_vlan.id", vlan);
            }
            OrganisationTlv::VlanName { vlan, name } => {
                out.put("lldp.ieee.802_1.vlan.id", vlan);
                out.text("lldp.ieee.802_1.vlan.name", name);
            }
            OrganisationTlv::LinkAggregation { port, .. } => {
                out.put("lldp.ieee.802_3.aggregated_port_id", port);
            }
            OrganisationTlv::MacPhy { mau, .. } => out.hex("lldp.ieee.802_3.pmd_mau_type", mau),
            OrganisationTlv::Power(power) => {
                out.put("lldp.ieee.802_3.mdi_pse_pair", power.pairs);
                out.put("lldp.ieee.802_3.mdi_power_class", power.class);
            }
            OrganisationTlv::MaximumFrame(size) => out.put("lldp.ieee.802_3.max_frame_size", size),
            OrganisationTlv::MedCapabilities { capabilities, class } => {
                out.hex("lldp.media.subtype.caps", capabilities);
                out.put("lldp.media.subtype.class", class);
            }
            OrganisationTlv::NetworkPolicy {
                application, tagged, vlan, priority, dscp, ..
            } => {
                out.put("lldp.media.app_type", application);
                out.put("lldp.media.tag_flag", u8::from(tagged));
                out.put("lldp.media.vlan_id", vlan);
                out.put("lldp.media.l2_prio", priority);
                out.put("lldp.media.dscp", dscp);
            }
            OrganisationTlv::Location { format, data } => {
                out.put("lldp.media.loc.data_format", format);
                if format == 3 {
                    out.text("lldp.media.ecs", data);
                }
                for (kind, text) in known.civic_elements() {
                    out.put("lldp.media.civic.type", kind);
                    out.text("lldp.media.civic.value", text);
                }
            }
            OrganisationTlv::MedPower { kind, source, priority, value } => {
                out.put("lldp.media.power.type", kind);
                out.put("lldp.media.power.source", source);
                out.put("lldp.media.power.prio", priority);
                out.put("lldp.media.power.value", value);
            }
            OrganisationTlv::Protocol(_) => {}
        }
    }
    Ok(())
}

fn dhcp(out: &Out, payload: &[u8]) -> Result<(), WireError> {
    let read = Dhcp::parse(payload)?;
    out.hex("dhcp.id", read.transaction);
    out.put("dhcp.ip.your", read.your_ip);
    read.client_mac.iter().for_each(|mac| out.mac("dhcp.hw.mac_addr", *mac));
    for option in read.options() {
        match option? {
            DhcpOption::HostName(value) => out.text("dhcp.option.hostname", value),
            DhcpOption::VendorClass(value) => out.text("dhcp.option.vendor_class_id", value),
            DhcpOption::ParameterList(codes) => {
                codes.iter().for_each(|code| out.put("dhcp.option.request_list_item", code));
            }
            DhcpOption::RequestedIp(ip) => out.put("dhcp.option.requested_ip_address", ip),
            DhcpOption::ServerIp(ip) => out.put("dhcp.option.dhcp_server_id", ip),
            _ => {}
        }
    }
    Ok(())
}

fn dhcpv6(out: &Out, payload: &[u8]) -> Result<(), WireError> {
    let read = Dhcpv6::parse(payload)?;
    out.put("dhcpv6.msgtype", read.kind);
    out.hex("dhcpv6.xid", read.transaction);
    for option in read.options() {
        match option? {
            Dhcpv6Option::ClientId(duid) | Dhcpv6Option::ServerId(duid) => match duid {
                Duid::LinkLayerTime { mac, .. } => {
                    out.mac("dhcpv6.duidllt.link_layer_addr", mac);
                }
                Duid::LinkLayer(mac) => out.mac("dhcpv6.duidll.link_layer_addr", mac),
                _ => {}
            },
            Dhcpv6Option::VendorClass { pen, classes } => {
                out.put("dhcpv6.vendorclass.enterprise", pen.0);
                classes.iter().for_each(|text| out.text("dhcpv6.vendorclass.data", text));
            }
            Dhcpv6Option::OptionRequest(codes) => {
                for code in codes {
                    out.put("dhcpv6.requested_option_code", u16::from_be_bytes(*code));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn names(out: &Out, payload: &[u8]) -> Result<(), WireError> {
    let read = DnsMessage::parse(payload)?;
    let plain = |name: &dyn Display| name.to_string().replace("\\032", " ");
    for question in read.questions() {
        let question = question?;
        out.put("dns.qry.name", plain(&question.name));
        out.put("dns.qry.type", question.kind);
    }
    for record in read.records() {
        let (_, record) = record?;
        if record.kind != dns::kind::SRV {
            // tshark takes the name of such a record apart instead
            out.put("dns.resp.name", plain(&record.name));
        }
        out.put("dns.resp.ttl", record.ttl);
        match record.data()? {
            DnsData::A(ip) => out.put("dns.a", ip),
            DnsData::Aaaa(ip) => out.put("dns.aaaa", ip),
            DnsData::Cname(name) => out.put("dns.cname", plain(&name)),
            DnsData::Ptr(name) => out.put("dns.ptr.domain_name", plain(&name)),
            DnsData::Txt(items) => items.iter().for_each(|item| out.text("dns.txt", item)),
            DnsData::Srv { priority, weight, port, target } => {
                out.put("dns.srv.priority", priority);
                out.put("dns.srv.weight", weight);
                out.put("dns.srv.port", port);
                out.put("dns.srv.target", plain(&target));
            }
            DnsData::HostInfo { cpu, os } => {
                out.text("dns.hinfo.cpu", cpu);
                out.text("dns.hinfo.os", os);
            }
            DnsData::Other { .. } => {}
        }
    }
    Ok(())
}

fn vrrp(out: &Out, read: Vrrp<'_>) -> Result<(), WireError> {
    out.put("vrrp.version", read.version);
    out.put("vrrp.virt_rtr_id", read.group);
    out.put("vrrp.prio", read.priority);
    let field = if read.version == 2 { "vrrp.adver_int" } else { "vrrp.short_adver_int" };
    out.put(field, read.interval);
    for address in read.addresses() {
        let field = if address.is_ipv4() { "vrrp.ip_addr" } else { "vrrp.ipv6_addr" };
        out.put(field, address);
    }
    Ok(())
}

fn hsrp(out: &Out, payload: &[u8]) -> Result<(), WireError> {
    let read = Hsrp::parse(payload)?;
    let name = if read.version == 1 { "hsrp" } else { "hsrp2" };
    let field = |suffix: &str| format!("{name}.{suffix}");
    out.put(&field("opcode"), read.operation);
    out.put(&field("state"), read.state);
    out.put(&field("priority"), read.priority);
    out.put(&field("group"), read.group);
    read.router.iter().for_each(|mac| out.mac("hsrp2.identifier", *mac));
    let six = read.version == 2 && read.address.is_ipv6();
    out.put(&field(if six { "virt_ip_v6" } else { "virt_ip" }), read.address);
    Ok(())
}

fn glbp(out: &Out, payload: &[u8]) -> Result<(), WireError> {
    let read = Glbp::parse(payload)?;
    out.put("glbp.group", read.group);
    out.mac("glbp.ownerid", read.owner);
    for tlv in read.tlvs() {
        match tlv? {
            GlbpTlv::Hello { state, priority, address } => {
                out.put("glbp.hello.vgstate", state);
                out.put("glbp.hello.priority", priority);
                let four = address.is_ipv4();
                let field = if four { "glbp.hello.virtualipv4" } else { "glbp.hello.virtualipv6" };
                out.put(field, address);
            }
            GlbpTlv::Forwarder { number, state, mac } => {
                out.put("glbp.reqresp.forwarder", number);
                out.put("glbp.reqresp.vfstate", state);
                out.mac("glbp.reqresp.virtualmac", mac);
            }
            GlbpTlv::Other { .. } => {}
        }
    }
    Ok(())
}
