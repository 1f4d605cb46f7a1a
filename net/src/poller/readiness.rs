//! The word that says what a socket is ready for.
//!
//! # How it works
//!
//! ```text
//!  63          32 31           8 7      0
//! +--------------+--------------+--------+
//! |  generation  |    events    | flags  |
//! +--------------+--------------+--------+
//!
//!            post                      settle(Blocked | Empty), if no event came since `seen`
//! [nothing] ------> [READY, ENDED] -----------------------------------------> [nothing]
//!     any --close--> [CLOSED]          any --retire--> next generation, no flags --open--> first flags
//! ```
//!
//! *generation* tells the sockets apart that use a slot one after the other: an event of a former one is stale.
//! *events* counts what was posted, so that [`settle`](Readiness::settle) takes back only what its caller has seen.
//!
//! # Memory ordering
//! [`post`](Readiness::post) releases and [`load`](Readiness::load) acquires: who sees a flag makes its system call
//! after the poller's return from the kernel. All transitions but `settle` happen under the lock of the
//! [`PollDesc`](super::desc::PollDesc) that owns the word, so a waiter that looks under that lock misses none of them.

use std::fmt;

use crate::shim::{AtomicU64, Ordering, mutant, relaxed_if};

/// Which half of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Read = 0,
    Write = 1,
}

impl Direction {
    pub(super) const BOTH: [Direction; 2] = [Direction::Read, Direction::Write];

    fn flags(self) -> Flags {
        Flags(match self {
            Direction::Read => Flags::READ_READY.0 | Flags::READ_ENDED.0,
            Direction::Write => Flags::WRITE_READY.0 | Flags::WRITE_ENDED.0,
        })
    }
}

/// What is known of a socket, a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags(u64);

impl Flags {
    pub(crate) const NOTHING: Flags = Flags(0);
    pub(crate) const READ_READY: Flags = Flags(1);
    pub(crate) const WRITE_READY: Flags = Flags(1 << 1);
    /// The peer's last byte or an error is there, or on its way behind data: reading never blocks again.
    pub(crate) const READ_ENDED: Flags = Flags(1 << 2);
    pub(crate) const WRITE_ENDED: Flags = Flags(1 << 3);
    /// The runtime is gone.
    const CLOSED: Flags = Flags(1 << 4);

    pub(crate) const fn and(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    pub(crate) fn when(self, holds: bool) -> Flags {
        if holds { self } else { Flags::NOTHING }
    }

    /// They let somebody try who waits in this direction.
    pub(super) fn concern(self, direction: Direction) -> bool {
        self.0 & (direction.flags().0 | Flags::CLOSED.0) != 0
    }
}

const EVENTS_ONE: u64 = 1 << 8;
const EVENTS_MASK: u64 = 0x00ff_ff00;
const GENERATION_SHIFT: u32 = 32;

/// The word at one moment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Snapshot(u64);

impl Snapshot {
    pub(super) fn generation(self) -> u32 {
        (self.0 >> GENERATION_SHIFT) as u32
    }

    fn flags(self) -> Flags {
        Flags(self.0 & 0xff)
    }

    /// A system call in this direction may succeed, or says why not.
    #[inline]
    pub(crate) fn lets_try(self, direction: Direction) -> bool {
        self.flags().concern(direction)
    }

    /// The runtime is gone.
    #[inline]
    pub(crate) fn is_closed(self) -> bool {
        self.0 & Flags::CLOSED.0 != 0
    }

    fn with(self, flags: Flags) -> Snapshot {
        Snapshot(self.0 | flags.0)
    }

    fn after_one_event(self) -> Snapshot {
        let events = self.0.wrapping_add(EVENTS_ONE) & EVENTS_MASK;
        Snapshot(self.0 & !EVENTS_MASK | events)
    }

    fn is_of_one_moment_with(self, other: Snapshot) -> bool {
        (self.0 ^ other.0) >> 8 == 0 || mutant("settles_what_came_meanwhile")
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            "readable",
            "writable",
            "read ended",
            "write ended",
            "closed",
        ];
        let set = names
            .iter()
            .enumerate()
            .filter(|(bit, _)| self.0 & (1 << bit) != 0)
            .map(|(_, name)| name);
        f.debug_struct("Snapshot")
            .field("generation", &self.generation())
            .field("events", &((self.0 & EVENTS_MASK) / EVENTS_ONE))
            .field("flags", &set.collect::<Vec<_>>())
            .finish()
    }
}

/// What a system call told about the direction it went in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// It may succeed again.
    More,
    /// It did part of what was asked: there is no more. The end may still be on its way.
    #[allow(dead_code, reason = "only Linux tells so")]
    Empty,
    /// It would have blocked.
    Blocked,
}

/// What came of an event.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Posted {
    /// The flags are set: whoever waits for them is to be woken.
    Set,
    /// It was meant for a former user of the slot.
    Stale,
}

pub(crate) struct Readiness(AtomicU64);

impl Readiness {
    /// A slot that nobody has used: generation 1, so that tokens of generation 0 are free for others.
    pub(super) fn new() -> Readiness {
        Readiness(AtomicU64::new(1 << GENERATION_SHIFT))
    }

    #[inline]
    pub(crate) fn load(&self) -> Snapshot {
        let unordered = mutant("readiness_acquires_nothing");
        Snapshot(self.0.load(relaxed_if(unordered, Ordering::Acquire)))
    }

    fn update(&self, change: impl Fn(Snapshot) -> Option<Snapshot>) -> bool {
        let changed = |word| change(Snapshot(word)).map(|next| next.0);
        self.0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, changed)
            .is_ok()
    }

    /// An event has come for the socket of this generation. Under the lock.
    pub(super) fn post(&self, generation: u32, flags: Flags) -> Posted {
        let current = |word: Snapshot| word.generation() == generation;
        match self.update(|word| current(word).then(|| word.with(flags).after_one_event())) {
            true => Posted::Set,
            false => Posted::Stale,
        }
    }

    /// A system call that was tried because of `seen` has told how things stand: forgets what it has disproved,
    /// unless an event came meanwhile, which may be newer than the call.
    #[inline]
    pub(crate) fn settle(&self, direction: Direction, seen: Snapshot, found: Found) {
        let disproved = match found {
            Found::More => return,
            Found::Empty => direction.flags().0 & (Flags::READ_READY.0 | Flags::WRITE_READY.0),
            Found::Blocked => direction.flags().0,
        };
        let rest = |word: Snapshot| Snapshot(word.0 & !disproved);
        self.update(|word| word.is_of_one_moment_with(seen).then(|| rest(word)));
    }

    /// The runtime is gone. Under the lock.
    pub(super) fn close(&self) {
        self.update(|word| Some(word.with(Flags::CLOSED)));
    }

    /// A new socket takes the slot. Under the lock.
    pub(super) fn open(&self, flags: Flags) -> u32 {
        debug_assert_eq!(self.load().flags(), Flags::NOTHING, "{:?}", self.load());
        self.update(|word| Some(word.with(flags)));
        self.load().generation()
    }

    /// The socket leaves the slot. Under the lock. False: the slot has no generation left for another one.
    pub(super) fn retire(&self) -> bool {
        let next = u64::from(self.load().generation()) + 1;
        self.0.store(next << GENERATION_SHIFT, Ordering::Release);
        next < u64::from(u32::MAX)
    }
}
