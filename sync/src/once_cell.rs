//! A value that is made once, by a future.

use std::{
    convert::Infallible,
    fmt,
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project::pin_project;

use crate::{
    shim::{OnceLock, Reason, Waiter, const_unless_loom, mutant, note, poll_proceed},
    wait_list::{WaitList, Waited, Waiting, Wakes},
};

/// A value that is made once, by a future. (Go: `sync.Once` with what it makes)
///
/// One caller at a time runs its initialiser; where that fails, panics or is dropped, one of those who wait runs its own.
///
/// ```
/// # futures::executor::block_on(async {
/// use gmp_sync::OnceCell;
/// static ANSWER: OnceCell<u32> = OnceCell::new();
/// assert_eq!(*ANSWER.get_or_init(|| async { 42 }).await, 42);
/// assert_eq!(*ANSWER.get_or_init(|| async { unreachable!() }).await, 42);
/// # });
/// ```
pub struct OnceCell<T> {
    /// Set by who has the [`Turn`], or under the lock while nobody has it.
    value: OnceLock<T>,
    list: WaitList<Running, ()>,
}

/// Somebody runs its initialiser.
pub(crate) struct Running(bool);

// SAFETY: the list is a field.
unsafe impl<T> Waited for OnceCell<T> {
    type State = Running;
    type Data = ();

    fn wait_list(&self) -> &WaitList<Running, ()> {
        &self.list
    }
}

impl<T> OnceCell<T> {
    const_unless_loom! {
        /// A cell without a value.
        pub fn new() -> OnceCell<T> {
            OnceCell {
                value: OnceLock::new(),
                list: WaitList::new(Running(false)),
            }
        }
    }

    /// The value, if there is one.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        self.value.get()
    }

    /// The value, if there is one.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.value.get_mut()
    }

    /// Sets the value.
    ///
    /// # Errors
    /// [`SetError`] with the value, if there is one already or somebody makes one now.
    ///
    /// ```
    /// let cell = gmp_sync::OnceCell::new();
    /// assert!(cell.set(1).is_ok());
    /// assert_eq!(cell.set(2).unwrap_err().0, 2);
    /// assert_eq!(cell.get(), Some(&1));
    /// ```
    pub fn set(&self, value: T) -> Result<(), SetError<T>> {
        let running = self.list.lock();
        if running.0 {
            drop(running);
            return Err(SetError(value));
        }
        let set = self.value.set(value);
        drop(running);
        set.map_err(SetError)
    }

    /// The value; made by `init` if there is none.
    ///
    /// # Cancel safety
    /// Where it is dropped while `init` runs, that is dropped too, and somebody else who waits runs its own.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use gmp_sync::OnceCell;
    /// static NAME: OnceCell<String> = OnceCell::new();
    /// let name = NAME.get_or_init(|| async { String::from("looked up once") }).await;
    /// assert_eq!(NAME.get(), Some(name));
    /// # });
    /// ```
    #[track_caller]
    pub fn get_or_init<'a, F, I>(
        &'a self,
        init: F,
    ) -> impl Future<Output = &'a T> + use<'a, T, F, I>
    where
        F: FnOnce() -> I,
        I: Future<Output = T>,
    {
        let site = Location::caller();
        async move {
            if let Some(value) = self.get() {
                return value;
            }
            let init = || async { Ok::<T, Infallible>(init().await) };
            match self.initialise(init, site).await {
                Ok(value) => value,
                Err(never) => match never {},
            }
        }
    }

    /// The value; made by `init` if there is none.
    ///
    /// # Errors
    /// What `init` returned; then somebody else who waits runs its own.
    ///
    /// # Cancel safety
    /// As [`get_or_init`](Self::get_or_init).
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use gmp_sync::OnceCell;
    /// let cell = OnceCell::new();
    /// assert_eq!(cell.get_or_try_init(|| async { Err("down") }).await, Err("down"));
    /// assert_eq!(cell.get_or_try_init(|| async { Ok::<_, ()>(7) }).await, Ok(&7));
    /// # });
    /// ```
    #[track_caller]
    pub fn get_or_try_init<'a, E, F, I>(
        &'a self,
        init: F,
    ) -> impl Future<Output = Result<&'a T, E>> + use<'a, T, E, F, I>
    where
        F: FnOnce() -> I,
        I: Future<Output = Result<T, E>>,
    {
        let site = Location::caller();
        async move {
            match self.get() {
                Some(value) => Ok(value),
                None => self.initialise(init, site).await,
            }
        }
    }

    pub(crate) async fn initialise<E, F, I>(
        &self,
        init: F,
        site: &'static Location<'static>,
    ) -> Result<&T, E>
    where
        F: FnOnce() -> I,
        I: Future<Output = Result<T, E>>,
    {
        let claim = Claim {
            waiting: Waiting::new(self),
            site,
        };
        let Some(turn) = claim.await else {
            return Ok(self
                .get()
                .expect("there is no turn because there is a value"));
        };
        let value = init().await?;
        self.complete(value);
        drop(turn);
        Ok(self.get().expect("it was just set"))
    }

    /// By who has the turn, or otherwise knows that nobody else sets it.
    pub(crate) fn complete(&self, value: T) {
        if self.value.set(value).is_err() {
            unreachable!("who has the turn is alone");
        }
    }

    /// The value.
    pub fn into_inner(self) -> Option<T> {
        self.value.into_inner()
    }

    /// Takes the value out; the cell can be set again.
    pub fn take(&mut self) -> Option<T> {
        self.value.take()
    }
}

impl<T> Default for OnceCell<T> {
    fn default() -> Self {
        OnceCell::new()
    }
}

impl<T> From<T> for OnceCell<T> {
    fn from(value: T) -> Self {
        OnceCell {
            value: OnceLock::from(value),
            list: WaitList::new(Running(false)),
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for OnceCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnceCell")
            .field("value", &self.get())
            .finish_non_exhaustive()
    }
}

/// The right to run an initialiser. However it ends, those who wait look again.
struct Turn<'a>(&'a WaitList<Running, ()>);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut wakes = Wakes::new();
        let mut list = self.0.lock();
        list.0 = false;
        // All of them, since the first may be one whom nobody polls.
        if !mutant("end_of_turn_wakes_nobody") {
            list.pop_all(&mut wakes, |()| {});
        }
        drop(list);
        wakes.wake();
    }
}

/// Waits until nobody runs an initialiser. `None`: there is a value.
#[pin_project]
struct Claim<'a, T> {
    #[pin]
    waiting: Waiting<&'a OnceCell<T>>,
    site: &'static Location<'static>,
}

impl<'a, T> Future for Claim<'a, T> {
    type Output = Option<Turn<'a>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let proceed = ready!(poll_proceed(cx));
        let mut this = self.project();
        let cell: &'a OnceCell<T> = this.waiting.hold();
        // The waker is cloned before the lock is taken (W4).
        let waiter = Waiter::new(cx.waker());
        let early = mutant("claim_looks_before_the_lock").then(|| cell.value.get().is_some());
        let mut turn = this.waiting.as_mut().turn();
        if early.unwrap_or_else(|| cell.value.get().is_some()) {
            turn.leave();
            proceed.made_progress();
            return Poll::Ready(None);
        }
        if !turn.list.0 {
            turn.list.0 = true;
            turn.leave();
            proceed.made_progress();
            return Poll::Ready(Some(Turn(&cell.list)));
        }
        turn.wait(Some(waiter));
        note(this.site, Reason::Once);
        Poll::Pending
    }
}

/// The cell had a value, or somebody made one. With the value that was to be set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SetError<T>(pub T);

impl<T> fmt::Debug for SetError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetError").finish_non_exhaustive()
    }
}

impl<T> fmt::Display for SetError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the cell is set, or being set")
    }
}

impl<T> std::error::Error for SetError<T> {}

#[cfg(all(test, gmp_loom))]
mod models;
#[cfg(all(test, not(gmp_loom)))]
mod tests;
