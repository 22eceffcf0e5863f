//! The operator's own vendor files, `vendors.d/*.toml`: read in the order of their names, and not too much of them.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use herkomst_compile::{File, Problem, sha256};
use herkomst_registry::Registry;

use crate::config::bounded;

/// More files than anybody keeps by hand.
const MOST_FILES: usize = 256;
/// All of them together, in octets.
const MOST_TEXT: usize = 16 << 20;

/// Reads the files of a folder that end in `.toml`; what is hidden is left alone. Every problem at once.
pub(crate) fn read(folder: Option<&Path>) -> Result<Vec<File>, Vec<Problem>> {
    let Some(folder) = folder else { return Ok(Vec::new()) };
    let whole = |what: String| vec![Problem::new(folder.display(), what)];
    let failed = |error: io::Error| whole(format!("cannot be read: {error}"));
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let is_hidden =
            path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        if path.extension().is_some_and(|extension| extension == "toml") && !is_hidden {
            paths.push(path);
        }
        if paths.len() > MOST_FILES {
            return Err(whole(format!(
                "holds more than {MOST_FILES} files, the most that is allowed"
            )));
        }
    }
    paths.sort();
    let (mut files, mut problems, mut size) = (Vec::new(), Vec::new(), 0);
    for path in paths {
        let name = path.display().to_string();
        match bounded::read(&path) {
            Ok(text) => {
                size += text.len();
                files.push(File { path: name, text });
            }
            Err(what) => problems.push(Problem::new(name, what)),
        }
        if size > MOST_TEXT {
            return Err(whole(format!(
                "holds more than {MOST_TEXT} octets, the most that is allowed"
            )));
        }
    }
    if problems.is_empty() { Ok(files) } else { Err(problems) }
}

/// What differs between the files as they are and those that a registry was made with, in words; nothing when they are
/// the same. Files are known by their names alone, so that another way to the same folder is no difference.
pub(crate) fn changes(registry: &Registry, files: &[File]) -> Vec<String> {
    let worked_in: BTreeMap<&str, &str> =
        registry.local_files().map(|(path, digest)| (file_name(path), digest)).collect();
    let now: BTreeMap<&str, String> =
        files.iter().map(|file| (file_name(&file.path), sha256(file.text.as_bytes()))).collect();
    let mut changes = Vec::new();
    for (name, digest) in &now {
        match worked_in.get(name) {
            None => changes.push(format!("{name} is new")),
            Some(old) if old != digest => changes.push(format!("{name} is changed")),
            Some(_) => {}
        }
    }
    let gone = worked_in.keys().filter(|name| !now.contains_key(**name));
    changes.extend(gone.map(|name| format!("{name} is gone")));
    changes
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn files_are_read_in_the_order_of_their_names_and_others_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.toml", "a.toml", ".hidden.toml", "a.toml~", "README"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        let files = read(Some(folder.path())).unwrap();
        let texts: Vec<_> = files.iter().map(|file| file.text.as_str()).collect();
        assert_eq!(texts, ["a.toml", "b.toml"]);
        assert!(read(None).unwrap().is_empty());
    }

    #[test]
    fn every_file_that_cannot_be_read_is_named_and_too_many_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("folder.toml")).unwrap();
        fs::write(folder.path().join("bytes.toml"), b"\xff").unwrap();
        let problems = read(Some(folder.path())).unwrap_err();
        assert_eq!(problems.len(), 2);
        assert!(
            problems[0].to_string().ends_with("bytes.toml: is no text (UTF-8)"),
            "{problems:?}"
        );
        for number in 0..=MOST_FILES {
            fs::write(folder.path().join(format!("{number}.toml")), "").unwrap();
        }
        let problems = read(Some(folder.path())).unwrap_err();
        assert!(problems[0].to_string().contains("more than 256 files"), "{problems:?}");
        let missing = read(Some(&folder.path().join("none"))).unwrap_err();
        assert!(missing[0].to_string().contains("cannot be read"), "{missing:?}");
    }
}
