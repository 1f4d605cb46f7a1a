//! Who is idle, who searches, and whom to wake. The essay with the proof sketch is in the README of
//! [`sched`](super).
//!
//! # Invariants
//! - I1: `searching` counts the machines between `begin_search` (or being woken by [`Idle::claim`], or
//!   [`Idle::reclaim`]) and [`Idle::end_search`] (or [`Idle::go_idle`]).
//! - I2: `idle` is the length of the list of idle processors whenever the lock is free.
//! - I3: a machine that is on the list has no processor; whoever takes it off the list gives it one.
//! - I4: a processor is idle and on the list, or at rest, or somebody's who may touch it: one of the three. Whoever takes
//!   it off the list, or is refused when he puts it there, owns it.
//! - I5: whenever the lock is free, those on the list are live (their numbers are below `live`), those at rest are not.
//!   Why there are others, and what becomes of them, is told in [`resize`](super::resize).
//!
//! # Memory ordering
//! The word is changed by read-modify-writes only, but for [`Idle::clear`]. [`Idle::worth_waking`] loads it relaxed. The
//! two fences of the README's claim are in [`Idle::submitted`] and [`Idle::go_idle`], after what the one stores
//! and before what the other looks at; the README says where none is needed.

use crate::shim::{AtomicU32, Mutex, Ordering, fence, lock, mutant};

/// Both counts in one word: `searching` in the upper half, `idle` in the lower.
struct Counts(AtomicU32);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Snapshot(u32);

const SEARCHING: u32 = 1 << 16;

impl Snapshot {
    pub(crate) fn searching(self) -> u32 {
        self.0 >> 16
    }

    pub(crate) fn idle(self) -> u32 {
        self.0 & (SEARCHING - 1)
    }
}

impl Counts {
    #[inline(always)]
    fn load(&self) -> Snapshot {
        Snapshot(self.0.load(Ordering::Relaxed))
    }

    /// `searching` from 0 to 1, while somebody is idle.
    fn try_first_search(&self) -> bool {
        let mut seen = self.load();
        while seen.searching() == 0 && seen.idle() > 0 {
            let new = seen.0 + SEARCHING;
            match self
                .0
                .compare_exchange(seen.0, new, Ordering::SeqCst, Ordering::Relaxed)
            {
                Ok(_) => return true,
                Err(now) => seen = Snapshot(now),
            }
        }
        false
    }

    fn add(&self, change: u32) {
        self.0.fetch_add(change, Ordering::SeqCst);
    }

    fn clear(&self) {
        self.0.store(0, Ordering::SeqCst);
    }

    fn sub(&self, change: u32) -> Snapshot {
        Snapshot(self.0.fetch_sub(change, Ordering::SeqCst))
    }
}

/// A processor that knows its number.
pub(crate) trait Numbered: Copy {
    fn number(self) -> usize;
}

struct Lists<P, M> {
    /// Last in, first out: the one that ran last has the warmest cache.
    processors: Vec<P>,
    machines: Vec<M>,
    /// Retired processors, with nothing in them.
    resting: Vec<P>,
    /// How many processors there are in all: idle, at rest, somebody's.
    known: usize,
}

impl<P, M> Lists<P, M> {
    /// Retired processors that are not at rest yet.
    fn retiring(&self, live: usize) -> usize {
        self.known.saturating_sub(live) - self.resting.len()
    }
}

/// Idle processors and machines.
pub(crate) struct Idle<P, M> {
    counts: Counts,
    /// How many processors are live. Written under the lock, released and acquired: who reads a number finds as many made.
    live: AtomicU32,
    lists: Mutex<Lists<P, M>>,
}

/// What became of a processor that was to be idle.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Put {
    Idle,
    /// It is retired, and still the caller's, who is to [`lay it down`](Idle::lay_down).
    Refused,
}

/// What a machine on the list gets when it asks for a processor.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reclaim<P> {
    /// This one; the machine is off the list and searches.
    Processor(P),
    /// None is idle. The machine stays on the list.
    NoneIdle,
    /// Somebody took the machine off the list and gives, or gave, it one.
    Given,
}

impl<P: Numbered, M: Copy + PartialEq> Idle<P, M> {
    /// With no processors: see [`resize`](Self::resize).
    pub(crate) fn new() -> Self {
        let lists = Lists {
            processors: Vec::new(),
            machines: Vec::new(),
            resting: Vec::new(),
            known: 0,
        };
        Idle {
            counts: Counts(AtomicU32::new(0)),
            live: AtomicU32::new(0),
            lists: Mutex::new(lists),
        }
    }

    /// How many processors are live.
    pub(crate) fn live(&self) -> usize {
        self.live.load(Ordering::Acquire) as usize
    }

    /// At a glance: the lock decides.
    pub(crate) fn is_retired(&self, processor: P) -> bool {
        processor.number() >= self.live()
    }

    /// How many processors are somebody's.
    #[cfg_attr(gmp_loom, allow(dead_code))]
    pub(crate) fn busy(&self) -> usize {
        let lists = lock(&self.lists);
        lists.known - lists.processors.len() - lists.resting.len()
    }

    /// Nobody runs anything: each processor is idle or at rest.
    pub(crate) fn all_idle(&self) -> bool {
        self.busy() == 0
    }

    /// How many machines wait for a processor.
    #[cfg_attr(gmp_loom, allow(dead_code))]
    pub(crate) fn machines(&self) -> usize {
        lock(&self.lists).machines.len()
    }

    /// So many processors are live from now on. Those that were at rest, or are new, become idle: look for work
    /// afterwards. Those that were idle and are retired now are returned: they are the caller's to [`lay
    /// down`](Self::lay_down). `tell` is told, under the lock, whether retired ones are not at rest yet.
    pub(crate) fn resize(
        &self,
        live: usize,
        new: impl Fn(usize) -> P,
        tell: impl FnOnce(bool),
    ) -> Vec<P> {
        let mut lists = lock(&self.lists);
        self.live.store(live as u32, Ordering::Release);
        let is_live = |processor: &P| processor.number() < live;
        let idle_before = lists.processors.len();
        let idle = std::mem::take(&mut lists.processors);
        let (idle, retired): (Vec<P>, Vec<P>) = idle.into_iter().partition(is_live);
        let resting = std::mem::take(&mut lists.resting);
        let (mut all, resting): (Vec<P>, Vec<P>) = resting.into_iter().partition(is_live);
        all.extend((lists.known..live).map(new));
        all.extend(idle);
        lists.known = lists.known.max(live);
        self.counts
            .add((all.len() as u32).wrapping_sub(idle_before as u32));
        (lists.processors, lists.resting) = (all, resting);
        tell(lists.retiring(live) > 0);
        drop(lists);
        // Ordering: between the new idle ones and the look for work, as in `go_idle`.
        fence(Ordering::SeqCst);
        retired
    }

    /// A retired processor comes to rest, emptied by its owner; or is idle, if it is live again. Look for work
    /// afterwards. `tell` as in [`resize`](Self::resize).
    pub(crate) fn lay_down(&self, processor: P, tell: impl FnOnce(bool)) {
        let mut lists = lock(&self.lists);
        let live = self.live();
        if processor.number() < live {
            lists.processors.push(processor);
            self.counts.add(1);
        } else {
            lists.resting.push(processor);
        }
        tell(lists.retiring(live) > 0);
        drop(lists);
        // Ordering: as in `go_idle`.
        fence(Ordering::SeqCst);
    }

    pub(crate) fn counts(&self) -> Snapshot {
        self.counts.load()
    }

    /// Somebody is idle and nobody searches: a submitter should [`claim`](Self::claim).
    #[inline(always)]
    pub(crate) fn worth_waking(&self) -> bool {
        let seen = self.counts.load();
        seen.idle() > 0 && seen.searching() == 0
    }

    /// Work was put where any processor may find it. True: the submitter should [`claim`](Self::claim).
    pub(crate) fn submitted(&self) -> bool {
        if !mutant("no_fence_after_submitting") {
            // Ordering: between the push and the look; pairs with the fence in `go_idle`.
            fence(Ordering::SeqCst);
        }
        self.worth_waking()
    }

    /// Takes an idle processor, and a machine for it, that shall search, and lets `give` bring them together under
    /// the lock. At most one search begins so at a time. The machine is missing if all are busy without a
    /// processor.
    ///
    /// Under the lock, so that the caller, who may be put aside at any point and belong to a runtime that is long
    /// gone, cannot hold a processor that [`clear`](Self::clear) and a new start have handed out again.
    pub(crate) fn claim(&self, give: impl FnOnce(P, Option<M>)) -> bool {
        let mut lists = lock(&self.lists);
        if !self.counts.try_first_search() {
            return false;
        }
        let Some(processor) = lists.processors.pop() else {
            self.counts.sub(SEARCHING);
            return false;
        };
        self.counts.sub(1);
        give(processor, lists.machines.pop());
        true
    }

    /// A machine has run out of work. True: it counts as searching from now on. At most half of the busy
    /// processors search (Go's rule, proc.go), so that one that has work is not looked at by all.
    pub(crate) fn begin_search(&self) -> bool {
        let seen = self.counts.load();
        let busy = self
            .live
            .load(Ordering::Relaxed)
            .saturating_sub(seen.idle());
        if 2 * seen.searching() >= busy {
            return false;
        }
        self.counts.add(SEARCHING);
        true
    }

    /// A searching machine has found work. True: it was the last one, and should wake another if
    /// there is more.
    pub(crate) fn end_search(&self) -> bool {
        self.counts.sub(SEARCHING).searching() == 1
    }

    /// A machine puts its processor and itself on the lists. It must look for work once more afterwards.
    pub(crate) fn go_idle(&self, processor: P, machine: M, searching: bool) -> Put {
        let mut lists = lock(&self.lists);
        let put = self.put(&mut lists, processor);
        lists.machines.push(machine);
        if searching && !mutant("idle_machine_still_searches") {
            self.counts.sub(SEARCHING);
        }
        drop(lists);
        if !mutant("no_fence_after_going_idle") {
            // Ordering: between being counted and the looks, for work and at the sleeper's deadline; pairs with the
            // fences in `submitted` and in `Deadline::announce`.
            fence(Ordering::SeqCst);
        }
        put
    }

    fn put(&self, lists: &mut Lists<P, M>, processor: P) -> Put {
        if self.is_retired(processor) && !mutant("retired_processor_goes_idle") {
            return Put::Refused;
        }
        lists.processors.push(processor);
        self.counts.add(1);
        Put::Idle
    }

    /// A machine on the list has seen work.
    pub(crate) fn reclaim(&self, machine: M) -> Reclaim<P> {
        let mut lists = lock(&self.lists);
        let Some(at) = lists.machines.iter().rposition(|&listed| listed == machine) else {
            return Reclaim::Given;
        };
        let Some(processor) = lists.processors.pop() else {
            return Reclaim::NoneIdle;
        };
        lists.machines.remove(at);
        if mutant("reclaim_searches_uncounted") {
            self.counts.sub(1);
        } else {
            self.counts.add(SEARCHING - 1);
        }
        Reclaim::Processor(processor)
    }

    /// A machine without a processor waits for one.
    pub(crate) fn wait(&self, machine: M) {
        lock(&self.lists).machines.push(machine);
    }

    /// A machine on the list wants to end. False: somebody gives, or gave, it a processor.
    pub(crate) fn retire(&self, machine: M) -> bool {
        let mut lists = lock(&self.lists);
        let at = lists.machines.iter().position(|&listed| listed == machine);
        at.map(|at| lists.machines.remove(at)).is_some()
    }

    /// A processor without a machine, for a machine that has none.
    pub(crate) fn take_processor(&self) -> Option<P> {
        let mut lists = lock(&self.lists);
        let processor = lists.processors.pop()?;
        self.counts.sub(1);
        Some(processor)
    }

    /// A machine for a processor that was handed off. The caller gives it the processor, with which
    /// it searches.
    pub(crate) fn take_machine(&self) -> Option<M> {
        let mut lists = lock(&self.lists);
        self.counts.add(SEARCHING);
        lists.machines.pop()
    }

    /// The same for a processor that counts as searching already: a machine may have come since none was found for it.
    #[cfg_attr(gmp_loom, allow(dead_code))]
    pub(crate) fn take_machine_after_all(&self) -> Option<M> {
        lock(&self.lists).machines.pop()
    }

    /// A processor that nobody runs goes on the list. Look for work afterwards, behind a SeqCst fence.
    pub(crate) fn put_processor(&self, processor: P) -> Put {
        self.put(&mut lock(&self.lists), processor)
    }

    /// Nobody is worth waking any more: there are no threads, and the lock may have been held by one.
    #[cfg_attr(gmp_loom, allow(dead_code))]
    pub(crate) fn forget_counts(&self) {
        self.counts.clear();
    }

    /// Forgets everybody: the runtime has ended, and no machine runs. Machines that were given a processor
    /// too late to take it still count as searching: that ends here.
    pub(crate) fn clear(&self) {
        let mut lists = lock(&self.lists);
        lists.processors.clear();
        lists.machines.clear();
        lists.resting.clear();
        lists.known = 0;
        self.live.store(0, Ordering::Release);
        self.counts.clear();
    }
}
