//! A task's name: where its slot is and which of the slot's tasks it is, in one word.
//!
//! ```text
//!   63            32 31                1 0
//!  +----------------+------------------+-+
//!  |   generation   |    slot index    |1|
//!  +----------------+------------------+-+
//! ```
//!
//! Names never repeat (S2), so they are ids, handles, wakers and queue entries alike. The lowest
//! bit tells a name from an aligned pointer where either may stand.

use std::num::NonZeroU64;

/// A name. Holding one proves nothing about the task.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Name(NonZeroU64);

impl Name {
    pub(crate) const TAG: u64 = 1;
    /// Nobody's name: no slot has index 0.
    pub(crate) const NOBODY: Name = Name(NonZeroU64::MIN);

    #[inline(always)]
    pub(crate) fn new(index: u32, generation: u32) -> Name {
        debug_assert!(index < 1 << 31 && generation != 0);
        let bits = (u64::from(generation) << 32) | (u64::from(index) << 1) | Self::TAG;
        Name(NonZeroU64::new(bits).expect("the tag is set"))
    }

    /// The name of a task without a slot, by its number: one whose lowest bit is clear, so that it is no other's.
    pub(crate) fn without_slot(number: u64) -> Name {
        Name(NonZeroU64::new(number << 1).expect("numbers begin at 1"))
    }

    fn has_slot(self) -> bool {
        self.bits() & Self::TAG != 0
    }

    #[inline(always)]
    pub(crate) fn from_bits(bits: u64) -> Option<Name> {
        if bits & Self::TAG == 0 {
            return None;
        }
        NonZeroU64::new(bits).map(Name)
    }

    /// From a word that holds nothing else: 0, or a name with a slot.
    #[inline(always)]
    pub(crate) fn from_word(word: u64) -> Option<Name> {
        debug_assert!(word == 0 || word & Self::TAG != 0, "{word:#x} is no name");
        NonZeroU64::new(word).map(Name)
    }

    #[inline(always)]
    pub(crate) fn bits(self) -> u64 {
        self.0.get()
    }

    #[inline(always)]
    pub(crate) fn index(self) -> u32 {
        self.0.get() as u32 >> 1
    }

    #[inline(always)]
    pub(crate) fn generation(self) -> u32 {
        (self.0.get() >> 32) as u32
    }
}

impl std::fmt::Debug for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.has_slot() {
            return write!(f, "local {}", self.bits() >> 1);
        }
        write!(f, "{}.{}", self.index(), self.generation())
    }
}
