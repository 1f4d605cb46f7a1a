//! Free slots, linked through their own memory.
//!
//! The first 48 bytes of a slot are its header, also while it is free: the generation is the upper
//! half of the word at offset 0, and the word at [`LINK_OFFSET`] is the list's link.

use std::sync::atomic::{AtomicU64, Ordering};

use super::heap::SlotIndex;

/// Where a free slot keeps the index of the next one, bytes from its start.
pub(crate) const LINK_OFFSET: usize = 40;

fn word(slot: SlotIndex, offset: usize) -> &'static AtomicU64 {
    debug_assert!(offset <= LINK_OFFSET);
    // SAFETY: a slot has at least 64 bytes, in pages that are accessible since it was carved.
    let address = unsafe { slot.address().add(offset) };
    // SAFETY: S1: the word is mapped for ever, aligned (granules of 32, offsets of 8) and only
    // accessed atomically.
    unsafe { address.cast::<AtomicU64>().as_ref() }
}

pub(super) fn generation(slot: SlotIndex) -> u32 {
    (word(slot, 0).load(Ordering::Relaxed) >> 32) as u32
}

pub(super) fn set_generation(slot: SlotIndex, generation: u32) {
    word(slot, 0).store(u64::from(generation) << 32, Ordering::Release);
}

/// The length of a list that a span keeps: far from 0, so that it may shrink and grow.
const UNKNOWN: u32 = u32::MAX / 2;

/// A list of free slots that knows its length.
#[derive(Debug, Default)]
pub(super) struct FreeList {
    first: u32,
    len: u32,
}

impl FreeList {
    pub(super) const EMPTY: FreeList = FreeList { first: 0, len: 0 };

    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    #[inline(always)]
    pub(super) fn push(&mut self, slot: SlotIndex) {
        word(slot, LINK_OFFSET).store(u64::from(self.first), Ordering::Relaxed);
        self.first = slot.get();
        self.len += 1;
    }

    #[inline(always)]
    pub(super) fn pop(&mut self) -> Option<SlotIndex> {
        let slot = SlotIndex::new(self.first)?;
        self.first = word(slot, LINK_OFFSET).load(Ordering::Relaxed) as u32;
        self.len -= 1;
        Some(slot)
    }

    /// The list that begins at `first`, whose length is not known: it counts from [`UNKNOWN`] on.
    pub(super) fn from_first(first: u32) -> FreeList {
        FreeList {
            first,
            len: UNKNOWN,
        }
    }

    /// How many were pushed to a list of unknown length.
    pub(super) fn pushed(&self) -> u32 {
        self.len - UNKNOWN
    }

    pub(super) fn first(&self) -> u32 {
        self.first
    }
}
