//! Keys and salts of users.

use std::io;

use async_snmp::v3::{DesSaltState, PersistedDesSaltState};
use async_snmp::{MasterKeys, UsmConfig};
use bytes::Bytes;
use herkomst_probe::snmp::credentials::{AuthProtocol, PrivProtocol, User};

/// Derives the master keys of a user (RFC 3414, A.2): a million octets of hashing each.
pub(super) fn usm(user: &User) -> Result<UsmConfig, String> {
    let named = UsmConfig::new(Bytes::copy_from_slice(user.name.as_bytes()))
        .context_name(Bytes::copy_from_slice(user.context.as_bytes()));
    let Some((auth, password)) = &user.auth else { return Ok(named) };
    let auth = match auth {
        AuthProtocol::Md5 => async_snmp::AuthProtocol::Md5,
        AuthProtocol::Sha1 => async_snmp::AuthProtocol::Sha1,
        AuthProtocol::Sha224 => async_snmp::AuthProtocol::Sha224,
        AuthProtocol::Sha256 => async_snmp::AuthProtocol::Sha256,
        AuthProtocol::Sha384 => async_snmp::AuthProtocol::Sha384,
        AuthProtocol::Sha512 => async_snmp::AuthProtocol::Sha512,
    };
    let mut keys = MasterKeys::new(auth, password.expose()).map_err(|error| error.to_string())?;
    if let Some((privacy, password)) = &user.privacy {
        let privacy = match privacy {
            PrivProtocol::Des => async_snmp::PrivProtocol::Des,
            PrivProtocol::Aes128 => async_snmp::PrivProtocol::Aes128,
            PrivProtocol::Aes192 => async_snmp::PrivProtocol::Aes192Blumenthal,
            PrivProtocol::Aes256 => async_snmp::PrivProtocol::Aes256Blumenthal,
            PrivProtocol::Aes192Reeder => async_snmp::PrivProtocol::Aes192Reeder,
            PrivProtocol::Aes256Reeder => async_snmp::PrivProtocol::Aes256Reeder,
        };
        keys = keys.with_privacy(privacy, password.expose()).map_err(|error| error.to_string())?;
    }
    named.with_master_keys(keys).map_err(|error| error.to_string())
}

/// The salt of CBC-DES is a number of ours and a counter (RFC 3414, 8.1.1.1). A one-off scan keeps no state, so the
/// number is drawn at random: two scans share one with a chance of 1 in 2^30, and then only if both use DES.
pub(super) fn des_salt() -> Result<DesSaltState, String> {
    let mut drawn = [0; 4];
    getrandom::fill(&mut drawn).map_err(|error| error.to_string())?;
    // One is left above it, since a restart counts up.
    let boots = u32::from_ne_bytes(drawn) & 0x3fff_ffff;
    let before = PersistedDesSaltState::new(boots.max(1)).map_err(|error| error.to_string())?;
    DesSaltState::restart(before, |_| Ok::<(), io::Error>(())).map_err(|error| error.to_string())
}
