//! The SNMP credentials file: who may be asked with what.
//!
//! It must be readable by its owner alone (mode 0600 or stricter), but for files below `$CREDENTIALS_DIRECTORY`, which
//! systemd protects. Any secret may be given as `…-file` instead, read from there without its last line break; a relative
//! path is taken from the folder of the credentials file.

use std::path::Path;

use herkomst_ids::EngineId;
use herkomst_probe::snmp::credentials::{
    AuthProtocol, Credential, Login, PrivProtocol, Secret, User,
};

use super::private;
use super::problems::{Problems, hint};
use super::section::{Document, Section};

/// The longest community: no agent is known that takes a longer one, and an `SnmpAdminString` ends there as well.
const LONGEST_COMMUNITY: usize = 255;
/// The longest context name (RFC 3411, `SnmpAdminString`).
const LONGEST_CONTEXT: usize = 255;

const AUTH: [(&str, AuthProtocol); 6] = [
    ("md5", AuthProtocol::Md5),
    ("sha1", AuthProtocol::Sha1),
    ("sha224", AuthProtocol::Sha224),
    ("sha256", AuthProtocol::Sha256),
    ("sha384", AuthProtocol::Sha384),
    ("sha512", AuthProtocol::Sha512),
];
const PRIV: [(&str, PrivProtocol); 6] = [
    ("des", PrivProtocol::Des),
    ("aes128", PrivProtocol::Aes128),
    ("aes192", PrivProtocol::Aes192),
    ("aes256", PrivProtocol::Aes256),
    ("aes192-c", PrivProtocol::Aes192Reeder),
    ("aes256-c", PrivProtocol::Aes256Reeder),
];

/// Reads and checks the file; every problem is noted, none of them shows a secret.
pub(crate) fn read(path: &Path, problems: &mut Problems) -> Vec<Credential> {
    let name = path.display().to_string();
    let text = match private::read(path) {
        Ok(text) => text,
        Err(what) => {
            problems.add_configuration(&name, what);
            return Vec::new();
        }
    };
    parse(&name, &text, problems)
}

fn parse(name: &str, text: &str, problems: &mut Problems) -> Vec<Credential> {
    let document = Document { file: name, text };
    let Some(table) = document.parse(text, problems) else { return Vec::new() };
    let root = Section::root(document, &table);
    let mut credentials: Vec<Credential> = Vec::new();
    for item in root.items("credential", problems) {
        let Some(section) = item.section(problems) else { continue };
        if let Some(credential) = credential(section, problems) {
            if credentials.iter().any(|other| other.name == credential.name) {
                problems.add_configuration(
                    name,
                    format!(
                        "two credentials are named {:?}, each needs a name of its own",
                        credential.name
                    ),
                );
            }
            credentials.push(credential);
        }
    }
    root.finish(problems);
    if credentials.is_empty() && problems.is_empty() {
        problems.add_configuration(name, "holds no [[credential]]");
    }
    credentials
}

fn credential(section: Section<'_>, problems: &mut Problems) -> Option<Credential> {
    let name = section.need_text("name", problems);
    let mut prefixes = Vec::new();
    for item in section.items("prefixes", problems) {
        let Some(text) = item.text(problems) else { continue };
        match text.parse().or_else(|_| text.parse().map(|address: std::net::IpAddr| address.into()))
        {
            Ok(prefix) => prefixes.push(prefix),
            Err(_) => item.problem(
                problems,
                format!("{text:?} is no prefix such as 10.50.0.0/16 or 2001:db8::/32"),
            ),
        }
    }
    let mut engine_ids = Vec::new();
    for item in section.items("engine-ids", problems) {
        let Some(text) = item.text(problems) else { continue };
        match engine_id(text) {
            Some(engine) => engine_ids.push(engine),
            None => item.problem(problems, format!("{text:?} is no engine id, right would be 10 to 64 hexadecimal digits such as 800007db0300e0fc123456")),
        }
    }
    if prefixes.is_empty() && engine_ids.is_empty() && problems.is_empty() {
        section.problem(problems, "is bound to nothing: it needs prefixes or engine-ids");
    }
    let login = login(&section, problems);
    let is_authenticated = matches!(&login, Some(Login::V3(user)) if user.auth.is_some());
    if login.is_some() && !is_authenticated && prefixes.is_empty() && !engine_ids.is_empty() {
        section.problem(
            problems,
            "is bound to engine-ids alone: an engine id is a claim that anybody can make: v1 and v2c need prefixes, \
             and so does v3 without auth",
        );
    }
    section.finish(problems);
    Some(Credential { name: name?.into(), prefixes, engine_ids, login: login? })
}

fn engine_id(text: &str) -> Option<EngineId> {
    let digits = text.strip_prefix("0x").unwrap_or(text).as_bytes();
    if !digits.len().is_multiple_of(2) || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let octets: Option<Vec<u8>> = digits
        .chunks_exact(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    EngineId::new(&octets?)
}

fn login(section: &Section<'_>, problems: &mut Problems) -> Option<Login> {
    let (v1, v2c, v3) = (section.take("v1"), section.take("v2c"), section.take("v3"));
    let given =
        [v1.is_some(), v2c.is_some(), v3.is_some()].into_iter().filter(|given| *given).count();
    if given != 1 {
        section.problem(problems, format!("has {given} of v1, v2c and v3, it needs exactly one"));
        return None;
    }
    if let Some(v3) = v3 {
        return user(v3.section(problems)?, problems).map(Login::V3);
    }
    let is_v1 = v1.is_some();
    let section = v1.or(v2c)?.section(problems)?;
    let community = secret(&section, "community", "community-file", problems);
    if community.is_none() {
        section.problem(problems, "has no community");
    }
    if community.as_ref().is_some_and(|text| text.expose().len() > LONGEST_COMMUNITY) {
        let most = LONGEST_COMMUNITY;
        section.problem(problems, format!("has a community of more than {most} octets"));
    }
    section.finish(problems);
    let community = community?;
    Some(if is_v1 { Login::V1(community) } else { Login::V2c(community) })
}

fn user(section: Section<'_>, problems: &mut Problems) -> Option<User> {
    let name = section.need_text("user", problems);
    if let Some(found) =
        section.take("user").filter(|_| name.is_some_and(|name| name.is_empty() || name.len() > 32))
    {
        found.problem(problems, "must have 1 to 32 octets (RFC 3414, SnmpSecurityName)");
    }
    let auth = protocol(&section, "auth", &AUTH, problems);
    let auth_password = secret(&section, "auth-password", "auth-password-file", problems);
    let privacy = protocol(&section, "priv", &PRIV, problems);
    let priv_password = secret(&section, "priv-password", "priv-password-file", problems);
    let context = section.text("context", problems).unwrap_or_default();
    if context.len() > LONGEST_CONTEXT {
        let most = LONGEST_CONTEXT;
        section.problem(
            problems,
            format!("has a context of more than {most} octets (RFC 3411, SnmpAdminString)"),
        );
    }
    for (key, protocol, password) in
        [("auth", auth.is_some(), &auth_password), ("priv", privacy.is_some(), &priv_password)]
    {
        match (protocol, password) {
            (true, None) => section.problem(problems, format!("has {key} and no {key}-password")),
            (false, Some(_)) => {
                section.problem(problems, format!("has {key}-password and no {key}"))
            }
            (true, Some(password)) if password.expose().len() < 8 => {
                section.problem(
                    problems,
                    format!("has a {key}-password of fewer than 8 octets (RFC 3414, 11.2)"),
                );
            }
            _ => {}
        }
    }
    if privacy.is_some() && auth.is_none() {
        section.problem(
            problems,
            "has priv and no auth: privacy needs authentication (RFC 3411, 3.4.3)",
        );
    }
    section.finish(problems);
    let (auth, privacy) = (auth.zip(auth_password), privacy.zip(priv_password));
    Some(User { name: name?.into(), auth, privacy, context: context.into() })
}

fn protocol<T: Copy>(
    section: &Section<'_>,
    key: &'static str,
    known: &[(&str, T)],
    problems: &mut Problems,
) -> Option<T> {
    let found = section.take(key)?;
    let text = found.text(problems)?;
    let protocol = known.iter().find(|(name, _)| *name == text).map(|(_, protocol)| *protocol);
    if protocol.is_none() {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        found.problem(problems, format!("is {text:?}; {}", hint(text, &names)));
    }
    protocol
}

/// A secret given in place or in a file of its own.
fn secret(
    section: &Section<'_>,
    key: &'static str,
    file_key: &'static str,
    problems: &mut Problems,
) -> Option<Secret> {
    let here = section.text(key, problems);
    let file = section.take(file_key);
    if here.is_some() && file.is_some() {
        section.problem(problems, format!("has both {key} and {file_key}, one is enough"));
    }
    if let Some(found) = file {
        let path = found.text(problems)?;
        return match private::read(&found.beside(path)) {
            Ok(text) => Some(Secret::new(private::without_line_end(&text))),
            Err(what) => {
                found.problem(problems, format!("{path} {what}"));
                None
            }
        };
    }
    here.map(Secret::new)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn problems_of(text: &str) -> String {
        let mut problems = Problems::default();
        parse("snmp.toml", text, &mut problems);
        problems.to_string()
    }

    const WHOLE: &str = r#"
[[credential]]
name = "plant-v3"
prefixes = ["10.50.0.0/16"]
v3 = { user = "labuser", auth = "sha256", auth-password = "longenough", priv = "aes128", priv-password = "longenough2", context = "" }

[[credential]]
name = "old-ro"
prefixes = ["10.50.7.0/24"]
engine-ids = ["800007db0300e0fc123456"]
v2c = { community = "hush" }
"#;

    #[test]
    fn reads_the_shape_of_the_manual() {
        let mut problems = Problems::default();
        let credentials = parse("snmp.toml", WHOLE, &mut problems);
        assert_eq!(problems.to_string(), "");
        let names: Vec<&str> = credentials.iter().map(|c| c.name.as_ref()).collect();
        assert_eq!(names, ["plant-v3", "old-ro"]);
        assert_eq!(credentials[1].engine_ids.len(), 1);
        assert!(matches!(&credentials[0].login, Login::V3(user) if user.privacy.is_some()));
    }

    #[test]
    fn a_typo_names_the_nearest_key_and_its_place() {
        let text = WHOLE.replace("prefixes = [\"10.50.7", "prefixs = [\"10.50.7");
        let problems = problems_of(&text);
        assert!(problems.contains("snmp.toml:9:1: credential[2].prefixs"), "{problems}");
        assert!(problems.contains("did you mean \"prefixes\"?"), "{problems}");
    }

    #[test]
    fn every_problem_is_named_at_once_and_no_secret_is_shown() {
        let text = r#"
[[credential]]
name = "x"
prefixes = ["10.50.0.0/99"]
v3 = { user = "u", auth = "sha-256", auth-password = "hunter2", priv-password = "hunter3hunter3" }
"#;
        let problems = problems_of(text);
        for says in ["is no prefix", "did you mean \"sha256\"?", "has priv-password and no priv"] {
            assert!(problems.contains(says), "{says}: {problems}");
        }
        assert!(!problems.contains("hunter"), "{problems}");
    }

    #[test]
    fn refuses_what_is_incomplete() {
        for (text, says) in [
            ("", "holds no [[credential]]"),
            (
                "[[credential]]\nname = 3\nprefixes = []\nv2c = { community = \"c\" }",
                "must be a text",
            ),
            (
                "[[credential]]\nname = \"n\"\nprefixes = [\"10.0.0.0/8\"]",
                "has 0 of v1, v2c and v3",
            ),
            ("[[credential]]\nname = \"n\"\nv2c = { community = \"c\" }", "bound to nothing"),
            (
                "[[credential]]\nname = \"n\"\nprefixes = [\"10.0.0.0/8\"]\nv2c = {}",
                "has no community",
            ),
            (
                "[[credential]]\nname = \"n\"\nprefixes = [\"10.0.0.0/8\"]\nv3 = { user = \"u\", priv = \"des\", priv-password = \"12345678\" }",
                "needs authentication",
            ),
            (
                "[[credential]]\nname = \"n\"\nprefixes = [\"10.0.0.0/8\"]\nv3 = { user = \"u\", auth = \"md5\", auth-password = \"short\" }",
                "fewer than 8",
            ),
            (
                "[[credential]]\nname = \"n\"\nengine-ids = [\"800007db0300e0fc123456\"]\nv2c = { community = \"c\" }",
                "a claim that anybody can make: v1 and v2c need prefixes",
            ),
            (
                "[[credential]]\nname = \"n\"\nengine-ids = [\"800007db0300e0fc123456\"]\nv3 = { user = \"u\" }",
                "so does v3 without auth",
            ),
            (
                "[[credential]]\nname = \"n\"\nprefixes = [\"10.0.0.0/8\"]\nv3 = { user = \"\" }",
                "must have 1 to 32 octets",
            ),
            ("x = = 1", "is not TOML"),
        ] {
            let problems = problems_of(text);
            assert!(problems.contains(says), "{text}: {problems}");
        }
    }

    #[test]
    fn a_user_who_authenticates_may_be_bound_to_engines_alone() {
        let text = "[[credential]]\nname = \"n\"\nengine-ids = [\"800007db0300e0fc123456\"]\n\
                    v3 = { user = \"u\", auth = \"sha256\", auth-password = \"longenough\" }";
        assert_eq!(problems_of(text), "");
    }

    #[test]
    fn names_and_communities_end_where_the_protocol_ends() {
        for (login, longest, says) in [
            ("v2c = { community = \"X\" }", 255, "community of more than 255"),
            ("v3 = { user = \"u\", context = \"X\" }", 255, "context of more than 255"),
            ("v3 = { user = \"X\" }", 32, "1 to 32 octets"),
        ] {
            let text = |length: usize| {
                let login = login.replace('X', &"x".repeat(length));
                format!("[[credential]]\nname = \"n\"\nprefixes = [\"10.0.0.0/8\"]\n{login}")
            };
            assert_eq!(problems_of(&text(longest)), "");
            assert!(problems_of(&text(longest + 1)).contains(says), "{login}");
        }
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("snmp.toml");
        fs::write(&path, WHOLE).unwrap();
        for (mode, good) in
            [(0o644, false), (0o640, false), (0o602, false), (0o600, true), (0o400, true)]
        {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let mut problems = Problems::default();
            read(&path, &mut problems);
            assert_eq!(problems.is_empty(), good, "{mode:o}: {problems}");
        }
        let mut problems = Problems::default();
        read(&folder.path().join("none"), &mut problems);
        assert!(problems.to_string().contains("cannot be read"), "{problems}");
    }

    #[test]
    fn a_secret_may_stand_in_a_file_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("community");
        fs::write(&path, "hush\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let text = format!(
            "[[credential]]\nname = \"n\"\nprefixes = [\"10.0.0.0/8\"]\nv2c = {{ community-file = {:?} }}",
            path.display().to_string()
        );
        let mut problems = Problems::default();
        let credentials = parse("snmp.toml", &text, &mut problems);
        assert_eq!(problems.to_string(), "");
        assert!(matches!(&credentials[0].login, Login::V2c(secret) if secret.expose() == b"hush"));
    }
}
