//! Letting others run.

use std::{
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
};

use super::waker;
use crate::{
    port,
    wait::{self, Reason},
};

/// Queues the current task behind those that are ready now. (Go: `runtime.Gosched`)
///
/// Outside of a task it wakes its waker and is pending once.
///
/// # Cancel safety
/// It holds nothing.
///
/// ```
/// # let runtime = gmp_executor::Runtime::new()?;
/// # runtime.block_on(async {
/// gmp_executor::yield_now().await;
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn yield_now() -> YieldNow {
    YieldNow {
        site: Location::caller(),
        yielded: false,
    }
}

/// The future of [`yield_now`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct YieldNow {
    site: &'static Location<'static>,
    yielded: bool,
}

impl Future for YieldNow {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.yielded {
            return Poll::Ready(());
        }
        self.yielded = true;
        wait::note(self.site, Reason::Yield);
        // A note on the machine, where the waker is the running task's, spares the waking CAS: the
        // end of the poll queues the task in the same transition.
        if !port::yield_current(waker::name_of(cx.waker())) {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }
}
