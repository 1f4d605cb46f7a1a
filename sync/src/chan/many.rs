//! Receiving what is there at once.

use std::{
    fmt,
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project::{pin_project, pinned_drop};

use super::{
    core::{Core, NO_SELECT, Taken, wake},
    node::Node,
    receiver::Receiver,
    wait::{Arm, Visit},
};
use crate::{
    select::Operation,
    shim::{Reason, note, poll_proceed},
};

/// How many values are taken in one section of the lock.
const BATCH: usize = 16;

/// The future of [`Receiver::recv_many`].
#[must_use = "futures do nothing unless awaited"]
#[pin_project(PinnedDrop)]
pub struct RecvMany<'a, T> {
    receiver: &'a Receiver<T>,
    values: &'a mut Vec<T>,
    limit: usize,
    site: &'static Location<'static>,
    #[pin]
    node: Node<T>,
}

impl<'a, T> RecvMany<'a, T> {
    pub(super) fn new(
        receiver: &'a Receiver<T>,
        values: &'a mut Vec<T>,
        limit: usize,
        site: &'static Location<'static>,
    ) -> Self {
        RecvMany {
            receiver,
            values,
            limit,
            site,
            node: Node::new(None),
        }
    }

    /// # Safety
    /// An arm's decision outlives this future (N5).
    unsafe fn visit(self: Pin<&mut Self>, visit: Visit<'_>) -> Poll<usize> {
        let this = self.project();
        if *this.limit == 0 {
            return Poll::Ready(0);
        }
        let core = &*this.receiver.core;
        // SAFETY: N4: `this` is pinned; its `Drop` cancels. N5: the caller's.
        let polled = unsafe { core.poll_recv(this.node.into_ref().get_ref(), visit) };
        polled.map(|first| {
            let Some(first) = first else { return 0 };
            this.values.push(first);
            1 + core.take_more(this.values, *this.limit - 1)
        })
    }
}

impl<T> Core<T> {
    /// Takes what is there, up to `limit` values.
    fn take_more(&self, values: &mut Vec<T>, limit: usize) -> usize {
        let mut taken = 0;
        loop {
            let most = BATCH.min(limit - taken);
            values.reserve(most);
            let mut waiters = [const { None }; BATCH];
            let count = self.with(|state| {
                for (count, place) in waiters.iter_mut().enumerate().take(most) {
                    match state.take(NO_SELECT) {
                        Taken::Value(value, waiter) => {
                            values.push(value);
                            *place = waiter;
                        }
                        Taken::Closed | Taken::Empty => return count,
                    }
                }
                most
            });
            waiters.into_iter().for_each(wake);
            taken += count;
            if count < BATCH {
                return taken;
            }
        }
    }
}

impl<T> Future for RecvMany<'_, T> {
    type Output = usize;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<usize> {
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
unsafe impl<T> Operation for RecvMany<'_, T> {
    unsafe fn poll_arm(self: Pin<&mut Self>, arm: Arm<'_>) -> Poll<usize> {
        // SAFETY: the caller's.
        unsafe { self.visit(Visit::Arm(arm)) }
    }
}

#[pinned_drop]
impl<T> PinnedDrop for RecvMany<'_, T> {
    fn drop(self: Pin<&mut Self>) {
        self.receiver.core.cancel_recv(&self.node);
    }
}

impl<T> fmt::Debug for RecvMany<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvMany").finish_non_exhaustive()
    }
}
