//! `oui`: its export in bincode, read into a tree at start and walked from end to end for each answer.

use std::borrow::Cow;

use eui48::MacAddress;
use herkomst_bench_lookup::{Known, run};
use oui::{OuiDatabase, OuiEntry};

static EXPORT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/oui.export"));

struct Oui(OuiDatabase);

fn name(found: OuiEntry) -> Cow<'static, str> {
    found.name_long.unwrap_or(found.name_short).into()
}

impl Known for Oui {
    type Key = MacAddress;

    fn open() -> Self {
        Self(OuiDatabase::new_from_export(EXPORT).expect("its own export is right"))
    }

    fn key(octets: [u8; 6]) -> MacAddress {
        MacAddress::new(octets)
    }

    fn by_key(&self, key: &MacAddress) -> Option<Cow<'_, str>> {
        self.0.query_by_mac(key).ok()?.map(name)
    }

    fn by_text(&self, mac: &str) -> Option<Cow<'_, str>> {
        self.0.query_by_str(mac).ok()?.map(name)
    }
}

fn main() {
    run::<Oui>();
}
