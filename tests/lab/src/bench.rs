//! The network that sweeps are measured on: a veth pair into a second namespace whose kernel owns a whole prefix and
//! answers ARP for all of it, so that no program of ours is the limit.

use herkomst_net::{NetworkNamespace, links};
use ipnet::Ipv4Net;

use crate::LabError;
use crate::network::{cable, namespace, within};

/// What the far kernel owns.
pub const TARGETS: &str = "10.50.0.0/16";
/// The scanner's own address. Outside of what the far kernel owns, which else drops its requests as martians (RFC 1812,
/// 5.3.7); a route onto the link leads there.
const SCANNER: &str = "10.49.0.1/24";
/// The scanner's interface.
pub const INTERFACE: &str = "eth0";

/// The network at work. It goes when this is dropped.
#[derive(Debug)]
pub struct BenchNetwork {
    /// Where the scanner runs.
    pub scanner: NetworkNamespace,
    /// Where the kernel that answers is.
    pub far: NetworkNamespace,
}

impl BenchNetwork {
    /// Builds it; `owned` are the prefixes the far kernel answers for, [`TARGETS`] or parts of it.
    pub fn build(owned: &[Ipv4Net]) -> Result<Self, LabError> {
        let scanner = namespace("the scanner")?;
        let far = namespace("the answering kernel")?;
        cable(&scanner, INTERFACE, &far, "far0")?;
        let own: Ipv4Net = SCANNER
            .parse()
            .map_err(|_| LabError::file("bench", "the scanner's address is wrong"))?;
        let targets: Ipv4Net =
            TARGETS.parse().map_err(|_| LabError::file("bench", "the targets are wrong"))?;
        within(&scanner, INTERFACE, || {
            links::add_address(INTERFACE, own.addr(), own.prefix_len())?;
            links::add_route(targets.into(), links::Via::Device(INTERFACE))
        })?;
        within(&far, "far0", || {
            // Without a route back the far kernel takes the question for a spoofed one (rp_filter).
            links::add_route(own.trunc().into(), links::Via::Device("far0"))?;
            owned
                .iter()
                .try_for_each(|prefix| links::add_route((*prefix).into(), links::Via::Local))
        })?;
        Ok(Self { scanner, far })
    }
}
