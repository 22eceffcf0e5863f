//! Signatures: round trips, every way in which one is refused, and a second reader that must agree.

use herkomst_seal::{
    Comment, Form, MAX_KEY_BYTES, MAX_SEALED_BYTES, MAX_SIGNATURE_BYTES, MAX_TRUSTED_COMMENT,
    MAX_UNTRUSTED_COMMENT, PublicKey, SealError, SecretKey, SecretKeyFile, Signature, TrustedKeys,
};
use proptest::prelude::*;

const PACK: &[u8] = b"id = \"acme\"\n";

/// Made by minisign 0.11 of Debian 12.
const PUBLIC: &str = "RWRTxd57KGw40c4Hsj8swsA7cQVYRudLkL3FEwzXPjRi71aUC7G3+ic5";
const OPEN_KEY: &str = "untrusted comment: minisign encrypted secret key
RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAU8XeeyhsONGNKOp6ddp+BjQ6oAKXJ5TvXD2DtKy5MMdg/l9k9szBzM4Hsj8swsA7cQVYRudLkL3FEwzXPjRi71aUC7G3+ic5AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
";
const PREHASHED: &str = "untrusted comment: signature from minisign secret key
RURTxd57KGw40Qb2KVxgD/pLO+jDGPmEwp7sDI6f6OUd4d6xoWHkaOumsfs+F0yazrvWBMDnolSeBwZvD0uUA3/8X78+4zYZagk=
trusted comment: timestamp:1795306092\tfile:f\thashed
TATqhm2RcGhP3BJZJnBiywt7bZ0BjqmkIDQh2hf5kWmki5za204n2duneOP6TiOAbBQoYqUVlH2vrhAShl4/BA==
";
const LEGACY: &str = "untrusted comment: signature from minisign secret key
RWRTxd57KGw40bUICIOgLe6aFnMKhTgLeoJipdS0Qj+30Dc5oWd0OUnpYqvzhDO+NPDfBAk9+Y2An4edgSJ2WFjTJ3c+KF2GkAQ=
trusted comment: timestamp:1795306092\tfile:f
pLY5wYwGsaIEOHFrST4vdUVSTM3JSGjv3Za4HMJvoE1KIXyGvpxu2XN0kkFyCmkgynkQ4xM8w/iX8IUKoLH9CQ==
";

fn comment(text: &str) -> Comment {
    Comment::trusted(text).expect("it is short")
}

fn sign(key: &SecretKey, file: &[u8]) -> Signature {
    key.sign(file, comment("as of 2026-11-21"), comment("a pack")).expect("it is short")
}

fn trusting(keys: &[(&str, &SecretKey)]) -> TrustedKeys {
    let mut trusted = TrustedKeys::default();
    for (name, key) in keys {
        trusted.add(name, key.public()).expect("they differ");
    }
    trusted
}

/// The four lines with one of them replaced.
fn with_line(signature: &str, at: usize, line: &str) -> String {
    let mut lines: Vec<_> = signature.lines().collect();
    lines[at] = line;
    lines.join("\n")
}

fn malformed(result: Result<Signature, SealError>) -> &'static str {
    match result {
        Err(SealError::Malformed { what: "signature", why }) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_signed_pack_verifies_and_says_who_and_what_was_said() {
    let (issuer, other) = (SecretKey::generate().unwrap(), SecretKey::generate().unwrap());
    let trusted = trusting(&[("other", &other), ("issuer", &issuer)]);
    let signature = Signature::parse(sign(&issuer, PACK).to_file().as_bytes()).unwrap();
    let verified = trusted.verify(PACK, &signature).unwrap();
    assert_eq!((verified.signer, verified.key), ("issuer", issuer.public().id()));
    assert_eq!(
        (verified.form, verified.trusted_comment.as_str()),
        (Form::Prehashed, "as of 2026-11-21")
    );
    assert_eq!(signature.untrusted_comment().as_str(), "a pack");
}

#[test]
fn both_forms_of_minisign_verify() {
    let mut trusted = TrustedKeys::default();
    trusted.add("peer", PublicKey::parse(PUBLIC.as_bytes()).unwrap()).unwrap();
    for (file, form, said) in [
        (PREHASHED, Form::Prehashed, "timestamp:1795306092\tfile:f\thashed"),
        (LEGACY, Form::Legacy, "timestamp:1795306092\tfile:f"),
    ] {
        for file in [file.to_owned(), file.replace('\n', "\r\n"), file.trim_end().to_owned()] {
            let signature = Signature::parse(file.as_bytes()).unwrap();
            let verified = trusted.verify(b"hi\n", &signature).unwrap();
            assert_eq!((verified.form, verified.trusted_comment.as_str()), (form, said));
            assert_eq!(
                trusted.verify(b"hi", &signature),
                Err(SealError::FileChanged { key: signature.key() })
            );
        }
        assert_eq!(Signature::parse(file.as_bytes()).unwrap().to_file(), file);
    }
}

#[test]
fn a_secret_key_of_minisign_without_a_password_signs_what_its_public_key_verifies() {
    let file = SecretKeyFile::parse(OPEN_KEY.as_bytes()).unwrap();
    assert!(!file.needs_password());
    let key = file.open(None).unwrap();
    assert_eq!(key.public().to_base64(), PUBLIC);
    assert_eq!(key.public().id().to_string(), "D1386C287BDEC553");
    // Ed25519 signatures leave nothing to chance: ours is theirs.
    let comments = ("timestamp:1795306092\tfile:f\thashed", "signature from minisign secret key");
    let ours =
        key.sign(b"hi\n", comment(comments.0), Comment::untrusted(comments.1).unwrap()).unwrap();
    assert_eq!(ours.to_file(), PREHASHED);
}

#[test]
fn an_unknown_key_and_another_key_are_told_apart_from_a_changed_file() {
    let (issuer, stranger) = (SecretKey::generate().unwrap(), SecretKey::generate().unwrap());
    let signature = sign(&stranger, PACK);
    let refused = trusting(&[("issuer", &issuer)]).verify(PACK, &signature).unwrap_err();
    let (theirs, ours) = (stranger.public().id(), issuer.public().id());
    assert_eq!(
        refused.to_string(),
        format!(
            "the signature is by key {theirs}, which is not trusted; trusted are issuer ({ours})"
        )
    );
    let refused = TrustedKeys::default().verify(PACK, &signature).unwrap_err();
    assert!(refused.to_string().ends_with("not trusted; no key is"), "{refused}");
    assert_eq!(
        issuer.public().verify("issuer", PACK, &signature),
        Err(SealError::KeyMismatch { signed_by: theirs, expected: ours })
    );
}

#[test]
fn a_key_that_takes_the_id_of_a_trusted_one_proves_nothing() {
    let (issuer, thief) = (SecretKey::generate().unwrap(), SecretKey::generate().unwrap());
    let id = |key: &SecretKey| key.public().id();
    // The id lies in the open, before the signature: bytes 2 to 9 of the second line.
    let (theirs, ours) = (sign(&thief, PACK).to_file(), sign(&issuer, PACK).to_file());
    let second = |file: &str| file.lines().nth(1).unwrap().to_owned();
    let mut line = base64(&second(&theirs));
    line[2..10].copy_from_slice(&base64(&second(&ours))[2..10]);
    let forged = with_line(&theirs, 1, &to_base64(&line));
    let forged = Signature::parse(forged.as_bytes()).unwrap();
    assert_eq!(forged.key(), id(&issuer));
    assert_eq!(
        trusting(&[("issuer", &issuer)]).verify(PACK, &forged),
        Err(SealError::FileChanged { key: id(&issuer) })
    );
}

fn base64(text: &str) -> Vec<u8> {
    use ::base64::Engine;
    ::base64::engine::general_purpose::STANDARD.decode(text).expect("it is base64")
}

fn to_base64(bytes: &[u8]) -> String {
    use ::base64::Engine;
    ::base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[test]
fn a_changed_trusted_comment_is_told_and_a_changed_untrusted_one_is_nobodys_business() {
    let key = SecretKey::generate().unwrap();
    let (trusted, file) = (trusting(&[("issuer", &key)]), sign(&key, PACK).to_file());
    for line in ["trusted comment: as of 2027-11-21", "trusted comment: as of 2026-11-21 "] {
        let changed = Signature::parse(with_line(&file, 2, line).as_bytes()).unwrap();
        let id = key.public().id();
        assert_eq!(trusted.verify(PACK, &changed), Err(SealError::CommentChanged { key: id }));
    }
    let other = with_line(&file, 0, "untrusted comment: anybody's");
    assert!(trusted.verify(PACK, &Signature::parse(other.as_bytes()).unwrap()).is_ok());
}

#[test]
fn a_signature_of_another_algorithm_is_refused_by_its_letters() {
    let file = sign(&SecretKey::generate().unwrap(), PACK).to_file();
    let mut line = base64(file.lines().nth(1).unwrap());
    line[..2].copy_from_slice(b"E\n");
    let refused = Signature::parse(with_line(&file, 1, &to_base64(&line)).as_bytes()).unwrap_err();
    assert_eq!(refused.to_string(), "the signature is of algorithm E\\n, known are ED and Ed");
    let mut key = base64(PUBLIC);
    key[..2].copy_from_slice(b"ED");
    let refused = PublicKey::parse(to_base64(&key).as_bytes()).unwrap_err();
    assert_eq!(refused.to_string(), "the public key is of algorithm ED, known are Ed");
}

#[test]
fn text_that_is_no_signature_is_refused_with_what_would_be_right() {
    let file = sign(&SecretKey::generate().unwrap(), PACK).to_file();
    let parse = |text: String| Signature::parse(text.as_bytes());
    assert!(malformed(parse(String::new())).contains("first line should start"));
    assert!(malformed(parse(with_line(&file, 0, "comment: x"))).contains("first line"));
    assert!(malformed(parse(with_line(&file, 1, "RUR"))).contains("second line should hold 100"));
    assert!(malformed(parse(with_line(&file, 2, "x"))).contains("third line"));
    // The length at which a crate that does this ends the program instead (minisign 0.10.0).
    assert!(malformed(parse(with_line(&file, 3, "AAAA"))).contains("fourth line should hold 88"));
    assert!(malformed(parse(format!("{file}more"))).contains("goes on"));
    assert!(malformed(Signature::parse(b"\xff")).contains("UTF-8"));
    assert_eq!(
        parse(with_line(&file, 2, "trusted comment: \u{1b}[2J")),
        Err(SealError::Malformed {
            what: "trusted comment",
            why: "it has a control character; allowed is one line of text, and tabs"
        })
    );
}

#[test]
fn comments_files_and_keys_are_bounded() {
    let too_large = |what, bytes, allowed| SealError::TooLarge { what, bytes, allowed };
    let (long, most) = ("x".repeat(MAX_TRUSTED_COMMENT + 1), MAX_TRUSTED_COMMENT);
    assert!(Comment::trusted(&long[1..]).is_ok());
    assert_eq!(Comment::trusted(&long), Err(too_large("trusted comment", most + 1, most)));
    let most = MAX_UNTRUSTED_COMMENT;
    assert!(Comment::untrusted(&long[..most]).is_ok());
    assert_eq!(
        Comment::untrusted(&long[..=most]),
        Err(too_large("untrusted comment", most + 1, most))
    );
    let huge = vec![b'x'; 100_000_000];
    assert_eq!(
        Signature::parse(&huge),
        Err(too_large("signature", huge.len(), MAX_SIGNATURE_BYTES))
    );
    assert_eq!(PublicKey::parse(&huge), Err(too_large("public key", huge.len(), MAX_KEY_BYTES)));
    assert_eq!(
        SecretKeyFile::parse(&huge).err(),
        Some(too_large("secret key", huge.len(), MAX_KEY_BYTES))
    );
    let key = SecretKey::generate().unwrap();
    let refused = too_large("signed file", huge.len(), MAX_SEALED_BYTES);
    assert_eq!(
        trusting(&[("issuer", &key)]).verify(&huge, &sign(&key, PACK)),
        Err(refused.clone())
    );
    assert_eq!(key.sign(&huge, comment(""), comment("")), Err(refused));
}

#[test]
fn two_trusted_keys_of_one_name_or_id_are_refused() {
    let (one, two) = (SecretKey::generate().unwrap(), SecretKey::generate().unwrap());
    let mut trusted = trusting(&[("one", &one)]);
    for (name, key) in [("one", &two), ("again", &one)] {
        let refused = trusted.add(name, key.public()).unwrap_err();
        assert!(refused.to_string().ends_with("of trusted key one"), "{refused}");
    }
    trusted.add("two", two.public()).unwrap();
    assert_eq!(trusted.len(), 2);
}

#[test]
fn a_public_key_is_read_as_a_file_and_as_the_line_that_people_copy() {
    let key = SecretKey::generate().unwrap().public();
    for text in [key.to_file(), key.to_base64(), format!(" {}\n", key.to_base64())] {
        assert_eq!(PublicKey::parse(text.as_bytes()).unwrap(), key, "{text}");
    }
    // The neutral point: one signature would fit every file.
    let mut weak = base64(PUBLIC);
    weak[10..].fill(0);
    weak[10] = 1;
    let refused = PublicKey::parse(to_base64(&weak).as_bytes()).unwrap_err();
    assert!(refused.to_string().contains("no point of its curve"), "{refused}");
}

#[test]
fn a_secret_key_file_that_was_changed_is_refused() {
    let key = SecretKey::generate().unwrap();
    let file = key.to_file(None).unwrap();
    let text = file.expose();
    let bytes = base64(text.lines().nth(1).unwrap());
    let changed = |at: usize, to: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = to;
        let file = with_line(text, 1, &to_base64(&bytes));
        SecretKeyFile::parse(file.as_bytes()).and_then(|file| file.open(None)).err().unwrap()
    };
    assert!(changed(0, b'X').to_string().contains("algorithm Xd"));
    assert!(changed(2, b'S').to_string().contains("algorithm S\\x00"));
    assert!(changed(4, b'X').to_string().contains("algorithm X2"));
    assert!(changed(60, bytes[60] ^ 1).to_string().contains("checksum does not fit"));
    // Without a checksum, as minisign writes it, the two halves are compared.
    let mut bytes = base64(OPEN_KEY.lines().nth(1).unwrap());
    bytes[70] ^= 1;
    let file = with_line(OPEN_KEY, 1, &to_base64(&bytes));
    let refused = SecretKeyFile::parse(file.as_bytes()).unwrap().open(None).err().unwrap();
    assert!(refused.to_string().contains("public half"), "{refused}");
    // Costs are bounded before anything is derived.
    let mut bytes = base64(OPEN_KEY.lines().nth(1).unwrap());
    bytes[2..4].copy_from_slice(b"Sc");
    bytes[38..54].fill(0xff);
    let refused = SecretKeyFile::parse(with_line(OPEN_KEY, 1, &to_base64(&bytes)).as_bytes());
    assert!(matches!(refused.err(), Some(SealError::TooCostly { .. })));
    bytes[38..54].fill(0);
    let free = SecretKeyFile::parse(with_line(OPEN_KEY, 1, &to_base64(&bytes)).as_bytes()).unwrap();
    assert!(free.open(Some("x")).is_err(), "no memory at all");
}

#[test]
fn cut_or_changed_at_any_byte_no_signature_and_no_key_ends_the_program_and_none_verifies() {
    let key = SecretKey::generate().unwrap();
    let (trusted, file) = (trusting(&[("issuer", &key)]), sign(&key, PACK).to_file());
    let public = key.public();
    let first = file.find('\n').unwrap();
    for at in 0..file.len() - 1 {
        let cut = Signature::parse(&file.as_bytes()[..at]);
        assert!(cut.is_err() || trusted.verify(PACK, &cut.unwrap()).is_err(), "cut at {at}");
        for bit in [1, 0x20, 0x80] {
            let mut changed = file.clone().into_bytes();
            changed[at] ^= bit;
            let proven = Signature::parse(&changed)
                .and_then(|signature| trusted.verify(PACK, &signature).map(|_| ()));
            assert!(proven.is_err() || at < first, "byte {at}, bit {bit:#x}");
        }
    }
    let (public_file, secret_file) = (public.to_file(), key.to_file(None).unwrap());
    for at in 0..public_file.len() - 1 {
        assert!(PublicKey::parse(&public_file.as_bytes()[..at]).is_err(), "cut at {at}");
    }
    for at in 0..secret_file.expose().len() - 1 {
        let cut = &secret_file.expose().as_bytes()[..at];
        assert!(SecretKeyFile::parse(cut).is_err(), "cut at {at}");
    }
}

proptest! {
    /// minisign-verify is by the author of minisign. It may accept more (it reads no comment closely), never less.
    #[test]
    fn what_verifies_here_verifies_with_minisign_verify(
        file in any::<Vec<u8>>(),
        said in "[^\\p{Cc}]{0,40}",
        change in proptest::option::of((0_usize..400, 0_u8..8)),
    ) {
        let key = SecretKey::generate().unwrap();
        let signature = key.sign(&file, comment(&said), comment("x")).unwrap();
        let mut text = signature.to_file().into_bytes();
        if let Some((at, bit)) = change {
            let at = at % text.len();
            text[at] ^= 1 << bit;
        }
        let ours = Signature::parse(&text)
            .and_then(|s| key.public().verify("key", &file, &s).map(|_| ()));
        let theirs = String::from_utf8(text).ok().is_some_and(|text| {
            let public = minisign_verify::PublicKey::from_base64(&key.public().to_base64()).unwrap();
            minisign_verify::Signature::decode(&text)
                .is_ok_and(|s| public.verify(&file, &s, true).is_ok())
        });
        prop_assert!(change.is_some() || (ours.is_ok() && theirs));
        prop_assert!(ours.is_err() || theirs);
    }

    #[test]
    fn no_bytes_end_the_program(bytes in any::<Vec<u8>>(), text in "(un)?trusted comment: .{0,20}\n.{0,120}\n") {
        for bytes in [&bytes[..], text.as_bytes()] {
            let _ = Signature::parse(bytes);
            let _ = PublicKey::parse(bytes);
            let _ = SecretKeyFile::parse(bytes);
        }
    }
}
