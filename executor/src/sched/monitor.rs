//! The monitor (Go: `sysmon`): a thread that sees what the machines, busy with tasks, cannot.
//!
//! # How it works
//! While a processor runs it looks around every 100 µs to 2.5 ms (`pace`): at polls that last too long ([`watch`](super::watch)), at work that stands while somebody is
//! idle, at timers that are due, at a poller that nobody visits; it moves the coarse clock on, and it alone starts machines (a
//! machine's thread would hand its own scheduling attributes down). When nothing has run for 10 ms it sleeps
//! until a processor runs again. A task that becomes the next one beside an idle processor calls it
//! from a long pause ([`Monitor::hint`]), the less often the less there was to see lately. It calls no user code, and takes no lock that is held across user code;
//! its last act, when all machines have ended, is the walk of the shutdown.

mod memory;
mod pace;

use std::{
    io,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread::Thread,
    time::Duration,
};

use self::{
    memory::{Glance, Memory},
    pace::PERIOD_MIN,
};
use super::{
    absence::LOOK_AGAIN,
    asleep::Asleep,
    netpoll::POLL_MAX,
    processor::Processor,
    scheduler::{Scheduler, explain},
    signals,
    slices::{self, Slice},
    watch::Pace,
};
use crate::{shim::lock, time::clock};

/// So long after a task has looked at the soft flag more of them are expected.
const LISTENING: Duration = Duration::from_millis(100);
/// While processors are idle, and left so because hot loops run on without one, others of the kind wait for a turn this many
/// times as long.
const GRANT_BESIDE_LOOPS: u32 = 5;

/// Milliseconds, moved on by monitors and by machines that wake: what a dump's *since when* is told in.
static COARSE_MS: AtomicU32 = AtomicU32::new(0);

/// The coarse clock, milliseconds.
#[inline(always)]
pub(crate) fn coarse_ms() -> u32 {
    COARSE_MS.load(Ordering::Relaxed)
}

/// Reads the clock, and moves the coarse one on.
pub(crate) fn read_clock() -> u64 {
    let now = clock::now();
    COARSE_MS.store((now / 1_000_000) as u32, Ordering::Relaxed);
    now
}

pub(super) struct Monitor {
    thread: Mutex<Option<Thread>>,
    asleep: Asleep,
    /// It pauses for longer than the shortest period, and a hint is welcome; a hint came.
    pauses: AtomicBool,
    hinted: AtomicBool,
    /// It pauses for longer than the shortest period, and has not been called to somebody who blocks since its last look.
    rests: AtomicBool,
    /// A task has looked at the soft flag, and found it raised.
    heard: AtomicBool,
    /// Processors without a machine; each counts as searching.
    requests: Mutex<Vec<&'static Processor>>,
    requested: AtomicBool,
}

impl Monitor {
    pub(super) fn new() -> Monitor {
        Monitor {
            thread: Mutex::new(None),
            asleep: Asleep::new(),
            pauses: AtomicBool::new(false),
            hinted: AtomicBool::new(false),
            rests: AtomicBool::new(false),
            heard: AtomicBool::new(false),
            requests: Mutex::new(Vec::new()),
            requested: AtomicBool::new(false),
        }
    }

    /// A processor runs: the monitor shall look.
    #[inline(always)]
    pub(super) fn notice(&self) {
        if self.asleep.is_set() {
            // It stood still.
            read_clock();
            self.kick();
        }
    }

    /// A task stands as the next one while somebody is idle.
    #[inline(always)]
    pub(super) fn hint(&self) {
        if self.pauses.load(Ordering::Relaxed) {
            self.take_hint();
        }
    }

    /// A call by [`call`](Self::call) would bring it sooner.
    #[inline(always)]
    pub(super) fn rests(&self) -> bool {
        self.rests.load(Ordering::Relaxed)
    }

    /// A task is about to block while others stand. One call between two looks that it makes by itself.
    #[cold]
    pub(super) fn call(&self) {
        if self.rests.swap(false, Ordering::Relaxed) {
            self.kick();
        }
    }

    /// There are tasks that look at the soft flag: raising it in time is worth a look.
    pub(super) fn hear(&self) {
        self.heard.store(true, Ordering::Relaxed);
    }

    #[cfg(test)]
    pub(super) fn hears(&self) -> bool {
        self.heard.load(Ordering::Relaxed)
    }

    #[cold]
    fn take_hint(&self) {
        if self.pauses.swap(false, Ordering::Relaxed) {
            self.hinted.store(true, Ordering::Relaxed);
            self.kick();
        }
    }

    /// Makes it look at once.
    pub(super) fn kick(&self) {
        if let Some(thread) = &*lock(&self.thread) {
            thread.unpark();
        }
    }

    /// Asks for a machine for `processor`, which counts as searching. The caller is to `kick`.
    pub(super) fn request_machine(&self, processor: &'static Processor) {
        lock(&self.requests).push(processor);
        self.requested.store(true, Ordering::SeqCst);
    }

    /// Nobody is to call it any more: there is no such thread.
    pub(super) fn forget_wishes(&self) {
        self.pauses.store(false, Ordering::Relaxed);
        self.rests.store(false, Ordering::Relaxed);
        self.asleep.clear();
    }

    /// Processors that wait for a machine to be started: nobody runs on them.
    pub(super) fn requested(&self) -> usize {
        lock(&self.requests).len()
    }

    /// Forgets requests that came too late.
    pub(super) fn clear(&self) {
        lock(&self.requests).clear();
        self.requested.store(false, Ordering::SeqCst);
        *lock(&self.thread) = None;
    }
}

impl Scheduler {
    /// # Errors
    /// If the thread cannot be had.
    pub(super) fn start_monitor(&'static self) -> io::Result<()> {
        let name = format!("{}-monitor", self.config().thread_name);
        let thread = std::thread::Builder::new().name(name);
        let started = thread.spawn(move || self.monitor_all());
        started
            .map(drop)
            .map_err(|error| explain("the monitor thread", error))
    }

    fn monitor_all(&'static self) {
        // By itself, before it looks at `closing`: who kicks it too early to find it here is seen there.
        *lock(&self.monitor.thread) = Some(std::thread::current());
        slices::set(0, Slice::Short);
        let mut memory = Memory::new(self.following(), self.config().time_slice);
        while !self.is_closing() {
            let now = read_clock();
            self.serve_requests();
            self.follow(&mut memory.following, now);
            if now >= memory.absent_at {
                memory.absent_at = now + LOOK_AGAIN.as_nanos() as u64;
                self.look_again_at_absent(&mut memory.absent_next, now);
            }
            let stood = self.look(&mut memory, now);
            let pace = self.look_at_polls(&mut memory, now);
            memory.stuck = pace.stuck;
            memory.slice_ends = pace.slice_ends;
            if self.monitor.heard.swap(false, Ordering::Relaxed) {
                memory.listened_until = now + LISTENING.as_nanos() as u64;
            }
            let hinted = self.monitor.hinted.swap(false, Ordering::Relaxed);
            memory.choose_period(stood, hinted, pace, now);
            let pauses = memory.period > PERIOD_MIN && now >= memory.hint_at;
            self.monitor.pauses.store(pauses, Ordering::Relaxed);
            let rests = memory.period > PERIOD_MIN && memory.in_time;
            self.monitor.rests.store(rests, Ordering::Relaxed);
            self.wait(&mut memory, now);
        }
        self.end();
    }

    /// Starts machines for processors that have none. One that cannot be had is no error: the processor
    /// becomes idle, and a later wake asks again.
    fn serve_requests(&'static self) {
        if !self.monitor.requested.swap(false, Ordering::SeqCst) {
            return;
        }
        let requests = std::mem::take(&mut *lock(&self.monitor.requests));
        for processor in requests {
            self.start_machine_for(processor, self.need());
        }
    }

    /// Hot loops get one slice of each processor in this time, beside what is idle. A share of the picks would be unfair:
    /// their turns last a thousand times as long as others'.
    fn grant_background(&self, memory: &mut Memory, now: u64) {
        let turns = self.global.background_turns();
        if turns != memory.background_turns || !self.global.has_background() {
            memory.background_turns = turns;
            memory.granted_at = now;
        }
        let gap = if self.idle.counts().idle() > 0 {
            memory.grant_gap * GRANT_BESIDE_LOOPS
        } else {
            memory.grant_gap
        };
        if now >= memory.granted_at + gap.as_nanos() as u64 {
            memory.granted_at = now;
            let processors = self.idle.live() as u32;
            // Those that run on without a processor have theirs.
            let grants = processors.saturating_sub(self.absent.want_cpus()).max(1);
            self.grants.store(grants, Ordering::Relaxed);
            self.signals.raise(signals::GRANTED);
        }
    }

    /// Looks at polls that go on; but not right after a stop, when all look as if they had lasted for long.
    fn look_at_polls(&'static self, memory: &mut Memory, now: u64) -> Pace {
        if memory.stuck && self.idle.counts().idle() == 0 {
            self.visit_poller();
        }
        let missed = memory.missed(now);
        if missed > 0 {
            memory.watch.forget(missed);
            return Pace::unknown();
        }
        let waits = self.global.has_urgent()
            || self.signals.is_raised(signals::STRANDED)
            || self.timers().any(|timers| timers.earliest() <= now)
            || self.processors.iter().any(|it| it.urgent.len() > 0);
        let urgent = waits && self.idle.counts().idle() == 0;
        self.grant_background(memory, now);
        self.watch(&mut memory.watch, now, urgent)
    }

    /// Looks around once. True: work stood that somebody idle could have done.
    fn look(&'static self, memory: &mut Memory, now: u64) -> bool {
        let counts = self.idle.counts();
        self.look_at_chains(now);
        let stood = self.work_stood(memory);
        let unvisited = self.poller_unvisited(memory, now);
        if counts.idle() == 0 {
            if unvisited && self.netpoll.has_poller() {
                self.signals.raise(signals::UNVISITED);
                // The visit that this brings is not one more than was expected.
                memory.polls += 1;
                memory.polled_at = now;
            }
            if self.timers().any(|timers| timers.earliest() <= now) {
                self.signals.raise(signals::OVERDUE);
            }
            if self.global.has_work() {
                self.signals.raise(signals::WAITING);
            }
            // Work stands, but nobody is free to do it.
            return false;
        }
        let due = self.timers().any(|timers| timers.earliest() <= now);
        let vacant = !self.netpoll.activity().1;
        if due {
            // Armed by a processor that is busy with one long poll, after the sleeper looked.
            self.warn_sleeper();
        }
        let waits = self.global.has_work() || self.background_stands();
        let granted = self.signals.is_raised(signals::GRANTED);
        let wanted = stood || waits || granted || (vacant && (due || unvisited));
        if !wanted || !self.may_wake(now) {
            return false;
        }
        self.wake_one();
        stood && !self.caps.has_failed()
    }

    /// A task stands in a processor's queue, or as the next one, where the same poll goes on as at the last look;
    /// or several stand there at both looks.
    fn work_stood(&self, memory: &mut Memory) -> bool {
        let mut any = false;
        let made = self.processors.made();
        memory.glances.resize(made, Glance::default());
        for (processor, last) in self.processors.iter().zip(&mut memory.glances) {
            let tick = processor.tick();
            let queued = processor.queued();
            let stands = queued > 0 || processor.stealer.next().is_some();
            any |= last.stood && stands && (tick == last.tick || queued > 1);
            *last = Glance {
                tick,
                stood: stands,
            };
        }
        any
    }

    /// Nobody is in the poller, and nobody was for long.
    fn poller_unvisited(&self, memory: &mut Memory, now: u64) -> bool {
        let (polls, inside) = self.netpoll.activity();
        if inside || polls != memory.polls {
            memory.polls = polls;
            memory.polled_at = now;
        }
        now.saturating_sub(memory.polled_at) >= POLL_MAX.as_nanos() as u64
    }
}
