//! IPv6 of the lab, against the scanner's kernel.

use std::net::Ipv6Addr;

use anyhow::{Result, ensure};

use crate::{Test, stage};

pub(crate) const TESTS: &[(&str, Test)] =
    crate::tests![a_kernel_finds_a_device_of_ipv6_and_one_behind_it, a_long_cable_delays_ipv6_too];

const NETWORK: &str = "[[segment]]\nipv6 = \"fd00:50::2/64\"\nroutes = [{ to = \"fd00:51::/64\", via = \"fd00:50::1\" }]\n\
    [[device]]\nuses = \"juniper-mx\"\naddress = \"fd00:50::1\"\nrouter = { prefixes = [\"fd00:50::/64\"] }\n\
    [[device]]\nuses = \"routed-zte\"\naddress = \"fd00:51::5\"\nbehind = \"juniper-mx\"\n";

fn a_kernel_finds_a_device_of_ipv6_and_one_behind_it() -> Result<()> {
    let stage = stage(NETWORK)?;
    let routed: Ipv6Addr = "fd00:51::5".parse()?;
    ensure!(stage.description(routed)?.contains("ZTE"), "the routed device answers");
    let router: Ipv6Addr = "fd00:50::1".parse()?;
    ensure!(stage.description(router)?.contains("Juniper"), "the router answers too");
    let heard = stage.segment.fakes().heard();
    ensure!(heard["juniper-mx"].nd >= 1 && heard["routed-zte"].nd == 0, "{heard:?}");
    let capture = stage.segment.fakes().capture();
    ensure!(capture.frames_to(routed.into()) == 1, "{:?}", capture.addressed());
    ensure!(!capture.addressed().contains(&"ff02::16".parse()?), "the kernel's own does not count");
    Ok(())
}

/// 200 ms each way.
fn a_long_cable_delays_ipv6_too() -> Result<()> {
    let stage = stage(&NETWORK.replace(
        "[[device]]\nuses = \"juniper",
        "relay = { delay-ms = 200 }\n[[device]]\nuses = \"juniper",
    ))?;
    let started = std::time::Instant::now();
    let router: Ipv6Addr = "fd00:50::1".parse()?;
    ensure!(stage.description(router)?.contains("Juniper"), "it answers over a long cable");
    // There and back for the solicitation, and again for the question.
    let took = started.elapsed();
    ensure!(took >= std::time::Duration::from_millis(800), "after {took:?}");
    Ok(())
}
