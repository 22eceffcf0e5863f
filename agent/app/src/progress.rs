//! Progress on stderr, only on a terminal: sent, answered, identified, time left.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Counts that the stages of a scan keep up to date.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Targets in all.
    pub(crate) targets: AtomicU64,
    /// Targets that nothing more is expected of.
    pub(crate) done: AtomicU64,
    /// Packets that have left.
    pub(crate) sent: AtomicU64,
    /// Targets that answered something.
    pub(crate) answered: AtomicU64,
    /// Observations that name a maker by themselves, one an address.
    pub(crate) identified: AtomicU64,
    /// Seconds that are left at the most, as far as is known.
    pub(crate) seconds_left: AtomicU64,
}

impl Progress {
    /// Adds to a count.
    pub(crate) fn count(counter: &AtomicU64, more: u64) {
        counter.fetch_add(more, Ordering::Relaxed);
    }
}

/// Shows the counts until it is dropped.
pub(crate) struct Shown {
    task: tokio::task::JoinHandle<()>,
    bar: ProgressBar,
}

impl Shown {
    /// Begins to show, if stderr is a terminal and nobody asked for quiet.
    pub(crate) fn begin(progress: &Arc<Progress>, quiet: bool) -> Option<Self> {
        if quiet || !std::io::stderr().is_terminal() {
            return None;
        }
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        let style =
            ProgressStyle::with_template("{wide_bar:.green/dim} {pos}/{len} targets · {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let (shown, progress) = (bar.clone(), Arc::clone(progress));
        let task = tokio::spawn(async move {
            loop {
                let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
                shown.set_length(read(&progress.targets));
                shown.set_position(read(&progress.done));
                shown.set_message(format!(
                    "{} sent, {} answered, {} identified, {} left",
                    read(&progress.sent),
                    read(&progress.answered),
                    read(&progress.identified),
                    left(read(&progress.seconds_left)),
                ));
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        });
        Some(Self { task, bar })
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.task.abort();
        self.bar.finish_and_clear();
    }
}

/// `45 s`, `3 min 20 s`, `2 h 5 min`.
fn left(seconds: u64) -> String {
    match seconds {
        0..=59 => format!("{seconds} s"),
        60..=3599 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}
