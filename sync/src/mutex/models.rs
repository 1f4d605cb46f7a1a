//! Models of the mutex's word against its list.

use std::{
    pin::{Pin, pin},
    task::{Context, Waker},
};

use loom::{future::block_on, model, thread};

use super::*;

fn is_ready<F: Future>(future: Pin<&mut F>) -> bool {
    future
        .poll(&mut Context::from_waker(Waker::noop()))
        .is_ready()
}

/// What the lock guards, as loom sees it.
type Counter = Mutex<loom::cell::UnsafeCell<usize>>;

fn count(counter: &Counter) {
    let guard = block_on(counter.lock());
    // SAFETY: the lock is held.
    guard.with_mut(|cell| unsafe { *cell += 1 });
}

#[test]
fn three_for_one_lock() {
    model(|| {
        let counter = Arc::new(Counter::new(loom::cell::UnsafeCell::new(0)));
        let others = [0; 2].map(|_| {
            let counter = counter.clone();
            thread::spawn(move || count(&counter))
        });
        count(&counter);
        others.into_iter().for_each(|other| other.join().unwrap());
        let guard = counter.try_lock().unwrap();
        // SAFETY: the lock is held.
        assert_eq!(guard.with(|cell| unsafe { *cell }), 3);
    });
}

/// One who is woken goes away: the other must not wait for ever.
#[test]
fn giving_up_against_unlock() {
    model(|| {
        let mutex = Arc::new(Mutex::new(()));
        let guard = mutex.clone().try_lock_owned().unwrap();
        let unlocks = thread::spawn(move || drop(guard));
        let waits = {
            let mutex = mutex.clone();
            thread::spawn(move || drop(block_on(mutex.lock())))
        };
        {
            let mut leaves = pin!(mutex.lock());
            let _ = is_ready(leaves.as_mut());
        }
        unlocks.join().unwrap();
        waits.join().unwrap();
        assert!(mutex.try_lock().is_ok());
    });
}

/// One stands in the queue and is not polled, before another or behind it: after two looks the other has the lock.
#[test]
fn passing_over_against_queueing() {
    model(|| {
        let mutex = Arc::new(Mutex::new(()));
        let guard = mutex.clone().try_lock_owned().unwrap();
        let mut dead = pin!(mutex.lock());
        assert!(!is_ready(dead.as_mut()));
        let live = {
            let mutex = mutex.clone();
            thread::spawn(move || drop(block_on(mutex.lock())))
        };
        drop(guard);
        for _ in 0..2 {
            mutex.contended().look();
        }
        live.join().unwrap();
        assert!(is_ready(dead.as_mut()));
    });
}
