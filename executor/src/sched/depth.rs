//! Whether a machine's thread is inside of the scheduler or in user code, and how the end of a runtime waits
//! until none is inside that does not know of the end. What else rests on it: [`retake`](super::retake).
//!
//! # Memory ordering
//! Who enters stores the depth, issues [`barrier::light`], then reads `closing`. Who has *seen* `closing` issues
//! [`barrier::heavy`], then reads the depth. So either the section sees *closing*, or it is waited for.
//! Leaving stores with Release: who sees it outside sees what it did inside.
//!
//! The heavy side must be the thread that reads the depth: another one's, which set `closing`, may be put
//! aside between the two.

use super::barrier;
use crate::shim::{AtomicU32, Ordering, yield_now};

/// 1 inside of the scheduler, 0 in user code. Written by the machine's own thread.
pub(super) struct Depth(AtomicU32);

impl Depth {
    pub(super) fn inside() -> Depth {
        Depth(AtomicU32::new(1))
    }

    pub(super) fn outside() -> Depth {
        Depth(AtomicU32::new(0))
    }

    /// Its own thread's look.
    #[inline(always)]
    pub(super) fn is_inside(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// Another thread's look: what the machine did inside before is seen.
    pub(super) fn is_outside(&self) -> bool {
        self.0.load(Ordering::Acquire) == 0
    }

    #[inline(always)]
    pub(super) fn enter(&self) {
        self.0.store(1, Ordering::Relaxed);
        barrier::light();
    }

    #[inline(always)]
    pub(super) fn leave(&self) {
        self.0.store(0, Ordering::Release);
    }
}

/// Waits until each is outside, or has entered since the caller saw `closing`.
pub(super) fn wait_until_outside<'a>(depths: impl Iterator<Item = &'a Depth>) {
    barrier::heavy();
    for depth in depths {
        // Sections are short.
        while !depth.is_outside() {
            yield_now();
        }
    }
}
