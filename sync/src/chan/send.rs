//! Sending: the operation, and its futures.

use std::{
    fmt,
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project::{pin_project, pinned_drop};

use super::{
    core::{Core, Put, State, wake},
    error::SendError,
    node::{Node, Stage, WaitList},
    sender::Sender,
    wait::{Arm, Visit, Visited},
};
use crate::{
    select::Operation,
    shim::{Reason, Waiter, note, poll_proceed},
};

pub(super) fn list<T>(state: &mut State<T>) -> &mut WaitList<T> {
    &mut state.senders
}

type Look<T> = (Result<(), SendError<T>>, Option<Waiter>);

impl<T> Core<T> {
    /// One visit of a sender, whose value is in the node as long as it is not sent.
    ///
    /// # Safety
    /// As [`Core::visit`]; the owner calls [`Core::cancel`] with [`list`].
    #[inline]
    pub(super) unsafe fn poll_send(
        &self,
        node: &Node<T>,
        visit: Visit<'_>,
    ) -> Poll<Result<(), SendError<T>>> {
        let look = |state: &mut State<T>, own| -> Option<Look<T>> {
            // SAFETY: N2: under the lock, and the node is idle or queued.
            let value = unsafe { node.take_value() };
            match state.put(value.expect(SENT), own) {
                Put::Done(waiter) => Some((Ok(()), waiter)),
                Put::Closed(value) => Some((Err(SendError(value)), None)),
                Put::Full(value) => {
                    // SAFETY: as above.
                    unsafe { node.put_value(value) };
                    None
                }
            }
        };
        // SAFETY: the caller's.
        match unsafe { self.visit(node, visit, list, look) } {
            Visited::Found((result, waiter)) => {
                wake(waiter);
                Poll::Ready(result)
            }
            Visited::Settled(Stage::Closed) => {
                // SAFETY: N2: it was settled.
                let value = unsafe { node.take_value() };
                Poll::Ready(Err(SendError(value.expect(SENT))))
            }
            Visited::Settled(_) => Poll::Ready(Ok(())),
            Visited::Pending => Poll::Pending,
        }
    }
}

const SENT: &str = "a send was polled after it was over";

/// The future of [`Sender::send`].
#[must_use = "futures do nothing unless awaited"]
pub struct Send<'a, T> {
    sender: &'a Sender<T>,
    site: &'static Location<'static>,
    node: Node<T>,
}

impl<'a, T> Send<'a, T> {
    #[inline]
    pub(super) fn new(sender: &'a Sender<T>, value: T, site: &'static Location<'static>) -> Self {
        Send {
            sender,
            site,
            node: Node::new(Some(value)),
        }
    }

    /// The value, unless it was sent. Nothing can be sent any more.
    pub(super) fn take_back(self: Pin<&mut Self>) -> Option<T> {
        let this = self.into_ref().get_ref();
        this.sender.core.cancel(&this.node, list);
        // SAFETY: N2: `cancel` took it out of the list.
        unsafe { this.node.take_value() }
    }
}

impl<T> Future for Send<'_, T> {
    type Output = Result<(), SendError<T>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let proceed = ready!(poll_proceed(cx));
        let this = self.into_ref().get_ref();
        let visit = Visit::Alone(cx.waker());
        // SAFETY: N4: `this` is pinned; its `Drop` cancels.
        let polled = unsafe { this.sender.core.poll_send(&this.node, visit) };
        if polled.is_pending() {
            note(this.site, Reason::Channel);
        } else {
            proceed.made_progress();
        }
        polled
    }
}

// SAFETY: the visit is made with the arm that was given.
unsafe impl<T> Operation for Send<'_, T> {
    #[inline]
    unsafe fn poll_arm(self: Pin<&mut Self>, arm: Arm<'_>) -> Poll<Self::Output> {
        let this = self.into_ref().get_ref();
        // SAFETY: N4: `this` is pinned; its `Drop` cancels. N5: the caller's.
        unsafe { this.sender.core.poll_send(&this.node, Visit::Arm(arm)) }
    }
}

impl<T> Drop for Send<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.sender.core.cancel(&self.node, list);
    }
}

impl<T> fmt::Debug for Send<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Send").finish_non_exhaustive()
    }
}

/// The future of [`Sender::send_from`].
#[must_use = "futures do nothing unless awaited"]
#[pin_project(PinnedDrop)]
pub struct SendFrom<'a, T> {
    sender: &'a Sender<T>,
    /// Where the value comes from, and goes back to if it is not sent.
    slot: &'a mut Option<T>,
    site: &'static Location<'static>,
    /// Has the value while it is polled or queued: a queued node may outlive the borrow of the slot, if this future is
    /// forgotten (N4).
    #[pin]
    node: Node<T>,
}

impl<'a, T> SendFrom<'a, T> {
    #[inline]
    pub(super) fn new(
        sender: &'a Sender<T>,
        slot: &'a mut Option<T>,
        site: &'static Location<'static>,
    ) -> Self {
        SendFrom {
            sender,
            slot,
            site,
            node: Node::new(None),
        }
    }

    /// # Safety
    /// An arm's decision outlives this future (N5).
    #[inline]
    unsafe fn visit(self: Pin<&mut Self>, visit: Visit<'_>) -> Poll<Result<(), SendError<()>>> {
        let this = self.project();
        let node = this.node.into_ref().get_ref();
        if node.stage() == Stage::Idle {
            // The value is in the slot at first, in the node if that was queued before, and nowhere if there is none.
            match this.slot.take() {
                // SAFETY: N2: it is idle, so it is ours.
                Some(value) => unsafe { node.put_value(value) },
                // SAFETY: as above.
                None if !unsafe { node.has_value() } => return Poll::Pending,
                None => {}
            }
        }
        // SAFETY: N4: `this` is pinned; its `Drop` cancels. N5: the caller's.
        let polled = unsafe { this.sender.core.poll_send(node, visit) };
        match polled {
            Poll::Ready(Err(SendError(value))) => {
                **this.slot = Some(value);
                Poll::Ready(Err(SendError(())))
            }
            Poll::Ready(Ok(())) => Poll::Ready(Ok(())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T> Future for SendFrom<'_, T> {
    type Output = Result<(), SendError<()>>;

    #[inline]
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
unsafe impl<T> Operation for SendFrom<'_, T> {
    #[inline]
    unsafe fn poll_arm(self: Pin<&mut Self>, arm: Arm<'_>) -> Poll<Self::Output> {
        // SAFETY: the caller's.
        unsafe { self.visit(Visit::Arm(arm)) }
    }
}

#[pinned_drop]
impl<T> PinnedDrop for SendFrom<'_, T> {
    #[inline]
    fn drop(self: Pin<&mut Self>) {
        let this = self.project();
        this.sender.core.cancel(&this.node, list);
        // SAFETY: N2: `cancel` took it out of the list.
        if let Some(value) = unsafe { this.node.take_value() } {
            **this.slot = Some(value);
        }
    }
}

impl<T> fmt::Debug for SendFrom<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendFrom").finish_non_exhaustive()
    }
}
