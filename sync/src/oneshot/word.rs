//! The flags of a oneshot channel. Invariants and memory ordering: see the [module](super).

use crate::shim::mutant;
use crate::shim::{AtomicU32, Ordering, relaxed_if};

/// There is a value, and it is the receiver's.
const VALUE: u32 = 1;
/// The sender has sent, or is gone.
const SENDER_GONE: u32 = 2;
/// The receiver is gone, or closed.
const RECEIVER_GONE: u32 = 4;
const RECEIVER_WAITS: u32 = 8;
const SENDER_WAITS: u32 = 16;

/// One of the two who wait.
pub(super) struct Side {
    pub(super) is_sender: bool,
    waits: u32,
    /// What it waits for: any of these.
    over: u32,
}

pub(super) const RECEIVER: Side = Side {
    is_sender: false,
    waits: RECEIVER_WAITS,
    over: SENDER_GONE,
};

pub(super) const SENDER: Side = Side {
    is_sender: true,
    waits: SENDER_WAITS,
    over: RECEIVER_GONE,
};

pub(super) struct Word(AtomicU32);

impl Word {
    pub(super) fn new() -> Word {
        Word(AtomicU32::new(0))
    }

    fn change(&self, next: impl FnMut(u32) -> Option<u32>) -> Result<u32, u32> {
        let order = relaxed_if(mutant("oneshot_orders_nothing"), Ordering::AcqRel);
        self.0.fetch_update(order, Ordering::Acquire, next)
    }

    /// What the side waits for has happened.
    pub(super) fn is_over(&self, side: &Side) -> bool {
        self.0.load(Ordering::Acquire) & side.over != 0
    }

    pub(super) fn has_value(&self) -> bool {
        self.0.load(Ordering::Acquire) & VALUE != 0
    }

    /// Makes the side's cell its own again. False: it has happened, and the cell may be the other's.
    pub(super) fn take_back(&self, side: &Side) -> bool {
        if mutant("oneshot_waker_replaced_in_place") {
            return !self.is_over(side);
        }
        self.change(|word| (word & side.over == 0).then_some(word & !side.waits))
            .is_ok()
    }

    /// Gives the side's cell to the other. False: it has happened.
    pub(super) fn give(&self, side: &Side) -> bool {
        self.change(|word| (word & side.over == 0).then_some(word | side.waits))
            .is_ok()
    }

    /// `Some`: sent, and whether the receiver is to be woken. `None`: it is gone.
    pub(super) fn send(&self) -> Option<bool> {
        self.change(|word| {
            (word & RECEIVER_GONE == 0).then_some((word | VALUE | SENDER_GONE) & !RECEIVER_WAITS)
        })
        .ok()
        .map(|word| word & RECEIVER_WAITS != 0)
    }

    /// Without sending. True: the receiver is to be woken.
    pub(super) fn sender_goes(&self) -> bool {
        self.happens(SENDER_GONE, RECEIVER_WAITS)
    }

    /// True: the sender is to be woken.
    pub(super) fn receiver_goes(&self) -> bool {
        self.happens(RECEIVER_GONE, SENDER_WAITS)
    }

    fn happens(&self, flag: u32, waits: u32) -> bool {
        self.change(|word| Some((word | flag) & !waits))
            .is_ok_and(|word| word & waits != 0)
    }
}
