//! The real `minisign` and `age` of Debian, both ways. They come with install.sh; where they are missing, this fails.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use herkomst_seal::{
    Clearance, Comment, Form, Identity, MAX_TRUSTED_COMMENT, MAX_UNTRUSTED_COMMENT, PublicKey,
    SecretKey, SecretKeyFile, Shape, Signature, TrustedKeys, open, seal,
};
use tempfile::TempDir;

const PACK: &[u8] = b"id = \"acme\"\n";

/// Runs a peer in a folder; `said` is what somebody types.
fn run(folder: &Path, words: &[&str], said: &str) -> Output {
    let mut peer = Command::new(words[0])
        .args(&words[1..])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{} does not start ({e}): ./install.sh brings it", words[0]));
    // One that asks for nothing may be gone already.
    let _ = peer.stdin.take().expect("it is piped").write_all(said.as_bytes());
    peer.wait_with_output().expect("it ends")
}

fn succeeds(folder: &Path, words: &[&str], said: &str) -> Vec<u8> {
    let output = run(folder, words, said);
    assert!(
        output.status.success(),
        "{words:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder for a test");
    fs::write(folder.path().join("pack"), PACK).expect("it can be written to");
    folder
}

fn read(folder: &TempDir, name: &str) -> Vec<u8> {
    fs::read(folder.path().join(name)).expect("the peer wrote it")
}

fn write(folder: &TempDir, name: &str, bytes: impl AsRef<[u8]>) {
    fs::write(folder.path().join(name), bytes).expect("the folder can be written to");
}

#[test]
fn we_verify_what_minisign_signs() {
    let folder = folder();
    let path = folder.path();
    succeeds(path, &["minisign", "-G", "-W", "-p", "key.pub", "-s", "key"], "");
    let mut trusted = TrustedKeys::default();
    trusted.add("peer", PublicKey::parse(&read(&folder, "key.pub")).unwrap()).unwrap();
    for (more, form) in [(&[][..], Form::Prehashed), (&["-l"], Form::Legacy)] {
        let words = ["minisign", "-S", "-s", "key", "-m", "pack", "-t", "für Wien ", "-c", "x"];
        succeeds(path, &[&words[..], more].concat(), "");
        let signature = Signature::parse(&read(&folder, "pack.minisig")).unwrap();
        let verified = trusted.verify(PACK, &signature).unwrap();
        assert_eq!((verified.form, verified.trusted_comment.as_str()), (form, "für Wien "));
    }
    // The file without a password, read by us.
    let key = SecretKeyFile::parse(&read(&folder, "key")).unwrap().open(None).unwrap();
    assert_eq!(key.public().to_file().as_bytes(), read(&folder, "key.pub"));
}

#[test]
fn minisign_verifies_what_we_sign_and_refuses_what_was_changed() {
    let folder = folder();
    let key = SecretKey::generate().unwrap();
    let long = |length| "x".repeat(length);
    let (trusted, untrusted) = (long(MAX_TRUSTED_COMMENT), long(MAX_UNTRUSTED_COMMENT));
    for (trusted, untrusted) in [("timestamp:1795306092\tfile:pack", ""), (&trusted, &untrusted)] {
        let comments = (Comment::trusted(trusted).unwrap(), Comment::untrusted(untrusted).unwrap());
        let signature = key.sign(PACK, comments.0, comments.1).unwrap();
        write(&folder, "pack", PACK);
        write(&folder, "key.pub", key.public().to_file());
        write(&folder, "pack.minisig", signature.to_file());
        let file = ["minisign", "-V", "-Q", "-H", "-m", "pack", "-p", "key.pub"];
        let said = succeeds(folder.path(), &file, "");
        assert_eq!(String::from_utf8(said).unwrap().trim_end(), trusted);
        let line = key.public().to_base64();
        succeeds(folder.path(), &["minisign", "-V", "-m", "pack", "-P", &line], "");
        write(&folder, "pack", b"id = \"acmf\"\n");
        assert!(!run(folder.path(), &file, "").status.success());
    }
}

#[test]
fn minisign_signs_with_our_secret_keys() {
    let folder = folder();
    let key = SecretKey::generate().unwrap();
    for (password, said) in [(None, ""), (Some("correct horse"), "correct horse\n")] {
        write(&folder, "key", key.to_file(password).unwrap().expose());
        succeeds(folder.path(), &["minisign", "-S", "-s", "key", "-m", "pack"], said);
        let signature = Signature::parse(&read(&folder, "pack.minisig")).unwrap();
        assert!(key.public().verify("ours", PACK, &signature).is_ok());
        fs::remove_file(folder.path().join("pack.minisig")).expect("it was written");
    }
    let wrong = run(folder.path(), &["minisign", "-S", "-s", "key", "-m", "pack"], "wrong\n");
    assert!(!wrong.status.success());
}

/// A gigabyte of memory and some seconds, twice: it is what minisign asks for.
#[test]
fn we_sign_with_a_secret_key_that_minisign_encrypted() {
    let folder = folder();
    let words = ["minisign", "-G", "-p", "key.pub", "-s", "key"];
    succeeds(folder.path(), &words, "correct horse\ncorrect horse\n");
    let file = SecretKeyFile::parse(&read(&folder, "key")).unwrap();
    assert!(file.needs_password());
    let key = file.open(Some("correct horse")).unwrap();
    assert_eq!(key.public().to_file().as_bytes(), read(&folder, "key.pub"));
}

#[test]
fn we_open_what_age_seals() {
    let folder = folder();
    succeeds(folder.path(), &["age-keygen", "-o", "key"], "");
    let keys = Identity::parse_file(&read(&folder, "key")).unwrap();
    let (to, other) = (keys[0].recipient().to_string(), Identity::generate().recipient());
    let large: Vec<u8> = (0..300_000_u32).map(|at| at as u8).collect();
    for plain in [PACK, b"", &large] {
        write(&folder, "plain", plain);
        for more in [&[][..], &["-a"]] {
            let other = other.to_string();
            let words = ["age", "-r", &other, "-r", &to, "-o", "sealed", "plain"];
            succeeds(folder.path(), &[&words[..1], more, &words[1..]].concat(), "");
            let opened = open(&read(&folder, "sealed"), &keys).expect("it opens");
            let clearance = Clearance::of_reader(&keys).unwrap();
            assert!(opened.open(&clearance)[..] == *plain);
        }
    }
}

#[test]
fn age_opens_what_we_seal_and_refuses_what_was_changed() {
    let folder = folder();
    let key = Identity::generate();
    write(&folder, "key", key.to_file().expose());
    let public = succeeds(folder.path(), &["age-keygen", "-y", "key"], "");
    assert_eq!(String::from_utf8(public).unwrap().trim_end(), key.recipient().to_string());
    let words = ["age", "-d", "-i", "key", "sealed"];
    let large = vec![7; 300_000];
    for plain in [PACK, b"", &large] {
        for shape in [Shape::Binary, Shape::Armored] {
            let recipients = [Identity::generate().recipient(), key.recipient()];
            let mut sealed = seal(plain, &recipients, shape).unwrap();
            write(&folder, "sealed", &sealed);
            assert!(succeeds(folder.path(), &words, "") == plain);
            let at = sealed.len() - 50;
            sealed[at] ^= 1;
            write(&folder, "sealed", &sealed);
            assert!(!run(folder.path(), &words, "").status.success());
        }
    }
}
