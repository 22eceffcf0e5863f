//! All that can be wrong with a signature, a key or a seal. No message holds a key, a password or plain text.

use thiserror::Error;

use crate::keys::KeyId;

/// Why something was neither signed, verified, sealed nor opened.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SealError {
    /// More bytes than are read at all.
    #[error("the {what} has {bytes} bytes, allowed are at most {allowed}")]
    TooLarge {
        /// What it is.
        what: &'static str,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        allowed: usize,
    },
    /// A text of the minisign format that does not have its form.
    #[error("the {what} is not one: {why}")]
    Malformed {
        /// What it should have been.
        what: &'static str,
        /// What is wrong, and what would be right.
        why: &'static str,
    },
    /// Neither Ed25519 over the hash of the file nor over the file itself.
    #[error(
        "the {what} is of algorithm {}, known are {known}", found.escape_ascii()
    )]
    Algorithm {
        /// What names the algorithm.
        what: &'static str,
        /// Its two letters.
        found: [u8; 2],
        /// Those that are known here.
        known: &'static str,
    },
    /// The signature names another key than the one it was to be verified with.
    #[error("the signature is by key {signed_by}, not by key {expected}")]
    KeyMismatch {
        /// The key that the signature names.
        signed_by: KeyId,
        /// The key that was asked for.
        expected: KeyId,
    },
    /// The signature names a key that the operator does not trust.
    #[error("the signature is by key {signed_by}, which is not trusted; {trusted}")]
    UnknownKey {
        /// The key that the signature names.
        signed_by: KeyId,
        /// The trusted keys, in words.
        trusted: String,
    },
    /// The signature does not fit the file.
    #[error("the file does not fit the signature by key {key}: one of the two was changed")]
    FileChanged {
        /// The key that the signature names.
        key: KeyId,
    },
    /// The file is as it was signed, but the trusted comment is not.
    #[error(
        "the trusted comment does not fit the signature by key {key}: it was changed, the file was not"
    )]
    CommentChanged {
        /// The key that the signature names.
        key: KeyId,
    },
    /// Two trusted keys with one id or one name.
    #[error("trusted key {name} (id {id}) has the name or the id of trusted key {other}")]
    TrustedTwice {
        /// The key that was to be added.
        name: String,
        /// Its id.
        id: KeyId,
        /// The key that was there.
        other: String,
    },
    /// A secret key under a password, and none was given.
    #[error("the secret key is encrypted, and no password was given")]
    PasswordNeeded,
    /// The password does not open the secret key.
    #[error("the password does not open the secret key, or its file was changed")]
    WrongPassword,
    /// What the file asks for to derive its key is more than any minisign writes.
    #[error(
        "the secret key asks for {memory} bytes and {operations} operations to open, allowed are at most {max_memory} and {max_operations}"
    )]
    TooCostly {
        /// Bytes it asks for.
        memory: u64,
        /// Operations it asks for.
        operations: u64,
        /// Bytes allowed.
        max_memory: u64,
        /// Operations allowed.
        max_operations: u64,
    },
    /// The system gave no random bytes.
    #[error("the system gave no random bytes")]
    NoRandomness(#[source] getrandom::Error),
    /// A line of a host's key file that holds no key.
    #[error(
        "line {line} of the host key is no age key: it starts with AGE-SECRET-KEY-1 and is copied whole"
    )]
    NoIdentity {
        /// Counted from one.
        line: usize,
    },
    /// No line of a host's key file holds a key.
    #[error("the host key file has {keys} keys, allowed are 1 to {allowed}")]
    Identities {
        /// How many it has.
        keys: usize,
        /// How many it may have.
        allowed: usize,
    },
    /// Not the public side of a host key.
    #[error("{text:?} is no age recipient: it starts with age1 and is copied whole")]
    NoRecipient {
        /// What was given, cut to a line's length.
        text: String,
    },
    /// The secret side of a host key where the public one belongs; not repeated, for it is secret.
    #[error("the recipient is or holds a secret key: give its public side, which starts with age1")]
    SecretAsRecipient,
    /// Sealed to nobody, or to too many.
    #[error("there are {recipients} recipients, allowed are 1 to {allowed}")]
    Recipients {
        /// How many were given.
        recipients: usize,
        /// How many may be.
        allowed: usize,
    },
    /// Not a sealed file.
    #[error(
        "this is not a sealed file: it starts neither with age-encryption.org/v1 nor with its armour"
    )]
    NotSealed,
    /// Of a later format.
    #[error("the sealed file is of another version of age, known is age-encryption.org/v1")]
    OtherVersion,
    /// Ends before its end.
    #[error("the sealed file is cut short in its {part}")]
    CutShort {
        /// Where it ends.
        part: &'static str,
    },
    /// Under a passphrase, not to a key.
    #[error("the file is sealed with a passphrase, it should be sealed to the key of this host")]
    Passphrase,
    /// To other keys.
    #[error("the file is sealed to another key than was given")]
    OtherKey,
    /// Not as it was written.
    #[error("the {part} of the sealed file was changed or is cut short")]
    Changed {
        /// Where.
        part: &'static str,
    },
}
