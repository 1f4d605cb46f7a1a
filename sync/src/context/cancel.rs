//! Who may cancel.

use std::{fmt, sync::Arc};

use super::{Cause, ContextError, canceler::Canceler};

/// Cancels a context. Dropping it does not.
#[must_use = "a context that nobody cancels lasts as long as its parent"]
#[derive(Clone)]
pub struct CancelFn {
    canceler: Arc<Canceler>,
}

impl CancelFn {
    pub(super) fn new(canceler: Arc<Canceler>) -> CancelFn {
        CancelFn { canceler }
    }

    /// Cancels, with all that is below. After the first time nothing happens.
    pub fn cancel(&self) {
        self.canceler.cancel(ContextError::Canceled, None);
    }

    /// Cancels when it is dropped. (Go: `defer cancel()`)
    ///
    /// ```
    /// use gmp_sync::Context;
    /// let (context, cancel) = Context::background().with_cancel();
    /// {
    ///     let _guard = cancel.guard();
    ///     // Whatever happens here, also `?` or a panic.
    /// }
    /// assert!(context.is_done());
    /// ```
    pub fn guard(self) -> CancelGuard {
        CancelGuard { cancel: Some(self) }
    }
}

impl fmt::Debug for CancelFn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelFn").finish_non_exhaustive()
    }
}

/// As [`CancelFn`], with a cause. (Go: `context.CancelCauseFunc`)
#[must_use = "a context that nobody cancels lasts as long as its parent"]
#[derive(Clone)]
pub struct CancelCauseFn {
    canceler: Arc<Canceler>,
}

impl CancelCauseFn {
    pub(super) fn new(canceler: Arc<Canceler>) -> CancelCauseFn {
        CancelCauseFn { canceler }
    }

    /// Cancels, with all that is below; `cause` is what [`Context::cause`](super::Context::cause) gives then. After the
    /// first time nothing happens.
    pub fn cancel(&self, cause: impl Into<Cause>) {
        self.canceler
            .cancel(ContextError::Canceled, Some(cause.into()));
    }

    /// Cancels without a cause when it is dropped. (Go: `defer cancel(nil)`)
    pub fn guard(self) -> CancelGuard {
        CancelFn::new(self.canceler).guard()
    }
}

impl fmt::Debug for CancelCauseFn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelCauseFn").finish_non_exhaustive()
    }
}

/// Cancels a context when it is dropped.
#[must_use = "dropping it cancels at once"]
#[derive(Debug)]
pub struct CancelGuard {
    /// `None` after `disarm`.
    cancel: Option<CancelFn>,
}

impl CancelGuard {
    /// Goes without cancelling.
    pub fn disarm(mut self) {
        self.cancel = None;
    }
}

impl Drop for CancelGuard {
    fn drop(&mut self) {
        if let Some(cancel) = &self.cancel {
            cancel.cancel();
        }
    }
}
