//! What the operator wrote, and what the program uses: nothing is sent before all of it is right.
//!
//! - [`section`]: a TOML file whose every value knows its place; [`file`](mod@file) and [`credentials`] are read with it.
//! - [`targets`]: targets and exclusions.
//! - [`checked`]: flags and file together, checked: what the rest of the program sees.
//! - [`problems`]: everything that is wrong, at once.

pub mod checked;
pub mod credentials;
pub mod file;
pub mod problems;
pub mod section;
pub mod targets;
