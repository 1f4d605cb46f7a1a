//! How many processors are live, changed while tasks run. (Go: `procresize`, proc.go, which stops the world for it)
//!
//! # How it works
//! The processors with the lowest numbers are live; the others are *retired*. Growing makes those that are missing, and puts
//! them on the list of idle ones. Shrinking only says so: under the lock of [`idle`](super::idle) the count falls, and
//! each processor that is too many comes to rest when its owner finds out:
//!
//! ```text
//!                          grows                         shrinks
//!   (not made) ------------------------> [ idle ] ----------------------+
//!                                        |     ^                        v  owned by who shrinks
//!                    claim, reclaim, ... |     | go_idle                +-------------------+
//!                                        v     |                        | lay_down: cleared |
//!                                      [ somebody's ] -- go_idle is  -->| out, then at rest |
//!                                                        refused        +-------------------+
//!                     grows: idle again  ^                              |
//!                                        +------- [ at rest ] <---------+
//! ```
//!
//! - a machine that holds it, before its next pick: the signal [`RETIRED`](signals::RETIRED) stands while retired
//!   processors are not at rest, so the pick of the others costs one branch more for so long, and nothing afterwards;
//! - a machine that it was given to, or that the monitor starts for it, the same;
//! - a machine that hands it off to block, or the monitor that took it from a poll that does not return, instead of
//!   waking a machine for it.
//!
//! The owner *clears it out*: its tasks go to the global queue, what overflowed to the first processor, which is always
//! live, and its free slots to central. Its timers stay: everybody who fires timers looks at those of all processors, and
//! a sleep finds its entry where it left it.
//!
//! # No task is stranded
//! I4 and I5 of [`idle`](super::idle) are the invariants. A task that stands on a retired processor is pushed by its owner to the global queue
//! like a foreign thread's: push, fence, look at the counts. A processor that was claimed for somebody else's task, and is
//! retired before it has searched, is refused by the list; its machine goes on the list without it and stops to count as a
//! searcher, then a fence, then it looks for work, as every machine that goes idle does: so the claim of the README holds
//! for it too, and it takes a live processor if one is idle. A submitter that saw somebody idle who was retired before it
//! could claim him sees nobody else idle, under the lock: then the live ones are awake, and look before they sleep.
//!
//! # Against the end
//! All changes of the count are made under one lock, by who has seen in there that the runtime is open. The end takes that
//! lock before it clears the lists: so a thread that is late cannot own a processor which a later runtime uses.
//!
//! # Who asks
//! [`max_procs`](crate::max_procs); and, unless a number was asked for, the monitor, once a second while
//! something runs, with what [`cpus`](crate::cpus) says.
//!
//! # Rejected
//! - Stopping the world, as Go does: nothing can stop a poll.
//! - Taking the processor from the poll at once: costs the poll its place for no gain but some milliseconds.
//! - Moving the timers: a sleep that is dropped would look for its entry in the wrong heap.

use std::time::Duration;

use super::{
    idle::Put,
    processor::Processor,
    processors::PROCESSORS_MAX,
    scheduler::{Live, Scheduler},
    section::Section,
    signals,
};
use crate::{cpus::Limits, shim::lock, task::Name};

/// How often the monitor asks how many CPUs there are: Go's value, `sysmon` in proc.go. It costs some 20 µs.
const FOLLOW: Duration = Duration::from_secs(1);

/// Who wants another number of processors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Program,
    System,
}

/// What the monitor follows, and when it looked last.
pub(super) struct Following {
    limits: Option<Limits>,
    looked_at: u64,
}

impl Live {
    /// Sets the number of processors, and ends the following of the system's. Returns what it was; 0: the
    /// runtime has ended.
    pub(crate) fn max_procs(self, wanted: Option<usize>) -> usize {
        match wanted {
            Some(wanted) => self.resize(wanted, Wish::Program).unwrap_or(0),
            None if self.is_open() => self.scheduler.idle.live(),
            None => 0,
        }
    }

    fn resize(self, wanted: usize, wish: Wish) -> Option<usize> {
        let scheduler = self.scheduler;
        let most = scheduler.config().machines.min(PROCESSORS_MAX);
        let wanted = wanted.min(most);
        // Before the lock: it may take long.
        scheduler.processors.make(wanted);
        let mut follows = lock(&scheduler.follows);
        if !self.is_open() {
            return None;
        }
        let was = scheduler.idle.live();
        if wish == Wish::Program {
            *follows = false;
        } else if !*follows {
            return Some(was);
        }
        for retired in scheduler.set_live(wanted) {
            scheduler.lay_down(retired);
        }
        scheduler.wake_for_work();
        drop(follows);
        if wanted < was {
            // Those that rest for good may end sooner now.
            scheduler.rouse_all();
        }
        Some(was)
    }
}

impl Scheduler {
    /// So many are live. Returns those that are to be laid down.
    pub(super) fn set_live(&'static self, live: usize) -> Vec<&'static Processor> {
        let new = |number| self.processors.get(number);
        self.idle.resize(live, new, |any| self.signal_retired(any))
    }

    /// A processor that nobody holds becomes idle, or comes to rest. The owner's.
    pub(super) fn put_processor(&'static self, processor: &'static Processor) {
        if self.idle.put_processor(processor) == Put::Refused {
            self.lay_down(processor);
        }
    }

    /// Brings a retired processor to rest. The owner's.
    pub(super) fn lay_down(&'static self, processor: &'static Processor) {
        self.clear_out(processor);
        self.idle
            .lay_down(processor, |any| self.signal_retired(any));
        self.wake_for_work();
    }

    /// As [`lay_down`](Self::lay_down), where the machine does not come to rest with it. N2: a machine does so that tries to
    /// take the poller's token; here somebody else must, if nobody has it.
    pub(super) fn withdraw(&'static self, processor: &'static Processor) {
        self.lay_down(processor);
        if !self.netpoll.activity().1 {
            self.wake_one();
        }
    }

    /// Gives what a processor has to the others. The owner's.
    fn clear_out(&'static self, processor: &'static Processor) {
        // SAFETY: I4: the caller owns the processor, and nobody holds it.
        let private = unsafe { processor.private() };
        private.cache.flush();
        while let Some(name) = private.urgent.pop() {
            self.global.push_urgent(name);
            self.signals.raise(signals::URGENT);
        }
        while let Some(name) = private.queue.take_next().or_else(|| private.queue.pop()) {
            self.global.push(name);
        }
        let heir = self.processors.get(0);
        while let Some(batch) = processor.spill.take() {
            heir.spill.push(batch);
        }
    }

    /// Under the lock of the lists.
    fn signal_retired(&self, any: bool) {
        if any {
            self.signals.raise(signals::RETIRED);
        } else {
            self.signals.lower(signals::RETIRED);
        }
    }

    /// Wakes somebody who is idle if work stands. Behind a SeqCst fence.
    fn wake_for_work(&'static self) {
        if self.idle.worth_waking() && self.work_stands() {
            self.wake_one();
        }
    }

    /// Processors that may have tasks: the live ones; all, while retired ones are not at rest.
    pub(super) fn reach(&self) -> usize {
        if self.signals.is_raised(signals::RETIRED) {
            self.processors.made()
        } else {
            self.idle.live()
        }
    }

    /// What the monitor is to follow.
    pub(super) fn following(&self) -> Following {
        Following {
            limits: self.config().limits.clone(),
            looked_at: super::monitor::read_clock(),
        }
    }

    /// Once a second: as many processors as the system gives CPUs.
    pub(super) fn follow(&'static self, following: &mut Following, now: u64) {
        if now.saturating_sub(following.looked_at) < FOLLOW.as_nanos() as u64 {
            return;
        }
        following.looked_at = now;
        if !*lock(&self.follows) {
            following.limits = None;
        }
        if let Some(limits) = &mut following.limits {
            let wanted = limits.processors();
            if wanted != self.idle.live() {
                Live::of(self).resize(wanted, Wish::System);
            }
        }
    }
}

impl Section {
    /// The processor is one too many, and goes when no task is picked.
    #[cold]
    #[inline(never)]
    pub(super) fn is_retired(&self) -> bool {
        self.scheduler().idle.is_retired(self.processor())
    }

    /// What was picked before that was seen is for others.
    #[cold]
    pub(super) fn pass_by(&mut self, found: Option<Name>) -> Option<Name> {
        if let Some(name) = found {
            self.scheduler().push_global(name);
        }
        None
    }
}
