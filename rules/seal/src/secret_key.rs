//! Secret keys of the minisign format: made, read, written, and signed with.
//!
//! ```text
//! untrusted comment: anybody's
//! base64 of  algorithm (2)  derivation (2)  checksum's algorithm (2)  salt (32)  operations (8)  memory (8)
//!            then, xored with what scrypt makes of the password: key id (8)  secret and public key (64)  checksum (32)
//! ```
//!
//! Left out: other derivations than scrypt, and asking for a password. scrypt's own memory is not overwritten, that is
//! its crate's; all that is handled here is.

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use ed25519_dalek::{Signer, SigningKey};
use zeroize::Zeroizing;

use crate::error::SealError;
use crate::keys::{ED25519, KeyId, MAX_KEY_BYTES, PublicKey};
use crate::sealed::Secret;
use crate::signature::{self, Form, Signature};
use crate::text::{self, Comment, Fields, UNTRUSTED};

const WHAT: &str = "secret key";
const LENGTH: usize = 158;
const BASE64: &str =
    "its second line should hold 212 characters of base64, as minisign writes them";

const SCRYPT: [u8; 2] = *b"Sc";
const BLAKE2B: [u8; 2] = *b"B2";
const PLAIN: [u8; 2] = [0; 2];

/// What libsodium calls sensitive, and minisign writes: the most that is done for a file, which may be anybody's.
const MAX_OPERATIONS: u64 = 1 << 25;
const MAX_MEMORY: u64 = 1 << 30;
/// What is written here: as many operations in an eighth of the memory. A machine that has no gigabyte to spare would
/// end the program, not answer with an error.
const MEMORY: u64 = 1 << 27;

/// Signs files. No `Debug`, no `Clone`; overwritten when dropped.
pub struct SecretKey {
    id: KeyId,
    key: SigningKey,
}

impl SecretKey {
    /// A new key, from the system's random bytes.
    pub fn generate() -> Result<Self, SealError> {
        let (mut id, mut seed) = ([0; 8], Zeroizing::new([0; 32]));
        getrandom::fill(&mut id).map_err(SealError::NoRandomness)?;
        getrandom::fill(&mut seed[..]).map_err(SealError::NoRandomness)?;
        Ok(Self { id: KeyId(id), key: SigningKey::from_bytes(&seed) })
    }

    /// The key that verifies what this one signed.
    pub fn public(&self) -> PublicKey {
        PublicKey { id: self.id, key: self.key.verifying_key() }
    }

    /// Signs the hash of a file, and the trusted comment with it. The same file and comment give the same signature.
    pub fn sign(
        &self,
        file: &[u8],
        trusted: Comment,
        untrusted: Comment,
    ) -> Result<Signature, SealError> {
        signature::bounded(file)?;
        let over_file = self.key.sign(&signature::hash(file)).to_bytes();
        let over_comment = self.key.sign(&signature::commented(&over_file, &trusted)).to_bytes();
        Ok(Signature {
            form: Form::Prehashed,
            key: self.id,
            over_file,
            over_comment,
            untrusted,
            trusted,
        })
    }

    /// The file as minisign reads it, under a password or (for a machine that signs alone) without one.
    ///
    /// With a password this takes seconds and 128 MB, which is the purpose.
    pub fn to_file(&self, password: Option<&str>) -> Result<Secret, SealError> {
        let mut hidden = Zeroizing::new([0; 104]);
        hidden[..8].copy_from_slice(&self.id.0);
        hidden[8..72].copy_from_slice(&*Zeroizing::new(self.key.to_keypair_bytes()));
        // minisign leaves the checksum of an open key empty and does not read it; other programs want it.
        let sum = checksum(&hidden);
        hidden[72..].copy_from_slice(&sum[..]);
        let (mut salt, mut derivation, mut costs) = ([0; 32], PLAIN, (0, 0));
        if let Some(password) = password {
            getrandom::fill(&mut salt).map_err(SealError::NoRandomness)?;
            (derivation, costs) = (SCRYPT, (MAX_OPERATIONS, MEMORY));
            xor(&mut hidden, &*stream(password, &salt, costs.0, costs.1)?);
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(LENGTH));
        for field in [
            &ED25519[..],
            &derivation,
            &BLAKE2B,
            &salt,
            &costs.0.to_le_bytes(),
            &costs.1.to_le_bytes(),
            &hidden[..],
        ] {
            bytes.extend_from_slice(field);
        }
        let how = if password.is_some() { "encrypted " } else { "" };
        let encoded = Zeroizing::new(text::encode(&bytes));
        // Its own room from the start: a text that grows leaves copies behind.
        let mut file = Zeroizing::new(String::with_capacity(MAX_KEY_BYTES));
        for part in [UNTRUSTED, "minisign ", how, "secret key\n", &encoded, "\n"] {
            file.push_str(part);
        }
        Ok(Secret::new(file))
    }
}

/// A secret key file that was read, and is opened next.
pub struct SecretKeyFile {
    derivation: Option<Derivation>,
    hidden: Zeroizing<[u8; 104]>,
}

#[derive(Clone, Copy)]
struct Derivation {
    salt: [u8; 32],
    operations: u64,
    memory: u64,
}

impl SecretKeyFile {
    /// Reads the two lines; nothing is derived yet. The caller overwrites `bytes`.
    pub fn parse(bytes: &[u8]) -> Result<Self, SealError> {
        let file = text::text(bytes, WHAT, MAX_KEY_BYTES)?;
        let first = "its first line should start with 'untrusted comment: '";
        let [_, encoded] = text::lines(file, WHAT, [(UNTRUSTED, first), ("", BASE64)])?;
        let bytes = text::bytes::<LENGTH>(encoded, WHAT, BASE64)?;
        let mut fields = Fields::of(&bytes[..]);
        let known = |what, found, allowed: &[[u8; 2]], known| {
            if allowed.contains(&found) {
                return Ok(());
            }
            Err(SealError::Algorithm { what, found, known })
        };
        known(WHAT, fields.take(), &[ED25519], "Ed")?;
        let derivation = fields.take();
        let names = "Sc (a password) and two zeros (none)";
        known("password of the secret key", derivation, &[SCRYPT, PLAIN], names)?;
        known("checksum of the secret key", fields.take(), &[BLAKE2B], "B2")?;
        let derived = Derivation {
            salt: fields.take(),
            operations: u64::from_le_bytes(fields.take()),
            memory: u64::from_le_bytes(fields.take()),
        };
        let hidden = Zeroizing::new(fields.take());
        if derivation == PLAIN {
            return Ok(Self { derivation: None, hidden });
        }
        let Derivation { operations, memory, .. } = derived;
        if operations > MAX_OPERATIONS || memory > MAX_MEMORY {
            let (max_memory, max_operations) = (MAX_MEMORY, MAX_OPERATIONS);
            return Err(SealError::TooCostly { memory, operations, max_memory, max_operations });
        }
        Ok(Self { derivation: Some(derived), hidden })
    }

    /// Whether a password must be asked for.
    pub fn needs_password(&self) -> bool {
        self.derivation.is_some()
    }

    /// Opens the key. A password for a key without one is not looked at.
    ///
    /// What minisign itself encrypted takes seconds and a gigabyte.
    pub fn open(mut self, password: Option<&str>) -> Result<SecretKey, SealError> {
        match (self.derivation, password) {
            (None, _) if self.hidden[72..] == [0; 32] => {} // minisign's, see `to_file`
            (None, _) if self.hidden[72..] == checksum(&self.hidden)[..] => {}
            (None, _) => {
                let why = "its checksum does not fit: its file was changed";
                return Err(SealError::Malformed { what: WHAT, why });
            }
            (Some(_), None) => return Err(SealError::PasswordNeeded),
            (Some(it), Some(password)) => {
                xor(&mut self.hidden, &*stream(password, &it.salt, it.operations, it.memory)?);
                if self.hidden[72..] != checksum(&self.hidden)[..] {
                    return Err(SealError::WrongPassword);
                }
            }
        }
        let mut fields = Fields::of(&self.hidden[..]);
        let id = KeyId(fields.take());
        let pair = Zeroizing::new(fields.take());
        let why = "its public half does not belong to its secret half";
        let key = SigningKey::from_keypair_bytes(&pair)
            .map_err(|_| SealError::Malformed { what: WHAT, why })?;
        Ok(SecretKey { id, key })
    }
}

/// Over the algorithm, the id and the key.
fn checksum(hidden: &[u8; 104]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(
        Blake2b::<U32>::new().chain_update(ED25519).chain_update(&hidden[..72]).finalize().into(),
    )
}

fn xor(hidden: &mut [u8; 104], stream: &[u8; 104]) {
    for (byte, with) in hidden.iter_mut().zip(stream) {
        *byte ^= with;
    }
}

fn stream(
    password: &str,
    salt: &[u8; 32],
    operations: u64,
    memory: u64,
) -> Result<Zeroizing<[u8; 104]>, SealError> {
    let why = "no memory and operations that scrypt could run with are in it";
    let bad = SealError::Malformed { what: WHAT, why };
    let (log_n, r, p) = scrypt_parameters(operations, memory).ok_or_else(|| bad.clone())?;
    let parameters = scrypt::Params::new(log_n, r, p, 32).map_err(|_| bad.clone())?;
    let mut stream = Zeroizing::new([0; 104]);
    scrypt::scrypt(password.as_bytes(), salt, &parameters, &mut stream[..]).map_err(|_| bad)?;
    Ok(stream)
}

/// From operations and memory to scrypt's own numbers, as libsodium does it (`pickparams` of its
/// `crypto_pwhash_scryptsalsa208sha256`). Both are bounded by the caller.
fn scrypt_parameters(operations: u64, memory: u64) -> Option<(u8, u32, u32)> {
    const R: u64 = 8;
    let operations = operations.max(32768);
    let log_n = |most: u64| (1..63).find(|log| 1_u64 << log > most / 2).unwrap_or(63);
    let (log_n, p) = if operations < memory / 32 {
        (log_n(operations / (R * 4)), 1)
    } else {
        let log_n = log_n(memory / (R * 128));
        (log_n, ((operations / 4) >> log_n) / R)
    };
    Some((log_n, R as u32, u32::try_from(p).ok().filter(|p| *p > 0)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scrypt_gets_the_numbers_that_libsodium_would_choose() {
        // sensitive, interactive and the least of libsodium; then what is written here
        assert_eq!(scrypt_parameters(1 << 25, 1 << 30), Some((20, 8, 1)));
        assert_eq!(scrypt_parameters(1 << 19, 1 << 24), Some((14, 8, 1)));
        assert_eq!(scrypt_parameters(0, 1 << 24), Some((10, 8, 1)));
        assert_eq!(scrypt_parameters(MAX_OPERATIONS, MEMORY), Some((17, 8, 8)));
    }

    #[test]
    fn no_numbers_within_the_bounds_cost_more_than_those_of_minisign() {
        for operations in (0..=25).map(|log| 1 << log).chain([0, 3, MAX_OPERATIONS - 1]) {
            for memory in (0..=30).map(|log| 1 << log).chain([0, 5, MAX_MEMORY - 1]) {
                if let Some((log_n, r, p)) = scrypt_parameters(operations, memory) {
                    let n = 1_u64 << log_n;
                    assert!(128 * u64::from(r) * n <= MAX_MEMORY.max(2 * memory), "{memory}");
                    assert!(4 * n * u64::from(r * p) <= MAX_OPERATIONS, "{operations} {memory}");
                }
            }
        }
    }

    #[test]
    fn a_password_file_opens_with_its_password_and_no_other() {
        let key = SecretKey::generate().unwrap();
        let file = key.to_file(Some("correct horse")).unwrap();
        let parse = || SecretKeyFile::parse(file.expose().as_bytes()).unwrap();
        assert!(parse().needs_password());
        assert_eq!(parse().open(None).err(), Some(SealError::PasswordNeeded));
        assert_eq!(parse().open(Some("correct hors")).err(), Some(SealError::WrongPassword));
        assert!(parse().open(Some("correct horse")).unwrap().public() == key.public());
    }
}
