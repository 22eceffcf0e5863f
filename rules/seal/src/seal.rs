//! Seals: files encrypted to the key of a host, in the age format (<https://age-encryption.org/v1>), by the `age` crate.
//!
//! X25519 keys alone; binary, or as text in its armour. Left out: passphrases, SSH keys, plugins.
//!
//! A seal hides a file and shows that it was not changed; it does not say who wrote it, since everybody has the public
//! key. So a sealed pack is signed too.
//!
//! What is opened is overwritten when dropped. The crate's own buffers are too, but for one of 64 KB while sealing.

use std::fmt;
use std::io::{self, Read, Write};
use std::str::FromStr;

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::x25519;
use age::{DecryptError, Decryptor, Encryptor};
use zeroize::Zeroizing;

use crate::error::SealError;
use crate::sealed::{Plain, Sealed, Secret};

/// The longest file that is sealed or comes out of a seal.
pub const MAX_PLAIN_BYTES: usize = 16 * 1024 * 1024;
/// The longest sealed file that is looked at: the armour of the longest plain one, with the line ends of another system.
/// Read no more than this and one of a file.
pub const MAX_SEALED_BYTES: usize = armoured(MAX_BINARY_BYTES);
/// The most keys that a file is sealed to.
pub const MAX_RECIPIENTS: usize = 128;
/// The most keys of a host: the one in use, and those that open older files.
pub const MAX_IDENTITIES: usize = 16;
/// The longest host key file.
pub const MAX_IDENTITY_BYTES: usize = 16 * 1024;

/// `age` reads a header line by line and starts again at each: a long one would take the square of its length. The most
/// recipients need 98 bytes each.
const MAX_HEADER_BYTES: usize = 16 * 1024;
/// One for each recipient, and the one for nobody with which `age` keeps readers used to those that they do not know.
const MAX_STANZAS: usize = MAX_RECIPIENTS + 1;
const CHUNK_BYTES: usize = 64 * 1024;
const NONCE_BYTES: usize = 16;
const TAG_BYTES: usize = 16;
const MAX_BINARY_BYTES: usize = MAX_HEADER_BYTES
    + NONCE_BYTES
    + MAX_PLAIN_BYTES
    + (MAX_PLAIN_BYTES / CHUNK_BYTES + 1) * TAG_BYTES;

const MAGIC: &[u8] = b"age-encryption.org/";
const VERSION: &[u8] = b"age-encryption.org/v1\n";
const BEGIN: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";
const END: &[u8] = b"-----END AGE ENCRYPTED FILE-----";

/// 48 bytes a line of 64 letters and two for its end; a line more for the last, the first and the END.
const fn armoured(bytes: usize) -> usize {
    (bytes.div_ceil(48) + 3) * 66
}

/// The public side of a host key: files are sealed to it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Recipient(x25519::Recipient);

impl FromStr for Recipient {
    type Err = SealError;

    fn from_str(text: &str) -> Result<Self, SealError> {
        let text = text.trim();
        // Anywhere: behind a byte order mark, in quotes, or behind a name and its sign.
        if text.to_ascii_uppercase().contains("AGE-SECRET-KEY") {
            return Err(SealError::SecretAsRecipient);
        }
        let bad = |_| SealError::NoRecipient { text: text.chars().take(80).collect() };
        text.parse().map(Self).map_err(bad)
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({self})")
    }
}

/// The key of a host: opens what was sealed to its public side. No `Debug`, no `Clone`; overwritten when dropped.
pub struct Identity(x25519::Identity);

impl Identity {
    /// A new key. Ends the program when the system has no random bytes, as `age` does.
    pub fn generate() -> Self {
        Self(x25519::Identity::generate())
    }

    /// Reads a host key file: a key a line, empty lines, and comments that start with `#`. The caller overwrites `bytes`.
    pub fn parse_file(bytes: &[u8]) -> Result<Vec<Self>, SealError> {
        let file = crate::text::text(bytes, "host key file", MAX_IDENTITY_BYTES)?;
        let mut keys = Vec::new();
        for (at, line) in file.lines().map(str::trim).enumerate() {
            if !line.is_empty() && !line.starts_with('#') {
                let bad = |_| SealError::NoIdentity { line: at + 1 };
                keys.push(Self(line.parse().map_err(bad)?));
            }
        }
        if !(1..=MAX_IDENTITIES).contains(&keys.len()) {
            return Err(SealError::Identities { keys: keys.len(), allowed: MAX_IDENTITIES });
        }
        Ok(keys)
    }

    /// The public side.
    pub fn recipient(&self) -> Recipient {
        Recipient(self.0.to_public())
    }

    /// The file as age-keygen writes it, without the time.
    pub fn to_file(&self) -> Secret {
        use age::secrecy::ExposeSecret;
        let (public, key) = (self.recipient().to_string(), self.0.to_string());
        let mut file = Zeroizing::new(String::with_capacity(512));
        for part in ["# public key: ", &public, "\n", key.expose_secret(), "\n"] {
            file.push_str(part);
        }
        Secret::new(file)
    }
}

/// How a sealed file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// As bytes.
    Binary,
    /// As text, a third longer.
    Armored,
}

/// Seals a file to one or more hosts. Each can open it alone; the file does not tell who they are.
pub fn seal(plain: &[u8], recipients: &[Recipient], shape: Shape) -> Result<Vec<u8>, SealError> {
    if plain.len() > MAX_PLAIN_BYTES {
        let (bytes, allowed) = (plain.len(), MAX_PLAIN_BYTES);
        return Err(SealError::TooLarge { what: "file to seal", bytes, allowed });
    }
    let refused =
        || SealError::Recipients { recipients: recipients.len(), allowed: MAX_RECIPIENTS };
    if recipients.len() > MAX_RECIPIENTS {
        return Err(refused());
    }
    let keys = recipients.iter().map(|recipient| &recipient.0 as &dyn age::Recipient);
    let encryptor = Encryptor::with_recipients(keys).map_err(|_| refused())?;
    let format = match shape {
        Shape::Binary => Format::Binary,
        Shape::Armored => Format::AsciiArmor,
    };
    let write = || -> io::Result<Vec<u8>> {
        let armour = ArmoredWriter::wrap_output(Vec::new(), format)?;
        let mut writer = encryptor.wrap_output(armour)?;
        writer.write_all(plain)?;
        writer.finish()?.finish()
    };
    Ok(write().expect("writing to memory does not fail"))
}

/// Whether a file starts like a sealed one: then it is opened, and never read as a pack.
pub fn looks_sealed(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC) || bytes.starts_with(BEGIN)
}

/// Opens a sealed file with the keys of this host. All of it comes out, or nothing.
pub fn open(sealed: &[u8], keys: &[Identity]) -> Result<Sealed<Plain>, SealError> {
    if sealed.len() > MAX_SEALED_BYTES {
        let (bytes, allowed) = (sealed.len(), MAX_SEALED_BYTES);
        return Err(SealError::TooLarge { what: "sealed file", bytes, allowed });
    }
    if !sealed.starts_with(BEGIN) {
        return open_binary(sealed, keys);
    }
    if !sealed.trim_ascii_end().ends_with(END) {
        return Err(SealError::CutShort { part: "armour, of which the END line is missing" });
    }
    let mut binary = Vec::with_capacity(sealed.len());
    ArmoredReader::new(sealed)
        .read_to_end(&mut binary)
        .map_err(|_| SealError::Changed { part: "armour" })?;
    open_binary(&binary, keys)
}

fn open_binary(sealed: &[u8], keys: &[Identity]) -> Result<Sealed<Plain>, SealError> {
    if !sealed.starts_with(MAGIC) {
        return Err(SealError::NotSealed);
    }
    if !sealed.starts_with(VERSION) {
        return Err(match VERSION.starts_with(sealed) {
            true => SealError::CutShort { part: "first line" },
            false => SealError::OtherVersion,
        });
    }
    let start = &sealed[..sealed.len().min(MAX_HEADER_BYTES)];
    let Some(end) = start.windows(5).position(|five| five == b"\n--- ") else {
        return Err(if start.len() == sealed.len() {
            SealError::CutShort { part: "header" }
        } else {
            let (bytes, allowed) = (sealed.len(), MAX_HEADER_BYTES);
            SealError::TooLarge { what: "header of the sealed file", bytes, allowed }
        });
    };
    let recipients = start[..end].windows(4).filter(|four| four == b"\n-> ").count();
    if recipients > MAX_STANZAS {
        return Err(SealError::Recipients { recipients, allowed: MAX_RECIPIENTS });
    }
    let decryptor = Decryptor::new_buffered(sealed).map_err(header)?;
    if decryptor.is_scrypt() {
        return Err(SealError::Passphrase);
    }
    let keys = keys.iter().map(|key| &key.0 as &dyn age::Identity);
    let mut reader = decryptor.decrypt(keys).map_err(header)?;
    // Its whole room at once: a buffer that grows leaves plain text behind. What is inside is shorter than its seal.
    let mut plain = Zeroizing::new(vec![0; sealed.len()]);
    let mut length = 0;
    loop {
        match reader.read(&mut plain[length..]) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(SealError::CutShort { part: "content" });
            }
            Err(_) => return Err(SealError::Changed { part: "content" }),
        }
    }
    if length > MAX_PLAIN_BYTES {
        let (bytes, allowed) = (length, MAX_PLAIN_BYTES);
        return Err(SealError::TooLarge { what: "content of the sealed file", bytes, allowed });
    }
    plain.truncate(length);
    Ok(Sealed::new(plain))
}

/// The words of `age` are not passed on: they are translated at run time, and may come to quote.
fn header(error: DecryptError) -> SealError {
    match error {
        DecryptError::NoMatchingKeys => SealError::OtherKey,
        DecryptError::UnknownFormat => SealError::OtherVersion,
        DecryptError::Io(_) => SealError::CutShort { part: "header" },
        // Its MAC, a stanza, a line; passphrases were refused before.
        _ => SealError::Changed { part: "header" },
    }
}
