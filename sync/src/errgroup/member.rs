//! A task of a group: what it leaves when it ends, however it does.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::Poll,
};

use pin_project::pin_project;

use super::Shared;
use crate::OwnedSemaphorePermit;

/// A task of the group. The fields are dropped in order: its room is free, and it has ended for `wait`, when the future is
/// gone.
#[pin_project]
pub(super) struct Member<E, F> {
    /// `None` when it has ended: its drop is a part of it, and may panic too.
    #[pin]
    task: Option<F>,
    pub(super) room: Option<OwnedSemaphorePermit>,
    done: CallsDone<E>,
}

impl<E, F> Member<E, F> {
    /// It counts from now on.
    pub(super) fn new(shared: Arc<Shared<E>>, task: F) -> Member<E, F> {
        shared.tasks.add(1);
        Member {
            task: Some(task),
            room: None,
            done: CallsDone {
                shared,
                has_ended: false,
            },
        }
    }
}

/// Counts the task down however it ends.
struct CallsDone<E> {
    shared: Arc<Shared<E>>,
    has_ended: bool,
}

impl<E> Drop for CallsDone<E> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.shared.cut();
        }
        self.shared.tasks.done();
    }
}

impl<E, F> Future for Member<E, F>
where
    F: Future<Output = Result<(), E>>,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let task = this.task.as_mut().as_pin_mut();
        let task = task.expect("a task was polled after it was ready");
        let output = match catch_unwind(AssertUnwindSafe(|| task.poll(cx))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(output)) => Ok(output),
            Err(panic) => Err(panic),
        };
        let dropped = catch_unwind(AssertUnwindSafe(|| this.task.set(None)));
        this.done.has_ended = true;
        this.done.shared.ended(output);
        this.done.shared.ended(dropped.map(Ok));
        Poll::Ready(())
    }
}
