//! The body in an allocation of its own, for tools that watch allocations. The slot holds a pointer to it.

use std::{
    alloc::{Layout, alloc, dealloc, handle_alloc_error},
    ptr::NonNull,
};

use super::{Body, HEADER};

/// Bytes that a slot for `F` needs: the header and a pointer.
pub(in crate::task) const fn slot_size<F: Future>() -> usize {
    HEADER + size_of::<NonNull<Body<F>>>()
}

unsafe fn pointer<F: Future>(slot: NonNull<u8>) -> NonNull<NonNull<Body<F>>> {
    // SAFETY: the slot is at least `HEADER` and a pointer long.
    unsafe { slot.add(HEADER) }.cast()
}

/// Where the body of `F` lies.
///
/// # Safety
/// The slot was opened for `F`, and not closed since.
pub(in crate::task) unsafe fn get<F: Future>(slot: NonNull<u8>) -> NonNull<Body<F>> {
    // SAFETY: the caller's promise.
    let pointer = unsafe { pointer(slot) };
    // SAFETY: `open` wrote it.
    unsafe { pointer.read() }
}

/// Makes a free slot's body ready to be written.
///
/// # Safety
/// The caller owns the free slot.
pub(in crate::task) unsafe fn open<F: Future>(slot: NonNull<u8>) -> NonNull<Body<F>> {
    // At least one byte, so that each body has an address of its own.
    let layout = layout::<F>();
    // SAFETY: the layout has a size.
    let body = unsafe { alloc(layout) };
    let body = NonNull::new(body)
        .unwrap_or_else(|| handle_alloc_error(layout))
        .cast();
    // SAFETY: the caller owns the slot.
    let pointer = unsafe { pointer::<F>(slot) };
    // SAFETY: the caller owns the slot.
    unsafe { pointer.write(body) };
    body
}

/// Frees the body.
///
/// # Safety
/// The caller owns the slot, which was opened for `F`; the body is moved out of or dropped.
pub(in crate::task) unsafe fn close<F: Future>(slot: NonNull<u8>) {
    // SAFETY: the caller's promise.
    let body = unsafe { get::<F>(slot) };
    // SAFETY: `open` allocated it with this layout.
    unsafe { dealloc(body.as_ptr().cast(), layout::<F>()) };
}

fn layout<F: Future>() -> Layout {
    // A payload's pointer is in the union, so the size is never 0.
    Layout::new::<Body<F>>()
}
