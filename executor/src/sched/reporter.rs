//! The thread that tells of hand-offs: it looks into them, and calls the program's hook, or warns.
//!
//! # How it works
//! The monitor must neither wait nor run user code. So it puts what it knows of a hand-off into a short queue, if
//! its lock is free, and starts this thread if there is none; the thread ends when nothing has come for a second. One for all
//! runtimes of the process.
//!
//! With a hook each hand-off is reported as soon as its stack has come. Without one only hot loops are, and only
//! those that still run [`LONG`] after their polls began, one a second: shorter ones cost nobody anything.
//!
//! # Limits
//! [`WAITING_MAX`] hand-offs wait; [`SIGNALS_MAX`] signals are sent in a second. What is above is left out, or has no
//! stack; the next report says how many were left out.

use std::{
    collections::VecDeque,
    sync::{
        Condvar, Mutex, PoisonError, TryLockError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::{machine::Machine, thread_clock};
use crate::{
    hand_off::{self, Cause, HandOff, hook},
    quietly::quietly,
    report,
    task::{Id, Name, walk::Seen},
    time::clock,
};

/// Hand-offs that may wait for their reports: a few for each processor.
const WAITING_MAX: usize = 64;
/// Without anything to report the thread ends after this time.
const LINGER: Duration = Duration::from_secs(1);
/// A poll that has run for so long is worth a warning: people notice a tenth of a second.
const LONG: Duration = Duration::from_millis(100);
/// Between two warnings.
const WARNING_GAP: Duration = Duration::from_secs(1);
/// Signals in a second. Each costs its thread 10 µs: 0.1 %.
const SIGNALS_MAX: u32 = 100;
/// How long a thread is waited for to take its picture. Beside many hot loops it takes so long until each has had a CPU.
const PATIENCE: Duration = Duration::from_millis(200);

/// A hand-off, as the monitor saw it.
pub(super) struct Stall {
    pub(super) machine: &'static Machine,
    /// `None`: no task but a foreign waker.
    pub(super) task: Option<Seen>,
    pub(super) cause: Cause,
    pub(super) spent: Spent,
}

/// What a poll has used up when the monitor looks.
#[derive(Clone, Copy, Default)]
pub(super) struct Spent {
    /// When the monitor saw the poll first, and what the thread's CPU clock said then.
    pub(super) since: u64,
    pub(super) since_cpu: Option<u64>,
    /// Now.
    pub(super) now: u64,
    pub(super) now_cpu: Option<u64>,
}

struct Queue {
    waiting: VecDeque<Stall>,
    /// There is a thread that takes from it.
    served: bool,
}

static QUEUE: Mutex<Queue> = Mutex::new(Queue {
    waiting: VecDeque::new(),
    served: false,
});
static COMES: Condvar = Condvar::new();
/// Hand-offs that are not reported, since the last report.
static LEFT_OUT: AtomicU64 = AtomicU64::new(0);

/// Tells of a hand-off, without ever waiting. By a monitor.
pub(super) fn tell(stall: Stall) {
    if stall.cause != Cause::Running && !hook::is_set() {
        return;
    }
    let queue = match QUEUE.try_lock() {
        Ok(queue) => Some(queue),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    };
    let Some(mut queue) = queue.filter(|queue| queue.waiting.len() < WAITING_MAX) else {
        LEFT_OUT.fetch_add(1, Ordering::Relaxed);
        return;
    };
    queue.waiting.push_back(stall);
    let served = std::mem::replace(&mut queue.served, true);
    drop(queue);
    COMES.notify_one();
    if !served && start().is_err() {
        // No thread is to be had: the next hand-off tries again.
        lock_queue().served = false;
    }
}

fn start() -> std::io::Result<()> {
    let thread = thread::Builder::new().name("gmp-reporter".to_owned());
    thread.spawn(|| Reporter::default().run()).map(drop)
}

/// The next one. `None`: none has come for long, and the thread is to end.
fn next() -> Option<Stall> {
    let mut queue = lock_queue();
    loop {
        if let Some(stall) = queue.waiting.pop_front() {
            return Some(stall);
        }
        let waited = COMES.wait_timeout(queue, LINGER);
        let (again, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        queue = again;
        if timeout.timed_out() && queue.waiting.is_empty() {
            queue.served = false;
            return None;
        }
    }
}

fn lock_queue() -> std::sync::MutexGuard<'static, Queue> {
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the thread remembers.
#[derive(Default)]
struct Reporter {
    warned_at: Option<Instant>,
    signals: Signals,
}

/// The signals of this second.
#[derive(Default)]
struct Signals {
    second: u64,
    sent: u32,
}

impl Reporter {
    fn run(mut self) {
        while let Some(stall) = next() {
            // A panic of the hook's, or of its drop, is not the next report's.
            quietly(|| self.report(&stall));
        }
    }

    fn report(&mut self, stall: &Stall) {
        match hook::get() {
            Some(hook) => hook(&self.look_into(stall)),
            None => self.warn_if_long(stall),
        }
    }

    fn warn_if_long(&mut self, stall: &Stall) {
        let lasts = clock::now().saturating_sub(stall.spent.since);
        thread::sleep(LONG.saturating_sub(Duration::from_nanos(lasts)));
        if stall.cause != Cause::Running || !stall.goes_on() {
            return;
        }
        if self
            .warned_at
            .is_some_and(|at| clock::now_instant() < at + WARNING_GAP)
        {
            LEFT_OUT.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.warned_at = Some(clock::now_instant());
        report::warn(self.look_into(stall));
    }

    fn look_into(&mut self, stall: &Stall) -> HandOff {
        let counters = self.picture(stall);
        let goes_on = stall.goes_on();
        let mut spent = stall.spent;
        if goes_on {
            spent.now = clock::now();
            spent.now_cpu = thread_clock::used(stall.machine.presence.thread());
        }
        let cpu = spent.now_cpu.zip(spent.since_cpu);
        let task = stall.task;
        HandOff {
            task: task.map(|seen| Id(seen.name)),
            name: task.and_then(|seen| seen.label.text()),
            spawned_at: task.and_then(|seen| seen.spawned_at),
            last_wait: task.and_then(|seen| seen.waits.last),
            cause: stall.cause,
            wall: Duration::from_nanos(spent.now.saturating_sub(spent.since)),
            cpu: cpu.map(|(now, since)| Duration::from_nanos(now.saturating_sub(since))),
            goes_on,
            stack: hand_off::resolve(&counters),
            left_out: LEFT_OUT.swap(0, Ordering::Relaxed),
        }
    }

    /// The thread's native stack, if it is a hot loop that still runs.
    fn picture(&mut self, stall: &Stall) -> Vec<u64> {
        if stall.cause != Cause::Running || !self.signals.allow() {
            return Vec::new();
        }
        let sample = &stall.machine.sample;
        sample.want(stall.name().map_or(0, Name::bits));
        let until = if stall.machine.send_signal(stall.name()) {
            clock::now_instant() + PATIENCE
        } else {
            clock::now_instant()
        };
        let mut pause = Duration::from_micros(50);
        loop {
            if let Some(counters) = sample.take() {
                return counters;
            }
            let hopeless = clock::now_instant() >= until || !stall.goes_on();
            if hopeless && sample.withdraw() {
                return Vec::new();
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(2));
        }
    }
}

impl Signals {
    /// One more may be sent.
    fn allow(&mut self) -> bool {
        let second = clock::now() / 1_000_000_000;
        if self.second != second {
            *self = Signals { second, sent: 0 };
        }
        self.sent += 1;
        self.sent <= SIGNALS_MAX
    }
}

impl Stall {
    fn name(&self) -> Option<Name> {
        self.task.map(|seen| seen.name)
    }

    /// The poll has not returned.
    fn goes_on(&self) -> bool {
        self.machine.is_away_with(self.name())
    }
}

#[cfg(test)]
mod tests;
