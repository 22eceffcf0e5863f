//! From official listings and the vendor register to the flat file that `herkomst-lookup` reads.
//!
//! Everything is checked, and all that is wrong is said at once, each with its file and line. Pure: texts in, octets out.
//! `compile` makes the file that a program is built with and forgives nothing; `update` makes a newer one on the
//! operator's machine, where a correction that the listing has made itself is a note and no error.

#![forbid(unsafe_code)]

mod base;
mod claims;
mod curated;
pub mod diff;
pub mod official;
mod tables;
mod update;
mod vendors;
mod write;

use std::fmt;
use std::sync::Arc;

pub(crate) use herkomst_ids::is_day;
use herkomst_lookup::RegistryKind;

pub use curated::Curated;
pub use update::{Update, Updated, sha256, update};

/// A file that was read: its path as people know it, and its text.
#[derive(Debug, Clone)]
pub struct File {
    /// As messages name it.
    pub path: String,
    /// What it holds.
    pub text: String,
}

/// All that the registry of a program is made from.
#[derive(Debug)]
pub struct Inputs {
    /// Where the listings are from: `SOURCES.toml`.
    pub sources: File,
    /// The five listings of IEEE: prefix, registry, country, registrant.
    pub ieee: File,
    /// The enterprise numbers of IANA: number, organisation.
    pub pen: File,
    /// What corrects and explains the listings.
    pub curated: Curated,
    /// The vendor register, a file a group.
    pub vendors: Vec<File>,
}

/// An official listing, read and cleaned: no street, no contact, no e-mail address.
#[derive(Debug, Clone)]
pub struct Listing {
    /// What it lists.
    pub rows: Rows,
    /// Where it is from.
    pub source: SourceFile,
}

impl Listing {
    /// The listing of IEEE that it is; none for the enterprise numbers of IANA.
    pub fn kind(&self) -> Option<RegistryKind> {
        match &self.rows {
            Rows::Assignments(kind, _) => Some(*kind),
            Rows::Numbers(_) => None,
        }
    }

    /// How many rows it has, each prefix or number counted once.
    pub fn count(&self) -> usize {
        match &self.rows {
            Rows::Assignments(_, rows) => rows.len(),
            Rows::Numbers(rows) => rows.len(),
        }
    }
}

/// The rows of a listing, sorted, none given twice.
#[derive(Debug, Clone)]
pub enum Rows {
    /// Of one listing of IEEE.
    Assignments(RegistryKind, Vec<Assignment>),
    /// Of IANA: number and organisation.
    Numbers(Vec<(u32, String)>),
}

/// A row of a listing of IEEE as it was given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Assignment {
    /// The prefix, left-aligned in five octets.
    pub prefix: [u8; 5],
    /// To whom.
    pub registrant: String,
    /// The country of the address, as the listing has it.
    pub country: Option<[u8; 2]>,
}

/// A file that a listing was read from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceFile {
    /// Its name.
    pub name: String,
    /// Where it was had from.
    pub origin: String,
    /// The day of its content.
    pub date: String,
    /// Rows in it, with those that were given twice.
    pub rows: u32,
    /// Its SHA-256 in hexadecimal digits.
    pub sha256: String,
}

/// Something that is wrong in a table, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    place: String,
    what: String,
}

impl Problem {
    /// Says what is wrong at a place.
    pub fn new(place: impl fmt::Display, what: impl Into<String>) -> Self {
        Self { place: place.to_string(), what: what.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Collects problems, so that one run shows them all.
#[derive(Default)]
pub(crate) struct Problems {
    /// What stops the work.
    found: Vec<Problem>,
    /// What a newer listing made out of date: said, and no more, unless everything is in our hands.
    notes: Vec<Problem>,
    /// Whether what is out of date stops the work too.
    strict: bool,
}

impl Problems {
    fn add(&mut self, place: impl fmt::Display, what: impl Into<String>) {
        self.found.push(Problem::new(place, what));
    }

    /// A table names what the listing no longer has.
    fn out_of_date(&mut self, place: impl fmt::Display, what: impl Into<String>) {
        let problem = Problem::new(place, what);
        if self.strict { self.found.push(problem) } else { self.notes.push(problem) }
    }
}

/// A line of a file; line 0 is the file as a whole.
#[derive(Clone)]
pub(crate) struct Place {
    file: Arc<str>,
    line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.file),
            line => write!(f, "{}:{line}", self.file),
        }
    }
}

/// The registry file, or all that keeps it from being made.
pub fn compile(inputs: &Inputs) -> Result<Vec<u8>, Vec<Problem>> {
    let mut problems = Problems { strict: true, ..Problems::default() };
    let mut tables = tables::read(inputs, &mut problems);
    tables.curate(&inputs.curated, &mut problems);
    let mut register = vendors::Register::default();
    register.read(&inputs.vendors, &mut problems);
    let claims = claims::check(&register, &tables, &mut problems);
    let file = write::write(&tables, &register, &claims, &[], &mut problems);
    if problems.found.is_empty() { Ok(file) } else { Err(problems.found) }
}

/// A text of a file in quotes for a message, and no more of it than so many characters.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

/// A country code of two capitals, as it stands in the file.
fn country(text: &str) -> Option<[u8; 2]> {
    match text.as_bytes() {
        [a, b] if a.is_ascii_uppercase() && b.is_ascii_uppercase() => Some([*a, *b]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::*;
    use herkomst_lookup::{MacMeaning, Registry};

    fn file(path: &str, text: &str) -> File {
        File { path: path.into(), text: text.into() }
    }

    /// A small registry that is right; each test breaks one thing of it.
    fn inputs() -> Inputs {
        Inputs {
            sources: file(
                "SOURCES.toml",
                "[ieee]\ndate = \"2026-10-24\"\norigin = \"IEEE\"\nrows = 3\n[pen]\ndate = \"2026-09-23\"\norigin = \"IANA\"\nrows = 3\n",
            ),
            ieee: file(
                "ieee.tsv",
                "# prefix\n00248F\tMA-L\tKP\tDO-MONIX\n00E0FC\tMA-L\tCN\tHUAWEI TECHNOLOGIES CO.,LTD\n1C87790\tMA-M\t\tSomebody\n",
            ),
            pen: file("pen.tsv", "0\tReserved\n2011\tHUAWEI Technology Co.,Ltd\n8072\tnet-snmp\n"),
            curated: Curated {
                overrides: file("overrides.tsv", "00248F\tKP\tKR\taddress is in Seongnam\n"),
                suspect_countries: file("suspect-countries.tsv", "KP\tnobody is there\n"),
                known_duplicates: file("known-duplicates.tsv", ""),
                pen_names: file("pen-names.tsv", ""),
                special: file("special.tsv", "00:00:5e:00:01/40\tvirtual-router\tVRRP\tRFC 9568\n"),
                pen_special: file("pen-special.tsv", "8072\tagent\truns anywhere\n"),
            },
            vendors: vec![file(
                "a.toml",
                "edition = \"2026-11-21\"\n\n[[vendor]]\nid = \"huawei\"\nname = \"Huawei\"\nkind = \"product\"\nregistrants = [\"Huawei  Technologies co.,ltd\"]\npens = [2011]\n",
            )],
        }
    }

    fn problems(inputs: &Inputs) -> Vec<String> {
        compile(inputs).err().unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    fn with_vendor(text: &str) -> Inputs {
        let mut inputs = inputs();
        inputs.vendors.push(file("b.toml", &format!("edition = \"2026-11-20\"\n{text}")));
        inputs
    }

    #[test]
    fn a_right_table_is_read_as_it_was_written() {
        let registry = Registry::open(compile(&inputs()).unwrap()).unwrap();
        assert_eq!(registry.vendors_edition().as_str(), "2026-11-21");
        let MacMeaning::Assigned(found) = registry.mac("00:e0:fc:00:00:01".parse().unwrap()) else {
            panic!("assigned")
        };
        assert_eq!(found.vendor.map(|one| one.id()), Some("huawei"));
        let MacMeaning::Assigned(found) = registry.mac("00:24:8f:00:00:01".parse().unwrap()) else {
            panic!("assigned")
        };
        assert_eq!(found.country.map(|one| one.to_string()).as_deref(), Some("KR"));
    }

    #[test]
    fn a_spelling_or_number_that_no_listing_has_is_refused_with_its_place() {
        let wrong = with_vendor(
            "[[vendor]]\nid = \"zte\"\nname = \"ZTE\"\nkind = \"product\"\nregistrants = [\n  \"zte\",\n]\npens = [3902]\n",
        );
        assert_eq!(
            problems(&wrong),
            [
                "b.toml:7: registrant \"zte\" is not in the IEEE listings",
                "b.toml:9: enterprise number 3902 is not in the list of IANA"
            ]
        );
    }

    #[test]
    fn two_vendors_cannot_claim_one_name_spelling_or_number() {
        let wrong = with_vendor(
            "[[vendor]]\nid = \"other\"\nname = \"HUAWEI\"\nkind = \"product\"\nregistrants = [\"HUAWEI TECHNOLOGIES CO.,LTD\"]\npens = [2011]\n",
        );
        let found = problems(&wrong);
        assert!(
            found
                .iter()
                .any(|one| one == "b.toml:3: \"HUAWEI\" is claimed by \"huawei\" too, at a.toml:4"),
            "{found:?}"
        );
        assert!(
            found
                .iter()
                .any(|one| one.contains("b.toml:6: \"HUAWEI TECHNOLOGIES CO.,LTD\" is claimed")),
            "{found:?}"
        );
        assert!(
            found
                .iter()
                .any(|one| one == "b.toml:7: enterprise number 2011 is claimed by \"huawei\" too"),
            "{found:?}"
        );
        let twice = with_vendor("[[vendor]]\nid = \"huawei\"\nname = \"H\"\nkind = \"product\"\n");
        assert!(problems(&twice)[0].contains("id \"huawei\" is taken by a.toml:4"));
    }

    #[test]
    fn a_number_of_an_agent_belongs_to_no_vendor() {
        let wrong =
            with_vendor("[[vendor]]\nid = \"x\"\nname = \"X\"\nkind = \"agent\"\npens = [8072]\n");
        assert_eq!(
            problems(&wrong),
            ["b.toml:6: enterprise number 8072 is in pen-special.tsv and names no maker"]
        );
    }

    #[test]
    fn control_in_a_circle_or_by_two_on_one_day_is_refused() {
        let edge = |by: &str, days: &str| {
            format!(
                "[[vendor.control]]\nby = \"{by}\"\ntest = \"majority\"\nconfidence = \"high\"\n{days}\n"
            )
        };
        let vendor =
            |id: &str| format!("[[vendor]]\nid = \"{id}\"\nname = \"{id}\"\nkind = \"product\"\n");
        let circle =
            with_vendor(&[vendor("x"), edge("y", ""), vendor("y"), edge("x", "")].concat());
        assert_eq!(
            problems(&circle),
            [
                "b.toml:3: control of \"x\" runs in a circle",
                "b.toml:12: control of \"y\" runs in a circle"
            ]
        );
        let in_turn = [
            vendor("x"),
            edge("y", "until = \"2020-01-01\""),
            vendor("y"),
            edge("x", "from = \"2020-01-01\""),
        ];
        assert_eq!(problems(&with_vendor(&in_turn.concat())), [""; 0]);
        let two = [
            vendor("x"),
            edge("huawei", "until = \"2020-01-02\""),
            edge("x", "from = \"2020-01-01\""),
        ];
        assert!(
            problems(&with_vendor(&two.concat()))[0]
                .ends_with("\"x\" has two controllers on one day")
        );
        let itself = [vendor("x"), edge("x", "")];
        assert_eq!(problems(&with_vendor(&itself.concat())), [""; 0]);
        let nobody = [vendor("x"), edge("nobody", "")];
        assert_eq!(
            problems(&with_vendor(&nobody.concat())),
            ["b.toml:7: controller \"nobody\" is not in the register"]
        );
    }

    /// Vendors `v0`, `v1` …, each controlled by the one that is said of it, on some days.
    fn chain(count: usize, by: impl Fn(usize) -> String, days: &str) -> String {
        let row = |at: usize| {
            format!(
                "[[vendor]]\nid = \"v{at}\"\nname = \"V {at}\"\nkind = \"product\"\n\
                 [[vendor.control]]\n{}\ntest = \"majority\"\nconfidence = \"high\"\n{days}\n",
                by(at)
            )
        };
        (0..count).map(row).collect()
    }

    #[test]
    fn a_long_circle_is_refused_and_so_is_a_chain_that_would_not_be_followed_to_its_end() {
        let next_of = |count: usize| move |at: usize| format!("by = \"v{}\"", (at + 1) % count);
        for count in [2, 16, 17, 18, 32] {
            let found = problems(&with_vendor(&chain(count, next_of(count), "")));
            assert_eq!(found.len(), count, "{count}: {found:?}");
            assert!(found[0].ends_with("control of \"v0\" runs in a circle"), "{found:?}");
        }
        for count in [33, 40, 3_000] {
            let found = problems(&with_vendor(&chain(count, next_of(count), "")));
            assert_eq!(found.len(), count);
            assert!(found.iter().all(|one| one.contains("control of \"v")), "{found:?}");
        }
        let line = |count: usize| {
            move |at: usize| match at + 1 {
                last if last == count => "name = \"Somebody\"\ncountry = \"NL\"".to_owned(),
                next => format!("by = \"v{next}\""),
            }
        };
        let longest = compile(&with_vendor(&chain(32, line(32), ""))).unwrap();
        let registry = Registry::open(longest).unwrap();
        let first = registry.vendor("v0").unwrap();
        assert_eq!(first.control_chain("2026-11-21").len(), 32);
        assert_eq!(first.controller("2026-11-21").unwrap().name, "Somebody");
        let found = problems(&with_vendor(&chain(34, line(34), "")));
        assert_eq!(
            found,
            [
                "b.toml:3: control of \"v0\" has more than 32 steps",
                "b.toml:12: control of \"v1\" has more than 32 steps"
            ]
        );
    }

    #[test]
    fn many_controllers_on_one_day_are_refused_in_no_time() {
        let edges = |at: usize| {
            let edge = format!(
                "by = \"v{}\"\ntest = \"majority\"\nconfidence = \"high\"\n[[vendor.control]]\n",
                (at + 1) % 20
            );
            edge.repeat(300) + &format!("by = \"v{}\"", (at + 1) % 20)
        };
        let found = problems(&with_vendor(&chain(20, edges, "")));
        assert_eq!(found.len(), 20, "{found:?}");
        assert!(found.iter().all(|one| one.ends_with("has two controllers on one day")));
    }

    #[test]
    fn nobody_is_claimed_by_no_vendor() {
        let mut blank = with_vendor(
            "[[vendor]]\nid = \"x\"\nname = \"X\"\nkind = \"product\"\nbrands = [\" \"]\nregistrants = [\n\"\u{a0}\",\n\"PRIVATE\",\n\"IEEE Registration Authority\"]\n",
        );
        blank.sources.text = blank.sources.text.replacen("rows = 3", "rows = 5", 1);
        blank
            .ieee
            .text
            .push_str("AA0000\tMA-L\t\tPrivate\nAA0001\tMA-L\tUS\tIEEE Registration Authority\n");
        let found = problems(&blank);
        for problem in [
            "b.toml:6: \"x\" has an empty name in a list",
            "b.toml:8: \"x\" has an empty name in a list",
            "b.toml:9: registrant \"PRIVATE\" stands for nobody",
            "b.toml:10: registrant \"IEEE Registration Authority\" stands for nobody",
        ] {
            assert!(found.iter().any(|one| one == problem), "{problem}: {found:?}");
        }
    }

    #[test]
    fn verified_needs_a_source_and_a_day() {
        let wrong = with_vendor(
            "[[vendor]]\nid = \"x\"\nname = \"X\"\nkind = \"product\"\nverified = true\n",
        );
        assert_eq!(
            problems(&wrong),
            ["b.toml:3: is called verified without `source` and `last-checked`"]
        );
    }

    #[test]
    fn a_text_in_a_message_is_cut_at_whole_characters() {
        assert_eq!(cut("Zürich", 6), "\"Zürich\"");
        assert_eq!(cut("Zürich\n", 2), "\"Zü\"…");
        assert!(cut(&"x".repeat(1 << 20), 60).len() < 80);
    }

    #[test]
    fn more_registrants_than_the_file_can_number_are_told_once() {
        let mut many = inputs();
        many.sources.text = many.sources.text.replacen("rows = 3", "rows = 70003", 1);
        for at in 0..70_000 {
            many.ieee.text.push_str(&format!("{:06X}\tMA-L\tNL\tFirm {at}\n", 0xa0_0000 + at));
        }
        assert_eq!(
            problems(&many),
            [
                "registry.hkr: more than 65534 pairs of registrant and country: the layout needs wider numbers"
            ]
        );
    }

    #[test]
    fn an_unknown_key_or_word_is_refused_with_its_line() {
        let key = with_vendor(
            "[[vendor]]\nid = \"x\"\nname = \"X\"\nkind = \"product\"\nbrand = \"Y\"\n",
        );
        assert!(
            problems(&key)[0].starts_with("b.toml:6: unknown field `brand`"),
            "{:?}",
            problems(&key)
        );
        let word = with_vendor("[[vendor]]\nid = \"x\"\nname = \"X\"\nkind = \"maker\"\n");
        assert!(
            problems(&word)[0].starts_with("b.toml:5: \"maker\" is not one of product, module"),
            "{:?}",
            problems(&word)
        );
    }

    #[test]
    fn listings_that_are_cut_doubled_or_something_else_are_refused() {
        let mut short = inputs();
        short.ieee.text.truncate(short.ieee.text.len() - 10);
        assert!(problems(&short)[0].starts_with("ieee.tsv:4: has"), "{:?}", problems(&short));
        let mut doubled = inputs();
        doubled.ieee.text.push_str("1C87790\tMA-M\tCN\tSomebody else\n");
        assert_eq!(
            problems(&doubled),
            [
                "ieee.tsv:5: 1C87790 is given twice or out of order",
                "SOURCES.toml: ieee.rows is 3, the table has 4"
            ]
        );
        let mut page = inputs();
        page.pen.text = "<html>\n".into();
        assert!(
            problems(&page)[0].starts_with("pen.tsv:1: has 1 fields, expected 2"),
            "{:?}",
            problems(&page)
        );
    }

    #[test]
    fn a_correction_that_the_registry_has_made_itself_is_refused() {
        let mut stale = inputs();
        stale.ieee.text = stale.ieee.text.replace("\tKP\t", "\tKR\t");
        assert_eq!(
            problems(&stale),
            [
                "overrides.tsv:1: the listing says KR for 00248F now and not KP: look at this row again"
            ]
        );
    }

    #[test]
    fn a_country_that_nobody_is_in_waits_for_a_look() {
        let mut unseen = inputs();
        unseen.curated.overrides.text.clear();
        assert_eq!(
            problems(&unseen),
            [
                "suspect-countries.tsv:1: 00248F, DO-MONIX, is listed in KP (nobody is there): look at it and add a row to overrides.tsv"
            ]
        );
        let country = |overrides: &str| {
            let mut seen = inputs();
            seen.curated.overrides.text = overrides.into();
            let registry = Registry::open(compile(&seen).unwrap()).unwrap();
            match registry.mac("00:24:8f:00:00:01".parse().unwrap()) {
                MacMeaning::Assigned(found) => found.country.map(|one| one.to_string()),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(country("00248F\tKP\tKP\taddress is in Pyongyang\n").as_deref(), Some("KP"));
        assert_eq!(country("00248F\tKP\t-\taddress is nowhere\n"), None);
    }

    #[test]
    fn what_is_said_of_a_number_instead_stands_in_the_list_already() {
        let mut named = inputs();
        named.curated.pen_names.text = "2011\tPrivate\tasked for it\n77\tPrivate\tas well\n".into();
        assert_eq!(
            problems(&named),
            [
                "pen-names.tsv: 77 is not in the list",
                "pen-names.tsv: 2011 is listed as \"HUAWEI Technology Co.,Ltd\", not \"Private\""
            ]
        );
    }

    #[test]
    fn special_rows_with_loose_bits_or_unknown_kinds_are_refused() {
        let mut loose = inputs();
        loose.curated.special.text =
            "00:00:5e:00:01/36\tvirtual-router\tVRRP\tRFC 9568\n00:00:5e/24\trouter\tx\ty\n".into();
        let found = problems(&loose);
        assert!(
            found[0].starts_with("special.tsv:1: \"00:00:5e:00:01/36\" is no prefix"),
            "{found:?}"
        );
        assert!(
            found[1].starts_with("special.tsv:2: kind is \"router\", expected unset, group"),
            "{found:?}"
        );
    }
}
