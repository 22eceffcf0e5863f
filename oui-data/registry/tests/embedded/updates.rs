//! The embedded file made anew: nothing is lost, and what is brought and what the operator says takes its place.

use herkomst_compile::{
    Assignment, Curated, File, Listing, Rows, SourceFile, Update, Updated, update,
};
use herkomst_ids::{MacAddr, Pen};
use herkomst_registry::*;

fn made(brought: &[Listing], local: &[File]) -> Result<Updated, Vec<String>> {
    let (listings, curated) = (embedded(), Curated::shipped());
    update(&Update { listings, register: embedded(), brought, local, curated: &curated })
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn local(text: &str) -> Vec<File> {
    vec![File { path: "vendors.d/ours.toml".into(), text: text.into() }]
}

fn opened(updated: Updated) -> Registry {
    Registry::open(updated.file).expect("what was just made is whole")
}

#[test]
fn made_of_itself_it_says_the_same() {
    let again = made(&[], &[]).unwrap();
    assert!(again.notes.is_empty(), "{:?}", again.notes);
    let bytes = again.file.clone();
    let again = opened(again);
    let curated = Curated::shipped();
    let twice = update(&Update {
        listings: &again,
        register: &again,
        brought: &[],
        local: &[],
        curated: &curated,
    });
    assert!(twice.unwrap().file == bytes, "an update of an update has the same bytes");
    for kind in RegistryKind::ALL {
        assert!(again.listing(*kind).eq(embedded().listing(*kind)), "{kind:?}");
    }
    assert!(again.organisations().eq(embedded().organisations()));
    assert!(again.special_ranges().eq(embedded().special_ranges()));
    assert!(again.sources().eq(embedded().sources()));
    assert_eq!(again.vendors_edition(), embedded().vendors_edition());
    for (one, other) in embedded().vendors().zip(again.vendors()) {
        let facts = |vendor: Vendor<'_>| {
            let lists: Vec<String> =
                vendor.brands().chain(vendor.registrants()).map(str::to_owned).collect();
            let numbers: Vec<Pen> = vendor.pens().collect();
            let control: Vec<_> =
                vendor.control_history().map(|edge| format!("{edge:?}")).collect();
            let heirs: Vec<String> = vendor.successors().map(|heir| heir.id().to_owned()).collect();
            let texts = [
                Some(vendor.id()),
                Some(vendor.name()),
                vendor.legal_name(),
                vendor.lei(),
                vendor.note(),
                vendor.source(),
                vendor.last_checked(),
            ];
            let texts = texts.map(|text| text.map(str::to_owned));
            (
                texts,
                vendor.kind(),
                vendor.country(),
                vendor.verified(),
                lists,
                numbers,
                control,
                heirs,
            )
        };
        assert_eq!(facts(one), facts(other));
    }
    assert_eq!(again.vendors().count(), embedded().vendors().count());
    assert_eq!(again.owners().count(), embedded().owners().count());
}

#[test]
fn a_listing_that_is_brought_takes_the_place_of_its_own_kind_alone() {
    let row = |prefix: [u8; 5], registrant: &str| Assignment {
        prefix,
        registrant: registrant.into(),
        country: Some(*b"CN"),
    };
    let brought = Listing {
        rows: Rows::Assignments(
            RegistryKind::MaL,
            vec![row([0, 0xe0, 0xfc, 0, 0], "HUAWEI TECHNOLOGIES CO.,LTD")],
        ),
        source: SourceFile {
            name: "oui.csv".into(),
            date: "2027-01-02".into(),
            ..SourceFile::default()
        },
    };
    let updated = made(&[brought], &[]).unwrap();
    let gone =
        updated.notes.iter().map(ToString::to_string).find(|note| note.contains("overrides.tsv"));
    assert!(gone.is_some_and(|note| note.ends_with("is not in the listings")));
    let registry = opened(updated);
    assert_eq!(registry.listing(RegistryKind::MaL).count(), 1);
    assert!(registry.listing(RegistryKind::MaS).eq(embedded().listing(RegistryKind::MaS)));
    assert_eq!(registry.edition().as_str(), "2027-01-02");
    let dates: Vec<_> = registry.sources().map(|source| source.date.to_owned()).collect();
    assert_eq!(dates[0], "2027-01-02");
    assert!(dates[1..].iter().all(|date| date != "2027-01-02"), "{dates:?}");
    let huawei = MacAddr([0, 0xe0, 0xfc, 1, 2, 3]);
    assert_eq!(registry.assignment(huawei).unwrap().vendor.map(|one| one.id()), Some("huawei"));
}

#[test]
fn the_operator_changes_what_he_says_and_nothing_else() {
    let registry = opened(
        made(
            &[],
            &local(
                r#"
[[vendor]]
id = "sepura"
note = "as our lawyers see it"
[[vendor.control]]
name = "Somebody Else"
country = "NL"
test = "majority"
confidence = "high"
source = "extract of the trade register"
last-checked = "2026-11-01"
verified = true

[[vendor]]
id = "our-own-maker"
name = "Our Own Maker"
kind = "product"
country = "NL"
brands = ["Eigenbouw"]
"#,
            ),
        )
        .unwrap(),
    );
    let (before, after) =
        (embedded().vendor("sepura").unwrap(), registry.vendor("sepura").unwrap());
    assert!(after.is_local() && !before.is_local());
    assert_eq!((after.name(), after.country()), (before.name(), before.country()));
    assert!(after.registrants().eq(before.registrants()) && after.pens().eq(before.pens()));
    let control = after.controller("2019-01-01").unwrap();
    assert_eq!((control.name, control.verified), ("Somebody Else", true));
    assert_eq!(registry.by_name("eigenbouw").map(|one| one.id()), Some("our-own-maker"));
    assert!(!registry.vendor("huawei").unwrap().is_local());
    assert_eq!(registry.local_files().next().map(|(name, _)| name), Some("vendors.d/ours.toml"));
}

#[test]
fn what_the_operator_says_wrongly_is_refused_with_its_line() {
    for (text, problem) in [
        ("[[vendor]]\nid = \"new\"\n", "vendors.d/ours.toml:2: \"new\" has no name"),
        ("[[vendor]]\nid = \"new\"\n", "vendors.d/ours.toml:2: \"new\" has no kind"),
        (
            "[[vendor]]\nid = \"new\"\nname = \"New\"\nkind = \"product\"\npens = [2011]\n",
            "vendors.d/ours.toml:5: enterprise number 2011 is claimed by \"huawei\" too",
        ),
        (
            "[[vendor]]\nid = \"new\"\nname = \"Huawei\"\nkind = \"product\"\n",
            "\"Huawei\" is claimed by",
        ),
        (
            "[[owner]]\nid = \"huawei\"\n",
            "\"huawei\" is a vendor in the shipped register: say [[vendor]]",
        ),
        (
            "[[vendor]]\nid = \"huawei\"\n[[vendor]]\nid = \"huawei\"\n",
            "vendors.d/ours.toml:4: \"huawei\" stands at vendors.d/ours.toml:2 already",
        ),
        (
            "[[vendor]]\nid = \"huawei\"\nlei = \"529900T8BM49AURSDO56\"\n",
            "lei is \"529900T8BM49AURSDO56\"",
        ),
    ] {
        let problems = made(&[], &local(text)).unwrap_err();
        assert!(problems.iter().any(|one| one.contains(problem)), "{text}: {problems:?}");
    }
    let right = "[[vendor]]\nid = \"huawei\"\nlei = \"529900T8BM49AURSDO55\"\n";
    assert!(made(&[], &local(right)).is_ok());
}

#[test]
fn another_source_or_seat_of_the_operators_is_not_what_was_verified() {
    let source = "[[vendor]]\nid = \"huawei\"\nsource = \"hearsay\"\n";
    let registry = opened(made(&[], &local(source)).unwrap());
    let huawei = registry.vendor("huawei").unwrap();
    assert!(embedded().vendor("huawei").unwrap().verified() && !huawei.verified());
    assert_eq!(huawei.source(), Some("hearsay"));
    let note = "[[vendor]]\nid = \"huawei\"\nnote = \"see our file\"\n";
    assert!(opened(made(&[], &local(note)).unwrap()).vendor("huawei").unwrap().verified());
    // Everybody under an owner is controlled from where the operator says that it sits.
    let owner = "[[owner]]\nid = \"sasac\"\ncountry = \"NL\"\n";
    let registry = opened(made(&[], &local(owner)).unwrap());
    let ezviz = registry.vendor("ezviz").unwrap();
    let control = ezviz.controller("2026-11-21").unwrap();
    let code = control.country.map(|one| one.to_string());
    assert_eq!((control.id, code.as_deref()), (Some("sasac"), Some("NL")));
    assert!(!control.verified);
    let seat = "[[vendor]]\nid = \"cisco\"\ncountry = \"NL\"\n";
    let registry = opened(made(&[], &local(seat)).unwrap());
    let cisco = registry.vendor("cisco").unwrap();
    assert_eq!(cisco.country_of_control("2026-11-21").unwrap().as_str(), "NL");
    assert!(!cisco.verified() && !cisco.controller("2026-11-21").unwrap().verified);
}
