//! What somebody asks about: told from its form, and all that fit when several do.

use herkomst_ids::{MacAddr, MacPrefix, Oid, Pen};

/// What a text can be taken for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    Mac(MacAddr),
    Prefix(MacPrefix),
    Number(Pen),
    Oid(Oid),
    /// A rule, as findings name it.
    Rule {
        pack: String,
        rule: String,
    },
    /// An id, name, brand or spelling: which one, only the registry can tell.
    Name,
}

/// How net-snmp writes the arc of the enterprise numbers.
const ENTERPRISES: [&str; 4] = [
    "SNMPv2-SMI::enterprises.",
    "enterprises.",
    "iso.3.6.1.4.1.",
    "iso.org.dod.internet.private.enterprises.",
];

/// All that a text can be, what is told from its form before what is told by name. Empty when it is written like an
/// address and is none.
pub(super) fn read(text: &str) -> Vec<What> {
    let mut found = Vec::new();
    if let Ok(mac) = text.parse() {
        found.push(What::Mac(mac));
    }
    if let Ok(prefix) = text.parse() {
        found.push(What::Prefix(prefix));
    }
    // Nobody writes a number with a zero in front: that is a prefix.
    let is_number = text == "0" || !text.starts_with('0');
    if is_number
        && text.bytes().all(|b| b.is_ascii_digit())
        && let Ok(number) = text.parse()
    {
        found.push(What::Number(number));
    }
    found.extend(oid(text).map(What::Oid));
    found.extend(rule(text));
    if !is_like_an_address(text) {
        found.push(What::Name);
    }
    found
}

/// Two ids with a slash between them; `00e0fc/24` is one too, and a prefix before that.
fn rule(text: &str) -> Option<What> {
    let (pack, rule) = text.split_once('/')?;
    let is_id = |text: &str| {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        (1..=80).contains(&text.len()) && text.bytes().all(fits)
    };
    (is_id(pack) && is_id(rule))
        .then(|| What::Rule { pack: pack.to_owned(), rule: rule.to_owned() })
}

fn oid(text: &str) -> Option<Oid> {
    let rest = ENTERPRISES.iter().find_map(|start| text.strip_prefix(start));
    let text = rest.map_or_else(|| text.to_owned(), |rest| format!("1.3.6.1.4.1.{rest}"));
    // `10.2` is nobody's idea of an object identifier; `1.3` and `.1.3` are.
    text.contains('.').then(|| text.parse().ok()).flatten()
}

/// Pairs of letters and digits with colons between them: somebody meant an address or a prefix, whatever came out.
fn is_like_an_address(text: &str) -> bool {
    let mut parts = text.split('/').next().unwrap_or_default().split(':').peekable();
    let several = text.contains(':');
    several && parts.all(|part| part.len() <= 2 && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_tells_what_is_meant() {
        let one = |text: &str| read(text).into_iter().next();
        assert_eq!(
            one("00:e0:fc:12:34:56"),
            Some(What::Mac(MacAddr([0, 0xe0, 0xfc, 0x12, 0x34, 0x56])))
        );
        for text in ["00:e0:fc", "00-E0-FC", "00e0fc", "00E0FC", "00:e0:fc/24"] {
            let prefix = MacAddr([0, 0xe0, 0xfc, 0, 0, 0]).prefix(24);
            assert_eq!(one(text), Some(What::Prefix(prefix)), "{text}");
        }
        let long = MacAddr([0x8c, 0x1f, 0x64, 0xaf, 0xa0, 0]).prefix(36);
        for text in ["8c:1f:64:af:a0/36", "8C1F64AFA", "8c:1f:64:af:a"] {
            assert_eq!(one(text), Some(What::Prefix(long)), "{text}");
        }
        assert_eq!(read("26381"), [What::Number(Pen(26381)), What::Name]);
        let huawei: Oid = "1.3.6.1.4.1.2011.2".parse().unwrap();
        for text in [
            "1.3.6.1.4.1.2011.2",
            ".1.3.6.1.4.1.2011.2",
            "enterprises.2011.2",
            "iso.3.6.1.4.1.2011.2",
            "SNMPv2-SMI::enterprises.2011.2",
        ] {
            assert_eq!(one(text), Some(What::Oid(huawei.clone())), "{text}");
        }
        assert_eq!(read("HUAWEI TECHNOLOGIES CO.,LTD"), [What::Name]);
    }

    #[test]
    fn what_can_be_two_things_is_both() {
        assert_eq!(read("112233").len(), 3, "a prefix, a number, or a name");
        assert_eq!(read("001122").len(), 2, "a prefix or a name");
        assert_eq!(
            read("decade"),
            [What::Prefix(MacAddr([0xde, 0xca, 0xde, 0, 0, 0]).prefix(24)), What::Name]
        );
    }

    #[test]
    fn a_rule_is_named_with_its_pack() {
        let rule = What::Rule { pack: "uk-dvd".to_owned(), rule: "core".to_owned() };
        assert_eq!(read("uk-dvd/core"), [rule, What::Name]);
        for text in ["UK/core", "a/b/c", "/core", "a/", "a b/c"] {
            assert!(!read(text).iter().any(|what| matches!(what, What::Rule { .. })), "{text}");
        }
    }

    #[test]
    fn a_broken_address_is_not_looked_up_as_a_name() {
        for text in ["00:zz", "00:e0:fc:12:34:5g", "00:e0:fc:12:34:56:78", "00:e0:fc/61"] {
            assert_eq!(read(text), [], "{text}");
        }
        assert_eq!(read("Philips: Lighting"), [What::Name]);
    }
}
