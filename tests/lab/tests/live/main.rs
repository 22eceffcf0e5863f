//! The lab against kernels and real programs, in a private network of its own.
//!
//! `main` enters it before there is a second thread: as root, or as an ordinary user in a user namespace.

mod peers;
mod six;
mod tables;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::process::{Command, ExitCode, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use herkomst_ids::MacAddr;
use herkomst_lab::network::{LiveSegment, far_port};
use herkomst_lab::scenario::{DeviceLibrary, Scenario};
use herkomst_lab::{Peer, demo, path_with_daemons};
use herkomst_net::{
    NamespaceId, NetworkNamespace, PacketPort, current_network, enter_private_network,
    wait_readable,
};
use herkomst_wire::lldp::Tlv;
use herkomst_wire::snmp::{CommunityMessage, PduKind, Value, Version, emit_discovery, emit_get};
use herkomst_wire::{Arp, ArpOperation, EthernetFrame, Lldp, arp_request_frame, ether_type};
use libtest_mimic::{Arguments, Trial};

static OUTSIDE: OnceLock<NamespaceId> = OnceLock::new();
const PATIENCE: Duration = Duration::from_secs(20);
const LIBRARY: DeviceLibrary = DeviceLibrary::BuiltIn(demo::device_files());

type Test = fn() -> Result<()>;

/// Each test under its own name.
macro_rules! tests {
    ($($name:ident),* $(,)?) => {
        &[$((stringify!($name), $name as $crate::Test)),*]
    };
}
use tests;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut tests: Vec<(&str, Test)> = vec![
        ("a_kernel_finds_and_asks_a_fake_device", a_kernel_finds_and_asks_a_fake_device),
        ("a_routed_device_answers_through_its_router", a_routed_device_answers_through_its_router),
        ("lldp_passes_the_switch", lldp_passes_the_switch),
        ("a_frame_that_no_link_carries_is_lost_alone", a_frame_that_no_link_carries_is_lost_alone),
        ("two_thousand_devices_answer_a_sweep", two_thousand_devices_answer_a_sweep),
        ("a_relay_loses_its_share_and_tags_the_rest", a_relay_loses_its_share_and_tags_the_rest),
    ];
    tests.extend(tables::TESTS);
    tests.extend(six::TESTS);
    tests.extend(peers::TESTS);
    if !arguments.list {
        let entered = current_network().and_then(|outside| {
            let entered = enter_private_network(true)?;
            OUTSIDE.get_or_init(|| outside);
            herkomst_net::mount_memory(std::path::Path::new("/run"))?;
            Ok(entered)
        });
        match entered {
            Ok(entered) => eprintln!("private network entered: {entered:?}"),
            Err(error) => {
                for (name, _) in &tests {
                    eprintln!("did not run: {name}");
                }
                eprintln!("{:#}", anyhow::Error::from(error));
                return ExitCode::FAILURE;
            }
        }
    }
    let trials = tests
        .into_iter()
        .map(|(name, test)| {
            Trial::test(name, move || test().map_err(|error| format!("{error:#}").into()))
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A scanner's namespace with the segment of a scenario.
struct Stage {
    segment: LiveSegment,
    scanner: NetworkNamespace,
    scenario: Scenario,
    folder: tempfile::TempDir,
}

fn stage(text: &str) -> Result<Stage> {
    let outside = *OUTSIDE.get().context("main notes where it was started")?;
    ensure!(current_network()? != outside, "this is the machine's own network");
    let scenario = Scenario::parse(&format!("title = \"t\"\n{text}"), "test", &LIBRARY)?;
    let scanner = NetworkNamespace::create()?;
    ensure!(scanner.id() != outside, "this is the machine's own network");
    let segment = scenario.build(&scanner)?.pop().context("one segment")?;
    let folder = tempfile::tempdir()?;
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    Ok(Stage { segment, scanner, scenario, folder })
}

impl Stage {
    fn peer(&mut self) -> Result<Peer> {
        self.peers()?.pop().context("one peer")
    }

    fn peers(&mut self) -> Result<Vec<Peer>> {
        let mut peers = Vec::new();
        for (index, plan) in self.scenario.peers.iter().enumerate() {
            let folder = self.folder.path().join(index.to_string());
            std::fs::create_dir(&folder)?;
            peers.push(Peer::start(plan, &mut self.segment, &folder)?);
        }
        Ok(peers)
    }

    fn walk(&self, args: &[&str]) -> Result<String> {
        self.net_snmp("snmpbulkwalk", args)
    }

    /// What a tool of net-snmp prints of an agent: numbers for names, no text for numbers.
    fn net_snmp(&self, program: &str, args: &[&str]) -> Result<String> {
        let mut command = Command::new(program);
        command.args(["-One", "-t", "10", "-r", "0"]).args(args);
        // No configuration and no names of this machine.
        command
            .env("PATH", path_with_daemons())
            .env("MIBS", "")
            .env("SNMPCONFPATH", "/nonexistent");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child =
            self.scanner.spawn(&mut command).with_context(|| format!("{program} did not start"))?;
        let output = child.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success() && said.is_empty(), "{program} {args:?}: {said}");
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Asks for sysDescr over an ordinary socket of the scanner's kernel.
    fn description(&self, of: impl Into<IpAddr>) -> Result<String> {
        let of = of.into();
        let any: IpAddr = match of {
            IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let answer = self.scanner.run(|| -> Result<Vec<u8>> {
            let socket = UdpSocket::bind((any, 0))?;
            socket.set_read_timeout(Some(PATIENCE))?;
            let mut request = Vec::new();
            let name = "1.3.6.1.2.1.1.1.0".parse()?;
            emit_get(&mut request, Version::V2c, b"lab-read", PduKind::Get, 5, &[name]);
            socket.send_to(&request, (of, 161))?;
            let mut buf = [0; 2000];
            let (length, from) = socket.recv_from(&mut buf)?;
            ensure!(from.ip() == of, "the answer is from {from}");
            Ok(buf[..length].to_vec())
        })??;
        let message = CommunityMessage::parse(&answer)?;
        let binding = message.pdu.bindings().next().context("one binding")??;
        let Value::OctetString(text) = binding.value else {
            anyhow::bail!("not text: {binding:?}")
        };
        Ok(String::from_utf8_lossy(text).into_owned())
    }

    fn port(&self) -> Result<PacketPort> {
        Ok(far_port(&self.scanner, "eth0")?)
    }
}

/// Reads frames, each with its stripped tag, until one fits or the time is over.
fn until<T>(
    port: &mut PacketPort,
    mut fits: impl FnMut(&[u8], Option<u16>) -> Option<T>,
) -> Result<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut found = None;
        port.receive(&mut |frame| {
            if found.is_none() {
                found = fits(frame.bytes, frame.vlan);
            }
        });
        if let Some(found) = found {
            return Ok(found);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        ensure!(
            !left.is_zero() && wait_readable(port, left)?,
            "nothing that fits came within {PATIENCE:?}"
        );
    }
}

const SEGMENT: &str = "[[segment]]\naddress = \"10.99.0.2/24\"\n";

fn a_kernel_finds_and_asks_a_fake_device() -> Result<()> {
    let stage = stage(&format!(
        "{SEGMENT}[[device]]\nuses = \"huawei-ne40e\"\naddress = \"10.99.0.11\"\n"
    ))?;
    ensure!(
        stage.description(Ipv4Addr::new(10, 99, 0, 11))?.contains("NetEngine 40E"),
        "its text is that of the file"
    );
    let heard = &stage.segment.fakes().heard()["huawei-ne40e"];
    ensure!(
        heard.arp >= 1 && heard.community == 1 && heard.communities.contains("lab-read"),
        "{heard:?}"
    );
    let capture = stage.segment.fakes().capture();
    ensure!(
        capture.frames_to("10.99.0.11".parse()?) >= 2 && capture.left_out() == 0,
        "question and packet"
    );
    Ok(())
}

fn a_routed_device_answers_through_its_router() -> Result<()> {
    let stage = stage(
        "[[segment]]\naddress = \"10.99.0.2/24\"\nroutes = [{ to = \"10.1.0.0/16\", via = \"10.99.0.1\" }]\n\
         [[device]]\nuses = \"juniper-mx\"\naddress = \"10.99.0.1\"\n\
         [[device]]\nuses = \"routed-zte\"\naddress = \"10.1.0.5\"\nbehind = \"juniper-mx\"\n",
    )?;
    ensure!(
        stage.description(Ipv4Addr::new(10, 1, 0, 5))?.contains("ZTE"),
        "the routed device answers"
    );
    ensure!(
        stage.segment.fakes().heard()["routed-zte"].arp == 0,
        "nobody asks for it on this segment"
    );
    Ok(())
}

fn lldp_passes_the_switch() -> Result<()> {
    let stage = stage(
        "[[segment]]\naddress = \"10.99.0.2/24\"\nswitch = true\n\
         [[device]]\nuses = \"yealink-phone\"\naddress = \"10.99.0.40\"\nlldp = { interval-ms = 100 }\n",
    )?;
    heard_name(&mut stage.port()?, b"SIP-T46U")
}

/// Both are asked at once and take the same time, so that their answers leave together: one too long for the link, and in
/// front of the other.
fn a_frame_that_no_link_carries_is_lost_alone() -> Result<()> {
    const GIANT: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 7);
    const OTHER: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 8);
    let stage = stage(
        "[[segment]]\naddress = \"10.99.0.2/24\"\n\
         [[device]]\nuses = \"huawei-ne40e\"\nname = \"giant\"\naddress = \"10.99.0.7\"\nmac = \"02:00:00:00:00:07\"\n\
         latency-ms = 200\nsnmp = \"oversize\"\n\
         [[device]]\nuses = \"huawei-ne40e\"\naddress = \"10.99.0.8\"\nlatency-ms = 200\n",
    )?;
    // Alone each answers this, and from then on the kernel knows both.
    for of in [GIANT, OTHER] {
        ensure!(!stage.description(of)?.is_empty(), "{of} answers alone");
    }
    stage.scanner.run(|| -> Result<()> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let (mut discovery, mut request) = (Vec::new(), Vec::new());
        emit_discovery(&mut discovery, 4, 4);
        let name = "1.3.6.1.2.1.1.1.0".parse()?;
        emit_get(&mut request, Version::V2c, b"lab-read", PduKind::Get, 5, &[name]);
        socket.send_to(&discovery, (GIANT, 161))?;
        socket.send_to(&request, (OTHER, 161))?;
        let (_, from) = socket.recv_from(&mut [0; 2000])?;
        ensure!(from.ip() == OTHER, "the answer is from {from}");
        Ok(())
    })?
}

fn heard_name(port: &mut PacketPort, name: &[u8]) -> Result<()> {
    until(port, |bytes, _| {
        let frame = EthernetFrame::parse(bytes)
            .ok()
            .filter(|frame| frame.ether_type == ether_type::LLDP)?;
        let said = Lldp::parse(frame.payload).ok()?;
        said.tlvs().any(|tlv| tlv == Ok(Tlv::SystemName(name))).then_some(())
    })
}

const SCANNER_IP: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 2);

fn sweep(
    port: &mut PacketPort,
    from: MacAddr,
    targets: impl Iterator<Item = Ipv4Addr>,
) -> Result<()> {
    let frames: Vec<[u8; 42]> =
        targets.map(|target| arp_request_frame(from, SCANNER_IP, target)).collect();
    let frames: Vec<&[u8]> = frames.iter().map(<[u8; 42]>::as_slice).collect();
    ensure!(port.send(&frames)? == frames.len(), "the queue of a veth pair takes them all");
    Ok(())
}

fn two_thousand_devices_answer_a_sweep() -> Result<()> {
    let stage = stage(&format!(
        "{}[[device]]\nuses = \"huawei-s5735\"\naddress = \"10.99.1.0\"\ncount = 2000\n",
        SEGMENT.replace("/24", "/16")
    ))?;
    let mut port = stage.port()?;
    let first = Ipv4Addr::new(10, 99, 1, 0).to_bits();
    sweep(
        &mut port,
        MacAddr([2, 0, 0, 0, 0, 2]),
        (0..2000).map(|n| Ipv4Addr::from_bits(first + n)),
    )?;
    let mut alive = std::collections::BTreeSet::new();
    until(&mut port, |bytes, _| {
        let arp =
            EthernetFrame::parse(bytes).ok().and_then(|frame| Arp::parse(frame.payload).ok())?;
        if arp.operation == ArpOperation::Reply {
            alive.insert((arp.sender_ip, arp.sender_mac));
        }
        (alive.len() == 2000).then_some(())
    })
    .with_context(|| format!("{} of 2000 answered", alive.len()))
}

fn a_relay_loses_its_share_and_tags_the_rest() -> Result<()> {
    let stage = stage(
        "[[segment]]\naddress = \"10.99.0.2/16\"\nrelay = { seed = 4, drop = 0.25, reorder = 0.1, tag = 20 }\n\
         [[device]]\nuses = \"huawei-s5735\"\naddress = \"10.99.1.0\"\ncount = 400\n\
         [[device]]\nuses = \"yealink-phone\"\nlldp = { interval-ms = 50 }\n",
    )?;
    let mut port = stage.port()?;
    let first = Ipv4Addr::new(10, 99, 1, 0).to_bits();
    sweep(
        &mut port,
        MacAddr([2, 0, 0, 0, 0, 2]),
        (0..400).map(|n| Ipv4Addr::from_bits(first + n)),
    )?;
    // The beacon comes on and on: after a hundred of them all replies are through, late ones too.
    let (mut replies, mut beacons) = (0, 0);
    until(&mut port, |bytes, vlan| {
        let frame = EthernetFrame::parse(bytes).ok()?;
        if vlan.or(frame.vlan) == Some(20) {
            replies += usize::from(frame.ether_type == ether_type::ARP);
            beacons += usize::from(frame.ether_type == ether_type::LLDP);
        }
        (beacons == 60).then_some(())
    })?;
    // Of 400, three quarters come through each way: 225 on average, 10 the standard deviation.
    ensure!((175..275).contains(&replies), "{replies} of 400 came through twice a quarter lost");
    ensure!(stage.segment.relay_lost() > 100, "the relay counts what it loses");
    Ok(())
}
