//! What loom has in the place of `sched::slices`: a kernel that keeps what each thread was given, and knows which have ended.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slice {
    Short,
    Long,
}

const NEVER: u32 = 0;
const SHORT: u32 = 1;
const LONG: u32 = 2;
const ENDED: u32 = 3;

// In each execution anew. loom need not know: each thread's word is written under its machine's lock.
loom::lazy_static! {
    static ref THREADS: [AtomicU32; 4] = [const { AtomicU32::new(NEVER) }; 4];
}

pub(super) fn set(thread: i32, slice: Slice) {
    let word = &THREADS[thread as usize];
    assert_ne!(word.load(Relaxed), ENDED, "the id may be another thread's");
    let slice = match slice {
        Slice::Short => SHORT,
        Slice::Long => LONG,
    };
    word.store(slice, Relaxed);
}

/// What the thread was given last. `None`: nothing, or it has ended.
pub(super) fn get(thread: i32) -> Option<Slice> {
    match THREADS[thread as usize].load(Relaxed) {
        SHORT => Some(Slice::Short),
        LONG => Some(Slice::Long),
        _ => None,
    }
}

/// The system ends the thread.
pub(super) fn end(thread: i32) {
    THREADS[thread as usize].store(ENDED, Relaxed);
}
