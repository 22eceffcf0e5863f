//! Joins observations to devices and says who made them: what for, what against, and how sure.
//!
//! [`merge`] joins keys, [`Identifier`] weighs evidence. Both are functions of the observations and of the editions of
//! the registry, the vendor table and the fingerprints: a stored scan can be concluded again on any day.

#![forbid(unsafe_code)]

mod assigned;
mod claim;
mod engines;
mod evidence;
mod fingerprints;
mod gather;
mod heard;
mod identify;
mod inventory;
mod merge;
mod product;
mod role;
mod roles;
mod stations;
mod told;
mod union;
mod vendor;

pub use assigned::{Adapter, Assigned, Number, Numbered};
pub use claim::{Claim, Confidence};
pub use evidence::{EntityOf, Evidence, Party, Weight, Witness};
pub use fingerprints::{FINGERPRINTS, Fingerprint, HOUSES, House, Names, SUBTREES, Subtree};
pub use heard::{Announced, Says};
pub use identify::{ComponentHint, Identification, Identifier, MakerClaim};
pub use inventory::{Part, PartKind};
pub use merge::merge;
pub use product::ProductFacts;
pub use role::Role;
pub use vendor::confidence;
