//! A scenario: a network, its devices, and what must be said of it (`tests/scenarios/*.toml`). Adding one needs no Rust.
//!
//! The network part stands alone as well: the demo has no expectations.

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use herkomst_net::NetworkNamespace;
use ipnet::IpNet;
use serde::Deserialize;
use toml::Spanned;

use crate::network::{LiveSegment, SegmentPlan};
use crate::peer::PeerPlan;
use crate::{Device, LabError, document};

/// Devices that one `[[device]]` may stand for.
const MOST_COPIES: u32 = 1 << 17;

/// Where device files come from.
#[derive(Debug, Clone)]
pub enum DeviceLibrary {
    /// `NAME.toml` in a folder.
    Folder(PathBuf),
    /// Texts in the program, by name.
    BuiltIn(&'static [(&'static str, &'static str)]),
}

impl DeviceLibrary {
    /// The text of a device file, and what to call the file in messages.
    fn read(&self, name: &str, place: &str) -> Result<(String, String), LabError> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(format!("{name}.toml"));
                match fs::read_to_string(&path) {
                    Ok(text) => Ok((text, path.display().to_string())),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                        let problem =
                            format!("uses {name:?}, but {} does not exist", path.display());
                        Err(LabError::file(place, problem))
                    }
                    Err(error) => Err(LabError::io(path, "read")(error)),
                }
            }
            Self::BuiltIn(files) => match files.iter().find(|(known, _)| *known == name) {
                Some((_, text)) => Ok(((*text).to_owned(), format!("{name}.toml"))),
                None => {
                    let near = document::nearest(name, files.iter().map(|(known, _)| *known));
                    let near =
                        near.map_or_else(String::new, |near| format!(", the nearest is {near:?}"));
                    Err(LabError::file(
                        place,
                        format!("uses {name:?}, which is no device here{near}"),
                    ))
                }
            },
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ScenarioFile {
    title: String,
    #[serde(default)]
    segment: Vec<SegmentPlan>,
    #[serde(default)]
    device: Vec<Spanned<toml::Table>>,
    #[serde(default)]
    peer: Vec<PeerPlan>,
    #[serde(default)]
    scan: ScanPlan,
    #[serde(default)]
    expect: Vec<Expect>,
    #[serde(default)]
    coverage: CoverageExpect,
    #[serde(default)]
    receipt: ReceiptExpect,
    #[serde(default)]
    wire: WireExpect,
}

/// How the program is called.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ScanPlan {
    /// The arguments after `scan`; `-o json` and the credentials file are added.
    pub args: Vec<String>,
    /// The text of the credentials file.
    pub credentials: Option<String>,
    /// The text of the configuration file.
    pub config: Option<String>,
    /// Whether it runs without any capability.
    pub unprivileged: bool,
    /// The exit code.
    pub exit: u8,
    /// What must stand in what it writes to stderr.
    pub stderr: Vec<String>,
}

/// What must be said of one device.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Expect {
    /// The device with this address …
    pub address: Option<IpAddr>,
    /// … or with this name …
    pub name: Option<String>,
    /// … or with this MAC.
    pub mac: Option<String>,
    /// False: no device with that key may be reported.
    pub seen: Option<bool>,
    /// Who made it.
    pub vendor: Option<VendorExpect>,
    /// True: nobody may be named.
    pub nobody: bool,
    /// The finding about it.
    pub finding: Option<FindingExpect>,
    /// True: there may be none.
    pub no_finding: bool,
    /// Part of what kind of special address it is.
    pub special: Option<String>,
    /// The methods that saw it, these at least.
    pub seen_by: Vec<String>,
    /// Methods that may not have seen it.
    pub not_seen_by: Vec<String>,
    /// Its roles, these at least.
    pub roles: Vec<String>,
    /// Parts of the product's texts: `family`, `model`, `software`, `serial`.
    pub product: BTreeMap<String, String>,
    /// Parts of the words in the ledger, by method.
    pub ledger: BTreeMap<String, String>,
}

/// Who must be named as maker.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum VendorExpect {
    /// The vendor's id.
    Id(String),
    /// The id, how sure it is, and the kinds of evidence that say so.
    Claim(VendorClaim),
}

/// A maker with evidence.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct VendorClaim {
    /// The vendor's id.
    pub is: String,
    /// `confirmed`, `probable` or `possible`.
    pub confidence: Option<String>,
    /// Kinds of evidence that must be among those that say so.
    #[serde(default)]
    pub because: Vec<String>,
    /// How many kinds of evidence there must be at least.
    #[serde(default)]
    pub kinds: usize,
}

/// A finding that there must be.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct FindingExpect {
    /// The pack.
    pub pack: Option<String>,
    /// The rule.
    pub rule: Option<String>,
    /// `match` or `undetermined`.
    pub verdict: Option<String>,
}

/// What the coverage must say.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct CoverageExpect {
    /// Whether every target was properly asked.
    pub complete: Option<bool>,
    /// Devices with a maker.
    pub identified: Option<u64>,
    /// Devices that nobody could name.
    pub undetermined: Option<u64>,
    /// Special addresses.
    pub special: Option<u64>,
    /// Text that must stand among the limits.
    pub limits: Vec<String>,
}

/// What the receipt must say.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ReceiptExpect {
    /// Packets, exactly.
    pub packets: Option<u64>,
    /// Packets that were not what was asked for, at least.
    pub ignored_at_least: u64,
    /// To whom each credential was offered, exactly.
    pub credentials: Option<BTreeMap<String, Vec<String>>>,
}

/// What the far end of the wire must have seen.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct WireExpect {
    /// Not one frame from the scanner.
    pub nothing: bool,
    /// ARP requests, neighbour solicitations and IP packets only for these.
    pub only_to: Vec<IpNet>,
    /// Not one frame that asks for or goes to these.
    pub never_to: Vec<IpAddr>,
    /// Text that no packet to these may carry.
    pub never: Vec<NeverSent>,
    /// What each device must have been asked, by its name and kind, exactly.
    pub heard: BTreeMap<String, BTreeMap<String, u64>>,
}

/// Something that may not be sent to somebody.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NeverSent {
    /// The bytes, as text.
    pub text: String,
    /// To whom.
    pub to: IpNet,
}

/// A scenario, checked, with its devices.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// What it shows.
    pub title: String,
    /// Its segments, with the devices on each.
    pub segments: Vec<(SegmentPlan, Vec<Device>)>,
    /// Real programs at the switch of the first segment.
    pub peers: Vec<PeerPlan>,
    /// How the program is called.
    pub scan: ScanPlan,
    /// What must be said of the devices.
    pub expect: Vec<Expect>,
    /// What the coverage must say.
    pub coverage: CoverageExpect,
    /// What the receipt must say.
    pub receipt: ReceiptExpect,
    /// What the far ends must have seen.
    pub wire: WireExpect,
}

impl Scenario {
    /// Reads a scenario file and the files of its devices.
    pub fn load(path: &Path, devices: &DeviceLibrary) -> Result<Self, LabError> {
        let text = fs::read_to_string(path).map_err(LabError::io(path, "read"))?;
        Self::parse(&text, &path.display().to_string(), devices)
    }

    /// Reads the text of a scenario.
    pub fn parse(text: &str, file: &str, library: &DeviceLibrary) -> Result<Self, LabError> {
        let scenario: ScenarioFile = document::read(text, file)?;
        let plans = if scenario.segment.is_empty() {
            vec![SegmentPlan::default()]
        } else {
            scenario.segment
        };
        let mut segments: Vec<(SegmentPlan, Vec<Device>)> =
            plans.into_iter().map(|plan| (plan, Vec::new())).collect();
        for entry in scenario.device {
            let place = document::place(text, file, entry.span().start);
            let mut table = entry.into_inner();
            let on = take_text(&mut table, "on", &place)?;
            let copies = match table.remove("count") {
                None => 1,
                Some(value) => value
                    .as_integer()
                    .and_then(|count| u32::try_from(count).ok())
                    .filter(|count| (1..=MOST_COPIES).contains(count))
                    .ok_or_else(|| {
                        LabError::file(
                            &place,
                            format!("count is {value}, allowed are 1 to {MOST_COPIES}"),
                        )
                    })?,
            };
            let device = device(table, library, &place)?;
            let segment = match &on {
                None => segments.first_mut(),
                Some(on) => segments.iter_mut().find(|(plan, _)| plan.interface == *on),
            };
            let Some((_, list)) = segment else {
                let problem =
                    format!("on is {:?}, which is no segment's interface", on.unwrap_or_default());
                return Err(LabError::file(place, problem));
            };
            list.extend((0..copies).map(|index| device.copy(index)));
        }
        for expect in &scenario.expect {
            if expect.address.is_none() && expect.name.is_none() && expect.mac.is_none() {
                return Err(LabError::file(file, "an [[expect]] needs address, name or mac"));
            }
        }
        Ok(Self {
            title: scenario.title,
            segments,
            peers: scenario.peer,
            scan: scenario.scan,
            expect: scenario.expect,
            coverage: scenario.coverage,
            receipt: scenario.receipt,
            wire: scenario.wire,
        })
    }

    /// Builds its segments onto the scanner's namespace.
    pub fn build(&self, scanner: &NetworkNamespace) -> Result<Vec<LiveSegment>, LabError> {
        self.segments
            .iter()
            .map(|(plan, devices)| LiveSegment::build(scanner, plan, devices.clone()))
            .collect()
    }
}

/// `uses` names the file, `address` is short for one `addresses`, `name` is what the scenario calls it; the rest is laid over.
fn device(
    mut table: toml::Table,
    library: &DeviceLibrary,
    place: &str,
) -> Result<Device, LabError> {
    let uses = take_text(&mut table, "uses", place)?.ok_or_else(|| {
        LabError::file(place, "a [[device]] needs uses, the name of a device file")
    })?;
    let name = take_text(&mut table, "name", place)?.unwrap_or_else(|| uses.clone());
    if let Some(address) = table.remove("address")
        && table.insert("addresses".into(), toml::Value::Array(vec![address])).is_some()
    {
        return Err(LabError::file(place, "has address and addresses, allowed is one of them"));
    }
    let (text, file) = library.read(&uses, place)?;
    Device::parse_with(&text, &name, &file, table, place)
}

fn take_text(table: &mut toml::Table, key: &str, place: &str) -> Result<Option<String>, LabError> {
    match table.remove(key) {
        None => Ok(None),
        Some(toml::Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(LabError::file(place, format!("{key} is {other}, allowed is text"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "title = \"a host\"\nmac = \"00:e0:fc:00:00:01\"\n[snmp]\n";
    const LIBRARY: DeviceLibrary = DeviceLibrary::BuiltIn(&[("host", HOST), ("hub", HOST)]);

    fn parse(text: &str) -> Result<Scenario, LabError> {
        Scenario::parse(text, "s.toml", &LIBRARY)
    }

    #[test]
    fn a_scenario_names_devices_and_lays_over_them() {
        let scenario = parse(
            "title = \"t\"\n[[segment]]\naddress = \"10.0.0.2/24\"\n[[segment]]\ninterface = \"eth1\"\n\
             [[device]]\nuses = \"host\"\naddress = \"10.0.0.7\"\nsnmp = \"silent\"\n\
             [[device]]\nuses = \"host\"\nname = \"many\"\non = \"eth1\"\naddress = \"10.1.0.1\"\ncount = 300\n\
             [[expect]]\naddress = \"10.0.0.7\"\nvendor = { is = \"huawei\", because = [\"mac-assignment\"] }\n",
        )
        .unwrap();
        let [(_, first), (_, second)] = scenario.segments.as_slice() else {
            panic!("two segments")
        };
        assert_eq!(first[0].addresses, [IpAddr::from([10, 0, 0, 7])]);
        assert_eq!(second.len(), 300);
        assert_eq!(second[299].addresses, [IpAddr::from([10, 1, 1, 44])]);
        assert_eq!(second[299].name, "many-299");
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        for (text, want) in [
            (
                "title = \"t\"\ndevise = 1",
                "s.toml:2:1: key \"devise\" is unknown, the nearest is \"device\"",
            ),
            (
                "title = \"t\"\n\n[[device]]\nuses = \"hosd\"",
                "s.toml:3:1: uses \"hosd\", which is no device here, the nearest is \"host\"",
            ),
            (
                "title = \"t\"\n[[device]]\nuses = \"host\"\nadress = \"10.0.0.1\"",
                "s.toml:2:1: key \"adress\" is unknown, the nearest is \"addresses\"",
            ),
            (
                "title = \"t\"\n[[device]]\nuses = \"host\"\ncount = 0",
                "s.toml:2:1: count is 0, allowed are 1 to 131072",
            ),
            (
                "title = \"t\"\n[[device]]\nuses = \"host\"\non = \"eth9\"",
                "s.toml:2:1: on is \"eth9\", which is no segment's interface",
            ),
            (
                "title = \"t\"\n[[expect]]\nnobody = true",
                "s.toml: an [[expect]] needs address, name or mac",
            ),
        ] {
            assert_eq!(parse(text).unwrap_err().to_string(), want, "{text}");
        }
    }
}
