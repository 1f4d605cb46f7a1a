//! Something that is done once.

mod value;

use std::{convert::Infallible, fmt, future::poll_fn, panic::Location, pin::pin};

pub use self::value::{GetValue, OnceFunc, OnceValue};
use crate::{OnceCell, shim::const_unless_loom};

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
    const_unless_loom! {
        /// Nothing is done yet.
        pub fn new() -> Once {
            Once {
                done: OnceCell::new(),
            }
        }
    }

    /// Runs `f`, if no other has been run to its end; waits while another runs. One that panics counts as done, as in
    /// Go. (Go: `Once.Do`)
    ///
    /// One that waits for the same `Once` inside waits for ever.
    ///
    /// # Cancel safety
    /// Where it is dropped while `f` runs, nothing is done, and the next caller runs its own.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use std::cell::Cell;
    /// let (once, runs) = (gmp_sync::Once::new(), Cell::new(0));
    /// let setup = || async { runs.set(runs.get() + 1) };
    /// futures::join!(once.call_once(setup), once.call_once(setup));
    /// assert!(once.is_completed() && runs.get() == 1);
    /// # });
    /// ```
    #[track_caller]
    pub fn call_once<'a, F, I>(&'a self, f: F) -> impl Future<Output = ()> + use<'a, F, I>
    where
        F: FnOnce() -> I,
        I: Future<Output = ()>,
    {
        let site = Location::caller();
        async move {
            if self.is_completed() {
                return;
            }
            let init = || async {
                let f = async { f().await };
                watched(f, || self.done.complete(())).await;
                Ok::<(), Infallible>(())
            };
            let _ = self.done.initialise(init, site).await;
        }
    }

    /// It is done.
    #[inline]
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
    let mut future = pin!(future);
    poll_fn(|cx| {
        let panicked = OnUnwind(&mut panicked);
        let polled = future.as_mut().poll(cx);
        std::mem::forget(panicked);
        polled
    })
    .await
}

struct OnUnwind<P: FnMut()>(P);

impl<P: FnMut()> Drop for OnUnwind<P> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[cfg(all(test, gmp_loom))]
mod models;
#[cfg(all(test, not(gmp_loom)))]
mod tests;
