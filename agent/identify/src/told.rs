//! What tables say of the device itself, as evidence: its own, and those of others that show it.

use std::collections::BTreeSet;

use herkomst_model::{
    Capabilities, Device, DeviceText, Fact, LldpSelf, Method, Object, Proof, Rows, Software,
    SoftwareKind, Table, TableNews,
};
use herkomst_registry::Registry;

use crate::assigned::Number;
use crate::evidence::{EntityOf, Evidence};
use crate::gather::{Said, maker_by_name};
use crate::inventory::{MadeOf, Part, is_placeholder};

/// The most names of software that are shown of one device.
const MOST_SOFTWARE: usize = 4096;

/// What the tables of a device say of it.
#[derive(Debug, Default)]
pub(crate) struct OwnTables<'d> {
    made_of: MadeOf<'d>,
    objects: Vec<&'d Object>,
    selves: Vec<&'d LldpSelf>,
    software: Vec<&'d Software>,
    /// It lists interfaces of its own.
    has_interfaces: bool,
    /// It lists stations behind its ports.
    pub(crate) forwards: bool,
}

impl<'d> OwnTables<'d> {
    pub(crate) fn take(&mut self, method: Method, news: &'d TableNews) {
        let TableNews::Rows(rows) = news else { return };
        match rows {
            Rows::Entities(rows) => self.made_of.add(rows),
            Rows::Objects(rows) => self.objects.extend(rows),
            Rows::LldpLocal(row) => self.selves.push(row),
            // The threads of a kernel run, too.
            Rows::Software(rows) if method == Method::Table(Table::Running) => {
                let is_shown = |one: &&Software| {
                    !matches!(one.kind, SoftwareKind::OperatingSystem | SoftwareKind::DeviceDriver)
                };
                self.software.extend(rows.iter().filter(is_shown));
            }
            Rows::Software(rows) => self.software.extend(rows),
            Rows::Interfaces(_) => self.has_interfaces = true,
            Rows::Forwarding(_) => self.forwards = true,
            Rows::Addresses(_)
            | Rows::Neighbours(_)
            | Rows::LldpPorts(_)
            | Rows::LldpRemote(_)
            | Rows::LldpAddresses(_)
            | Rows::LldpInventory(_)
            | Rows::Cdp(_) => {}
        }
    }

    /// What single objects and the chassis say of the maker.
    pub(crate) fn evidence(&self, registry: &Registry, found: &mut Vec<Evidence>) {
        for object in self.sorted() {
            let number = object.oid.pen().map(|pen| Number::look_up(pen, registry));
            let is_name = object.proves == Proof::Manufacturer;
            if number.is_none() && (!is_name || is_placeholder(object.text.raw())) {
                continue; // a standard object that says nothing of who made it
            }
            let vendor =
                if number.is_none() { maker_by_name(object.text.raw(), registry) } else { None };
            found.push(Evidence::VendorObject { object: object.clone(), number, vendor });
        }
        for manufacturer in self.made_of.manufacturers() {
            let vendor = maker_by_name(manufacturer.raw(), registry);
            let of = EntityOf::Chassis;
            found.push(Evidence::Entity { of, manufacturer: manufacturer.clone(), vendor });
        }
    }

    fn sorted(&self) -> Vec<&'d Object> {
        let mut objects = self.objects.clone();
        objects.sort_by_key(|object| (&object.oid, &object.text));
        objects.dedup();
        objects
    }

    fn proof(&self, wanted: Proof) -> Option<&'d DeviceText> {
        let found = self
            .sorted()
            .into_iter()
            .find(|object| object.proves == wanted && !is_placeholder(object.text.raw()));
        found.map(|object| &object.text)
    }

    pub(crate) fn model(&self) -> Option<&'d DeviceText> {
        self.proof(Proof::Model).or_else(|| self.made_of.model())
    }

    pub(crate) fn serial(&self) -> Option<&'d DeviceText> {
        self.proof(Proof::Serial).or_else(|| self.made_of.serial())
    }

    pub(crate) fn version(&self) -> Option<&'d DeviceText> {
        self.proof(Proof::Software).or_else(|| self.made_of.software())
    }

    pub(crate) fn parts(&self, registry: &Registry) -> Vec<Part> {
        self.made_of.parts(registry)
    }

    /// What is installed, and the applications that run.
    pub(crate) fn software(&self) -> BTreeSet<DeviceText> {
        let names = self.software.iter().map(|one| &one.name);
        let names: BTreeSet<&DeviceText> = names.filter(|name| !name.is_blank()).collect();
        names.into_iter().take(MOST_SOFTWARE).cloned().collect()
    }

    /// What it calls itself over LLDP.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'d DeviceText> {
        let names: BTreeSet<&DeviceText> =
            self.selves.iter().filter_map(|one| one.name.as_ref()).collect();
        names.into_iter()
    }

    pub(crate) fn capabilities(&self) -> impl Iterator<Item = Capabilities> {
        self.selves.iter().filter_map(|one| one.capabilities)
    }
}

impl<'d> Said<'d> {
    /// What tables of others show of the device: its stations, and what it announced to them. That counts as much as if it
    /// had been heard here, and no more.
    pub(crate) fn take_told(&mut self, device: &'d Device) {
        let shown = [Table::Forwarding, Table::Neighbours];
        if self.tables.has_interfaces || shown.iter().any(|table| device.told_by.contains(table)) {
            self.stations.extend(&device.macs);
        }
        for fact in &device.told {
            match fact {
                Fact::Lldp(neighbour) => self.neighbours.push(neighbour),
                // rows of CDP: of the other protocols no agent keeps a table that is read
                _ => self.heard.take(Method::Table(Table::Cdp), fact),
            }
        }
    }
}
