//! A processor (Go: `p`): a queue of ready tasks, a cache of task memory, timers. Whoever holds it may
//! run tasks.

use std::{
    cell::UnsafeCell,
    ptr::{from_ref, null_mut},
    sync::{
        Arc,
        atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering},
    },
};

use super::{
    chain::Chain,
    idle::Numbered,
    machine::Machine,
    random::Random,
    retake::Stretch,
    run_queue::{self, Local, Stealer},
    spill::Spill,
};
use crate::{
    poller::Ready,
    slab::{Cache, Counts},
    time::Timers,
};

/// What others may see of a processor.
#[repr(align(128))]
pub(crate) struct Processor {
    /// Its place among the others: it is live if as many are ([`resize`](super::resize)).
    pub(super) number: usize,
    /// Its number in the process, for good.
    pub(super) place: usize,
    /// Counts polls and other stretches of user code (R3). Written by the holder; the monitor sees by it that one
    /// goes on.
    tick: AtomicU64,
    /// The machine that holds it, null: none. Written by that one, and by the monitor when it takes the processor.
    holder: AtomicPtr<Machine>,
    pub(super) chain: Chain,
    pub(super) stealer: Stealer,
    /// The same of the queue for what timers and sockets woke.
    pub(super) urgent: Stealer,
    pub(super) spill: Spill,
    pub(super) timers: Timers,
    /// Tasks that were spawned, and that ended, here. Written by the holder.
    spawned: AtomicU64,
    ended: AtomicU64,
    cache_counts: Arc<Counts>,
    private: UnsafeCell<Private>,
}

/// The holder's own: reachable only through a [`Section`](super::section::Section).
pub(crate) struct Private {
    pub(crate) queue: Local,
    /// What timers and sockets woke. (Its place for a next one stays empty.)
    pub(crate) urgent: Local,
    pub(crate) cache: Cache,
    pub(super) random: Random,
    /// Tasks run in a row from the place for the next one.
    pub(super) chain: u32,
    /// How often the processor looked beyond its own queue.
    pub(super) looks: u32,
    /// Those that the poller or the timers have just made ready; empty between uses.
    pub(super) ready: Ready,
}

/// How many processors there are in the process. They are used again, as the runtimes' structures are.
static MADE: AtomicUsize = AtomicUsize::new(0);

// SAFETY: `private` is reached through `Processor::private` only, whose caller holds or owns the processor:
// one thread at a time. All else is `Sync`.
unsafe impl Sync for Processor {}

impl Processor {
    pub(super) fn new(number: usize) -> Processor {
        let (queue, stealer) = run_queue::new();
        let (urgent, urgent_stealer) = run_queue::new();
        let cache = Cache::new();
        Processor {
            number,
            place: MADE.fetch_add(1, Ordering::Relaxed),
            tick: AtomicU64::new(0),
            holder: AtomicPtr::new(null_mut()),
            chain: Chain::new(),
            stealer,
            urgent: urgent_stealer,
            spill: Spill::new(),
            timers: Timers::new(),
            spawned: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            cache_counts: cache.counts(),
            private: UnsafeCell::new(Private {
                queue,
                urgent,
                cache,
                random: Random::seeded(number as u64 + 1),
                chain: 0,
                looks: 0,
                ready: Ready::new(),
            }),
        }
    }

    /// # Safety
    /// The caller holds the processor, or owns it while nobody holds it (I4), and no other reference to its private part is alive.
    #[expect(clippy::mut_from_ref, reason = "the caller's promise makes it unique")]
    #[inline(always)]
    pub(super) unsafe fn private(&self) -> &mut Private {
        // SAFETY: the caller's promise.
        unsafe { &mut *self.private.get() }
    }

    pub(super) fn holder(&self) -> Option<&'static Machine> {
        // SAFETY: the pointer is null or was stored from a `&'static Machine`.
        unsafe { self.holder.load(Ordering::Acquire).as_ref() }
    }

    /// `machine` holds it from now on.
    pub(super) fn set_holder(&self, machine: &'static Machine) {
        let new = from_ref(machine).cast_mut();
        let before = self.holder.swap(new, Ordering::AcqRel);
        debug_assert!(before.is_null(), "a processor has one holder");
    }

    /// Nobody holds it from now on: it is the caller's to hand on.
    pub(super) fn clear_holder(&self) {
        self.holder.store(null_mut(), Ordering::Release);
    }

    /// What goes on here.
    pub(super) fn stretch(&self) -> Stretch {
        Stretch {
            processor: from_ref(self).addr() as u64,
            tick: self.tick(),
        }
    }

    pub(super) fn tick(&self) -> u64 {
        self.tick.load(Ordering::Relaxed)
    }

    /// The holder begins another poll. Returns its number.
    #[inline(always)]
    pub(super) fn next_tick(&self) -> u64 {
        add_one(&self.tick)
    }

    #[inline(always)]
    pub(super) fn count_spawn(&self) {
        add_one(&self.spawned);
    }

    #[inline(always)]
    pub(super) fn count_end(&self) {
        add_one(&self.ended);
    }

    /// Tasks spawned here less those ended here.
    pub(super) fn balance(&self) -> i64 {
        let ended = self.ended.load(Ordering::Relaxed);
        self.spawned.load(Ordering::Relaxed).wrapping_sub(ended) as i64
    }

    pub(super) fn cache_counts(&self) -> &Counts {
        &self.cache_counts
    }

    /// Tasks that stand in its queues, at a glance.
    pub(super) fn queued(&self) -> usize {
        self.stealer.len() + self.urgent.len()
    }

    /// Work stands here that another processor could take.
    pub(super) fn has_work(&self) -> bool {
        self.queued() > 0 || !self.spill.is_empty()
    }
}

impl Numbered for &'static Processor {
    fn number(self) -> usize {
        self.number
    }
}

/// Adds one to a counter that only this thread writes: no read-modify-write is needed.
#[inline(always)]
fn add_one(counter: &AtomicU64) -> u64 {
    let value = counter.load(Ordering::Relaxed).wrapping_add(1);
    counter.store(value, Ordering::Relaxed);
    value
}
