//! What the signals that end a process do (signal(7), nohup(1)).

use crate::NetError;
use crate::sys::signal::{self, Disposition};

/// Interrupt, termination and hang-up end the process again, as before anybody watched for them. Those that are
/// ignored stay ignored.
///
/// # Errors
/// When the system refuses.
pub fn default_signals() -> Result<(), NetError> {
    for number in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        let failed = |source| NetError::system("giving signals back to the system", source);
        if signal::disposition(number).map_err(failed)? == Disposition::Handled {
            signal::restore_default(number).map_err(failed)?;
        }
    }
    Ok(())
}

/// Whether a hang-up is ignored, since who started this wants it to outlive the terminal (nohup).
pub fn is_hangup_ignored() -> bool {
    signal::disposition(libc::SIGHUP).is_ok_and(|does| does == Disposition::Ignored)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_that_was_watched_for_ends_the_process_again() {
        let of = |number| signal::disposition(number).unwrap();
        assert_ne!(of(libc::SIGTERM), Disposition::Handled);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let watched = tokio::signal::unix::SignalKind::terminate();
            drop(tokio::signal::unix::signal(watched).unwrap());
        });
        drop(runtime);
        assert_eq!(of(libc::SIGTERM), Disposition::Handled, "the handler outlives its runtime");
        default_signals().unwrap();
        assert_eq!(of(libc::SIGTERM), Disposition::Default);
        // Ignored or not, that is not changed: only what is handled is.
        assert_eq!(is_hangup_ignored(), of(libc::SIGHUP) == Disposition::Ignored);
    }
}
