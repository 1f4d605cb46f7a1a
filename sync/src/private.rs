//! What `select!` expands to.

pub use std::{
    future::{IntoFuture, poll_fn},
    option::Option::{None, Some},
    pin::pin,
    task::{Context, Poll},
};

pub use gmp_macros::select_arms;

pub use crate::select::{
    Answer, Arm, ByFuture, ByOperation, Operation, Selection, forever, nothing_left, unmatched,
};

/// Any awaitable.
pub fn into_future<F: IntoFuture>(awaitable: F) -> F::IntoFuture {
    awaitable.into_future()
}
