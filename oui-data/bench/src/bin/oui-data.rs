//! `oui-data`: a perfect hash made when it is built, by capital digits.

use std::borrow::Cow;

use herkomst_bench_lookup::{Known, run};

struct OuiData;

impl Known for OuiData {
    type Key = String;

    fn open() -> Self {
        Self
    }

    fn key(octets: [u8; 6]) -> String {
        octets.map(|octet| format!("{octet:02X}")).concat()
    }

    fn by_key(&self, key: &String) -> Option<Cow<'_, str>> {
        self.by_text(key)
    }

    fn by_text(&self, mac: &str) -> Option<Cow<'_, str>> {
        oui_data::lookup(mac).map(|found| found.organization().into())
    }
}

fn main() {
    run::<OuiData>();
}
