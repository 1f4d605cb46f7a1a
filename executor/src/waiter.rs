//! Who is to be woken, in one word.
//!
//! For runtimes' own crates. A task of ours is its name and owns nothing; any other waker is boxed.

use std::{num::NonZeroU64, task::Waker};

use crate::{
    port,
    task::{Name, waker},
};

/// A waker that takes eight bytes.
///
/// [`new`](Waiter::new), [`wake`](Waiter::wake) and drop may run a foreign waker's code: call them
/// outside of locks.
#[derive(Debug)]
pub struct Waiter(NonZeroU64);

// The word is a name (lowest bit set) or a pointer from `Box::into_raw` (aligned, so clear), which
// a `Waiter` owns. `Waker` is `Send + Sync`, so both may go anywhere.

impl Waiter {
    /// Remembers a waker.
    #[inline]
    pub fn new(waker: &Waker) -> Waiter {
        Self::of_task(waker).unwrap_or_else(|| Self::boxed(waker))
    }

    /// Remembers the waker of a task of ours, which runs nobody's code and allocates nothing: it may be called under a
    /// lock, and for nothing. `None` for any other waker.
    #[inline]
    pub fn of_task(waker: &Waker) -> Option<Waiter> {
        let name = waker::name_of(waker)?;
        NonZeroU64::new(name.bits()).map(Waiter)
    }

    #[cold]
    fn boxed(waker: &Waker) -> Waiter {
        let pointer = Box::into_raw(Box::new(waker.clone()));
        let bits = NonZeroU64::new(pointer.expose_provenance() as u64);
        Waiter(bits.expect("a box is not at address 0"))
    }

    /// Waking this wakes the same task as waking `waker` would. False if that is not known.
    #[inline]
    pub fn will_wake(&self, waker: &Waker) -> bool {
        match self.name() {
            Some(name) => waker::name_of(waker) == Some(name),
            // SAFETY: `self` owns the box that `boxed` made.
            None => unsafe { &*self.pointer() }.will_wake(waker),
        }
    }

    /// Wakes. A task that has ended is not disturbed.
    #[inline]
    pub fn wake(self) {
        match self.into_target() {
            Target::Task(name) => port::wake(name),
            Target::Foreign(waker) => waker.wake(),
        }
    }

    #[inline]
    pub(crate) fn into_target(self) -> Target {
        match self.name() {
            Some(name) => {
                std::mem::forget(self);
                Target::Task(name)
            }
            None => Target::Foreign(self.into_box()),
        }
    }

    fn into_box(self) -> Box<Waker> {
        let pointer = self.pointer();
        std::mem::forget(self);
        // SAFETY: the word was this `Waiter`'s own box, which is forgotten.
        unsafe { Box::from_raw(pointer) }
    }

    #[inline]
    fn name(&self) -> Option<Name> {
        Name::from_bits(self.0.get())
    }

    fn pointer(&self) -> *mut Waker {
        std::ptr::with_exposed_provenance_mut(self.0.get() as usize)
    }

    /// The word, to be compared; the waiter goes on owning.
    #[inline]
    pub(crate) fn bits(&self) -> u64 {
        self.0.get()
    }

    /// The word, which now owns what the waiter did.
    #[inline]
    pub(crate) fn into_bits(self) -> u64 {
        let bits = self.0.get();
        std::mem::forget(self);
        bits
    }

    /// # Safety
    /// `bits` must come from `into_bits`, once each, or be 0.
    #[inline]
    pub(crate) unsafe fn from_bits(bits: u64) -> Option<Waiter> {
        NonZeroU64::new(bits).map(Waiter)
    }
}

impl Drop for Waiter {
    #[inline]
    fn drop(&mut self) {
        if self.name().is_none() {
            // SAFETY: `self` owns the box that `boxed` made, and is gone after this.
            drop(unsafe { Box::from_raw(self.pointer()) });
        }
    }
}

/// A waiter, taken apart.
pub(crate) enum Target {
    Task(Name),
    Foreign(Box<Waker>),
}
