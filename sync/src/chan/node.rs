//! One who waits in a channel, and the list of them. (Go: `sudog`, `waitq`)
//!
//! # How it works
//! A node lies inside of a pinned future, or in a box; the list links nodes, it does not own them. The future puts its node
//! into the list, and takes it out at the latest when it is dropped. The value passes through the node: a parked sender's
//! lies there, a parked receiver finds it there.
//!
//! ```text
//!        enter            settle (counterpart)
//! IDLE ---------> QUEUED ----------------------> DONE or CLOSED
//!  ^                |                                  |
//!  +-- leave -------+   (a select's, that lost,        |
//!  |                     also by the counterpart)      |
//!  +-- clear ------------------------------------------+
//! ```
//!
//! # Invariants
//! - N1: a node is in a list exactly while its stage is `QUEUED`; list, links and that stage change under the lock of its
//!   channel only.
//! - N2: in `QUEUED` the value and the waiter belong to whoever holds the lock; in all other stages to the owner.
//! - N3: a counterpart's store of the next stage is its last access to the node.
//! - N4: memory of a queued node is not used for anything else: it is pinned, and its owner's `Drop` takes it out. A future
//!   that is forgotten leaves its node in the list for good, and its memory too. Hence no node points to anything that
//!   does not lie in pinned memory with it: a value that is borrowed for the wait is moved in and back.
//! - N5: all nodes of a select lie in the memory of its [`Decision`]'s owner, which drops the nodes before the decision.
//! - N6: there is a waiter while the node is queued and waits alone, and at no other time: who takes it out of the list takes
//!   the waiter too. So nothing of it is left to be dropped with the node.
//!
//! # Memory ordering
//! The stage is stored with Release by the counterpart and loaded with Acquire by the owner outside of the lock: seeing
//! `DONE` it sees the value. Under the lock the lock orders.

use crate::shim::mutant;
use std::{
    cell::Cell,
    marker::PhantomPinned,
    mem::ManuallyDrop,
    ptr::{self, NonNull},
    sync::{Arc, Mutex, atomic::Ordering},
    task::{Wake, Waker},
};

use super::decision::{Claim, Decision};
use crate::{
    shim::{AtomicU8, UnsafeCell, Waiter},
    wait_list::Wakes,
};

/// Where a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Stage {
    /// In no list, and nothing has happened to it.
    Idle,
    /// In a list.
    Queued,
    /// A counterpart gave the value, took it, or reserved a place.
    Done,
    /// The channel was closed.
    Closed,
}

/// In the place of a select, of one that is told when to look and given nothing. It points nowhere.
const LISTENS: *const Decision = ptr::without_provenance(usize::MAX);

pub(super) struct Node<T> {
    /// The neighbours (N1).
    next: Cell<*const Node<T>>,
    previous: Cell<*const Node<T>>,
    /// The select that it is an arm of; null if it waits alone, [`LISTENS`] if it only listens. Changes in `Idle` only.
    decision: Cell<*const Decision>,
    arm: Cell<u32>,
    stage: AtomicU8,
    /// N2.
    parts: UnsafeCell<Parts<T>>,
    _pinned: PhantomPinned,
}

struct Parts<T> {
    value: Option<T>,
    /// Who is to be woken. An arm's is in the decision. N6.
    waiter: ManuallyDrop<Option<Waiter>>,
}

// SAFETY: N1 and N2 say who may touch what; what is passed between threads is the value.
unsafe impl<T: Send> Send for Node<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Node<T> {}

impl<T> Node<T> {
    pub(super) fn new(value: Option<T>) -> Node<T> {
        Node {
            next: Cell::new(ptr::null()),
            previous: Cell::new(ptr::null()),
            decision: Cell::new(ptr::null()),
            arm: Cell::new(0),
            stage: AtomicU8::new(Stage::Idle as u8),
            parts: UnsafeCell::new(Parts {
                value,
                waiter: ManuallyDrop::new(None),
            }),
            _pinned: PhantomPinned,
        }
    }

    #[inline]
    pub(super) fn stage(&self) -> Stage {
        match self.stage.load(Ordering::Acquire) {
            0 => Stage::Idle,
            1 => Stage::Queued,
            2 => Stage::Done,
            _ => Stage::Closed,
        }
    }

    #[inline]
    fn set_stage(&self, stage: Stage) {
        let order = if mutant("settle_releases_nothing") {
            Ordering::Relaxed
        } else {
            Ordering::Release
        };
        self.stage.store(stage as u8, order);
    }

    /// The owner has seen what happened.
    #[inline]
    pub(super) fn clear(&self) {
        debug_assert!(matches!(self.stage(), Stage::Done | Stage::Closed));
        self.stage.store(Stage::Idle as u8, Ordering::Relaxed);
    }

    /// The value, taken out.
    ///
    /// # Safety
    /// The parts must be the caller's (N2).
    #[inline]
    pub(super) unsafe fn take_value(&self) -> Option<T> {
        // SAFETY: the caller's.
        self.parts
            .with_mut(|parts| unsafe { (*parts).value.take() })
    }

    /// Puts a value where none is.
    ///
    /// # Safety
    /// The parts must be the caller's (N2).
    #[inline]
    pub(super) unsafe fn put_value(&self, value: T) {
        self.parts.with_mut(|parts| {
            // SAFETY: the caller's.
            let place = unsafe { &mut (*parts).value };
            debug_assert!(place.is_none());
            *place = Some(value);
        });
    }

    /// There is a value in it.
    ///
    /// # Safety
    /// The parts must be the caller's (N2).
    #[inline]
    pub(super) unsafe fn has_value(&self) -> bool {
        // SAFETY: the caller's.
        self.parts
            .with_mut(|parts| unsafe { (*parts).value.is_some() })
    }

    /// It has a value yet, or an outcome that the owner has not seen. By the owner.
    pub(super) fn is_busy(&self) -> bool {
        // SAFETY: N2: it is idle when this is reached.
        self.stage() != Stage::Idle || unsafe { self.has_value() }
    }

    /// Somebody waits here with a value. Under the lock, of a node in the list.
    #[inline]
    pub(super) fn offers(&self) -> bool {
        // SAFETY: N2: it is queued, and the caller has the lock.
        unsafe { self.has_value() }
    }

    /// Exchanges who is to be woken. The caller drops the old one outside of the lock.
    ///
    /// # Safety
    /// The parts must be the caller's (N2).
    #[inline]
    pub(super) unsafe fn set_waiter(&self, waiter: Option<Waiter>) -> Option<Waiter> {
        self.parts.with_mut(|parts| {
            // SAFETY: the caller's.
            let place = unsafe { &mut (*parts).waiter };
            std::mem::replace(&mut **place, waiter)
        })
    }

    /// The one who is woken is the one of `waker`.
    ///
    /// # Safety
    /// The parts must be the caller's (N2).
    pub(super) unsafe fn will_wake(&self, waker: &Waker) -> bool {
        self.parts.with_mut(|parts| {
            // SAFETY: the caller's.
            let waiter = unsafe { &(*parts).waiter };
            waiter.as_ref().is_some_and(|it| it.will_wake(waker))
        })
    }

    /// Makes it an arm of a select, or one that waits alone. By the owner, in `Idle`.
    #[inline]
    pub(super) fn set_arm(&self, decision: *const Decision, arm: u32) {
        debug_assert_eq!(self.stage(), Stage::Idle);
        self.decision.set(decision);
        self.arm.set(arm);
    }

    /// Makes it one that listens (C7 in `core`). By the owner, in `Idle`.
    pub(super) fn listen(&self) {
        self.set_arm(LISTENS, 0);
    }

    fn listens(&self) -> bool {
        ptr::eq(self.decision.get(), LISTENS)
    }

    /// A counterpart wants it to happen. Under the lock, of a node in the list.
    #[inline]
    fn claim(&self) -> Claim {
        let decision = self.decision.get();
        if decision.is_null() {
            // SAFETY: N2: it is queued, and the caller has the lock.
            return Claim::Won(unsafe { self.set_waiter(None) });
        }
        if self.listens() {
            return Claim::Deaf;
        }
        // SAFETY: N4, N5: it is queued, so the select that it is an arm of is there.
        let decision = unsafe { &*decision };
        decision.claim(self.arm.get())
    }
}

/// Nodes, first come first. Its methods are called under the channel's lock.
pub(super) struct WaitList<T> {
    first: *const Node<T>,
    last: *const Node<T>,
}

// SAFETY: the nodes are reached under the channel's lock (N1); they are `Send` if `T` is.
unsafe impl<T: Send> Send for WaitList<T> {}

/// A node that was taken out of the list by a counterpart, which decides what happens to it.
pub(super) struct Claimed<T> {
    node: NonNull<Node<T>>,
    waiter: Option<Waiter>,
}

impl<T> WaitList<T> {
    pub(super) const fn new() -> WaitList<T> {
        WaitList {
            first: ptr::null(),
            last: ptr::null(),
        }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_null()
    }

    /// Puts a node at the end.
    ///
    /// # Safety
    /// It is idle, pinned, and its owner calls [`leave`](Self::leave) before it is gone (N4).
    #[inline]
    pub(super) unsafe fn enter(&mut self, node: &Node<T>) {
        debug_assert_eq!(node.stage(), Stage::Idle);
        node.next.set(ptr::null());
        node.previous.set(self.last);
        // SAFETY: N4: nodes in the list are there.
        match unsafe { self.last.as_ref() } {
            Some(last) => last.next.set(node),
            None => self.first = node,
        }
        self.last = node;
        node.set_stage(Stage::Queued);
    }

    /// Takes out a node that is in this list; its owner may enter it again.
    #[inline]
    pub(super) fn leave(&mut self, node: &Node<T>) {
        self.unlink(node);
        node.set_stage(Stage::Idle);
    }

    #[inline]
    fn unlink(&mut self, node: &Node<T>) {
        debug_assert_eq!(node.stage(), Stage::Queued);
        let (previous, next) = (node.previous.get(), node.next.get());
        // SAFETY: N4: nodes in the list are there.
        match unsafe { previous.as_ref() } {
            Some(previous) => previous.next.set(next),
            None => self.first = next,
        }
        // SAFETY: as above.
        match unsafe { next.as_ref() } {
            Some(next) => next.previous.set(previous),
            None => self.last = previous,
        }
    }

    /// Takes out the first.
    #[inline]
    pub(super) fn claim_first(&mut self) -> Option<Claimed<T>> {
        self.claim_where(ptr::null(), |_| true)
    }

    /// Takes out the first that is `wanted` and for whom it can happen; nodes of selects that have lost go with it. The nodes
    /// of the select `own`, which is looking here, do not count: a select does not serve itself.
    #[inline]
    pub(super) fn claim_where(
        &mut self,
        own: *const Decision,
        wanted: impl Fn(&Node<T>) -> bool,
    ) -> Option<Claimed<T>> {
        let mut at = self.first;
        // SAFETY: N4: nodes in the list are there.
        while let Some(node) = unsafe { at.as_ref() } {
            at = node.next.get();
            let is_own = !own.is_null() && ptr::eq(node.decision.get(), own);
            if is_own || !wanted(node) {
                continue;
            }
            match node.claim() {
                Claim::Won(waiter) => {
                    self.unlink(node);
                    let node = NonNull::from(node);
                    return Some(Claimed { node, waiter });
                }
                Claim::Lost => self.leave(node),
                Claim::Deaf => {}
            }
        }
        None
    }
}

impl<T> WaitList<T> {
    /// Takes out all who listen. One waiter stands for all of them.
    #[cold]
    pub(super) fn tell_listeners(&mut self, stage: Stage) -> Option<Waiter> {
        let (mut first, mut crowd) = (None, Vec::new());
        let mut at = self.first;
        // SAFETY: N4: nodes in the list are there.
        while let Some(node) = unsafe { at.as_ref() } {
            at = node.next.get();
            if !node.listens() {
                continue;
            }
            self.unlink(node);
            // SAFETY: N2: it was queued, and the caller has the lock.
            let waiter = unsafe { node.set_waiter(None) };
            node.set_stage(stage);
            match &first {
                None => first = waiter,
                Some(_) => crowd.extend(waiter),
            }
        }
        if crowd.is_empty() {
            return first;
        }
        crowd.extend(first);
        let crowd = Arc::new(Crowd(Mutex::new(crowd)));
        Some(Waiter::new(&Waker::from(crowd)))
    }
}

/// Several who are woken as one.
struct Crowd(Mutex<Vec<Waiter>>);

impl Wake for Crowd {
    fn wake(self: Arc<Self>) {
        let mut wakes = Wakes::new();
        // Nobody else has it: it is one waiter, woken once.
        if let Ok(mut crowd) = self.0.lock() {
            crowd
                .drain(..)
                .for_each(|waiter| wakes.extend(Some(waiter)));
        }
        wakes.wake();
    }
}

impl<T> Claimed<T> {
    fn node(&self) -> &Node<T> {
        // SAFETY: N3, N4: its stage is still `QUEUED`, so its owner's `Drop` waits for the lock, which is held.
        unsafe { self.node.as_ref() }
    }

    /// The value of a parked sender; `None` if a place is to be reserved for it.
    #[inline]
    pub(super) fn take_value(&self) -> Option<T> {
        // SAFETY: N2.
        unsafe { self.node().take_value() }
    }

    /// A value for a parked receiver.
    #[inline]
    pub(super) fn put_value(&self, value: T) {
        // SAFETY: N2.
        unsafe { self.node().put_value(value) }
    }

    /// It has happened. The caller wakes the waiter outside of the lock.
    #[inline]
    #[must_use]
    pub(super) fn settle(self, stage: Stage) -> Option<Waiter> {
        self.node().set_stage(stage);
        self.waiter
    }
}
