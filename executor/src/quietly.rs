//! Panics of user code that have nobody to go to.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a drop or a waker of the user's where a panic of it would hit somebody else: the panic hook has told
/// of it. What it was thrown with is leaked, since dropping that may panic again.
#[inline(always)]
pub(crate) fn quietly(user_code: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(user_code)) {
        std::mem::forget(payload);
    }
}
