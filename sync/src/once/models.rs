//! Models of what is done once: that nobody goes on before it is done, and that a future is never left by all who ask.

use std::{
    sync::Arc,
    task::{Context, Poll, Waker},
};

use loom::{
    cell::UnsafeCell,
    future::{AtomicWaker, block_on},
    model,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use super::*;

/// What is done is seen by all who go on.
#[test]
fn three_callers() {
    model(|| {
        let shared = Arc::new((Once::new(), UnsafeCell::new(0)));
        let call = |shared: &(Once, UnsafeCell<u32>)| {
            block_on(shared.0.call_once(|| async {
                // SAFETY: it is done once, and nobody looks before.
                shared.1.with_mut(|cell| unsafe { *cell += 1 });
            }));
            // SAFETY: it is done.
            assert_eq!(shared.1.with(|cell| unsafe { *cell }), 1);
        };
        let others = [(); 2].map(|()| {
            let shared = shared.clone();
            // SAFETY: loom watches the cell.
            let shared = Moved(shared);
            thread::spawn(move || call(shared.get()))
        });
        call(&shared);
        others.into_iter().for_each(|other| other.join().unwrap());
    });
}

/// loom's cell is not `Sync`; it finds races itself.
struct Moved(Arc<(Once, UnsafeCell<u32>)>);

// SAFETY: the models look for races in it.
unsafe impl Send for Moved {}

impl Moved {
    fn get(&self) -> &(Once, UnsafeCell<u32>) {
        &self.0
    }
}

/// The future is woken while one polls it, who goes then, and another asks, who must go on with it.
#[test]
fn a_wake_against_one_who_goes_and_another() {
    model(|| {
        let gate = Arc::new((AtomicBool::new(false), AtomicWaker::new()));
        let opens = gate.clone();
        let waits = poll_fn(move |cx| {
            gate.1.register_by_ref(cx.waker());
            if gate.0.load(Ordering::Acquire) {
                Poll::Ready(7)
            } else {
                Poll::Pending
            }
        });
        let value = Arc::new(OnceValue::new(waits));
        let other = value.clone();
        let other = thread::spawn(move || *block_on(other.get()));
        let opens = thread::spawn(move || {
            opens.0.store(true, Ordering::Release);
            opens.1.wake();
        });
        {
            let mut goes = pin!(value.get());
            let _ = goes.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }
        assert_eq!(other.join().unwrap(), 7);
        opens.join().unwrap();
    });
}
