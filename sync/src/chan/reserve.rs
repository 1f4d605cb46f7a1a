//! Reserving a place in the buffer for a value that is made later.

use std::{
    fmt,
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
};

use super::{
    core::{Core, Reserved, State},
    error::SendError,
    node::{Node, Stage},
    send::list,
    sender::Sender,
    wait::{Arm, Visit, Visited},
};
use crate::{
    select::Operation,
    shim::{Reason, note, poll_proceed},
};

impl<T> Core<T> {
    /// One visit of a reserver.
    ///
    /// # Safety
    /// As [`Core::visit`]; the owner calls [`cancel_reserve`](Self::cancel_reserve).
    unsafe fn poll_reserve(
        &self,
        node: &Node<T>,
        visit: Visit<'_>,
    ) -> Poll<Result<(), SendError<()>>> {
        let look = |state: &mut State<T>, _| match state.reserve() {
            Reserved::Done => Some(Stage::Done),
            Reserved::Closed => Some(Stage::Closed),
            Reserved::Full => None,
        };
        // SAFETY: the caller's.
        match unsafe { self.visit(node, visit, list, look) } {
            Visited::Found(Stage::Closed) | Visited::Settled(Stage::Closed) => {
                Poll::Ready(Err(SendError(())))
            }
            Visited::Found(_) | Visited::Settled(_) => Poll::Ready(Ok(())),
            Visited::Pending => Poll::Pending,
        }
    }

    fn cancel_reserve(&self, node: &Node<T>) {
        if self.cancel(node, list) == Stage::Done {
            self.release();
        }
    }
}

/// A place in the buffer, from [`Sender::reserve`]. Dropped without a value it goes to the next who waits.
#[must_use = "a permit that is not used holds a place until it is dropped"]
pub struct Permit<'a, T> {
    sender: &'a Sender<T>,
}

impl<'a, T> Permit<'a, T> {
    pub(super) fn new(sender: &'a Sender<T>) -> Self {
        Permit { sender }
    }

    /// Sends without waiting.
    ///
    /// What has a place is received also if the channel was closed meanwhile; but if the last receiver is gone the value
    /// is dropped.
    pub fn send(self, value: T) {
        let unwanted = self.sender.core.fill_reserved(value);
        std::mem::forget(self);
        drop(unwanted);
    }
}

impl<T> Drop for Permit<'_, T> {
    fn drop(&mut self) {
        self.sender.core.release();
    }
}

impl<T> fmt::Debug for Permit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

/// The future of [`Sender::reserve`].
#[must_use = "futures do nothing unless awaited"]
pub struct Reserve<'a, T> {
    sender: &'a Sender<T>,
    site: &'static Location<'static>,
    node: Node<T>,
}

impl<'a, T> Reserve<'a, T> {
    pub(super) fn new(sender: &'a Sender<T>, site: &'static Location<'static>) -> Self {
        Reserve {
            sender,
            site,
            node: Node::new(None),
        }
    }

    /// # Safety
    /// An arm's decision outlives this future (N5).
    unsafe fn visit(
        self: Pin<&mut Self>,
        visit: Visit<'_>,
    ) -> Poll<Result<Permit<'a, T>, SendError<()>>> {
        let this = self.into_ref().get_ref();
        // SAFETY: N4: `this` is pinned; its `Drop` cancels. N5: the caller's.
        let polled = unsafe { this.sender.core.poll_reserve(&this.node, visit) };
        polled.map_ok(|()| Permit::new(this.sender))
    }
}

impl<'a, T> Future for Reserve<'a, T> {
    type Output = Result<Permit<'a, T>, SendError<()>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let proceed = ready!(poll_proceed(cx));
        let site = self.site;
        // SAFETY: there is no arm.
        let polled = unsafe { self.visit(Visit::Alone(cx.waker())) };
        if polled.is_pending() {
            note(site, Reason::Channel);
        } else {
            proceed.made_progress();
        }
        polled
    }
}

// SAFETY: the visit is made with the arm that was given.
unsafe impl<T> Operation for Reserve<'_, T> {
    unsafe fn poll_arm(self: Pin<&mut Self>, arm: Arm<'_>) -> Poll<Self::Output> {
        // SAFETY: the caller's.
        unsafe { self.visit(Visit::Arm(arm)) }
    }
}

impl<T> Drop for Reserve<'_, T> {
    fn drop(&mut self) {
        self.sender.core.cancel_reserve(&self.node);
    }
}

impl<T> fmt::Debug for Reserve<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reserve").finish_non_exhaustive()
    }
}
