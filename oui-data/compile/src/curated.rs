//! What corrects and explains the listings, whatever their edition: tables with a row a line, in `curated/`.

use crate::File;

/// The tables in `curated/`.
#[derive(Debug, Clone)]
pub struct Curated {
    /// Registration countries that a listing has wrong or lacks.
    pub overrides: File,
    /// Addresses that name no maker.
    pub special: File,
    /// Enterprise numbers that name no maker.
    pub pen_special: File,
}

impl Curated {
    /// The ones that this program was built with.
    pub fn shipped() -> Self {
        let file = |path: &str, text: &str| File { path: path.into(), text: text.into() };
        Self {
            overrides: file("curated/overrides.tsv", include_str!("../curated/overrides.tsv")),
            special: file("curated/special.tsv", include_str!("../curated/special.tsv")),
            pen_special: file(
                "curated/pen-special.tsv",
                include_str!("../curated/pen-special.tsv"),
            ),
        }
    }
}
