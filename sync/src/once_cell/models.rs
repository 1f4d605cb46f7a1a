//! Models of who runs an initialiser.

use std::{pin::pin, sync::Arc, task::Waker};

use loom::{
    future::block_on,
    model,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use super::*;

/// One runs, and all see what it made.
#[test]
fn three_initialisers() {
    model(|| {
        let cell = Arc::new((OnceCell::new(), AtomicUsize::new(0)));
        let get = |cell: &(OnceCell<Box<usize>>, AtomicUsize)| {
            let make = || async { Box::new(cell.1.fetch_add(1, Ordering::Relaxed)) };
            assert_eq!(**block_on(cell.0.get_or_init(make)), 0);
        };
        let others = [(); 2].map(|()| {
            let cell = cell.clone();
            thread::spawn(move || get(&cell))
        });
        get(&cell);
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!(cell.1.load(Ordering::Relaxed), 1);
    });
}

/// One goes away in the middle: of the others one runs its own.
#[test]
fn giving_up_against_two_who_wait() {
    model(|| {
        let cell = Arc::new(OnceCell::new());
        let others = [1, 2].map(|value| {
            let cell = cell.clone();
            thread::spawn(move || *block_on(cell.get_or_init(|| async move { value })))
        });
        {
            let mut leaves = pin!(cell.get_or_init(std::future::pending));
            let _ = leaves
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
        }
        let [one, two] = others.map(|other| other.join().unwrap());
        assert_eq!((one, Some(&two)), (two, cell.get()));
    });
}
