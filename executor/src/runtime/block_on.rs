//! Waiting for a future on a thread.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

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
    let parker = Arc::new(Parker {
        notified: AtomicBool::new(false),
        thread: thread::current(),
    });
    let waker = Waker::from(parker.clone());
    let mut cx = Context::from_waker(&waker);
    loop {
        // Its own budget, also inside of a task: what that has used up must not keep this future from getting on.
        let clocked = port::begin_clocked();
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        drop(clocked);
        // A stray unpark by somebody else must not cost a poll.
        while !parker.notified.swap(false, Ordering::Acquire) {
            thread::park();
        }
    }
}

struct Parker {
    notified: AtomicBool,
    thread: Thread,
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.notified.swap(true, Ordering::Release) {
            self.thread.unpark();
        }
    }
}
