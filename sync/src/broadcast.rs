//! A channel whose messages reach every receiver. (tokio: `sync::broadcast`)
//!
//! # How it works
//! The last `capacity` messages stand in a queue under a lock, each with a number and the count of receivers that have
//! not seen it. A receiver is the number of its next message. One that has fallen behind what is
//! still there is told how many it missed. Sending never waits.

pub use crate::chan::SendError;
use std::{
    collections::VecDeque,
    fmt,
    panic::Location,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use pin_project::pin_project;

use crate::{
    shim::{Reason, Waiter, mutant, note, poll_proceed},
    wait_list::{WaitList, Waited, Waiting, Wakes},
};

/// A channel whose messages reach every receiver; the last `capacity` of them are kept for those who are slow.
/// (tokio: `sync::broadcast`)
///
/// # Panics
/// With a capacity of 0.
///
/// ```
/// # futures::executor::block_on(async {
/// use gmp_sync::broadcast;
/// let (sender, mut one) = broadcast::channel(16);
/// let mut two = sender.subscribe();
/// sender.send("hello").unwrap();
/// assert_eq!(one.recv().await, Ok("hello"));
/// assert_eq!(two.recv().await, Ok("hello"));
/// # });
/// ```
#[track_caller]
pub fn channel<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    assert!(
        capacity > 0,
        "a broadcast channel keeps one message at least"
    );
    let state = State {
        kept: VecDeque::new(),
        first: 0,
        capacity,
        senders: 1,
        receivers: 1,
    };
    let shared = Arc::new(Shared {
        list: WaitList::new(state),
    });
    let receiver = Receiver {
        shared: shared.clone(),
        next: 0,
    };
    (Sender { shared }, receiver)
}

struct Shared<T> {
    list: WaitList<State<T>, ()>,
}

pub(crate) struct State<T> {
    kept: VecDeque<Kept<T>>,
    /// The number of the first that is kept.
    first: u64,
    capacity: usize,
    senders: usize,
    receivers: usize,
}

struct Kept<T> {
    /// Shared, since a message is cloned outside of the lock.
    message: Arc<T>,
    /// How many receivers have not seen it.
    unseen: usize,
}

// SAFETY: the list is a field.
unsafe impl<T> Waited for Shared<T> {
    type State = State<T>;
    type Data = ();

    fn wait_list(&self) -> &WaitList<State<T>, ()> {
        &self.list
    }
}

impl<T> State<T> {
    fn end(&self) -> u64 {
        self.first + self.kept.len() as u64
    }

    /// The message of that number has been seen by one more. Those at the front that all have seen go to `gone`.
    fn seen(&mut self, number: u64, gone: &mut Vec<Arc<T>>) -> Option<Arc<T>> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        let kept = self.kept.get_mut(at)?;
        kept.unseen -= 1;
        let message = kept.message.clone();
        while self.kept.front().is_some_and(|kept| kept.unseen == 0) {
            gone.extend(self.kept.pop_front().map(|kept| kept.message));
            self.first += 1;
        }
        Some(message)
    }

    /// What a receiver gets whose next message is `next`. `None`: it must wait.
    fn take(
        &mut self,
        next: &mut u64,
        gone: &mut Vec<Arc<T>>,
    ) -> Option<Result<Arc<T>, RecvError>> {
        if *next < self.first {
            let missed = self.first - *next;
            *next = self.first;
            return Some(Err(RecvError::Lagged(missed)));
        }
        match self.seen(*next, gone) {
            Some(message) => {
                *next += 1;
                Some(Ok(message))
            }
            None if self.senders == 0 => Some(Err(RecvError::Closed)),
            None => None,
        }
    }
}

/// Without a clone where this one is the last.
fn take_out<T: Clone>(message: Arc<T>) -> T {
    Arc::unwrap_or_clone(message)
}

/// Sends to every receiver. Clones send to the same.
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Sender<T> {
    /// Sends to those who receive now. Returns how many they are. Never waits: the oldest message goes where `capacity` are kept.
    ///
    /// # Errors
    /// [`SendError`] with the message, if nobody receives.
    ///
    /// ```
    /// let (sender, one) = gmp_sync::broadcast::channel(4);
    /// let two = sender.subscribe();
    /// assert_eq!(sender.send("news").unwrap(), 2);
    /// drop((one, two));
    /// assert_eq!(sender.send("to nobody").unwrap_err().0, "to nobody");
    /// ```
    pub fn send(&self, message: T) -> Result<usize, SendError<T>> {
        let message = Arc::new(message);
        let mut wakes = Wakes::new();
        let mut list = self.shared.list.lock();
        let receivers = list.receivers;
        if receivers == 0 {
            drop(list);
            return Err(SendError(match Arc::into_inner(message) {
                Some(message) => message,
                None => unreachable!("nobody else has it"),
            }));
        }
        let oldest = if list.kept.len() == list.capacity {
            list.first += 1;
            list.kept.pop_front()
        } else {
            None
        };
        list.kept.push_back(Kept {
            message,
            unseen: receivers,
        });
        list.pop_all(&mut wakes, |()| {});
        drop(list);
        drop(oldest);
        wakes.wake();
        Ok(receivers)
    }

    /// A receiver of what is sent from now on.
    ///
    /// ```
    /// let (sender, _receiver) = gmp_sync::broadcast::channel(4);
    /// sender.send(1).unwrap();
    /// let mut late = sender.subscribe();
    /// sender.send(2).unwrap();
    /// assert_eq!(late.try_recv(), Ok(2));
    /// ```
    pub fn subscribe(&self) -> Receiver<T> {
        subscribe(&self.shared)
    }

    /// How many receive.
    pub fn receiver_count(&self) -> usize {
        self.shared.list.lock().receivers
    }
}

fn subscribe<T>(shared: &Arc<Shared<T>>) -> Receiver<T> {
    let mut list = shared.list.lock();
    list.receivers += 1;
    Receiver {
        next: list.end(),
        shared: shared.clone(),
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.shared.list.lock().senders += 1;
        Sender {
            shared: self.shared.clone(),
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut wakes = Wakes::new();
        let mut list = self.shared.list.lock();
        list.senders -= 1;
        if list.senders == 0 && !mutant("last_broadcaster_goes_silently") {
            list.pop_all(&mut wakes, |()| {});
        }
        drop(list);
        wakes.wake();
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

/// Receives every message that is sent while it lives.
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
    /// The number of its next message.
    next: u64,
}

impl<T> Receiver<T> {
    /// A receiver of what is sent from now on.
    pub fn resubscribe(&self) -> Receiver<T> {
        subscribe(&self.shared)
    }

    /// How many messages are there for it, with those that it has missed.
    pub fn len(&self) -> usize {
        usize::try_from(self.shared.list.lock().end() - self.next).unwrap_or(usize::MAX)
    }

    /// There is no message for it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T: Clone> Receiver<T> {
    /// Waits for the next message.
    ///
    /// # Errors
    /// [`RecvError::Lagged`] if it was too slow and messages are gone: the next call gives the oldest that is kept.
    /// [`RecvError::Closed`] when all senders are gone and all messages are received.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use gmp_sync::broadcast::{RecvError, channel};
    /// let (sender, mut receiver) = channel(2);
    /// (1..=3).for_each(|n| drop(sender.send(n)));
    /// drop(sender);
    /// assert_eq!(receiver.recv().await, Err(RecvError::Lagged(1)));
    /// assert_eq!(receiver.recv().await, Ok(2));
    /// assert_eq!(receiver.recv().await, Ok(3));
    /// assert_eq!(receiver.recv().await, Err(RecvError::Closed));
    /// # });
    /// ```
    #[track_caller]
    pub fn recv(&mut self) -> Recv<'_, T> {
        Recv {
            waiting: Waiting::new(&*self.shared),
            next: &mut self.next,
            site: Location::caller(),
        }
    }

    /// The next message, if it is there.
    ///
    /// # Errors
    /// [`TryRecvError`]: it is not there, or messages are gone.
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let mut gone = Vec::new();
        let mut list = self.shared.list.lock();
        let taken = list.take(&mut self.next, &mut gone);
        drop(list);
        drop(gone);
        match taken {
            Some(Ok(message)) => Ok(take_out(message)),
            Some(Err(RecvError::Closed)) => Err(TryRecvError::Closed),
            Some(Err(RecvError::Lagged(missed))) => Err(TryRecvError::Lagged(missed)),
            None => Err(TryRecvError::Empty),
        }
    }

    /// As [`recv`](Self::recv), on this thread. Inside of a task the processor is handed off meanwhile.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    #[cfg(not(gmp_loom))]
    #[track_caller]
    pub fn recv_blocking(&mut self) -> Result<T, RecvError> {
        gmp_executor::block_on(self.recv())
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        // Declared first, dropped last: messages go when the lock is free.
        let mut gone = Vec::new();
        let mut list = self.shared.list.lock();
        list.receivers -= 1;
        if mutant("receiver_leaves_its_share") {
            return;
        }
        for number in self.next.max(list.first)..list.end() {
            // The clone is not the last one: `gone` has that.
            drop(list.seen(number, &mut gone));
        }
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}

/// The future of [`Receiver::recv`].
#[must_use = "futures do nothing unless awaited"]
#[pin_project]
pub struct Recv<'a, T> {
    #[pin]
    waiting: Waiting<&'a Shared<T>>,
    next: &'a mut u64,
    site: &'static Location<'static>,
}

impl<T: Clone> Future for Recv<'_, T> {
    type Output = Result<T, RecvError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let proceed = ready!(poll_proceed(cx));
        let mut this = self.project();
        // The waker is cloned before the lock is taken (W4).
        let waiter = Waiter::new(cx.waker());
        let mut gone = Vec::new();
        let mut turn = this.waiting.as_mut().turn();
        let Some(taken) = turn.list.take(this.next, &mut gone) else {
            turn.wait(Some(waiter));
            note(this.site, Reason::Channel);
            return Poll::Pending;
        };
        turn.leave();
        drop(gone);
        proceed.made_progress();
        Poll::Ready(taken.map(take_out))
    }
}

impl<T> fmt::Debug for Recv<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recv").finish_non_exhaustive()
    }
}

/// Why no message was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecvError {
    /// All senders are gone.
    Closed,
    /// So many messages were missed.
    Lagged(u64),
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecvError::Closed => f.write_str("channel closed"),
            RecvError::Lagged(missed) => write!(f, "missed {missed} messages"),
        }
    }
}

impl std::error::Error for RecvError {}

/// Why there was no message at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryRecvError {
    /// There is none yet.
    Empty,
    /// All senders are gone.
    Closed,
    /// So many messages were missed.
    Lagged(u64),
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TryRecvError::Empty => f.write_str("channel empty"),
            TryRecvError::Closed => f.write_str("channel closed"),
            TryRecvError::Lagged(missed) => write!(f, "missed {missed} messages"),
        }
    }
}

impl std::error::Error for TryRecvError {}

#[cfg(all(test, gmp_loom))]
mod models;
#[cfg(all(test, not(gmp_loom)))]
mod tests;
