//! The words that the tables use and their codes in the blob: shared by the reader and by `compile`.

/// Makes an enum whose variants each have the word of the tables; the code is the place in `ALL`.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// All of them, in the order of their codes.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word that the tables and the outputs use.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The one that a table names with this word.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == word)
            }
        }
    };
}

words! {
    /// The public listings of the IEEE Registration Authority.
    RegistryKind {
        /// 24 bits.
        MaL = "MA-L",
        /// 28 bits.
        MaM = "MA-M",
        /// 36 bits.
        MaS = "MA-S",
        /// 36 bits, no longer given out.
        Iab = "IAB",
        /// 24 bits in local space: names a company in protocols, not a card.
        Cid = "CID",
    }
}

words! {
    /// What a vendor makes, and so how much its prefix says about the box around it.
    VendorKind {
        /// Whole products under its own brand.
        Product = "product",
        /// Modules that others build in.
        Module = "module",
        /// Chips that others build in.
        Chipset = "chipset",
        /// Whole products that carry the brands of others.
        Odm = "odm",
        /// Operational technology under its own brand: to be probed with care.
        Ot = "ot",
        /// Virtual machines and their networks.
        Virtual = "virtual",
        /// Software that speaks for a box it did not make.
        Agent = "agent",
    }
}

words! {
    /// Why an address names no maker.
    SpecialKind {
        /// All zeros or a placeholder: nobody set it.
        Unset = "unset",
        /// A group, never a station.
        Group = "group",
        /// Set by software (the U/L bit): often random.
        Local = "local",
        /// Shared by routers: VRRP, HSRP, GLBP, CARP, anycast gateways.
        VirtualRouter = "virtual-router",
        /// Shared by the members of a cluster.
        Cluster = "cluster",
        /// A virtual machine, named for what runs it.
        Hypervisor = "hypervisor",
        /// A container or its host side.
        Container = "container",
        /// Given out by management software from a pool.
        Pool = "pool",
        /// Used by a protocol, not by a station.
        Protocol = "protocol",
        /// For examples in documents.
        Documentation = "documentation",
    }
}

words! {
    /// Whether an enterprise number names the maker of the box that shows it.
    PenRole {
        /// The ordinary case.
        Maker = "maker",
        /// The SNMP agent software, which runs on anybody's box.
        Agent = "agent",
        /// A chip, a reference design, an industry body or a documentation number.
        Platform = "platform",
    }
}

words! {
    /// What makes the controller one.
    ControlTest {
        /// More than half of the votes or shares.
        Majority = "majority",
        /// Less than half, and yet decisive.
        DecisiveInfluence = "decisive-influence",
        /// A state or its asset holder.
        StateOwned = "state-owned",
        /// Its founder or their family.
        Founder = "founder",
        /// Its employees, by a union or trust.
        Employees = "employees",
        /// Listed, and no controlling holder is known.
        Listed = "listed",
        /// A joint venture without a majority.
        JointVenture = "joint-venture",
        /// The controller is known, the test is not.
        Unstated = "unstated",
    }
}

words! {
    /// How sure the editor of a row is of a controller; whether it was checked is another question (`verified`).
    ControlConfidence {
        /// Disputed or old.
        Low = "low",
        /// Likely.
        Medium = "medium",
        /// Not in doubt.
        High = "high",
    }
}

impl SpecialKind {
    /// Shared by several routers, so that it joins no two devices.
    pub const fn is_virtual_router(self) -> bool {
        matches!(self, Self::VirtualRouter)
    }

    /// Whether two devices that show it may still be two.
    pub const fn may_be_shared(self) -> bool {
        !matches!(self, Self::Hypervisor | Self::Local)
    }
}
