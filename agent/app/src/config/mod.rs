//! What the operator wrote, and what the program uses: nothing is sent before all of it is right.
//!
//! - [`section`]: a TOML file whose every value knows its place; [`file`](mod@file) and [`credentials`] are read with it.
//! - [`targets`]: targets and exclusions.
//! - [`operator`]: the operator's file, which says what stands in which part of the network.
//! - [`checked`]: flags and file together, checked: what the rest of the program sees.
//! - [`bounded`]: files, read as far as such a file can sensibly go.
//! - [`private`]: files with secrets in them.
//! - [`methods`]: the words of `--methods`.
//! - [`reach`]: how far a scan goes: a VLAN, beyond the targets, infrastructure alone, questions to groups.
//! - [`windows`]: when which targets may be asked.
//! - [`problems`]: everything that is wrong, at once.

pub(crate) mod bounded;
pub(crate) mod checked;
pub(crate) mod credentials;
pub(crate) mod file;
pub(crate) mod methods;
pub(crate) mod operator;
pub(crate) mod private;
pub(crate) mod problems;
pub(crate) mod reach;
pub(crate) mod section;
pub(crate) mod targets;
pub(crate) mod windows;
