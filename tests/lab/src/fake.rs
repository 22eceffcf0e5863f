//! The thread that plays all fake devices of a segment, on a packet socket at the far end of a link.
//!
//! Late answers and announcements wait in one heap, ordered by time and then by when they were put there, so that the
//! same questions give the same frames in the same order.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use herkomst_ids::MacAddr;
use herkomst_net::{PacketPort, wait_readable};

use crate::capture::{Capture, with_tag};
use crate::station::{Outgoing, Stations, beacon};
use crate::{Device, Heard, LabError};

/// How long the thread sleeps at most before it looks whether it shall stop.
const LONGEST_SLEEP: Duration = Duration::from_millis(20);
/// How soon it tries again when the link's queue is full.
const QUEUE_FULL_PAUSE: Duration = Duration::from_millis(1);
/// Frames that wait at most; further ones are lost, as on a real wire.
const MOST_WAITING: usize = 200_000;
/// Bytes of frames that are kept for tests.
const MOST_CAPTURED: usize = 32 << 20;

/// The devices of a segment that are being played. They fall silent when this is dropped.
#[derive(Debug)]
pub struct Segment {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    stop: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    stations: Stations,
    capture: Capture,
    /// Of what came in, as the kernel counts it.
    unheard: u64,
    /// Answers that found no room among those that wait.
    unsent: u64,
    ended: Option<String>,
}

impl Segment {
    /// Starts to play the devices. The port must hear all frames of the far end (see [`crate::network::far_port`]).
    ///
    /// `scanner` is whose frames the capture takes for the scanner's; with none it is everybody's but the lab's.
    pub fn start(
        devices: Vec<Device>,
        port: PacketPort,
        scanner: Option<MacAddr>,
    ) -> Result<Self, LabError> {
        let mut beacons = Vec::new();
        for device in &devices {
            for one in &device.beacons {
                beacons.push((one.interval, beacon(device, &one.announcement)?));
            }
        }
        let state = State {
            stations: Stations::new(devices)?,
            capture: Capture::new(MOST_CAPTURED, scanner),
            unheard: 0,
            unsent: 0,
            ended: None,
        };
        let shared = Arc::new(Shared { stop: AtomicBool::new(false), state: Mutex::new(state) });
        let player = Player {
            shared: Arc::clone(&shared),
            port,
            beacons,
            waiting: BinaryHeap::new(),
            sequence: 0,
            started: Instant::now(),
        };
        let thread = std::thread::Builder::new()
            .name("lab-segment".into())
            .spawn(move || player.play())
            .map_err(|error| LabError::Thread {
                what: format!("the thread of the fake devices did not start: {error}"),
            })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// What each device was asked so far, by its name.
    pub fn heard(&self) -> BTreeMap<String, Heard> {
        self.shared.state().stations.heard()
    }

    /// A copy of what passed so far.
    pub fn capture(&self) -> Capture {
        self.shared.state().capture.clone()
    }

    /// Frames that the kernel or a full queue lost at the far end: a test that needs all of them asks for 0.
    pub fn lost(&self) -> u64 {
        let state = self.shared.state();
        state.unheard + state.unsent
    }

    /// Why the thread ended by itself, if it did.
    pub fn ended(&self) -> Option<String> {
        self.shared.state().ended.clone()
    }

    /// The devices that are played.
    pub fn devices(&self) -> Vec<Device> {
        self.shared.state().stations.devices().to_vec()
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed by then, and there is nobody to tell.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Player {
    shared: Arc<Shared>,
    port: PacketPort,
    beacons: Vec<(Duration, Vec<Vec<u8>>)>,
    waiting: BinaryHeap<Reverse<Waiting>>,
    sequence: u64,
    started: Instant,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Waiting {
    due: Instant,
    sequence: u64,
    what: What,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Frame(Vec<u8>),
    Beacon(usize),
}

impl Player {
    fn play(mut self) {
        for index in 0..self.beacons.len() {
            self.wait(self.started, What::Beacon(index));
        }
        let shared = Arc::clone(&self.shared);
        while !shared.stop.load(Ordering::Relaxed) {
            if let Err(error) = self.turn() {
                shared.state().ended = Some(error);
                return;
            }
        }
    }

    /// Sends what is due, waits, and answers what came in.
    fn turn(&mut self) -> Result<(), String> {
        let sent_all = self.send_due();
        let patience = match self.waiting.peek() {
            _ if !sent_all => QUEUE_FULL_PAUSE,
            Some(Reverse(next)) => {
                next.due.saturating_duration_since(Instant::now()).min(LONGEST_SLEEP)
            }
            None => LONGEST_SLEEP,
        };
        wait_readable(&self.port, patience).map_err(|error| error.to_string())?;
        let elapsed = self.started.elapsed();
        let mut out: Vec<Outgoing> = Vec::new();
        {
            let mut state = self.shared.state();
            let state = &mut *state;
            let heard = self.port.receive(&mut |frame| {
                let at = Duration::new(frame.seconds.into(), frame.nanoseconds.min(999_999_999));
                state.capture.push(at, false, with_tag(frame.bytes, frame.vlan));
                state.stations.answer(
                    frame.bytes,
                    frame.vlan.map(|tag| tag & 0x0fff),
                    elapsed,
                    &mut out,
                );
            });
            if heard > 0 {
                state.unheard = self.port.statistics().map_err(|error| error.to_string())?.dropped;
            }
        }
        let now = Instant::now();
        for Outgoing { delay, frame } in out {
            if self.waiting.len() < MOST_WAITING {
                self.wait(now + delay, What::Frame(frame));
            } else {
                self.shared.state().unsent += 1;
            }
        }
        Ok(())
    }

    fn wait(&mut self, due: Instant, what: What) {
        self.sequence += 1;
        self.waiting.push(Reverse(Waiting { due, sequence: self.sequence, what }));
    }

    /// False when the link's queue was full.
    fn send_due(&mut self) -> bool {
        let now = Instant::now();
        let mut batch: Vec<Vec<u8>> = Vec::new();
        while self.waiting.peek().is_some_and(|Reverse(next)| next.due <= now) {
            let Some(Reverse(next)) = self.waiting.pop() else { break };
            match next.what {
                What::Frame(frame) => batch.push(frame),
                What::Beacon(index) => {
                    let Some((interval, frames)) = self.beacons.get(index) else { continue };
                    let due = next.due + *interval;
                    batch.extend(frames.iter().cloned());
                    self.wait(due, What::Beacon(index));
                }
            }
        }
        if batch.is_empty() {
            return true;
        }
        let mut rest: VecDeque<Vec<u8>> = batch.into();
        while !rest.is_empty() {
            let frames: Vec<&[u8]> = rest.iter().map(Vec::as_slice).collect();
            let sent = self.port.send(&frames);
            let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let mut state = self.shared.state();
            match sent {
                Ok(0) => break,
                Ok(taken) => {
                    for frame in rest.drain(..taken.min(rest.len())) {
                        state.capture.push(at, true, frame);
                    }
                }
                // The interface may be down for a moment, or this frame too long for it: lost, as on a real wire. Those
                // behind it are not: one device with a giant frame must not take its neighbours' answers with it.
                Err(_) => {
                    rest.pop_front();
                }
            }
        }
        let all = rest.is_empty();
        for frame in rest {
            self.wait(now, What::Frame(frame));
        }
        all
    }
}
