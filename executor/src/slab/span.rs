//! A span's descriptor: which class, how far carved, what is free in it.
//!
//! ```text
//!   pages:       | slot | slot | slot | slot | not yet carved ...           |
//!   descriptor:  class, carved = 4, list of free slots (linked through them), free = count
//! ```
//!
//! # Invariants
//! - S1: the class never changes.
//! - S2: slots are carved in order, each with a generation of at least the floor; when pages are
//!   released, the floor rises above every generation that the span's slots ever had.
//!
//! # Memory ordering
//! `class` and `distance` are written before [`super::heap::spans`] shows the span. `carved` is stored
//! with Release after the state words of the slots below it. All else is guarded by central's lock.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};

use super::class::Class;

#[derive(Debug)]
pub(crate) struct Span {
    class: AtomicU8,
    /// Units back to the first one of the span.
    distance: AtomicU32,
    carved: AtomicU32,
    floor: AtomicU32,
    /// The first free slot's index, 0 for none.
    free_list: AtomicU32,
    /// Slots on the free list and not yet carved.
    free: AtomicU32,
    released: AtomicBool,
}

impl Span {
    pub(super) fn new() -> Span {
        Span {
            class: AtomicU8::new(0),
            distance: AtomicU32::new(0),
            carved: AtomicU32::new(0),
            floor: AtomicU32::new(1),
            free_list: AtomicU32::new(0),
            free: AtomicU32::new(0),
            released: AtomicBool::new(false),
        }
    }

    pub(super) fn assign(&self, class: Class, distance: u32) {
        self.class.store(class.index() as u8, Ordering::Relaxed);
        self.distance.store(distance, Ordering::Relaxed);
        self.free.store(class.slots() as u32, Ordering::Relaxed);
    }

    pub(crate) fn class(&self) -> Class {
        Class::from_index(self.class.load(Ordering::Relaxed) as usize)
    }

    pub(super) fn distance(&self) -> u32 {
        self.distance.load(Ordering::Relaxed)
    }

    /// Slots below this have a state word.
    pub(crate) fn carved(&self) -> u32 {
        self.carved.load(Ordering::Acquire)
    }

    pub(super) fn set_carved(&self, carved: u32) {
        self.carved.store(carved, Ordering::Release);
    }

    pub(super) fn floor(&self) -> u32 {
        self.floor.load(Ordering::Relaxed)
    }

    pub(super) fn raise_floor(&self, floor: u32) {
        debug_assert!(floor >= self.floor());
        self.floor.store(floor, Ordering::Relaxed);
    }

    pub(super) fn free_list(&self) -> u32 {
        self.free_list.load(Ordering::Relaxed)
    }

    pub(super) fn set_free_list(&self, first: u32) {
        self.free_list.store(first, Ordering::Relaxed);
    }

    pub(super) fn free(&self) -> u32 {
        self.free.load(Ordering::Relaxed)
    }

    pub(super) fn set_free(&self, free: u32) {
        self.free.store(free, Ordering::Relaxed);
    }

    pub(super) fn released(&self) -> bool {
        self.released.load(Ordering::Relaxed)
    }

    pub(super) fn set_released(&self, released: bool) {
        self.released.store(released, Ordering::Relaxed);
    }
}
