//! What needs the executor: waiting on a thread, and with a limit in time.

use std::{
    fmt,
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use gmp_executor::{
    block_on,
    time::{Sleep, sleep},
};
use pin_project::pin_project;

use super::{
    error::{SendError, SendTimeoutError},
    receiver::Receiver,
    send::Send,
    sender::Sender,
};
use crate::shim::{Reason, note};

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
    /// # Panics
    /// When it has to wait outside of a gmp runtime.
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    ///
    /// ```
    /// # let runtime = gmp_executor::Runtime::new()?;
    /// # runtime.block_on(async {
    /// use std::time::Duration;
    /// let (tx, _rx) = gmp_sync::chan(0);
    /// let late = tx.send_timeout(1, Duration::from_millis(1)).await.unwrap_err();
    /// assert!(late.is_timeout());
    /// assert_eq!(late.into_inner(), 1);
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn send_timeout(&self, value: T, limit: Duration) -> SendTimeout<'_, T> {
        SendTimeout {
            site: Location::caller(),
            send: self.send(value),
            sleep: sleep(limit),
        }
    }
}

impl<T> Receiver<T> {
    /// Receives the next value on a thread, which sleeps until there is one. `None` if the channel is closed and drained.
    ///
    /// Inside of a gmp task the processor goes to another thread meanwhile, so that the other tasks run on.
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
    #[pin]
    sleep: Sleep,
}

impl<T> Future for SendTimeout<'_, T> {
    type Output = Result<(), SendTimeoutError<T>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Poll::Ready(sent) = this.send.as_mut().poll(cx) {
            return Poll::Ready(sent.map_err(|SendError(value)| SendTimeoutError::Closed(value)));
        }
        if this.sleep.poll(cx).is_pending() {
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
