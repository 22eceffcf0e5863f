//! The operator's own vendor files, `vendors.d/*.toml`: read in the order of their names, and not too much of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use herkomst_compile::{File, Problem, sha256};
use herkomst_registry::Registry;

use crate::config::bounded;

/// More files than anybody keeps by hand.
const MOST_FILES: usize = 256;
/// All of them together, in octets.
const MOST_TEXT: usize = 16 << 20;

/// Reads the files of a folder that end in `.toml`; what is hidden is left alone. Every problem at once, and the files
/// that can be read.
pub(crate) fn read(folder: Option<&Path>) -> (Vec<File>, Vec<Problem>) {
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    let Some(folder) = folder else { return (files, problems) };
    let paths = match paths(folder) {
        Ok(paths) => paths,
        Err(what) => return (files, vec![Problem::new(folder.display(), what)]),
    };
    let mut size = 0;
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
            let what = format!("holds more than {MOST_TEXT} octets, the most that is allowed");
            problems.push(Problem::new(folder.display(), what));
            break;
        }
    }
    (files, problems)
}

fn paths(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(bounded::failed)? {
        let path = entry.map_err(bounded::failed)?.path();
        let is_hidden =
            path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        if path.extension().is_some_and(|extension| extension == "toml") && !is_hidden {
            paths.push(path);
        }
        if paths.len() > MOST_FILES {
            return Err(format!("holds more than {MOST_FILES} files, the most that is allowed"));
        }
    }
    paths.sort();
    Ok(paths)
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
        let (files, problems) = read(Some(folder.path()));
        assert!(problems.is_empty(), "{problems:?}");
        let texts: Vec<_> = files.iter().map(|file| file.text.as_str()).collect();
        assert_eq!(texts, ["a.toml", "b.toml"]);
        assert!(read(None).0.is_empty());
    }

    #[test]
    fn every_file_that_cannot_be_read_is_named_and_too_many_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("folder.toml")).unwrap();
        fs::write(folder.path().join("bytes.toml"), b"\xff").unwrap();
        fs::write(folder.path().join("good.toml"), "").unwrap();
        let (files, problems) = read(Some(folder.path()));
        assert_eq!((files.len(), problems.len()), (1, 2));
        assert!(
            problems[0].to_string().ends_with("bytes.toml: is no text (UTF-8)"),
            "{problems:?}"
        );
        for number in 0..=MOST_FILES {
            fs::write(folder.path().join(format!("{number}.toml")), "").unwrap();
        }
        let (_, problems) = read(Some(folder.path()));
        assert!(problems[0].to_string().contains("more than 256 files"), "{problems:?}");
        let (_, missing) = read(Some(&folder.path().join("none")));
        assert!(missing[0].to_string().contains("cannot be read"), "{missing:?}");
    }
}
