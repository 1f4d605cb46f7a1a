//! Completion against the handle: the joiner is woken once or the handle sees the end; the joiner and the slot are
//! each freed once, and nothing is touched by the completer after it published *done*.

use std::sync::atomic::{AtomicU32 as Count, Ordering::Relaxed};

use loom::{model, sync::Arc, thread};

use super::{FIRST, Poll, Slot};
use crate::task::state::{Detach, Join, Outcome};

/// Foreign wakers that were boxed for the joiner field, by number.
#[derive(Default)]
pub(super) struct Joins([Waker; 3]);

#[derive(Default)]
struct Waker {
    boxed: Count,
    freed: Count,
    woken: Count,
}

impl Joins {
    fn boxed(&self, waker: usize) -> usize {
        self.0[waker].boxed.fetch_add(1, Relaxed);
        waker
    }

    fn free(&self, waker: usize) {
        self.0[waker].freed.fetch_add(1, Relaxed);
    }

    /// Wakes and frees a boxed one.
    pub(super) fn wake(&self, waker: usize) {
        self.wake_by_ref(waker);
        self.free(waker);
    }

    fn wake_by_ref(&self, waker: usize) {
        self.0[waker].woken.fetch_add(1, Relaxed);
    }

    fn woken(&self, waker: usize) -> u32 {
        self.0[waker].woken.load(Relaxed)
    }

    fn check_freed(&self) {
        for waker in &self.0 {
            assert_eq!(
                waker.boxed.load(Relaxed),
                waker.freed.load(Relaxed),
                "boxed, freed"
            );
        }
    }
}

impl Slot {
    pub(super) fn set_joiner_field(&self, waker: usize) {
        // SAFETY: loom fails the model unless this is the only reference.
        self.joiner.with_mut(|joiner| unsafe { *joiner = waker });
    }

    pub(super) fn take_joiner(&self) -> Option<usize> {
        // SAFETY: loom fails the model if somebody writes meanwhile.
        let waker = self.joiner.with(|joiner| unsafe { *joiner });
        (waker != 0).then_some(waker)
    }

    fn free_joiner(&self) {
        if let Some(waker) = self.take_joiner() {
            self.joins.free(waker);
        }
    }

    /// The handle's poll. True: the task has ended, the output is taken and the slot free.
    fn join(&self, waker: usize) -> bool {
        loop {
            match self.state.join() {
                Join::Done(outcome) => {
                    assert_eq!(outcome, Outcome::Output);
                    self.discard(outcome);
                    self.free(FIRST);
                    return true;
                }
                Join::Completing => {
                    self.joins.wake_by_ref(waker);
                    return false;
                }
                Join::Registered => {
                    if self.take_joiner() == Some(waker) {
                        return false;
                    }
                    if self.state.unset_joiner() {
                        self.free_joiner();
                    }
                }
                Join::Vacant => {
                    self.set_joiner_field(self.joins.boxed(waker));
                    if self.state.set_joiner() {
                        return false;
                    }
                    self.free_joiner();
                }
            }
        }
    }

    fn drop_handle(&self) {
        if self.state.join() == Join::Registered && self.state.unset_joiner() {
            self.free_joiner();
        }
        if let Detach::Done(outcome) = self.state.detach() {
            self.discard(outcome);
            self.free(FIRST);
        }
    }
}

fn completer(slot: &Arc<Slot>) -> thread::JoinHandle<()> {
    let slot = slot.clone();
    thread::spawn(move || slot.poll(FIRST, |_| Poll::Ready))
}

fn check_all_freed(slot: &Slot) {
    slot.joins.check_freed();
    assert_eq!(Slot::count(&slot.ends), 1);
    assert_eq!(Slot::count(&slot.frees), 1, "times the slot was freed");
}

/// The handle polls with these wakers, one after the other, while the task ends; then it waits, or is dropped.
fn check(wakers: &'static [usize], dropped: bool) {
    model(move || {
        let slot = Arc::new(Slot::running());
        let completer = completer(&slot);
        let joined = wakers.iter().any(|&waker| slot.join(waker));
        if dropped && !joined {
            slot.drop_handle();
        }
        completer.join().unwrap();
        if let (Some(&last), false, false) = (wakers.last(), dropped, joined) {
            assert!(slot.joins.woken(last) > 0, "the handle waits for ever");
            assert!(slot.join(last));
        }
        slot.joins.check_freed();
        assert_eq!(Slot::count(&slot.ends), 1);
        assert_eq!(Slot::count(&slot.frees), 1, "times the slot was freed");
    });
}

#[test]
fn completion_against_poll() {
    check(&[1], false);
}

#[test]
fn completion_against_polls_with_the_same_waker() {
    check(&[1, 1], false);
}

#[test]
fn completion_against_polls_with_two_wakers() {
    check(&[1, 2], false);
}

#[test]
fn completion_against_drop() {
    check(&[], true);
}

#[test]
fn completion_against_poll_and_drop() {
    check(&[1], true);
}

#[test]
fn completion_against_polls_and_drop() {
    check(&[1, 2], true);
}
