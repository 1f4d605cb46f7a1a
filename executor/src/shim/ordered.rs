//! loom's atomics, but a store comes after every exchange that was made before it.
//!
//! loom lets a plain store stand in the word's history *before* an exchange that read what the store overwrote. No
//! machine does: between what an exchange reads and what it writes there is nothing. Protocols in which one thread stores and
//! others exchange (the run queue's `head`) would be reported for it. So a store is a swap here.
//! (Which passes on what the store before it released, as a true store does not. No protocol here rests on that
//! being so: nobody acquires a word for the sake of a store before the last one.)

use loom::sync::atomic::{self, Ordering};

macro_rules! ordered {
    ($name:ident, $int:ty) => {
        #[derive(Debug)]
        pub(crate) struct $name(atomic::$name);

        impl $name {
            pub(crate) fn new(value: $int) -> Self {
                $name(atomic::$name::new(value))
            }

            pub(crate) fn load(&self, order: Ordering) -> $int {
                self.0.load(order)
            }

            pub(crate) fn store(&self, value: $int, order: Ordering) {
                // A swap with SeqCst would acquire.
                let order = if order == Ordering::SeqCst {
                    Ordering::Release
                } else {
                    order
                };
                self.0.swap(value, order);
            }

            pub(crate) fn compare_exchange(
                &self,
                current: $int,
                new: $int,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$int, $int> {
                self.0.compare_exchange(current, new, success, failure)
            }

            pub(crate) fn compare_exchange_weak(
                &self,
                current: $int,
                new: $int,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$int, $int> {
                self.0.compare_exchange_weak(current, new, success, failure)
            }

            pub(crate) fn fetch_add(&self, value: $int, order: Ordering) -> $int {
                self.0.fetch_add(value, order)
            }

            pub(crate) fn fetch_sub(&self, value: $int, order: Ordering) -> $int {
                self.0.fetch_sub(value, order)
            }
        }
    };
}

ordered!(AtomicU32, u32);
ordered!(AtomicU64, u64);
