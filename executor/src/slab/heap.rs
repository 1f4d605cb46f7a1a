//! The one heap of the process: it hands out spans, and finds the span of an address.
//!
//! A span is given to a size class for life (S1), so the heap only grows; what shrinks is the
//! number of pages behind it ([`super::central`] releases those of empty spans).
//! (Go: `mheap.go`, without the treap, since spans are never merged or returned)

use std::{
    io,
    num::NonZeroU32,
    ptr::NonNull,
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicPtr, AtomicU32, Ordering},
    },
};

use super::{
    class::{CLASSES, Class, GRANULE, UNIT},
    space::Space,
    span::Span,
};
use crate::shim::lock;

/// Where the space begins: null until [`reserve`], then the same for ever.
static BASE: AtomicPtr<u8> = AtomicPtr::new(std::ptr::null_mut());
/// Units handed out so far; unit 0 is never, so that no slot has index 0.
static UNITS: AtomicU32 = AtomicU32::new(1);
static SPACE: Mutex<Option<Space>> = Mutex::new(None);

const CHUNK: usize = 1024;
const CHUNKS: usize = (64 << 30) / UNIT / CHUNK;
/// Span descriptors lie outside of the space, so that they survive the release of its pages.
static SPANS: [OnceLock<Box<[Span]>>; CHUNKS] = [const { OnceLock::new() }; CHUNKS];

/// The index of a slot: its distance from the base in granules. 31 bits, never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SlotIndex(NonZeroU32);

impl SlotIndex {
    pub(crate) fn new(index: u32) -> Option<SlotIndex> {
        NonZeroU32::new(index).map(SlotIndex)
    }

    pub(crate) fn get(self) -> u32 {
        self.0.get()
    }

    /// The address of the slot.
    #[inline(always)]
    pub(crate) fn address(self) -> NonNull<u8> {
        // Ordering: Relaxed, since an index exists only after `reserve`, and came from there by
        // a chain of synchronising steps.
        let base = BASE.load(Ordering::Relaxed);
        // `wrapping_add`: an index made from garbage must not be undefined before it is looked at.
        let address = base.wrapping_add(self.get() as usize * GRANULE);
        // SAFETY: S1: base is not null since an index exists, and the space does not wrap.
        unsafe { NonNull::new_unchecked(address) }
    }

    fn unit(self) -> usize {
        self.get() as usize * GRANULE / UNIT
    }

    /// The span that the slot lies in.
    pub(super) fn span(self) -> SpanIndex {
        let unit = self.unit();
        SpanIndex(unit as u32 - descriptor(unit).distance())
    }
}

/// The index of a span: that of its first unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SpanIndex(u32);

impl SpanIndex {
    /// Below every span.
    pub(super) const FIRST: SpanIndex = SpanIndex(0);

    pub(super) fn descriptor(self) -> &'static Span {
        descriptor(self.0 as usize)
    }

    /// The index of the span's `n`th slot.
    pub(super) fn slot(self, class: Class, n: u32) -> SlotIndex {
        let granules = UNIT / GRANULE * self.0 as usize + class.size() / GRANULE * n as usize;
        SlotIndex::new(granules as u32).expect("unit 0 is never handed out")
    }

    pub(super) fn start(self) -> NonNull<u8> {
        self.slot(Class::from_index(0), 0).address()
    }
}

fn descriptor(unit: usize) -> &'static Span {
    let chunk = SPANS[unit / CHUNK]
        .get()
        .expect("a chunk exists once a unit of it was handed out");
    &chunk[unit % CHUNK]
}

/// Reserves the address space, once for the process.
///
/// # Errors
/// If the system gives none: see [`Space::reserve`].
pub(crate) fn reserve() -> io::Result<()> {
    let mut space = lock(&SPACE);
    if space.is_none() {
        let reserved = Space::reserve()?;
        BASE.store(reserved.base().as_ptr(), Ordering::Release);
        *space = Some(reserved);
    }
    Ok(())
}

/// A new span for `class`, with no slot carved.
pub(super) fn grow(class: Class) -> io::Result<SpanIndex> {
    let mut space = lock(&SPACE);
    let space = space
        .as_mut()
        .expect("a runtime reserves the space before it allocates");
    let first = UNITS.load(Ordering::Relaxed) as usize;
    let end = first + class.span_units();
    space.commit(end * UNIT)?;
    for unit in first..end {
        let chunk = SPANS[unit / CHUNK].get_or_init(|| (0..CHUNK).map(|_| Span::new()).collect());
        chunk[unit % CHUNK].assign(class, (unit - first) as u32);
    }
    // Ordering: Release, for `spans`: who sees the new count sees the descriptors.
    UNITS.store(end as u32, Ordering::Release);
    Ok(SpanIndex(first as u32))
}

/// All spans of the process, with their classes.
pub(crate) fn spans() -> impl Iterator<Item = (SpanIndex, Class)> {
    let end = UNITS.load(Ordering::Acquire);
    let mut unit = 1;
    std::iter::from_fn(move || {
        if unit >= end {
            return None;
        }
        let span = SpanIndex(unit);
        let class = span.descriptor().class();
        unit += class.span_units() as u32;
        Some((span, class))
    })
}

/// Bytes that the spans of each class take.
pub(super) fn bytes_by_class() -> [usize; CLASSES] {
    let mut bytes = [0; CLASSES];
    for (_, class) in spans() {
        bytes[class.index()] += class.span_units() * UNIT;
    }
    bytes
}
