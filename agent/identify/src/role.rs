//! What a device is for. The words stand in outputs, in rules and in the fingerprint files.
//!
//! Kept free of other modules: the build reads fingerprint files with it.

/// What a device is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Forwards between networks.
    Router,
    /// Forwards within a network.
    Switch,
    /// Joins wireless stations to a network (IEEE 802.11).
    AccessPoint,
    /// Manages access points.
    WirelessController,
    /// Filters between networks.
    Firewall,
    /// Optical line terminal.
    Olt,
    /// Optical network unit.
    Onu,
    /// Serves many subscriber lines or cable modems.
    AccessNode,
    /// Joins a home or an office to an access network.
    Cpe,
    /// Serves mobile phones by radio.
    BaseStation,
    /// A radio link.
    Microwave,
    /// Wavelength or circuit transport.
    OpticalTransport,
    /// Shares load among servers.
    LoadBalancer,
    /// Films.
    Camera,
    /// Keeps what cameras film.
    Recorder,
    /// Opens doors.
    AccessControl,
    /// Speaks and listens.
    Phone,
    /// A telephone exchange or a gateway to one.
    VoiceGateway,
    /// Prints, copies or scans.
    Printer,
    /// Runs other people's software.
    Server,
    /// Manages the hardware of a server.
    ManagementController,
    /// Keeps files.
    Storage,
    /// Supplies power when there is none.
    Ups,
    /// Feeds and switches power.
    PowerDistribution,
    /// Turns direct into alternating current.
    Inverter,
    /// Counts energy.
    Meter,
    /// Controls a machine or a process.
    Plc,
    /// Inputs, outputs and gateways of a process.
    FieldDevice,
    /// Measures surroundings.
    Sensor,
    /// Tells the time.
    TimeServer,
    /// Shows pictures or plays sound.
    Media,
    /// Joins serial lines or consoles to a network.
    ConsoleServer,
    /// A station that forwards nothing.
    Station,
}

impl Role {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Router,
        Self::Switch,
        Self::AccessPoint,
        Self::WirelessController,
        Self::Firewall,
        Self::Olt,
        Self::Onu,
        Self::AccessNode,
        Self::Cpe,
        Self::BaseStation,
        Self::Microwave,
        Self::OpticalTransport,
        Self::LoadBalancer,
        Self::Camera,
        Self::Recorder,
        Self::AccessControl,
        Self::Phone,
        Self::VoiceGateway,
        Self::Printer,
        Self::Server,
        Self::ManagementController,
        Self::Storage,
        Self::Ups,
        Self::PowerDistribution,
        Self::Inverter,
        Self::Meter,
        Self::Plc,
        Self::FieldDevice,
        Self::Sensor,
        Self::TimeServer,
        Self::Media,
        Self::ConsoleServer,
        Self::Station,
    ];

    /// The word that stands in outputs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Router => "router",
            Self::Switch => "switch",
            Self::AccessPoint => "access-point",
            Self::WirelessController => "wireless-controller",
            Self::Firewall => "firewall",
            Self::Olt => "olt",
            Self::Onu => "onu",
            Self::AccessNode => "access-node",
            Self::Cpe => "cpe",
            Self::BaseStation => "base-station",
            Self::Microwave => "microwave",
            Self::OpticalTransport => "optical-transport",
            Self::LoadBalancer => "load-balancer",
            Self::Camera => "camera",
            Self::Recorder => "recorder",
            Self::AccessControl => "access-control",
            Self::Phone => "phone",
            Self::VoiceGateway => "voice-gateway",
            Self::Printer => "printer",
            Self::Server => "server",
            Self::ManagementController => "management-controller",
            Self::Storage => "storage",
            Self::Ups => "ups",
            Self::PowerDistribution => "power-distribution",
            Self::Inverter => "inverter",
            Self::Meter => "meter",
            Self::Plc => "plc",
            Self::FieldDevice => "field-device",
            Self::Sensor => "sensor",
            Self::TimeServer => "time-server",
            Self::Media => "media",
            Self::ConsoleServer => "console-server",
            Self::Station => "station",
        }
    }

    /// The role with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.as_str() == word)
    }
}
