//! `mac_oui`: CSV, read into a map of ranges at start.

use std::borrow::Cow;

use herkomst_bench_lookup::{Known, run};
use mac_oui::Oui;

struct MacOui(Oui);

impl Known for MacOui {
    type Key = String;

    fn open() -> Self {
        Self(Oui::default().expect("its own data is right"))
    }

    fn key(octets: [u8; 6]) -> String {
        octets.map(|octet| format!("{octet:02x}")).join(":")
    }

    fn by_key(&self, key: &String) -> Option<Cow<'_, str>> {
        self.by_text(key)
    }

    fn by_text(&self, mac: &str) -> Option<Cow<'_, str>> {
        let found = self.0.lookup_by_mac(mac).ok()??;
        Some(found.company_name.as_str().into())
    }
}

fn main() {
    run::<MacOui>();
}
