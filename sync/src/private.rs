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

/// Whatever can be awaited. A method, since what a call of a method that is not there gives has no type: the compiler says
/// once what is wrong, and nothing of what would follow.
pub trait Awaitable: IntoFuture {
    /// The future.
    fn __gmp_into_future(self) -> Self::IntoFuture;
}

impl<F: IntoFuture> Awaitable for F {
    fn __gmp_into_future(self) -> F::IntoFuture {
        self.into_future()
    }
}
