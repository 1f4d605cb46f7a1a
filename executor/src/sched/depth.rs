//! Whether a machine's thread is inside of the scheduler or in user code, and how the end of a runtime waits
//! until none is inside that does not know of the end. What else rests on it: [`retake`](super::retake).
//!
//! # Memory ordering
//! Who enters stores the depth, issues [`barrier::light`], then reads `closing`. Who has *seen* `closing` issues
//! [`barrier::heavy`], then reads the depth. So either the section sees *closing*, or it is waited for.
//! Leaving stores with Release: who sees it outside sees what it did inside. So does entering: who waits for the end of a
//! *visit* ([`gate`](super::gate)) may see the section that followed it. (The models do not miss that: loom knows the release sequences of C++11, in which a
//! thread's later stores belong to its earlier release.)
//!
//! The heavy side must be the thread that reads the depth: another one's, which set `closing`, may be put
//! aside between the two.

use super::barrier;
use crate::shim::{AtomicU32, Ordering, yield_now};

/// In user code.
const OUTSIDE: u32 = 0;
/// Inside of the scheduler.
const INSIDE: u32 = 1;
/// The same, on a visit to what is kept for the processor.
const VISITING: u32 = 2;

/// Written by the machine's own thread.
pub(super) struct Depth(AtomicU32);

impl Depth {
    pub(super) fn inside() -> Depth {
        Depth(AtomicU32::new(INSIDE))
    }

    /// Its own thread's look.
    #[inline(always)]
    pub(super) fn is_inside(&self) -> bool {
        self.0.load(Ordering::Relaxed) != OUTSIDE
    }

    /// Its own thread's look.
    pub(super) fn is_visiting(&self) -> bool {
        self.0.load(Ordering::Relaxed) == VISITING
    }

    /// Another thread's look: what the machine did inside before is seen.
    pub(super) fn is_outside(&self) -> bool {
        self.0.load(Ordering::Acquire) == OUTSIDE
    }

    /// Another thread's look: what the machine did on earlier visits is seen.
    fn is_elsewhere(&self) -> bool {
        self.0.load(Ordering::Acquire) != VISITING
    }

    #[inline(always)]
    pub(super) fn enter(&self) {
        self.0.store(INSIDE, Ordering::Release);
        barrier::light();
    }

    /// Enters for a visit.
    #[inline(always)]
    pub(super) fn visit(&self) {
        self.0.store(VISITING, Ordering::Relaxed);
        barrier::light();
    }

    #[inline(always)]
    pub(super) fn leave(&self) {
        self.0.store(OUTSIDE, Ordering::Release);
    }
}

/// Waits until each is outside, or has entered since the caller saw `closing`.
pub(super) fn wait_until_outside<'a>(depths: impl Iterator<Item = &'a Depth>) {
    wait_for_all(depths, Depth::is_outside);
}

/// Waits until none is on a visit that it began before the caller closed a gate.
pub(super) fn wait_for_visits<'a>(depths: impl Iterator<Item = &'a Depth>) {
    wait_for_all(depths, Depth::is_elsewhere);
}

fn wait_for_all<'a>(depths: impl Iterator<Item = &'a Depth>, is_past: fn(&Depth) -> bool) {
    barrier::heavy();
    for depth in depths {
        // Sections are short.
        while !is_past(depth) {
            yield_now();
        }
    }
}
