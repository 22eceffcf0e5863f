//! The network of `herkomst demo`: a dozen devices, written in `tests/lab/demo/` and `tests/devices/`, embedded in the
//! program and played over real frames.

use std::path::Path;

use herkomst_net::NetworkNamespace;

use crate::network::LiveSegment;
use crate::scenario::{DeviceLibrary, Scenario};
use crate::{Device, LabError};

const NETWORK: &str = include_str!("../demo/network.toml");
const CREDENTIALS: &str = include_str!("../demo/credentials.toml");

macro_rules! device_files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../devices/", $name, ".toml")))),*]
    };
}

const DEVICES: &[(&str, &str)] = device_files![
    "axis-camera",
    "cisco-catalyst",
    "dahua-camera",
    "hikvision-camera",
    "hp-printer",
    "huawei-ne40e",
    "huawei-s5735",
    "juniper-mx",
    "mikrotik-router",
    "nobody-host",
    "routed-zte",
    "silent-host",
    "virtual-router",
    "yealink-phone",
];

/// The device files in the program, by name.
pub const fn device_files() -> &'static [(&'static str, &'static str)] {
    DEVICES
}

/// The demo's devices, from the files in the program or from those in a folder.
pub fn devices(folder: Option<&Path>) -> Result<Vec<Device>, LabError> {
    Ok(scenario(folder)?.segments.into_iter().flat_map(|(_, devices)| devices).collect())
}

fn scenario(folder: Option<&Path>) -> Result<Scenario, LabError> {
    let library = folder
        .map_or(DeviceLibrary::BuiltIn(DEVICES), |folder| DeviceLibrary::Folder(folder.to_owned()));
    Scenario::parse(NETWORK, "demo/network.toml", &library)
}

/// The demo's network at work. It goes when this is dropped.
#[derive(Debug)]
pub struct Demo {
    /// The interface to scan from.
    pub interface: String,
    /// What to scan.
    pub targets: Vec<String>,
    /// The text of the credentials file to scan with.
    pub credentials: &'static str,
    segments: Vec<LiveSegment>,
}

impl Demo {
    /// Builds the network onto the namespace of the calling thread, which must be a private one
    /// (`herkomst_net::enter_private_network`): a link with an address appears in it.
    pub fn start(devices_dir: Option<&Path>) -> Result<Self, LabError> {
        let scenario = scenario(devices_dir)?;
        let here = NetworkNamespace::current()
            .map_err(LabError::network("looking where the demo is to be built"))?;
        let segments = scenario.build(&here)?;
        let interface =
            scenario.segments.first().map(|(plan, _)| plan.interface.clone()).unwrap_or_default();
        Ok(Self {
            interface,
            targets: scenario.scan.args.clone(),
            credentials: CREDENTIALS,
            segments,
        })
    }

    /// What is being played: title and addresses of each device.
    pub fn devices(&self) -> Vec<Device> {
        self.segments.iter().flat_map(|segment| segment.fakes().devices()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_reads_and_shows_a_dozen_devices() {
        let devices = devices(None).unwrap();
        assert!((12..=16).contains(&devices.len()), "{}", devices.len());
        assert!(devices.iter().any(|device| device.behind.is_some()), "one is routed");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../devices");
        let again = super::devices(Some(&folder)).unwrap();
        assert_eq!(again.len(), devices.len(), "the same files stand in the folder");
    }
}
