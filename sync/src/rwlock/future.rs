//! Waiting for a read or write lock.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project::pin_project;

use super::guard::{Held, ReadGuard, WriteGuard};
use crate::semaphore::Acquire;

/// The future of [`RwLock::read`](super::RwLock::read) and its kin.
#[must_use = "futures do nothing unless awaited"]
#[pin_project]
pub struct Read<H: Held>(#[pin] pub(super) Acquire<H>);

/// The future of [`RwLock::write`](super::RwLock::write) and its kin.
#[must_use = "futures do nothing unless awaited"]
#[pin_project]
pub struct Write<H: Held>(#[pin] pub(super) Acquire<H>);

const NEVER_CLOSED: &str = "nobody closes the semaphore of a lock";

impl<H: Held> Future for Read<H> {
    type Output = ReadGuard<H>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<ReadGuard<H>> {
        let acquired = std::task::ready!(self.project().0.poll(cx));
        Poll::Ready(ReadGuard(acquired.expect(NEVER_CLOSED)))
    }
}

impl<H: Held> Future for Write<H> {
    type Output = WriteGuard<H>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<WriteGuard<H>> {
        let acquired = std::task::ready!(self.project().0.poll(cx));
        Poll::Ready(WriteGuard(acquired.expect(NEVER_CLOSED)))
    }
}

impl<H: Held> fmt::Debug for Read<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Read").finish_non_exhaustive()
    }
}

impl<H: Held> fmt::Debug for Write<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Write").finish_non_exhaustive()
    }
}
