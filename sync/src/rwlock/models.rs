//! Models of readers beside a writer. The exclusion itself is the semaphore's.

use loom::{cell::UnsafeCell, future::block_on, model, thread};

use super::*;

/// What the lock guards, as loom sees it.
type Guarded = Arc<RwLock<UnsafeCell<usize>>>;

fn look(guarded: &Guarded) -> usize {
    let reader = block_on(guarded.read());
    // SAFETY: a read lock is held.
    reader.with(|cell| unsafe { *cell })
}

fn add(guarded: &Guarded) {
    let writer = block_on(guarded.write());
    // SAFETY: the write lock is held.
    writer.with_mut(|cell| unsafe { *cell += 1 });
}

#[test]
fn a_writer_against_a_reader_and_a_writer() {
    model(|| {
        let guarded = Guarded::new(RwLock::new(UnsafeCell::new(0)));
        let (reads, writes) = (guarded.clone(), guarded.clone());
        let reads = thread::spawn(move || look(&reads));
        let writes = thread::spawn(move || add(&writes));
        add(&guarded);
        assert!(reads.join().unwrap() <= 2);
        writes.join().unwrap();
        assert_eq!(look(&guarded), 2);
    });
}

/// A writer goes on as a reader: others may read along, and nobody may write.
#[test]
fn downgrade_against_a_reader_and_a_writer() {
    model(|| {
        let guarded = Guarded::new(RwLock::new(UnsafeCell::new(0)));
        let writer = block_on(guarded.clone().write_owned());
        let (reads, writes) = (guarded.clone(), guarded.clone());
        let reads = thread::spawn(move || look(&reads));
        let writes = thread::spawn(move || add(&writes));
        let reader = writer.downgrade();
        // SAFETY: a read lock is held.
        assert_eq!(reader.with(|cell| unsafe { *cell }), 0);
        drop(reader);
        reads.join().unwrap();
        writes.join().unwrap();
        assert_eq!(look(&guarded), 1);
    });
}
