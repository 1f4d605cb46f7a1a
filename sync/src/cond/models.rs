//! Models of the conditional variable with its mutex.

use std::{sync::Arc, task::Waker};

use loom::{future::block_on, model, thread};

use super::*;
use crate::Mutex;

type Shared = Arc<(Mutex<u32>, Cond)>;

fn shared() -> Shared {
    Arc::new((Mutex::new(0), Cond::new()))
}

async fn take(shared: &Shared) {
    let mut guard = shared.0.lock().await;
    while *guard == 0 {
        guard = shared.1.wait(guard).await;
    }
    *guard -= 1;
}

/// Nobody who takes the lock after a waiter released it notifies too early.
#[test]
fn notify_one_against_waiting() {
    model(|| {
        let shared = shared();
        let waits = shared.clone();
        let waits = thread::spawn(move || block_on(take(&waits)));
        *block_on(shared.0.lock()) += 1;
        shared.1.notify_one();
        waits.join().unwrap();
        assert_eq!(*block_on(shared.0.lock()), 0);
    });
}

#[test]
fn notify_all_against_two_who_wait() {
    model(|| {
        let shared = shared();
        let waits = [(); 2].map(|()| {
            let shared = shared.clone();
            thread::spawn(move || block_on(take(&shared)))
        });
        *block_on(shared.0.lock()) += 2;
        shared.1.notify_all();
        waits.into_iter().for_each(|waits| waits.join().unwrap());
        assert_eq!(*block_on(shared.0.lock()), 0);
    });
}

/// One who was told alone and goes away hands that on.
#[test]
fn giving_up_against_notify_one_and_another() {
    model(|| {
        let shared = shared();
        let mut leaves = Box::pin(shared.1.wait(block_on(shared.0.lock())));
        let polled = leaves
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
        let waits = shared.clone();
        let waits = thread::spawn(move || block_on(take(&waits)));
        let tells = shared.clone();
        let tells = thread::spawn(move || {
            *block_on(tells.0.lock()) += 1;
            tells.1.notify_one();
        });
        drop(leaves);
        tells.join().unwrap();
        waits.join().unwrap();
    });
}
