//! Private networks: network namespaces, as root or inside a user namespace (namespaces(7), user_namespaces(7)).
//!
//! The demo and the tests send nothing outside of them.

use std::ffi::CString;
use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::sys::namespace::{self as calls, Fresh};
use crate::sys::process;
use crate::{NetError, links, privileges};

/// The network namespace of the calling thread; of the whole process while nobody has moved.
const OWN: &str = "/proc/thread-self/ns/net";

/// Tells network namespaces apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NamespaceId {
    device: u64,
    inode: u64,
}

impl NamespaceId {
    fn of(metadata: &fs::Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

impl fmt::Display for NamespaceId {
    /// As the links in `/proc/PID/ns` read, without the device they are on.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "net:[{}]", self.inode)
    }
}

/// The network namespace of the calling thread.
///
/// # Errors
/// When `/proc` does not say.
pub fn current_network() -> Result<NamespaceId, NetError> {
    let metadata =
        fs::metadata(OWN).map_err(|source| NetError::system(format!("reading {OWN}"), source))?;
    Ok(NamespaceId::of(&metadata))
}

/// By which right a private network was entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Entered {
    /// With CAP_SYS_ADMIN, as the user we were.
    Root,
    /// As user 0 of a user namespace.
    UserNamespace {
        /// Other users exist there too, so programs that change to one of their own can run.
        whole_range: bool,
    },
}

/// Moves the calling thread, and what it starts from here on, into a network of its own with nothing in it but the
/// loopback, which is up. With `mounts` also into mounts of its own, so that files can be laid over those of the host.
///
/// Without CAP_SYS_ADMIN this takes a user namespace, which the kernel gives to processes with one thread only.
///
/// # Errors
/// When namespaces are not to be had; the text names the setting.
pub fn enter_private_network(mounts: bool) -> Result<Entered, NetError> {
    let entered = if privileges::has_sys_admin() {
        calls::unshare(Fresh { user: false, network: true, mounts }).map_err(no_namespace)?;
        Entered::Root
    } else {
        Entered::UserNamespace { whole_range: enter_user_namespace(mounts)? }
    };
    if mounts {
        calls::make_mounts_private()
            .map_err(|source| NetError::system("making the mounts private", source))?;
    }
    links::set_up("lo")?;
    Ok(entered)
}

/// Lays an empty file system in memory over a folder, such as `/run` for a daemon that writes there. Only inside
/// mounts of our own: see [`enter_private_network`].
///
/// # Errors
/// When it is not permitted or the folder does not exist.
pub fn mount_memory(folder: &Path) -> Result<(), NetError> {
    let what = || format!("mounting memory over {}", folder.display());
    let path = CString::new(folder.as_os_str().as_bytes())
        .map_err(|error| NetError::system(what(), error.into()))?;
    calls::mount_memory(&path)
        .map_err(|source| NetError::privileged(what(), "CAP_SYS_ADMIN", source))
}

/// Says what the kernel does not: which setting is in the way (user_namespaces(7), unshare(2)).
fn no_namespace(source: io::Error) -> NetError {
    let setting = |path: &str| fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
    let mut found = Vec::new();
    for (path, forbidding) in [
        ("/proc/sys/user/max_user_namespaces", "0"),
        ("/proc/sys/user/max_net_namespaces", "0"),
        ("/proc/sys/kernel/unprivileged_userns_clone", "0"),
        ("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"),
    ] {
        if setting(path).as_deref() == Some(forbidding) {
            found.push(format!("{path} is {forbidding}"));
        }
    }
    let reason = if !found.is_empty() {
        format!("{}; change that, or run as root", found.join(", "))
    } else {
        match source.raw_os_error() {
            Some(libc::EINVAL) => "the process has more than one thread, allowed is one".to_owned(),
            Some(libc::ENOSPC) => {
                "there are as many namespaces as /proc/sys/user/max_user_namespaces and max_net_namespaces allow"
                    .to_owned()
            }
            Some(libc::EPERM) => "the system, or the container around it, forbids user namespaces; run as root, or allow \
                 kernel.unprivileged_userns_clone or kernel.apparmor_restrict_unprivileged_userns"
                .to_owned(),
            _ => "the kernel refuses a new namespace".to_owned(),
        }
    };
    NetError::NoNamespace { reason, source }
}

/// A process with one thread moves into a new user namespace. True: with a whole range of users.
fn enter_user_namespace(mounts: bool) -> Result<bool, NetError> {
    let (user, group) = (process::effective_user(), process::effective_group());
    // Who maps a range must stand outside, so it is started before and waits.
    let mapper = RangeMapper::start(user, group);
    calls::unshare(Fresh { user: true, network: true, mounts }).map_err(no_namespace)?;
    let mapped = mapper.map_or(Mapped::Nothing, RangeMapper::map);
    let write = |file: &str, text: String| {
        fs::write(file, text).map_err(|source| NetError::system(format!("writing {file}"), source))
    };
    match mapped {
        Mapped::UsersAndGroups => return Ok(true),
        Mapped::Users => {}
        Mapped::Nothing => write("/proc/self/uid_map", format!("0 {user} 1\n"))?,
    }
    // Without CAP_SETGID outside, groups may be mapped only once setgroups is given up (user_namespaces(7)).
    write("/proc/self/setgroups", "deny".to_owned())?;
    write("/proc/self/gid_map", format!("0 {group} 1\n"))?;
    Ok(false)
}

/// How much the helpers did.
enum Mapped {
    Nothing,
    Users,
    UsersAndGroups,
}

/// Runs `newuidmap` and `newgidmap` on us from outside of the namespace (newuidmap(1), subuid(5)).
struct RangeMapper(Child);

impl RangeMapper {
    /// None: there is no range for this user, or no shell to start the helpers.
    fn start(user: u32, group: u32) -> Option<Self> {
        let names = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let name = user_name(&names, user);
        let range =
            |path: &str| subordinate_range(&fs::read_to_string(path).ok()?, user, name.as_deref());
        let ((first_user, users), (first_group, groups)) =
            (range("/etc/subuid")?, range("/etc/subgid")?);
        let script = r#"read -r go || exit 1
            newuidmap "$1" 0 "$2" 1 1 "$3" "$4" || exit 1
            newgidmap "$1" 0 "$5" 1 1 "$6" "$7" || exit 2"#;
        let numbers = [std::process::id(), user, first_user, users, group, first_group, groups];
        Command::new("/bin/sh")
            .args(["-c", script, "map-range"])
            .args(numbers.map(|number| number.to_string()))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()
            .map(Self)
    }

    fn map(mut self) -> Mapped {
        // Taken and dropped: the shell sees the end of its input either way.
        if let Some(mut input) = self.0.stdin.take()
            && let Err(error) = input.write_all(b"go\n")
        {
            tracing::debug!(%error, "the shell that maps users has ended early");
        }
        match self.0.wait().map(|status| status.code()) {
            Ok(Some(0)) => Mapped::UsersAndGroups,
            Ok(Some(2)) => Mapped::Users,
            _ => Mapped::Nothing,
        }
    }
}

/// The name of a user in the format of passwd(5).
fn user_name(passwd: &str, user: u32) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(user)).then(|| name.to_owned())
    })
}

/// The largest range of a user, given by name or by number, in the format of subuid(5): `name:first:count`.
fn subordinate_range(file: &str, user: u32, name: Option<&str>) -> Option<(u32, u32)> {
    file.lines()
        .filter_map(|line| {
            let mut fields = line.trim().split(':');
            let (who, first, count) = (fields.next()?, fields.next()?, fields.next()?);
            let ours = Some(who) == name || who.parse() == Ok(user);
            let range: (u32, u32) = (first.parse().ok()?, count.parse().ok()?);
            (ours && range.1 > 0).then_some(range)
        })
        .max_by_key(|(_, count)| *count)
}

/// A network namespace that lives as long as this value, or something inside it.
#[derive(Debug)]
pub struct NetworkNamespace {
    descriptor: OwnedFd,
    id: NamespaceId,
}

impl NetworkNamespace {
    /// Makes a new one. It holds the loopback only, which is up. Nobody moves: not the calling thread either.
    ///
    /// # Errors
    /// Without CAP_SYS_ADMIN in the current user namespace; after [`enter_private_network`] one has it.
    pub fn create() -> Result<Self, NetError> {
        on_a_thread(|| {
            calls::unshare(Fresh { network: true, ..Fresh::default() }).map_err(no_namespace)?;
            links::set_up("lo")?;
            Self::current()
        })
    }

    /// The one the calling thread is in.
    ///
    /// # Errors
    /// When `/proc` does not say.
    pub fn current() -> Result<Self, NetError> {
        let failed = |source| NetError::system(format!("opening {OWN}"), source);
        let file = fs::File::open(OWN).map_err(failed)?;
        let id = NamespaceId::of(&file.metadata().map_err(failed)?);
        Ok(Self { descriptor: file.into(), id })
    }

    /// Which one it is.
    pub fn id(&self) -> NamespaceId {
        self.id
    }

    /// Runs something inside, on a thread of its own, and waits for it. Threads it starts are inside too; sockets it
    /// opens stay inside wherever they are used. A panic goes on in the caller.
    ///
    /// # Errors
    /// When it cannot be entered.
    pub fn run<T: Send>(&self, inside: impl FnOnce() -> T + Send) -> Result<T, NetError> {
        on_a_thread(|| {
            calls::enter_network(self.descriptor.as_fd()).map_err(|source| {
                NetError::privileged("entering a network namespace", "CAP_SYS_ADMIN", source)
            })?;
            Ok(inside())
        })
    }

    /// Starts a program inside. `/sys` still shows the network of the mounts, not this one.
    ///
    /// # Errors
    /// When the namespace cannot be entered or the program not started.
    pub fn spawn(&self, command: &mut Command) -> Result<Child, NetError> {
        let what = format!("starting {}", command.get_program().to_string_lossy());
        // A child begins in the network of the thread that starts it.
        self.run(|| command.spawn())?.map_err(|source| NetError::system(what, source))
    }

    /// A path by which this process, and no other, can name it.
    pub fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.descriptor.as_raw_fd()))
    }
}

impl AsFd for NetworkNamespace {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

fn on_a_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| match scope.spawn(work).join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_stands_where_its_starter_stands() {
        let here = current_network().unwrap();
        assert_eq!(std::thread::spawn(|| current_network().unwrap()).join().unwrap(), here);
        let current = NetworkNamespace::current().unwrap();
        assert_eq!(current.id(), here);
        assert_eq!(NamespaceId::of(&fs::metadata(current.path()).unwrap()), here);
    }

    #[test]
    fn ranges_are_found_by_name_and_by_number() {
        let file = "# none\nother:1000:70000\nada:100000:1\nada:200000:65536\n1001:300000:65536\nada:bad:1\nada:5:0\n";
        assert_eq!(subordinate_range(file, 1000, Some("ada")), Some((200_000, 65_536)));
        assert_eq!(subordinate_range(file, 1001, None), Some((300_000, 65_536)));
        assert_eq!(subordinate_range(file, 1002, Some("eve")), None);
        assert_eq!(subordinate_range("", 1000, Some("ada")), None);
    }

    #[test]
    fn names_are_found_by_number() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nbroken\nada:x:1000:1000::/home/ada:/bin/sh\n";
        assert_eq!(user_name(passwd, 1000).as_deref(), Some("ada"));
        assert_eq!(user_name(passwd, 1), None);
    }

    #[test]
    fn a_user_namespace_is_refused_to_many_threads_with_the_reason() {
        // Test harnesses have several threads, and this one gives up the right that would do without.
        std::thread::spawn(|| {
            privileges::drop_all_capabilities().unwrap();
            let here = current_network().unwrap();
            let error = enter_private_network(false).unwrap_err();
            assert!(matches!(error, NetError::NoNamespace { .. }), "{error}");
            assert_eq!(current_network().unwrap(), here);
        })
        .join()
        .unwrap();
    }
}
