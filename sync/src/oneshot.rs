//! A channel for one value.
//!
//! # How it works
//! Both ends share one allocation with a word of flags. The value, and a place for a waker on either side, are cells
//! whose owner the word names.
//!
//! # Invariants
//! - O1: the value is the sender's until `VALUE` is set, the receiver's afterwards.
//! - O2: a side's waker is that side's own while its `WAITS` flag is clear and what it waits for has not happened. Setting
//!   the flag gives the cell to the other side. The exchange that makes it happen clears the flag: whoever
//!   clears it owns the cell.
//!
//! # Memory ordering
//! All changes are exchanges with `AcqRel`, all loads acquire: an owner sees what the former owner wrote.

mod word;

use std::{
    fmt,
    future::poll_fn,
    panic::Location,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use self::word::{RECEIVER, SENDER, Side, Word};
use crate::{
    shim::UnsafeCell,
    shim::{Reason, Waiter, mutant, note, poll_proceed},
};

/// A channel for one value. (Go: `make(chan T, 1)`, used once)
///
/// ```
/// # futures::executor::block_on(async {
/// use gmp_sync::oneshot;
/// let (sender, receiver) = oneshot::channel();
/// sender.send(7).unwrap();
/// assert_eq!(receiver.await, Ok(7));
/// # });
/// ```
#[track_caller]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let core = Arc::new(Core {
        word: Word::new(),
        value: UnsafeCell::new(None),
        receiver: UnsafeCell::new(None),
        sender: UnsafeCell::new(None),
    });
    let sender = Sender {
        core: Some(core.clone()),
    };
    let receiver = Receiver {
        core,
        site: Location::caller(),
    };
    (sender, receiver)
}

struct Core<T> {
    word: Word,
    value: UnsafeCell<Option<T>>,
    /// Who is woken when there is a value, or never will be.
    receiver: UnsafeCell<Option<Waiter>>,
    /// Who is woken when the receiver is gone.
    sender: UnsafeCell<Option<Waiter>>,
}

// SAFETY: O1, O2: at any time each cell has one owner. The value goes from thread to thread.
unsafe impl<T: Send> Send for Core<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Core<T> {}

impl<T> Core<T> {
    fn cell(&self, side: &Side) -> &UnsafeCell<Option<Waiter>> {
        if side.is_sender {
            &self.sender
        } else {
            &self.receiver
        }
    }

    /// Remembers whom to wake. False: what the side waits for has happened.
    fn register(&self, side: &Side, cx: &Context<'_>) -> bool {
        if !self.word.take_back(side) {
            return false;
        }
        let waiter = Waiter::new(cx.waker());
        let stale = self.cell(side).with_mut(|cell| {
            // SAFETY: O2: the flag is clear, and it has not happened: only this side sets the flag, and the other does not
            // touch the cell without it.
            unsafe { &mut *cell }.replace(waiter)
        });
        drop(stale);
        self.word.give(side)
    }

    /// Wakes the side whose flag this one's exchange cleared.
    fn wake(&self, side: &Side) {
        let waiter = self.cell(side).with_mut(|cell| {
            // SAFETY: O2: by the caller.
            unsafe { &mut *cell }.take()
        });
        if let Some(waiter) = waiter {
            waiter.wake();
        }
    }

    /// By the receiver, when `VALUE` is set; by the sender, while it is not.
    fn take(&self) -> Option<T> {
        self.value.with_mut(|value| {
            // SAFETY: O1.
            unsafe { &mut *value }.take()
        })
    }
}

/// Sends the value, or says that none will come, by being dropped.
pub struct Sender<T> {
    /// `None` after sending.
    core: Option<Arc<Core<T>>>,
}

impl<T> Sender<T> {
    /// Sends. Never waits.
    ///
    /// # Errors
    /// The value, if the receiver is gone or closed.
    ///
    /// ```
    /// let (sender, receiver) = gmp_sync::oneshot::channel();
    /// drop(receiver);
    /// assert_eq!(sender.send("nobody wants it"), Err("nobody wants it"));
    /// ```
    pub fn send(mut self, value: T) -> Result<(), T> {
        let core = self.core.take().expect("a sender sends once");
        core.value.with_mut(|place| {
            // SAFETY: O1: `VALUE` is set below, and only by a sender, which this consumes.
            unsafe { *place = Some(value) };
        });
        match core.word.send() {
            Some(receiver_waits) => {
                if receiver_waits {
                    core.wake(&RECEIVER);
                }
                Ok(())
            }
            // `VALUE` was not set.
            None => Err(core.take().expect("the value is where it was put")),
        }
    }

    fn core(&self) -> &Core<T> {
        self.core.as_ref().expect("a sender sends once")
    }

    /// The receiver is gone or closed.
    pub fn is_closed(&self) -> bool {
        self.core().word.is_over(&SENDER)
    }

    /// Waits until the receiver is gone or closed.
    ///
    /// # Cancel safety
    /// It only watches.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let (mut sender, receiver) = gmp_sync::oneshot::channel::<u8>();
    /// futures::join!(sender.closed(), async { drop(receiver) });
    /// assert!(sender.is_closed());
    /// # });
    /// ```
    #[track_caller]
    pub fn closed(&mut self) -> impl Future<Output = ()> + use<'_, T> {
        let site = Location::caller();
        let core = self.core.as_ref().expect("a sender sends once");
        poll_fn(move |cx| {
            let proceed = ready!(poll_proceed(cx));
            if core.word.is_over(&SENDER) || !core.register(&SENDER, cx) {
                proceed.made_progress();
                return Poll::Ready(());
            }
            note(site, Reason::Channel);
            Poll::Pending
        })
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if let Some(core) = &self.core {
            if core.word.sender_goes() && !mutant("sender_goes_silently") {
                core.wake(&RECEIVER);
            }
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

/// A future that gives the value.
///
/// # Cancel safety
/// Polled by reference it loses nothing.
#[must_use = "futures do nothing unless awaited"]
pub struct Receiver<T> {
    core: Arc<Core<T>>,
    site: &'static Location<'static>,
}

// It is not pinned by its value.
impl<T> Unpin for Receiver<T> {}

impl<T> Receiver<T> {
    /// The value, if it is there.
    ///
    /// # Errors
    /// [`TryRecvError`]: it is not there yet, or never will be.
    ///
    /// ```
    /// use gmp_sync::oneshot::{TryRecvError, channel};
    /// let (sender, mut receiver) = channel();
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    /// sender.send(1).unwrap();
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// ```
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        if !self.core.word.is_over(&RECEIVER) {
            return if self.core.word.is_over(&SENDER) {
                Err(TryRecvError::Closed)
            } else {
                Err(TryRecvError::Empty)
            };
        }
        let value = self.core.word.has_value().then(|| self.core.take());
        value.flatten().ok_or(TryRecvError::Closed)
    }

    /// No value can be sent any more. One that was sent can still be received.
    ///
    /// ```
    /// let (sender, mut receiver) = gmp_sync::oneshot::channel();
    /// receiver.close();
    /// assert!(sender.send(1).is_err());
    /// ```
    pub fn close(&mut self) {
        if self.core.word.receiver_goes() && !mutant("receiver_goes_silently") {
            self.core.wake(&SENDER);
        }
    }

    /// Waits on this thread. Inside of a task the processor is handed off meanwhile.
    ///
    /// # Errors
    /// [`RecvError`]: the sender is gone.
    #[cfg(not(gmp_loom))]
    pub fn recv_blocking(self) -> Result<T, RecvError> {
        gmp_executor::block_on(self)
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, RecvError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let proceed = ready!(poll_proceed(cx));
        loop {
            let over = match self.try_recv() {
                Ok(value) => Some(Ok(value)),
                Err(TryRecvError::Closed) => Some(Err(RecvError(()))),
                Err(TryRecvError::Empty) => None,
            };
            if let Some(over) = over {
                proceed.made_progress();
                return Poll::Ready(over);
            }
            if self.core.register(&RECEIVER, cx) {
                note(self.site, Reason::Channel);
                return Poll::Pending;
            }
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.close();
        if self.core.word.has_value() || mutant("receiver_takes_without_a_look") {
            drop(self.core.take());
        }
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}

/// The sender is gone, and sent nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecvError(());

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("channel closed")
    }
}

impl std::error::Error for RecvError {}

/// Why there was no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryRecvError {
    /// Not yet.
    Empty,
    /// It never comes: the sender is gone, the receiver was closed, or the value was received already.
    Closed,
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TryRecvError::Empty => "channel empty",
            TryRecvError::Closed => "channel closed",
        })
    }
}

impl std::error::Error for TryRecvError {}

#[cfg(all(test, gmp_loom))]
mod models;
#[cfg(all(test, not(gmp_loom)))]
mod tests;
