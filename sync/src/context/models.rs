//! Models of a cancellation against those who wait, derive and leave.

use loom::{future::block_on, model, thread};

use super::*;

/// A context that is made while the one above is cancelled is cancelled too, and whoever waits for that hears of it.
#[test]
fn cancel_against_a_child_that_is_made_and_one_who_waits() {
    model(|| {
        let (above, cancel) = Context::background().with_cancel();
        let cancels = thread::spawn(move || cancel.cancel());
        let makes = above.clone();
        let makes = thread::spawn(move || {
            let (child, _cancel) = makes.with_cancel();
            block_on(child.done())
        });
        assert_eq!(block_on(above.done()), ContextError::Canceled);
        assert!(above.is_done());
        cancels.join().unwrap();
        assert_eq!(makes.join().unwrap(), ContextError::Canceled);
    });
}

/// The cause of two who cancel is that of one of them, for all who see the end.
#[test]
fn cancel_against_cancel_and_a_look() {
    model(|| {
        let (context, cancel) = Context::background().with_cancel_cause();
        let cancels = [
            std::fmt::Error.into(),
            ContextError::DeadlineExceeded.into(),
        ]
        .map(|cause: Cause| {
            let cancel = cancel.clone();
            thread::spawn(move || cancel.cancel(cause))
        });
        block_on(context.done());
        let cause = context.cause().unwrap().to_string();
        cancels.into_iter().for_each(|it| it.join().unwrap());
        assert_eq!(context.cause().unwrap().to_string(), cause);
        assert_ne!(cause, ContextError::Canceled.to_string());
    });
}

/// Children that are dropped and made leave nothing in the list above, which is cancelled meanwhile or not at all.
#[test]
fn a_child_that_goes_against_one_that_comes_and_cancel() {
    for is_cancelled in [false, true] {
        model(move || {
            let (above, cancel) = Context::background().with_cancel();
            let child = above.with_cancel().0;
            let goes = thread::spawn(move || drop(child));
            let makes = above.clone();
            let makes = thread::spawn(move || makes.with_cancel().0);
            if is_cancelled {
                cancel.cancel();
            }
            goes.join().unwrap();
            let made = makes.join().unwrap();
            assert_eq!(made.is_done(), is_cancelled);
            drop(made);
            assert_eq!(above.canceler().unwrap().below_len(), 0);
        });
    }
}
