//! A private network of fake devices, for tests and for the demo: namespaces, links, and devices written in TOML that
//! answer at layer 2.
//!
//! The binary uses it too (`herkomst demo`), so it has proper errors and no panics. Everything it builds lives in
//! network namespaces that it made; they go when their last descriptor does, and nothing is left behind.

#![forbid(unsafe_code)]

mod agent;
pub mod bench;
mod capture;
pub mod demo;
mod device;
mod device_file;
mod document;
mod error;
mod fake;
pub mod network;
mod objects;
mod peer;
mod relay;
pub mod scenario;
mod station;

pub use capture::{Capture, CapturedFrame};
pub use device::{
    Agent, Announcement, Beacon, Capability, CommunityVersion, Device, Engine, Habits, Inventory,
    LldpAnnouncement, LldpId, Manner, RouterPlan,
};
pub use error::LabError;
pub use fake::Segment;
pub use objects::{Cell, Held, Objects, Series};
pub use peer::{Peer, PeerPlan, Program, path_with_daemons};
pub use relay::{Faults, Relay, RelayEnd};
pub use station::Heard;
