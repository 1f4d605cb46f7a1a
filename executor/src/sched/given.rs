//! What a machine that rests is given, and how it is called back from the poller for it.
//!
//! # How it works
//! A giver stores the processor, unparks the machine's thread, then looks whether the machine sits in the poller,
//! where unparking does not reach it. The machine tells that it goes there, then looks once more whether
//! something was given. One of the two sees the other:
//!
//! ```text
//!   giver:    give;          fence; may be in the poller?  -> interrupt
//!   machine:  enter_poller;  fence; is something given?    -> do not sleep
//! ```
//!
//! The end of a runtime goes the same way, with its `closing` in the place of what is given.
//!
//! # Memory ordering
//! Giving releases, taking acquires: the processor comes with all that its last holder did. The two fences
//! are in [`enter_poller`](Given::enter_poller) and [`is_in_poller`](Given::is_in_poller), between the store
//! and the look on either side; both are SeqCst, so one of them is first.

use std::ptr::{from_ref, null_mut};

use crate::shim::{AtomicPtr, AtomicU32, Ordering, fence, mutant};

pub(super) struct Given<P: 'static> {
    /// From the giver until the machine takes it; null: none.
    processor: AtomicPtr<P>,
    /// 1: the machine sits in the poller, or is about to. Written by its own thread.
    in_poller: AtomicU32,
}

impl<P: Sync> Given<P> {
    pub(super) fn new() -> Self {
        Given {
            processor: AtomicPtr::new(null_mut()),
            in_poller: AtomicU32::new(0),
        }
    }

    /// Gives a processor to a machine that has none. The giver must make it look: see the head.
    pub(super) fn give(&self, processor: &'static P) {
        self.processor
            .store(from_ref(processor).cast_mut(), Ordering::Release);
    }

    pub(super) fn is_some(&self) -> bool {
        !self.processor.load(Ordering::Acquire).is_null()
    }

    /// By the machine's own thread.
    pub(super) fn take(&self) -> Option<&'static P> {
        // SAFETY: the word is null or what `give` took: a `&'static P`.
        unsafe { self.processor.swap(null_mut(), Ordering::AcqRel).as_ref() }
    }

    /// Forgets what came too late. While the machine has no thread.
    pub(super) fn clear(&self) {
        self.processor.store(null_mut(), Ordering::Release);
    }

    /// The machine is about to sleep in the poller. It must look afterwards whether there is a reason not to.
    pub(super) fn enter_poller(&self) {
        self.in_poller.store(1, Ordering::Relaxed);
        if !mutant("no_fence_before_the_poller") {
            fence(Ordering::SeqCst);
        }
    }

    pub(super) fn leave_poller(&self) {
        self.in_poller.store(0, Ordering::Relaxed);
    }

    /// After the reason why the machine must not sleep was stored. True: it may have missed that.
    pub(super) fn is_in_poller(&self) -> bool {
        if !mutant("no_fence_after_giving") {
            fence(Ordering::SeqCst);
        }
        self.in_poller.load(Ordering::Relaxed) != 0
    }
}
