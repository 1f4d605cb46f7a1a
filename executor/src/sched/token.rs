//! The poller's token: who holds it is the only one in the poller (N1), and when all processors are idle some machine
//! holds it or is about to try (N2).
//!
//! # Memory ordering
//! A machine that puts the token back without having got a processor looks afterwards whether one is idle, and tries again
//! then. One that goes idle is counted first, then tries. Between the two on either side stands a SeqCst
//! fence: in [`put_back`](Token::put_back), and in [`Idle::go_idle`](super::idle::Idle::go_idle). So the one finds the token
//! free, or the other finds it idle.

use crate::shim::{AtomicU32, Ordering, fence};

/// 1: somebody holds it.
pub(super) struct Token(AtomicU32);

impl Token {
    pub(super) fn new() -> Token {
        Token(AtomicU32::new(0))
    }

    pub(super) fn is_taken(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    pub(super) fn try_take(&self) -> bool {
        !self.is_taken() && self.0.swap(1, Ordering::AcqRel) == 0
    }

    pub(super) fn put_back(&self) {
        self.0.store(0, Ordering::Release);
        if cfg!(not(gmp_mutant = "no_fence_after_the_token")) {
            fence(Ordering::SeqCst);
        }
    }
}
