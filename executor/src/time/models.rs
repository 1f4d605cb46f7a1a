//! The lock of the timers: one holder at a time, who sees what the last one did.

use loom::{
    model,
    sync::{Arc, atomic::AtomicU32},
    thread,
};

use super::lock::Lock;
use crate::shim::Ordering;

fn count(lock: &Lock<AtomicU32>) {
    let value = lock.lock();
    value.store(value.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

#[test]
fn lock_against_lock() {
    model(|| {
        let lock = Arc::new(Lock::new(AtomicU32::new(0)));
        let other = lock.clone();
        let thread = thread::spawn(move || (0..2).for_each(|_| count(&other)));
        (0..2).for_each(|_| count(&lock));
        thread.join().unwrap();
        assert_eq!(lock.lock().load(Ordering::Relaxed), 4);
    });
}
