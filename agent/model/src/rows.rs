//! Rows of tables that were read from an agent. Each names the MIB objects that its fields are of.
//!
//! Whatever the agent did not give, or gave as another type than the MIB says, is `None`. Text is bounded by
//! [`DeviceText`], and one part of a table by [`Rows::MOST`].

use std::net::IpAddr;

use herkomst_ids::{MacAddr, Oid};

use crate::{Capabilities, ChassisKey, DeviceText, Inventory};

/// Rows of one table, at most [`Rows::MOST`] of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rows {
    /// Interfaces.
    Interfaces(Vec<Interface>),
    /// Network addresses of the device itself.
    Addresses(Vec<OwnAddress>),
    /// Stations that it talks to.
    Neighbours(Vec<TableNeighbour>),
    /// Stations behind its ports.
    Forwarding(Vec<Forwarded>),
    /// What it says of itself over LLDP.
    LldpLocal(Box<LldpSelf>),
    /// Its own ports as LLDP names them.
    LldpPorts(Vec<LldpPort>),
    /// What its neighbours say over LLDP.
    LldpRemote(Vec<LldpRemote>),
    /// Where its LLDP neighbours are managed.
    LldpAddresses(Vec<LldpAddress>),
    /// The inventory of its LLDP neighbours.
    LldpInventory(Vec<LldpInventory>),
    /// What its neighbours say over CDP.
    Cdp(Vec<CdpNeighbour>),
    /// What it is made of.
    Entities(Vec<Entity>),
    /// Software installed or running.
    Software(Vec<Software>),
    /// Single objects.
    Objects(Vec<Object>),
}

impl Rows {
    /// The most rows in one part, so that no observation grows with the table.
    pub const MOST: usize = 64;

    /// How many rows there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Interfaces(rows) => rows.len(),
            Self::Addresses(rows) => rows.len(),
            Self::Neighbours(rows) => rows.len(),
            Self::Forwarding(rows) => rows.len(),
            Self::LldpLocal(_) => 1,
            Self::LldpPorts(rows) => rows.len(),
            Self::LldpRemote(rows) => rows.len(),
            Self::LldpAddresses(rows) => rows.len(),
            Self::LldpInventory(rows) => rows.len(),
            Self::Cdp(rows) => rows.len(),
            Self::Entities(rows) => rows.len(),
            Self::Software(rows) => rows.len(),
            Self::Objects(rows) => rows.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A row of `ifTable` and `ifXTable` (RFC 2863).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interface {
    /// `ifIndex`.
    pub index: u32,
    /// `ifName`.
    pub name: Option<DeviceText>,
    /// `ifDescr`.
    pub description: Option<DeviceText>,
    /// `ifAlias`: what the operator wrote.
    pub alias: Option<DeviceText>,
    /// `ifType` (IANAifType-MIB): 6 is Ethernet.
    pub kind: Option<u32>,
    /// `ifPhysAddress`, where it has six octets that are not all zero.
    pub mac: Option<MacAddr>,
    /// Bits a second: `ifHighSpeed` in millions where it is not 0, else `ifSpeed`.
    pub speed: Option<u64>,
    /// `ifAdminStatus`: whether it is meant to be up.
    pub admin: Option<InterfaceStatus>,
    /// `ifOperStatus`: whether it is.
    pub oper: Option<InterfaceStatus>,
}

/// `ifOperStatus` and `ifAdminStatus` (RFC 2863).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InterfaceStatus {
    /// Ready to pass packets.
    Up,
    /// Not.
    Down,
    /// In a test mode.
    Testing,
    /// Not known to the agent.
    Unknown,
    /// Waiting for an event, as a line that dials.
    Dormant,
    /// A part of it is missing.
    NotPresent,
    /// Down because of an interface below it.
    LowerLayerDown,
}

/// A row of `ipAddressTable` or `ipAddrTable` (RFC 4293).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnAddress {
    /// `ipAddressAddr` or `ipAdEntAddr`.
    pub address: IpAddr,
    /// The `ifIndex` it is set on.
    pub interface: Option<u32>,
    /// The length of its prefix.
    pub prefix: Option<u8>,
}

/// A row of `ipNetToPhysicalTable` or `ipNetToMediaTable` (RFC 4293).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableNeighbour {
    /// The network address.
    pub address: IpAddr,
    /// The hardware address.
    pub mac: MacAddr,
    /// The `ifIndex` that it is reached through.
    pub interface: u32,
    /// How the agent knows.
    pub origin: NeighbourOrigin,
}

/// `ipNetToPhysicalType` (RFC 4293).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NeighbourOrigin {
    /// It was set by hand: nobody need ever have answered.
    Static,
    /// It was learned.
    Dynamic,
    /// It is an address of the device itself.
    Local,
    /// The agent does not say, or says `other`.
    Other,
}

/// A row of `dot1qTpFdbTable` (RFC 4363) or `dot1dTpFdbTable` (RFC 4188).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forwarded {
    /// The station.
    pub mac: MacAddr,
    /// The VLAN, where the agent says which: by its filtering database, or by the context that was asked.
    pub vlan: Option<u16>,
    /// The port of the bridge; 0 when the agent does not know it.
    pub port: u32,
    /// The `ifIndex` of that port, where `dot1dBasePortIfIndex` gave one.
    pub interface: Option<u32>,
    /// Why it is in the table.
    pub status: ForwardedStatus,
}

/// `dot1qTpFdbStatus` and `dot1dTpFdbStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ForwardedStatus {
    /// It was heard on that port.
    Learned,
    /// It is the bridge's own.
    Own,
    /// It was set by hand.
    Managed,
    /// It has aged out and is about to go.
    Invalid,
    /// The agent does not say, or says `other`.
    Other,
}

/// `lldpLocalSystemData` (IEEE 802.1AB, LLDP-MIB).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LldpSelf {
    /// `lldpLocChassisId`.
    pub chassis: Option<ChassisKey>,
    /// `lldpLocSysName`.
    pub name: Option<DeviceText>,
    /// `lldpLocSysDesc`.
    pub description: Option<DeviceText>,
    /// `lldpLocSysCapSupported` and `lldpLocSysCapEnabled`.
    pub capabilities: Option<Capabilities>,
}

/// A row of `lldpLocPortTable`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LldpPort {
    /// `lldpLocPortNum`: what [`LldpKey::port`] refers to.
    pub number: u32,
    /// `lldpLocPortId`, as text or as a hardware address in text.
    pub id: Option<DeviceText>,
    /// `lldpLocPortDesc`.
    pub description: Option<DeviceText>,
}

/// What the tables of remote LLDP systems share as an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LldpKey {
    /// `lldpRemTimeMark`: it tells an old row from a new one.
    pub time_mark: u32,
    /// `lldpRemLocalPortNum`: the port of the device that was asked.
    pub port: u32,
    /// `lldpRemIndex`.
    pub index: u32,
}

/// A row of `lldpRemTable`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LldpRemote {
    /// Which neighbour.
    pub key: LldpKey,
    /// `lldpRemChassisId`.
    pub chassis: Option<ChassisKey>,
    /// `lldpRemPortId`, as text or as a hardware address in text.
    pub port: Option<DeviceText>,
    /// `lldpRemPortDesc`.
    pub port_description: Option<DeviceText>,
    /// `lldpRemSysName`.
    pub system_name: Option<DeviceText>,
    /// `lldpRemSysDesc`.
    pub system_description: Option<DeviceText>,
    /// `lldpRemSysCapSupported` and `lldpRemSysCapEnabled`.
    pub capabilities: Option<Capabilities>,
}

/// A row of `lldpRemManAddrTable`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LldpAddress {
    /// Which neighbour.
    pub key: LldpKey,
    /// `lldpRemManAddr`, where it is an IP address.
    pub address: IpAddr,
}

/// A row of `lldpXMedRemInventoryTable`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LldpInventory {
    /// Which neighbour.
    pub key: LldpKey,
    /// What it says it is.
    pub inventory: Inventory,
}

/// A row of `cdpCacheTable` (CISCO-CDP-MIB).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CdpNeighbour {
    /// `cdpCacheIfIndex`: the interface of the device that was asked.
    pub interface: u32,
    /// `cdpCacheDeviceIndex`.
    pub index: u32,
    /// `cdpCacheDeviceId`.
    pub device: Option<DeviceText>,
    /// `cdpCacheDevicePort`.
    pub port: Option<DeviceText>,
    /// `cdpCachePlatform`: the product, as its maker calls it.
    pub platform: Option<DeviceText>,
    /// `cdpCacheVersion`: the software.
    pub version: Option<DeviceText>,
    /// `cdpCacheSysName`.
    pub system_name: Option<DeviceText>,
    /// `cdpCacheAddress`, where it is an IP address.
    pub address: Option<IpAddr>,
    /// `cdpCacheCapabilities`, as bits.
    pub capabilities: Option<u32>,
    /// `cdpCacheNativeVLAN`, where it is one.
    pub native_vlan: Option<u16>,
}

/// A row of `entPhysicalTable` (RFC 6933).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entity {
    /// `entPhysicalIndex`.
    pub index: u32,
    /// `entPhysicalContainedIn`: the entity it is in; 0 for none.
    pub contained_in: Option<u32>,
    /// `entPhysicalClass`.
    pub class: Option<EntityClass>,
    /// `entPhysicalDescr`.
    pub description: Option<DeviceText>,
    /// `entPhysicalVendorType`.
    pub vendor_type: Option<Oid>,
    /// `entPhysicalName`.
    pub name: Option<DeviceText>,
    /// `entPhysicalHardwareRev`.
    pub hardware: Option<DeviceText>,
    /// `entPhysicalFirmwareRev`.
    pub firmware: Option<DeviceText>,
    /// `entPhysicalSoftwareRev`.
    pub software: Option<DeviceText>,
    /// `entPhysicalSerialNum`.
    pub serial: Option<DeviceText>,
    /// `entPhysicalMfgName`.
    pub manufacturer: Option<DeviceText>,
    /// `entPhysicalModelName`.
    pub model: Option<DeviceText>,
    /// `entPhysicalIsFRU`: whether it can be replaced in the field.
    pub replaceable: Option<bool>,
}

/// `IANAPhysicalClass` (IANA-ENTITY-MIB, RFC 6933).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntityClass {
    /// None of the others.
    Other,
    /// The agent does not know.
    Unknown,
    /// The whole box.
    Chassis,
    /// A card carrier or bus.
    Backplane,
    /// What others are plugged into: a slot.
    Container,
    /// Power.
    PowerSupply,
    /// A fan.
    Fan,
    /// A sensor.
    Sensor,
    /// A card; a transceiver too, with many makers.
    Module,
    /// A port; with some makers a transceiver.
    Port,
    /// Several chassis that act as one.
    Stack,
    /// A processor.
    Cpu,
    /// Something that stores or moves energy.
    EnergyObject,
    /// A battery.
    Battery,
    /// A storage drive.
    StorageDrive,
    /// A number that is not in the list.
    NotListed(u32),
}

/// A row of `hrSWInstalledTable` or `hrSWRunTable` (RFC 2790).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Software {
    /// `hrSWInstalledIndex` or `hrSWRunIndex`.
    pub index: u32,
    /// `hrSWInstalledName` or `hrSWRunName`.
    pub name: DeviceText,
    /// `hrSWRunPath`, of what runs.
    pub path: Option<DeviceText>,
    /// `hrSWInstalledType` or `hrSWRunType`.
    pub kind: SoftwareKind,
}

/// `hrSWInstalledType` and `hrSWRunType` (RFC 2790).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SoftwareKind {
    /// An operating system.
    OperatingSystem,
    /// A driver.
    DeviceDriver,
    /// An application.
    Application,
    /// The agent does not say.
    Unknown,
}

/// A single object that proves something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its name in the MIB.
    pub name: &'static str,
    /// Where it stands.
    pub oid: Oid,
    /// What it says.
    pub proves: Proof,
    /// The value; a number in digits.
    pub text: DeviceText,
}

/// What a single object says of the device that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Proof {
    /// Who made it, in the device's words.
    Manufacturer,
    /// Which model it is; the maker is the one whose MIB it is.
    Model,
    /// Its serial number.
    Serial,
    /// Its software.
    Software,
}
