//! What needs the executor: waiting on a thread, and with a limit in time.

use std::{
    fmt,
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use gmp_executor::{
    Handle, block_on,
    time::{Sleep, sleep_until},
};
use pin_project::pin_project;

use super::{
    error::{SendError, SendTimeoutError},
    receiver::Receiver,
    send::Send,
    sender::Sender,
};
use crate::{
    alarm::Alarm,
    clock,
    shim::{Reason, note},
};

impl<T> Sender<T> {
    /// Sends a value from a thread, which sleeps until it is sent.
    ///
    /// Inside of a gmp task the processor goes to another thread meanwhile, so that the other tasks run on.
    ///
    /// # Errors
    /// The value, if the channel is closed.
    ///
    /// ```
    /// let (tx, rx) = gmp_sync::chan(0);
    /// let thread = std::thread::spawn(move || tx.send_blocking(1));
    /// assert_eq!(rx.recv_blocking(), Some(1));
    /// assert!(thread.join().unwrap().is_ok());
    /// ```
    #[track_caller]
    pub fn send_blocking(&self, value: T) -> Result<(), SendError<T>> {
        block_on(self.send(value))
    }

    /// Sends a value, if that happens within `limit`.
    ///
    /// # Errors
    /// The value, if the time is over first or the channel is closed.
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use std::time::Duration;
    /// let (tx, _rx) = gmp_sync::chan(0);
    /// let late = tx.send_timeout(1, Duration::from_millis(1)).await.unwrap_err();
    /// assert!(late.is_timeout());
    /// assert_eq!(late.into_inner(), 1);
    /// # });
    /// ```
    #[track_caller]
    pub fn send_timeout(&self, value: T, limit: Duration) -> SendTimeout<'_, T> {
        SendTimeout {
            site: Location::caller(),
            send: self.send(value),
            end: clock::now().checked_add(limit),
            limit: Limit::Unknown,
        }
    }
}

impl<T> Receiver<T> {
    /// Receives the next value on a thread, which sleeps until there is one. `None` if the channel is closed and drained.
    ///
    /// Inside of a gmp task the processor goes to another thread meanwhile, so that the other tasks run on.
    ///
    /// ```
    /// let (tx, rx) = gmp_sync::chan(0);
    /// std::thread::spawn(move || tx.send_blocking("hello"));
    /// assert_eq!(rx.recv_blocking(), Some("hello"));
    /// assert_eq!(rx.recv_blocking(), None);
    /// ```
    #[track_caller]
    pub fn recv_blocking(&self) -> Option<T> {
        block_on(self.recv())
    }
}

/// The future of [`Sender::send_timeout`].
#[must_use = "futures do nothing unless awaited"]
#[pin_project]
pub struct SendTimeout<'a, T> {
    site: &'static Location<'static>,
    #[pin]
    send: Send<'a, T>,
    /// `None`: beyond what the clock can say.
    end: Option<Instant>,
    limit: Limit,
}

/// What wakes it when the time is over: known when it must wait.
enum Limit {
    Unknown,
    /// Inside of a gmp runtime.
    Timer(Sleep),
    /// Elsewhere. For the waker of the last poll.
    Alarm {
        _set: Alarm,
    },
}

impl Limit {
    /// The time is over; or `cx` is woken when it is.
    fn poll(&mut self, end: Option<Instant>, cx: &mut Context<'_>) -> bool {
        let Some(end) = end else { return false };
        if clock::now() >= end {
            return true;
        }
        if let Limit::Unknown = self {
            if Handle::try_current().is_some() {
                *self = Limit::Timer(sleep_until(end));
            }
        }
        if let Limit::Timer(sleep) = self {
            return Pin::new(sleep).poll(cx).is_ready();
        }
        // It may have rung early: see `alarm`.
        *self = Limit::Alarm {
            _set: Alarm::set(end, cx.waker().clone()),
        };
        false
    }
}

impl<T> Future for SendTimeout<'_, T> {
    type Output = Result<(), SendTimeoutError<T>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Poll::Ready(sent) = this.send.as_mut().poll(cx) {
            return Poll::Ready(sent.map_err(|SendError(value)| SendTimeoutError::Closed(value)));
        }
        if !this.limit.poll(*this.end, cx) {
            note(this.site, Reason::Channel);
            return Poll::Pending;
        }
        // It may have been sent between the two polls.
        let unsent = this.send.take_back();
        Poll::Ready(unsent.map_or(Ok(()), |value| Err(SendTimeoutError::Timeout(value))))
    }
}

impl<T> fmt::Debug for SendTimeout<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendTimeout").finish_non_exhaustive()
    }
}
