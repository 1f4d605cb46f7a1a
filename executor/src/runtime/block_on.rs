//! Waiting for a future on a thread.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use super::parker::Parker;
use crate::{port, sched};

/// Polls `future` on this thread until it is ready. Only this future: never a task.
///
/// Allowed everywhere, also inside of a task: the task's processor then goes to another thread, so that the
/// others run on. Needs no runtime, unless the future does.
///
/// ```
/// assert_eq!(gmp_executor::block_on(async { 1 + 1 }), 2);
/// ```
pub fn block_on<F: Future>(future: F) -> F::Output {
    sched::without_processor(|| poll_until_ready(future))
}

fn poll_until_ready<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let parker = Arc::new(Parker::new());
    let waker = Waker::from(parker.clone());
    let mut cx = Context::from_waker(&waker);
    loop {
        // Its own budget, also inside of a task: what that has used up must not keep this future from getting on.
        let clocked = port::begin_clocked();
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        drop(clocked);
        parker.wait();
    }
}
