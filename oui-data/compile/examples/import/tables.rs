//! The committed tables, byte for byte the same for the same listings.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use herkomst_compile::{Inputs, Listing, Rows, sha256};

const IEEE_TERMS: &str =
    "IEEE asserts no copyright in the public listing and does not restrict its distribution";
const PEN_TERMS: &str = "CC0 1.0";

/// The texts of the three files.
pub(crate) struct Tables {
    pub(crate) ieee: String,
    pub(crate) pen: String,
    pub(crate) sources: String,
}

/// Hexadecimal digits of a prefix, as many as its listing gives.
pub(crate) fn prefix(kind: &str, key: [u8; 5]) -> String {
    let mut text: String = key.iter().map(|octet| format!("{octet:02X}")).collect();
    text.truncate(match kind {
        "MA-L" | "CID" => 6,
        "MA-M" => 7,
        _ => 9,
    });
    text
}

impl Tables {
    /// Listings that nobody brought stay as they are committed; those of IEEE come together.
    pub(crate) fn of(brought: &[Listing], kept: &Inputs) -> Result<Self, Vec<String>> {
        let (pens, ieee): (Vec<_>, Vec<_>) =
            brought.iter().partition(|listing| listing.kind().is_none());
        if !ieee.is_empty() && ieee.len() != 5 {
            return Err(vec![format!(
                "{} listings of IEEE are given, expected all five or none",
                ieee.len()
            )]);
        }
        let committed = kept.sources.text.as_str();
        let (old_ieee, old_pen) =
            committed.split_at(committed.find("\n[pen]").unwrap_or(committed.len()));
        let old_ieee = old_ieee.find("\n[ieee]").map_or("", |at| &old_ieee[at..]);
        let ieee_text = if ieee.is_empty() { kept.ieee.text.clone() } else { ieee_table(&ieee) };
        let pen_text = if pens.is_empty() { kept.pen.text.clone() } else { pen_table(&pens) };
        let mut sources =
            "# Written by oui-data/refresh.py: where the tables beside this file are from.\n"
                .to_owned();
        for (key, of, name, terms, text, old) in [
            ("ieee", &ieee, "ieee.tsv", IEEE_TERMS, &ieee_text, old_ieee),
            ("pen", &pens, "pen.tsv", PEN_TERMS, &pen_text, old_pen),
        ] {
            let section = if of.is_empty() {
                old.to_owned()
            } else {
                Section::of(of).text(key, name, terms, text)
            };
            sources.push_str(&section);
        }
        Ok(Self { ieee: ieee_text, pen: pen_text, sources })
    }

    pub(crate) fn assignments(&self) -> usize {
        self.ieee.lines().filter(|line| !line.starts_with('#')).count()
    }

    pub(crate) fn share_with_country(&self) -> f64 {
        let rows = self.ieee.lines().filter(|line| !line.starts_with('#'));
        let with = rows
            .filter(|line| line.split('\t').nth(2).is_some_and(|code| !code.is_empty()))
            .count();
        100.0 * with as f64 / self.assignments().max(1) as f64
    }

    /// All three, each in one step.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), Vec<String>> {
        for (name, text) in
            [("ieee.tsv", &self.ieee), ("pen.tsv", &self.pen), ("SOURCES.toml", &self.sources)]
        {
            let (path, part) = (folder.join(name), folder.join(format!("{name}.part")));
            fs::write(&part, text)
                .and_then(|()| fs::rename(&part, &path))
                .map_err(|error| vec![format!("{}: {error}", path.display())])?;
        }
        Ok(())
    }
}

fn ieee_table(listings: &[&Listing]) -> String {
    let mut rows: Vec<(String, &str, String, &str)> = listings
        .iter()
        .flat_map(|listing| crate::assignments(listing))
        .map(|(kind, row)| {
            let country = row
                .country
                .map_or_else(String::new, |code| String::from_utf8_lossy(&code).into_owned());
            (prefix(kind, row.prefix), kind, country, row.registrant.as_str())
        })
        .collect();
    rows.sort();
    let mut text = "# prefix\tregistry\tcountry\tregistrant\n".to_owned();
    for (prefix, kind, country, registrant) in rows {
        let _ = writeln!(text, "{prefix}\t{kind}\t{country}\t{registrant}");
    }
    text
}

fn pen_table(listings: &[&Listing]) -> String {
    let mut text = "# number\torganisation\n".to_owned();
    for listing in listings {
        if let Rows::Numbers(rows) = &listing.rows {
            for (number, name) in rows {
                let _ = writeln!(text, "{number}\t{name}");
            }
        }
    }
    text
}

/// A table of `SOURCES.toml`.
struct Section<'a> {
    date: &'a str,
    /// What most of its files are from.
    origin: &'a str,
    listings: &'a [&'a Listing],
}

impl<'a> Section<'a> {
    fn of(listings: &'a [&'a Listing]) -> Self {
        let date = listings.iter().map(|one| one.source.date.as_str()).max().unwrap_or_default();
        // The shortest: where a TXT form gave countries, that stands behind it.
        let origins = listings.iter().map(|one| one.source.origin.as_str());
        let origin = origins.min_by_key(|origin| origin.len()).unwrap_or_default();
        Self { date, origin, listings }
    }

    fn text(&self, key: &str, name: &str, terms: &str, table: &str) -> String {
        let rows = table.lines().filter(|line| !line.starts_with('#')).count();
        let digest = sha256(table.as_bytes());
        let mut text = format!("\n[{key}]\n");
        let mut field = |key: &str, value: &str| {
            let _ = writeln!(text, "{key} = {}", toml::Value::String(value.to_owned()));
        };
        field("date", self.date);
        field("origin", self.origin);
        field("terms", terms);
        field("name", name);
        let _ = write!(text, "rows = {rows}\nsha256 = \"{digest}\"\n");
        for listing in self.listings {
            let source = &listing.source;
            let kind = listing.kind().map_or("PEN", |kind| kind.as_str());
            let _ = write!(text, "\n[[{key}.file]]\n");
            let mut field = |key: &str, value: &str| {
                let _ = writeln!(text, "{key} = {}", toml::Value::String(value.to_owned()));
            };
            field("name", &source.name);
            field("listing", kind);
            if source.origin != self.origin {
                field("origin", &source.origin);
            }
            if source.date != self.date {
                field("date", &source.date);
            }
            let _ = write!(text, "rows = {}\nsha256 = \"{}\"\n", source.rows, source.sha256);
        }
        text
    }
}
