//! Taking a processor away from a stretch of user code: the words between a machine and the monitor.
//!
//! # How it works
//! A poll that does not return keeps its thread; its processor goes to another machine. (Go: `retake`, proc.go, which
//! takes it from a thread in a system call.) The monitor asks and, if the machine runs user code at that moment,
//! takes; else the machine finds the request when it next enters a section:
//!
//! ```text
//!              request (monitor)                take (monitor), answer: give up (machine)
//!   [quiet] ----------------------> [requested] ------------------------------------------> [lost]
//!      ^                                 |                                                     |
//!      +---- request: an older one ------+                                                     |
//!      |     (monitor); answer: stale,   |                                                     |
//!      |     keep (machine)                                                                    |
//!      +------------------------------- come_back (machine) -----------------------------------+
//! ```
//!
//! - Between two sections of the same stretch the machine *gives up*. If it kept the processor there, one that enters
//!   sections all the time (`loop { spawn(..) }`) would never be found outside of one.
//! - A section that the monitor finds the machine in is waited for, some µs: most last 0.1 µs, and then the processor
//!   goes at this look. It need not ask again, nor issue another barrier: what is entered meanwhile sees the request.
//! - At the end of the stretch it *keeps* the processor: it is about to look for other work anyway.
//! - A request names the stretch it is for, by processor and tick: one that comes too late does not hit the next poll.
//!
//! # Invariants
//! - R1: only the monitor makes *requested* out of *quiet*, and it writes what is requested only while the word is *quiet*.
//!   There is one monitor, so between its looks and its exchange nobody else asks.
//! - R2: each way out of *requested* is an exchange: of keeping, giving up, taking and withdrawing exactly one wins.
//! - R3: each stretch of user code has a tick of its own on its processor: a machine that gets a processor, or
//!   begins a poll or a foreign waker on it, moves the tick on before it leaves the section.
//! - R4: a machine whose word is not *lost* holds the processor that its pointer names.
//! - R5: who enters a section in the middle of a stretch looks at the word there, also one that has no processor and gets one
//!   inside: the monitor may have seen it outside just before.
//!
//! # Memory ordering
//! The machine stores its depth, issues [`light`](super::barrier::light), then reads the word. The monitor stores the
//! word, issues [`heavy`](super::barrier::heavy), then reads the depth. So a section that is entered after the barrier
//! sees the request, and goes through an exchange (R2); one that was entered before it is seen by the monitor, which
//! then reads a depth of 1, or that of the section's end. That one is stored with Release and read with Acquire: it brings the
//! tick and the pointer that the machine stored inside, and all that it did to the processor.
//! So if the exchange succeeds behind a depth of 0 and the tick that was asked for, the machine is in
//! user code of that very stretch, and does not touch the processor again before it has seen *lost*.
//!
//! # Rejected
//! - A signal whose handler gives the processor up: it waits until the kernel runs the thread, cuts system calls of user
//!   code short, and does not come where user code has blocked it. Nor does it help a request that met a section: see
//!   [`sigurg`](super::sigurg).
//! - A compare-and-swap at the begin and the end of each poll (Go's `entersyscall`): 0.5 ns and more of a yield's 15.

use super::depth::Depth;
use crate::shim::{AtomicU32, Ordering, StoredU64, mutant, yield_now};

const QUIET: u32 = 0;
const REQUESTED: u32 = 1;
const LOST: u32 = 2;

/// How often the monitor looks whether a section ends that it has found the machine in: some µs. One that lasts longer waits
/// for a lock, or its thread has no CPU.
const LOOKS: u32 = if cfg!(gmp_loom) { 2 } else { 100 };

/// A stretch of user code: a poll, or a foreign waker's call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// The processor's address.
    pub(super) processor: u64,
    pub(super) tick: u64,
}

/// Whether the processor is wanted, or gone.
pub(super) struct Retake {
    word: AtomicU32,
    /// What is requested (R1).
    processor: StoredU64,
    tick: StoredU64,
}

/// What a machine has to do that finds a request when it enters a section.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Nothing: the request was for an earlier stretch.
    Keep,
    /// Give the processor to another machine.
    GiveUp,
    /// Forget the processor: it is gone.
    Lost,
}

impl Retake {
    pub(super) fn new() -> Retake {
        Retake {
            word: AtomicU32::new(QUIET),
            processor: StoredU64::new(0),
            tick: StoredU64::new(0),
        }
    }

    /// The machine's look, behind [`Depth::enter`]: it holds its processor, and nobody wants it.
    #[inline(always)]
    pub(super) fn is_quiet(&self) -> bool {
        // Ordering: Acquire, for what is requested.
        self.word.load(Ordering::Acquire) == QUIET
    }

    /// The way from user code into a section, by `enter`. `answer`: there is a request, or the processor is gone; false: it is gone.
    #[inline(always)]
    pub(super) fn enter(
        &self,
        depth: &Depth,
        enter: fn(&Depth),
        answer: impl FnOnce() -> bool,
    ) -> bool {
        enter(depth);
        self.is_quiet() || answer()
    }

    /// Runs user code, on the way from one section to the next. `end`: there is a request, or the processor is gone.
    #[inline(always)]
    pub(super) fn outside<R>(
        &self,
        depth: &Depth,
        user_code: impl FnOnce() -> R,
        end: impl FnOnce(),
    ) -> R {
        depth.leave();
        let result = user_code();
        depth.enter();
        if !self.is_quiet() {
            end();
        }
        result
    }

    /// The processor is gone, and the machine has not come back.
    pub(super) fn is_lost(&self) -> bool {
        self.word.load(Ordering::Acquire) == LOST
    }

    /// The current stretch is to end: its processor is wanted, or gone. In a signal's handler on the machine's own thread, between
    /// any two of its steps. As in [`answer`](Self::answer) a change meanwhile may tell it so without need.
    #[allow(dead_code, reason = "where no signal is sent there is no handler")]
    pub(super) fn wants(&self, current: Stretch) -> bool {
        match self.word.load(Ordering::Acquire) {
            QUIET => mutant("raised_without_a_look_at_the_word"),
            REQUESTED => mutant("raised_for_another_stretch") || self.requested() == current,
            _ => true,
        }
    }

    /// What is requested may be that of two requests if the monitor withdraws one and posts another meanwhile. Then the
    /// machine gives up without need, or withdraws the second: either is its right (R2), and the monitor asks again.
    pub(super) fn answer(&self, current: Stretch) -> Answer {
        let keeps = mutant("stale_request_answered") || self.requested() == current;
        if keeps && self.exchange(REQUESTED, LOST) {
            return Answer::GiveUp;
        }
        if !keeps && self.exchange(REQUESTED, QUIET) {
            return Answer::Keep;
        }
        self.answer_changed()
    }

    fn answer_changed(&self) -> Answer {
        if self.is_lost() {
            Answer::Lost
        } else {
            Answer::Keep
        }
    }

    /// The machine's stretch is over. False: the processor is gone; `come_back` is to follow.
    pub(super) fn keep(&self) -> bool {
        if mutant("request_kept_without_exchange") {
            let lost = self.is_lost();
            if !lost {
                self.word.store(QUIET, Ordering::Relaxed);
            }
            return !lost;
        }
        self.exchange(REQUESTED, QUIET) || !self.is_lost()
    }

    /// The machine has forgotten the processor that it lost.
    pub(super) fn come_back(&self) {
        self.word.store(QUIET, Ordering::Release);
    }

    /// The monitor asks. False: there is nothing left to ask for.
    pub(super) fn request(&self, wanted: Stretch) -> bool {
        match self.word.load(Ordering::Acquire) {
            QUIET => {}
            REQUESTED if self.requested() == wanted => return true,
            // One that its machine has not seen, since it went on to another stretch without a section.
            REQUESTED if mutant("stale_request_left") => return false,
            REQUESTED if self.exchange(REQUESTED, QUIET) => {}
            _ => return false,
        }
        self.processor.store(wanted.processor, Ordering::Relaxed);
        self.tick.store(wanted.tick, Ordering::Relaxed);
        self.word.store(REQUESTED, Ordering::Release);
        true
    }

    /// The monitor takes, behind a [`heavy`](super::barrier::heavy) barrier after the request. `current` reads
    /// where the machine is. True: its processor is the monitor's.
    pub(super) fn take(
        &self,
        depth: &Depth,
        wanted: Stretch,
        current: impl FnOnce() -> Stretch,
    ) -> bool {
        let mut left = LOOKS;
        self.take_outside(depth, wanted, current, || {
            left -= 1;
            if cfg!(gmp_loom) {
                yield_now();
            } else {
                std::hint::spin_loop();
            }
            left > 0
        })
    }

    /// Takes once the section is over that the machine is in. `wait` is called before each further look; false: there is none.
    fn take_outside(
        &self,
        depth: &Depth,
        wanted: Stretch,
        current: impl FnOnce() -> Stretch,
        wait: impl FnMut() -> bool,
    ) -> bool {
        let (outside, current) = if mutant("stretch_read_in_the_section") {
            let current = current();
            (self.becomes_outside(depth, wait), current)
        } else {
            // Behind the look at the depth: a section may change it.
            (self.becomes_outside(depth, wait), current())
        };
        let same = mutant("take_from_another_stretch") || current == wanted;
        if mutant("take_without_exchange") && outside && same {
            self.word.store(LOST, Ordering::Release);
            return true;
        }
        outside && same && self.exchange(REQUESTED, LOST)
    }

    /// The machine is outside of a section, and has not answered.
    fn becomes_outside(&self, depth: &Depth, mut wait: impl FnMut() -> bool) -> bool {
        while !depth.is_outside() {
            if self.word.load(Ordering::Relaxed) != REQUESTED || !wait() {
                return false;
            }
        }
        true
    }

    fn requested(&self) -> Stretch {
        Stretch {
            processor: self.processor.load(Ordering::Relaxed),
            tick: self.tick.load(Ordering::Relaxed),
        }
    }

    fn exchange(&self, from: u32, to: u32) -> bool {
        let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
        self.word
            .compare_exchange(from, to, success, failure)
            .is_ok()
    }
}

#[cfg(all(test, not(gmp_loom)))]
mod tests;
