//! Signatures of the minisign format (<https://jedisct1.github.io/minisign/>): four lines beside a file.
//!
//! ```text
//! untrusted comment: anybody's
//! base64 of  algorithm (2)  key id (8)  Ed25519 signature (64)
//! trusted comment: the signer's
//! base64 of  Ed25519 signature over the signature above and the trusted comment (64)
//! ```
//!
//! Algorithm `ED` signs the BLAKE2b-512 hash of the file; `Ed`, the form before 2020, the file itself. Both are
//! verified, the first is written.

use blake2::{Blake2b512, Digest};
use ed25519_dalek::{Signature as Ed25519, VerifyingKey};

use crate::error::SealError;
use crate::keys::{ED25519, KeyId};
use crate::seal::MAX_SEALED_BYTES;
use crate::text::{self, Comment, Fields, TRUSTED, UNTRUSTED};

/// The longest four lines that minisign reads.
pub const MAX_SIGNATURE_BYTES: usize = 1024 + 8192 + 256;

const PREHASHED: [u8; 2] = *b"ED";
const WHAT: &str = "signature";

/// What the signature is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The BLAKE2b-512 hash of the file.
    Prehashed,
    /// The file itself, as minisign did before 2020.
    Legacy,
}

/// A signature as it was read: nothing in it is proven yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    pub(crate) form: Form,
    pub(crate) key: KeyId,
    pub(crate) over_file: [u8; 64],
    pub(crate) over_comment: [u8; 64],
    pub(crate) untrusted: Comment,
    pub(crate) trusted: Comment,
}

/// What a signature proved: this file, and this comment, by this trusted key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "who signed a file belongs into what is said of it"]
pub struct Verified<'k> {
    /// What the operator calls the key.
    pub signer: &'k str,
    /// Its id.
    pub key: KeyId,
    /// What was signed.
    pub form: Form,
    /// What the signer says of the file; minisign writes the time and the file's name.
    pub trusted_comment: Comment,
}

impl Signature {
    /// Reads a `.minisig` file.
    pub fn parse(bytes: &[u8]) -> Result<Self, SealError> {
        let file = text::text(bytes, WHAT, MAX_SIGNATURE_BYTES)?;
        let second = "its second line should hold 100 characters of base64";
        let fourth = "its fourth line should hold 88 characters of base64";
        let [untrusted, over_file, trusted, over_comment] = text::lines(
            file,
            WHAT,
            [
                (UNTRUSTED, "its first line should start with 'untrusted comment: '"),
                ("", second),
                (TRUSTED, "its third line should start with 'trusted comment: '"),
                ("", fourth),
            ],
        )?;
        let (untrusted, trusted) = (Comment::untrusted(untrusted)?, Comment::trusted(trusted)?);
        let bytes = text::bytes::<74>(over_file, WHAT, second)?;
        let mut fields = Fields::of(&bytes[..]);
        let form = match fields.take() {
            PREHASHED => Form::Prehashed,
            ED25519 => Form::Legacy,
            found => return Err(SealError::Algorithm { what: WHAT, found, known: "ED and Ed" }),
        };
        Ok(Self {
            form,
            key: KeyId(fields.take()),
            over_file: fields.take(),
            over_comment: *text::bytes::<64>(over_comment, WHAT, fourth)?,
            untrusted,
            trusted,
        })
    }

    /// The key that it says it is by.
    pub fn key(&self) -> KeyId {
        self.key
    }

    /// What it is over.
    pub fn form(&self) -> Form {
        self.form
    }

    /// The comment that nothing protects.
    pub fn untrusted_comment(&self) -> &Comment {
        &self.untrusted
    }

    /// The comment that [`Verified`] has once it is proven.
    pub(crate) fn claimed_comment(&self) -> &Comment {
        &self.trusted
    }

    /// The four lines.
    pub fn to_file(&self) -> String {
        let algorithm = match self.form {
            Form::Prehashed => PREHASHED,
            Form::Legacy => ED25519,
        };
        format!(
            "{UNTRUSTED}{}\n{}\n{TRUSTED}{}\n{}\n",
            self.untrusted.as_str(),
            text::encode(&[&algorithm[..], &self.key.0, &self.over_file].concat()),
            self.trusted.as_str(),
            text::encode(&self.over_comment),
        )
    }

    /// First the file, then the comment: a message tells which of the two was changed.
    pub(crate) fn fits(&self, file: &[u8], key: &VerifyingKey) -> Result<(), SealError> {
        bounded(file)?;
        let over_file = Ed25519::from_bytes(&self.over_file);
        match self.form {
            Form::Prehashed => key.verify_strict(&hash(file), &over_file),
            Form::Legacy => key.verify_strict(file, &over_file),
        }
        .map_err(|_| SealError::FileChanged { key: self.key })?;
        key.verify_strict(
            &commented(&self.over_file, &self.trusted),
            &Ed25519::from_bytes(&self.over_comment),
        )
        .map_err(|_| SealError::CommentChanged { key: self.key })
    }
}

/// What the first signature is over.
pub(crate) fn hash(file: &[u8]) -> [u8; 64] {
    Blake2b512::digest(file).into()
}

/// What the second signature is over.
pub(crate) fn commented(over_file: &[u8; 64], trusted: &Comment) -> Vec<u8> {
    [&over_file[..], trusted.as_str().as_bytes()].concat()
}

/// A sealed file is the longest thing that is signed.
pub(crate) fn bounded(file: &[u8]) -> Result<(), SealError> {
    if file.len() > MAX_SEALED_BYTES {
        let (bytes, allowed) = (file.len(), MAX_SEALED_BYTES);
        return Err(SealError::TooLarge { what: "signed file", bytes, allowed });
    }
    Ok(())
}
