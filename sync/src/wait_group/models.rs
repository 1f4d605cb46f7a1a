//! Models of the word against the list.

use std::{pin::pin, task::Waker};

use loom::{cell::UnsafeCell, future::block_on, model, thread};

use super::*;

/// What the tasks did is seen by who waited for them.
#[test]
fn two_done_against_wait() {
    model(|| {
        let group = WaitGroup::new();
        group.add(2);
        let cells = Arc::new([UnsafeCell::new(0), UnsafeCell::new(0)]);
        let tasks = [0, 1].map(|n| {
            let (group, cells) = (group.clone(), cells.clone());
            thread::spawn(move || {
                // SAFETY: each has its own, and who waits looks afterwards.
                cells[n].with_mut(|cell| unsafe { *cell = 1 });
                group.done();
            })
        });
        block_on(group.wait());
        for cell in cells.iter() {
            // SAFETY: the tasks are done.
            assert_eq!(cell.with(|cell| unsafe { *cell }), 1);
        }
        tasks.into_iter().for_each(|task| task.join().unwrap());
    });
}

/// The next round begins while the end of the first is told: those of the first go on, those of the next wait for theirs.
#[test]
fn end_of_a_round_against_the_next() {
    model(|| {
        let group = WaitGroup::new();
        group.add(1);
        let mut first = pin!(group.wait());
        assert!(
            first
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_pending()
        );
        let done = {
            let group = group.clone();
            thread::spawn(move || group.done())
        };
        while group.count() > 0 {
            thread::yield_now();
        }
        group.add(1);
        let next = {
            let group = group.clone();
            thread::spawn(move || block_on(group.wait()))
        };
        block_on(first);
        group.done();
        next.join().unwrap();
        done.join().unwrap();
    });
}
