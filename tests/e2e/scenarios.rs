//! Every file in `tests/scenarios` is a test.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use herkomst_lab::scenario::Scenario;
use libtest_mimic::Trial;

use crate::stage::{Stage, library, tests_folder};
use crate::{checks, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let files = match files() {
        Ok(files) => files,
        Err(error) => return vec![trial("scenario/files", move || Err(error))],
    };
    files
        .into_iter()
        .map(|path| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            trial(format!("scenario/{name}"), move || run(&path))
        })
        .collect()
}

fn files() -> Result<Vec<PathBuf>> {
    let folder = tests_folder().join("scenarios");
    let entries =
        std::fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    ensure!(!files.is_empty(), "{} holds no scenario", folder.display());
    Ok(files)
}

fn run(path: &std::path::Path) -> Result<()> {
    let scenario = Scenario::load(path, &library())?;
    let stage = Stage::build(&scenario)?;
    let run = stage.scan(&scenario)?;
    checks::scenario(&scenario, &stage, &run)
}
