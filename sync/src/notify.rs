//! A notification, for one or for all who wait.
#![allow(private_bounds)] // `Held` is sealed: only references and `Arc`s are handed out.

use std::{
    fmt,
    panic::Location,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use pin_project::{pin_project, pinned_drop};

use crate::{
    shim::{AtomicUsize, Ordering, Reason, Waiter, const_unless_loom, mutant, note, poll_proceed},
    wait_list::{Hold, Locked, Turn, WaitList, Waited, Waiting, Wakes},
};

/// A notification, for one or for all who wait. It carries no data: whoever is notified looks at what it waits for.
///
/// [`notify_one`](Self::notify_one) is never lost: where nobody waits it is kept for the next. (Go: a channel
/// `make(chan struct{}, 1)`.) [`notify_waiters`](Self::notify_waiters) reaches those who have called
/// [`notified`](Self::notified) before, also where they have not polled yet.
///
/// ```
/// # futures::executor::block_on(async {
/// use gmp_sync::Notify;
/// let changed = Notify::new();
/// changed.notify_one();
/// changed.notified().await;
/// # });
/// ```
pub struct Notify {
    list: WaitList<State, Notification>,
    /// [`State::rounds`], for who has not taken the lock.
    rounds: AtomicUsize,
}

pub(crate) struct State {
    /// A notification is kept for the next who comes. Then nobody waits.
    kept: bool,
    /// How often all were notified.
    rounds: usize,
}

/// What one who waits was told.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Notification {
    #[default]
    None,
    One,
    All,
}

// SAFETY: the list is a field.
unsafe impl Waited for Notify {
    type State = State;
    type Data = Notification;

    fn wait_list(&self) -> &WaitList<State, Notification> {
        &self.list
    }
}

impl Notify {
    const_unless_loom! {
        /// Nobody waits, and no notification is kept.
        pub fn new() -> Notify {
            Notify {
                list: WaitList::new(State {
                    kept: false,
                    rounds: 0,
                }),
                rounds: AtomicUsize::new(0),
            }
        }
    }

    /// Waits for a notification. Those who wait are notified in the order in which they were first polled.
    ///
    /// # Cancel safety
    /// Dropping it gives up the place in the queue; a notification that it had got goes to the next.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use gmp_sync::Notify;
    /// let ready = Notify::new();
    /// // Made before the notification, polled after it.
    /// let (one, two) = (ready.notified(), ready.notified());
    /// ready.notify_waiters();
    /// futures::join!(one, two);
    /// # });
    /// ```
    #[track_caller]
    pub fn notified(&self) -> Notified<&Notify> {
        let rounds = self.rounds.load(Ordering::Acquire);
        Notified::new(self, rounds, Location::caller())
    }

    /// As [`notified`](Self::notified), for a future that goes anywhere.
    ///
    /// # Cancel safety
    /// As [`notified`](Self::notified).
    #[track_caller]
    pub fn notified_owned(self: Arc<Self>) -> Notified<Arc<Notify>> {
        let rounds = self.rounds.load(Ordering::Acquire);
        Notified::new(self, rounds, Location::caller())
    }

    /// Notifies the one who waits longest. If nobody waits, the next who comes; several such are kept as one.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let changed = gmp_sync::Notify::new();
    /// changed.notify_one();
    /// changed.notify_one();
    /// changed.notified().await;
    /// // Both were kept as one.
    /// gmp_sync::select! {
    ///     () = changed.notified() => unreachable!(),
    ///     default => {}
    /// }
    /// # });
    /// ```
    pub fn notify_one(&self) {
        notify_one(self.list.lock());
    }

    /// Notifies all who wait. Nothing is kept.
    pub fn notify_waiters(&self) {
        let mut wakes = Wakes::new();
        let mut list = self.list.lock();
        list.rounds = list.rounds.wrapping_add(1);
        // Ordering: pairs with the loads in `notified` and `notified_owned`.
        self.rounds.store(list.rounds, Ordering::Release);
        list.pop_all(&mut wakes, |told| *told = Notification::All);
        drop(list);
        wakes.wake();
    }
}

fn notify_one(mut list: Locked<'_, State, Notification>) {
    let mut wakes = Wakes::new();
    if !list.pop(&mut wakes, |told| *told = Notification::One) {
        list.kept = true;
    }
    drop(list);
    wakes.wake();
}

impl Default for Notify {
    fn default() -> Self {
        Notify::new()
    }
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notify").finish_non_exhaustive()
    }
}

/// The future of [`Notify::notified`].
#[must_use = "futures do nothing unless awaited"]
#[pin_project(PinnedDrop)]
pub struct Notified<N: Held> {
    #[pin]
    waiting: Waiting<N>,
    stage: Stage,
    /// How often all had been notified when this was made.
    rounds: usize,
    site: &'static Location<'static>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Start,
    /// In the list, or taken out of it.
    Queued,
    /// What it was told is the caller's.
    Done,
}

/// `&Notify` and `Arc<Notify>`.
pub(crate) trait Held: Hold<State = State, Data = Notification> {}

impl Held for &Notify {}

impl Held for Arc<Notify> {}

impl<N: Held> Notified<N> {
    fn new(notify: N, rounds: usize, site: &'static Location<'static>) -> Self {
        Notified {
            waiting: Waiting::new(notify),
            stage: Stage::Start,
            rounds,
            site,
        }
    }

    /// Takes its place among those who wait, without waiting. True: it has been notified, and is ready at the next poll.
    pub fn enable(self: Pin<&mut Self>) -> bool {
        self.look(None)
    }

    fn look(self: Pin<&mut Self>, waiter: Option<Waiter>) -> bool {
        let mut this = self.project();
        if *this.stage == Stage::Done {
            return true;
        }
        let mut turn = this.waiting.as_mut().turn();
        let all = turn.list.rounds != *this.rounds && !mutant("notified_counts_no_rounds");
        if all || take(&mut turn, *this.stage) {
            *this.stage = Stage::Done;
            turn.leave();
            return true;
        }
        *this.stage = Stage::Queued;
        turn.wait(waiter);
        false
    }
}

/// It was told something, or nobody else came for what is kept.
fn take<N: Held>(turn: &mut Turn<'_, N>, stage: Stage) -> bool {
    match stage {
        Stage::Start => std::mem::take(&mut turn.list.kept),
        _ => !turn.is_linked(),
    }
}

impl<N: Held> Future for Notified<N> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let proceed = ready!(poll_proceed(cx));
        // The waker is cloned before the lock is taken (W4).
        let waiter = Waiter::new(cx.waker());
        if self.as_mut().look(Some(waiter)) {
            proceed.made_progress();
            return Poll::Ready(());
        }
        note(self.site, Reason::Notify);
        Poll::Pending
    }
}

#[pinned_drop]
impl<N: Held> PinnedDrop for Notified<N> {
    fn drop(self: Pin<&mut Self>) {
        if self.stage != Stage::Queued {
            return;
        }
        let mut this = self.project();
        let mut turn = this.waiting.as_mut().turn();
        let told = *turn.data();
        let keeps = mutant("notified_keeps_what_it_got");
        if turn.is_linked() || told != Notification::One || keeps {
            turn.leave();
        } else {
            turn.leave_then(notify_one);
        }
    }
}

impl<N: Held> fmt::Debug for Notified<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notified").finish_non_exhaustive()
    }
}

#[cfg(all(test, gmp_loom))]
mod models;
#[cfg(all(test, not(gmp_loom)))]
mod tests;
