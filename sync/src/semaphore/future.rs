//! Waiting for permits.

use std::{
    fmt,
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project::{pin_project, pinned_drop};

use super::{
    AcquireError, Permit,
    permit::Held,
    word::{self, Claim, Try},
};
use crate::{
    shim::{Proceed, Reason, Waiter, mutant, note, poll_proceed},
    wait_list::Waiting,
};

/// The future of [`Semaphore::acquire`](super::Semaphore::acquire) and its kin.
#[must_use = "futures do nothing unless awaited"]
#[pin_project(PinnedDrop)]
pub struct Acquire<S: Held + Clone> {
    #[pin]
    waiting: Waiting<S>,
    count: usize,
    stage: Stage,
    site: &'static Location<'static>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Start,
    /// In the list, or taken out of it by somebody who gave the permits.
    Queued,
    /// The permits, if any, are the caller's.
    Done,
}

impl<S: Held + Clone> Acquire<S> {
    #[inline]
    pub(crate) fn new(semaphore: S, count: usize, site: &'static Location<'static>) -> Self {
        Acquire {
            waiting: Waiting::new(semaphore),
            count,
            stage: Stage::Start,
            site,
        }
    }

    #[inline]
    fn permit(self: Pin<&mut Self>) -> Permit<S> {
        let this = self.project();
        *this.stage = Stage::Done;
        Permit::new(this.waiting.hold().clone(), *this.count)
    }

    #[cold]
    fn closed(self: Pin<&mut Self>) -> Poll<Result<Permit<S>, AcquireError>> {
        *self.project().stage = Stage::Done;
        Poll::Ready(Err(AcquireError(())))
    }

    /// The first poll, where permits were not free.
    fn enqueue(mut self: Pin<&mut Self>, waiter: Waiter) -> Poll<Result<Permit<S>, AcquireError>> {
        let mut this = self.as_mut().project();
        let semaphore = this.waiting.hold().clone();
        let mut turn = this.waiting.as_mut().turn();
        match semaphore
            .semaphore()
            .word
            .claim((*this.count).min(word::MAX))
        {
            Claim::Took(n) if n == *this.count => {
                drop(turn);
                Poll::Ready(Ok(self.permit()))
            }
            Claim::Took(n) => {
                turn.data().missing = *this.count - n;
                *this.stage = Stage::Queued;
                turn.wait(Some(waiter));
                Poll::Pending
            }
            Claim::Closed => {
                drop(turn);
                self.closed()
            }
        }
    }

    fn look(mut self: Pin<&mut Self>, waiter: Waiter) -> Poll<Result<Permit<S>, AcquireError>> {
        let mut turn = self.as_mut().project().waiting.turn();
        if turn.is_linked() {
            turn.wait(Some(waiter));
            return Poll::Pending;
        }
        let missing = turn.data().missing;
        drop(turn);
        if missing == 0 {
            return Poll::Ready(Ok(self.permit()));
        }
        self.as_mut().give_back();
        self.closed()
    }

    /// Leaves the queue, and gives back what it was given.
    #[cold]
    fn give_back(self: Pin<&mut Self>) {
        let mut this = self.project();
        let semaphore = this.waiting.hold().clone();
        let mut turn = this.waiting.as_mut().turn();
        let mut got = *this.count - turn.data().missing;
        if mutant("leaver_keeps_its_permits") {
            got = 0;
        }
        let was_queued = turn.is_linked();
        turn.leave();
        if was_queued {
            // Also without permits: the last one who leaves the queue says that nobody waits.
            let semaphore = semaphore.semaphore();
            semaphore.give(semaphore.list.lock(), got);
        } else if got > 0 {
            semaphore.semaphore().release(got);
        }
    }
}

impl<S: Held + Clone> Future for Acquire<S> {
    type Output = Result<Permit<S>, AcquireError>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let proceed = ready!(poll_proceed(cx));
        if self.stage == Stage::Start && self.count <= word::MAX {
            let semaphore = self.waiting.hold().semaphore();
            if let Try::Taken = semaphore.word.try_take(self.count) {
                proceed.made_progress();
                return Poll::Ready(Ok(self.permit()));
            }
        }
        self.visit(cx, proceed)
    }
}

impl<S: Held + Clone> Acquire<S> {
    /// A poll of one that did not get its permits at once, or is not the first.
    #[inline(never)]
    fn visit(
        mut self: Pin<&mut Self>,
        cx: &Context<'_>,
        proceed: Proceed,
    ) -> Poll<Result<Permit<S>, AcquireError>> {
        let polled = match self.stage {
            // The waker is cloned before the lock is taken (W4).
            Stage::Start => self.as_mut().enqueue(Waiter::new(cx.waker())),
            Stage::Queued => self.as_mut().look(Waiter::new(cx.waker())),
            Stage::Done => panic!("`Acquire` was polled after it was ready"),
        };
        if polled.is_pending() {
            note(self.site, Reason::Lock);
        } else {
            proceed.made_progress();
        }
        polled
    }
}

#[pinned_drop]
impl<S: Held + Clone> PinnedDrop for Acquire<S> {
    #[inline]
    fn drop(self: Pin<&mut Self>) {
        if self.stage == Stage::Queued {
            self.give_back();
        }
    }
}

impl<S: Held + Clone> fmt::Debug for Acquire<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acquire")
            .field("semaphore", self.waiting.hold().semaphore())
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}
