//! The packs that come with the program, as text: read and checked by the same code as an operator's own.

/// Id and TOML text of every shipped pack.
pub fn shipped() -> &'static [(&'static str, &'static str)] {
    &[("public-lists", include_str!("../../packs/public-lists.toml"))]
}
