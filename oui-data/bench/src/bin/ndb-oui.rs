//! `ndb-oui`: entries in bincode, read into a hash map at start.

use std::borrow::Cow;

use herkomst_bench_lookup::{Known, run};
use mac_addr::MacAddr;
use ndb_oui::{OuiDb, OuiEntry};

struct NdbOui(OuiDb);

fn name(found: &OuiEntry) -> Cow<'_, str> {
    found.vendor_detail.as_deref().unwrap_or(&found.vendor).into()
}

impl Known for NdbOui {
    type Key = MacAddr;

    fn open() -> Self {
        Self(OuiDb::bundled())
    }

    fn key(octets: [u8; 6]) -> MacAddr {
        MacAddr::from_octets(octets)
    }

    fn by_key(&self, key: &MacAddr) -> Option<Cow<'_, str>> {
        self.0.lookup_mac(key).map(name)
    }

    fn by_text(&self, mac: &str) -> Option<Cow<'_, str>> {
        self.0.lookup(mac).map(name)
    }
}

fn main() {
    run::<NdbOui>();
}
