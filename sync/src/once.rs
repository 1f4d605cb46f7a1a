//! Something that is done once.

use std::{
    convert::Infallible,
    fmt,
    future::poll_fn,
    panic::Location,
    pin::{Pin, pin},
    sync::atomic::{AtomicBool, Ordering},
};

use crate::{Mutex, OnceCell};

/// Something that is done once. (Go: `sync.Once`)
///
/// ```
/// # futures::executor::block_on(async {
/// use gmp_sync::Once;
/// static SETUP: Once = Once::new();
/// for _ in 0..3 {
///     SETUP.call_once(|| async { println!("once") }).await;
/// }
/// # });
/// ```
#[derive(Default)]
pub struct Once {
    done: OnceCell<()>,
}

impl Once {
    /// Nothing is done yet.
    pub const fn new() -> Once {
        Once {
            done: OnceCell::new(),
        }
    }

    /// Runs `f`, if no other has been run to its end; waits while another runs. One that panics counts as done, as in
    /// Go. (Go: `Once.Do`)
    ///
    /// One that waits for the same `Once` inside waits for ever.
    ///
    /// # Cancel safety
    /// Where it is dropped while `f` runs, nothing is done, and the next caller runs its own.
    #[track_caller]
    pub fn call_once<'a, F, I>(&'a self, f: F) -> impl Future<Output = ()> + use<'a, F, I>
    where
        F: FnOnce() -> I,
        I: Future<Output = ()>,
    {
        let init = || async {
            let f = async { f().await };
            watched(f, || self.done.complete(())).await;
            Ok::<(), Infallible>(())
        };
        let initialised = self.done.get_or_try_init(init);
        async move {
            let _ = initialised.await;
        }
    }

    /// It is done.
    pub fn is_completed(&self) -> bool {
        self.done.get().is_some()
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once")
            .field("completed", &self.is_completed())
            .finish()
    }
}

/// Runs `future`; where it panics, `panicked` too. Not where it is dropped because of a panic elsewhere.
async fn watched<F: Future>(future: F, mut panicked: impl FnMut()) -> F::Output {
    struct OnUnwind<'a, P: FnMut()>(&'a mut P);
    impl<P: FnMut()> Drop for OnUnwind<'_, P> {
        fn drop(&mut self) {
            (self.0)();
        }
    }
    let mut future = pin!(future);
    poll_fn(|cx| {
        let panicked = OnUnwind(&mut panicked);
        let polled = future.as_mut().poll(cx);
        std::mem::forget(panicked);
        polled
    })
    .await
}

/// A future that is run once, by those who ask for its value. (Go: `sync.OnceValue`)
///
/// One of those who ask polls it; where that one is dropped, another goes on where it stood. Nobody runs it if nobody asks.
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
    value: OnceCell<F::Output>,
    future: Mutex<State<F>>,
    panicked: AtomicBool,
}

enum State<F> {
    Runs(Pin<Box<F>>),
    Ended,
}

/// A future that is run once, without a value. (Go: `sync.OnceFunc`)
pub type OnceFunc<F> = OnceValue<F>;

impl<F: Future> OnceValue<F> {
    /// Nothing is run yet.
    pub fn new(future: F) -> OnceValue<F> {
        OnceValue {
            value: OnceCell::new(),
            future: Mutex::new(State::Runs(Box::pin(future))),
            panicked: AtomicBool::new(false),
        }
    }

    /// The value of the future, which is run if it has not been.
    ///
    /// # Panics
    /// If the future panicked, then or earlier.
    ///
    /// # Cancel safety
    /// Nothing is lost: another who asks goes on with the future.
    #[track_caller]
    pub fn get(&self) -> impl Future<Output = &F::Output> + use<'_, F> {
        self.get_from(Location::caller())
    }

    /// As [`get`](Self::get), for a caller at `site`.
    pub(crate) async fn get_from(&self, site: &'static Location<'static>) -> &F::Output {
        match self.value.get() {
            Some(value) => value,
            None => self.run(site).await,
        }
    }

    async fn run(&self, site: &'static Location<'static>) -> &F::Output {
        let mut state = crate::Lock::new(&self.future, site).await;
        // Ordering: the lock orders it.
        assert!(
            !self.panicked.load(Ordering::Relaxed),
            "the future of a OnceValue panicked"
        );
        if let State::Runs(future) = &mut *state {
            let panicked = || self.panicked.store(true, Ordering::Relaxed);
            let value = watched(future.as_mut(), panicked).await;
            self.value.complete(value);
            *state = State::Ended;
        }
        match self.value.get() {
            Some(value) => value,
            None => unreachable!("a future that has ended without a panic has a value"),
        }
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

#[cfg(test)]
mod tests;
