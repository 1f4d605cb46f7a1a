//! Two queue entries for one schedule of a task (the run queue allows it): one of them is worth a poll, and no two polls meet.

use loom::{model, sync::Arc, thread};

use super::{Body, FIRST, Poll, Slot};

fn poll(_: &mut Body) -> Poll {
    Poll::Pending
}

#[test]
fn entry_against_its_duplicate() {
    model(|| {
        let slot = Arc::new(Slot::scheduled());
        let other = slot.clone();
        let duplicate = thread::spawn(move || other.turn(FIRST, poll));
        let first = slot.turn(FIRST, poll);
        assert!(
            first != duplicate.join().unwrap(),
            "one schedule, one start"
        );
        assert_eq!(Slot::count(&slot.polls), 1);
    });
}

/// A wake during the poll is another schedule: the late duplicate may take that, and the poll's own thread
/// then finds its entry stale. Polls are as many as schedules at most, and none is left.
#[test]
fn wake_against_a_late_duplicate() {
    model(|| {
        let slot = Arc::new(Slot::scheduled());
        let other = slot.clone();
        let duplicate = thread::spawn(move || while_queued(&other, FIRST));
        let other = slot.clone();
        let waker = thread::spawn(move || {
            if other.state.wake(FIRST) == crate::task::state::Wake::Queue {
                while_queued(&other, FIRST);
            }
        });
        while_queued(&slot, FIRST);
        duplicate.join().unwrap();
        waker.join().unwrap();
        assert!(!slot.state.load().is_scheduled(), "an entry is missing");
        assert!((1..=2).contains(&Slot::count(&slot.polls)));
    });
}

/// An entry's turn, and those of the entries that come of it, where others may take them.
fn while_queued(slot: &Slot, generation: u32) {
    use crate::task::state::{Start, Suspend};
    while slot.state.start(generation) == Start::Poll {
        slot.polls
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        slot.with_body(|body| body.seen += 1);
        if slot.state.suspend() == Suspend::Idle {
            return;
        }
    }
}
