//! Reads `fingerprints/*.toml`, refuses what is wrong with its place, and writes them as static tables: nothing is
//! parsed when the agent starts, and a file is added without touching Rust.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use serde::Deserialize;

#[path = "src/role.rs"]
#[expect(unreachable_pub, reason = "the module is public in the library")]
mod role;

use role::Role;

/// A file: one vendor, or the software of nobody in particular.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    /// An id of the vendor table.
    vendor: Option<String>,
    /// The name of a firm that the vendor table does not have.
    organisation: Option<String>,
    /// True for software that names no maker.
    #[serde(default)]
    names_nobody: bool,
    #[serde(default)]
    text: Vec<Text>,
    #[serde(default)]
    object: Vec<Object>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    name: String,
    pattern: String,
    weight: Option<String>,
    family: Option<String>,
    os: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
    examples: Vec<Example>,
    #[serde(default)]
    not: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    text: String,
    model: Option<String>,
    software: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Object {
    under: String,
    note: String,
    weight: Option<String>,
    family: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
}

/// `houses.toml`: firms whose evidence does not contradict each other's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Houses {
    house: Vec<House>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct House {
    vendors: Vec<String>,
    because: String,
}

fn main() {
    println!("cargo:rerun-if-changed=fingerprints");
    println!("cargo:rerun-if-changed=houses.toml");
    println!("cargo:rerun-if-changed=src/role.rs");
    let mut paths: Vec<_> = fs::read_dir("fingerprints")
        .expect("the folder `fingerprints` is part of the crate")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    paths.sort();
    let mut problems = Vec::new();
    let mut out = Tables::default();
    for path in &paths {
        println!("cargo:rerun-if-changed={}", path.display());
        let text = fs::read_to_string(path).expect("a file that was just listed can be read");
        match toml::from_str::<File>(&text) {
            Ok(file) => out.add(path, file, &mut problems),
            Err(error) => problems.push(format!("{}: {error}", path.display())),
        }
    }
    let text = fs::read_to_string("houses.toml").expect("houses.toml is part of the crate");
    match toml::from_str::<Houses>(&text) {
        Ok(houses) => out.houses = houses.house.iter().map(House::source).collect(),
        Err(error) => problems.push(format!("houses.toml: {error}")),
    }
    assert!(problems.is_empty(), "fingerprints are wrong:\n{}", problems.join("\n"));
    let to = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&to).join("fingerprints.rs"), out.source())
        .expect("OUT_DIR can be written");
}

#[derive(Default)]
struct Tables {
    texts: String,
    objects: String,
    examples: String,
    houses: String,
    count: usize,
}

impl House {
    fn source(&self) -> String {
        format!("House {{ vendors: &{:?}, because: {:?} }},\n", self.vendors, self.because)
    }
}

impl Tables {
    fn add(&mut self, path: &Path, file: File, problems: &mut Vec<String>) {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("file names are ASCII");
        let names = match (&file.vendor, &file.organisation, file.names_nobody) {
            (Some(vendor), None, false) => format!("Names::Vendor({vendor:?})"),
            (None, Some(name), false) => format!("Names::Organisation({name:?})"),
            (None, None, true) => "Names::Nobody".to_owned(),
            _ => {
                problems.push(format!("{stem}: give one of vendor, organisation and names-nobody"));
                return;
            }
        };
        for text in file.text {
            let id = format!("{stem}/{}", text.name);
            let at = |problem: String| format!("{id}: {problem}");
            if let Err(error) =
                regex::bytes::RegexBuilder::new(&text.pattern).unicode(false).build()
            {
                problems.push(at(error.to_string()));
            }
            if text.examples.is_empty() {
                problems.push(at("has no example".to_owned()));
            }
            let weight = weight(text.weight.as_deref(), "likely").unwrap_or_else(|error| {
                problems.push(at(error));
                String::new()
            });
            let roles = roles(&text.roles).unwrap_or_else(|error| {
                problems.push(at(error));
                String::new()
            });
            writeln!(
                self.texts,
                "Fingerprint {{ id: {id:?}, names: {names}, pattern: {:?}, weight: {weight}, family: {:?}, os: {:?}, roles: &[{roles}] }},",
                text.pattern, text.family, text.os
            )
            .expect("a String takes all");
            for example in &text.examples {
                writeln!(
                    self.examples,
                    "Example {{ of: {}, text: {:?}, fits: true, model: {:?}, software: {:?} }},",
                    self.count, example.text, example.model, example.software
                )
                .expect("a String takes all");
            }
            for not in &text.not {
                writeln!(
                    self.examples,
                    "Example {{ of: {}, text: {not:?}, fits: false, model: None, software: None }},",
                    self.count
                )
                .expect("a String takes all");
            }
            self.count += 1;
        }
        for object in file.object {
            let at = |problem: String| format!("{stem}, object {}: {problem}", object.under);
            let arcs: Result<Vec<u32>, _> = object.under.split('.').map(str::parse).collect();
            let Ok(arcs) = arcs else {
                problems.push(at("is not arcs below 1.3.6.1.4.1, such as 25506.11".to_owned()));
                continue;
            };
            match (weight(object.weight.as_deref(), "strong"), roles(&object.roles)) {
                (Ok(weight), Ok(roles)) => writeln!(
                    self.objects,
                    "Subtree {{ text: {:?}, arcs: &{arcs:?}, names: {names}, note: {:?}, weight: {weight}, family: {:?}, roles: &[{roles}] }},",
                    object.under, object.note, object.family
                )
                .expect("a String takes all"),
                (weight, roles) => problems.extend(weight.err().into_iter().chain(roles.err()).map(at)),
            }
        }
    }

    fn source(&self) -> String {
        format!(
            "/// Every text fingerprint; within a file, the first that fits counts.\n\
             pub static FINGERPRINTS: &[Fingerprint] = &[\n{}];\n\
             /// Subtrees of sysObjectID that are known beyond their enterprise number.\n\
             pub static SUBTREES: &[Subtree] = &[\n{}];\n\
             /// Firms that divided or handed on a line of boxes.\n\
             pub static HOUSES: &[House] = &[\n{}];\n\
             #[cfg(test)]\npub(crate) static EXAMPLES: &[Example] = &[\n{}];\n",
            self.texts, self.objects, self.houses, self.examples
        )
    }
}

fn weight(word: Option<&str>, usual: &str) -> Result<String, String> {
    match word.unwrap_or(usual) {
        "hint" => Ok("Weight::Hint".to_owned()),
        "likely" => Ok("Weight::Likely".to_owned()),
        "strong" => Ok("Weight::Strong".to_owned()),
        other => Err(format!("weight is {other:?}, allowed are hint, likely and strong")),
    }
}

fn roles(words: &[String]) -> Result<String, String> {
    let roles: Result<Vec<String>, String> = words
        .iter()
        .map(|word| {
            Role::from_word(word)
                .map(|role| format!("Role::{role:?}"))
                .ok_or_else(|| format!("{word:?} is no role"))
        })
        .collect();
    roles.map(|roles| roles.join(", "))
}
