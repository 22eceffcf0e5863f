//! Maintenance windows while a scan runs: whose window closes is asked no more.

use std::time::{Duration, Instant};

use herkomst_model::Why;
use jiff::Timestamp;

use super::Engine;
use crate::config::windows::Windows;

/// How often the clock is looked at: windows are of whole minutes.
const EVERY: Duration = Duration::from_secs(1);

/// The windows of a scan, and which were open when it was last looked.
#[derive(Debug)]
pub(super) struct Watch {
    windows: Windows,
    open: Vec<bool>,
    next: Instant,
    shut: usize,
}

impl Watch {
    /// The first look is at once: a window may have closed since the plan was made.
    pub(super) fn new(windows: Windows, now: Instant) -> Self {
        let open = vec![true; windows.open_at(Timestamp::now()).len()];
        Self { windows, open, next: now, shut: 0 }
    }

    /// When to look again; `None` where there are no windows.
    pub(super) fn next(&self) -> Option<Instant> {
        (!self.open.is_empty()).then_some(self.next)
    }

    /// What the report says of them.
    pub(super) fn told(&self) -> Option<String> {
        (self.shut > 0).then(|| {
            let them = if self.shut == 1 { "target was" } else { "targets were" };
            format!(
                "{} {them} asked no more, since their maintenance window closed while the scan ran",
                self.shut
            )
        })
    }
}

impl Engine {
    /// Ends the questions to targets whose window has closed. One that opens comes too late: its targets were not asked,
    /// and the next scan asks them.
    pub(super) fn watch_windows(&mut self, now: Instant) {
        let watch = &mut self.windows;
        if watch.open.is_empty() || now < watch.next {
            return;
        }
        watch.next = now + EVERY;
        let open = watch.windows.open_at(Timestamp::now());
        self.take_windows(open);
    }

    /// These are open now.
    pub(super) fn take_windows(&mut self, open: Vec<bool>) {
        let watch = &mut self.windows;
        let has_closed = watch.open.iter().zip(&open).any(|(before, now)| *before && !now);
        watch.open.clone_from(&open);
        self.allowed.see_windows(open);
        if !has_closed {
            return;
        }
        let allowed = &self.allowed;
        let (shut, unfinished) = self.book.shut(|target| !allowed.is_in_window(target));
        self.windows.shut += unfinished;
        for link in &mut self.links {
            if link.link.everybody && !self.allowed.may_call(&link.link) {
                link.probe.stop_calls();
            }
            link.probe.give_up_disallowed(Why::OutsideWindow);
        }
        let book = &self.book;
        self.sessions.outgoing.retain(|waiting| !book.is_shut(waiting.to));
        for target in shut {
            for sweep in &mut self.sweeps {
                sweep.probe.give_up(target, Why::OutsideWindow);
            }
            self.echo.give_up(target, Why::OutsideWindow);
            self.discovery.give_up(target, Why::OutsideWindow);
            for asking in &mut self.questions {
                asking.probe.give_up(target, Why::OutsideWindow);
            }
            self.interviews.give_up(target, Why::OutsideWindow);
        }
    }
}
