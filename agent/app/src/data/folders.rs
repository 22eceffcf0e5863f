//! Where the operator's registry file and vendor files are: flags, then the environment, then the places that are usual.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The registry file in its folder.
pub(crate) const FILE: &str = "registry.hkr";
/// The one before it.
pub(crate) const PREVIOUS: &str = "registry.previous.hkr";

/// Where a service and an administrator keep it.
const SYSTEM_DATA: &str = "/var/lib/herkomst";
const SYSTEM_VENDORS: &str = "/etc/herkomst/vendors.d";

/// The folders of this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folders {
    /// Where an update writes, and where a registry file is looked for first.
    pub(crate) data: PathBuf,
    /// Where one is looked for when there is none: the system's, for an ordinary user who has none of his own.
    pub(crate) fallback: Option<PathBuf>,
    /// The folder of the operator's vendor files, when it exists or was named.
    pub(crate) vendors: Option<PathBuf>,
}

/// What decides where they are.
struct Surroundings<'a> {
    is_root: bool,
    variable: &'a dyn Fn(&str) -> Option<OsString>,
    is_folder: &'a dyn Fn(&Path) -> bool,
}

impl Folders {
    /// What the flags say, or else the environment, or else what is usual for this user.
    pub(crate) fn find(data_dir: Option<&Path>, vendors_dir: Option<&Path>) -> Self {
        Surroundings {
            is_root: herkomst_net::effective_uid() == 0,
            variable: &|name| std::env::var_os(name),
            is_folder: &|path| path.is_dir(),
        }
        .folders(data_dir, vendors_dir)
    }

    /// The registry file in use, if there is one; where the next one goes, if not.
    pub(crate) fn file(&self) -> PathBuf {
        let own = self.data.join(FILE);
        let other = self.fallback.as_ref().map(|folder| folder.join(FILE));
        // What is there and cannot be read is in use too: it is told, and not passed over.
        let is_there = |path: &Path| path.symlink_metadata().is_ok();
        match other {
            Some(other) if !is_there(&own) && is_there(&other) => other,
            _ => own,
        }
    }
}

impl Surroundings<'_> {
    fn named(&self, name: &str) -> Option<PathBuf> {
        (self.variable)(name).filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    /// A folder out of the environment that must be named from the root (XDG Base Directory Specification; systemd.exec(5)).
    fn absolute(&self, name: &str) -> Option<PathBuf> {
        self.named(name).filter(|path| path.is_absolute())
    }

    fn home(&self, variable: &str, below: &str) -> Option<PathBuf> {
        let base = self.absolute(variable).or_else(|| Some(self.absolute("HOME")?.join(below)))?;
        Some(base.join("herkomst"))
    }

    fn folders(&self, data_dir: Option<&Path>, vendors_dir: Option<&Path>) -> Folders {
        let named = data_dir.map(Path::to_owned).or_else(|| self.named("HERKOMST_DATA_DIR"));
        let own = if self.is_root { None } else { self.home("XDG_DATA_HOME", ".local/share") };
        let (data, fallback) = match (named.or_else(|| self.state()), own) {
            (Some(named), _) => (named, None),
            (None, Some(own)) => (own, Some(SYSTEM_DATA.into())),
            (None, None) => (SYSTEM_DATA.into(), None),
        };
        let vendors = vendors_dir.map(Path::to_owned);
        let vendors = vendors.or_else(|| self.named("HERKOMST_VENDORS_DIR")).or_else(|| {
            let own = if self.is_root { None } else { self.home("XDG_CONFIG_HOME", ".config") };
            let usual = [own.map(|own| own.join("vendors.d")), Some(SYSTEM_VENDORS.into())];
            usual.into_iter().flatten().find(|path| (self.is_folder)(path))
        });
        Folders { data, fallback, vendors }
    }

    /// The folder that systemd made for the service: the first one of a list with colons.
    fn state(&self) -> Option<PathBuf> {
        let value = (self.variable)("STATE_DIRECTORY")?.into_string().ok()?;
        let first = value.split(':').next().map(PathBuf::from);
        first.filter(|path| path.is_absolute())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The folders of a user whose environment is this and for whom these folders exist.
    fn folders(is_root: bool, variables: &[(&str, &str)], exist: &[&str]) -> Folders {
        let variable = |name: &str| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| OsString::from(value))
        };
        let is_folder = |path: &Path| exist.iter().any(|one| Path::new(one) == path);
        Surroundings { is_root, variable: &variable, is_folder: &is_folder }.folders(None, None)
    }

    #[test]
    fn root_has_the_systems_and_others_their_own_with_the_systems_behind() {
        let root = folders(true, &[("HOME", "/root")], &["/etc/herkomst/vendors.d"]);
        assert_eq!((root.data.to_str(), root.fallback), (Some("/var/lib/herkomst"), None));
        assert_eq!(root.vendors.as_deref(), Some(Path::new("/etc/herkomst/vendors.d")));
        let other = folders(false, &[("HOME", "/home/a")], &["/etc/herkomst/vendors.d"]);
        assert_eq!(other.data.to_str(), Some("/home/a/.local/share/herkomst"));
        assert_eq!(other.fallback.as_deref(), Some(Path::new("/var/lib/herkomst")));
        assert_eq!(other.vendors.as_deref(), Some(Path::new("/etc/herkomst/vendors.d")));
        let own = "/home/a/.config/herkomst/vendors.d";
        let other = folders(false, &[("HOME", "/home/a")], &["/etc/herkomst/vendors.d", own]);
        assert_eq!(other.vendors.as_deref(), Some(Path::new(own)));
        let nobody = folders(false, &[], &[]);
        assert_eq!((nobody.data.to_str(), nobody.vendors), (Some("/var/lib/herkomst"), None));
    }

    #[test]
    fn what_is_named_wins_and_relative_places_of_the_system_do_not_count() {
        let service = [("STATE_DIRECTORY", "/var/lib/a:/var/lib/b"), ("HOME", "/")];
        assert_eq!(folders(false, &service, &[]).data.to_str(), Some("/var/lib/a"));
        let named =
            [("HERKOMST_DATA_DIR", "here"), service[0], ("HERKOMST_VENDORS_DIR", "/nowhere")];
        let named = folders(true, &named, &[]);
        assert_eq!((named.data.to_str(), named.fallback), (Some("here"), None));
        assert_eq!(named.vendors.as_deref(), Some(Path::new("/nowhere")));
        let relative = [("XDG_DATA_HOME", "data"), ("HOME", "/home/a"), ("HERKOMST_DATA_DIR", "")];
        let relative = folders(false, &relative, &[]);
        assert_eq!(relative.data.to_str(), Some("/home/a/.local/share/herkomst"));
        let xdg = [("XDG_DATA_HOME", "/data"), ("HOME", "/home/a")];
        assert_eq!(folders(false, &xdg, &[]).data.to_str(), Some("/data/herkomst"));
    }
}
