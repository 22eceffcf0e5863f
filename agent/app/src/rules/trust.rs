//! Whose packs are taken: a pack from outside is one that a trusted key signed, or one that the operator allowed by the
//! name of its file. By that and not by its id, since nothing of a file is read before it is known to be trusted.
//!
//! The signature lies beside the pack, as minisign has it: `own-order.toml.minisig`. One that does not fit is refused
//! whatever the operator allowed: then the file is not what somebody signed.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use herkomst_seal::{
    MAX_KEY_BYTES, MAX_SIGNATURE_BYTES, PublicKey, SealError, SecretKeyFile, Signature, TrustedKeys,
};

use super::file::FileId;
use crate::config::bounded;

/// The keys that the operator trusts, and the packs that he allowed.
#[derive(Debug, Default)]
pub(crate) struct Trust {
    keys: TrustedKeys,
    known: Vec<PublicKey>,
    allowed: BTreeSet<FileId>,
}

/// What is known of who signed a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A trusted key did.
    Signed {
        /// Its file, as the operator named it, and its id.
        signer: String,
        /// What the signer says of the file.
        comment: String,
    },
    /// Another key did, or says so: nothing was verified.
    UnknownKey(SealError),
    /// Nobody did.
    Unsigned,
}

impl Standing {
    /// Behind the name of the file.
    pub(crate) fn in_words(&self) -> String {
        match self {
            Self::Signed { signer, comment } if comment.is_empty() => format!("signed by {signer}"),
            Self::Signed { signer, comment } => format!("signed by {signer}, who says {comment:?}"),
            Self::UnknownKey(error) => format!("not verified: {error}"),
            Self::Unsigned => "not signed".to_owned(),
        }
    }
}

impl Trust {
    /// Trusts the public key in a file. One key in two files is one key.
    pub(crate) fn trust(&mut self, path: &Path) -> Result<(), String> {
        let file = herkomst_net::open_regular(path).map_err(bounded::failed)?;
        let mode = file.metadata().map_err(bounded::failed)?.permissions().mode();
        if mode & 0o002 != 0 {
            return Err("can be written by everybody, so that trusting it is trusting anybody: chmod o-w it".to_owned());
        }
        let bytes = bytes(file, MAX_KEY_BYTES).map_err(bounded::failed)?;
        let key = PublicKey::parse(&bytes).map_err(|error| match SecretKeyFile::parse(&bytes) {
            Ok(_) => {
                "is a secret key: give its public half, and keep this one where packs are signed"
                    .to_owned()
            }
            Err(_) => error.to_string(),
        })?;
        if self.known.contains(&key) {
            return Ok(());
        }
        let name = path.display().to_string();
        self.keys.add(&name, key.clone()).map_err(|error| error.to_string())?;
        self.known.push(key);
        Ok(())
    }

    /// Allows a pack that nobody signed whom the operator trusts.
    pub(crate) fn allow(&mut self, path: &Path) {
        // The file itself, as it is now: a link on the way to it may lead elsewhere when it is read. What cannot be looked
        // at is not read either.
        if let Ok(about) = path.metadata() {
            self.allowed.insert(FileId::of(&about));
        }
    }

    /// Who signed a file of these bytes; a problem when its signature does not fit, or is none.
    pub(crate) fn standing(&self, path: &Path, file: &[u8]) -> Result<Standing, String> {
        let beside = signature_of(path);
        let wrong = |what: String| format!("its signature {} {what}", beside.display());
        let read = herkomst_net::open_regular(&beside);
        let text = match read.and_then(|file| bytes(file, MAX_SIGNATURE_BYTES)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Standing::Unsigned),
            Err(error) => return Err(wrong(bounded::failed(error))),
        };
        let signature =
            Signature::parse(&text).map_err(|error| wrong(format!("cannot be read: {error}")))?;
        match self.keys.verify(file, &signature) {
            Ok(verified) => {
                let comment = verified.trusted_comment.as_str();
                let name = name_in_comments(path);
                if let Some(signed) = name_signed(comment).filter(|signed| *signed != name) {
                    return Err(wrong(format!(
                        "is of another file: it says file:{signed:?}, and this one is named {name:?}"
                    )));
                }
                Ok(Standing::Signed {
                    signer: format!("{} (key {})", verified.signer, verified.key),
                    comment: comment.to_owned(),
                })
            }
            Err(unknown @ SealError::UnknownKey { .. }) => Ok(Standing::UnknownKey(unknown)),
            Err(error) => Err(wrong(format!("is refused: {error}"))),
        }
    }

    /// The same, for a file that rules are to be taken from: `id` is of the one that the bytes were read from.
    pub(crate) fn admit(&self, path: &Path, id: FileId, file: &[u8]) -> Result<Standing, String> {
        let standing = self.standing(path, file)?;
        if matches!(standing, Standing::Signed { .. }) || self.allowed.contains(&id) {
            return Ok(standing);
        }
        let name = path.display();
        let allow = format!("--allow-unsigned {name} takes it all the same");
        Err(match standing {
            Standing::UnknownKey(error) => format!(
                "is by nobody whom you trust: {error}; --trusted-key FILE names a key, {allow}"
            ),
            _ => format!(
                "is not signed: there is no {}, which herkomst rules sign and minisign make; {allow}",
                signature_of(path).display()
            ),
        })
    }
}

/// Where the signature of a file lies.
pub(crate) fn signature_of(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".minisig");
    name.into()
}

/// The name of a file as a comment can hold it: signs that it cannot hold are left out.
pub(crate) fn name_in_comments(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.chars().filter(|c| !c.is_control()).collect()
}

/// Which file a trusted comment says that it is of, where it does: minisign's own says so, between tabs.
fn name_signed(comment: &str) -> Option<&str> {
    comment.split('\t').find_map(|field| field.strip_prefix("file:"))
}

fn bytes(file: File, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One more than is allowed: who reads it says that it is too long.
    file.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use herkomst_seal::{Comment, SecretKey};

    use super::*;

    const PACK: &[u8] = b"id = \"own-order\"\n";

    struct Desk {
        folder: tempfile::TempDir,
        pack: PathBuf,
    }

    impl Desk {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let pack = folder.path().join("own-order.toml");
            fs::write(&pack, PACK).unwrap();
            Self { folder, pack }
        }

        fn sign(&self, key: &SecretKey) {
            self.sign_saying(key, "as delivered");
        }

        fn sign_saying(&self, key: &SecretKey, comment: &str) {
            let comment = Comment::trusted(comment).unwrap();
            let signature = key.sign(PACK, comment, Comment::untrusted("").unwrap()).unwrap();
            fs::write(signature_of(&self.pack), signature.to_file()).unwrap();
        }

        fn admitted(&self, trust: &Trust, file: &[u8]) -> Result<Standing, String> {
            trust.admit(&self.pack, FileId::of(&self.pack.metadata().unwrap()), file)
        }

        fn trusting(&self, key: &SecretKey) -> Trust {
            let path = self.folder.path().join("legal.pub");
            fs::write(&path, key.public().to_file()).unwrap();
            let mut trust = Trust::default();
            trust.trust(&path).unwrap();
            // From the flag and from the configuration.
            trust.trust(&path).unwrap();
            trust
        }
    }

    #[test]
    fn a_pack_is_taken_from_a_trusted_key_or_by_its_name() {
        let (desk, key) = (Desk::new(), SecretKey::generate().unwrap());
        let mut trust = desk.trusting(&key);
        let unsigned = desk.admitted(&trust, PACK).unwrap_err();
        assert!(
            unsigned.contains("is not signed") && unsigned.contains("--allow-unsigned"),
            "{unsigned}"
        );
        desk.sign(&key);
        let standing = desk.admitted(&trust, PACK).unwrap();
        let words = standing.in_words();
        assert!(words.contains("legal.pub (key ") && words.contains("\"as delivered\""), "{words}");
        desk.sign(&SecretKey::generate().unwrap());
        let unknown = desk.admitted(&trust, PACK).unwrap_err();
        assert!(unknown.contains("which is not trusted; trusted are"), "{unknown}");
        trust.allow(&desk.folder.path().join("./own-order.toml"));
        assert!(matches!(desk.admitted(&trust, PACK), Ok(Standing::UnknownKey(_))));
        fs::remove_file(signature_of(&desk.pack)).unwrap();
        assert_eq!(desk.admitted(&trust, PACK), Ok(Standing::Unsigned));
    }

    #[test]
    fn a_signature_that_does_not_fit_is_refused_whatever_is_allowed() {
        let (desk, key) = (Desk::new(), SecretKey::generate().unwrap());
        let mut trust = desk.trusting(&key);
        trust.allow(&desk.pack);
        desk.sign(&key);
        let changed = desk.admitted(&trust, b"id = \"own-other\"\n").unwrap_err();
        assert!(changed.contains("the file does not fit the signature"), "{changed}");
        fs::write(signature_of(&desk.pack), "untrusted comment: x\n").unwrap();
        let cut = desk.admitted(&trust, PACK).unwrap_err();
        assert!(cut.contains("own-order.toml.minisig cannot be read"), "{cut}");
        fs::remove_file(signature_of(&desk.pack)).unwrap();
        fs::create_dir(signature_of(&desk.pack)).unwrap();
        let folder = desk.admitted(&trust, PACK).unwrap_err();
        assert!(folder.contains("is no regular file"), "{folder}");
    }

    #[test]
    fn a_signature_of_another_name_is_refused_and_one_without_a_name_is_not() {
        let (desk, key) = (Desk::new(), SecretKey::generate().unwrap());
        let mut trust = desk.trusting(&key);
        trust.allow(&desk.pack);
        for comment in
            ["timestamp:1\tfile:own-order.toml\thashed", "file:own-order.toml", "profile:x"]
        {
            desk.sign_saying(&key, comment);
            assert!(
                matches!(desk.admitted(&trust, PACK), Ok(Standing::Signed { .. })),
                "{comment}"
            );
        }
        desk.sign_saying(&key, "timestamp:1\tfile:own-other.toml\thashed");
        let other = desk.admitted(&trust, PACK).unwrap_err();
        assert!(
            other.contains("file:\"own-other.toml\"") && other.contains("\"own-order.toml\""),
            "{other}"
        );
    }

    #[test]
    fn it_is_the_file_that_is_allowed_and_not_what_its_path_leads_to_later() {
        let (desk, mut trust) = (Desk::new(), Trust::default());
        trust.allow(&desk.pack);
        let evil = desk.folder.path().join("evil.toml");
        fs::write(&evil, PACK).unwrap();
        let link = desk.folder.path().join("link.toml");
        // Read while the link led there; by now it leads to the one that is allowed.
        let read = FileId::of(&evil.metadata().unwrap());
        std::os::unix::fs::symlink(&desk.pack, &link).unwrap();
        assert!(trust.admit(&link, read, PACK).unwrap_err().contains("is not signed"));
        let id = FileId::of(&link.metadata().unwrap());
        assert_eq!(trust.admit(&link, id, PACK), Ok(Standing::Unsigned));
    }

    #[test]
    fn a_key_that_is_secret_or_anybodys_is_not_trusted() {
        let (desk, key) = (Desk::new(), SecretKey::generate().unwrap());
        let path = desk.folder.path().join("legal.key");
        fs::write(&path, key.to_file(None).unwrap().expose()).unwrap();
        let mut trust = Trust::default();
        assert!(trust.trust(&path).unwrap_err().contains("is a secret key"));
        fs::write(&path, key.public().to_file()).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(trust.trust(&path).unwrap_err().contains("can be written by everybody"));
        assert!(trust.trust(&desk.pack).unwrap_err().contains("public key is not one"));
    }
}
