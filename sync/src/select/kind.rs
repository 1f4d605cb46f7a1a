//! How an arm is polled: as an operation if it is one, else as any future. The macro asks for `(&pinned).kind()`, and the
//! compiler takes the first of the two traits that fits: [`ByOperation`] needs one reference less.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use super::Operation;
use crate::chan::wait::{Arm, Pass};

/// Polls operations.
#[derive(Clone, Copy, Debug)]
pub struct OperationKind;

/// Polls any future.
#[derive(Clone, Copy, Debug)]
pub struct FutureKind;

/// Fits what is an [`Operation`].
pub trait ByOperation {
    /// How it is polled.
    fn kind(&self) -> OperationKind {
        OperationKind
    }
}

impl<O: Operation> ByOperation for Pin<&mut O> {}

/// Fits every future.
pub trait ByFuture {
    /// How it is polled.
    fn kind(&self) -> FutureKind {
        FutureKind
    }
}

impl<F: Future> ByFuture for &Pin<&mut F> {}

impl OperationKind {
    /// # Safety
    /// As [`Operation::poll_arm`].
    #[inline]
    pub unsafe fn poll<O: Operation>(
        self,
        operation: Pin<&mut O>,
        arm: Arm<'_>,
        _: &mut Context<'_>,
    ) -> Poll<O::Output> {
        // SAFETY: the caller's.
        unsafe { operation.poll_arm(arm) }
    }
}

impl FutureKind {
    /// # Safety
    /// None; the macro polls both kinds alike.
    #[inline]
    pub unsafe fn poll<F: Future>(
        self,
        future: Pin<&mut F>,
        arm: Arm<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<F::Output> {
        // In this poll it has been asked already.
        if arm.pass == Pass::Missed {
            return Poll::Pending;
        }
        future.poll(cx)
    }
}
