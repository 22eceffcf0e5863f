//! Part tags: the functions of a network that an operator can declare critical.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::vocabulary::nearest;

/// The fixed tags; an operator adds own ones as `x.…`.
const TAGS: &[&str] = &[
    "core.cp",
    "core.up",
    "core.data",
    "core.sig",
    "core.voice",
    "core.expose",
    "virt.mano",
    "virt.infra",
    "edge.mec",
    "mgmt.oss",
    "mgmt.bss",
    "mgmt.plane",
    "mgmt.sec",
    "li",
    "ran.bb",
    "ran.radio",
    "ran.ctrl",
    "ran.ant",
    "trn.opt",
    "trn.ip",
    "trn.mw",
    "trn.sub",
    "acc.olt",
    "acc.agg",
    "acc.cpe",
    "svc.dns",
    "svc.dhcp",
    "svc.aaa",
    "svc.ntp",
    "icx.peer",
    "icx.roam",
    "filt",
    "lan.core",
    "lan.acc",
    "wlan",
    "phys.cctv",
    "phys.acs",
    "phys.scan",
    "pmr",
    "ot.ctl",
    "ot.meter",
    "nrg.inv",
    "nrg.ups",
    "nrg.chg",
    "uas",
    "robot",
];

/// One function of the network, such as `core.cp`, or an operator's own such as `x.dispatch-room`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartTag(Arc<str>);

impl PartTag {
    /// The tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// All fixed tags.
    pub fn fixed() -> impl Iterator<Item = PartTag> {
        TAGS.iter().map(|tag| PartTag(Arc::from(*tag)))
    }

    /// What a pack may write for a place: one tag, or a family of fixed tags such as `core.*`.
    pub(crate) fn family(text: &str) -> Result<Vec<PartTag>, UnknownTag> {
        let Some(stem) = text.strip_suffix('*') else { return text.parse().map(|tag| vec![tag]) };
        let found: Vec<_> = Self::fixed()
            .filter(|tag| stem.ends_with('.') && tag.as_str().starts_with(stem))
            .collect();
        if found.is_empty() { Err(UnknownTag::new(text)) } else { Ok(found) }
    }
}

/// A part tag that is neither a fixed one nor an operator's own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is {found:?}, which is not a part tag; {hint}")]
pub struct UnknownTag {
    /// The tag as it was written.
    pub found: String,
    /// What would be right.
    pub hint: String,
}

impl UnknownTag {
    fn new(text: &str) -> Self {
        let hint = match nearest(text, TAGS.iter().copied()) {
            Some(near) => format!("did you mean {near:?}?"),
            None => "fixed tags are such as core.cp, own ones begin with x. (a-z, 0-9, hyphens)"
                .to_owned(),
        };
        Self { found: text.chars().take(80).collect(), hint }
    }
}

impl FromStr for PartTag {
    type Err = UnknownTag;

    fn from_str(text: &str) -> Result<Self, UnknownTag> {
        let own = text.strip_prefix("x.").is_some_and(|rest| {
            (1..=48).contains(&rest.len())
                && rest
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
        });
        if own || TAGS.contains(&text) { Ok(Self(text.into())) } else { Err(UnknownTag::new(text)) }
    }
}

impl fmt::Display for PartTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for PartTag {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_tag_and_an_own_tag_are_read_and_others_are_refused() {
        assert!("core.cp".parse::<PartTag>().is_ok());
        assert!("x.dispatch-room".parse::<PartTag>().is_ok());
        for wrong in ["", "x.", "X.a", "core", "core.*", "x.Ü"] {
            assert!(wrong.parse::<PartTag>().is_err(), "{wrong}");
        }
        assert!("core.pc".parse::<PartTag>().unwrap_err().hint.contains("core.cp"));
    }

    #[test]
    fn a_family_stands_for_its_fixed_tags_and_an_empty_one_is_refused() {
        let ran: Vec<_> =
            PartTag::family("ran.*").unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(ran, ["ran.bb", "ran.radio", "ran.ctrl", "ran.ant"]);
        for wrong in ["*", "cor*", "nowhere.*", "x.*"] {
            assert!(PartTag::family(wrong).is_err(), "{wrong}");
        }
    }
}
