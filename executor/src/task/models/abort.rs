//! Who ends a task that others run: an abort is not lost, and a future is dropped once.

use loom::{model, sync::Arc, thread};

use super::{Body, FIRST, Poll, Slot};
use crate::task::state::{Join, Outcome, Wake};

fn pending(_: &mut Body) -> Poll {
    Poll::Pending
}

/// What `AbortHandle::abort` does; the entry has its turn here.
fn aborter(slot: &Arc<Slot>) -> thread::JoinHandle<()> {
    let slot = slot.clone();
    thread::spawn(move || {
        if slot.state.cancel(FIRST) == Wake::Queue {
            let good = slot.turn(FIRST, pending);
            assert!(good, "nobody else has an entry of this schedule");
        }
    })
}

fn check_ended(slot: &Slot, outcome: Outcome) {
    assert_eq!(Slot::count(&slot.ends), 1, "ends");
    assert_eq!(slot.state.join(), Join::Done(outcome));
    assert_eq!(
        slot.with_body(|body| body.dropped),
        outcome == Outcome::Cancelled
    );
}

#[test]
fn abort_against_start() {
    model(|| {
        let slot = Arc::new(Slot::scheduled());
        let aborter = aborter(&slot);
        assert!(slot.turn(FIRST, pending));
        aborter.join().unwrap();
        check_ended(&slot, Outcome::Cancelled);
    });
}

#[test]
fn abort_against_end_of_poll() {
    model(|| {
        let slot = Arc::new(Slot::running());
        let aborter = aborter(&slot);
        slot.poll(FIRST, pending);
        aborter.join().unwrap();
        check_ended(&slot, Outcome::Cancelled);
    });
}

#[test]
fn abort_against_completion() {
    model(|| {
        let slot = Arc::new(Slot::running());
        let aborter = aborter(&slot);
        slot.poll(FIRST, |_| Poll::Ready);
        aborter.join().unwrap();
        check_ended(&slot, Outcome::Output);
    });
}

/// A wake and an abort of an idle task are one schedule.
#[test]
fn abort_against_wake() {
    model(|| {
        let slot = Arc::new(Slot::running());
        slot.poll(FIRST, pending);
        let aborter = aborter(&slot);
        slot.wake(FIRST, pending);
        aborter.join().unwrap();
        check_ended(&slot, Outcome::Cancelled);
    });
}

/// The walk of a shutdown claims the task while a machine starts it by an entry, and another thread wakes it. One drops the
/// future, after the last poll.
#[test]
fn claim_against_start_and_wake() {
    model(|| {
        let slot = Arc::new(Slot::scheduled());
        let other = slot.clone();
        let machine = thread::spawn(move || other.turn(FIRST, pending));
        let other = slot.clone();
        let waker = thread::spawn(move || {
            if other.state.wake(FIRST) == Wake::Queue {
                other.turn(FIRST, pending);
            }
        });
        walk(&slot);
        machine.join().unwrap();
        waker.join().unwrap();
        // The pass after the machines have ended.
        walk(&slot);
        check_ended(&slot, Outcome::Cancelled);
    });
}

fn walk(slot: &Slot) {
    if slot.state.claim(FIRST) {
        slot.cancel(FIRST);
    }
}
