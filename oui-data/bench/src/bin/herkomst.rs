//! Our own registry, with all that it does for an address of a device: special ranges first, then the listings.

use std::borrow::Cow;

use herkomst_bench_lookup::{Known, run};
use herkomst_ids::MacAddr;
use herkomst_registry::{MacMeaning, Registry, embedded};

struct Ours(&'static Registry);

impl Known for Ours {
    type Key = MacAddr;

    fn open() -> Self {
        Self(embedded())
    }

    fn key(octets: [u8; 6]) -> MacAddr {
        MacAddr(octets)
    }

    fn by_key(&self, key: &MacAddr) -> Option<Cow<'_, str>> {
        match self.0.mac(*key) {
            MacMeaning::Assigned(found) => Some(found.registrant.into()),
            MacMeaning::Special(special) => Some(special.what.into()),
            MacMeaning::Unassigned => None,
        }
    }

    fn by_text(&self, mac: &str) -> Option<Cow<'_, str>> {
        self.by_key(&mac.parse().ok()?)
    }
}

fn main() {
    run::<Ours>();
}
