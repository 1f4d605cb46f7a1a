//! What is known of a task's type: its vtable, and the only code that touches bodies.
//!
//! User code runs in here (polls, drops), and may panic: every call of it is caught.

use std::{
    any::Any,
    mem::ManuallyDrop,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    ptr::NonNull,
    task::{Context, Poll},
};

use super::{
    body::{self, Body},
    header::{self, Header, Origin},
    name::Name,
    state::Outcome,
};
use crate::{
    quietly::quietly,
    slab::{Class, SlotIndex},
};

/// What a panic was thrown with.
pub(crate) type Payload = Box<dyn Any + Send>;

/// What the scheduler calls of a task. In each, the slot holds a live task of the vtable's type, and rule
/// T1, T2 or T3 gives its body to the caller.
pub(crate) struct Vtable {
    pub(super) class: Class,
    poll: unsafe fn(NonNull<u8>, &mut Context<'_>) -> Polled,
    cancel: unsafe fn(NonNull<u8>) -> Outcome,
    discard: unsafe fn(NonNull<u8>, Outcome),
    body: unsafe fn(NonNull<u8>) -> NonNull<u8>,
    close: unsafe fn(NonNull<u8>),
}

/// What a poll came to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Polled {
    Pending,
    Ended(Outcome),
}

/// The class of a slot for a task that runs `F`.
pub(crate) const fn class_of<F: Future>() -> Class {
    Class::for_size(body::slot_size::<F>())
}

/// Moves a future into a free slot that the caller owns; the task is not published yet.
#[inline(always)]
pub(crate) fn fill<F: Future>(slot: SlotIndex, future: F, origin: Origin, runtime: u16) -> Name {
    const { assert!(size_of::<usize>() == 8, "gmp needs a 64-bit target") };
    let header = Header::of(slot);
    header.fill(&Typed::<F>::VTABLE, origin, runtime);
    // SAFETY: the caller owns the slot, whose class is `class_of::<F>()`.
    let body = unsafe { body::open::<F>(slot.address()) };
    // SAFETY: `open` gave room for a body.
    unsafe {
        body.write(Body {
            future: ManuallyDrop::new(future),
        })
    };
    Name::new(slot.get(), header.state.load_relaxed().generation())
}

/// Polls the future of a task that the caller runs (T1).
#[inline(always)]
pub(super) fn poll(name: Name, header: &Header, cx: &mut Context<'_>) -> Polled {
    // SAFETY: T1: the task lives.
    let vtable = unsafe { header.vtable() };
    // SAFETY: T1: the body is the caller's.
    unsafe { (vtable.poll)(header::slot(name).address(), cx) }
}

/// Drops the future of a task that the caller runs (T1).
pub(super) fn cancel(name: Name, header: &Header) -> Outcome {
    // SAFETY: T1: the task lives.
    let vtable = unsafe { header.vtable() };
    // SAFETY: T1: the body is the caller's.
    unsafe { (vtable.cancel)(header::slot(name).address()) }
}

/// Drops what an ended task left. The caller owns the slot (T2, T3).
#[inline(always)]
pub(super) fn discard(name: Name, header: &Header, outcome: Outcome) {
    // SAFETY: the slot is not free before `free`.
    let vtable = unsafe { header.vtable() };
    // SAFETY: T2 or T3: the body is the caller's, and holds what `outcome` says.
    unsafe { (vtable.discard)(header::slot(name).address(), outcome) }
}

/// Takes what an ended task left: its output, or the payload of its panic.
///
/// # Safety
/// The caller owns the slot, whose body holds a `T`.
pub(super) unsafe fn take<T>(name: Name) -> T {
    let header = Header::named(name);
    // SAFETY: the slot is not free before `free`.
    let vtable = unsafe { header.vtable() };
    // SAFETY: the caller's promise.
    let body = unsafe { (vtable.body)(header::slot(name).address()) };
    // SAFETY: the caller's promise: a union's fields all begin where it does.
    unsafe { body.cast::<T>().read() }
}

/// Frees the slot of an ended task whose body is empty. Returns the slot unless it is retired.
#[inline(always)]
pub(super) fn free(name: Name, header: &Header) -> Option<(Class, SlotIndex)> {
    // SAFETY: the slot is not free yet.
    let vtable = unsafe { header.vtable() };
    let slot = header::slot(name);
    // SAFETY: the caller owns the slot, and has emptied the body.
    unsafe { (vtable.close)(slot.address()) };
    header
        .state
        .free(name.generation())
        .then_some((vtable.class, slot))
}

struct Typed<F>(F);

impl<F: Future> Typed<F> {
    const VTABLE: Vtable = Vtable {
        class: class_of::<F>(),
        poll: poll_future::<F>,
        cancel: cancel_future::<F>,
        discard: discard_body::<F>,
        body: body_of::<F>,
        close: body::close::<F>,
    };
}

unsafe fn body_of<F: Future>(slot: NonNull<u8>) -> NonNull<u8> {
    // SAFETY: the vtable is this slot's, so the class fits.
    unsafe { body::get::<F>(slot) }.cast()
}

unsafe fn poll_future<F: Future>(slot: NonNull<u8>, cx: &mut Context<'_>) -> Polled {
    // SAFETY: the vtable is this slot's, so the class fits.
    let mut body = unsafe { body::get::<F>(slot) };
    // SAFETY: T1: nobody else has a reference to the body.
    let body = unsafe { body.as_mut() };
    // SAFETY: the task runs, so the body holds the future.
    let future = unsafe { &mut *body.future };
    // SAFETY: slots do not move, and the future is dropped in place before the body is reused.
    let future = unsafe { Pin::new_unchecked(future) };
    let result = match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
        Ok(Poll::Pending) => return Polled::Pending,
        Ok(Poll::Ready(output)) => Ok(output),
        Err(payload) => Err(payload),
    };
    // SAFETY: the body still holds the future.
    let dropped = unsafe { drop_future(body) };
    Polled::Ended(leave(body, result, dropped))
}

/// Puts what a future left where the future was. A panic of its drop counts more than its output.
fn leave<F: Future>(
    body: &mut Body<F>,
    result: Result<F::Output, Payload>,
    dropped: Result<(), Payload>,
) -> Outcome {
    let payload = match (result, dropped) {
        (Ok(output), Ok(())) => {
            body.output = ManuallyDrop::new(output);
            return Outcome::Output;
        }
        (Ok(output), Err(payload)) => {
            quietly(|| drop(output));
            payload
        }
        (Err(payload), Ok(())) => payload,
        (Err(payload), Err(second)) => {
            quietly(|| drop(second));
            payload
        }
    };
    body.panic = ManuallyDrop::new(payload);
    Outcome::Panicked
}

/// # Safety
/// The body holds the future, which must not be used afterwards.
unsafe fn drop_future<F: Future>(body: &mut Body<F>) -> Result<(), Payload> {
    catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the caller's promise.
        unsafe { ManuallyDrop::drop(&mut body.future) }
    }))
}

unsafe fn cancel_future<F: Future>(slot: NonNull<u8>) -> Outcome {
    // SAFETY: the vtable is this slot's, so the class fits.
    let mut body = unsafe { body::get::<F>(slot) };
    // SAFETY: T1: nobody else has a reference to the body.
    let body = unsafe { body.as_mut() };
    // SAFETY: the task was claimed or started and not ended, so the body holds the future.
    match unsafe { drop_future(body) } {
        Ok(()) => Outcome::Cancelled,
        Err(payload) => {
            body.panic = ManuallyDrop::new(payload);
            Outcome::Panicked
        }
    }
}

unsafe fn discard_body<F: Future>(slot: NonNull<u8>, outcome: Outcome) {
    // SAFETY: the vtable is this slot's, so the class fits.
    let mut body = unsafe { body::get::<F>(slot) };
    // SAFETY: T2 or T3: nobody else has a reference to the body.
    let body = unsafe { body.as_mut() };
    quietly(|| match outcome {
        // SAFETY: the task ended with an output, and nobody has taken it.
        Outcome::Output => unsafe { ManuallyDrop::drop(&mut body.output) },
        // SAFETY: the task panicked, and nobody has taken the payload.
        Outcome::Panicked => unsafe { ManuallyDrop::drop(&mut body.panic) },
        Outcome::Cancelled => {}
    });
}
