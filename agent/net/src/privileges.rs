//! What this process may do, and giving that up for good (capabilities(7)).

use std::io;

use crate::NetError;
use crate::sys::capability::{self, Sets};
use crate::sys::process;

/// Whether the calling thread may open raw and packet sockets now (CAP_NET_RAW is effective).
pub fn has_net_raw() -> bool {
    capability::read().is_ok_and(|sets| sets.is_effective(capability::CAP_NET_RAW))
}

pub(crate) fn has_sys_admin() -> bool {
    capability::read().is_ok_and(|sets| sets.is_effective(capability::CAP_SYS_ADMIN))
}

/// The effective user id.
pub fn effective_uid() -> u32 {
    process::effective_user()
}

/// Gives up every capability for good: those held, those that could be raised, and those that a program started
/// from here could gain. The user stays who it is, and sockets that are open stay open.
///
/// Capabilities belong to threads: call it before the first other thread is started.
///
/// # Errors
/// When something is left afterwards.
pub fn drop_all_capabilities() -> Result<(), NetError> {
    let failed = |source: io::Error| NetError::system("giving up capabilities", source);
    process::forbid_new_privileges().map_err(failed)?;
    process::clear_ambient_set().map_err(failed)?;
    // The bounding set first: emptying it takes CAP_SETPCAP, which goes with the rest. Without it the set stays,
    // and bounds nothing that PR_SET_NO_NEW_PRIVS and the empty permitted set would not.
    for number in 0..64 {
        match process::drop_from_bounding_set(number) {
            Ok(()) => {}
            // The first number the kernel does not know, or no right to do so.
            Err(error) if matches!(error.raw_os_error(), Some(libc::EINVAL | libc::EPERM)) => break,
            Err(error) => return Err(failed(error)),
        }
    }
    capability::write(Sets::default()).map_err(failed)?;
    let left = capability::read().map_err(failed)?;
    if left == Sets::default() {
        Ok(())
    } else {
        Err(failed(io::Error::other(format!("{:#x} are still permitted", left.permitted))))
    }
}

/// Keeps secrets in memory out of core files, and other processes of the same user out of our memory.
///
/// # Errors
/// When the system refuses.
pub fn forbid_core_dumps() -> Result<(), NetError> {
    let failed = |source| NetError::system("forbidding core dumps", source);
    process::limit_core_size_to_zero().map_err(failed)?;
    process::forbid_dumping().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_gave_up_its_capabilities_has_none_and_gets_none() {
        let status = std::thread::spawn(|| {
            drop_all_capabilities().unwrap();
            assert!(!has_net_raw());
            // A second time changes nothing and is no error.
            drop_all_capabilities().unwrap();
            std::fs::read_to_string("/proc/thread-self/status").unwrap()
        });
        let status = status.join().unwrap();
        let line = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line[name.len()..].trim().to_owned()
        };
        for name in ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"] {
            assert_eq!(line(name), "0000000000000000", "{name}");
        }
        assert_eq!(line("NoNewPrivs:"), "1");
    }

    #[test]
    fn what_the_kernel_tells_us_is_what_it_tells_everybody() {
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap();
        let effective = u64::from_str_radix(line.trim(), 16).unwrap();
        assert_eq!(has_net_raw(), effective >> capability::CAP_NET_RAW & 1 == 1);
        assert_eq!(capability::read().unwrap().effective, effective);
        let uids: Vec<&str> = status
            .lines()
            .find_map(|line| line.strip_prefix("Uid:"))
            .unwrap()
            .split_whitespace()
            .collect();
        assert_eq!(uids[1], effective_uid().to_string());
    }
}
