//! Code that blocks its thread, said so beforehand: the polite ways.
//!
//! A task that blocks without a word loses its processor after a fraction of a millisecond, too. These ways
//! spare it the proof that it sleeps, and [`spawn_blocking`] limits how many threads it may come to.

use std::{
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
};

use crate::{
    sched::{self, Permit, Place},
    task::{JoinHandle, Origin},
    wait::{self, Reason},
};

/// Runs `f` on this thread, in the middle of a task's poll; `f` may block.
///
/// The task's processor may go to another thread, some 0.1 ms later. If it does not come to that, because `f` is quick, this costs
/// a few nanoseconds. The rest of the poll goes on on this thread as before, and the futures beside this call in the same
/// task (in a `join!`, say) wait for it. Outside of a task it just calls `f`.
///
/// # Panics
/// If `f` does.
///
/// ```
/// # let runtime = gmp_executor::Runtime::new()?;
/// # runtime.block_on(runtime.spawn(async {
/// let manifest = gmp_executor::block_in_place(|| std::fs::read_to_string("Cargo.toml"));
/// # assert!(manifest.is_ok());
/// # })).unwrap();
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn block_in_place<R>(f: impl FnOnce() -> R) -> R {
    sched::block_in_place(f)
}

/// Runs `f`, which may block, as a task of its own on a thread that holds no processor.
///
/// At most [`Builder::blocking_threads`](crate::Builder::blocking_threads) of them run at a time; the others wait in the
/// order in which they came. Threads that are not needed any more end after 10 s. Aborting the handle prevents `f` if it
/// has not begun, and does nothing otherwise.
///
/// # Panics
/// Outside of a runtime. A panic of `f` goes to the handle.
///
/// ```
/// # let runtime = gmp_executor::Runtime::new()?;
/// # runtime.block_on(async {
/// let manifest = gmp_executor::spawn_blocking(|| std::fs::read_to_string("Cargo.toml"));
/// assert!(manifest.await.unwrap().is_ok());
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn spawn_blocking<F, R>(f: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let site = Location::caller();
    let call = Call {
        function: Some(f),
        place: Place::new(),
        site,
    };
    sched::spawn(call, Origin::at(site))
}

/// A function that waits for its turn, and then runs in one poll.
struct Call<F> {
    function: Option<F>,
    place: Place,
    site: &'static Location<'static>,
}

impl<F> Unpin for Call<F> {}

impl<F: FnOnce() -> R, R> Future for Call<F> {
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<R> {
        let Some(permit) = self.place.try_begin() else {
            wait::note(self.site, Reason::Thread);
            return Poll::Pending;
        };
        let function = self.function.take().expect("a call runs once");
        Poll::Ready(run(permit, function))
    }
}

fn run<R>(permit: Permit, function: impl FnOnce() -> R) -> R {
    let result = sched::without_processor(function);
    drop(permit);
    result
}
