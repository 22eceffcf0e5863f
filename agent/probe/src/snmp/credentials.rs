//! Which credentials a device may see, and in which order.
//!
//! A credential is bound to prefixes, to engine ids, or to both, which must then both hold. The engine id in an answer
//! to discovery (RFC 3414, section 4) is authenticated by nothing: anybody may claim any. So it alone chooses only a v3
//! credential with authentication, whose password is never sent; v1, v2c and noAuthNoPriv, which show all they have,
//! need a prefix that fits, and a fitting engine id raises them above nothing.
//!
//! The most specific binding decides which credentials a device may see: where a /24 and a /16 both fit, those bound to
//! the /24 alone are used. Among them the order of the file holds; v1 and v2c are left out where a v3 credential of the
//! same rank exists; at most three are offered in one scan.

use std::net::IpAddr;
use std::sync::Arc;

use herkomst_ids::EngineId;
use herkomst_model::{SnmpVersion, Why};
use ipnet::IpNet;
use zeroize::Zeroizing;

/// The most credentials that one device is offered in one scan.
pub const MOST_OFFERED: usize = 3;

/// A community or a password: wiped when dropped, never printed.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the octets as they are.
    pub fn new(octets: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(octets.into()))
    }

    /// The octets, for the packet or the key derivation that needs them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// How a message is authenticated (RFC 3414, RFC 7860).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthProtocol {
    /// HMAC-MD5-96.
    Md5,
    /// HMAC-SHA-96.
    Sha1,
    /// HMAC-128-SHA-224.
    Sha224,
    /// HMAC-192-SHA-256.
    Sha256,
    /// HMAC-256-SHA-384.
    Sha384,
    /// HMAC-384-SHA-512.
    Sha512,
}

/// How a message is encrypted (RFC 3414, RFC 3826, and the two drafts for longer keys).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrivProtocol {
    /// CBC-DES.
    Des,
    /// CFB128-AES-128.
    Aes128,
    /// AES-192, keys extended after draft-blumenthal-aes-usm-04.
    Aes192,
    /// AES-256, keys extended after draft-blumenthal-aes-usm-04.
    Aes256,
    /// AES-192, keys extended after draft-reeder-snmpv3-usm-3desede-00, as Cisco does.
    Aes192Reeder,
    /// AES-256, keys extended after draft-reeder-snmpv3-usm-3desede-00, as Cisco does.
    Aes256Reeder,
}

/// An SNMPv3 user.
#[derive(Debug, Clone)]
pub struct User {
    /// `msgUserName`.
    pub name: Arc<str>,
    /// Authentication protocol and password; `None` is noAuthNoPriv.
    pub auth: Option<(AuthProtocol, Secret)>,
    /// Privacy protocol and password; only with authentication.
    pub privacy: Option<(PrivProtocol, Secret)>,
    /// `contextName`, usually empty.
    pub context: Arc<str>,
}

/// How to log in.
#[derive(Debug, Clone)]
pub enum Login {
    /// SNMPv1 with a community.
    V1(Secret),
    /// SNMPv2c with a community.
    V2c(Secret),
    /// SNMPv3 with a user.
    V3(User),
}

impl Login {
    /// The version of SNMP.
    pub const fn version(&self) -> SnmpVersion {
        match self {
            Self::V1(_) => SnmpVersion::V1,
            Self::V2c(_) => SnmpVersion::V2c,
            Self::V3(_) => SnmpVersion::V3,
        }
    }

    /// Whether messages carry a digest in place of the secret (RFC 3414, 6).
    const fn is_authenticated(&self) -> bool {
        matches!(self, Self::V3(User { auth: Some(_), .. }))
    }
}

/// A credential, and whom it may be shown to.
#[derive(Debug, Clone)]
pub struct Credential {
    /// Its name in the operator's file, which stands in the receipt.
    pub name: Arc<str>,
    /// The prefixes it is bound to; only v3 with authentication may do without.
    pub prefixes: Vec<IpNet>,
    /// The engines it is bound to; beside prefixes, one of each must fit.
    pub engine_ids: Vec<EngineId>,
    /// How to log in.
    pub login: Login,
}

/// How specific a binding is: one to an engine beats every prefix, where an engine id may choose at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Prefix(u8),
    Engine,
}

impl Credential {
    fn rank(&self, address: IpAddr, engine: Option<&EngineId>) -> Option<Rank> {
        let fitting = self.prefixes.iter().filter(|prefix| prefix.contains(&address));
        let prefix = fitting.map(IpNet::prefix_len).max();
        let engine_fits = engine.is_some_and(|engine| self.engine_ids.contains(engine));
        if !self.engine_ids.is_empty() && !engine_fits {
            return None;
        }
        if !self.login.is_authenticated() {
            return prefix.map(Rank::Prefix);
        }
        match prefix {
            None if !self.prefixes.is_empty() => None,
            _ if engine_fits => Some(Rank::Engine),
            fitting => fitting.map(Rank::Prefix),
        }
    }
}

/// What one device may be offered, best first, and what not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ladder {
    /// Places in the operator's list.
    pub offered: Vec<usize>,
    /// Places that were left out, and why.
    pub withheld: Vec<(usize, Why)>,
}

/// The credentials that this device may see. `engine` is what its engine discovery said, if anything.
pub fn ladder(credentials: &[Credential], address: IpAddr, engine: Option<&EngineId>) -> Ladder {
    let ranked: Vec<_> = credentials
        .iter()
        .enumerate()
        .filter_map(|(place, credential)| {
            Some((credential.rank(address, engine)?, place, credential))
        })
        .collect();
    let Some(best) = ranked.iter().map(|(rank, ..)| *rank).max() else {
        return Ladder::default();
    };
    let mut ladder = Ladder::default();
    let has_user =
        ranked.iter().any(|(rank, _, c)| *rank == best && c.login.version() == SnmpVersion::V3);
    for (_, place, credential) in ranked.into_iter().filter(|(rank, ..)| *rank == best) {
        if has_user && credential.login.version() != SnmpVersion::V3 {
            ladder.withheld.push((place, Why::StrongerCredential));
        } else if ladder.offered.len() == MOST_OFFERED {
            ladder.withheld.push((place, Why::CredentialsUsedUp));
        } else {
            ladder.offered.push(place);
        }
    }
    ladder
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential(name: &str, prefixes: &[&str], login: Login) -> Credential {
        let prefixes = prefixes.iter().map(|prefix| prefix.parse().unwrap()).collect();
        Credential { name: name.into(), prefixes, engine_ids: vec![], login }
    }

    fn v2c() -> Login {
        Login::V2c(Secret::new(*b"public"))
    }

    fn v3() -> Login {
        let auth = Some((AuthProtocol::Sha256, Secret::new(*b"longenough")));
        Login::V3(User { name: "labuser".into(), auth, privacy: None, context: "".into() })
    }

    fn noauth() -> Login {
        Login::V3(User { name: "labuser".into(), auth: None, privacy: None, context: "".into() })
    }

    fn engine(last: u8) -> EngineId {
        EngineId::new(&[0x80, 0, 0x1f, 0x88, 4, 1, last]).unwrap()
    }

    fn bound_to_engine(name: &str, prefixes: &[&str], login: Login) -> Credential {
        Credential { engine_ids: vec![engine(2)], ..credential(name, prefixes, login) }
    }

    fn offered(
        credentials: &[Credential],
        address: &str,
        engine: Option<&EngineId>,
    ) -> Vec<String> {
        let ladder = ladder(credentials, address.parse().unwrap(), engine);
        ladder.offered.iter().map(|place| credentials[*place].name.to_string()).collect()
    }

    #[test]
    fn the_most_specific_prefix_alone_decides() {
        let all = [
            credential("wide", &["10.50.0.0/16"], v3()),
            credential("narrow", &["10.50.7.0/24"], v2c()),
        ];
        assert_eq!(offered(&all, "10.50.7.9", None), ["narrow"]);
        assert_eq!(offered(&all, "10.50.8.9", None), ["wide"]);
        assert_eq!(offered(&all, "10.51.7.9", None), Vec::<String>::new());
    }

    #[test]
    fn a_community_never_goes_where_a_user_of_the_same_rank_exists() {
        let all =
            [credential("old", &["10.0.0.0/8"], v2c()), credential("new", &["10.0.0.0/8"], v3())];
        assert_eq!(offered(&all, "10.1.1.1", None), ["new"]);
        let ladder = ladder(&all, [10, 1, 1, 1].into(), None);
        assert_eq!(ladder.withheld, [(0, Why::StrongerCredential)]);
    }

    #[test]
    fn three_are_offered_in_the_order_of_the_file() {
        let all: Vec<_> =
            ["d", "a", "c", "b"].map(|name| credential(name, &["10.0.0.0/8"], v2c())).into();
        assert_eq!(offered(&all, "10.1.1.1", None), ["d", "a", "c"]);
    }

    #[test]
    fn a_binding_to_the_engine_beats_every_prefix() {
        let all = [credential("host", &["10.1.1.1/32"], v3()), bound_to_engine("bound", &[], v3())];
        assert_eq!(offered(&all, "10.1.1.1", Some(&engine(2))), ["bound"]);
        assert_eq!(offered(&all, "10.1.1.1", Some(&engine(3))), ["host"]);
        assert_eq!(offered(&all, "10.1.1.1", None), ["host"]);
    }

    #[test]
    fn who_claims_an_engine_id_is_shown_nothing_that_can_be_overheard() {
        let v1 = Login::V1(Secret::new(*b"public"));
        for login in [v1, v2c(), noauth()] {
            let all = [bound_to_engine("bound", &[], login)];
            assert_eq!(offered(&all, "10.1.1.1", Some(&engine(2))), Vec::<String>::new());
        }
    }

    #[test]
    fn where_prefixes_and_engines_are_given_both_must_fit() {
        for login in [v2c(), noauth(), v3()] {
            let all = [bound_to_engine("both", &["10.1.0.0/16"], login)];
            assert_eq!(offered(&all, "10.1.1.1", Some(&engine(2))), ["both"]);
            assert_eq!(offered(&all, "10.2.1.1", Some(&engine(2))), Vec::<String>::new());
            assert_eq!(offered(&all, "10.1.1.1", Some(&engine(3))), Vec::<String>::new());
            assert_eq!(offered(&all, "10.1.1.1", None), Vec::<String>::new());
        }
    }

    #[test]
    fn a_claimed_engine_id_does_not_bring_a_community_in_the_place_of_a_user() {
        let all = [
            credential("user", &["10.1.1.0/24"], v3()),
            bound_to_engine("community", &["10.0.0.0/8"], v2c()),
        ];
        assert_eq!(offered(&all, "10.1.1.1", Some(&engine(2))), ["user"]);
    }

    #[test]
    fn a_secret_cannot_be_printed() {
        let shown = format!("{:?}", credential("x", &["10.0.0.0/8"], v2c()));
        assert!(!shown.contains("public") && !shown.contains("112"), "{shown}");
    }
}
