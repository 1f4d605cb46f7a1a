//! Models of the semaphore's word against its list.

use std::{pin::pin, sync::Arc, task::Waker};

use loom::{cell::UnsafeCell, future::block_on, model, thread};

use super::*;

/// What a permit guards: loom reports two who are there at once, and one who does not see what the other did.
struct Guarded {
    semaphore: Semaphore,
    cell: UnsafeCell<usize>,
}

impl Guarded {
    fn new() -> Arc<Guarded> {
        Arc::new(Guarded {
            semaphore: Semaphore::new(1),
            cell: UnsafeCell::new(0),
        })
    }

    fn enter(&self) {
        let permit = block_on(self.semaphore.acquire()).unwrap();
        // SAFETY: there is one permit.
        self.cell.with_mut(|cell| unsafe { *cell += 1 });
        drop(permit);
    }
}

#[test]
fn three_for_one_permit() {
    model(|| {
        let guarded = Guarded::new();
        let others = [0; 2].map(|_| {
            let guarded = guarded.clone();
            thread::spawn(move || guarded.enter())
        });
        guarded.enter();
        others.into_iter().for_each(|other| other.join().unwrap());
        // SAFETY: the others are gone.
        assert_eq!(guarded.cell.with(|cell| unsafe { *cell }), 3);
        assert_eq!(guarded.semaphore.available_permits(), 1);
    });
}

/// One who waits for two gets one, and goes away while the other is released, and while a third waits.
#[test]
fn giving_up_against_release() {
    model(|| {
        let semaphore = Arc::new(Semaphore::new(2));
        let held = semaphore.clone().try_acquire_owned().unwrap();
        let (releases, waits) = (thread::spawn(move || drop(held)), {
            let semaphore = semaphore.clone();
            thread::spawn(move || drop(block_on(semaphore.acquire())))
        });
        {
            let mut leaves = pin!(semaphore.acquire_many(2));
            let _ = leaves
                .as_mut()
                .poll(&mut std::task::Context::from_waker(Waker::noop()));
        }
        releases.join().unwrap();
        waits.join().unwrap();
        assert_eq!(semaphore.available_permits(), 2);
    });
}

#[test]
fn close_against_release_and_acquire() {
    model(|| {
        let semaphore = Arc::new(Semaphore::new(1));
        let held = semaphore.clone().try_acquire_owned().unwrap();
        let (releases, waits) = (thread::spawn(move || drop(held)), {
            let semaphore = semaphore.clone();
            thread::spawn(move || drop(block_on(semaphore.acquire())))
        });
        semaphore.close();
        releases.join().unwrap();
        waits.join().unwrap();
        assert_eq!(semaphore.available_permits(), 1);
    });
}
