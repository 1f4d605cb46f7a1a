//! Tasks that stay on one thread.

use std::fmt;

use crate::sched::{self, Hold};

/// Binds the current task to the thread that polls it: until the guard is dropped, all polls of the task run on this
/// thread, and no other task does. For what belongs to a thread: thread-locals of C libraries, windows, `setns`,
/// `unshare`, scheduling attributes.
///
/// Locks nest: the task is free when the last guard is dropped. Each wait of a bound task costs two switches of threads, and
/// the thread is reserved for it. The others run on meanwhile, on another thread.
///
/// If the task ends with a guard left, which it has forgotten or given away, its thread ends too: what was done to it shall not
/// hit others. So one who cannot undo what he has done to the thread calls [`std::mem::forget`]. A task that is aborted,
/// panics, or is left when its runtime shuts down drops its guards with its future, on the bound thread.
///
/// A guard that is dropped by another task or thread takes effect when its own task is next polled. Outside of a task the
/// guard does nothing: a future under [`block_on`](crate::block_on) stays on its thread anyway.
///
/// ```
/// # let runtime = gmp_executor::Runtime::new()?;
/// # runtime.block_on(runtime.spawn(async {
/// let bound = gmp_executor::lock_os_thread();
/// let thread = std::thread::current().id();
/// gmp_executor::yield_now().await;
/// assert_eq!(std::thread::current().id(), thread);
/// drop(bound);
/// # })).unwrap();
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// Go: `runtime.LockOSThread`.
pub fn lock_os_thread() -> OsThreadGuard {
    OsThreadGuard {
        hold: sched::hold(),
    }
}

/// Keeps its task on its thread; see [`lock_os_thread`]. (Go: `runtime.UnlockOSThread` is its drop)
#[must_use = "the task is free as soon as the guard is dropped"]
pub struct OsThreadGuard {
    hold: Option<Hold>,
}

impl Drop for OsThreadGuard {
    fn drop(&mut self) {
        if let Some(hold) = self.hold.take() {
            hold.release();
        }
    }
}

impl fmt::Debug for OsThreadGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OsThreadGuard").finish_non_exhaustive()
    }
}
