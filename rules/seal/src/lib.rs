//! Signed and sealed rule packs: bytes in, bytes out.
//!
//! - Signatures are those of minisign: [`TrustedKeys::verify`] says which key that the operator trusts, by a name of
//!   his, signed a file; [`SecretKey`] signs.
//! - Seals are those of age: [`seal`] encrypts a file to the keys of hosts, [`open`] gives it back as [`Sealed`].
//! - A [`Sealed`] value is not looked at without a [`Clearance`]: `sealed.rs` says how far that goes.
//!
//! It reads no clock and no file. Random bytes come from the system, since a key made of an argument would be a key that
//! somebody else knows. Left out here: which keys and outputs the operator named, and asking for passwords.

#![forbid(unsafe_code)]

pub mod canary;
mod error;
mod keys;
mod seal;
mod sealed;
mod secret_key;
mod signature;
mod text;

pub use error::SealError;
pub use keys::{KeyId, MAX_KEY_BYTES, PublicKey, TrustedKeys};
pub use seal::{
    Identity, MAX_IDENTITIES, MAX_IDENTITY_BYTES, MAX_PLAIN_BYTES, MAX_RECIPIENTS,
    MAX_SEALED_BYTES, Recipient, Shape, looks_sealed, open, seal,
};
pub use sealed::{Clearance, Plain, Sealed, Secret};
pub use secret_key::{SecretKey, SecretKeyFile};
pub use signature::{Form, MAX_SIGNATURE_BYTES, Signature, Verified};
pub use text::{Comment, MAX_TRUSTED_COMMENT, MAX_UNTRUSTED_COMMENT};
