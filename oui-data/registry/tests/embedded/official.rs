//! Official files beside the tables that are there: addresses that are hard to read, and what an update would refuse.

use herkomst_compile::diff::difference;
use herkomst_compile::official::{self, Read, check_against};
use herkomst_compile::{Assignment, Curated, Listing, Rows, SourceFile, Update, update};
use herkomst_ids::MacAddr;
use herkomst_registry::*;

/// Prefix, registry, registrant, the end of the address as given, the country that is read in it, and the one that is
/// answered once the row is corrected. The rows are of the public listing; of their addresses no more is kept than it takes.
const HARD: &[(&str, &str, &str, &str, &str, &str)] = &[
    // The place of the country is empty.
    (
        "20C06D",
        "MA-L",
        "SHENZHEN SPACETEK TECHNOLOGY CO.,LTD",
        "ShenZhen GuangDong  518100 ",
        "",
        "CN",
    ),
    ("2C010B", "MA-L", "NASCENT Technology, LLC - RemKon", "Charlotte NC  28208 ", "", "US"),
    ("60C798", "MA-L", "Verifone, Inc.", "Santa Clara California  95054 ", "", "US"),
    (
        "60D9A0",
        "MA-L",
        "Lenovo Mobile Communication Technology Ltd.",
        "Xiamen Fujian  361006 ",
        "",
        "CN",
    ),
    (
        "4045DA",
        "MA-L",
        "Spreadtrum Communications (Shanghai) Co., Ltd.",
        "Zuchongzhi Rd  Shanghai  201203 ",
        "",
        "CN",
    ),
    (
        "80EB77",
        "MA-L",
        "Wistron Corporation",
        "Taipei 11469, Taiwan, R.O.C. Neihu Taipei  11469 ",
        "",
        "TW",
    ),
    // A word, and no code.
    ("008007", "MA-L", "DLOG NC-SYSTEME", "STRASSE 13    GERMANY ", "", "DE"),
    ("A45DA1", "MA-L", "ADB Broadband Italia", "MILANO ITALY  20126 ", "", "IT"),
    ("00A0A1", "MA-L", "EPIC DATA INC.", "7280 RIVER ROAD CANADA V6X  1X5 ", "", "CA"),
    // No address.
    ("EC8439", "MA-L", "BITMAIN DEVELOPMENT PTE. LTD.", "     ", "", ""),
    ("C0BA1F", "MA-L", "Xiamen Milesight IoT Co., Ltd.", "     ", "", "CN"),
    ("0001C8", "MA-L", "THOMAS CONRAD CORP.", "AUSTIN TX US 78758 ", "US", "US"),
    // Another country's code.
    ("00248F", "MA-L", "DO-MONIX", "Seongnam-si Gyeonggi-do KP 82 ", "KP", "KR"),
    ("000931", "MA-L", "Future Internet, Inc.", "Seoul Kyung-Ki KP 137-130 ", "KP", "KR"),
    ("8C1CDA2", "MA-M", "GEOMC", "Seoul  KP 08589 ", "KP", "KR"),
    ("04EEE88", "MA-M", "MPEON Co.,Ltd", "Seongnam-si Gyeonggi-do KP 13449 ", "KP", "KR"),
    ("0050C2BC6", "IAB", "MireroTack", "bucheon-si/gyeonggi-do KP 420-806 ", "KP", "KR"),
    ("006067", "MA-L", "ACER NETXUS INC.", "SBIP HSINCHU 300  TJ  ", "TJ", "TW"),
    ("00101B", "MA-L", "CORNET TECHNOLOGY, INC.", "SEC. 2, TAIPEI  TJ  ", "TJ", "TW"),
    ("00E0FD", "MA-L", "A-TREND TECHNOLOGY CO., LTD.", "TAIPEI HSIEN 221  TJ  ", "TJ", "TW"),
    ("0050AC", "MA-L", "MAPLE COMPUTER CORPORATION", "SEC. 2 Taipei  TJ  ", "TJ", "TW"),
    ("A019B24", "MA-M", "Osatec", "Moscow  WS 105203 ", "WS", "RU"),
    ("0015EB", "MA-L", "zte corporation", "Nanshan District Shenzhen  US 518057 ", "US", "CN"),
    (
        "9C066E",
        "MA-L",
        "Hytera Communications Corporation Limited",
        "Shenzhen Guangdong US 518057 ",
        "US",
        "CN",
    ),
    // Two codes, and the right one is not where it should be.
    ("682E3C", "MA-L", "Ubiquiti Inc", "New York NY US New York NY 10017 ", "US", "US"),
    (
        "CC934A",
        "MA-L",
        "Sierra Wireless, ULC",
        "1381 Wireless Way  Richmond BC  CA  GB V6V 3A4  ",
        "GB",
        "CA",
    ),
    ("0020AA", "MA-L", "Ericsson Television Limited", "Southhampton GB SO 30 4DA  ", "GB", "GB"),
    (
        "A041A7",
        "MA-L",
        "NL Ministry of Defense",
        "Noord Holland NL 1780 CA Den Helder ",
        "NL",
        "NL",
    ),
    ("90F4212", "MA-M", "Catvision Ltd.", "Noida Outside of the US IN 201301 ", "IN", "IN"),
    (
        "0050C2822",
        "IAB",
        "Winner Technology Co, Ltd.",
        "Masan Gyeng-Nam KR GN 630-857 ",
        "KR",
        "KR",
    ),
    ("64002D", "MA-L", "Powerlinq Co., LTD", "Zhuhai GD   519060 ", "GD", "CN"),
    // The name was overwritten and the address was not.
    ("00A080", "MA-L", "Tattile SRL", "San Ramon CA US 94583 ", "US", "IT"),
];

fn csv(rows: &str) -> String {
    format!("Registry,Assignment,Organization Name,Organization Address\r\n{rows}")
}

fn read(text: &str) -> Read {
    official::read("oui.csv", text.as_bytes(), "a test", Some("2026-12-24")).expect("it is right")
}

fn rows(listing: &Listing) -> &[Assignment] {
    match &listing.rows {
        Rows::Assignments(_, rows) => rows,
        Rows::Numbers(_) => panic!("assignments"),
    }
}

fn text(code: Option<[u8; 2]>) -> String {
    code.map_or_else(String::new, |code| String::from_utf8_lossy(&code).into_owned())
}

#[test]
fn hard_addresses_are_read_as_given_and_answered_as_corrected() {
    for (prefix, registry, registrant, address, given, answered) in HARD {
        let read = read(&csv(&format!("{registry},{prefix},\"{registrant}\",\"{address}\"\r\n")));
        let row = &rows(&read.listing)[0];
        assert_eq!(
            (row.registrant.as_str(), text(row.country).as_str()),
            (*registrant, *given),
            "{prefix}"
        );
        let kind = RegistryKind::from_word(registry).expect(registry);
        let [a, b, c, d, e] = row.prefix;
        let found = embedded().listed(kind, MacAddr([a, b, c, d, e, 0])).expect(prefix);
        let code = found.country.map(|code| code.to_string()).unwrap_or_default();
        assert_eq!((found.registrant, code.as_str()), (*registrant, *answered), "{prefix}");
    }
}

/// A listing as it is embedded.
fn listing(kind: RegistryKind) -> Listing {
    let rows: Vec<_> = embedded()
        .listing(kind)
        .map(|row| {
            let [key @ .., _] = row.prefix.first().octets();
            let given = embedded()
                .correction(row.prefix)
                .map_or(row.country, |correction| correction.registered);
            let country =
                given.map(|code| code.as_str().as_bytes().try_into().expect("two octets"));
            Assignment { prefix: key, registrant: row.registrant.to_owned(), country }
        })
        .collect();
    let source = SourceFile {
        name: format!("{}.csv", kind.as_str()),
        date: "2026-12-24".into(),
        ..SourceFile::default()
    };
    Listing { rows: Rows::Assignments(kind, rows), source }
}

fn change(listing: &mut Listing, with: impl FnOnce(&mut Vec<Assignment>)) {
    match &mut listing.rows {
        Rows::Assignments(_, rows) => with(rows),
        Rows::Numbers(_) => panic!("assignments"),
    }
}

fn refused(brought: &[Listing], force: bool) -> Vec<String> {
    check_against(embedded(), brought, force)
        .err()
        .unwrap_or_default()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn a_listing_that_shrank_or_is_older_needs_force() {
    let mut cid = listing(RegistryKind::Cid);
    assert_eq!(refused(std::slice::from_ref(&cid), false), [""; 0]);
    change(&mut cid, |rows| rows.truncate(217));
    assert_eq!(refused(std::slice::from_ref(&cid), false), [""; 0]);
    change(&mut cid, |rows| rows.truncate(216));
    assert_eq!(
        refused(std::slice::from_ref(&cid), false),
        ["CID.csv: CID has 216 rows, and 221 before: more than 2 % fewer, which needs --force"]
    );
    cid.source.date = "2026-10-23".into();
    assert_eq!(refused(std::slice::from_ref(&cid), false).len(), 2);
    assert_eq!(
        refused(std::slice::from_ref(&cid), false)[1],
        "CID.csv: CID is of 2026-10-23, older than the one of 2026-10-24 that is there, which needs --force"
    );
    assert_eq!(refused(std::slice::from_ref(&cid), true), [""; 0]);
}

#[test]
fn one_prefix_in_two_listings_of_the_same_width_is_refused_whatever_is_forced() {
    let mut cid = listing(RegistryKind::Cid);
    change(&mut cid, |rows| rows[0].prefix = [0x00, 0xe0, 0xfc, 0, 0]);
    assert_eq!(refused(&[cid.clone()], true), ["CID.csv: 00E0FC stands in MA-L and in CID"]);
    let mut large = listing(RegistryKind::MaL);
    change(&mut large, |rows| rows.retain(|row| row.prefix != [0x00, 0xe0, 0xfc, 0, 0]));
    assert_eq!(refused(&[cid.clone(), large], false), [""; 0]);
    assert_eq!(
        refused(&[listing(RegistryKind::Iab), listing(RegistryKind::Iab)], true),
        ["IAB.csv: holds IAB again, after IAB.csv"]
    );
}

#[test]
fn a_country_that_nobody_is_in_is_not_taken_until_somebody_looked() {
    let mut cid = listing(RegistryKind::Cid);
    change(&mut cid, |rows| rows[0].country = Some(*b"KP"));
    let curated = Curated::shipped();
    let ours = Update {
        listings: embedded(),
        register: embedded(),
        brought: &[cid],
        local: &[],
        curated: &curated,
    };
    let updated = update(&ours).expect("a note and no error");
    let notes: Vec<_> = updated.notes.iter().map(ToString::to_string).collect();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(
        notes[0].starts_with("curated/suspect-countries.tsv:")
            && notes[0]
                .ends_with("no country is answered for it until a later release has looked at it"),
        "{notes:?}"
    );
    let registry = Registry::open(updated.file).expect("it is whole");
    let row = registry.listing(RegistryKind::Cid).next().expect("a row");
    assert_eq!(row.country, None);
    let correction = registry.correction(row.prefix).expect("it says why");
    assert_eq!(correction.registered.map(|code| code.to_string()).as_deref(), Some("KP"));
    // Made anew of itself, it still knows what was listed.
    let again = update(&Update { listings: &registry, brought: &[], ..ours }).expect("as before");
    assert_eq!(again.notes.len(), 1);
}

#[test]
fn a_corrected_country_is_right_after_an_update_and_after_an_update_of_that() {
    let curated = Curated::shipped();
    let made = |listings: &Registry, brought: &[Listing]| {
        let ours =
            Update { listings, register: embedded(), brought, local: &[], curated: &curated };
        let updated = update(&ours).expect("it is right");
        (Registry::open(updated.file).expect("it is whole"), updated.notes.len())
    };
    let domonix = MacAddr([0, 0x24, 0x8f, 0, 0, 0]);
    let answered = |registry: &Registry| {
        let row = registry.assignment(domonix).expect("assigned");
        let listed = registry.correction(row.prefix).and_then(|one| one.registered);
        (row.country.expect("a country").to_string(), listed.map(|code| code.to_string()))
    };
    let corrected = ("KR".to_owned(), Some("KP".to_owned()));
    // As listed, brought anew: every answer stays.
    let as_listed = listing(RegistryKind::MaL);
    let (once, notes) = made(embedded(), std::slice::from_ref(&as_listed));
    let (twice, again) = made(&once, &[]);
    assert_eq!((notes, again), (0, 0));
    for registry in [&once, &twice] {
        assert!(registry.listing(RegistryKind::MaL).eq(embedded().listing(RegistryKind::MaL)));
        assert_eq!(answered(registry), corrected);
    }
    // The listing is put right: there is nothing to correct. It falls back: it is corrected again.
    let mut put_right = as_listed.clone();
    change(&mut put_right, |rows| {
        let row = rows.iter_mut().find(|row| row.prefix == [0, 0x24, 0x8f, 0, 0]);
        row.expect("it is listed").country = Some(*b"KR");
    });
    let (right, notes) = made(&twice, &[put_right]);
    assert_eq!((answered(&right), notes), (("KR".to_owned(), None), 1));
    let (back, notes) = made(&right, &[as_listed]);
    assert_eq!((answered(&back), notes), (corrected, 0));
}

#[test]
fn nothing_differs_from_itself() {
    for kind in RegistryKind::ALL {
        let same = difference(embedded(), &listing(*kind));
        assert!(same.is_empty() && same.gone.is_empty() && same.suggested.is_empty(), "{same:?}");
        assert!(same.unclaimed.is_empty() && same.rows_before == same.rows_after, "{same:?}");
    }
}

#[test]
fn what_changed_is_told_row_by_row_and_for_the_register() {
    let mut large = listing(RegistryKind::MaL);
    let claimed = embedded().vendor("hytera").expect("hytera").registrants().next().expect("one");
    let new = |last: u8, registrant: &str| Assignment {
        prefix: [0xfe, 0xfe, last, 0, 0],
        registrant: registrant.into(),
        country: Some(*b"NL"),
    };
    change(&mut large, |rows| {
        rows[0].registrant = "Somebody Else".into();
        rows[1].country = Some(*b"NL");
        rows.remove(2);
        for row in rows.iter_mut().filter(|row| row.registrant == claimed) {
            row.registrant = "Somebody Else".into();
        }
        rows.push(new(0, "Huawei Technologies Co Limited"));
        rows.extend((1..=5).map(|last| new(last, "Five At Once B.V.")));
    });
    let told = difference(embedded(), &large);
    assert_eq!((told.added.len(), told.removed.len(), told.moved.len()), (6, 1, 1));
    assert_eq!(told.renamed[0].after, "Somebody Else (US)");
    assert_eq!((told.moved[0].before.as_str(), told.moved[0].after.as_str()), ("US", "NL"));
    assert_eq!(told.gone.iter().map(|one| one.vendor.as_str()).collect::<Vec<_>>(), ["hytera"]);
    assert_eq!(told.suggested.len(), 1);
    assert_eq!(told.suggested[0].vendor, "huawei");
    assert_eq!(told.unclaimed, [("Five At Once B.V.".to_owned(), 5)]);
    let shown = told.display(2).to_string();
    let lines: Vec<&str> = shown.lines().collect();
    assert!(
        lines[0].starts_with(
            "MA-L, 2026-10-24 -> 2026-12-24: 40344 -> 40349 rows, 6 added, 1 removed, "
        )
    );
    assert_eq!(lines[1], "  + FEFE00  Huawei Technologies Co Limited (NL)");
    assert_eq!(lines[3], "  + … and 4 more");
    assert!(lines.contains(&"  ~ 000000  XEROX CORPORATION (US) -> Somebody Else (US)"), "{shown}");
    assert!(
        lines.contains(
            &"  ? \"Huawei Technologies Co Limited\" may be \"huawei\", and nobody claims it"
        ) && lines.contains(&"  ? \"Five At Once B.V.\" has 5 MA-L now, and nobody claims it"),
        "{shown}"
    );
}

#[test]
fn numbers_are_compared_too() {
    let rows: Vec<(u32, String)> =
        embedded().organisations().map(|(pen, name)| (pen.0, name.to_owned())).collect();
    let source = SourceFile { date: "2026-12-24".into(), ..SourceFile::default() };
    let mut numbers = Listing { rows: Rows::Numbers(rows), source };
    assert!(difference(embedded(), &numbers).is_empty());
    if let Rows::Numbers(rows) = &mut numbers.rows {
        rows.push((900_000, "Quectel Wireless Solutions Co Ltd".into()));
        rows.retain(|(number, _)| *number != 9);
    }
    let told = difference(embedded(), &numbers);
    assert_eq!((told.added.len(), told.removed.len(), told.removed[0].key.as_str()), (1, 1, "9"));
    assert_eq!(told.suggested[0].registrant, "900000 Quectel Wireless Solutions Co Ltd");
    assert_eq!(told.suggested[0].vendor, "quectel");
}
