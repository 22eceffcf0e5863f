//! The nouns that the stages of the agent hand along: observations, the ledger of what was asked, devices, the report.
//!
//! Types flow one way: `Observation → Device → Identification → Finding → Report`. Nothing here does anything.

#![forbid(unsafe_code)]

mod answer;
mod device;
mod hash;
mod heard;
mod ledger;
mod observation;
mod receipt;
pub mod report;
mod rows;
mod table;
mod text;

pub use answer::{Answer, Refusal, Why};
pub use device::{Device, Join, Link, Place, Port};
pub use hash::{QuickHash, QuickHasher, QuickMap};
pub use heard::{
    Announcement, DhcpClient, DhcpId, DhcpServer, Prefix, Relay, Router, VendorClass, VirtualRouter,
};
pub use ledger::{Heard, Ledger, Outcome, TableLine, TargetLine};
pub use observation::{
    About, Capabilities, ChassisKey, Engine, Fact, Inventory, LldpNeighbour, Method, Observation,
    SnmpVersion, System,
};
pub use receipt::{PacketKind, Receipt, Sent};
pub use rows::{
    CdpNeighbour, Entity, EntityClass, Forwarded, ForwardedStatus, Interface, InterfaceStatus,
    LldpAddress, LldpInventory, LldpKey, LldpPort, LldpRemote, LldpSelf, NeighbourOrigin, Object,
    OwnAddress, Proof, Rows, Software, SoftwareKind, TableNeighbour,
};
pub use table::{Cut, Table, TableEnd, TableNews};
pub use text::DeviceText;
