//! Receiving: the operation, and its future.

use std::{
    fmt,
    panic::Location,
    pin::Pin,
    task::{Context, Poll, Waker, ready},
};

use super::{
    core::{Core, NO_SELECT, State, Taken, wake},
    decision::Decision,
    node::{Node, Stage, WaitList},
    receiver::Receiver,
    wait::{Arm, Visit, Visited},
};
use crate::{
    select::Operation,
    shim::{Held, Reason, Waiter, mutant, note, poll_proceed},
};

fn list<T>(state: &mut State<T>) -> &mut WaitList<T> {
    &mut state.receivers
}

type Look<T> = (Option<T>, Option<Waiter>);

#[inline(always)]
fn look<T>(state: &mut State<T>, own: *const Decision) -> Option<Look<T>> {
    match state.take(own) {
        Taken::Value(value, waiter) => Some((Some(value), waiter)),
        Taken::Closed => Some((None, None)),
        Taken::Empty => None,
    }
}

impl<T> Core<T> {
    /// One visit of a receiver.
    ///
    /// # Safety
    /// As [`Core::visit`]; the owner calls [`cancel_recv`](Self::cancel_recv).
    #[inline(always)]
    pub(super) unsafe fn poll_recv(&self, node: &Node<T>, visit: Visit<'_>) -> Poll<Option<T>> {
        match (node.stage(), visit) {
            (Stage::Idle, Visit::Alone(waker)) => {
                let mut held = self.lock();
                if let Some(value) = held.with(State::take_at_once) {
                    return Poll::Ready(Some(value));
                }
                // SAFETY: the caller's; it is idle.
                unsafe { self.park_to_recv(held, node, waker) }
            }
            (Stage::Done, _) => {
                node.clear();
                // SAFETY: N2: it was settled.
                Poll::Ready(unsafe { node.take_value() })
            }
            // SAFETY: the caller's.
            _ => unsafe { self.visit_to_recv(node, visit) },
        }
    }

    /// # Safety
    /// As [`Core::park_alone`].
    #[inline(never)]
    unsafe fn park_to_recv<'a>(
        &'a self,
        held: Held<'a, State<T>>,
        node: &Node<T>,
        waker: &Waker,
    ) -> Poll<Option<T>> {
        // SAFETY: the caller's.
        let visited = unsafe { self.park_alone(held, node, waker, list, look) };
        self.received(node, visited)
    }

    /// # Safety
    /// As [`poll_recv`](Self::poll_recv).
    #[inline(never)]
    unsafe fn visit_to_recv(&self, node: &Node<T>, visit: Visit<'_>) -> Poll<Option<T>> {
        // SAFETY: the caller's.
        let visited = unsafe { self.visit(node, visit, list, look) };
        self.received(node, visited)
    }

    #[inline(always)]
    fn received(&self, node: &Node<T>, visited: Visited<Look<T>>) -> Poll<Option<T>> {
        match visited {
            Visited::Found((value, waiter)) => {
                wake(waiter);
                Poll::Ready(value)
            }
            Visited::Settled(Stage::Closed) => Poll::Ready(self.last_look()),
            Visited::Settled(_) => {
                // SAFETY: N2: it was settled.
                let value = unsafe { node.take_value() };
                debug_assert!(value.is_some());
                Poll::Ready(value)
            }
            Visited::Pending => Poll::Pending,
        }
    }

    /// One visit of a receiver that listens (C7).
    ///
    /// # Safety
    /// `node` is pinned, visited by this function only, and its owner calls [`cancel_recv`](Self::cancel_recv) before it is
    /// gone (N4).
    pub(super) unsafe fn poll_listening(&self, node: &Node<T>, waker: &Waker) -> Poll<Option<T>> {
        if node.stage() == Stage::Queued && self.still_waits(node, waker) {
            return Poll::Pending;
        }
        if node.stage() != Stage::Idle {
            node.clear();
        }
        node.listen();
        // SAFETY: the caller's; it is idle.
        let visited = unsafe { self.park(self.lock(), node, waker, list, look) };
        self.received(node, visited)
    }

    /// Between the close and this poll a receiver may have given back what it was given.
    #[cold]
    fn last_look(&self) -> Option<T> {
        match self.with(|state| state.take(NO_SELECT)) {
            Taken::Value(value, waiter) => {
                wake(waiter);
                Some(value)
            }
            Taken::Closed | Taken::Empty => None,
        }
    }

    /// A receiver goes; what it was given and has not seen goes to the next one.
    #[inline]
    pub(super) fn cancel_recv(&self, node: &Node<T>) {
        if node.stage() != Stage::Idle {
            self.leave_off(node);
        }
    }

    #[cold]
    fn leave_off(&self, node: &Node<T>) {
        if self.cancel(node, list) == Stage::Done {
            // SAFETY: N2: it was settled.
            let value = unsafe { node.take_value() };
            if mutant("dropped_receive_keeps_its_value") {
                return;
            }
            value.into_iter().for_each(|value| self.give_back(value));
        }
    }
}

/// The future of [`Receiver::recv`].
#[must_use = "futures do nothing unless awaited"]
pub struct Recv<'a, T> {
    receiver: &'a Receiver<T>,
    site: &'static Location<'static>,
    node: Node<T>,
}

impl<'a, T> Recv<'a, T> {
    #[inline]
    pub(super) fn new(receiver: &'a Receiver<T>, site: &'static Location<'static>) -> Self {
        Recv {
            receiver,
            site,
            node: Node::new(None),
        }
    }
}

impl<T> Future for Recv<'_, T> {
    type Output = Option<T>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let proceed = ready!(poll_proceed(cx));
        let this = self.into_ref().get_ref();
        let visit = Visit::Alone(cx.waker());
        // SAFETY: N4: `this` is pinned; its `Drop` cancels.
        let polled = unsafe { this.receiver.core.poll_recv(&this.node, visit) };
        if polled.is_pending() {
            note(this.site, Reason::Channel);
        } else {
            proceed.made_progress();
        }
        polled
    }
}

// SAFETY: the visit is made with the arm that was given.
unsafe impl<T> Operation for Recv<'_, T> {
    #[inline]
    unsafe fn poll_arm(self: Pin<&mut Self>, arm: Arm<'_>) -> Poll<Option<T>> {
        let this = self.into_ref().get_ref();
        // SAFETY: N4: `this` is pinned; its `Drop` cancels. N5: the caller's.
        unsafe { this.receiver.core.poll_recv(&this.node, Visit::Arm(arm)) }
    }
}

impl<T> Drop for Recv<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.receiver.core.cancel_recv(&self.node);
    }
}

impl<T> fmt::Debug for Recv<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recv").finish_non_exhaustive()
    }
}
