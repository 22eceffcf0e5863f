//! The fixed words of a pack file: each list is closed, so that a word the engine does not know is refused.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A closed list of words that a pack may use at one place.
pub(crate) trait Word: Copy + 'static {
    /// Every word of the list, in its order.
    const ALL: &'static [Self];
    /// The word as a pack writes it.
    fn word(self) -> &'static str;
}

/// A word that is in none of the engine's lists, with those that would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is {found:?}, which the engine does not know; {hint}")]
pub struct UnknownWord {
    /// The word as it was written.
    pub found: String,
    /// The nearest right word, or all of them.
    pub hint: String,
}

/// Reads a word, and names the nearest right one if it is none.
pub(crate) fn read_word<W: Word>(text: &str) -> Result<W, UnknownWord> {
    W::ALL
        .iter()
        .copied()
        .find(|word| word.word() == text)
        .ok_or_else(|| unknown_word(text, W::ALL.iter().map(|word| word.word())))
}

/// The error for a word outside a closed list.
pub(crate) fn unknown_word<'a>(
    text: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> UnknownWord {
    let hint = match nearest(text, known.clone()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("allowed are {}", known.collect::<Vec<_>>().join(", ")),
    };
    UnknownWord { found: text.chars().take(80).collect(), hint }
}

/// The known word that a typing error most likely stands for; none when nothing is near.
pub(crate) fn nearest<'a>(text: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // A hostile file may hold a key of a megabyte: the distance is quadratic, so such a key has no neighbour.
    if text.len() > 80 {
        return None;
    }
    known
        .map(|word| (strsim::damerau_levenshtein(text, word), word))
        .filter(|(distance, word)| *distance <= 1 + word.chars().count() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $( $(#[$about:meta])* $variant:ident = $word:literal ),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $( $(#[$about])* $variant ),+ }

        impl $name {
            /// The word as a pack and the outputs write it.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word ),+ }
            }
        }

        impl Word for $name {
            const ALL: &'static [Self] = &[ $( Self::$variant ),+ ];
            fn word(self) -> &'static str {
                self.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;
            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                read_word(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }
    };
}

vocabulary! {
    /// How sure it is who a party is: ordered, and defined by kinds of evidence, not by a percentage.
    Confidence {
        /// A hint: the maker of a module or a chip, a name in free text.
        Possible = "possible",
        /// One good piece of evidence, such as a prefix of a product maker.
        Probable = "probable",
        /// Evidence of a strong kind that nothing contradicts.
        Confirmed = "confirmed",
    }
}

vocabulary! {
    /// What a party must be to the subject for the rule to reach it.
    Relation {
        /// The legal entity whose product it is.
        Maker = "maker",
        /// The name on the box. Where none is known apart from the maker, the maker stands for it.
        Brand = "brand",
        /// Somebody in the maker's chain of control, on the day asked.
        ControlledBy = "controlled-by",
        /// Somebody whom the maker controls: the way up to a parent of the named firm.
        Controls = "controls",
        /// Somebody whose business the maker took over.
        SuccessorOf = "successor-of",
        /// Somebody who took over the business of the maker.
        PredecessorOf = "predecessor-of",
        /// Somebody who delivers, installs or runs it for the operator.
        Supplier = "supplier",
    }
}

vocabulary! {
    /// What is asked of the bound party, each with a date of its own.
    Action {
        /// From the date: not bought any more.
        NoProcure = "no-procure",
        /// From the date: not installed any more; what was seen before it may stay.
        NoInstall = "no-install",
        /// By the date: gone.
        Remove = "remove",
        /// By the date: the function is done by somebody else's product; the hardware may stay.
        ReplaceFunction = "replace-function",
        /// Allowed until the date.
        Permit = "permit",
    }
}

vocabulary! {
    /// How much a finding should disturb its reader.
    Severity {
        /// To know.
        Info = "info",
        /// Look at it when convenient.
        Low = "low",
        /// Plan for it.
        Medium = "medium",
        /// Act on it.
        High = "high",
        /// Act on it today.
        Critical = "critical",
    }
}

vocabulary! {
    /// Whether an instrument has effect.
    Status {
        /// Not adopted: it obliges nobody yet.
        Proposal = "proposal",
        /// It has effect.
        InForce = "in-force",
        /// It has effect, and a court or its issuer hears about it.
        Challenged = "challenged",
        /// Suspended by a court or by its issuer.
        Stayed = "stayed",
        /// It has effect in a wording that was changed since it was made.
        Modified = "modified",
        /// It has ended.
        Expired = "expired",
    }
}

impl Status {
    /// Whether it binds anybody today.
    pub fn has_effect(self) -> bool {
        match self {
            Self::InForce | Self::Challenged | Self::Modified => true,
            Self::Proposal | Self::Stayed | Self::Expired => false,
        }
    }
}

vocabulary! {
    /// Who may read a pack.
    Publicity {
        /// Everybody.
        Public = "public",
        /// Those it is addressed to.
        Confidential = "confidential",
        /// Those cleared for it.
        Classified = "classified",
    }
}

vocabulary! {
    /// What an instrument does to those it binds.
    Force {
        /// A duty or a prohibition.
        Obligation = "obligation",
        /// What a government says it does or expects, without a law behind it yet.
        Policy = "policy",
        /// A threat that the addressees must deal with; not a ban.
        Warning = "warning",
        /// Advice.
        Advice = "advice",
    }
}

vocabulary! {
    /// How the fact was checked. Facts that nobody checked do not go into a pack, so there is no word for them.
    Mark {
        /// Read in an official text.
        Official = "official",
        /// Read in the press, a law firm's note or a public repository.
        Reported = "reported",
    }
}

vocabulary! {
    /// What a component is within its device.
    ComponentKind {
        /// A line card or other plug-in board.
        LineCard = "line-card",
        /// One member of a stack.
        StackMember = "stack-member",
        /// A power supply.
        PowerSupply = "power-supply",
        /// A fan or fan tray.
        Fan = "fan",
        /// A pluggable transceiver.
        Optic = "optic",
        /// A cellular module.
        CellularModule = "cellular-module",
        /// A Wi-Fi, Bluetooth or other short-range radio module.
        RadioModule = "radio-module",
        /// Memory: DRAM modules.
        Memory = "memory",
        /// Storage: disks and flash.
        Storage = "storage",
        /// Any other integrated circuit.
        Chip = "chip",
        /// Software that is installed or running on the device.
        Software = "software",
    }
}

vocabulary! {
    /// By which test one firm controls another: each regime names its own.
    ControlKind {
        /// More than half of the shares or votes.
        Majority = "majority",
        /// It can decide what the firm does, with or without a majority.
        DecisiveInfluence = "decisive-influence",
        /// A seat in the management or on the board.
        ManagementSeat = "management-seat",
        /// A contract that gives control.
        Contract = "contract",
    }
}

vocabulary! {
    /// What a supplier who is not the maker does for the operator.
    SupplierRole {
        /// Brings it into the country.
        Importer = "importer",
        /// Sells it.
        Distributor = "distributor",
        /// Builds it into the network.
        Integrator = "integrator",
        /// Runs it, or a service on it.
        ServiceProvider = "service-provider",
        /// Reaches it from outside in order to maintain it.
        RemoteAdministrator = "remote-administrator",
    }
}

vocabulary! {
    /// Which country of a subject is asked for. They are different facts and often differ.
    CountryOf {
        /// Where those who control the maker sit.
        Control = "country-of-control",
        /// Where the maker is registered.
        Seat = "country-of-seat",
        /// Where the thing was made.
        Production = "country-of-production",
        /// Where its data are kept or sent.
        Data = "country-of-data",
        /// From where it is administered.
        Administration = "country-of-administration",
    }
}

vocabulary! {
    /// A generation of mobile or fibre access technology.
    Generation {
        /// GSM.
        G2 = "2g",
        /// UMTS.
        G3 = "3g",
        /// LTE.
        G4 = "4g",
        /// NR.
        G5 = "5g",
        /// What comes after.
        G6 = "6g",
        /// ITU-T G.984.
        Gpon = "gpon",
        /// ITU-T G.987.
        XgPon = "xg-pon",
        /// ITU-T G.9807.
        XgsPon = "xgs-pon",
        /// IEEE 802.3ah.
        Epon = "epon",
        /// IEEE 802.3av.
        TenGigEpon = "10g-epon",
    }
}

vocabulary! {
    /// A property that a thing has or has not: yes, no, or nobody knows.
    Trait {
        /// It routes, redirects or can read user data.
        SeesUserData = "sees-user-data",
        /// It has no settings and no power of its own: cables, antennas, splitters.
        Passive = "passive",
        /// It belongs to a subscriber or a member of staff.
        EndUserDevice = "end-user-device",
        /// It stands in the network of somebody else: backhaul, roaming, interconnection.
        ThirdPartyFacility = "third-party-facility",
        /// It serves a network that is closed to the public.
        PrivateNetwork = "private-network",
        /// Somebody can switch or change it from afar.
        RemoteControl = "remote-control",
        /// It runs a process that the operator calls vital.
        VitalProcess = "vital-process",
        /// It handles data that the operator calls critical.
        CriticalData = "critical-data",
        /// Its supplier gets wide access to sensitive places or systems.
        WideAccess = "wide-access",
    }
}

vocabulary! {
    /// How a party was tied to a subject.
    Grade {
        /// By facts.
        Established = "established",
        /// By grounds to suspect a tie, which is less.
        Suspected = "suspected",
    }
}

vocabulary! {
    /// From which day a period runs.
    TermStart {
        /// The date of the order that the operator got.
        Order = "order",
        /// The day that the thing was first seen.
        FirstSeen = "first-seen",
    }
}

vocabulary! {
    /// What a share is counted in.
    Denominator {
        /// Every device or component counts as one.
        Devices = "devices",
        /// Each counts as many as it has ports.
        Ports = "ports",
        /// A site counts as one, and for the party as soon as one of its things stands there.
        Sites = "sites",
    }
}

vocabulary! {
    /// For what a share or a number of suppliers is counted.
    Per {
        /// For all of the network together.
        Network = "network",
        /// For each part of the network.
        Part = "part",
        /// For each site.
        Site = "site",
        /// For each zone.
        Zone = "zone",
    }
}

/// The device roles that a rule may name: those that the identification gives, and a few that an operator declares.
pub const ROLES: &[&str] = &[
    "access-control",
    "access-node",
    "access-point",
    "base-station",
    "camera",
    "console-server",
    "cpe",
    "drone",
    "field-device",
    "firewall",
    "inverter",
    "load-balancer",
    "management-controller",
    "media",
    "meter",
    "microwave",
    "olt",
    "onu",
    "optical-transport",
    "phone",
    "plc",
    "power-distribution",
    "printer",
    "radio",
    "recorder",
    "robot",
    "router",
    "scanner",
    "sensor",
    "server",
    "station",
    "storage",
    "switch",
    "time-server",
    "ups",
    "voice-gateway",
    "wireless-controller",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_names_the_nearest_right_one() {
        let error = "confirmd".parse::<Confidence>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "is \"confirmd\", which the engine does not know; did you mean \"confirmed\"?"
        );
    }

    #[test]
    fn a_word_near_nothing_lists_what_is_allowed() {
        let error = "cap".parse::<Action>().unwrap_err();
        assert!(error.hint.contains("no-procure, no-install, remove"), "{error}");
    }

    #[test]
    fn confidence_is_ordered_from_weak_to_strong() {
        assert!(
            Confidence::Possible < Confidence::Probable
                && Confidence::Probable < Confidence::Confirmed
        );
    }

    #[test]
    fn a_key_of_a_megabyte_has_no_neighbour_and_costs_nothing() {
        assert_eq!(nearest(&"m".repeat(1 << 20), ["maker"].into_iter()), None);
    }
}
