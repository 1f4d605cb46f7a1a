//! Numbers for threads: small, and no two live threads have the same.
//!
//! The lowest that is free is given out at a thread's first use, and taken back when it ends, both under one lock: so who
//! gets it next sees all that its former holder did.

use std::{
    cell::Cell,
    cmp::Reverse,
    collections::BinaryHeap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The thread ends: it has no number any more.
const NONE: usize = usize::MAX;
/// It has not asked yet.
const UNASKED: usize = usize::MAX - 1;

thread_local! {
    /// Without a destructor, so that it may be read at any time.
    static INDEX: Cell<usize> = const { Cell::new(UNASKED) };
    static LEASE: Lease = const { Lease };
}

/// Gives the number back when the thread ends.
struct Lease;

impl Drop for Lease {
    fn drop(&mut self) {
        let index = INDEX.replace(NONE);
        if index < UNASKED {
            free().returned.push(Reverse(index));
        }
    }
}

struct Free {
    returned: BinaryHeap<Reverse<usize>>,
    next: usize,
}

static FREE: Mutex<Free> = Mutex::new(Free {
    returned: BinaryHeap::new(),
    next: 0,
});

fn free() -> MutexGuard<'static, Free> {
    // Nothing panics while it is held.
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// This thread's number; a huge one if it has none.
#[inline]
pub(super) fn current() -> usize {
    let index = INDEX.get();
    if index == UNASKED { ask() } else { index }
}

#[cold]
fn ask() -> usize {
    // The lease is made before the number: a thread that ends has none to give back later.
    if LEASE.try_with(|_| ()).is_err() {
        INDEX.set(NONE);
        return NONE;
    }
    let mut free = free();
    let index = match free.returned.pop() {
        Some(Reverse(index)) => index,
        None => {
            free.next += 1;
            free.next - 1
        }
    };
    drop(free);
    INDEX.set(index);
    index
}
