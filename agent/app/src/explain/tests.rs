use serde_json::Value;

use super::*;

fn explained(text: &str, on: &str) -> Value {
    let mut explainer = Explainer::new(herkomst_registry::embedded(), on.parse().unwrap());
    let answers = explainer.answer(text).unwrap();
    serde_json::to_value(explainer.document(answers)).unwrap()
}

/// The only answer.
fn one(text: &str) -> Value {
    one_on(text, "2026-11-21")
}

fn one_on(text: &str, on: &str) -> Value {
    let mut document = explained(text, on);
    let answers = document["answers"].as_array_mut().unwrap();
    assert_eq!(answers.len(), 1, "{answers:#?}");
    answers.remove(0)
}

fn page(text: &str) -> String {
    let mut explainer =
        Explainer::new(herkomst_registry::embedded(), "2026-11-21".parse().unwrap());
    let answers = explainer.answer(text).unwrap();
    text::render(&explainer.document(answers), Screen { width: None, colour: false })
}

fn notes(answer: &Value) -> String {
    answer["notes"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn a_prefix_of_huawei_names_it_and_the_rules_that_do() {
    for text in ["00:e0:fc:12:34:56", "00e0fc", "00:e0:fc/24"] {
        let answer = one(text);
        assert_eq!(answer["assignment"]["listing"], "MA-L");
        assert_eq!(answer["assignment"]["registrant"], "HUAWEI TECHNOLOGIES CO.,LTD");
        assert_eq!(answer["vendor"]["id"], "huawei");
        assert_eq!(answer["vendor"]["country_of_control"], "CN");
        let rule = &answer["rules"][0];
        assert_eq!(
            (&rule["rule"], &rule["relation"], &rule["verified"]),
            (&"huawei".into(), &"maker".into(), &true.into())
        );
        let lists: Vec<&str> = rule["listings"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|one| one["list"].as_str())
            .collect();
        assert!(lists.contains(&"us-889") && lists.contains(&"uk-dvd"), "{lists:?}");
    }
}

#[test]
fn before_a_list_named_it_a_rule_is_not_in_force() {
    let answer = one_on("huawei", "2010-01-01");
    let in_force = |one: &Value| one["in_force"] == true;
    assert!(!answer["rules"][0]["listings"].as_array().unwrap().iter().any(in_force));
}

#[test]
fn a_small_block_inside_one_of_ieee_is_its_holders() {
    let answer = one("8c:1f:64:af:a1:23");
    assert_eq!(answer["assignment"]["prefix"], "8c:1f:64:af:a0/36");
    assert_eq!(answer["assignment"]["registrant"], "DATA ELECTRONIC DEVICES, INC");
    assert!(answer["vendor"].is_null() && notes(&answer).contains("no vendor known"));
    assert_eq!(one("8C1F64AFA")["assignment"]["prefix"], "8c:1f:64:af:a0/36");
    let parent = one("8c:1f:64");
    assert!(notes(&parent).contains("IEEE holds this block to divide it"), "{parent}");
    assert!(notes(&parent).contains("smaller blocks in it"), "{parent}");
}

#[test]
fn a_chip_set_says_that_the_brand_is_unknown_and_where_it_is_registered() {
    let answer = one("24:0a:c4");
    assert_eq!(answer["assignment"]["registration_country"], "VG");
    assert_eq!(
        (&answer["vendor"]["id"], &answer["vendor"]["kind"]),
        (&"espressif".into(), &"chipset".into())
    );
    assert_eq!(answer["vendor"]["country_of_control"], "CN");
    assert!(notes(&answer).contains("the brand of the box is unknown"));
}

#[test]
fn control_is_as_of_the_day_that_is_asked() {
    let chain = |text: &str, on: &str| {
        let answer = one_on(text, on);
        let chain = answer["vendor"]["chain"].as_array().unwrap().clone();
        chain.iter().filter_map(|step| step["id"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(chain("sepura", "2019-01-01").first().map(String::as_str), Some("hytera"));
    assert!(!chain("sepura", "2024-01-01").contains(&"hytera".to_owned()));
    assert_eq!(one_on("sepura", "2024-01-01")["vendor"]["country_of_control"], "GB");
    let hytera = one_on("sepura", "2021-06-01");
    assert_eq!(hytera["rules"][0]["rule"], "hytera");
    assert_eq!(hytera["rules"][0]["relation"], "controlled-by");
    assert_eq!(one_on("sepura", "2024-01-01")["rules"], Value::Array(Vec::new()));
    assert_eq!(chain("Lorex", "2022-01-01").first().map(String::as_str), Some("dahua"));
    assert!(!chain("Lorex", "2026-11-21").contains(&"dahua".to_owned()));
    assert!(chain("motorola-mobility", "2026-11-21").contains(&"lenovo".to_owned()));
}

#[test]
fn a_prefix_of_motorola_mobility_is_controlled_by_lenovo() {
    let registry = herkomst_registry::embedded();
    let theirs = registry
        .listing(RegistryKind::MaL)
        .find(|row| row.registrant == "Motorola Mobility LLC, a Lenovo Company")
        .unwrap();
    let answer = one(&theirs.prefix.to_string());
    assert_eq!(answer["vendor"]["id"], "motorola-mobility");
    assert!(
        answer["vendor"]["chain"].as_array().unwrap().iter().any(|step| step["id"] == "lenovo")
    );
}

#[test]
fn numbers_of_agents_and_platforms_attribute_nothing() {
    for text in ["26381", "8072", "1.3.6.1.4.1.8072.3.2.10", "enterprises.311"] {
        let answer = one(text);
        assert!(
            answer["vendor"].is_null() && notes(&answer).contains("attributes nothing"),
            "{text}"
        );
        assert_ne!(answer["number"]["role"], "maker", "{text}");
    }
}

#[test]
fn a_subtree_may_know_better_than_its_number() {
    let answer = one("1.3.6.1.4.1.25506.11.1.5");
    assert_eq!(answer["number"]["organisation"], "H3C");
    assert_eq!(
        (&answer["object"]["names"], &answer["vendor"]["id"]),
        (&"hpe".into(), &"hpe".into())
    );
    assert_eq!(one("1.3.6.1.4.1.25506.1.5")["vendor"]["id"], "h3c");
}

#[test]
fn special_addresses_are_named_as_such() {
    for (text, kind) in [
        ("02:42:ac:11:00:02", "container"),
        ("00:00:5e:00:01:07", "virtual-router"),
        ("08:00:27:00:00:01", "hypervisor"),
        ("01:80:c2:00:00:0e", "group"),
        ("de:ad:be:ef:00:01", "local"),
        ("02:42", "container"),
    ] {
        let text = if text == "02:42" { "02:42/16" } else { text };
        let answer = one(text);
        assert_eq!(answer["special"]["kind"], kind, "{text}");
        assert!(answer["vendor"].is_null() && answer["known"] == true, "{text}");
    }
    assert!(notes(&one("08:00:27:00:00:01")).contains("PCS Systemtechnik"));
    // A network name of an access point whose own address is a Cisco block: a remark, and no maker.
    assert!(notes(&one("02:00:0c:00:00:01")).contains("would be 00:00:0c:00:00:01"));
}

#[test]
fn a_stranger_with_a_known_word_in_its_name_is_a_stranger() {
    let answer = one("Shanghai Dahua Scale Factory");
    assert_eq!(answer["taken_for"], "registrant");
    assert_eq!(answer["registrant"]["prefixes"]["MA-M"], 1);
    assert!(answer["vendor"].is_null() && answer["rules"] == Value::Array(Vec::new()));
    assert!(notes(&answer).contains("no vendor known"));
}

#[test]
fn a_brand_of_two_vendors_answers_with_both_and_names_neither() {
    let document = explained("tp-link", "2026-11-21");
    let answers = document["answers"].as_array().unwrap();
    assert!(answers.len() >= 2);
    assert!(answers.iter().all(|one| notes(one).contains("more than one vendor")));
}

#[test]
fn an_owner_names_what_it_controls() {
    let answer = one("sasac");
    let controls = answer["owner"]["controls"].as_array().unwrap();
    assert!(controls.contains(&"hikvision".into()), "{controls:?}");
}

#[test]
fn what_nobody_knows_is_said_so_with_names_that_are_near() {
    let answer = one("hawei");
    assert_eq!(answer["known"], false);
    assert!(answer["suggestions"].as_array().unwrap().contains(&"huawei".into()));
    for text in ["70000", "1.3.6.1.2.1.1", "1.3.6.1.4.1.4000000000.1"] {
        assert_eq!(one(text)["known"], false, "{text}");
    }
}

#[test]
fn of_a_text_that_fits_several_things_those_that_are_known_are_answered() {
    let taken = |text: &str| -> Vec<String> {
        let document = explained(text, "2026-11-21");
        let answers = document["answers"].as_array().unwrap().iter();
        answers.map(|one| one["taken_for"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(taken("001122"), ["mac-prefix"], "no number has a zero in front");
    // Nobody holds the number 8888888, and nobody the block 88:88:88:8: both are answered with that.
    assert_eq!(taken("8888888"), ["mac-prefix", "enterprise-number"]);
    assert_eq!(taken("2011"), ["enterprise-number"]);
}

#[test]
fn a_wrong_registration_country_is_shown_with_its_reason() {
    let answer = one("00:24:8f:00:00:01");
    assert_eq!(answer["assignment"]["registration_country"], "KR");
    assert_eq!(answer["assignment"]["correction"]["listed"], "KP");
    assert!(page("00:24:8f:00:00:01").contains("the listing says KP, corrected: "));
}

#[test]
fn every_statement_without_a_source_says_that_it_is_unverified() {
    let mut explainer =
        Explainer::new(herkomst_registry::embedded(), "2026-11-21".parse().unwrap());
    for vendor in herkomst_registry::embedded().vendors() {
        let mut answer = Answer::default();
        explainer.maker(vendor, &mut answer);
        let document = explainer.document(vec![answer]);
        let shown = text::render(&document, Screen { width: None, colour: false });
        let steps = vendor.control_history().filter(|step| !step.verified).count();
        let said = shown.matches("unverified").count();
        assert!(said >= steps + usize::from(!vendor.verified()), "{}: {shown}", vendor.id());
    }
}

#[test]
fn rubbish_is_refused_as_usage_and_never_panics() {
    let mut explainer =
        Explainer::new(herkomst_registry::embedded(), "2026-11-21".parse().unwrap());
    for text in ["", "  ", "00:zz", "00:e0:fc:12:34:56:78"] {
        assert!(explainer.answer(text).is_err(), "{text:?}");
    }
    for text in [
        "\u{0}",
        "é:é",
        "....",
        "9".repeat(400).as_str(),
        "\u{202e}gpj",
        "1.3.6.1.4.1",
        "1.3.6.1.4.1.",
        "/",
        "a/b",
        "-",
        "ﬀ",
    ] {
        let _ = explainer.answer(text);
    }
    assert!(as_of(Some("2026-02-30")).is_err() && as_of(Some("tomorrow")).is_err());
}

#[test]
fn nothing_in_an_answer_steers_the_terminal() {
    let shown = page("evil\u{1b}[2Jname");
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
}

#[test]
fn a_prefix_that_holds_many_blocks_is_not_said_to_be_free_or_divided_by_its_first_holder() {
    for text in ["00:e0/16", "00/8", "3c/10"] {
        let answer = one(text);
        assert_eq!(
            (&answer["known"], answer["assignment"].is_null()),
            (&true.into(), true),
            "{text}"
        );
        assert!(notes(&answer).contains("is assigned to nobody as a whole: "), "{answer}");
        assert!(!notes(&answer).contains("divided by"), "{answer}");
    }
    // In a block of IEEE, a part that nobody holds and a part that several do.
    let part = one("8c:1f:64:a0/28");
    assert!(notes(&part).contains("smaller blocks in it have holders of their own"), "{part}");
}

#[test]
fn a_very_long_name_is_unknown_at_once_and_many_unknown_names_are_folded_once() {
    let long = one(&"hua".repeat(30_000));
    assert_eq!(long["known"], false);
    assert_eq!(long["suggestions"], Value::Array(Vec::new()));
    let mut explainer =
        Explainer::new(herkomst_registry::embedded(), "2026-11-21".parse().unwrap());
    assert!(explainer.names.is_none());
    explainer.answer("00:e0:fc:12:34:56").unwrap();
    explainer.answer("huawei").unwrap();
    assert!(explainer.names.is_none(), "neither needs them");
    explainer.answer("nobody at all").unwrap();
    assert!(explainer.names.is_some());
}

#[test]
fn a_rule_is_told_in_plain_words_with_its_sources() {
    let answer = one("public-lists/huawei");
    assert_eq!((&answer["taken_for"], &answer["known"]), (&"rule".into(), &true.into()));
    let rule = &answer["rule"];
    assert_eq!((&rule["pack"], &rule["rule"]), (&"public-lists".into(), &"huawei".into()));
    let sentences = rule["sentences"].to_string();
    for told in ["huawei is its maker", "Wherever it stands.", "asks remove", "Says: "] {
        assert!(sentences.contains(told), "{told}: {sentences}");
    }
    assert!(rule["sources"].as_array().is_some_and(|sources| !sources.is_empty()), "{rule}");
    let page = page("public-lists/huawei");
    for told in ["in words", "Wherever it stands.", "last checked", "of the pack"] {
        assert!(page.contains(told), "{told}: {page}");
    }
}

#[test]
fn a_rule_that_does_not_exist_is_not_known_and_near_ones_are_told() {
    let answer = one("public-lists/huawai");
    assert_eq!(answer["known"], false);
    assert_eq!(answer["suggestions"], serde_json::json!(["public-lists/huawei"]));
    let answer = one("public-list/huawei");
    assert_eq!(answer["suggestions"], serde_json::json!(["public-lists"]));
    assert!(notes(&answer).contains("no shipped pack is called public-list"), "{answer}");
}
