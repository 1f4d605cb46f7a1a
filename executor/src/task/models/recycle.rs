//! A slot that is used again: what is left of an earlier task, be it a waker or a queue entry, does nothing to a later one.

use loom::{model, sync::Arc, thread};

use super::{Body, FIRST, Poll, Slot};
use crate::task::state::{Detach, GENERATION_LIMIT, Start, Suspend, Wake};

const SECOND: u32 = FIRST + 1;

fn ready(_: &mut Body) -> Poll {
    Poll::Ready
}

/// A slot whose task runs here and has no handle.
fn running_alone() -> Slot {
    let slot = Slot::running();
    assert_eq!(slot.state.detach(), Detach::Detached);
    slot
}

/// Ends the first task, and fills the slot with a second one.
fn use_again(slot: &Slot) {
    slot.poll(FIRST, ready);
    slot.state.publish(SECOND);
    assert_eq!(slot.state.detach(), Detach::Detached);
}

#[test]
fn stale_wake_against_the_next_task() {
    model(|| {
        let slot = Arc::new(running_alone());
        let other = slot.clone();
        let waker = thread::spawn(move || other.state.wake(FIRST));
        use_again(&slot);
        assert_eq!(slot.state.start(SECOND), Start::Poll);
        assert_eq!(
            slot.state.suspend(),
            Suspend::Idle,
            "nobody has woken the second task"
        );
        assert_eq!(waker.join().unwrap(), Wake::Nothing);
        assert!(!slot.state.load().is_scheduled());
    });
}

#[test]
fn stale_abort_against_the_next_task() {
    model(|| {
        let slot = Arc::new(running_alone());
        let other = slot.clone();
        let aborter = thread::spawn(move || other.state.cancel(FIRST));
        use_again(&slot);
        assert_eq!(
            slot.state.start(SECOND),
            Start::Poll,
            "nobody has aborted the second task"
        );
        assert_eq!(slot.state.suspend(), Suspend::Idle);
        assert_eq!(aborter.join().unwrap(), Wake::Nothing);
    });
}

/// A duplicate of the entry by which the first task was started.
#[test]
fn stale_entry_against_the_next_task() {
    model(|| {
        let slot = Arc::new(running_alone());
        let other = slot.clone();
        let machine = thread::spawn(move || other.turn(FIRST, ready));
        use_again(&slot);
        assert!(
            slot.turn(SECOND, ready),
            "nobody has taken the second task's schedule"
        );
        assert!(!machine.join().unwrap());
        assert_eq!(Slot::count(&slot.frees), 2);
    });
}

/// S2: names never repeat, so a slot whose generations are used up is not used again.
#[test]
fn stale_wake_against_a_retired_slot() {
    model(|| {
        let slot = Arc::new(running_alone());
        let other = slot.clone();
        let waker = thread::spawn(move || (other.state.wake(FIRST), other.state.wake(SECOND)));
        use_again(&slot);
        assert_eq!(slot.state.start(SECOND), Start::Poll);
        assert_eq!(
            slot.state.finish(crate::task::state::Outcome::Output),
            crate::task::state::Finish::Unwanted
        );
        assert!(!slot.free(SECOND), "the slot must be retired");
        assert_eq!(waker.join().unwrap(), (Wake::Nothing, Wake::Nothing));
        let left = slot.state.load();
        assert_eq!(left.generation(), GENERATION_LIMIT);
        assert!(!left.is_live());
    });
}
