//! Models of who shares a run.

use loom::{
    future::block_on,
    model,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use super::*;

/// Runs never overlap, whoever asks; and nothing is left.
#[test]
fn three_who_ask() {
    model(|| {
        let shared = Arc::new((Group::new(), AtomicUsize::new(0)));
        let ask = |shared: Arc<(Group<u8, u32>, AtomicUsize)>| {
            let counted = shared.clone();
            let make = || async move {
                assert_eq!(counted.1.fetch_add(1, Ordering::Relaxed), 0);
                counted.1.fetch_sub(1, Ordering::Relaxed);
                7
            };
            assert_eq!(block_on(shared.0.run(1, make)).value, 7);
        };
        let others = [(); 2].map(|()| {
            let shared = shared.clone();
            thread::spawn(move || ask(shared))
        });
        ask(shared.clone());
        others.into_iter().for_each(|other| other.join().unwrap());
        assert!(shared.0.lock().is_empty());
    });
}

/// What was begun after a forgetting is not ended by the one that was forgotten.
#[test]
fn forget_against_two_who_ask() {
    model(|| {
        let group = Arc::new(Group::<u8, u32>::new());
        let others = [1, 2].map(|value| {
            let group = group.clone();
            thread::spawn(move || block_on(group.run(1, || async move { value })).value)
        });
        group.forget(&1);
        let values = others.map(|other| other.join().unwrap());
        assert!(values.iter().all(|value| [1, 2].contains(value)));
        assert!(group.lock().is_empty());
    });
}
