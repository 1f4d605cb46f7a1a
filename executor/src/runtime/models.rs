//! A thread that waits for a future: what its wakers did is seen by the poll that follows.

use std::{sync::Arc, task::Waker};

use loom::{model, sync::atomic::AtomicU32, thread};

use super::parker::Parker;
use crate::shim::Ordering;

/// A waker that is lost is a deadlock to loom.
#[test]
fn two_wakes_against_the_wait() {
    model(|| {
        let parker = Arc::new(Parker::new());
        let done = Arc::new([AtomicU32::new(0), AtomicU32::new(0)]);
        for index in 0..2 {
            let (waker, done) = (Waker::from(parker.clone()), done.clone());
            thread::spawn(move || {
                done[index].store(1, Ordering::Relaxed);
                waker.wake();
            });
        }
        while done.iter().any(|done| done.load(Ordering::Relaxed) == 0) {
            parker.wait();
        }
    });
}
