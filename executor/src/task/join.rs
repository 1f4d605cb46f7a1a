//! The handles of a task: to wait for its output, and to end it.

use std::{
    fmt,
    marker::PhantomData,
    panic::{Location, RefUnwindSafe, UnwindSafe},
    pin::Pin,
    sync::atomic::Ordering,
    task::{Context, Poll, Waker, ready},
};

use super::{
    Id, JoinError, free,
    header::Header,
    name::Name,
    panics, raw,
    state::{Detach, Join, Outcome, Wake},
    waker,
};
use crate::{
    port, preempt,
    wait::{self, Reason},
    waiter::Waiter,
};

/// Waits for a task's output. Dropping it detaches the task, which goes on alone.
///
/// The output is `Err` if the task panicked, was aborted, or its runtime was shut down. A panic that no handle gets, since
/// that was dropped, is reported: on standard error, or by a `tracing` event where that feature is on, ten in a second at most.
///
/// # Panics
/// If polled again after it was ready.
///
/// # Cancel safety
/// Waiting through `&mut handle` and giving up loses nothing.
///
/// ```
/// # let runtime = gmp_executor::Runtime::new()?;
/// # runtime.block_on(async {
/// let handle = gmp_executor::spawn(async { 6 * 7 });
/// assert_eq!(handle.await.unwrap(), 42);
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct JoinHandle<T> {
    /// None once the output was taken; nobody's if the runtime refused the task.
    name: Option<Name>,
    output: PhantomData<T>,
}

// SAFETY: the handle gives a `T` away by value only, so `T: Send` is what both need.
unsafe impl<T: Send> Send for JoinHandle<T> {}
// SAFETY: as above; `&JoinHandle` gives no access to a `T`.
unsafe impl<T: Send> Sync for JoinHandle<T> {}
impl<T> Unpin for JoinHandle<T> {}
impl<T> UnwindSafe for JoinHandle<T> {}
impl<T> RefUnwindSafe for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    /// # Safety
    /// The task was just published, with `HANDLE` set, by a future whose output is a `T`.
    #[inline(always)]
    pub(crate) unsafe fn new(name: Name) -> JoinHandle<T> {
        JoinHandle {
            name: Some(name),
            output: PhantomData,
        }
    }

    /// A handle whose task never came to be: it was spawned on a runtime that has shut down.
    pub(crate) fn cancelled() -> JoinHandle<T> {
        JoinHandle {
            name: Some(Name::NOBODY),
            output: PhantomData,
        }
    }

    /// Ends the task at its next transition: its future is dropped, and the handle yields an error
    /// that says cancelled. A task that is being polled ends after that poll; one that has ended stays so.
    pub fn abort(&self) {
        self.abort_handle().abort();
    }

    /// A handle that only aborts. It does nothing once the task has ended.
    pub fn abort_handle(&self) -> AbortHandle {
        AbortHandle {
            name: self.name.unwrap_or(Name::NOBODY),
        }
    }

    /// The task has ended, in whatever way.
    pub fn is_finished(&self) -> bool {
        self.abort_handle().is_finished()
    }

    /// The task's id, which no other task of this process ever has. ([`Id::NOBODY`] once the output
    /// was taken, and where a runtime that has shut down refused the task.)
    pub fn id(&self) -> Id {
        self.abort_handle().id()
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let name = self
            .name
            .expect("a JoinHandle was polled after it was ready");
        if name == Name::NOBODY {
            self.name = None;
            return Poll::Ready(Err(JoinError::cancelled(Id::NOBODY)));
        }
        let Some(outcome) = wait_for_end(name, cx.waker()) else {
            wait::note(Location::caller(), Reason::Join);
            return Poll::Pending;
        };
        ready!(preempt::poll_proceed(cx)).made_progress();
        self.name = None;
        let result = match outcome {
            // SAFETY: T2: the slot is this handle's, and the body holds a `T` (`new`).
            Outcome::Output => Ok(unsafe { raw::take(name) }),
            // SAFETY: T2: the slot is this handle's, and the body holds a payload.
            Outcome::Panicked => Err(JoinError::panicked(Id(name), unsafe { raw::take(name) })),
            Outcome::Cancelled => Err(JoinError::cancelled(Id(name))),
        };
        free(name);
        Poll::Ready(result)
    }
}

/// Registers `waker` unless the task has ended.
fn wait_for_end(name: Name, waker: &Waker) -> Option<Outcome> {
    let header = Header::named(name);
    loop {
        match header.state.join() {
            Join::Done(outcome) => return Some(outcome),
            Join::Completing => {
                // The completer is two instructions away from *done*, but may be put aside there:
                // look again at the next turn, do not spin.
                waker.wake_by_ref();
                return None;
            }
            Join::Registered => {
                if same_task(header, waker) {
                    return None;
                }
                if header.state.unset_joiner() {
                    drop(take_joiner(header));
                }
            }
            Join::Vacant => {
                header
                    .joiner()
                    .store(Waiter::new(waker).into_bits(), Ordering::Relaxed);
                if header.state.set_joiner() {
                    return None;
                }
                drop(take_joiner(header));
            }
        }
    }
}

/// The registered joiner is the task that `waker` wakes. A foreign joiner is not looked at: while it
/// is registered the completer may free it.
fn same_task(header: &Header, waker: &Waker) -> bool {
    let joiner = Name::from_bits(header.joiner().load(Ordering::Relaxed));
    joiner.is_some() && joiner == waker::name_of(waker)
}

/// Takes who joins out of a field that is the caller's (T4).
#[inline(always)]
pub(super) fn take_joiner(header: &Header) -> Option<Waiter> {
    let bits = header.joiner().load(Ordering::Relaxed);
    // SAFETY: T4: the field is the caller's and holds what `into_bits` gave; nobody reads it again
    // before it is written anew, since JOINER is clear.
    unsafe { Waiter::from_bits(bits) }
}

impl<T> Drop for JoinHandle<T> {
    #[inline(always)]
    fn drop(&mut self) {
        let Some(name) = self.name.filter(|&name| name != Name::NOBODY) else {
            return;
        };
        if !Header::named(name).state.detach_at_once() {
            let_go(name);
        }
    }
}

/// Drops a handle whose task has ended or may end now, or knows who joins.
#[cold]
#[inline(never)]
fn let_go(name: Name) {
    let header = Header::named(name);
    let is_ours = header.state.join() == Join::Registered && header.state.unset_joiner();
    let joiner = is_ours.then(|| take_joiner(header));
    if let Detach::Done(outcome) = header.state.detach() {
        panics::discard(name, header, outcome);
        free(name);
    }
    // Last, since its drop may panic: the task would never be freed.
    drop(joiner);
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle")
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}

/// Ends a task from anywhere. It owns nothing of the task: keeping one costs eight bytes.
#[derive(Clone, Debug)]
pub struct AbortHandle {
    name: Name,
}

impl AbortHandle {
    /// As [`JoinHandle::abort`].
    pub fn abort(&self) {
        if self.name == Name::NOBODY {
            return;
        }
        if Header::named(self.name)
            .state
            .cancel(self.name.generation())
            == Wake::Queue
        {
            port::queue(self.name);
        }
    }

    /// The task has ended, in whatever way.
    pub fn is_finished(&self) -> bool {
        if self.name == Name::NOBODY {
            return true;
        }
        Header::named(self.name)
            .state
            .is_over(self.name.generation())
    }

    /// The task's id.
    pub fn id(&self) -> Id {
        Id(self.name)
    }
}
