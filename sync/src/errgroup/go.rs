//! Waiting for room in a group, then spawning.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Poll, ready},
};

use pin_project::pin_project;

use super::{Group, OPEN};
use crate::{Acquire, Semaphore};

/// The future of [`Group::go`].
#[must_use = "the task is spawned when this is awaited"]
#[pin_project]
pub struct Go<'a, E, F> {
    pub(super) group: &'a Group<E>,
    /// `None`: there is no limit.
    #[pin]
    pub(super) room: Option<Acquire<Arc<Semaphore>>>,
    /// `None` after spawning.
    pub(super) task: Option<F>,
}

impl<E, F> Future for Go<'_, E, F>
where
    E: Send + 'static,
    F: Future<Output = Result<(), E>> + Send + 'static,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<()> {
        let this = self.project();
        let room = match this.room.as_pin_mut() {
            None => None,
            Some(room) => Some(ready!(room.poll(cx)).expect(OPEN)),
        };
        let task = this
            .task
            .take()
            .expect("`Go` was polled after it was ready");
        this.group.spawn(task, room);
        Poll::Ready(())
    }
}

impl<E, F> fmt::Debug for Go<'_, E, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Go").finish_non_exhaustive()
    }
}
