//! `select!`: waiting for the first of several operations.

use std::{pin::Pin, task::Poll};

pub use crate::chan::wait::Arm;

/// A future that a select can decide for exactly once: while it waits, others make it happen only by winning the select.
///
/// # Safety
/// `poll_arm` must visit its channel with the arm that it is given.
pub unsafe trait Operation: Future {
    /// Polls it as an arm of a select.
    ///
    /// # Safety
    /// The arm's decision is pinned and outlives this future, which is polled by no other select.
    unsafe fn poll_arm(self: Pin<&mut Self>, arm: Arm<'_>) -> Poll<Self::Output>;
}
