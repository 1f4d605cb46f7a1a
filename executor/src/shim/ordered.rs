//! loom's atomics, closer to the truth in two ways.
//!
//! - loom lets a plain store stand in a word's history *before* an exchange that read what the store overwrote. No
//!   machine does that: between what an exchange reads and what it writes there is nothing. Protocols in which one thread
//!   stores and others exchange (the `head` of a run queue) would be reported for it. So a store is a swap here.
//!   (It passes on what the stores before it released, as a true store does not. No protocol here can profit from that:
//!   nobody acquires a word to see more than its last writer knew.)
//! - loom looks for the turns that matter by a word's *last* access only, so a thread's load hides its exchange from
//!   another one's load before: that the one falls before the other is never tried. So each access takes a turn
//!   first, by an exchange of a second word, relaxed, which orders nothing but the search.

use loom::sync::atomic::{self, Ordering};

/// A swap with SeqCst would acquire.
fn of_store(order: Ordering) -> Ordering {
    if order == Ordering::SeqCst {
        Ordering::Release
    } else {
        order
    }
}

/// The second word.
struct Turns(atomic::AtomicU32);

impl Turns {
    fn new() -> Self {
        Turns(atomic::AtomicU32::new(0))
    }

    fn take(&self) {
        self.0.fetch_add(0, Ordering::Relaxed);
    }
}

macro_rules! ordered {
    ($name:ident $(<$parameter:ident>)?, $value:ty) => {
        pub(crate) struct $name $(<$parameter>)? (atomic::$name $(<$parameter>)?, Turns);

        impl $(<$parameter>)? $name $(<$parameter>)? {
            pub(crate) fn new(value: $value) -> Self {
                $name(atomic::$name::new(value), Turns::new())
            }

            pub(crate) fn load(&self, order: Ordering) -> $value {
                self.1.take();
                self.0.load(order)
            }

            pub(crate) fn store(&self, value: $value, order: Ordering) {
                self.1.take();
                self.0.swap(value, of_store(order));
            }

            pub(crate) fn swap(&self, value: $value, order: Ordering) -> $value {
                self.1.take();
                self.0.swap(value, order)
            }

            pub(crate) fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.1.take();
                self.0.compare_exchange(current, new, success, failure)
            }

            pub(crate) fn compare_exchange_weak(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.1.take();
                self.0.compare_exchange_weak(current, new, success, failure)
            }
        }
    };
}

macro_rules! counting {
    ($name:ident, $value:ty) => {
        impl $name {
            pub(crate) fn fetch_add(&self, value: $value, order: Ordering) -> $value {
                self.1.take();
                self.0.fetch_add(value, order)
            }

            pub(crate) fn fetch_sub(&self, value: $value, order: Ordering) -> $value {
                self.1.take();
                self.0.fetch_sub(value, order)
            }
        }
    };
}

ordered!(AtomicU32, u32);
ordered!(AtomicU64, u64);
ordered!(AtomicPtr<T>, *mut T);
counting!(AtomicU32, u32);
counting!(AtomicU64, u64);
