//! Waiting for a mutex.

use std::{
    fmt,
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project::{pin_project, pinned_drop};

use super::{
    Guard,
    guard::Held,
    queue::{self, Claimant},
};
use crate::{
    shim::{Reason, Waiter, note, poll_proceed},
    wait_list::{Turn, Waiting, Wakes},
};

/// The future of [`Mutex::lock`](super::Mutex::lock) and [`Mutex::lock_owned`](super::Mutex::lock_owned).
#[must_use = "futures do nothing unless awaited"]
#[pin_project(PinnedDrop)]
pub struct Lock<H: Held> {
    #[pin]
    waiting: Waiting<H>,
    stage: Stage,
    site: &'static Location<'static>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Start,
    /// In the list.
    Queued,
    Done,
}

impl<H: Held> Lock<H> {
    pub(crate) fn new(mutex: H, site: &'static Location<'static>) -> Self {
        Lock {
            waiting: Waiting::new(mutex, Claimant::new()),
            stage: Stage::Start,
            site,
        }
    }

    fn guard(self: Pin<&mut Self>) -> Guard<H> {
        let this = self.project();
        *this.stage = Stage::Done;
        Guard::new(this.waiting.hold().clone())
    }

    /// Takes the lock if it is free and this one's turn, else queues.
    fn try_or_wait(mut self: Pin<&mut Self>, waiter: Waiter) -> Poll<Guard<H>> {
        let mut this = self.as_mut().project();
        let hold = this.waiting.hold().clone();
        let mutex = hold.mutex();
        let mut turn = this.waiting.as_mut().turn();
        let was_woken = arrived(&mut turn);
        let reserved = was_woken || turn.list.is_open();
        loop {
            if mutex.word.take(reserved) {
                turn.unlink();
                let since = turn.data().since();
                queue::settle(&mut turn.list, since, &mutex.word);
                turn.leave();
                return Poll::Ready(self.guard());
            }
            // Somebody may have unlocked since: without seeing that anybody waits, or it would have waited for the lock
            // of the list.
            if mutex.word.announce() || !reserved {
                break;
            }
        }
        if turn.data().waits(was_woken) {
            mutex.word.set_starves();
        }
        *this.stage = Stage::Queued;
        turn.wait_then(Some(waiter), |list| {
            mutex.contended().release(list, &mutex.word);
        });
        Poll::Pending
    }

    /// Leaves the queue. Where it was woken the next is, in its place.
    fn give_up(self: Pin<&mut Self>) {
        let mut this = self.project();
        let hold = this.waiting.hold().clone();
        let mut wakes = Wakes::new();
        let mut turn = this.waiting.as_mut().turn();
        let was_woken = arrived(&mut turn);
        turn.unlink();
        if was_woken || turn.list.is_empty() {
            queue::hand_on(&mut turn.list, &mut wakes, &hold.mutex().word);
        }
        let mutex = hold.mutex();
        turn.leave_then(|list| mutex.contended().release(list, &mutex.word));
        wakes.wake();
    }
}

/// See [`Queue::arrived`](super::Queue::arrived).
fn arrived<H: Held>(turn: &mut Turn<'_, H>) -> bool {
    let (queue, claimant) = turn.both();
    queue.arrived(claimant)
}

impl<H: Held> Future for Lock<H> {
    type Output = Guard<H>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Guard<H>> {
        let proceed = ready!(poll_proceed(cx));
        match self.stage {
            Stage::Start if self.waiting.hold().mutex().word.try_lock() => {
                proceed.made_progress();
                return Poll::Ready(self.guard());
            }
            Stage::Start | Stage::Queued => {}
            Stage::Done => panic!("`Lock` was polled after it was ready"),
        }
        // The waker is cloned before the list's lock is taken (W4).
        let polled = self.as_mut().try_or_wait(Waiter::new(cx.waker()));
        if polled.is_pending() {
            note(self.site, Reason::Lock);
        } else {
            proceed.made_progress();
        }
        polled
    }
}

#[pinned_drop]
impl<H: Held> PinnedDrop for Lock<H> {
    fn drop(self: Pin<&mut Self>) {
        if self.stage == Stage::Queued {
            self.give_up();
        }
    }
}

impl<H: Held> fmt::Debug for Lock<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lock").finish_non_exhaustive()
    }
}
