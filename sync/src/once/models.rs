//! Models of what is done once: that nobody goes on before it is done, and that a future is never left by all who ask.

use std::{sync::Arc, task::Poll};

use loom::{cell::UnsafeCell, future::block_on, model, thread};

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

/// The future is woken while one polls it and another asks: neither waits for ever.
#[test]
fn a_wake_against_two_who_ask() {
    model(|| {
        let gate = Arc::new((
            loom::sync::atomic::AtomicBool::new(false),
            loom::future::AtomicWaker::new(),
        ));
        let opens = gate.clone();
        let waits = poll_fn(move |cx| {
            gate.1.register_by_ref(cx.waker());
            if gate.0.load(loom::sync::atomic::Ordering::Acquire) {
                Poll::Ready(7)
            } else {
                Poll::Pending
            }
        });
        let value = Arc::new(OnceValue::new(waits));
        let other = value.clone();
        let other = thread::spawn(move || *block_on(other.get()));
        let opens = thread::spawn(move || {
            opens.0.store(true, loom::sync::atomic::Ordering::Release);
            opens.1.wake();
        });
        assert_eq!(*block_on(value.get()), 7);
        assert_eq!(other.join().unwrap(), 7);
        opens.join().unwrap();
    });
}
