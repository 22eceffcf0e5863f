//! Seals: round trips, every way in which one is refused, and nothing half-loaded.

use std::time::Duration;

use herkomst_seal::canary::Canary;
use herkomst_seal::{
    Clearance, Identity, MAX_IDENTITIES, MAX_IDENTITY_BYTES, MAX_PLAIN_BYTES, MAX_RECIPIENTS,
    MAX_SEALED_BYTES, Recipient, SealError, Shape, looks_sealed, open, seal,
};
use proptest::prelude::*;

const SHAPES: [Shape; 2] = [Shape::Binary, Shape::Armored];
const MAC: &str = "EmECAEcKN+n/Vs9SbWiV+Hu0r+E8R77DdWYyd83nw7U=";
const PACK: &[u8] = b"id = \"acme\"\n";

fn cleared() -> Clearance {
    Clearance::of_output(true).expect("it is marked")
}

fn opened(sealed: &[u8], key: &Identity) -> Result<Vec<u8>, SealError> {
    let keys = [key_again(key)];
    open(sealed, &keys).map(|plain| plain.open(&cleared()).to_vec())
}

/// Keys are not cloned; their files are read again.
fn key_again(key: &Identity) -> Identity {
    Identity::parse_file(key.to_file().expose().as_bytes()).expect("it is a key").remove(0)
}

fn refused(sealed: &[u8], key: &Identity) -> SealError {
    opened(sealed, key).expect_err("it is refused")
}

/// Generous: what these tests are afraid of takes minutes.
#[expect(clippy::disallowed_methods, reason = "a test of how long something takes")]
fn refused_at_once(sealed: &[u8], key: &Identity) -> SealError {
    let start = std::time::Instant::now();
    let error = refused(sealed, key);
    assert!(start.elapsed() < Duration::from_secs(5), "it took {:?}", start.elapsed());
    error
}

#[test]
fn each_recipient_opens_it_alone_and_nobody_else_does() {
    let (one, two, other) = (Identity::generate(), Identity::generate(), Identity::generate());
    for shape in SHAPES {
        let sealed = seal(PACK, &[one.recipient(), two.recipient()], shape).unwrap();
        assert!(looks_sealed(&sealed) && !looks_sealed(PACK));
        assert_eq!(opened(&sealed, &one).unwrap(), PACK);
        assert_eq!(opened(&sealed, &two).unwrap(), PACK);
        assert_eq!(refused(&sealed, &other), SealError::OtherKey);
        assert_eq!(open(&sealed, &[]).err(), Some(SealError::OtherKey));
        let keys = [other.to_file(), two.to_file()].map(|file| file.expose().to_owned()).concat();
        let keys = Identity::parse_file(keys.as_bytes()).unwrap();
        assert!(open(&sealed, &keys).is_ok(), "a host's older key is looked at too");
    }
}

#[test]
fn lengths_around_the_chunks_of_age_come_back_whole() {
    let key = Identity::generate();
    for length in [0, 1, 47, 48, 49, 65535, 65536, 65537, 131_072, 200_000] {
        let plain: Vec<u8> = (0..length).map(|at| at as u8).collect();
        for shape in SHAPES {
            let sealed = seal(&plain, &[key.recipient()], shape).unwrap();
            assert!(opened(&sealed, &key).unwrap() == plain, "{length} bytes, {shape:?}");
        }
    }
}

#[test]
fn sixteen_megabytes_are_sealed_and_a_byte_more_is_not() {
    let key = Identity::generate();
    let mut plain = vec![7; MAX_PLAIN_BYTES];
    for shape in SHAPES {
        let sealed = seal(&plain, &[key.recipient()], shape).unwrap();
        assert!(sealed.len() <= MAX_SEALED_BYTES);
        assert!(opened(&sealed, &key).unwrap() == plain);
        // With the line ends of another system, still.
        if shape == Shape::Armored {
            let sealed = String::from_utf8(sealed).unwrap().replace('\n', "\r\n");
            assert!(sealed.len() <= MAX_SEALED_BYTES);
            assert!(opened(sealed.as_bytes(), &key).unwrap() == plain);
        }
    }
    plain.push(7);
    let (what, bytes, allowed) = ("file to seal", plain.len(), MAX_PLAIN_BYTES);
    assert_eq!(
        seal(&plain, &[key.recipient()], Shape::Binary),
        Err(SealError::TooLarge { what, bytes, allowed })
    );
}

#[test]
fn a_hundred_megabytes_and_seventeen_are_refused_when_they_come_from_elsewhere() {
    let key = Identity::generate();
    let elsewhere = |length| {
        let recipient: age::x25519::Recipient = key.recipient().to_string().parse().unwrap();
        age::encrypt(&recipient, &vec![7; length]).unwrap()
    };
    let huge = elsewhere(100_000_000);
    let (what, allowed) = ("sealed file", MAX_SEALED_BYTES);
    assert_eq!(
        refused_at_once(&huge, &key),
        SealError::TooLarge { what, bytes: huge.len(), allowed }
    );
    // Short enough to be the armour of an allowed one, but binary.
    let (what, bytes, allowed) =
        ("content of the sealed file", MAX_PLAIN_BYTES + 1, MAX_PLAIN_BYTES);
    assert_eq!(refused(&elsewhere(bytes), &key), SealError::TooLarge { what, bytes, allowed });
}

#[test]
fn a_header_without_end_is_refused_before_it_is_read() {
    let key = Identity::generate();
    let stanza = "-> X25519 TEiF0ypqr+bpvcqXNyCVJpL7OuwPdVwPL7KQEbFDOCc\n\
                  EmECAEcKN+n/Vs9SbWiV+Hu0r+E8R77DdWYyd83nw7U\n";
    let hostile = format!("age-encryption.org/v1\n{}", stanza.repeat(100_000));
    let what = "header of the sealed file";
    let (bytes, allowed) = (hostile.len(), 16 * 1024);
    assert_eq!(
        refused_at_once(hostile.as_bytes(), &key),
        SealError::TooLarge { what, bytes, allowed }
    );
    // The most that is read, and one more.
    let of = |stanzas: &str| format!("age-encryption.org/v1\n{stanzas}--- {}\n{MAC}", &MAC[..43]);
    let most = of(&stanza.repeat(MAX_RECIPIENTS + 1));
    assert_eq!(refused_at_once(most.as_bytes(), &key), SealError::OtherKey);
    let (recipients, allowed) = (MAX_RECIPIENTS + 2, MAX_RECIPIENTS);
    let more = of(&stanza.repeat(recipients));
    assert_eq!(
        refused_at_once(more.as_bytes(), &key),
        SealError::Recipients { recipients, allowed }
    );
    // Many that are short.
    let recipients = 2_700;
    let hostile = of(&"-> a\n\n".repeat(recipients));
    assert_eq!(
        refused_at_once(hostile.as_bytes(), &key),
        SealError::Recipients { recipients, allowed }
    );
    // And few that are long: of many lines, and of many arguments.
    let line = format!("{}\n", "A".repeat(64));
    for long in [format!("-> a\n{}\n", line.repeat(245)), format!("->{}\n\n", " a".repeat(8_000))] {
        assert_eq!(refused_at_once(of(&long).as_bytes(), &key), SealError::OtherKey);
    }
}

#[test]
fn what_is_no_sealed_file_is_told_from_one_that_is_cut_or_of_another_time() {
    let key = Identity::generate();
    let said = |bytes: &[u8]| refused(bytes, &key).to_string();
    for bytes in [&b""[..], PACK, b"age", b"\xff\xfe", b"-----BEGIN PGP MESSAGE-----\n"] {
        assert_eq!(refused(bytes, &key), SealError::NotSealed);
    }
    assert_eq!(refused(b"age-encryption.org/v2\n-> x\n\n--- x\n", &key), SealError::OtherVersion);
    assert_eq!(said(b"age-encryption.org/v1"), "the sealed file is cut short in its first line");
    assert_eq!(said(b"age-encryption.org/v1\n-> X"), "the sealed file is cut short in its header");
    let sealed = seal(PACK, &[key.recipient()], Shape::Armored).unwrap();
    let cut = said(&sealed[..sealed.len() - 9]);
    assert!(cut.contains("the END line is missing"), "{cut}");
    let text = String::from_utf8(sealed).unwrap();
    let changed = said(text.replacen('\n', "\n*", 1).as_bytes());
    assert_eq!(changed, "the armour of the sealed file was changed or is cut short");
    assert!(said(format!("{text}more").as_bytes()).contains("END line"));
    assert!(opened(format!("{text}\n \n").as_bytes(), &key).is_ok());
}

#[test]
fn a_passphrase_is_told() {
    let mut recipient = age::scrypt::Recipient::new("x".to_owned().into());
    recipient.set_work_factor(2);
    let sealed = age::encrypt(&recipient, PACK).unwrap();
    assert_eq!(refused(&sealed, &Identity::generate()), SealError::Passphrase);
}

#[test]
fn cut_or_changed_at_any_byte_nothing_comes_out_and_nothing_ends_the_program() {
    let key = Identity::generate();
    for shape in SHAPES {
        let sealed = seal(PACK, &[key.recipient()], shape).unwrap();
        let end = sealed.trim_ascii_end().len();
        for at in 0..end {
            assert!(opened(&sealed[..at], &key).is_err(), "{shape:?} cut at {at}");
            for bit in [1, 0x20, 0x80] {
                let mut changed = sealed.clone();
                changed[at] ^= bit;
                assert!(opened(&changed, &key).is_err(), "{shape:?}, byte {at}, bit {bit:#x}");
            }
        }
    }
}

#[test]
fn a_file_cut_between_two_chunks_is_cut_short_and_gives_not_even_the_first() {
    let key = Identity::generate();
    let sealed = seal(&vec![7; 200_000], &[key.recipient()], Shape::Binary).unwrap();
    let content = sealed.len() - (200_000 + 4 * 16);
    let cut = |at: usize| refused(&sealed[..at], &key);
    assert_eq!(cut(content + 2 * 65552), SealError::CutShort { part: "content" });
    assert_eq!(cut(content + 65000), SealError::Changed { part: "content" });
    assert_eq!(cut(content), SealError::CutShort { part: "content" });
    assert_eq!(cut(content - 1), SealError::CutShort { part: "header" });
    let more = [&sealed[..], b"x"].concat();
    assert_eq!(refused(&more, &key), SealError::Changed { part: "content" });
}

#[test]
fn recipients_are_one_or_more_and_not_too_many() {
    let one = Identity::generate().recipient();
    let refused = |recipients: &[Recipient]| seal(PACK, recipients, Shape::Binary).err();
    let (allowed, many) = (MAX_RECIPIENTS, vec![one; MAX_RECIPIENTS + 1]);
    assert_eq!(refused(&[]), Some(SealError::Recipients { recipients: 0, allowed }));
    let recipients = many.len();
    assert_eq!(refused(&many), Some(SealError::Recipients { recipients, allowed }));
    let key = Identity::generate();
    let mut most = many[2..].to_vec();
    most.push(key.recipient());
    assert_eq!(most.len(), MAX_RECIPIENTS);
    assert_eq!(opened(&seal(PACK, &most, Shape::Binary).unwrap(), &key).unwrap(), PACK);
}

#[test]
fn a_secret_key_given_as_a_recipient_is_not_repeated() {
    let key = Identity::generate();
    let secret = key.to_file().expose().lines().nth(1).unwrap().to_owned();
    for text in [
        secret.clone(),
        secret.to_lowercase(),
        format!(" {secret}\n"),
        format!("\u{feff}{secret}"),
        format!("\"{secret}\""),
        format!("identity = {secret}"),
        format!("# public key: age1x\n{secret}"),
    ] {
        assert_eq!(text.parse::<Recipient>(), Err(SealError::SecretAsRecipient));
    }
    let refused = "age1x".parse::<Recipient>().unwrap_err();
    assert!(refused.to_string().starts_with("\"age1x\" is no age recipient"), "{refused}");
    let long = "ä".repeat(1000).parse::<Recipient>().unwrap_err().to_string();
    assert!(long.len() < 300, "{long}");
    assert_eq!(key.recipient().to_string().parse(), Ok(key.recipient()));
}

#[test]
fn host_key_files_are_refused_by_line_and_never_quoted() {
    let file = Identity::generate().to_file();
    let secret = file.expose().lines().nth(1).unwrap();
    let refused = |text: &str| Identity::parse_file(text.as_bytes()).err().unwrap();
    let broken = format!("# mine\n\n{}\n", &secret[..40]);
    assert_eq!(refused(&broken), SealError::NoIdentity { line: 3 });
    assert!(!format!("{:?} {}", refused(&broken), refused(&broken)).contains(&secret[20..30]));
    let allowed = MAX_IDENTITIES;
    assert_eq!(refused("# nothing\n"), SealError::Identities { keys: 0, allowed });
    let many = format!("{secret}\n").repeat(MAX_IDENTITIES + 1);
    assert_eq!(refused(&many), SealError::Identities { keys: MAX_IDENTITIES + 1, allowed });
    let (bytes, allowed) = (MAX_IDENTITY_BYTES + 1, MAX_IDENTITY_BYTES);
    assert_eq!(
        refused(&"#".repeat(bytes)),
        SealError::TooLarge { what: "host key file", bytes, allowed }
    );
    for at in 0..secret.len() {
        assert!(Identity::parse_file(&secret.as_bytes()[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn no_name_of_a_sealed_pack_is_in_the_seal_or_in_any_refusal() {
    let (canary, key) = (Canary::new("Zyzzqvyx7Qwkfjordz"), Identity::generate());
    let pack = format!("vendors = [\"{}\"]", canary.name());
    for shape in SHAPES {
        let sealed = seal(pack.as_bytes(), &[key.recipient()], shape).unwrap();
        canary.assert_absent("the sealed file", &sealed);
        for at in (0..sealed.len()).step_by(3) {
            let mut changed = sealed.clone();
            changed[at] ^= 4;
            if let Err(error) = opened(&changed, &key) {
                canary.assert_absent("a refusal", format!("{error} {error:?}").as_bytes());
            }
        }
    }
}

proptest! {
    #[test]
    fn what_is_sealed_comes_back(plain in any::<Vec<u8>>(), armored in any::<bool>()) {
        let key = Identity::generate();
        let shape = SHAPES[usize::from(armored)];
        let sealed = seal(&plain, &[key.recipient()], shape).unwrap();
        prop_assert_eq!(opened(&sealed, &key).unwrap(), plain);
    }

    /// Bytes put in place of others, of another length too, anywhere in it.
    #[test]
    fn a_patched_file_does_not_open_and_does_not_end_the_program(
        armored in any::<bool>(),
        at in any::<proptest::sample::Index>(),
        (gone, put) in (0_usize..80, any::<Vec<u8>>()),
        again in any::<bool>(),
    ) {
        let key = Identity::generate();
        let sealed = seal(PACK, &[key.recipient()], SHAPES[usize::from(armored)]).unwrap();
        let at = at.index(sealed.len());
        let end = (at + gone).min(sealed.len());
        // Or a piece of the file once more, elsewhere.
        let put = if again { &sealed[end..] } else { &put[..] };
        let patched = [&sealed[..at], put, &sealed[end..]].concat();
        let same = patched.trim_ascii_end() == sealed.trim_ascii_end();
        prop_assert!(same || opened(&patched, &key).is_err());
    }

    #[test]
    fn no_bytes_end_the_program(rest in any::<Vec<u8>>()) {
        let key = [Identity::generate()];
        for start in [
            &b""[..],
            b"age-encryption.org/v1\n",
            b"age-encryption.org/v1\n-> X25519 ",
            b"-----BEGIN AGE ENCRYPTED FILE-----\n",
        ] {
            for end in [&b""[..], b"\n--- ", b"\n-----END AGE ENCRYPTED FILE-----\n"] {
                prop_assert!(open(&[start, &rest, end].concat(), &key).is_err());
            }
            let _ = Identity::parse_file(&rest);
        }
    }
}
