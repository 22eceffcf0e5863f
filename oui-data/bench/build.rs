//! The crate `oui` brings a text of Wireshark's and says that reading its own export is quicker: so it gets one.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

const TEXT: &str = "oui-0.8.1/data/manuf.txt";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let text = fs::read_to_string(crate_folder().join(TEXT)).expect("the text is in the crate");
    let known = oui::OuiDatabase::new_from_str(&text).expect("the crate reads its own text");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("oui.export"), known.export().expect("it can be written"))
        .expect("OUT_DIR can be written");
}

/// Where cargo has unpacked the crates.
fn crate_folder() -> PathBuf {
    let cargo = env::var_os("CARGO").expect("cargo sets it");
    let told = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--offline"])
        .output()
        .expect("cargo can be started");
    let told = String::from_utf8_lossy(&told.stdout);
    let end = told.find("/oui-0.8.1/Cargo.toml").expect("cargo knows where the crate is");
    let start = told[..end].rfind('"').expect("a path stands in quotes") + 1;
    PathBuf::from(&told[start..end])
}
