//! Public keys of the minisign format, and the set of them that an operator trusts, each by a name of his.

use std::collections::BTreeMap;
use std::fmt;

use ed25519_dalek::VerifyingKey;

use crate::error::SealError;
use crate::signature::{Signature, Verified};
use crate::text::{self, Fields, UNTRUSTED};

/// More than the two lines of a public key need.
pub const MAX_KEY_BYTES: usize = 2048;
/// Ed25519, in a key and in a signature over the file itself.
pub(crate) const ED25519: [u8; 2] = *b"Ed";

const WHAT: &str = "public key";
const BASE64: &str = "it should hold 56 characters of base64, as minisign writes them";

/// Eight random bytes that name a key; no proof of anything.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub(crate) [u8; 8]);

impl fmt::Display for KeyId {
    /// As minisign prints it: the bytes as one little-endian number, without zeros in front.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:X}", u64::from_le_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// What a signature is verified with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    pub(crate) id: KeyId,
    pub(crate) key: VerifyingKey,
}

impl PublicKey {
    /// Reads a `.pub` file of minisign, or its second line alone.
    pub fn parse(bytes: &[u8]) -> Result<Self, SealError> {
        let file = text::text(bytes, WHAT, MAX_KEY_BYTES)?;
        let encoded = if file.trim_end().contains('\n') {
            let first = "its first line should start with 'untrusted comment: '";
            text::lines(file, WHAT, [(UNTRUSTED, first), ("", BASE64)])?[1]
        } else {
            file.trim()
        };
        let bytes = text::bytes::<42>(encoded, WHAT, BASE64)?;
        let mut fields = Fields::of(&bytes[..]);
        let (algorithm, id) = (fields.take(), KeyId(fields.take()));
        if algorithm != ED25519 {
            return Err(SealError::Algorithm { what: WHAT, found: algorithm, known: "Ed" });
        }
        // A weak key is one for which a signature fits many files.
        let key = VerifyingKey::from_bytes(&fields.take())
            .ok()
            .filter(|key| !key.is_weak())
            .ok_or(SealError::Malformed { what: WHAT, why: "it is no point of its curve" })?;
        Ok(Self { id, key })
    }

    /// The id that signatures name it by.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The line that people copy.
    pub fn to_base64(&self) -> String {
        text::encode(&[&ED25519[..], &self.id.0, self.key.as_bytes()].concat())
    }

    /// The file as minisign writes it.
    pub fn to_file(&self) -> String {
        format!("{UNTRUSTED}minisign public key {}\n{}\n", self.id, self.to_base64())
    }

    /// Verifies a file with this key alone; `name` is what the operator calls it.
    pub fn verify<'k>(
        &self,
        name: &'k str,
        file: &[u8],
        signature: &Signature,
    ) -> Result<Verified<'k>, SealError> {
        if signature.key() != self.id {
            let (signed_by, expected) = (signature.key(), self.id);
            return Err(SealError::KeyMismatch { signed_by, expected });
        }
        signature.fits(file, &self.key)?;
        Ok(Verified {
            signer: name,
            key: self.id,
            form: signature.form(),
            trusted_comment: signature.claimed_comment().clone(),
        })
    }
}

/// The keys that the operator trusts. Empty, it trusts nobody.
#[derive(Debug, Clone, Default)]
pub struct TrustedKeys(BTreeMap<KeyId, (String, PublicKey)>);

impl TrustedKeys {
    /// Adds a key by a name. Neither name nor id may be there already: a message that names one must mean one.
    pub fn add(&mut self, name: &str, key: PublicKey) -> Result<(), SealError> {
        if let Some((other, _)) =
            self.0.values().find(|(there, it)| there == name || it.id == key.id)
        {
            let (name, other) = (name.to_owned(), other.clone());
            return Err(SealError::TrustedTwice { name, id: key.id, other });
        }
        self.0.insert(key.id, (name.to_owned(), key));
        Ok(())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nobody is trusted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Verifies a file with the key that its signature names, if that one is trusted.
    pub fn verify(&self, file: &[u8], signature: &Signature) -> Result<Verified<'_>, SealError> {
        match self.0.get(&signature.key()) {
            Some((name, key)) => key.verify(name, file, signature),
            None => {
                Err(SealError::UnknownKey { signed_by: signature.key(), trusted: self.in_words() })
            }
        }
    }

    fn in_words(&self) -> String {
        if self.is_empty() {
            return "no key is".to_owned();
        }
        let mut words: Vec<_> =
            self.0.values().take(8).map(|(name, key)| format!("{name} ({})", key.id)).collect();
        if self.len() > words.len() {
            words.push(format!("{} more", self.len() - words.len()));
        }
        format!("trusted are {}", words.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_written_as_minisign_writes_it() {
        assert_eq!(
            KeyId([0x72, 0x6b, 0x02, 0xa3, 0x81, 0x27, 0x95, 0x0d]).to_string(),
            "D952781A3026B72"
        );
    }
}
