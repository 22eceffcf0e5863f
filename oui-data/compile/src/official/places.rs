//! Names of countries and cities in an address that speak against its code. A hint for whoever looks the row up, and
//! never a correction by itself: there is a Moscow in Idaho.

/// A country and names that stand for it and for little else, in lower case; a blank separates words.
const PLACES: &[(&str, &[&str])] = &[
    (
        "CN",
        &[
            "china",
            "shenzhen",
            "guangdong",
            "shanghai",
            "beijing",
            "hangzhou",
            "dongguan",
            "guangzhou",
            "zhejiang",
            "jiangsu",
            "suzhou",
            "nanjing",
            "wuhan",
            "chengdu",
            "xiamen",
            "fujian",
            "zhuhai",
            "qingdao",
        ],
    ),
    (
        "TW",
        &["taiwan", "taipei", "hsinchu", "hsin chu", "taoyuan", "kaohsiung", "taichung", "tainan"],
    ),
    ("HK", &["hong kong", "hongkong", "kowloon"]),
    ("KR", &["korea", "seoul", "gyeonggi", "seongnam", "daejeon", "incheon", "suwon", "busan"]),
    ("JP", &["japan", "tokyo", "osaka", "yokohama", "kanagawa", "nagoya", "kyoto"]),
    (
        "IN",
        &[
            "india",
            "bangalore",
            "bengaluru",
            "mumbai",
            "hyderabad",
            "chennai",
            "noida",
            "new delhi",
        ],
    ),
    ("IL", &["israel", "tel aviv", "haifa", "herzliya", "petah tikva"]),
    ("RU", &["russia", "russian federation", "moscow", "novosibirsk"]),
    ("SG", &["singapore"]),
    ("MY", &["malaysia", "penang", "kuala lumpur"]),
    (
        "DE",
        &[
            "germany",
            "deutschland",
            "münchen",
            "muenchen",
            "munich",
            "stuttgart",
            "nordrhein westfalen",
        ],
    ),
    ("FR", &["france", "ile de france"]),
    ("IT", &["italy", "italia", "milano"]),
    ("GB", &["united kingdom", "scotland"]),
    ("NL", &["netherlands", "eindhoven", "amsterdam"]),
    ("CH", &["switzerland", "zürich", "zurich"]),
    ("SE", &["sweden", "stockholm"]),
    ("CA", &["canada", "british columbia", "quebec"]),
    ("AU", &["australia", "new south wales"]),
    ("US", &["united states", "california", "massachusetts", "new jersey"]),
    ("UA", &["ukraine", "kyiv", "kiev"]),
    ("VN", &["vietnam", "hanoi"]),
];

/// Codes beside which the name of another country is no wonder.
const AT_HOME: &[(&str, &str)] = &[("TW", "CN"), ("HK", "CN"), ("MO", "CN"), ("CN", "HK")];

/// Words before a place that make something else of it: Avenue du Canada, Baja California, `Outside U.S./Canada`.
const BEFORE_ANOTHER: &[&str] =
    &["baja", "de", "di", "du", "lake", "non", "old", "one", "or", "outside", "s", "us"];

/// What an address names that its country is not, unless it names that one too.
pub(super) fn contradiction(address: &str, country: Option<[u8; 2]>) -> Option<String> {
    let address = address.to_lowercase();
    let words: Vec<&str> =
        address.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let code = country.map(|code| String::from_utf8_lossy(&code).into_owned());
    let of = code.as_deref().unwrap_or_default();
    let mut first = None;
    for (place, names) in PLACES {
        let Some(name) = names.iter().find(|name| is_in(&words, name)) else { continue };
        if *place == of || AT_HOME.contains(&(of, *place)) {
            return None;
        }
        first = first.or(Some((*place, *name)));
    }
    let (place, name) = first?;
    Some(match code {
        Some(code) => format!("its country is {code}, and its address names {name:?} ({place})"),
        None => format!("it names no country, and its address names {name:?} ({place})"),
    })
}

/// Whether the words of a name stand one after the other, and not as a part of another name.
fn is_in(words: &[&str], name: &str) -> bool {
    let is_at = |at: usize| {
        name.split(' ').enumerate().all(|(behind, word)| words.get(at + behind) == Some(&word))
    };
    let is_own = |at: usize| {
        at.checked_sub(1)
            .and_then(|before| words.get(before))
            .is_none_or(|before| !BEFORE_ANOTHER.contains(before))
    };
    (0..words.len()).any(|at| is_at(at) && is_own(at))
}

#[cfg(test)]
mod tests {
    use super::contradiction;

    #[test]
    fn a_place_elsewhere_is_said_and_one_at_home_is_not() {
        let says = |address, code: &[u8; 2]| contradiction(address, Some(*code));
        assert_eq!(
            says("Hi-tech Park, Shenzhen", b"US").as_deref(),
            Some("its country is US, and its address names \"shenzhen\" (CN)")
        );
        assert_eq!(says("Kowloon, Hong Kong, China", b"HK"), None);
        assert_eq!(says("Tokyo office of Acme, San Jose, California", b"US"), None);
        assert_eq!(says("Chinatown 5", b"US"), None);
        assert_eq!(says("9 avenue du Canada", b"FR"), None);
        assert!(contradiction("Rua 5, JAPAN", None).is_some());
    }
}
