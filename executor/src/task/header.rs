//! The first 48 bytes of a slot.
//!
//! All fields are atomics, so that a walker may read a slot that is being recycled (S6): the writer of a new
//! task issues a release fence before it stores them, the walker an acquire fence before it
//! compares the generation once more.

use std::{
    mem::offset_of,
    panic::Location,
    sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering, fence},
};

use super::{label::Label, name::Name, raw::Vtable, state::State};
use crate::{
    slab::{LINK_OFFSET, SlotIndex},
    wait::{Reason, Site},
};

#[repr(C)]
pub(crate) struct Header {
    pub(crate) state: State,
    /// Written before publication.
    vtable: AtomicPtr<Vtable>,
    /// Written before publication.
    spawned_at: AtomicPtr<Location<'static>>,
    /// Where the leaf of ours stands that returned `Pending` last, and why: the polling thread's; 0 before
    /// there was one. See [`pack`].
    wait: AtomicU64,
    /// When the last poll ended, milliseconds of the coarse clock: the polling thread's.
    since: AtomicU32,
    /// Which runtime's, an index into the table of runtimes, and the user's label above it: one store for both. Written
    /// before publication.
    belongs: AtomicU32,
    /// Who joins, by rule T4; the link of the free list while the slot is free.
    joiner: AtomicU64,
}

const _: () = assert!(size_of::<Header>() == 48);
const _: () = assert!(offset_of!(Header, state) == 0);
const _: () = assert!(offset_of!(Header, joiner) == LINK_OFFSET);

/// Where a task waits, or where it last did, and since when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waits {
    pub(crate) last: Option<Site>,
    /// It has been polled since then.
    pub(crate) over: bool,
    pub(crate) since: u32,
}

impl Waits {
    /// Where it waits now, if the leaf says so.
    pub(crate) fn now(self) -> Option<Site> {
        self.last.filter(|_| !self.over)
    }
}

/// What is known of a task from its birth.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub(crate) site: &'static Location<'static>,
    pub(crate) label: Label,
}

impl Origin {
    /// Without a label.
    #[inline(always)]
    pub(crate) fn at(site: &'static Location<'static>) -> Origin {
        Origin {
            site,
            label: Label::NONE,
        }
    }
}

impl Header {
    #[inline(always)]
    pub(crate) fn of(slot: SlotIndex) -> &'static Header {
        // SAFETY: S1: the slot is mapped for ever, at least 64 bytes, aligned to 32, and its first
        // 48 bytes are accessed as these atomics only.
        unsafe { slot.address().cast::<Header>().as_ref() }
    }

    /// The header of the slot that the name means, or meant.
    #[inline(always)]
    pub(crate) fn named(name: Name) -> &'static Header {
        Header::of(slot(name))
    }

    /// Fills the header of a free slot that the caller owns.
    #[inline(always)]
    pub(super) fn fill(&self, vtable: &'static Vtable, origin: Origin, runtime: u16) {
        // Ordering: pairs with the acquire fence in `walk::look`: who sees one of these stores sees
        // the generation that the free before it set.
        fence(Ordering::Release);
        self.vtable
            .store(std::ptr::from_ref(vtable).cast_mut(), Ordering::Relaxed);
        self.spawned_at.store(
            std::ptr::from_ref(origin.site).cast_mut(),
            Ordering::Relaxed,
        );
        self.wait.store(0, Ordering::Relaxed);
        self.since.store(0, Ordering::Relaxed);
        let belongs = u32::from(origin.label.bits()) << LABEL | u32::from(runtime);
        self.belongs.store(belongs, Ordering::Relaxed);
        self.joiner.store(0, Ordering::Relaxed);
    }

    /// # Safety
    /// A task lives in the slot, and the caller keeps it alive.
    #[inline(always)]
    pub(super) unsafe fn vtable(&self) -> &'static Vtable {
        // SAFETY: `fill` stored a `&'static Vtable` before the task was published.
        unsafe { &*self.vtable.load(Ordering::Relaxed) }
    }

    #[inline(always)]
    pub(crate) fn runtime(&self) -> u16 {
        self.belongs.load(Ordering::Relaxed) as u16
    }

    pub(crate) fn label(&self) -> Label {
        Label::from_bits((self.belongs.load(Ordering::Relaxed) >> LABEL) as u16)
    }

    pub(crate) fn spawned_at(&self) -> Option<&'static Location<'static>> {
        location(&self.spawned_at)
    }

    pub(crate) fn waits(&self) -> Waits {
        let mut wait = self.wait.load(Ordering::Acquire);
        loop {
            let since = self.since.load(Ordering::Acquire);
            let again = self.wait.load(Ordering::Acquire);
            if again == wait {
                return Waits {
                    last: unpack(wait),
                    over: wait & OVER != 0,
                    since,
                };
            }
            wait = again;
        }
    }

    /// A poll begins: the task waits nowhere. One instruction, as storing 0 would be: only the polling thread
    /// writes the word.
    #[inline(always)]
    pub(crate) fn end_wait(&self) {
        let last = self.wait.load(Ordering::Relaxed);
        self.wait.store(last | OVER, Ordering::Relaxed);
    }

    /// A poll ends without a result.
    #[inline(always)]
    pub(super) fn set_since(&self, coarse_ms: u32) {
        self.since.store(coarse_ms, Ordering::Relaxed);
    }

    #[inline(always)]
    pub(crate) fn set_wait(&self, site: &'static Location<'static>, reason: Reason) {
        self.wait.store(pack(site, reason), Ordering::Relaxed);
    }

    /// Something was noted since the poll began. By the polling thread.
    pub(crate) fn has_wait(&self) -> bool {
        let wait = self.wait.load(Ordering::Relaxed);
        wait != 0 && wait & OVER == 0
    }

    /// The joiner field; rule T4 says who may.
    #[inline(always)]
    pub(super) fn joiner(&self) -> &AtomicU64 {
        &self.joiner
    }
}

#[inline(always)]
pub(crate) fn slot(name: Name) -> SlotIndex {
    SlotIndex::new(name.index()).expect("names are made from slots")
}

/// Where the label begins in `belongs`.
const LABEL: u32 = 16;

/// The top byte of an address is free: user space ends at 2^56 on all 64-bit systems that Rust knows.
const REASON: u32 = 56;

/// The task waits there no more. The lowest bit of an address is free: places are aligned.
const OVER: u64 = 1;

const _: () = assert!(align_of::<Location<'static>>() > 1);

/// One word for all, so that a walker never sees a place with another place's reason, nor as a place of now that is
/// past:
///
/// ```text
///   63    56 55                             1  0
///  +--------+--------------------------------+----+
///  | reason |        address of the place    |over|
///  +--------+--------------------------------+----+
/// ```
#[inline(always)]
pub(crate) fn pack(site: &'static Location<'static>, reason: Reason) -> u64 {
    let address = std::ptr::from_ref(site).expose_provenance() as u64;
    debug_assert!(address >> REASON == 0, "an address beyond user space");
    address | (reason as u64) << REASON
}

pub(crate) fn unpack(wait: u64) -> Option<Site> {
    let address = wait & !(u64::MAX << REASON) & !OVER;
    let site = std::ptr::with_exposed_provenance::<Location<'static>>(address as usize);
    // SAFETY: the word is 0, or `pack` made it of a `&'static Location`, and pages that were dropped read as 0.
    let site = unsafe { site.as_ref()? };
    Some(Site {
        at: site,
        reason: Reason::from_u8((wait >> REASON) as u8),
    })
}

fn location(field: &AtomicPtr<Location<'static>>) -> Option<&'static Location<'static>> {
    // SAFETY: the field is null or was stored from a `&'static Location`, and pages that were
    // dropped read as null.
    unsafe { field.load(Ordering::Relaxed).as_ref() }
}
