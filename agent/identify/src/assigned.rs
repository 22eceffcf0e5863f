//! What the registries say of a hardware address and of an enterprise number, how much that counts, and why.

use herkomst_ids::{Country, Edition, MacAddr, MacPrefix, Pen};
use herkomst_registry::{MacMeaning, PenMeaning, PenRole, Registry, SpecialKind, VendorKind};

use crate::evidence::{Party, Weight};

/// What a hardware address says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adapter {
    /// The address; the lowest, if several say the same.
    pub mac: MacAddr,
    /// How many more of the device's addresses say the same.
    pub more: usize,
    /// Who it was assigned to.
    pub says: Assigned,
    /// Whether most addresses of the device say something else: then it is a card in it, at best.
    pub outnumbered: bool,
    /// The edition of the registry.
    pub edition: Edition,
}

/// Who a hardware address was assigned to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assigned {
    /// Nobody: it is a special address.
    Special {
        /// What it is.
        what: String,
        /// Which kind.
        kind: SpecialKind,
        /// Where that is written.
        source: String,
    },
    /// Nobody, as far as the edition knows.
    Unassigned,
    /// A firm.
    To {
        /// The assigned prefix.
        prefix: MacPrefix,
        /// The firm as it is listed.
        registrant: String,
        /// The country it gave. Evidence of where a form was signed.
        country: Option<Country>,
        /// Its row in the vendor table, and what it makes.
        vendor: Option<(Party, VendorKind)>,
    },
}

/// What an enterprise number says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// The number.
    pub pen: Pen,
    /// Whose it is.
    pub says: Numbered,
    /// The edition of the list.
    pub edition: Edition,
}

/// Who an enterprise number was assigned to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Numbered {
    /// Nobody, as far as the edition knows.
    Unassigned,
    /// A firm.
    To {
        /// The firm as it is listed.
        organisation: String,
        /// Whether the number names makers at all.
        role: PenRole,
        /// Why its role is not the ordinary one.
        reason: Option<String>,
        /// The row in the vendor table, and what it makes.
        vendor: Option<(Party, VendorKind)>,
    },
}

/// What the kind of vendor makes of its name, or of a number or a prefix of its own.
pub(crate) fn weight_of(kind: VendorKind, product: Weight, odm: Weight) -> Weight {
    match kind {
        VendorKind::Product | VendorKind::Ot => product,
        VendorKind::Odm => odm,
        VendorKind::Module | VendorKind::Chipset => Weight::Hint, // a part of the box, at best
        VendorKind::Virtual | VendorKind::Agent => Weight::None,  // software is not a box
    }
}

impl Adapter {
    /// Looks an address up.
    pub fn look_up(mac: MacAddr, registry: &Registry) -> Self {
        let says = match registry.mac(mac) {
            // 00:00:00 is a prefix of Xerox's, and what firmware counts up from when nobody gave it addresses.
            MacMeaning::Assigned(_) if mac.octets()[..3] == [0; 3] => Assigned::Special {
                what: "address with an empty prefix".to_owned(),
                kind: SpecialKind::Unset,
                source: "firmware without an address of its own".to_owned(),
            },
            MacMeaning::Special(special) => Assigned::Special {
                what: special.what.to_owned(),
                kind: special.kind,
                source: special.source.to_owned(),
            },
            MacMeaning::Unassigned => Assigned::Unassigned,
            MacMeaning::Assigned(to) => Assigned::To {
                prefix: to.prefix,
                registrant: to.registrant.to_owned(),
                country: to.country,
                vendor: to.vendor.map(|vendor| (Party::of(&vendor), vendor.kind())),
            },
        };
        Self { mac, more: 0, says, outnumbered: false, edition: registry.edition() }
    }

    /// The firm it was assigned to. One that asked to stay `Private` is nobody.
    pub fn party(&self) -> Option<Party> {
        match &self.says {
            Assigned::Special { .. } | Assigned::Unassigned => None,
            Assigned::To { vendor: Some((party, _)), .. } => Some(party.clone()),
            Assigned::To { vendor: None, registrant, .. } => {
                (registrant != "Private").then(|| Party::Organisation(registrant.clone()))
            }
        }
    }

    /// What the firm makes, where the vendor table knows.
    pub fn kind(&self) -> Option<VendorKind> {
        match &self.says {
            Assigned::To { vendor: Some((_, kind)), .. } => Some(*kind),
            Assigned::To { vendor: None, .. } | Assigned::Special { .. } | Assigned::Unassigned => {
                None
            }
        }
    }

    pub(crate) fn weight(&self) -> Weight {
        match &self.says {
            Assigned::Special { .. } | Assigned::Unassigned => Weight::None,
            Assigned::To { vendor: None, registrant, .. } if registrant == "Private" => {
                Weight::None
            }
            // Its own product, or its module in somebody else's: nobody has looked.
            Assigned::To { vendor: None, .. } => Weight::Hint,
            Assigned::To { vendor: Some((_, kind)), .. } => weight_of(
                *kind,
                if self.outnumbered { Weight::Hint } else { Weight::Likely },
                Weight::Hint,
            ),
        }
    }

    pub(crate) fn note(&self) -> String {
        let edition = &self.edition;
        let more = if self.more == 0 {
            String::new()
        } else {
            format!("; {} more addresses say the same", self.more)
        };
        match &self.says {
            Assigned::Special { what, source, .. } => format!("{what} ({source}): names no maker"),
            Assigned::Unassigned => format!("its prefix is assigned to nobody (IEEE {edition})"),
            Assigned::To { prefix, registrant, vendor, .. } => {
                let why = match vendor {
                    None => ", of which no vendor is known",
                    Some((_, VendorKind::Product | VendorKind::Ot)) if self.outnumbered => {
                        ", but most addresses of the device say otherwise"
                    }
                    Some((_, VendorKind::Product | VendorKind::Ot)) => ", which makes products",
                    Some((_, VendorKind::Module)) => ", which makes modules: a part, not the box",
                    Some((_, VendorKind::Chipset)) => ", which makes chips: a part, not the box",
                    Some((_, VendorKind::Odm)) => ", which builds for other brands",
                    Some((_, VendorKind::Virtual | VendorKind::Agent)) => ", which makes software",
                };
                format!("{prefix} is assigned to {registrant}{why} (IEEE {edition}){more}")
            }
        }
    }
}

impl Number {
    /// Looks a number up.
    pub fn look_up(pen: Pen, registry: &Registry) -> Self {
        let says = match registry.pen(pen) {
            PenMeaning::Assigned { organisation, role, vendor, reason } => Numbered::To {
                organisation: organisation.to_owned(),
                role,
                reason: reason.map(str::to_owned),
                vendor: vendor.map(|vendor| (Party::of(&vendor), vendor.kind())),
            },
            PenMeaning::Unassigned => Numbered::Unassigned,
        };
        Self { pen, says, edition: registry.pen_edition() }
    }

    pub(crate) fn party(&self) -> Option<Party> {
        match &self.says {
            Numbered::To { vendor: Some((party, _)), role: PenRole::Maker, .. } => {
                Some(party.clone())
            }
            Numbered::To { vendor: None, role: PenRole::Maker, organisation, .. } => {
                (!is_nobody(organisation)).then(|| Party::Organisation(organisation.clone()))
            }
            Numbered::To { role: PenRole::Agent | PenRole::Platform, .. }
            | Numbered::Unassigned => None,
        }
    }

    pub(crate) fn weight(&self) -> Weight {
        match &self.says {
            Numbered::To { role: PenRole::Agent | PenRole::Platform, .. }
            | Numbered::Unassigned => Weight::None,
            Numbered::To { vendor: Some((_, kind)), role: PenRole::Maker, .. } => {
                weight_of(*kind, Weight::Strong, Weight::Likely)
            }
            // IANA names the organisation; whether it makes boxes nobody has looked.
            Numbered::To { vendor: None, role: PenRole::Maker, organisation, .. } => {
                if is_nobody(organisation) { Weight::None } else { Weight::Likely }
            }
        }
    }

    pub(crate) fn note(&self) -> String {
        let (pen, edition) = (self.pen, &self.edition);
        match &self.says {
            Numbered::Unassigned => {
                format!("enterprise number {pen} is assigned to nobody (IANA {edition})")
            }
            Numbered::To { organisation, role: PenRole::Maker, vendor, .. } => {
                let why = match vendor {
                    None => ", of which no vendor is known",
                    Some((_, VendorKind::Product | VendorKind::Ot)) => "",
                    Some((_, VendorKind::Module)) => ", which makes modules",
                    Some((_, VendorKind::Chipset)) => ", which makes chips",
                    Some((_, VendorKind::Odm)) => ", which builds for other brands",
                    Some((_, VendorKind::Virtual | VendorKind::Agent)) => {
                        ", which makes software that runs anywhere"
                    }
                };
                format!(
                    "enterprise number {pen} is assigned to {organisation}{why} (IANA {edition})"
                )
            }
            Numbered::To { organisation, role, reason, .. } => {
                let what = match role {
                    PenRole::Agent => "an agent that runs on anybody's box",
                    PenRole::Platform => "a platform that others build on",
                    PenRole::Maker => "a maker",
                };
                let reason =
                    reason.as_ref().map(|reason| format!("; {reason}")).unwrap_or_default();
                format!(
                    "enterprise number {pen} is {organisation}, {what}: names no maker{reason} (IANA {edition})"
                )
            }
        }
    }
}

/// Rows of the IANA list that stand for no organisation.
fn is_nobody(organisation: &str) -> bool {
    let text = organisation.trim();
    text.is_empty()
        || ["reserved", "none", "unassigned", "private", "unknown"]
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word))
}
