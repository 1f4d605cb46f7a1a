//! The thread that tells of hand-offs: it looks into them, and calls the program's hook, or warns.
//!
//! # How it works
//! The monitor must neither wait nor run user code. So it puts what it knows of a hand-off into a short queue, if
//! its lock is free, and starts this thread if there is none; the thread ends when nothing has come for a second. One for all
//! runtimes of the process.
//!
//! With a hook each hand-off is reported as soon as its stack has come. Beside that, or instead of it, there are warnings:
//! of polls that go on [`LONG`] after they began, each once, looked at again at that time; shorter ones cost nobody anything.
//! They are events with the feature `tracing`, of hot loops and of blocked threads, whether there is a hook or not; else
//! lines on standard error, of hot loops, if there is no hook ([`report`]).
//!
//! A program may block its threads thousands of times a second. So the thread is not woken for what only has to be looked at
//! later, unless nothing else will wake it in time.
//!
//! # Limits
//! [`WAITING_MAX`] hand-offs wait, and as many are to be looked at again; one warning of each kind comes in a second; [`SIGNALS_MAX`] signals are sent in a second. What is above is left out, or has no
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
#[derive(Clone, Copy)]
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
    /// It will look again, by itself, before what comes now could be long. Few wait till then.
    returns: bool,
}

static QUEUE: Mutex<Queue> = Mutex::new(Queue {
    waiting: VecDeque::new(),
    served: false,
    returns: false,
});
static COMES: Condvar = Condvar::new();
/// Hand-offs that are not reported, since the last report.
static LEFT_OUT: AtomicU64 = AtomicU64::new(0);

/// Tells of a hand-off, without ever waiting. By a monitor.
pub(super) fn tell(stall: Stall) {
    let at_once = hook::is_set();
    if !at_once && !may_warn(stall.cause) {
        return;
    }
    let queue = match QUEUE.try_lock() {
        Ok(queue) => Some(queue),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    };
    let Some(mut queue) = queue.filter(|queue| queue.has_room(&stall, at_once)) else {
        // Most that block do not block for long.
        if at_once || stall.cause == Cause::Running {
            LEFT_OUT.fetch_add(1, Ordering::Relaxed);
        }
        return;
    };
    queue.waiting.push_back(stall);
    let served = std::mem::replace(&mut queue.served, true);
    let wake = at_once || !queue.returns || queue.waiting.len() >= WAITING_MAX / 4;
    drop(queue);
    if wake {
        COMES.notify_one();
    }
    if !served && start().is_err() {
        // No thread is to be had: the next hand-off tries again.
        lock_queue().served = false;
    }
}

/// A poll that lasts is worth a warning.
fn may_warn(cause: Cause) -> bool {
    if hook::is_set() && !report::BESIDE_A_HOOK {
        return false;
    }
    match cause {
        Cause::Running => true,
        Cause::Blocked => report::OF_BLOCKED,
        Cause::Starved => false,
    }
}

impl Queue {
    /// The last places are for those that are told of in any case.
    fn has_room(&self, stall: &Stall, at_once: bool) -> bool {
        let sure = at_once || stall.cause == Cause::Running;
        let max = if sure { WAITING_MAX } else { WAITING_MAX / 2 };
        self.waiting.len() < max
    }
}

fn start() -> std::io::Result<()> {
    let thread = thread::Builder::new().name("gmp-reporter".to_owned());
    thread.spawn(|| Reporter::default().run()).map(drop)
}

/// What the thread is to do next.
enum Next {
    Report(Stall),
    /// The time has come to look again.
    LookAgain,
    /// Nothing has come for long.
    End,
}

/// Waits for the next one, or until a point in time at which there is something to do.
fn next(again: Option<u64>) -> Next {
    let mut queue = lock_queue();
    loop {
        if let Some(stall) = queue.waiting.pop_front() {
            return Next::Report(stall);
        }
        let limit = again.map_or(LINGER, |at| {
            Duration::from_nanos(at.saturating_sub(clock::now()))
        });
        if limit.is_zero() {
            return Next::LookAgain;
        }
        queue.returns = again.is_some();
        let waited = COMES.wait_timeout(queue, limit);
        let (after, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        queue = after;
        queue.returns = false;
        if again.is_none() && timeout.timed_out() && queue.waiting.is_empty() {
            queue.served = false;
            return Next::End;
        }
    }
}

fn lock_queue() -> std::sync::MutexGuard<'static, Queue> {
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the thread remembers.
#[derive(Default)]
struct Reporter {
    /// Those to be looked at again, in the order in which they came.
    later: VecDeque<Stall>,
    /// The last warnings: of hot loops, and of blocked threads.
    warned_at: [Option<Instant>; 2],
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
        loop {
            let again = self.later.iter().map(Stall::gets_long).min();
            // A panic of the hook's, of its drop or of a subscriber's is not the next report's.
            match next(again) {
                Next::Report(stall) => quietly(|| self.report(stall)),
                Next::LookAgain => quietly(|| self.look_again()),
                Next::End => return,
            }
        }
    }

    fn report(&mut self, stall: Stall) {
        if may_warn(stall.cause) {
            if self.later.len() == WAITING_MAX {
                self.later.retain(Stall::goes_on);
            }
            if self.later.len() < WAITING_MAX {
                self.later.push_back(stall);
            }
        }
        if let Some(hook) = hook::get() {
            hook(&self.look_into(&stall));
        }
    }

    /// Warns of those that have become long.
    fn look_again(&mut self) {
        let now = clock::now();
        let is_due = |stall: &Stall| stall.gets_long() <= now;
        let due: Vec<_> = self.later.iter().copied().filter(is_due).collect();
        self.later.retain(|stall| !is_due(stall));
        for stall in due {
            if stall.goes_on() && may_warn(stall.cause) {
                self.warn(&stall);
            }
        }
    }

    fn warn(&mut self, stall: &Stall) {
        let warned_at = &mut self.warned_at[usize::from(stall.cause == Cause::Blocked)];
        if warned_at.is_some_and(|at| clock::now_instant() < at + WARNING_GAP) {
            LEFT_OUT.fetch_add(1, Ordering::Relaxed);
            return;
        }
        *warned_at = Some(clock::now_instant());
        let hand_off = self.look_into(stall);
        // A subscriber that panics costs no other warning.
        quietly(|| report::warn_of_hand_off(&hand_off));
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
    /// When its poll will have lasted for long.
    fn gets_long(&self) -> u64 {
        self.spent.since + LONG.as_nanos() as u64
    }

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
