//! The poller's token: who holds it is the only one in the poller (N1), and when all processors are idle some machine
//! holds it or is about to try (N2).
//!
//! # Memory ordering
//! N2 rests on an order on each side, and on the lock of [`Idle`](super::idle::Idle) between them: who leaves the poller
//! puts the token back, then asks for a processor; who goes idle puts its processor on the list, then tries to take the
//! token. The one that comes second to the lock sees what the other did before it: the processor on the list, or the
//! token free. The monitor, who is on no list, puts the token back and then looks whether somebody is idle, as who submits
//! work does; it wakes one, who looks and goes idle again.

use crate::shim::{AtomicU32, Ordering};

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
    }
}
