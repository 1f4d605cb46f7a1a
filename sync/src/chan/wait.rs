//! One look of an operation at its channel, and parking there. Receiving, sending and reserving differ in what they look for.

use std::task::Waker;

use super::{
    core::{Core, NO_SELECT, State},
    decision::Decision,
    node::{Node, Stage, WaitList},
};
use crate::shim::{Held, Waiter, mutant};

/// On whose behalf an operation is polled.
#[derive(Clone, Copy)]
pub(super) enum Visit<'a> {
    /// Its own: the waker is for it alone.
    Alone(&'a Waker),
    /// A select's.
    Arm(Arm<'a>),
}

/// One arm of a select, in one poll.
#[derive(Clone, Copy)]
pub struct Arm<'a> {
    pub(crate) decision: &'a Decision,
    pub(crate) index: u32,
    pub(crate) pass: Pass,
}

/// Why an arm is polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    /// To see whether it is ready now; nothing stays behind.
    Peek,
    /// To look under the lock, and to be queued if it is not ready.
    Look,
    /// As `Look`; but who is queued already has missed nothing.
    Again,
    /// As `Look`, in a poll in which futures have been polled.
    Missed,
    /// A counterpart decided for it: it is ready.
    Won,
}

/// What a visit finds.
pub(super) enum Visited<R> {
    /// This, and the node is in no list.
    Found(R),
    /// A counterpart settled the node.
    Settled(Stage),
    /// It waits, or it is not ready and may not wait.
    Pending,
}

/// Which list of a channel an operation waits in.
pub(super) type List<T> = fn(&mut State<T>) -> &mut WaitList<T>;

impl<T> Core<T> {
    /// Looks at what happened to `node`; if nothing did, calls `look` under the lock, with the select that does not serve
    /// itself; if that finds nothing either, `node` is in the list from then on.
    ///
    /// # Safety
    /// `node` is pinned, and its owner calls [`Core::cancel`] before it is gone (N4). An arm's decision outlives the node
    /// (N5), and is the same at each call for a queued node.
    #[inline]
    pub(super) unsafe fn visit<R>(
        &self,
        node: &Node<T>,
        visit: Visit<'_>,
        list: List<T>,
        look: impl FnMut(&mut State<T>, *const Decision) -> Option<R>,
    ) -> Visited<R> {
        match (node.stage(), visit) {
            (Stage::Idle, Visit::Alone(waker)) => {
                // SAFETY: the caller's.
                return unsafe { self.park_alone(self.lock(), node, waker, list, look) };
            }
            (Stage::Queued, Visit::Alone(waker)) => {
                if self.still_waits(node, waker) {
                    return Visited::Pending;
                }
            }
            (Stage::Queued, Visit::Arm(arm)) if arm.pass == Pass::Again => return Visited::Pending,
            // The winner decided a moment ago, and settles the node in the same section.
            (Stage::Queued, Visit::Arm(arm)) if arm.pass == Pass::Won => self.with(|_| ()),
            (Stage::Idle | Stage::Queued, Visit::Arm(arm)) => {
                // SAFETY: the caller's.
                return unsafe { self.park_arm(node, arm, list, look) };
            }
            (Stage::Done | Stage::Closed, _) => {}
        }
        let stage = node.stage();
        node.clear();
        Visited::Settled(stage)
    }

    /// The first visit of one that waits alone, with the lock taken.
    ///
    /// # Safety
    /// As [`visit`](Self::visit), of an idle node.
    #[inline(always)]
    pub(super) unsafe fn park_alone<'a, R>(
        &'a self,
        held: Held<'a, State<T>>,
        node: &Node<T>,
        waker: &Waker,
        list: List<T>,
        look: impl FnMut(&mut State<T>, *const Decision) -> Option<R>,
    ) -> Visited<R> {
        node.set_arm(NO_SELECT, 0);
        // SAFETY: the caller's.
        unsafe { self.park(held, node, waker, list, look) }
    }

    /// The rest of [`park_alone`](Self::park_alone), also for one that listens.
    ///
    /// # Safety
    /// As there.
    #[inline(always)]
    pub(super) unsafe fn park<'a, R>(
        &'a self,
        mut held: Held<'a, State<T>>,
        node: &Node<T>,
        waker: &Waker,
        list: List<T>,
        mut look: impl FnMut(&mut State<T>, *const Decision) -> Option<R>,
    ) -> Visited<R> {
        // A foreign waker runs user code when it is cloned: that is not for the lock, and is done only if it must be.
        let mut waiter = Waiter::of_task(waker);
        loop {
            let (found, old) = held.with(|state| {
                let found = look(state, NO_SELECT);
                if found.is_some() || waiter.is_none() {
                    return (found, None);
                }
                // SAFETY: N2: it is idle, so it is the caller's.
                let old = unsafe { node.set_waiter(waiter.take()) };
                // SAFETY: the caller's, N4.
                unsafe { list(state).enter(node) };
                (None, Some(old))
            });
            drop(held);
            match (found, old) {
                (Some(found), _) => return Visited::Found(found),
                (None, Some(_)) => return Visited::Pending,
                (None, None) => waiter = Some(Waiter::new(waker)),
            }
            held = self.lock();
        }
    }

    /// The node is queued yet, and `waker` will be woken. False: it was settled.
    #[cold]
    pub(super) fn still_waits(&self, node: &Node<T>, waker: &Waker) -> bool {
        let same = self.with(|_| {
            // SAFETY: N2, under the lock.
            (node.stage() == Stage::Queued).then(|| unsafe { node.will_wake(waker) })
        });
        if let Some(true) | None = same {
            return same.is_some();
        }
        if mutant("second_waker_forgotten") {
            return true;
        }
        let mut waiter = Some(Waiter::new(waker));
        let old = self.with(|_| {
            // SAFETY: N2, under the lock.
            (node.stage() == Stage::Queued).then(|| unsafe { node.set_waiter(waiter.take()) })
        });
        old.is_some()
    }

    /// # Safety
    /// As [`visit`](Self::visit).
    #[inline]
    unsafe fn park_arm<R>(
        &self,
        node: &Node<T>,
        arm: Arm<'_>,
        list: List<T>,
        mut look: impl FnMut(&mut State<T>, *const Decision) -> Option<R>,
    ) -> Visited<R> {
        let found = self.with(|state| {
            let queued = node.stage() == Stage::Queued;
            let found = look(state, arm.decision);
            if found.is_some() {
                if queued {
                    list(state).leave(node);
                }
            } else if !queued && arm.pass != Pass::Peek {
                node.set_arm(arm.decision, arm.index);
                // SAFETY: the caller's, N4 and N5.
                unsafe { list(state).enter(node) };
            }
            found
        });
        found.map_or(Visited::Pending, Visited::Found)
    }

    /// The owner of `node` goes. What a counterpart did to it before is in its stage, which is `Idle`, `Done` or `Closed` then.
    #[inline]
    pub(super) fn cancel(&self, node: &Node<T>, list: List<T>) -> Stage {
        match node.stage() {
            Stage::Queued => self.cancel_queued(node, list),
            stage => stage,
        }
    }

    #[cold]
    fn cancel_queued(&self, node: &Node<T>, list: List<T>) -> Stage {
        let (stage, waiter) = self.with(|state| {
            if node.stage() != Stage::Queued {
                if mutant("cancel_trusts_its_first_look") {
                    return (Stage::Idle, None);
                }
                return (node.stage(), None);
            }
            list(state).leave(node);
            // SAFETY: N2: it is idle, so it is the caller's.
            (Stage::Idle, unsafe { node.set_waiter(None) })
        });
        drop(waiter);
        stage
    }
}
