//! The end that sends.

use std::{
    fmt,
    panic::Location,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
};

use super::{
    core::{Core, NO_SELECT, Put, Reserved, UNBOUNDED, wake},
    error::TrySendError,
    node::Node,
    reserve::{Permit, Reserve},
    send::{Send, SendFrom, list},
};

/// The end of a channel that sends. (Go: `chan<- T`)
///
/// Clones send into the same channel. When the last one is dropped the channel is closed.
pub struct Sender<T> {
    pub(super) core: Arc<Core<T>>,
    /// The item that was put into the `Sink` and is not sent yet.
    pub(super) item: Option<Pin<Box<Node<T>>>>,
}

impl<T> Sender<T> {
    pub(super) fn new(core: Arc<Core<T>>) -> Self {
        Sender { core, item: None }
    }

    /// Sends a value: waits until a receiver takes it or the buffer has room. (Go: `ch <- value`)
    ///
    /// Senders that wait are served in order. With capacity 0 it is ready when a receiver has taken the value,
    /// or a receiver that waits as a `Stream` was told of it.
    ///
    /// # Errors
    /// The value, if the channel is closed.
    ///
    /// # Cancel safety
    /// Dropped before it is ready, the value was not sent, and is dropped with it. To keep it, use
    /// [`send_from`](Self::send_from) or [`reserve`](Self::reserve). In `select!` a send that loses was not sent.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let (tx, rx) = gmp_sync::chan(1);
    /// tx.send("hello").await?;
    /// assert_eq!(rx.recv().await, Some("hello"));
    /// # Ok::<(), gmp_sync::chan::SendError<&str>>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
    pub fn send(&self, value: T) -> Send<'_, T> {
        Send::new(self, value, Location::caller())
    }

    /// Sends the value of `slot`, which is empty after that. Whatever else happens, the value is in `slot`.
    ///
    /// An empty slot has nothing to send: it waits forever, as a nil channel does in Go.
    ///
    /// # Errors
    /// If the channel is closed. The value is in `slot`.
    ///
    /// # Cancel safety
    /// Dropped before it is ready, the value is in `slot` and was not sent. So a loop around `select!` can offer one value
    /// again and again. Only a future that is forgotten ([`std::mem::forget`]) keeps the value.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let (tx, rx) = gmp_sync::chan(1);
    /// let mut slot = Some(vec![1, 2]);
    /// tx.send_from(&mut slot).await?;
    /// assert_eq!(slot, None);
    /// assert_eq!(rx.recv().await, Some(vec![1, 2]));
    /// # Ok::<(), gmp_sync::chan::SendError<()>>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
    pub fn send_from<'a>(&'a self, slot: &'a mut Option<T>) -> SendFrom<'a, T> {
        SendFrom::new(self, slot, Location::caller())
    }

    /// Sends a value if that needs no waiting: there is room in the buffer, or a receiver waits.
    ///
    /// # Errors
    /// The value, if there is no room or the channel is closed.
    ///
    /// ```
    /// let (tx, rx) = gmp_sync::chan(1);
    /// assert!(tx.try_send(1).is_ok());
    /// assert!(tx.try_send(2).unwrap_err().is_full());
    /// drop(rx);
    /// assert!(tx.try_send(3).unwrap_err().is_closed());
    /// ```
    #[inline]
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        match self.core.with(|state| state.put(value, NO_SELECT)) {
            Put::Done(waiter) => {
                wake(waiter);
                Ok(())
            }
            Put::Full(value) => Err(TrySendError::Full(value)),
            Put::Closed(value) => Err(TrySendError::Closed(value)),
        }
    }

    /// Waits for a place in the buffer and keeps it, for a value that is made when there is one.
    ///
    /// # Errors
    /// If the channel is closed.
    ///
    /// # Panics
    /// If the channel has no buffer: a rendezvous cannot be reserved. Use [`send_from`](Self::send_from) there.
    ///
    /// # Cancel safety
    /// Dropped before it is ready, no place is kept. A place that was kept and not looked at is given to the next.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let (tx, rx) = gmp_sync::chan(1);
    /// let permit = tx.reserve().await?;
    /// assert!(tx.try_send(1).is_err());
    /// permit.send(2);
    /// assert_eq!(rx.recv().await, Some(2));
    /// # Ok::<(), gmp_sync::chan::SendError<()>>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn reserve(&self) -> Reserve<'_, T> {
        self.check_buffer();
        Reserve::new(self, Location::caller())
    }

    /// Keeps a place in the buffer if there is one now.
    ///
    /// # Errors
    /// If there is no room or the channel is closed.
    ///
    /// # Panics
    /// If the channel has no buffer.
    ///
    /// ```
    /// let (tx, rx) = gmp_sync::chan(1);
    /// let permit = tx.try_reserve().unwrap();
    /// assert!(tx.try_reserve().unwrap_err().is_full());
    /// permit.send(String::from("made where there was room for it"));
    /// assert!(rx.try_recv().is_ok());
    /// ```
    #[track_caller]
    pub fn try_reserve(&self) -> Result<Permit<'_, T>, TrySendError<()>> {
        self.check_buffer();
        match self.core.with(|state| state.reserve()) {
            Reserved::Done => Ok(Permit::new(self)),
            Reserved::Full => Err(TrySendError::Full(())),
            Reserved::Closed => Err(TrySendError::Closed(())),
        }
    }

    #[track_caller]
    fn check_buffer(&self) {
        let capacity = self.core.with(|state| state.capacity());
        assert!(
            capacity > 0,
            "a channel of capacity 0 has no place to reserve; use `send` or `send_from`"
        );
    }

    /// Closes the channel for all: sends fail from now on, what is buffered is still received, then receivers get `None`.
    /// False if it was closed already. (Go: `close(ch)`, which panics then)
    ///
    /// Those who wait to send get their values back. A [`Permit`] may still be used.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let (tx, rx) = gmp_sync::chan(1);
    /// tx.try_send(1).unwrap();
    /// assert!(tx.close() && !tx.close());
    /// assert!(tx.send(2).await.is_err());
    /// assert_eq!((rx.recv().await, rx.recv().await), (Some(1), None));
    /// # });
    /// ```
    pub fn close(&self) -> bool {
        self.core.close()
    }

    /// The channel is closed: by hand, or since one end is gone.
    pub fn is_closed(&self) -> bool {
        self.core.with(|state| state.is_closed())
    }

    /// How many values are buffered. (Go: `len(ch)`)
    pub fn len(&self) -> usize {
        self.core.with(|state| state.len())
    }

    /// Nothing is buffered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// For how many values there is room, 0 for a rendezvous; `None` if there is no limit. (Go: `cap(ch)`)
    pub fn capacity(&self) -> Option<usize> {
        limit(self.core.with(|state| state.capacity()))
    }

    /// How many senders there are now.
    ///
    /// ```
    /// let (tx, rx) = gmp_sync::chan::<u8>(0);
    /// let _other = tx.clone();
    /// assert_eq!((tx.sender_count(), tx.receiver_count()), (2, 1));
    /// drop(rx);
    /// assert_eq!(tx.receiver_count(), 0);
    /// ```
    pub fn sender_count(&self) -> usize {
        self.core.senders.load(Ordering::Relaxed) as usize
    }

    /// How many receivers there are now.
    pub fn receiver_count(&self) -> usize {
        self.core.receivers.load(Ordering::Relaxed) as usize
    }

    /// Both send into one channel.
    pub fn same_channel(&self, other: &Sender<T>) -> bool {
        Arc::ptr_eq(&self.core, &other.core)
    }
}

pub(super) fn limit(capacity: usize) -> Option<usize> {
    (capacity != UNBOUNDED).then_some(capacity)
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Core::<T>::count(&self.core.senders);
        Sender::new(self.core.clone())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if let Some(item) = &self.item {
            self.core.cancel(item, list);
        }
        self.core.drop_sender();
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.core.describe(f.debug_struct("Sender"))
    }
}
