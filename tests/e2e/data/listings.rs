//! Official listings as their registries publish them, made from the registry that the program carries: with streets
//! and contacts that are made up, and whatever a test changes.

use std::fmt::Write;

use herkomst_registry::{Registry, RegistryKind, embedded};

/// A row of a listing of IEEE.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) prefix: String,
    pub(crate) registrant: String,
    pub(crate) country: String,
}

/// The rows of a listing as it is carried, with the countries as they were given.
pub(crate) fn rows(kind: RegistryKind) -> Vec<Row> {
    let registry = embedded();
    let row = |row: herkomst_registry::Assignment<'static>| {
        let given =
            registry.correction(row.prefix).map_or(row.country, |correction| correction.registered);
        let digits = usize::from(row.prefix.len() / 4);
        let prefix: String = row.prefix.first().to_string().replace(':', "").to_uppercase();
        Row {
            prefix: prefix.chars().take(digits).collect(),
            registrant: row.registrant.to_owned(),
            country: given.map(|country| country.to_string()).unwrap_or_default(),
        }
    };
    registry.listing(kind).map(row).collect()
}

/// A row that nobody has.
pub(crate) fn row(prefix: &str, registrant: &str, country: &str) -> Row {
    Row { prefix: prefix.into(), registrant: registrant.into(), country: country.into() }
}

/// In the CSV form of the IEEE.
pub(crate) fn csv(kind: RegistryKind, rows: &[Row]) -> String {
    let mut text = "Registry,Assignment,Organization Name,Organization Address\r\n".to_owned();
    for Row { prefix, registrant, country } in rows {
        let registrant = registrant.replace('"', "\"\"");
        let address = if country.is_empty() {
            String::new()
        } else {
            format!("1 Street Town {country} 12345")
        };
        let _ = write!(text, "{},{prefix},\"{registrant}\",{address} \r\n", kind.as_str());
    }
    text
}

/// The listing as it is carried, as CSV.
pub(crate) fn carried_csv(kind: RegistryKind) -> String {
    csv(kind, &rows(kind))
}

/// MA-L in the TXT form of the IEEE.
pub(crate) fn ma_l_txt(rows: &[Row]) -> String {
    let mut text = "OUI/MA-L                                                    Organization                                 \r\n\
                    company_id                                                  Organization                                 \r\n\
                    \x20                                                           Address                                      \r\n\r\n"
        .to_owned();
    for Row { prefix, registrant, country } in rows {
        let [a, b, c] = [0, 2, 4].map(|at| prefix.get(at..at + 2).unwrap_or_default());
        let _ = write!(
            text,
            "{a}-{b}-{c}   (hex)\t\t{registrant}\r\n{prefix}     (base 16)\t\t{registrant}\r\n"
        );
        if !country.is_empty() {
            let _ =
                write!(text, "\t\t\t\t1 Street\r\n\t\t\t\tTown    12345\r\n\t\t\t\t{country}\r\n");
        }
        text.push_str("\r\n");
    }
    text
}

/// The list of IANA in its own form, with these numbers besides.
pub(crate) fn iana(day: &str, more: &[(u32, &str)]) -> String {
    let mut text = format!(
        "PRIVATE ENTERPRISE NUMBERS\n\n(last updated {day})\n\nSMI Network Management Private Enterprise Codes:\n\n\
         Decimal\n| Organization\n| | Contact\n| | | Email\n| | | | \n"
    );
    let carried = embedded().organisations().map(|(pen, name)| (pen.0, name));
    for (number, name) in carried.chain(more.iter().copied()) {
        let _ = write!(text, "{number}\n  {name}\n    Somebody\n      somebody&example.com\n");
    }
    text.push_str("\nEnd of Document\n");
    text
}

/// A registrant in ASCII that no vendor claims, with its prefix.
pub(crate) fn unclaimed(registry: &Registry) -> Option<(String, String)> {
    let mut rows = registry.listing(RegistryKind::MaL);
    let found = rows.find(|row| {
        row.vendor.is_none()
            && row.registrant.len() > 12
            && row.registrant.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' ')
            && !row.registrant.contains("Private")
            && row.prefix.first().octets()[0] & 3 == 0
    })?;
    Some((found.registrant.to_owned(), found.prefix.first().to_string()))
}
