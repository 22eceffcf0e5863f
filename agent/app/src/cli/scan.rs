//! The flags of `scan`. The long text of a flag is for the manual; `--help` is the screen of [`super::screen`].

use std::path::PathBuf;

use clap::Args;

use super::{Output, screen};

/// Flags of `scan`.
#[derive(Debug, Args)]
#[command(override_usage = "herkomst scan [OPTION]... [TARGET]...", override_help = screen::SCAN)]
pub(crate) struct ScanArgs {
    /// CIDR, range, address, host name, @FILE or - (stdin); none: the segments of the local interfaces.
    ///
    /// Of a prefix of IPv6 on a local segment that is too large to be swept, those are asked who show themselves (nd).
    ///
    /// A file, and stdin, hold targets between white space; # begins a comment.
    #[arg(value_name = "TARGET")]
    pub(crate) targets: Vec<String>,
    /// Use this interface for the local segments (repeatable).
    #[arg(short, long = "interface", value_name = "NAME")]
    pub(crate) interfaces: Vec<String>,
    /// Never send to these (as targets; repeatable). Exclusions win over everything.
    #[arg(short = 'x', long, value_name = "TARGET", value_delimiter = ',')]
    pub(crate) exclude: Vec<String>,
    /// Packets a second over all interfaces, or "max" [default: 1000].
    #[arg(long, value_name = "N|max")]
    pub(crate) rate: Option<String>,
    /// Print what would be asked and send nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Go on hearing neighbours for at least so long, such as 30s or 2m [default: 0s].
    #[arg(long, value_name = "DURATION")]
    pub(crate) listen: Option<String>,
    /// Send nothing, only listen; 65 s unless --listen says otherwise.
    #[arg(long)]
    pub(crate) passive: bool,
    /// Only these methods, separated by commas.
    ///
    /// Asked: arp; nd (IPv6 neighbour discovery); icmp (echo, to targets beyond a router); snmp (engine id and system group);
    /// tables (what agents keep, each table where it fits).
    ///
    /// Single tables, read from every device that answers: snmp-interfaces, snmp-addresses, snmp-neighbours,
    /// snmp-bridge-ports, snmp-vlans, snmp-vlan-contexts, snmp-forwarding, snmp-lldp-local, snmp-lldp-ports, snmp-lldp-remote,
    /// snmp-lldp-addresses, snmp-lldp-inventory, snmp-cdp, snmp-entities, snmp-installed, snmp-running, snmp-objects.
    ///
    /// Heard: listen, or some of lldp, cdp, edp, fdp, sonmp, mndp, dhcp, mdns, ssdp, ws-discovery, vrrp, hsrp, glbp, carp.
    ///
    /// Only when named: mld-query, which can win the election of the querier; sadp-query, dhip-query, onvif-query, ssdp-query
    /// and mdns-query, which ask every target. For a group of targets, name these in the configuration: [[scan.ask]].
    ///
    /// The default is arp, nd, icmp, snmp, tables and listen. On a local segment ARP always goes first, for listed addresses of
    /// IPv6 a solicitation, since nothing can be asked without it; everybody there is asked to show himself by nd alone. A table
    /// brings snmp with it. Who names snmp or a table also has those devices asked that are spared otherwise.
    #[arg(long, value_name = "METHOD", value_delimiter = ',')]
    pub(crate) methods: Vec<String>,
    /// Sweep this VLAN (1 to 4094) through a trunk port: frames carry its tag. Needs one -i, and targets.
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub(crate) vlan: Option<String>,
    /// Also ask neighbours that tables tell of.
    ///
    /// Neighbours of the targets, theirs, and so on, within the prefixes of the configuration (scan.expand-prefixes; the
    /// targets where there is none). Nobody outside is ever asked.
    #[arg(long)]
    pub(crate) expand: bool,
    /// So many neighbours away from a target at most, 1 to 16 [default: 2].
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub(crate) expand_hops: Option<String>,
    /// So many devices beyond the targets at most [default: 4096].
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub(crate) expand_most: Option<String>,
    /// Ask the targets as switches and routers, and send their end devices nothing.
    ///
    /// The targets are the addresses of switches and routers. All that is known of other devices comes from their tables, and
    /// from listening: no other device is sent a packet.
    #[arg(long)]
    pub(crate) only_infrastructure: bool,
    /// The file with SNMP credentials (mode 0600 or stricter).
    #[arg(long, value_name = "FILE")]
    pub(crate) snmp_credentials: Option<PathBuf>,
    /// A rule pack: the id of a shipped one, or a file that a trusted key signed (repeatable) [default: public-lists].
    #[arg(long, value_name = "PACK")]
    pub(crate) rules: Vec<String>,
    /// Trust packs that this public key (minisign) signed (repeatable; adds to those of the configuration).
    #[arg(long, value_name = "FILE")]
    pub(crate) trusted_key: Vec<PathBuf>,
    /// Take this pack although no trusted key signed it (repeatable; a signature that does not fit is refused all the same).
    #[arg(long, value_name = "PACK")]
    pub(crate) allow_unsigned: Vec<PathBuf>,
    /// The operator's file: which devices are in which part of the network (docs/parts.md).
    #[arg(long, value_name = "FILE")]
    pub(crate) operator: Option<PathBuf>,
    /// The key of this host (mode 0600 or stricter): opens sealed files for an output that the configuration marks as
    /// cleared, and for no other.
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Option<PathBuf>,
    /// You have a key yourself: what it opens is shown, and counts for the exit code.
    #[arg(long, value_name = "FILE", conflicts_with = "identity")]
    pub(crate) cleared_with: Option<PathBuf>,
    /// The form of the result.
    #[arg(short, long, value_enum, value_name = "FORM", default_value_t = Output::Table)]
    pub(crate) output: Output,
    /// Read this configuration file; flags win over it.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Sweep more than a /16 of the local segments unasked.
    #[arg(long)]
    pub(crate) force: bool,
    /// Count devices that nobody could name as undetermined.
    #[arg(long)]
    pub(crate) strict: bool,
    /// Exit with 0 where it would be 1 or 2.
    #[arg(long)]
    pub(crate) exit_zero: bool,
}
