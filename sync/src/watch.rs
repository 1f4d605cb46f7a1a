//! A value that changes, and those who watch it. (tokio: `sync::watch`)
//!
//! # How it works
//! The value stands behind a reader-writer lock, and its version beside it; the version is raised while the write lock is held. A
//! receiver is the version that it has seen. It looks at the version under the lock of the list before it queues there, and whoever
//! changes the value takes that lock after raising the version: so the receiver sees the change or is in the
//! list when it is woken.

pub use crate::chan::SendError;
use std::{
    fmt,
    ops::Deref,
    panic::Location,
    pin::Pin,
    sync::{Arc, PoisonError},
    task::{Context, Poll, ready},
};

use pin_project::pin_project;

use crate::{
    Notify,
    shim::{
        AtomicUsize, Ordering, Reason, RwLock, RwLockReadGuard, Waiter, mutant, note, poll_proceed,
        proceed,
    },
    wait_list::{WaitList, Waited, Waiting, Wakes},
};

/// A value that changes. Receivers see the latest; what comes in between they may miss. (tokio: `sync::watch`)
///
/// ```
/// # futures::executor::block_on(async {
/// use gmp_sync::watch;
/// let (sender, mut receiver) = watch::channel("old");
/// sender.send("new").unwrap();
/// receiver.changed().await.unwrap();
/// assert_eq!(*receiver.borrow_and_update(), "new");
/// # });
/// ```
pub fn channel<T>(value: T) -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Shared {
        value: RwLock::new(value),
        version: AtomicUsize::new(0),
        senders: AtomicUsize::new(1),
        receivers: AtomicUsize::new(1),
        list: WaitList::new(()),
        left: Notify::new(),
    });
    let receiver = Receiver {
        shared: shared.clone(),
        seen: 0,
    };
    (Sender { shared }, receiver)
}

struct Shared<T> {
    value: RwLock<T>,
    /// How often the value was changed. Raised under the write lock.
    version: AtomicUsize,
    senders: AtomicUsize,
    receivers: AtomicUsize,
    /// The receivers that wait for a change.
    list: WaitList<(), ()>,
    /// Tells senders that the last receiver is gone.
    left: Notify,
}

// SAFETY: the list is a field.
unsafe impl<T> Waited for Shared<T> {
    type State = ();
    type Data = ();

    fn wait_list(&self) -> &WaitList<(), ()> {
        &self.list
    }
}

impl<T> Shared<T> {
    fn version(&self) -> usize {
        // Ordering: who sees a version sees what its sender did before.
        self.version.load(Ordering::Acquire)
    }

    fn borrow(&self) -> Ref<'_, T> {
        // A modification that panicked has left what it left, as with a value that is no lock's.
        let value = self.value.read().unwrap_or_else(PoisonError::into_inner);
        Ref {
            // The version does not change while the value is locked.
            version: self.version(),
            value,
        }
    }

    fn borrow_if(&self, seen: &mut usize, accepts: impl FnOnce(&T) -> bool) -> Option<Ref<'_, T>> {
        let value = self.borrow();
        *seen = value.version;
        accepts(&value).then_some(value)
    }

    fn is_closed(&self) -> bool {
        self.senders.load(Ordering::Acquire) == 0
    }

    fn wake_all(&self) {
        let mut wakes = Wakes::new();
        self.list.lock().pop_all(&mut wakes, |()| {});
        wakes.wake();
    }
}

/// The value, borrowed. Senders wait meanwhile, with their threads: do not keep it across an await.
#[must_use]
#[clippy::has_significant_drop]
pub struct Ref<'a, T> {
    value: RwLockReadGuard<'a, T>,
    version: usize,
}

impl<T> Deref for Ref<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Ref<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// Changes the value. Clones change the same.
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Sender<T> {
    /// Sets the value and tells all receivers.
    ///
    /// # Errors
    /// [`SendError`] with the value, if there is no receiver; then nothing is set.
    ///
    /// ```
    /// let (sender, receiver) = gmp_sync::watch::channel(1);
    /// sender.send(2).unwrap();
    /// assert_eq!(*receiver.borrow(), 2);
    /// drop(receiver);
    /// assert!(sender.send(3).is_err());
    /// ```
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        if self.receiver_count() == 0 {
            return Err(SendError(value));
        }
        self.send_replace(value);
        Ok(())
    }

    /// Sets the value, also without receivers, and returns the old one.
    pub fn send_replace(&self, mut value: T) -> T {
        self.send_modify(|current| std::mem::swap(current, &mut value));
        value
    }

    /// Changes the value in place, under its lock, and tells all receivers.
    pub fn send_modify(&self, modify: impl FnOnce(&mut T)) {
        self.send_if_modified(|value| {
            modify(value);
            true
        });
    }

    /// Changes the value in place, under its lock. Receivers are told if `modify` returns true.
    ///
    /// ```
    /// let (sender, receiver) = gmp_sync::watch::channel(7);
    /// let raise = |to: i32| sender.send_if_modified(|highest| {
    ///     let raised = to > *highest;
    ///     *highest = to.max(*highest);
    ///     raised
    /// });
    /// assert!(!raise(5) && receiver.has_changed() == Ok(false));
    /// assert!(raise(9) && receiver.has_changed() == Ok(true));
    /// ```
    pub fn send_if_modified(&self, modify: impl FnOnce(&mut T) -> bool) -> bool {
        let mut value = self
            .shared
            .value
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let modified = modify(&mut value);
        if modified {
            // Ordering: pairs with `version`.
            self.shared.version.fetch_add(1, Ordering::Release);
        }
        drop(value);
        if modified {
            self.shared.wake_all();
        }
        modified
    }

    /// The value.
    pub fn borrow(&self) -> Ref<'_, T> {
        self.shared.borrow()
    }

    /// A receiver that has seen the current value.
    pub fn subscribe(&self) -> Receiver<T> {
        self.shared.receivers.fetch_add(1, Ordering::Relaxed);
        Receiver {
            seen: self.shared.version(),
            shared: self.shared.clone(),
        }
    }

    /// How many receivers there are.
    pub fn receiver_count(&self) -> usize {
        self.shared.receivers.load(Ordering::Acquire)
    }

    /// There is no receiver.
    pub fn is_closed(&self) -> bool {
        self.receiver_count() == 0
    }

    /// Waits until there is no receiver.
    ///
    /// # Cancel safety
    /// It only watches.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let (sender, receiver) = gmp_sync::watch::channel(0);
    /// futures::join!(sender.closed(), async { drop(receiver) });
    /// assert!(sender.is_closed());
    /// # });
    /// ```
    #[track_caller]
    pub fn closed(&self) -> impl Future<Output = ()> + use<'_, T> {
        let first = self.shared.left.notified();
        async move {
            let mut left = first;
            proceed().await;
            while !self.is_closed() {
                left.await;
                left = self.shared.left.notified();
            }
        }
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.shared.senders.fetch_add(1, Ordering::Relaxed);
        Sender {
            shared: self.shared.clone(),
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if self.shared.senders.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.shared.wake_all();
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

/// Watches the value. A clone has seen what the original has.
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
    seen: usize,
}

impl<T> Receiver<T> {
    /// The value. It does not count as seen.
    pub fn borrow(&self) -> Ref<'_, T> {
        self.shared.borrow()
    }

    /// The value, which counts as seen.
    ///
    /// ```
    /// let (sender, mut receiver) = gmp_sync::watch::channel(1);
    /// sender.send(2).unwrap();
    /// assert_eq!((*receiver.borrow(), receiver.has_changed()), (2, Ok(true)));
    /// assert_eq!(*receiver.borrow_and_update(), 2);
    /// assert_eq!(receiver.has_changed(), Ok(false));
    /// ```
    pub fn borrow_and_update(&mut self) -> Ref<'_, T> {
        let value = self.shared.borrow();
        self.seen = value.version;
        value
    }

    /// There is a value that was not seen.
    ///
    /// # Errors
    /// [`RecvError`]: all senders are gone, and the last value was seen.
    pub fn has_changed(&self) -> Result<bool, RecvError> {
        let early = mutant("has_changed_looks_at_the_version_first").then(|| self.shared.version());
        // In this order: what the last sender did is seen.
        let closed = self.shared.is_closed();
        let version = early.unwrap_or_else(|| self.shared.version());
        match (version != self.seen, closed) {
            (false, true) => Err(RecvError(())),
            (changed, _) => Ok(changed),
        }
    }

    /// The current value counts as not seen.
    pub fn mark_changed(&mut self) {
        self.seen = self.shared.version().wrapping_sub(1);
    }

    /// The current value counts as seen.
    pub fn mark_unchanged(&mut self) {
        self.seen = self.shared.version();
    }

    /// Waits until there is a value that was not seen; it counts as seen then.
    ///
    /// # Errors
    /// [`RecvError`]: all senders are gone, and the last value was seen.
    ///
    /// # Cancel safety
    /// A value counts as seen only when this is ready.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let (sender, mut receiver) = gmp_sync::watch::channel(1);
    /// sender.send(2).unwrap();
    /// sender.send(3).unwrap();
    /// drop(sender);
    /// // Once for both; then nothing comes any more.
    /// assert!(receiver.changed().await.is_ok() && *receiver.borrow() == 3);
    /// assert!(receiver.changed().await.is_err());
    /// # });
    /// ```
    #[track_caller]
    pub fn changed(&mut self) -> Changed<'_, T> {
        Changed {
            waiting: Waiting::new(&*self.shared),
            seen: &mut self.seen,
            site: Location::caller(),
        }
    }

    /// Waits until the value is one that `accepts` says yes to: the current one, or a later one. It is called under the
    /// value's lock.
    ///
    /// # Errors
    /// [`RecvError`]: all senders are gone, and the last value was none.
    ///
    /// # Cancel safety
    /// Values that were refused count as seen.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let (sender, mut receiver) = gmp_sync::watch::channel(0);
    /// let climbs = async { (1..=5).for_each(|n| drop(sender.send(n))) };
    /// let (seen, ()) = futures::join!(receiver.wait_for(|n| *n >= 5), climbs);
    /// assert_eq!(*seen.unwrap(), 5);
    /// # });
    /// ```
    #[track_caller]
    pub fn wait_for<'a, P>(
        &'a mut self,
        mut accepts: P,
    ) -> impl Future<Output = Result<Ref<'a, T>, RecvError>> + use<'a, T, P>
    where
        P: FnMut(&T) -> bool,
    {
        let site = Location::caller();
        let shared: &'a Shared<T> = &self.shared;
        let seen = &mut self.seen;
        async move {
            loop {
                proceed().await;
                // In a function of its own, since a borrowed guard would count as held across the await.
                if let Some(value) = shared.borrow_if(seen, &mut accepts) {
                    return Ok(value);
                }
                let changed = Changed {
                    waiting: Waiting::new(shared),
                    seen: &mut *seen,
                    site,
                };
                changed.await?;
            }
        }
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        self.shared.receivers.fetch_add(1, Ordering::Relaxed);
        Receiver {
            shared: self.shared.clone(),
            seen: self.seen,
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        if self.shared.receivers.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.shared.left.notify_waiters();
        }
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}

/// The future of [`Receiver::changed`].
#[must_use = "futures do nothing unless awaited"]
#[pin_project]
pub struct Changed<'a, T> {
    #[pin]
    waiting: Waiting<&'a Shared<T>>,
    seen: &'a mut usize,
    site: &'static Location<'static>,
}

impl<T> Future for Changed<'_, T> {
    type Output = Result<(), RecvError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let proceed = ready!(poll_proceed(cx));
        let mut this = self.project();
        let shared = *this.waiting.hold();
        // The waker is cloned before the lock is taken (W4).
        let waiter = Waiter::new(cx.waker());
        let early = mutant("changed_looks_before_the_lock").then(|| shared.version());
        let turn = this.waiting.as_mut().turn();
        // In this order: what the last sender did is seen.
        let closed = shared.is_closed();
        let version = early.unwrap_or_else(|| shared.version());
        if version == **this.seen && !closed {
            turn.wait(Some(waiter));
            note(this.site, Reason::Channel);
            return Poll::Pending;
        }
        turn.leave();
        proceed.made_progress();
        if version == **this.seen {
            return Poll::Ready(Err(RecvError(())));
        }
        **this.seen = version;
        Poll::Ready(Ok(()))
    }
}

impl<T> fmt::Debug for Changed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changed").finish_non_exhaustive()
    }
}

/// All senders are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecvError(());

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("channel closed")
    }
}

impl std::error::Error for RecvError {}

#[cfg(all(test, gmp_loom))]
mod models;
#[cfg(all(test, not(gmp_loom)))]
mod tests;
