//! The end that receives.

use std::{
    fmt,
    panic::Location,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
};

use super::{
    core::{Core, NO_SELECT, Taken, wake},
    error::TryRecvError,
    many::RecvMany,
    node::Node,
    recv::Recv,
    sender::limit,
};

/// The end of a channel that receives. (Go: `<-chan T`)
///
/// Each value goes to one receiver: clones take turns. When the last one is dropped the channel is closed, and what is
/// buffered is dropped.
pub struct Receiver<T> {
    pub(super) core: Arc<Core<T>>,
    /// What the `Stream` waits with.
    pub(super) stream: Option<Pin<Box<Node<T>>>>,
}

impl<T> Receiver<T> {
    pub(super) fn new(core: Arc<Core<T>>) -> Self {
        Receiver { core, stream: None }
    }

    /// Receives the next value: waits until there is one; `None` if the channel is closed and drained.
    /// (Go: `value, ok := <-ch`)
    ///
    /// Receivers that wait are served in order.
    ///
    /// # Cancel safety
    /// Nothing is lost: if it is dropped with a value that it was given and did not return, the next receiver that waits
    /// gets it, or it goes to the front of the buffer. Where several are dropped so at once, what they were given may come in
    /// another order than it was sent. Only a future that is forgotten ([`std::mem::forget`]) while it
    /// waits goes on waiting, and keeps the value that it is given.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let (tx, rx) = gmp_sync::chan(2);
    /// tx.send(1).await?;
    /// drop(tx);
    /// assert_eq!(rx.recv().await, Some(1));
    /// assert_eq!(rx.recv().await, None);
    /// # Ok::<(), gmp_sync::chan::SendError<i32>>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    #[inline]
    pub fn recv(&self) -> Recv<'_, T> {
        Recv::new(self, Location::caller())
    }

    /// Takes a value if that needs no waiting: one is buffered, or a sender waits.
    ///
    /// # Errors
    /// If there is no value now, or the channel is closed and drained.
    ///
    /// ```
    /// use gmp_sync::chan::TryRecvError;
    /// let (tx, rx) = gmp_sync::chan(1);
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    /// tx.try_send(1)?;
    /// drop(tx);
    /// assert_eq!(rx.try_recv(), Ok(1));
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
    /// # Ok::<(), gmp_sync::chan::TrySendError<i32>>(())
    /// ```
    #[inline]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        match self.core.with(|state| state.take(NO_SELECT)) {
            Taken::Value(value, waiter) => {
                wake(waiter);
                Ok(value)
            }
            Taken::Empty => Err(TryRecvError::Empty),
            Taken::Closed => Err(TryRecvError::Closed),
        }
    }

    /// Receives up to `limit` values at once, at the end of `values`: waits for the first one, and takes what else is there.
    ///
    /// Ready with how many it received: 0 means that the channel is closed and drained, or that `limit` is 0.
    ///
    /// # Cancel safety
    /// Nothing is lost, as with [`recv`](Self::recv): dropped before it is ready, `values` is as it was.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let (tx, rx) = gmp_sync::unbounded();
    /// for i in 0..5 {
    ///     tx.send(i).await?;
    /// }
    /// let mut values = Vec::new();
    /// assert_eq!(rx.recv_many(&mut values, 3).await, 3);
    /// assert_eq!(rx.recv_many(&mut values, 3).await, 2);
    /// assert_eq!(values, [0, 1, 2, 3, 4]);
    /// # Ok::<(), gmp_sync::chan::SendError<i32>>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn recv_many<'a>(&'a self, values: &'a mut Vec<T>, limit: usize) -> RecvMany<'a, T> {
        RecvMany::new(self, values, limit, Location::caller())
    }

    /// Closes the channel for all: sends fail from now on, what is buffered can still be received. False if it was closed
    /// already.
    ///
    /// Those who wait to send get their values back. A [`Permit`](super::Permit) may still be used.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let (tx, rx) = gmp_sync::chan(1);
    /// tx.try_send(1).unwrap();
    /// rx.close();
    /// assert!(tx.is_closed());
    /// assert_eq!((rx.recv().await, rx.recv().await), (Some(1), None));
    /// # });
    /// ```
    pub fn close(&self) -> bool {
        self.core.close()
    }

    /// The channel is closed: by hand, or since one end is gone. There may be values to receive yet.
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
    pub fn sender_count(&self) -> usize {
        self.core.senders.load(Ordering::Relaxed) as usize
    }

    /// How many receivers there are now.
    ///
    /// ```
    /// let (tx, rx) = gmp_sync::chan::<u8>(0);
    /// let _other = rx.clone();
    /// assert_eq!((rx.sender_count(), rx.receiver_count()), (1, 2));
    /// drop(tx);
    /// assert_eq!(rx.sender_count(), 0);
    /// ```
    pub fn receiver_count(&self) -> usize {
        self.core.receivers.load(Ordering::Relaxed) as usize
    }

    /// Both receive from one channel.
    pub fn same_channel(&self, other: &Receiver<T>) -> bool {
        Arc::ptr_eq(&self.core, &other.core)
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Core::<T>::count(&self.core.receivers);
        Receiver::new(self.core.clone())
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        if let Some(node) = &self.stream {
            self.core.cancel_recv(node);
        }
        self.core.drop_receiver();
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.core.describe(f.debug_struct("Receiver"))
    }
}
