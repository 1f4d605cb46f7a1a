//! The timers of one processor, or those of the threads without one.
//!
//! # How it works
//! A heap of (deadline, who) under a lock that its processor takes alone, but for thieves that find
//! due timers there and for sleeps that are dropped elsewhere. A cancelled entry stays until
//! the cancelled are a quarter of all; then who made them so many sweeps them, a portion of the heap at a time. What moves past the
//! sweep meanwhile waits for the next one. Firing early or for nothing is a
//! spurious wake, which every future must stand.
//!
//! # Memory ordering
//! `earliest` is stored under the lock. Who must not miss a new deadline reads it behind a fence that the
//! places name (`sched::deadline`).
//!
//! # Rejected
//! - A wheel, as tokio's: it rounds to its tick, and 1 ms is the worst of tokio's lateness.
//! - Links from the future to its entry: then a sleep that is polled on another processor, or whose entry is
//!   moved by the heap, must be found and told.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::{
    heap::{Entry, Heap},
    lock::{Guard, Lock},
};
use crate::{poller::Ready, quietly::quietly, waiter::Waiter};

/// Fewer cancelled entries than this are not worth a sweep.
const SWEEP_MIN: usize = 16;
/// So many entries are fired or looked at under the lock at a time, since others spin for it: among a million timers each is a
/// cache miss, and all in one go took seconds.
const PORTION: usize = 64;

pub(crate) struct Timers {
    queue: Lock<Queue>,
    /// The earliest deadline, `u64::MAX` for none.
    earliest: AtomicU64,
    /// How many runtimes have used these timers: a sleep may outlive its own. Written under the lock.
    epoch: AtomicU32,
}

struct Queue {
    heap: Heap,
    /// The keys of entries that nobody waits for any more.
    cancelled: Vec<(u64, u64)>,
    /// All entries up to here have fired, or are about to.
    fired: u64,
    /// Somebody sweeps, with keys that were in `cancelled`.
    sweeping: bool,
}

impl std::fmt::Debug for Timers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Timers")
            .field("earliest", &self.earliest())
            .finish_non_exhaustive()
    }
}

impl Timers {
    pub(crate) fn new() -> Timers {
        let queue = Queue {
            heap: Heap::new(),
            cancelled: Vec::new(),
            fired: 0,
            sweeping: false,
        };
        Timers {
            queue: Lock::new(queue),
            earliest: AtomicU64::new(u64::MAX),
            epoch: AtomicU32::new(0),
        }
    }

    #[inline(always)]
    pub(crate) fn earliest(&self) -> u64 {
        self.earliest.load(Ordering::Relaxed)
    }

    /// Entries of other epochs are gone.
    #[inline(always)]
    pub(super) fn epoch(&self) -> u32 {
        self.epoch.load(Ordering::Relaxed)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.earliest() == u64::MAX
    }

    /// Adds an entry. Returns the epoch, for `cancel`, and whether the entry is the earliest now.
    pub(super) fn insert(&self, deadline: u64, waiter: Waiter) -> (u32, bool) {
        let mut queue = self.queue.lock();
        queue.heap.push(Entry { deadline, waiter });
        let first = deadline < self.earliest();
        if first {
            self.earliest.store(deadline, Ordering::Relaxed);
        }
        (self.epoch(), first)
    }

    /// Nobody waits for this entry any more; it may have fired already. May drop foreign wakers, which is user
    /// code: outside of locks and sections.
    #[inline]
    pub(super) fn cancel(&self, key: (u64, u64), epoch: u32) {
        let mut queue = self.queue.lock();
        if key.0 <= queue.fired || epoch != self.epoch() {
            // It has fired, or is about to; or the runtime has ended. A later entry with an equal key is not it.
            return;
        }
        match queue.heap.pop_last(key) {
            Some(entry) => {
                self.earliest
                    .store(queue.heap.earliest(), Ordering::Relaxed);
                drop(queue);
                drop(entry);
            }
            None => self.cancel_later(queue, key),
        }
    }

    #[cold]
    fn cancel_later(&self, mut queue: Guard<'_, Queue>, key: (u64, u64)) {
        queue.cancelled.push(key);
        let cancelled = queue.cancelled.len();
        if cancelled < SWEEP_MIN || cancelled * 4 < queue.heap.len() || queue.sweeping {
            return;
        }
        let keys = std::mem::take(&mut queue.cancelled);
        queue.sweeping = true;
        let epoch = self.epoch();
        drop(queue);
        let mut sweep = Sweep::of(keys);
        while !self.sweep_portion(&mut sweep, epoch) {}
        // Each by itself: they are other people's.
        sweep
            .dead
            .into_iter()
            .for_each(|entry| quietly(|| drop(entry)));
    }

    /// True: that was the last one.
    fn sweep_portion(&self, sweep: &mut Sweep, epoch: u32) -> bool {
        let mut queue = self.queue.lock();
        let ended = epoch != self.epoch();
        if !ended {
            sweep.take_portion(&mut queue.heap);
            self.earliest
                .store(queue.heap.earliest(), Ordering::Relaxed);
            if sweep.upto > 0 {
                return false;
            }
            let fired = queue.fired;
            queue.cancelled.extend(sweep.missed(fired));
        }
        queue.sweeping = false;
        true
    }

    /// Wakes all who wait: the runtime ends. The next one finds no trace.
    pub(crate) fn clear(&self, ready: &mut Ready) {
        self.fire(u64::MAX, ready);
        let mut queue = self.queue.lock();
        queue.fired = 0;
        self.epoch.fetch_add(1, Ordering::Relaxed);
    }

    /// Hands all that are due at `now` to `ready`.
    pub(crate) fn fire(&self, now: u64, ready: &mut Ready) {
        while !self.fire_portion(now, ready) {}
    }

    /// True: none that is due is left.
    fn fire_portion(&self, now: u64, ready: &mut Ready) -> bool {
        let mut queue = self.queue.lock();
        queue.fired = queue.fired.max(now);
        let due = std::iter::from_fn(|| queue.heap.pop_due(now)).take(PORTION);
        let fired = due.map(|entry| ready.push(entry.waiter)).count();
        if queue.heap.len() == 0 {
            queue.cancelled.clear();
        }
        self.earliest
            .store(queue.heap.earliest(), Ordering::Relaxed);
        fired < PORTION
    }
}

/// Cancelled entries being looked for, from the last place of the heap to the first, while others push and pop.
struct Sweep {
    /// Sorted; the place of each that is still to be found.
    keys: Vec<(u64, u64)>,
    left: Vec<bool>,
    /// Places from here on were looked at.
    upto: usize,
    dead: Vec<Entry>,
}

impl Sweep {
    fn of(mut keys: Vec<(u64, u64)>) -> Sweep {
        keys.sort_unstable();
        Sweep {
            left: vec![true; keys.len()],
            keys,
            upto: usize::MAX,
            dead: Vec::new(),
        }
    }

    fn take_portion(&mut self, heap: &mut Heap) {
        let from = self.upto.min(heap.len());
        self.upto = from.saturating_sub(PORTION);
        for at in (self.upto..from).rev() {
            if self.finds(heap.key_at(at)) {
                self.dead.push(heap.remove_at(at));
            }
        }
    }

    /// One entry goes for each cancelled key.
    fn finds(&mut self, key: (u64, u64)) -> bool {
        let first = self.keys.partition_point(|&other| other < key);
        let mut equal = (first..self.keys.len()).take_while(|&at| self.keys[at] == key);
        let found = equal.find(|&at| self.left[at]);
        found.inspect(|&at| self.left[at] = false).is_some()
    }

    /// Those that moved past the sweep; but not those that have fired.
    fn missed(&self, fired: u64) -> impl Iterator<Item = (u64, u64)> {
        let keys = self.keys.iter().zip(&self.left);
        keys.filter(move |(key, left)| **left && key.0 > fired)
            .map(|(key, _)| *key)
    }
}
