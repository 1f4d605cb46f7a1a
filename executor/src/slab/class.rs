//! Size classes: how large a slot is, and how many of them a span has.
//!
//! Steps of 32 bytes from 64 to 512, then eight steps for each doubling, which waste at most 12.5 %.
//! Above [`SMALL_MAX`] a slot has a span of its own. (Go: `sizeclasses.go`)

/// Slots begin at multiples of this, and indices count in it, bytes.
pub(crate) const GRANULE: usize = 32;
/// The smallest slot, bytes: a header of 48 and a body of 16.
pub(crate) const SLOT_MIN: usize = 64;
/// The address space is managed in units of this many bytes.
pub(crate) const UNIT: usize = 64 << 10;
/// The largest slot that shares a span with others, bytes.
pub(crate) const SMALL_MAX: usize = 32 << 10;
/// The largest slot, bytes. A larger future does not compile; box its large parts.
pub(crate) const SLOT_MAX: usize = 1 << 30;

const LINEAR_MAX: usize = 512;
const LINEAR: usize = (LINEAR_MAX - SLOT_MIN) / GRANULE + 1;
const STEPS_LOG2: u32 = 3;
/// The number of size classes.
pub(crate) const CLASSES: usize = Class::for_size(SLOT_MAX).index() + 1;

/// A size class, by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Class(u8);

impl Class {
    /// The class whose slots are the smallest that hold `size` bytes.
    pub(crate) const fn for_size(size: usize) -> Class {
        assert!(
            size <= SLOT_MAX,
            "this future is larger than 1 GiB; box its large parts"
        );
        if size <= LINEAR_MAX {
            return Class(size.saturating_sub(SLOT_MIN).div_ceil(GRANULE) as u8);
        }
        let doubling = (size - 1).ilog2();
        let step = 1 << (doubling - STEPS_LOG2);
        let steps = (size - (1 << doubling)).div_ceil(step);
        let doublings = (doubling - LINEAR_MAX.ilog2()) as usize;
        Class((LINEAR + (doublings << STEPS_LOG2) + steps - 1) as u8)
    }

    pub(crate) fn from_index(index: usize) -> Class {
        debug_assert!(index < CLASSES);
        Class(index as u8)
    }

    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }

    /// Bytes of one slot.
    pub(crate) const fn size(self) -> usize {
        let index = self.index();
        if index < LINEAR {
            return SLOT_MIN + index * GRANULE;
        }
        let above = index - LINEAR;
        let base = LINEAR_MAX << (above >> STEPS_LOG2);
        base + (base >> STEPS_LOG2) * ((above & ((1 << STEPS_LOG2) - 1)) + 1)
    }

    /// Units of one span: enough that its tail wastes little.
    pub(crate) const fn span_units(self) -> usize {
        let size = self.size();
        if size > SMALL_MAX {
            size.div_ceil(UNIT)
        } else if size > UNIT / 8 {
            4
        } else {
            1
        }
    }

    /// Slots of one span.
    pub(crate) const fn slots(self) -> usize {
        if self.size() > SMALL_MAX {
            1
        } else {
            self.span_units() * UNIT / self.size()
        }
    }

    /// Slots that a cache and central exchange at a time: 64, fewer of the large ones, so that
    /// what lies idle in a cache stays under 32 KiB a class (two batches).
    #[inline(always)]
    pub(crate) fn batch(self) -> usize {
        BATCHES[self.index()] as usize
    }

    const fn batch_by_size(self) -> usize {
        let fits = (16 << 10) / self.size();
        if fits == 0 {
            1
        } else if fits > 64 {
            64
        } else {
            fits
        }
    }
}

/// Every end of a task looks at it, where a division would be felt. As long as an index may be, so that none is checked.
static BATCHES: [u8; 256] = {
    let mut batches = [0; 256];
    let mut index = 0;
    while index < CLASSES {
        batches[index] = Class(index as u8).batch_by_size() as u8;
        index += 1;
    }
    batches
};

#[cfg(all(test, not(gmp_loom)))]
mod tests {
    use super::*;

    #[test]
    fn every_class_holds_what_is_asked_and_wastes_little() {
        for index in 0..CLASSES {
            let class = Class::from_index(index);
            assert_eq!(Class::for_size(class.size()), class);
            assert_eq!(class.size() % GRANULE, 0);
            assert!(class.slots() * class.size() <= class.span_units() * UNIT);
            if index > 0 {
                let below = Class::from_index(index - 1).size();
                assert_eq!(Class::for_size(below + 1), class);
                assert!(class.size() - below <= GRANULE.max(class.size() / 8));
            }
        }
    }

    #[test]
    fn the_smallest_slot_has_64_bytes() {
        assert_eq!(Class::for_size(1).size(), 64);
        assert_eq!(Class::for_size(65).size(), 96);
    }
}
