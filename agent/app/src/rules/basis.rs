//! What a scan judges by: one set for everybody, and for an output that is cleared another, which holds what is sealed too.
//!
//! For an output that is not cleared nothing sealed is opened at all, nor is a key read. What it says is worked out from the
//! rest, as if the sealed files were not there: so neither a name nor a number nor the exit code can tell of them.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use herkomst_registry::Registry;
use herkomst_rules::Pack;
use herkomst_seal::{Plain, Sealed};

use super::file::{Content, Keys, Opened, mistakes, mistakes_of, text};
use super::read::{Named, named, sealed_strangers, shipped_pack};
use super::trust::{Standing, Trust};
use crate::config::operator::{self, Operator};
use crate::config::problems::Problems;
use crate::judge::WATCH_LIST;

/// Who is going to read the output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Nobody said that he may see what is sealed.
    Anybody,
    /// Somebody whom the operator cleared, by marking the output. The key is the host's.
    OfMarked(Option<PathBuf>),
    /// Somebody who has a key himself.
    WithKey(PathBuf),
}

/// Packs, and what the operator says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Set {
    /// The packs to judge.
    pub(crate) packs: Vec<Pack>,
    /// What is declared of the network; none when nobody declared anything.
    pub(crate) operator: Option<Operator>,
    /// What the reader of the report should know of what is judged by.
    pub(crate) notes: Vec<String>,
}

/// What a scan judges by.
#[derive(Default)]
pub(crate) struct Basis {
    open: Set,
    /// By which name each of its packs was asked for, in their order.
    names: Vec<String>,
    /// The packs in it were not asked for.
    by_default: bool,
    cleared: Option<Cleared>,
}

/// What came out of seals.
struct Cleared {
    keys: Keys,
    /// The reader brought the key, and so he sees the exit code too.
    has_key: bool,
    packs: Vec<(String, Sealed<Pack>)>,
    operator: Option<Sealed<Operator>>,
    notes: Vec<String>,
}

impl fmt::Debug for Basis {
    /// What everybody may see, and no more.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.open.fmt(f)
    }
}

impl Basis {
    /// Reads packs by id or path (each with the place where it is named) and the operator's file, and notes every problem.
    pub(crate) fn read(
        rules: &[(String, String)],
        operator: Option<&Path>,
        trust: &Trust,
        reader: &Reader,
        problems: &mut Problems,
    ) -> Self {
        let mut basis = Self { cleared: Cleared::of(reader, problems), ..Self::default() };
        for (place, name) in rules {
            match named(name) {
                Ok(Named::Shipped(pack)) => basis.add_open(name, *pack, problems),
                Ok(Named::File(path)) => {
                    if let Err(what) = basis.add_pack(&path, trust, problems) {
                        problems.add_configuration(&path.display().to_string(), what);
                    }
                }
                Err(what) => problems.add(place, what),
            }
        }
        if basis.open.packs.is_empty() {
            basis.by_default = true;
            basis.open.packs.extend(shipped_pack(WATCH_LIST));
        }
        if basis.has_sealed_twice() {
            // Neither which nor where: the id of a pack that everybody may see would tell that of the sealed one.
            problems
                .add_configuration("rule packs", "two of the packs have one id: name one of them");
        }
        if let Some(path) = operator
            && let Err(what) = basis.add_operator(path, problems)
        {
            problems.add_configuration(&path.display().to_string(), what);
        }
        basis
    }

    fn add_pack(
        &mut self,
        path: &Path,
        trust: &Trust,
        problems: &mut Problems,
    ) -> Result<(), String> {
        let name = path.display().to_string();
        let file = Opened::open(path)?;
        if file.is_sealed() && self.cleared.is_none() {
            return Ok(());
        }
        let content = file.read()?;
        let standing = trust.admit(path, file.id()?, content.bytes())?;
        match (content, &mut self.cleared) {
            (Content::Plain(text), _) => match Pack::parse(&text, &name) {
                Ok(pack) => {
                    say(&name, &standing);
                    self.add_open(&name, pack, problems);
                }
                Err(wrong) => problems.add_configuration("rule pack", wrong.to_string()),
            },
            (Content::Sealed(bytes), Some(cleared)) => {
                if let Some(pack) = cleared.open(&bytes, &name, problems, parse_pack)? {
                    if !matches!(standing, Standing::Signed { .. }) {
                        cleared.notes.push(format!("{name}: {}", allowed_in_words(&standing)));
                    }
                    cleared.packs.push((name, pack));
                }
            }
            (Content::Sealed(_), None) => {}
        }
        Ok(())
    }

    /// Takes a pack that everybody may see, unless another has its id: findings, dates and editions are told by that.
    fn add_open(&mut self, name: &str, pack: Pack, problems: &mut Problems) {
        let known = self.open.packs.iter().position(|known| known.id == pack.id);
        if let Some(other) = known.and_then(|at| self.names.get(at)) {
            let id = &pack.id;
            problems.add_configuration(
                name,
                format!("its id is {id:?}, which is that of {other} too: name one of them"),
            );
            return;
        }
        self.names.push(name.to_owned());
        self.open.packs.push(pack);
    }

    /// Whether a sealed pack has the id of another pack of a cleared output.
    fn has_sealed_twice(&self) -> bool {
        let Some(cleared) = &self.cleared else { return false };
        let clearance = cleared.keys.clearance();
        let mut ids: BTreeSet<&str> = BTreeSet::new();
        if !self.by_default {
            ids.extend(self.open.packs.iter().map(|pack| pack.id.as_str()));
        }
        !cleared.packs.iter().all(|(_, pack)| ids.insert(pack.open(clearance).id.as_str()))
    }

    fn add_operator(&mut self, path: &Path, problems: &mut Problems) -> Result<(), String> {
        let name = path.display().to_string();
        let file = Opened::open(path)?;
        if file.is_sealed() && self.cleared.is_none() {
            return Ok(());
        }
        match (file.read()?, &mut self.cleared) {
            (Content::Plain(text), _) => {
                self.open.operator = Some(operator::parse(&name, &text, problems));
            }
            (Content::Sealed(bytes), Some(cleared)) => {
                cleared.operator = cleared.open(&bytes, &name, problems, parse_operator)?;
            }
            (Content::Sealed(_), None) => {}
        }
        Ok(())
    }

    /// What everybody may see.
    pub(crate) fn open(&self) -> &Set {
        &self.open
    }

    /// Whether the output may show what is sealed.
    pub(crate) fn is_cleared(&self) -> bool {
        self.cleared.is_some()
    }

    /// Whether the exit code may tell of it too: it goes to whoever started the program, and not where the output goes.
    pub(crate) fn is_exit_cleared(&self) -> bool {
        self.cleared.as_ref().is_some_and(|cleared| cleared.has_key)
    }

    /// What a cleared output is worked out from, where that is more than everybody may see.
    pub(crate) fn cleared(&self) -> Option<Set> {
        let cleared = self.cleared.as_ref()?;
        if cleared.packs.is_empty() && cleared.operator.is_none() {
            return None;
        }
        let clearance = cleared.keys.clearance();
        let mut set = self.open.clone();
        if self.by_default && !cleared.packs.is_empty() {
            set.packs.clear();
        }
        set.packs.extend(cleared.packs.iter().map(|(_, pack)| pack.open(clearance).clone()));
        set.notes.extend(cleared.notes.iter().cloned());
        if let Some(operator) = &cleared.operator {
            set.operator = Some(operator.open(clearance).clone());
        }
        Some(set)
    }

    /// Vendors of sealed files that no register knows: how many, and where.
    pub(crate) fn sealed_strangers(&self, registry: &Registry) -> Vec<String> {
        let Some(cleared) = &self.cleared else { return Vec::new() };
        let strangers = cleared.packs.iter().map(|(file, pack)| {
            sealed_strangers(pack.open(cleared.keys.clearance()), file, registry)
        });
        let of_operator = cleared.operator.iter().filter_map(|operator| {
            operator.open(cleared.keys.clearance()).sealed_strangers(registry)
        });
        strangers.flatten().chain(of_operator).collect()
    }
}

impl Cleared {
    fn of(reader: &Reader, problems: &mut Problems) -> Option<Self> {
        if *reader == Reader::Anybody {
            return None;
        }
        // Before the first key is read; a scan does it later, when it has its sockets.
        if let Err(error) = herkomst_net::forbid_core_dumps() {
            tracing::warn!(%error, "core dumps cannot be forbidden");
        }
        let (keys, place, has_key) = match reader {
            Reader::Anybody => return None,
            Reader::OfMarked(path) => (Keys::of_host(path.as_deref()), path.clone(), false),
            Reader::WithKey(path) => (Keys::of_reader(path), Some(path.clone()), true),
        };
        let keys = match keys {
            Ok(keys) => keys,
            Err(what) => {
                let place = place.map(|path| path.display().to_string()).unwrap_or_default();
                problems.add_configuration(&place, what);
                return None;
            }
        };
        Some(Self { keys, has_key, packs: Vec::new(), operator: None, notes: Vec::new() })
    }

    /// Opens a sealed file and reads it; what is wrong within is noted by its place.
    fn open<T>(
        &self,
        bytes: &[u8],
        name: &str,
        problems: &mut Problems,
        parse: impl Fn(&str, &Plain) -> Result<T, String>,
    ) -> Result<Option<Sealed<T>>, String> {
        if self.keys.is_empty() {
            return Err("is sealed, and no key is named: identity = \"FILE\" under [rules] in -c FILE, or --identity FILE".to_owned());
        }
        match self.keys.open(bytes)?.map(|plain| parse(name, &plain)).transpose() {
            Ok(value) => Ok(Some(value)),
            // Made for those who may not see what stands there.
            Err(wrong) => {
                problems.add_configuration("sealed file", wrong.into_open(self.keys.clearance()));
                Ok(None)
            }
        }
    }
}

fn parse_pack(name: &str, plain: &Plain) -> Result<Pack, String> {
    let text = text(plain).map_err(|what| format!("{name}: what is sealed {what}"))?;
    Pack::parse(text, name).map_err(|problems| mistakes_of(name, &problems))
}

fn parse_operator(name: &str, plain: &Plain) -> Result<Operator, String> {
    let text = text(plain).map_err(|what| format!("{name}: what is sealed {what}"))?;
    let mut within = Problems::default();
    let operator = operator::parse(name, text, &mut within);
    if within.is_empty() {
        return Ok(operator);
    }
    let (count, places) = within.places(name);
    Err(mistakes(name, count, &places))
}

/// Who signed a pack that everybody may know of.
fn say(name: &str, standing: &Standing) {
    match standing {
        Standing::Signed { .. } => tracing::info!(pack = name, "{}", standing.in_words()),
        Standing::UnknownKey(_) | Standing::Unsigned => {
            tracing::warn!(pack = name, "{}", allowed_in_words(standing));
        }
    }
}

/// What to say of a pack that nobody whom the operator trusts signed.
fn allowed_in_words(standing: &Standing) -> String {
    format!(
        "rule pack is {}: judged all the same, since you allowed it by its name",
        standing.in_words()
    )
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use herkomst_rules::shipped;
    use herkomst_seal::{Identity, Shape, seal};

    use super::*;

    /// A folder with packs, all of which are allowed, and the key of a host.
    struct Desk {
        folder: tempfile::TempDir,
        key: Identity,
        trust: Trust,
    }

    impl Desk {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let key = Identity::generate();
            let path = folder.path().join("host.key");
            fs::write(&path, key.to_file().expose()).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            Self { folder, key, trust: Trust::default() }
        }

        /// The watch list by another id; sealed where the name says so. Its path.
        fn pack(&mut self, file: &str, id: &str) -> String {
            let text = shipped().iter().find(|(id, _)| *id == WATCH_LIST).unwrap().1;
            let was = format!("id = \"{WATCH_LIST}\"");
            assert!(text.contains(&was));
            let mut bytes = text.replacen(&was, &format!("id = \"{id}\""), 1).into_bytes();
            if file.ends_with(".age") {
                bytes = seal(&bytes, &[self.key.recipient()], Shape::Binary).unwrap();
            }
            let path = self.folder.path().join(file);
            fs::write(&path, bytes).unwrap();
            self.trust.allow(&path);
            path.display().to_string()
        }

        fn read(&self, packs: &[&str], is_cleared: bool) -> (Basis, String) {
            let rules: Vec<(String, String)> =
                packs.iter().map(|pack| ("--rules".to_owned(), (*pack).to_owned())).collect();
            let reader = match is_cleared {
                true => Reader::WithKey(self.folder.path().join("host.key")),
                false => Reader::Anybody,
            };
            let mut problems = Problems::default();
            let basis = Basis::read(&rules, None, &self.trust, &reader, &mut problems);
            (basis, problems.to_string())
        }
    }

    #[test]
    fn two_packs_of_one_id_are_refused_with_both_names() {
        let mut desk = Desk::new();
        let (one, two) = (desk.pack("one.toml", "own-order"), desk.pack("two.toml", "own-order"));
        let (_, problems) = desk.read(&[&one, &two], false);
        assert_eq!(
            problems,
            format!("{two}: its id is \"own-order\", which is that of {one} too: name one of them")
        );
        let shipped = desk.pack("three.toml", WATCH_LIST);
        let (_, problems) = desk.read(&[WATCH_LIST, &shipped], false);
        assert!(problems.contains("three.toml: its id is \"public-lists\""), "{problems}");
        let (basis, problems) = desk.read(&[&one, WATCH_LIST], false);
        assert_eq!((basis.open().packs.len(), problems.as_str()), (2, ""));
    }

    #[test]
    fn the_id_of_a_sealed_pack_is_not_told_when_another_has_it() {
        let mut desk = Desk::new();
        let open = desk.pack("open.toml", "own-order");
        let (one, two) =
            (desk.pack("1.toml.age", "own-order"), desk.pack("2.toml.age", "own-order"));
        let told = "rule packs: two of the packs have one id: name one of them";
        assert_eq!(desk.read(&[&open, &one], true).1, told);
        assert_eq!(desk.read(&[&one, &two], true).1, told);
        // For everybody else they are not there, nor is the watch list where only a sealed pack is asked for.
        assert_eq!(desk.read(&[&open, &one, &two], false).1, "");
        let watch_list = desk.pack("3.toml.age", WATCH_LIST);
        let (basis, problems) = desk.read(&[&watch_list], true);
        assert_eq!((basis.cleared().unwrap().packs.len(), problems.as_str()), (1, ""));
    }

    #[test]
    fn that_nobody_signed_a_sealed_pack_is_a_note_of_the_cleared_report_alone() {
        let mut desk = Desk::new();
        let (open, sealed) =
            (desk.pack("open.toml", "own-order"), desk.pack("1.toml.age", "own-two"));
        let (basis, problems) = desk.read(&[&open, &sealed], true);
        assert_eq!(problems, "");
        let notes = basis.cleared().unwrap().notes;
        assert!(notes.len() == 1 && notes[0].starts_with(&sealed), "{notes:?}");
        assert!(notes[0].contains("rule pack is not signed: judged all the same"), "{notes:?}");
        assert!(basis.open().notes.is_empty());
    }
}
