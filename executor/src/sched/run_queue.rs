//! A processor's queue of ready tasks: filled and emptied by one machine, stolen from by others.
//!
//! # How it works
//!
//! ```text
//!   next: [ name ]         the task woken last; it runs next
//!   ring: [ . | h | x | x | x | x | t | . ]     head: oldest; tail: first free place
//! ```
//!
//! A ring of 256 names after Go's `runq` (proc.go), with one difference: **the owner takes without a
//! read-modify-write.** It loads `head`, reads the place, stores `head + 1`. A thief copies half of
//! what it sees and takes it by a CAS on `head`. If that CAS falls between the owner's load and its store,
//! the store moves `head` back, and the names that the thief took are in the ring once more. That is
//! allowed: a queue entry proves nothing (S4), the second of two equal ones finds its task not scheduled
//! and is dropped. So nothing is lost, something may be there twice, and a take costs no locked
//! instruction (idempotent work stealing: Michael, Vechev and Saraswat, PPoPP 2009).
//! `next` works alike: the owner loads and stores, a thief takes by CAS.
//!
//! # Invariants
//! - Q1: only the machine that holds the processor pushes and pops: `&mut Local`.
//! - Q2: between two operations of the owner `head` is never lower than what the owner stored or read there before.
//!   Thieves add; the owner, within one pop, may store one more than it read, which undoes what
//!   thieves added meanwhile, but not more. A push reads `head` within its own operation, so it
//!   overwrites only places that no later `head` includes.
//! - Q3: a place between `head` and `tail` holds the name that was pushed there last. (From Q2.)
//! - Q4: nothing is lost: `head` passes a place only if the owner returned its name or a thief copied it.
//!
//! # Memory ordering
//! `tail` is released by the owner and acquired by thieves, so that they read the places behind it; `head`
//! is released by whoever moves it and acquired by the others, so that a place is overwritten only
//! after the copy that the CAS confirms.
//!
//! A name must come with the schedule that it was queued for: a start that reads an older state word drops the
//! entry, and with it the wake. `tail` carries that too; so must `next`, which the owner releases and thieves acquire.
//!
//! # Rejected
//! - A CAS for the owner's take, as Go's and tokio's: 5 ns of a 15 ns yield.
//! - crossbeam-deque's `Worker`: growing pins the shared epoch collector, which then runs other
//!   people's deferred drops inside our push; its FIFO take is a read-modify-write; it has no loom form.
//!
//! # Not done here
//! Choosing a victim (`search`), waking anybody (`idle`).

use crate::{
    shim::{Arc, AtomicU32, AtomicU64, Ordering, StoredU64, mutant, relaxed_if},
    task::name::Name,
};

/// Places of the ring. Go's value, runtime2.go; small under loom.
pub(crate) const CAPACITY: u32 = if cfg!(gmp_loom) { 4 } else { 256 };
const MASK: u32 = CAPACITY - 1;
/// Where positions begin: under loom so near to their end that models go round.
const START: u32 = if cfg!(gmp_loom) { u32::MAX - 2 } else { 0 };

/// The older half of a full ring, on its way to the processor's spill.
pub(crate) struct Batch {
    names: [u64; CAPACITY as usize / 2],
    /// Those before this one were taken.
    first: usize,
}

impl Batch {
    /// Takes the oldest one, and says whether more are left.
    pub(crate) fn take_first(&mut self) -> (Option<Name>, bool) {
        let name = self.left().first().copied().and_then(Name::from_word);
        self.first += 1;
        (name, !self.left().is_empty())
    }

    fn left(&self) -> &[u64] {
        self.names.get(self.first..).unwrap_or_default()
    }
}

/// `head` is the thieves' and the owner's, `tail` and `next` mostly the owner's: apart, so that a
/// steal does not slow down a push. 64 bytes are a cache line.
#[repr(align(64))]
struct Apart<T>(T);

struct Ring {
    head: Apart<AtomicU32>,
    tail: Apart<AtomicU32>,
    next: AtomicU64,
    places: Box<[StoredU64; CAPACITY as usize]>,
}

/// The owner's end.
pub(crate) struct Local {
    ring: Arc<Ring>,
}

/// A thief's end.
#[derive(Clone)]
pub(crate) struct Stealer {
    ring: Arc<Ring>,
}

/// An empty queue.
pub(crate) fn new() -> (Local, Stealer) {
    let ring = Arc::new(Ring {
        head: Apart(AtomicU32::new(START)),
        tail: Apart(AtomicU32::new(START)),
        next: AtomicU64::new(0),
        places: Box::new(std::array::from_fn(|_| StoredU64::new(0))),
    });
    (Local { ring: ring.clone() }, Stealer { ring })
}

impl Ring {
    #[inline(always)]
    fn place(&self, position: u32) -> &StoredU64 {
        &self.places[(position & MASK) as usize]
    }
}

impl Local {
    /// Makes `name` the next one. Returns the one that was, which the caller is to queue.
    #[inline(always)]
    pub(crate) fn set_next(&mut self, name: Name) -> Option<Name> {
        let release = relaxed_if(mutant("next_releases_nothing"), Ordering::Release);
        let before = self.ring.next.load(Ordering::Relaxed);
        self.ring.next.store(name.bits(), release);
        Name::from_word(before)
    }

    /// Takes the next one.
    #[inline(always)]
    pub(crate) fn take_next(&mut self) -> Option<Name> {
        let name = Name::from_word(self.ring.next.load(Ordering::Relaxed))?;
        self.ring.next.store(0, Ordering::Relaxed);
        Some(name)
    }

    /// Queues `name` last. If the ring is full, its older half and `name` go to `overflow`.
    #[inline(always)]
    pub(crate) fn push(&mut self, name: Name, overflow: impl FnOnce(Batch)) {
        let tail = self.ring.tail.0.load(Ordering::Relaxed);
        let head = self.ring.head.0.load(Ordering::Acquire);
        if tail.wrapping_sub(head) >= CAPACITY {
            overflow(self.shed(head));
        }
        if mutant("tail_before_place") {
            let end = tail.wrapping_add(1);
            self.ring.tail.0.store(end, Ordering::Release);
        }
        self.ring.place(tail).store(name.bits(), Ordering::Relaxed);
        self.ring
            .tail
            .0
            .store(tail.wrapping_add(1), Ordering::Release);
    }

    /// Queues a batch that was spilled. The ring must have room for it.
    pub(crate) fn push_batch(&mut self, batch: &Batch) {
        debug_assert!(self.room() >= batch.left().len());
        let tail = self.ring.tail.0.load(Ordering::Relaxed);
        let mut end = tail;
        for &bits in batch.left() {
            self.ring.place(end).store(bits, Ordering::Relaxed);
            end = end.wrapping_add(1);
        }
        self.ring.tail.0.store(end, Ordering::Release);
    }

    /// The ring has room for a batch.
    pub(crate) fn has_room_for_batch(&self) -> bool {
        self.room() >= CAPACITY as usize / 2
    }

    /// Takes the oldest ones, half of what the ring may hold, if it has no room for as many.
    #[cold]
    pub(crate) fn shed_if_crowded(&mut self) -> Option<Batch> {
        let tail = self.ring.tail.0.load(Ordering::Relaxed);
        // Once: thieves move it on meanwhile, and there must be as many behind the one that is read.
        let head = self.ring.head.0.load(Ordering::Acquire);
        (tail.wrapping_sub(head) > CAPACITY / 2).then(|| self.shed(head))
    }

    /// Takes the older half of a full ring.
    #[cold]
    fn shed(&mut self, head: u32) -> Batch {
        let half = CAPACITY / 2;
        let names = std::array::from_fn(|n| {
            self.ring
                .place(head.wrapping_add(n as u32))
                .load(Ordering::Relaxed)
        });
        self.ring
            .head
            .0
            .store(head.wrapping_add(half), Ordering::Release);
        Batch { names, first: 0 }
    }

    /// Takes the oldest one.
    #[inline(always)]
    pub(crate) fn pop(&mut self) -> Option<Name> {
        let head = self.ring.head.0.load(Ordering::Acquire);
        let tail = self.ring.tail.0.load(Ordering::Relaxed);
        if head == tail {
            return None;
        }
        let bits = self.ring.place(head).load(Ordering::Relaxed);
        let taken = 1 + u32::from(mutant("pop_skips_a_place"));
        self.ring
            .head
            .0
            .store(head.wrapping_add(taken), Ordering::Release);
        Name::from_word(bits)
    }

    /// Forgets all.
    #[cfg(not(gmp_loom))]
    pub(crate) fn clear(&mut self) {
        while self.take_next().or_else(|| self.pop()).is_some() {}
    }

    /// Places that are free.
    pub(crate) fn room(&self) -> usize {
        let tail = self.ring.tail.0.load(Ordering::Relaxed);
        let head = self.ring.head.0.load(Ordering::Acquire);
        CAPACITY.saturating_sub(tail.wrapping_sub(head)) as usize
    }
}

impl Stealer {
    /// How many tasks the ring holds, at a glance.
    pub(crate) fn len(&self) -> usize {
        let head = self.ring.head.0.load(Ordering::Acquire);
        let tail = self.ring.tail.0.load(Ordering::Acquire);
        let len = tail.wrapping_sub(head);
        // A glance in which `head` had been moved on behind `tail`'s back says nothing.
        if len > CAPACITY { 0 } else { len as usize }
    }

    /// Where the oldest task of the ring stands, at a glance. `None`: it is empty.
    pub(crate) fn head(&self) -> Option<u32> {
        (self.len() > 0).then(|| self.ring.head.0.load(Ordering::Relaxed))
    }

    /// What would run next there.
    pub(crate) fn next(&self) -> Option<Name> {
        Name::from_word(self.ring.next.load(Ordering::Relaxed))
    }

    /// Takes `name` out of the place for the next one, if it still stands there.
    pub(crate) fn take_next(&self, name: Name) -> bool {
        let next = &self.ring.next;
        if mutant("thief_takes_next_by_store") {
            next.store(0, Ordering::Relaxed);
            return true;
        }
        let acquire = relaxed_if(mutant("thief_acquires_no_next"), Ordering::Acquire);
        next.compare_exchange(name.bits(), 0, acquire, Ordering::Relaxed)
            .is_ok()
    }

    /// Takes the older half: queues it in `into`, which is empty, and takes its oldest.
    pub(crate) fn steal_into(&self, into: &mut Local) -> Option<Name> {
        debug_assert_eq!(
            into.room(),
            CAPACITY as usize,
            "a thief's own queue is empty"
        );
        let taken = self.copy_into(into)?;
        let tail = into.ring.tail.0.load(Ordering::Relaxed);
        into.ring
            .tail
            .0
            .store(tail.wrapping_add(taken), Ordering::Release);
        into.pop()
    }

    /// Copies the older half behind `into`'s tail and takes it. Returns how many.
    fn copy_into(&self, into: &Local) -> Option<u32> {
        let tail = into.ring.tail.0.load(Ordering::Relaxed);
        let acquire = relaxed_if(mutant("thief_acquires_no_tail"), Ordering::Acquire);
        let read_tail = || self.ring.tail.0.load(acquire);
        let kept = mutant("thief_keeps_its_tail").then(read_tail);
        let mut head = self.ring.head.0.load(Ordering::Acquire);
        loop {
            let len = kept.unwrap_or_else(read_tail).wrapping_sub(head);
            let half = len - len / 2;
            if half == 0 {
                return None;
            }
            if half > CAPACITY / 2 {
                // `head` was read before thieves and owner moved on: read it again.
                head = self.ring.head.0.load(Ordering::Acquire);
                continue;
            }
            for n in 0..half {
                let bits = self
                    .ring
                    .place(head.wrapping_add(n))
                    .load(Ordering::Relaxed);
                into.ring
                    .place(tail.wrapping_add(n))
                    .store(bits, Ordering::Relaxed);
            }
            let new = head.wrapping_add(half);
            if mutant("thief_takes_by_store") {
                self.ring.head.0.store(new, Ordering::Release);
                return Some(half);
            }
            let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
            match self
                .ring
                .head
                .0
                .compare_exchange(head, new, success, failure)
            {
                Ok(_) => return Some(half),
                Err(now) => head = now,
            }
        }
    }
}
