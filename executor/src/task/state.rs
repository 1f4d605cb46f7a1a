//! A slot's state word: which task, and where it stands.
//!
//! ```text
//!            publish                 start               finish (nobody interested)
//!   FREE ------------> SCHEDULED ------------> RUNNING --------------------> FREE (generation + 1)
//!                        ^   ^                 |  |  |
//!                   wake |   | suspend, yield  |  |  | finish
//!                        |   +-----------------+  |  +-------> DONE ----------------> FREE
//!                        |                        |                 the handle: free
//!                       IDLE <--------------------+
//!                                  suspend
//! ```
//!
//! `SCHEDULED` may be set while `RUNNING`: then the thread that polls queues the task again.
//! `CANCEL` asks the next `start` to drop the future instead of polling it. `BOUND`: only the task's own machine starts it.
//!
//! # Invariants
//! - T1: between a `start` that said [`Start::Poll`] or [`Start::Cancel`] and the transition that ends it,
//!   this thread alone touches the body.
//! - T2: *done* with `HANDLE` set: the handle alone touches the body, and frees the slot.
//! - T3: `HANDLE` is set by `publish` only. Who sees it clear on a task that he runs owns the slot.
//! - T4: the joiner field belongs to the handle while `JOINER` and `COMPLETING` are clear; to nobody
//!   (it is constant) while `JOINER` is set; to the completer while `COMPLETING` is.
//! - T5: after `suspend`, `yield_now`, `finish` (but for [`Finish::Joiner`]) and `free`, the caller
//!   does not touch the slot again.
//!
//! # Memory ordering
//! Every transition acquires what the one before it released: what was written to the slot before
//! `publish`, `suspend` or `finish` is seen after the `start`, or the look at *done*, that follows.
//! A waker's writes before `wake` are seen by the poll that follows, also where `wake` found the
//! task scheduled already: it then still reads and releases through its CAS.

use crate::shim::{AtomicU64, Ordering, mutant};

const SCHEDULED: u64 = 1;
const RUNNING: u64 = 1 << 1;
const DONE: u64 = 1 << 2;
/// A join handle is interested in the outcome.
const HANDLE: u64 = 1 << 3;
/// The joiner field holds who waits for the outcome.
const JOINER: u64 = 1 << 4;
/// The completer takes the joiner.
const COMPLETING: u64 = 1 << 5;
const CANCEL: u64 = 1 << 6;
const LIVE: u64 = 1 << 7;
/// The body holds a panic's payload; holds nothing.
const PANICKED: u64 = 1 << 8;
const CANCELLED: u64 = 1 << 9;
/// The task is bound to a thread. Changed by that thread only, while it runs the task (T1).
const BOUND: u64 = 1 << 10;

const GENERATION: u32 = 32;
/// No task gets this generation; under loom it is near, so that models reach it.
pub(crate) const GENERATION_LIMIT: u32 = if cfg!(gmp_loom) { 3 } else { u32::MAX };

/// Acquires and releases; its mutants do one of the two.
#[inline(always)]
fn transition() -> Ordering {
    if mutant("transition_acquires_nothing") {
        Ordering::Release
    } else if mutant("transition_releases_nothing") {
        Ordering::Acquire
    } else {
        Ordering::AcqRel
    }
}

/// The state word.
pub(crate) struct State(AtomicU64);

/// A state word as it was read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Snapshot(u64);

/// What a waker has to do.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// Queue the task: it was idle and is now scheduled.
    Queue,
    /// Nothing: stale, scheduled already, or somebody else will queue it.
    Nothing,
}

/// What a queue entry was worth.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// The task runs here now: poll it.
    Poll,
    /// The task runs here now: drop its future.
    Cancel,
    /// The entry proves nothing (S4).
    Stale,
    /// The task is bound to a thread: the entry is that one's to use.
    Elsewhere,
}

/// What follows a poll that was not ready.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suspend {
    /// The task waits; somebody's wake will queue it.
    Idle,
    /// The task was woken meanwhile: queue it.
    Queue,
}

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Output,
    Panicked,
    Cancelled,
}

/// What is left to do for the thread on which a task ended.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finish {
    /// Nobody is interested: drop what the body holds and free the slot (T3).
    Unwanted,
    /// Take the joiner (T4), then call `finish` again.
    Joiner,
    /// The handle owns the slot (T2).
    Published,
}

/// What the handle finds.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Join {
    /// The task is done: the body is the handle's (T2).
    Done(Outcome),
    /// The joiner field is the handle's (T4): register.
    Vacant,
    /// A joiner is registered.
    Registered,
    /// The completer is between taking the joiner and *done*: look again.
    Completing,
}

/// What a dropped handle leaves to do.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detach {
    /// The task goes on alone; the slot is no longer the handle's to look at.
    Detached,
    /// The task is done: drop what the body holds and free the slot.
    Done(Outcome),
}

impl Snapshot {
    pub(crate) fn generation(self) -> u32 {
        (self.0 >> GENERATION) as u32
    }

    fn has(self, flag: u64) -> bool {
        self.0 & flag != 0
    }

    /// A task lives here: spawned, and not yet freed.
    pub(crate) fn is_live(self) -> bool {
        self.has(LIVE)
    }

    pub(crate) fn is_done(self) -> bool {
        self.has(DONE)
    }

    pub(crate) fn is_running(self) -> bool {
        self.has(RUNNING)
    }

    pub(crate) fn is_scheduled(self) -> bool {
        self.has(SCHEDULED)
    }

    fn outcome(self) -> Outcome {
        if self.has(CANCELLED) {
            Outcome::Cancelled
        } else if self.has(PANICKED) {
            Outcome::Panicked
        } else {
            Outcome::Output
        }
    }

    #[inline(always)]
    fn is(self, generation: u32) -> bool {
        self.generation() == generation
    }
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const FLAGS: [(u64, &str); 11] = [
            (SCHEDULED, "scheduled"),
            (RUNNING, "running"),
            (DONE, "done"),
            (HANDLE, "handle"),
            (JOINER, "joiner"),
            (COMPLETING, "completing"),
            (CANCEL, "cancel"),
            (LIVE, "live"),
            (PANICKED, "panicked"),
            (CANCELLED, "cancelled"),
            (BOUND, "bound"),
        ];
        let set = FLAGS
            .iter()
            .filter(|&&(flag, _)| self.has(flag))
            .map(|&(_, name)| name);
        write!(
            f,
            "generation {} {:?}",
            self.generation(),
            set.collect::<Vec<_>>()
        )
    }
}

impl State {
    #[cfg(gmp_loom)]
    pub(crate) fn free_with(generation: u32) -> State {
        State(AtomicU64::new(u64::from(generation) << GENERATION))
    }

    #[inline(always)]
    pub(crate) fn load(&self) -> Snapshot {
        Snapshot(self.0.load(Ordering::Acquire))
    }

    /// The second read of a walker, behind its acquire fence (S6).
    pub(crate) fn load_relaxed(&self) -> Snapshot {
        Snapshot(self.0.load(Ordering::Relaxed))
    }

    /// Applies `step` until it takes: the one place with the CAS. `step` says the new word, or the
    /// answer where nothing is to change.
    #[inline(always)]
    fn update<T>(&self, mut step: impl FnMut(Snapshot) -> Result<(u64, T), T>) -> T {
        let mut seen = self.load();
        loop {
            match step(seen) {
                Err(answer) => return answer,
                Ok((new, answer)) => {
                    match self
                        .0
                        .compare_exchange_weak(seen.0, new, transition(), Ordering::Acquire)
                    {
                        Ok(_) => return answer,
                        Err(now) => seen = Snapshot(now),
                    }
                }
            }
        }
    }

    /// The slot's next task is there, scheduled. The caller owns the free slot and has filled it.
    #[inline(always)]
    pub(crate) fn publish(&self, generation: u32) {
        let word = u64::from(generation) << GENERATION;
        debug_assert_eq!(
            self.0.load(Ordering::Relaxed),
            word,
            "publish of a slot that is not free"
        );
        self.0
            .store(word | LIVE | HANDLE | SCHEDULED, Ordering::Release);
    }

    /// The slot is free. Returns false if its generations are used up: then it is retired (S2).
    #[inline(always)]
    pub(crate) fn free(&self, generation: u32) -> bool {
        let next = generation + 1;
        // A plain store: only wakers and aborters still try this word, by CAS for the old generation;
        // the last of them before the store meant a task that has ended, the next ones fail.
        self.0
            .store(u64::from(next) << GENERATION, Ordering::Release);
        next < GENERATION_LIMIT || mutant("slot_never_retired")
    }

    /// Schedules the task unless it is gone.
    #[inline(always)]
    pub(crate) fn wake(&self, generation: u32) -> Wake {
        self.update(|seen| {
            if !mutant("wake_skips_generation") && !seen.is(generation) {
                return Err(Wake::Nothing);
            }
            if seen.has(DONE) || !seen.has(LIVE) {
                return Err(Wake::Nothing);
            }
            if seen.has(SCHEDULED) {
                if mutant("wake_of_a_scheduled_task_without_cas") {
                    return Err(Wake::Nothing);
                }
                // The CAS changes nothing but releases what the waker wrote before.
                return Ok((seen.0, Wake::Nothing));
            }
            let answer = if seen.has(RUNNING) {
                Wake::Nothing
            } else {
                Wake::Queue
            };
            Ok((seen.0 | SCHEDULED, answer))
        })
    }

    /// Asks for the end of the task at its next transition.
    pub(crate) fn cancel(&self, generation: u32) -> Wake {
        self.update(|seen| {
            if !seen.is(generation) || !seen.has(LIVE) || seen.has(DONE | CANCEL) {
                return Err(Wake::Nothing);
            }
            let answer = if seen.has(SCHEDULED | RUNNING) {
                Wake::Nothing
            } else {
                Wake::Queue
            };
            if mutant("cancel_schedules_nothing") && answer == Wake::Nothing {
                return Ok((seen.0 | CANCEL, answer));
            }
            Ok((seen.0 | SCHEDULED | CANCEL, answer))
        })
    }

    /// A queue entry's turn: the task runs here if the entry is good, and the task not bound to a thread.
    #[inline(always)]
    pub(crate) fn start(&self, generation: u32) -> Start {
        self.start_as(false, generation)
    }

    /// The same by the machine that the task is bound to.
    pub(crate) fn start_bound(&self, generation: u32) -> Start {
        self.start_as(true, generation)
    }

    #[inline(always)]
    fn start_as(&self, its_own: bool, generation: u32) -> Start {
        self.update(|seen| {
            if !mutant("start_skips_generation") && !seen.is(generation) {
                return Err(Start::Stale);
            }
            let running = RUNNING * u64::from(!mutant("start_ignores_running"));
            if seen.0 & (SCHEDULED | running | DONE) != SCHEDULED {
                return Err(Start::Stale);
            }
            // One look for both on the usual way.
            let answer = match seen.0 & (CANCEL | BOUND) {
                0 => Start::Poll,
                flags if flags & BOUND != 0 && !its_own => return Err(Start::Elsewhere),
                flags if flags & CANCEL != 0 => Start::Cancel,
                _ => Start::Poll,
            };
            Ok(((seen.0 & !SCHEDULED) | RUNNING, answer))
        })
    }

    /// Takes a task that nobody runs and that is bound to no thread, to drop its future: for a shutdown.
    pub(crate) fn claim(&self, generation: u32) -> bool {
        self.claim_unless(BOUND, generation)
    }

    /// The same where the task may be bound to a thread: by that thread, or after its end.
    pub(crate) fn claim_bound(&self, generation: u32) -> bool {
        self.claim_unless(0, generation)
    }

    fn claim_unless(&self, refused: u64, generation: u32) -> bool {
        self.update(|seen| {
            let running = RUNNING * u64::from(!mutant("claim_ignores_running"));
            if !seen.is(generation) || !seen.has(LIVE) || seen.has(running | DONE | refused) {
                return Err(false);
            }
            Ok(((seen.0 & !SCHEDULED) | RUNNING, true))
        })
    }

    /// Binds the task that runs here to this thread, or frees it from it.
    pub(crate) fn set_bound(&self, bound: bool) {
        self.update(|seen| {
            debug_assert!(seen.has(RUNNING), "binding of {seen:?}");
            let flag = if bound { BOUND } else { 0 };
            Ok(((seen.0 & !BOUND) | flag, ()))
        });
    }

    /// The task has ended, in whatever way.
    pub(crate) fn is_over(&self, generation: u32) -> bool {
        let seen = self.load();
        !seen.is(generation) || seen.is_done()
    }

    /// Ends a poll that was not ready.
    #[inline(always)]
    pub(crate) fn suspend(&self) -> Suspend {
        // A subtraction, since it is one instruction where a masking that looks at the old value
        // is a loop; RUNNING is set (T1).
        let before = Snapshot(self.0.fetch_sub(RUNNING, transition()));
        debug_assert!(before.has(RUNNING), "suspend of {before:?}");
        if before.has(SCHEDULED) {
            Suspend::Queue
        } else {
            Suspend::Idle
        }
    }

    /// Ends a poll of a task that asks to be queued behind the others.
    #[inline(always)]
    pub(crate) fn yield_now(&self) {
        self.update(|seen| {
            debug_assert!(seen.has(RUNNING), "yield of {seen:?}");
            Ok(((seen.0 & !RUNNING) | SCHEDULED, ()))
        });
    }

    /// Ends the task that runs here.
    #[inline(always)]
    pub(crate) fn finish(&self, outcome: Outcome) -> Finish {
        let flags = match outcome {
            Outcome::Output => 0,
            Outcome::Panicked => PANICKED,
            Outcome::Cancelled => CANCELLED,
        };
        self.update(|seen| {
            debug_assert!(seen.has(RUNNING), "finish of {seen:?}");
            if !seen.has(HANDLE) {
                return Err(Finish::Unwanted);
            }
            if seen.has(JOINER) && !mutant("joiner_after_done") {
                return Ok(((seen.0 & !JOINER) | COMPLETING, Finish::Joiner));
            }
            let done = (seen.0 & !(RUNNING | SCHEDULED | COMPLETING)) | DONE | flags;
            Ok((done, Finish::Published))
        })
    }

    /// The handle's look.
    #[inline(always)]
    pub(crate) fn join(&self) -> Join {
        let seen = self.load();
        if seen.has(DONE) {
            Join::Done(seen.outcome())
        } else if seen.has(COMPLETING) {
            Join::Completing
        } else if seen.has(JOINER) {
            Join::Registered
        } else {
            Join::Vacant
        }
    }

    /// The joiner field is filled. False: the task ended meanwhile, and the field is still the handle's.
    #[inline(always)]
    pub(crate) fn set_joiner(&self) -> bool {
        self.update(|seen| {
            if seen.has(DONE | COMPLETING) {
                return Err(false);
            }
            debug_assert!(!seen.has(JOINER));
            Ok((seen.0 | JOINER, true))
        })
    }

    /// Takes the joiner field back. False: the completer has it.
    pub(crate) fn unset_joiner(&self) -> bool {
        self.update(|seen| {
            if !seen.has(JOINER) {
                return Err(false);
            }
            Ok((seen.0 & !JOINER, true))
        })
    }

    /// The handle is dropped before anything came of it. False, and nothing changed: look what did, or once more.
    #[inline(always)]
    pub(crate) fn detach_at_once(&self) -> bool {
        let seen = self.load();
        debug_assert!(seen.has(HANDLE), "detach of {seen:?}");
        !seen.has(DONE | JOINER | COMPLETING)
            && self
                .0
                .compare_exchange(seen.0, seen.0 & !HANDLE, transition(), Ordering::Relaxed)
                .is_ok()
    }

    /// The handle is dropped, and has taken its joiner back.
    #[inline(always)]
    pub(crate) fn detach(&self) -> Detach {
        self.update(|seen| {
            debug_assert!(seen.has(HANDLE), "detach of {seen:?}");
            if seen.has(DONE) {
                return Err(Detach::Done(seen.outcome()));
            }
            debug_assert!(!seen.has(JOINER), "detach of {seen:?}");
            Ok((seen.0 & !HANDLE, Detach::Detached))
        })
    }
}
