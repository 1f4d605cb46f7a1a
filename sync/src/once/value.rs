//! A future whose value many ask for.
//!
//! # How it works
//! Whoever asks polls the future, if nobody else polls it at that moment. Its waker wakes all who ask, so it goes on as long as one of
//! them is polled; which one does not matter.
//!
//! The future stands behind a lock that is only ever *tried*. One who is woken while another polls finds the lock taken, and waits
//! again. So a wake sets [`State::again`], and who polled looks at that after it let go of the lock, and then wakes all once more.

use std::{
    any::Any,
    fmt,
    panic::{AssertUnwindSafe, Location, catch_unwind, panic_any, resume_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker, ready},
};

use pin_project::pin_project;

use crate::{
    shim::{Mutex, OnceLock, Reason, Waiter, mutant, note, poll_proceed},
    wait_list::{WaitList, Waited, Waiting, Wakes},
};

/// A future that is run once, by those who ask for its value. (Go: `sync.OnceValue`)
///
/// Where one of those who ask is dropped or no longer polled, the others go on where it stood. Nobody runs it if nobody asks.
///
/// ```
/// # futures::executor::block_on(async {
/// use gmp_sync::OnceValue;
/// let config = OnceValue::new(async { String::from("read once") });
/// assert_eq!(config.get().await, "read once");
/// assert_eq!(config.get().await, "read once");
/// # });
/// ```
pub struct OnceValue<F: Future> {
    value: OnceLock<F::Output>,
    /// `None` when it has ended.
    future: Mutex<Option<Pin<Box<F>>>>,
    /// By itself, since the future's waker holds it.
    askers: Arc<Askers>,
}

/// A future that is run once, without a value. (Go: `sync.OnceFunc`)
pub type OnceFunc<F> = OnceValue<F>;

struct Askers {
    list: WaitList<State, ()>,
}

#[derive(Default)]
pub(crate) struct State {
    /// It was woken since somebody began to poll it.
    again: bool,
    panicked: Option<Said>,
}

/// What is kept of a panic for those who come later: its payload is the first one's.
#[derive(Clone)]
enum Said {
    Text(&'static str),
    Formatted(String),
    Nothing,
}

impl Said {
    fn by(panic: &(dyn Any + Send)) -> Said {
        if let Some(&text) = panic.downcast_ref::<&str>() {
            return Said::Text(text);
        }
        let formatted = panic.downcast_ref::<String>();
        formatted.map_or(Said::Nothing, |text| Said::Formatted(text.clone()))
    }

    fn again(self) -> ! {
        match self {
            Said::Text(text) => panic_any(text),
            Said::Formatted(text) => panic_any(text),
            Said::Nothing => panic!("the future of a OnceValue panicked"),
        }
    }
}

// SAFETY: the list is in an `Arc` that is never exchanged.
unsafe impl<F: Future> Waited for OnceValue<F> {
    type State = State;
    type Data = ();

    fn wait_list(&self) -> &WaitList<State, ()> {
        &self.askers.list
    }
}

impl Askers {
    fn wake_all(&self, change: impl FnOnce(&mut State)) {
        let mut wakes = Wakes::new();
        let mut list = self.list.lock();
        change(&mut list);
        list.pop_all(&mut wakes, |()| {});
        drop(list);
        wakes.wake();
    }
}

impl Wake for Askers {
    fn wake(self: Arc<Self>) {
        self.wake_all(|state| state.again = true);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_all(|state| state.again = true);
    }
}

impl<F: Future> OnceValue<F> {
    /// Nothing is run yet.
    pub fn new(future: F) -> OnceValue<F> {
        OnceValue {
            value: OnceLock::new(),
            future: Mutex::new(Some(Box::pin(future))),
            askers: Arc::new(Askers {
                list: WaitList::new(State::default()),
            }),
        }
    }

    /// The value of the future, which is run if it has not been.
    ///
    /// # Panics
    /// If the future panicked, then or earlier, with the same message.
    ///
    /// # Cancel safety
    /// Nothing is lost: others who ask go on with the future.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use gmp_sync::OnceValue;
    /// let value = OnceValue::new(async { 6 * 7 });
    /// let (one, two) = futures::join!(value.get(), value.get());
    /// assert!(std::ptr::eq(one, two) && *one == 42);
    /// # });
    /// ```
    #[track_caller]
    pub fn get(&self) -> GetValue<'_, F> {
        self.get_from(Location::caller())
    }

    /// As [`get`](Self::get), for a caller at `site`.
    pub(crate) fn get_from(&self, site: &'static Location<'static>) -> GetValue<'_, F> {
        GetValue {
            waiting: Waiting::new(self),
            site,
        }
    }

    /// Polls the future, unless somebody else does, or it has panicked.
    fn advance(&self) {
        let Ok(mut future) = self.future.try_lock() else {
            return;
        };
        self.askers.list.lock().again = false;
        let Some(running) = future.as_mut() else {
            return;
        };
        let waker = Waker::from(self.askers.clone());
        let mut cx = Context::from_waker(&waker);
        let ended = match catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(&mut cx))) {
            Ok(Poll::Ready(value)) => {
                let set = self.value.set(value);
                debug_assert!(set.is_ok(), "it ends once");
                future.take()
            }
            Ok(Poll::Pending) => None,
            Err(panic) => {
                let ended = future.take();
                drop(future);
                self.fail(ended, panic);
            }
        };
        drop(future);
        if ended.is_some() || self.askers.list.lock().again && !mutant("advance_forgets_wakes") {
            self.askers.wake_all(|_| {});
        }
    }
}

impl<F: Future> OnceValue<F> {
    #[cold]
    fn fail(&self, future: Option<Pin<Box<F>>>, panic: Box<dyn Any + Send>) -> ! {
        let said = Said::by(&*panic);
        self.askers.wake_all(|state| state.panicked = Some(said));
        // The first panic is the one that counts. What the other was thrown with may panic when it is dropped.
        if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(future))) {
            std::mem::forget(second);
        }
        resume_unwind(panic)
    }

    /// By a value or by a panic.
    pub(crate) fn has_ended(&self) -> bool {
        self.value.get().is_some() || self.askers.list.lock().panicked.is_some()
    }
}

impl<F: Future> fmt::Debug for OnceValue<F>
where
    F::Output: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnceValue")
            .field("value", &self.value.get())
            .finish_non_exhaustive()
    }
}

/// The future of [`OnceValue::get`].
#[must_use = "futures do nothing unless awaited"]
#[pin_project]
pub struct GetValue<'a, F: Future> {
    #[pin]
    waiting: Waiting<&'a OnceValue<F>>,
    site: &'static Location<'static>,
}

impl<'a, F: Future> Future for GetValue<'a, F> {
    type Output = &'a F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<&'a F::Output> {
        let proceed = ready!(poll_proceed(cx));
        let mut this = self.project();
        let once: &'a OnceValue<F> = this.waiting.hold();
        if let Some(value) = once.value.get() {
            proceed.made_progress();
            return Poll::Ready(value);
        }
        // Before the future is polled: whoever makes it ready meanwhile wakes those in the list.
        this.waiting
            .as_mut()
            .turn()
            .wait(Some(Waiter::new(cx.waker())));
        once.advance();
        if let Some(value) = once.value.get() {
            this.waiting.turn().leave();
            proceed.made_progress();
            return Poll::Ready(value);
        }
        let turn = this.waiting.turn();
        if let Some(said) = turn.list.panicked.clone() {
            turn.leave();
            said.again();
        }
        drop(turn);
        note(this.site, Reason::Once);
        Poll::Pending
    }
}

impl<F: Future> fmt::Debug for GetValue<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GetValue").finish_non_exhaustive()
    }
}
