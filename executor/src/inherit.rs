//! What a task inherits from the code that spawns it.
//!
//! For runtimes' own crates: `gmp-sync` keeps a task's current context here, so that tasks spawned inside of
//! `Context::scope` get it.
//!
//! # How it works
//! A thread has a slot that says what is current while some user code runs on it: [`within`] sets it for the length of a call,
//! [`Within`] for each poll of a future and for its drop. Every spawn looks at the slot. Where it is empty, that is
//! all: a load, and a branch that is predicted. Else the future is wrapped in a [`Within`] of what the current one
//! leaves to it ([`Inherit::heir`]), so that its own spawns go on like this.
//!
//! Other executors' spawns look at no slot: there a future inherits only if it is wrapped by hand.
//!
//! # Invariants
//! - H1: the slot is empty, or points to what the innermost running [`within`] of this thread has borrowed: each call puts
//!   back what it found before it returns, also by a panic.
//!
//! # Rejected
//! A reference of the slot's own, exchanged with the future's at each poll: then the slot has a destructor, and looking at
//! it asks first whether the thread is ending.

use std::{
    any::Any,
    cell::Cell,
    fmt,
    mem::ManuallyDrop,
    panic::Location,
    pin::Pin,
    ptr::NonNull,
    sync::Arc,
    task::{Context, Poll},
};

use pin_project::{pin_project, pinned_drop};

use crate::{
    sched,
    task::{JoinHandle, Origin},
};

/// Something that tasks inherit.
pub trait Inherit: Send + Sync + 'static {
    /// What a task gets that is spawned while this is current. `None`: nothing.
    fn heir(self: Arc<Self>) -> Option<Arc<dyn Inherit>>;

    /// To find out what it is.
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

thread_local! {
    /// H1. Without a destructor, so that it may be read at any time.
    static CURRENT: Cell<Option<NonNull<Arc<dyn Inherit>>>> = const { Cell::new(None) };
}

/// There is something to inherit here.
#[inline(always)]
pub(crate) fn is_any() -> bool {
    CURRENT.get().is_some()
}

/// What a task inherits that is spawned here.
pub(crate) fn heir() -> Option<Arc<dyn Inherit>> {
    current()?.heir()
}

/// What is current on this thread.
#[inline]
pub fn current() -> Option<Arc<dyn Inherit>> {
    let current = CURRENT.get()?;
    // SAFETY: H1: it is borrowed by a call that has not returned.
    Some(unsafe { current.as_ref() }.clone())
}

/// Calls `f` with `what` as current; with nothing, where that is `None`.
///
/// ```
/// use gmp_executor::inherit::{current, within};
/// assert!(within(None, || current().is_none()));
/// ```
#[inline]
pub fn within<R>(what: Option<&Arc<dyn Inherit>>, f: impl FnOnce() -> R) -> R {
    let _restore = Restore(CURRENT.replace(what.map(NonNull::from)));
    f()
}

/// Spawns a task for which `what` is current, whatever is current here.
///
/// # Panics
/// Outside of a runtime.
#[track_caller]
pub fn spawn<F>(what: Option<Arc<dyn Inherit>>, future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let origin = Origin::at(Location::caller());
    match what {
        Some(_) => sched::spawn_alone(Within::new(what, future), origin),
        None => sched::spawn_alone(future, origin),
    }
}

/// Puts back what was current before (H1).
struct Restore(Option<NonNull<Arc<dyn Inherit>>>);

impl Drop for Restore {
    #[inline]
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

/// A future for which something is current, whenever it is polled and when it is dropped.
#[must_use = "futures do nothing unless awaited"]
#[pin_project(PinnedDrop)]
pub struct Within<F> {
    what: Option<Arc<dyn Inherit>>,
    #[pin]
    future: ManuallyDrop<F>,
}

impl<F> Within<F> {
    /// `None`: nothing is current for it, whatever is around it.
    pub fn new(what: Option<Arc<dyn Inherit>>, future: F) -> Within<F> {
        Within {
            what,
            future: ManuallyDrop::new(future),
        }
    }
}

impl<F: Future> Future for Within<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        // SAFETY: the future is pinned with its wrapper, which gives out nothing that could move it.
        let future = unsafe { this.future.map_unchecked_mut(|future| &mut **future) };
        within(this.what.as_ref(), || future.poll(cx))
    }
}

#[pinned_drop]
impl<F> PinnedDrop for Within<F> {
    fn drop(self: Pin<&mut Self>) {
        let this = self.project();
        // SAFETY: it is dropped in its place.
        let future = unsafe { this.future.get_unchecked_mut() };
        within(this.what.as_ref(), || {
            // SAFETY: once, and nobody uses it after that.
            unsafe { ManuallyDrop::drop(future) }
        });
    }
}

impl<F> fmt::Debug for Within<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Within").finish_non_exhaustive()
    }
}
