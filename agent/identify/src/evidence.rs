//! Evidence: what was seen, whom it names, how much that counts, and why (`docs/identification.md`).
//!
//! Weights belong to what was seen, not to the answer it supports. Nothing here looks at a whole device.

use herkomst_ids::{EngineId, Oid, VendorId};
use herkomst_model::{DeviceText, Object};
use herkomst_registry::{Vendor, VendorKind};

use crate::assigned::{Adapter, Number, weight_of};
use crate::fingerprints::{Fingerprint, Subtree};
use crate::heard::Announced;

/// How much a piece of evidence counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// Names nobody.
    None,
    /// Says something about a part, or names a firm that nobody has reviewed: never makes a maker by itself.
    Hint,
    /// Names the maker, and could be borrowed.
    Likely,
    /// Names the maker, by something that the maker put there for it.
    Strong,
}

impl Weight {
    /// The word that stands in outputs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Hint => "hint",
            Self::Likely => "likely",
            Self::Strong => "strong",
        }
    }
}

/// A firm that evidence names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Party {
    /// One of the vendor table.
    Vendor {
        /// Its stable id.
        id: VendorId,
        /// Its name.
        name: String,
    },
    /// One that only a registry or a fingerprint knows, by that name.
    Organisation(String),
}

impl Party {
    /// The party of a row of the vendor table.
    pub fn of(vendor: &Vendor<'_>) -> Self {
        Self::Vendor { id: vendor.vendor_id(), name: vendor.name().to_owned() }
    }

    /// The id, if the vendor table has one.
    pub fn id(&self) -> Option<&VendorId> {
        match self {
            Self::Vendor { id, .. } => Some(id),
            Self::Organisation(_) => None,
        }
    }

    /// The name for people.
    pub fn name(&self) -> &str {
        match self {
            Self::Vendor { name, .. } | Self::Organisation(name) => name,
        }
    }

    /// The id, or the name where there is none: what outputs say.
    pub fn word(&self) -> &str {
        self.id().map_or(self.name(), VendorId::as_str)
    }
}

/// One piece of evidence. The order of the variants is the order of their strength.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// A single object that only one maker's agents have, or in which a device names its maker.
    VendorObject {
        /// The object and its value.
        object: Object,
        /// The number that it stands under, for one of a maker's own MIB.
        number: Option<Number>,
        /// The vendor with exactly the name that it gives, and what it makes, for one of a standard MIB.
        vendor: Option<(Party, VendorKind)>,
    },
    /// A manufacturer in ENTITY-MIB (`entPhysicalMfgName`).
    Entity {
        /// Of what.
        of: EntityOf,
        /// The text.
        manufacturer: DeviceText,
        /// The vendor with exactly this name, and what it makes.
        vendor: Option<(Party, VendorKind)>,
    },
    /// The manufacturer name of the LLDP-MED inventory (ANSI/TIA-1057, 10.2.6.5).
    LldpInventory {
        /// The text.
        manufacturer: DeviceText,
        /// The vendor with exactly this name, and what it makes.
        vendor: Option<(Party, VendorKind)>,
    },
    /// `sysObjectID` (RFC 3418): the vendor's identification of the product.
    SysObjectId {
        /// The object.
        oid: Oid,
        /// The enterprise number it stands under.
        number: Option<Number>,
        /// The subtree, if it is known to say more or less than the number, and whom it names.
        brand: Option<(&'static Subtree, Option<Party>)>,
    },
    /// `snmpEngineID` (RFC 3411): the number of whoever made the agent.
    SnmpEngineId {
        /// The engine id.
        id: EngineId,
        /// The enterprise number in it.
        number: Number,
        /// What a sysObjectID of the same device under the same number is known to say, and whom it names.
        brand: Option<(&'static Subtree, Option<Party>)>,
    },
    /// `sysDescr`.
    SysDescr {
        /// The text.
        text: DeviceText,
        /// The fingerprint that knows it, and whom it names.
        known: Option<(&'static Fingerprint, Option<Party>)>,
    },
    /// The system description of LLDP (IEEE 802.1AB, 8.5.8).
    LldpDescription {
        /// The text.
        text: DeviceText,
        /// The fingerprint that knows it, and whom it names.
        known: Option<(&'static Fingerprint, Option<Party>)>,
    },
    /// What it announces by another protocol, or says to a server of DHCP.
    Announced(Announced),
    /// A chassis id of LLDP that is a hardware address (subtype 4).
    LldpChassis(Adapter),
    /// The hardware address inside an engine id (RFC 3411, format 3).
    EngineMac(Adapter),
    /// A hardware address that the device answered from.
    MacAssignment(Adapter),
}

/// What an entity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntityOf {
    /// The whole box.
    Chassis,
    /// A thing in it.
    Part,
}

/// Where evidence comes from: kinds that share a witness are not independent of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Witness {
    /// What the device says of its own making, in words.
    Inventory,
    /// The enterprise numbers that the SNMP agent was built with.
    Number,
    /// The text that its software shows: sysDescr and LLDP mostly show the same.
    Text,
    /// The hardware addresses of its network cards.
    Adapter,
}

impl Evidence {
    /// The kind word that stands in outputs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::VendorObject { .. } => "vendor-object",
            Self::Entity { of: EntityOf::Chassis, .. } => "entity-chassis",
            Self::Entity { of: EntityOf::Part, .. } => "entity-part",
            Self::LldpInventory { .. } => "lldp-inventory",
            Self::SysObjectId { .. } => "sys-object-id",
            Self::SnmpEngineId { .. } => "snmp-engine-id",
            Self::SysDescr { .. } => "sys-descr",
            Self::LldpDescription { .. } => "lldp-system-description",
            Self::Announced(said) => said.kind(),
            Self::LldpChassis(_) => "lldp-chassis-id",
            Self::EngineMac(_) => "engine-mac",
            Self::MacAssignment(_) => "mac-assignment",
        }
    }

    /// Its place in the order of kinds, strongest first.
    pub fn rank(&self) -> u8 {
        match self {
            Self::VendorObject { .. } => 0,
            Self::Entity { .. } => 1,
            Self::LldpInventory { .. } => 2,
            Self::SysObjectId { .. } => 3,
            Self::SnmpEngineId { .. } => 4,
            Self::SysDescr { .. } => 5,
            Self::LldpDescription { .. } => 6,
            Self::Announced(_) => 7,
            Self::LldpChassis(_) => 8,
            Self::EngineMac(_) => 9,
            Self::MacAssignment(_) => 10,
        }
    }

    /// Where it comes from.
    pub fn witness(&self) -> Witness {
        match self {
            // Whoever built the agent put it there, as the number of sysObjectID.
            Self::VendorObject { number: Some(_), .. } => Witness::Number,
            Self::VendorObject { number: None, .. }
            | Self::Entity { .. }
            | Self::LldpInventory { .. } => Witness::Inventory,
            Self::SysObjectId { .. } | Self::SnmpEngineId { .. } => Witness::Number,
            Self::SysDescr { .. } | Self::LldpDescription { .. } => Witness::Text,
            Self::Announced(said) => said.witness(),
            Self::LldpChassis(_) | Self::EngineMac(_) | Self::MacAssignment(_) => Witness::Adapter,
        }
    }

    /// What was seen.
    pub fn value(&self) -> DeviceText {
        match self {
            Self::VendorObject { object, .. } => object.text.clone(),
            Self::Entity { manufacturer, .. } | Self::LldpInventory { manufacturer, .. } => {
                manufacturer.clone()
            }
            Self::SysObjectId { oid, .. } => DeviceText::from(oid.to_string().as_str()),
            Self::SnmpEngineId { id, .. } => DeviceText::from(id.to_string().as_str()),
            Self::SysDescr { text, .. } | Self::LldpDescription { text, .. } => text.clone(),
            Self::Announced(said) => said.text.clone(),
            Self::LldpChassis(adapter)
            | Self::EngineMac(adapter)
            | Self::MacAssignment(adapter) => DeviceText::from(adapter.mac.to_string().as_str()),
        }
    }

    /// Whom it names.
    pub fn party(&self) -> Option<Party> {
        match self {
            Self::VendorObject { number: Some(number), .. } => number.party(),
            Self::VendorObject { number: None, vendor, .. }
            | Self::Entity { vendor, .. }
            | Self::LldpInventory { vendor, .. } => vendor.as_ref().map(|(party, _)| party.clone()),
            Self::SysObjectId { brand: Some((_, party)), .. }
            | Self::SnmpEngineId { brand: Some((_, party)), .. } => party.clone(),
            Self::SysObjectId { brand: None, number, .. } => {
                number.as_ref().and_then(Number::party)
            }
            Self::SnmpEngineId { brand: None, number, .. } => number.party(),
            Self::SysDescr { known, .. } | Self::LldpDescription { known, .. } => {
                known.as_ref().and_then(|(_, party)| party.clone())
            }
            Self::Announced(said) => said.party(),
            Self::LldpChassis(adapter)
            | Self::EngineMac(adapter)
            | Self::MacAssignment(adapter) => adapter.party(),
        }
    }

    /// The vendor id or name it points at.
    pub fn says(&self) -> Option<String> {
        self.party().map(|party| party.word().to_owned())
    }

    /// How much it counts. No wildcard arm: a new kind of evidence does not compile until it is weighed.
    pub fn weight(&self) -> Weight {
        match self {
            Self::VendorObject { number: Some(number), .. } => number.weight(),
            // Read from its agent, where its maker put it.
            Self::VendorObject { number: None, vendor: Some((_, kind)), .. }
            | Self::Entity { of: EntityOf::Chassis, vendor: Some((_, kind)), .. } => {
                weight_of(*kind, Weight::Strong, Weight::Likely)
            }
            Self::VendorObject { number: None, vendor: None, .. }
            | Self::Entity { vendor: None, .. } => Weight::None, // a stranger's text is not a firm
            Self::Entity { of: EntityOf::Part, .. } => Weight::Hint, // who made a fan did not make the box
            // Free text in a frame that anybody may send, so never more than a prefix of the same firm says.
            Self::LldpInventory { vendor: Some((_, kind)), .. } => {
                weight_of(*kind, Weight::Likely, Weight::Likely)
            }
            Self::LldpInventory { vendor: None, .. } => Weight::None, // a stranger's text is not a firm
            Self::SysObjectId { brand: Some((subtree, Some(_))), .. } => subtree.weight,
            Self::SysObjectId { brand: Some((_, None)), .. } => Weight::None, // a system that runs on anybody's box
            Self::SysObjectId { brand: None, number: Some(number), .. } => number.weight(),
            Self::SysObjectId { brand: None, number: None, .. } => Weight::None, // 0.0, or under no enterprise
            // Asked without credentials, and old agents carry the number of whoever wrote them.
            Self::SnmpEngineId { brand: Some((subtree, Some(_))), .. } => {
                subtree.weight.min(Weight::Likely)
            }
            Self::SnmpEngineId { brand: Some((_, None)), .. } => Weight::None,
            Self::SnmpEngineId { brand: None, number, .. } => number.weight().min(Weight::Likely),
            Self::SysDescr { known, .. } | Self::LldpDescription { known, .. } => match known {
                Some((print, Some(_))) => print.weight,
                Some((_, None)) | None => Weight::None, // names an operating system, or nothing that is known
            },
            Self::Announced(said) => said.weight(),
            Self::LldpChassis(adapter)
            | Self::EngineMac(adapter)
            | Self::MacAssignment(adapter) => adapter.weight(),
        }
    }

    /// Why it counts as it does, with the edition it is from.
    pub fn note(&self) -> String {
        match self {
            Self::VendorObject { object, number: Some(number), .. } => {
                format!("{} is answered; {}", object.name, number.note())
            }
            Self::VendorObject { object, number: None, vendor } => match vendor {
                Some((party, _)) => format!("{} names {}", object.name, party.name()),
                None => format!("{}: no vendor of the table has this name", object.name),
            },
            Self::Entity { of: EntityOf::Part, vendor: Some((party, _)), .. } => {
                format!("ENTITY-MIB names {} as the maker of this part", party.name())
            }
            Self::Entity { vendor: Some((party, kind)), .. } => {
                let part = match kind {
                    VendorKind::Module | VendorKind::Chipset => ": a part, not the box",
                    VendorKind::Odm => ", which builds for other brands",
                    VendorKind::Virtual | VendorKind::Agent => ": software that runs anywhere",
                    VendorKind::Product | VendorKind::Ot => "",
                };
                format!("ENTITY-MIB names {} as the maker of the chassis{part}", party.name())
            }
            Self::Entity { vendor: None, .. } => "no vendor of the table has this name".to_owned(),
            Self::LldpInventory { vendor: Some((party, kind)), .. } => {
                let why = match kind {
                    VendorKind::Product | VendorKind::Ot => "",
                    VendorKind::Odm => ", which builds for other brands",
                    VendorKind::Module => ", which makes modules: a part, not the box",
                    VendorKind::Chipset => ", which makes chips: a part, not the box",
                    VendorKind::Virtual | VendorKind::Agent => {
                        ", which makes software that runs anywhere"
                    }
                };
                format!("the device names {} as its manufacturer{why}", party.name())
            }
            Self::LldpInventory { vendor: None, .. } => {
                "no vendor of the table has this name".to_owned()
            }
            Self::SysObjectId { brand: Some((subtree, Some(party))), .. } => {
                format!("1.3.6.1.4.1.{} is {}: {}", subtree.text, party.name(), subtree.note)
            }
            Self::SysObjectId { brand: Some((subtree, None)), .. } => {
                format!("1.3.6.1.4.1.{} is {}", subtree.text, subtree.note)
            }
            Self::SysObjectId { number: Some(number), .. } => number.note(),
            Self::SysObjectId { number: None, .. } => {
                "stands under no enterprise number".to_owned()
            }
            Self::SnmpEngineId { brand: Some((subtree, _)), number, .. } => {
                format!("{}; the sysObjectID under it says {}", number.note(), subtree.note)
            }
            Self::SnmpEngineId { brand: None, number, .. } => number.note(),
            Self::SysDescr { known, .. } | Self::LldpDescription { known, .. } => match known {
                Some((print, Some(party))) => {
                    format!("fingerprint {}: product text of {}", print.id, party.name())
                }
                Some((print, None)) => {
                    format!("fingerprint {}: names software that runs on anybody's box", print.id)
                }
                None => "no fingerprint knows this text".to_owned(),
            },
            Self::Announced(said) => said.note(),
            Self::LldpChassis(adapter)
            | Self::EngineMac(adapter)
            | Self::MacAssignment(adapter) => adapter.note(),
        }
    }
}
