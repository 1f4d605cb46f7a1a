//! Who is idle, who searches, and whom to wake. The essay with the proof sketch is in the README of
//! [`sched`](super).
//!
//! # Invariants
//! - I1: `searching` counts the machines between `begin_search` (or being woken by [`Idle::claim`], or
//!   [`Idle::reclaim`]) and [`Idle::end_search`] (or [`Idle::go_idle`]).
//! - I2: `idle` is the length of the list of idle processors whenever the lock is free.
//! - I3: a machine that is on the list has no processor; whoever takes it off the list gives it one.
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

struct Lists<P, M> {
    /// Last in, first out: the one that ran last has the warmest cache.
    processors: Vec<P>,
    machines: Vec<M>,
}

/// Idle processors and machines.
pub(crate) struct Idle<P, M> {
    counts: Counts,
    lists: Mutex<Lists<P, M>>,
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

impl<P: Copy, M: Copy + PartialEq> Idle<P, M> {
    pub(crate) fn new() -> Self {
        let lists = Lists {
            processors: Vec::new(),
            machines: Vec::new(),
        };
        Idle {
            counts: Counts(AtomicU32::new(0)),
            lists: Mutex::new(lists),
        }
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
    pub(crate) fn begin_search(&self, processors: usize) -> bool {
        let seen = self.counts.load();
        let busy = (processors as u32).saturating_sub(seen.idle());
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
    pub(crate) fn go_idle(&self, processor: P, machine: M, searching: bool) {
        let mut lists = lock(&self.lists);
        lists.processors.push(processor);
        lists.machines.push(machine);
        self.counts.add(1);
        if searching && !mutant("idle_machine_still_searches") {
            self.counts.sub(SEARCHING);
        }
        drop(lists);
        if !mutant("no_fence_after_going_idle") {
            // Ordering: between being counted and the looks, for work and at the sleeper's deadline; pairs with the
            // fences in `submitted` and in `Scheduler::announce_deadline`.
            fence(Ordering::SeqCst);
        }
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

    /// A processor that nobody runs goes on the list. Look for work afterwards, behind a SeqCst fence.
    pub(crate) fn put_processor(&self, processor: P) {
        let mut lists = lock(&self.lists);
        lists.processors.push(processor);
        self.counts.add(1);
    }

    /// Forgets everybody: the runtime has ended, and no machine runs. Machines that were given a processor
    /// too late to take it still count as searching: that ends here.
    pub(crate) fn clear(&self) {
        let mut lists = lock(&self.lists);
        lists.processors.clear();
        lists.machines.clear();
        self.counts.clear();
    }
}
