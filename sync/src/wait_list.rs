//! Futures that wait for a primitive, in the order in which they came.
//!
//! # How it works
//! A [`WaitList`] is a lock around the state `S` of a primitive and a doubly linked list of nodes. The nodes are fields of
//! the futures that wait ([`Waiting`]), so waiting allocates nothing. One who gets what it wants at once has no node: it is
//! made with the lock's first turn. What a primitive needs to know of one waiter is the node's data `D`; it is read and
//! written under the lock only.
//!
//! # Invariants
//! - W1: links and data of a node are touched under the lock of its list only, or by `&mut` of a node that was
//!   never linked.
//! - W2: a linked node does not move and is not freed: it is pinned from before it is linked, and
//!   [`Waiting`] unlinks it before it is dropped. A forgotten future that is pinned is never freed.
//! - W3: a node is in one list at most, that of its [`Hold`].
//! - W4: no user code runs under the lock: wakers are cloned before, woken and dropped after it. [`Wakes`] carries them
//!   out.
//!
//! # Rejected
//! A slab of waiters under the lock: it allocates under contention, and finds the oldest by a search.

use std::{
    cell::UnsafeCell,
    marker::PhantomPinned,
    ops::{Deref, DerefMut},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    ptr,
    sync::Arc,
};

use crate::shim::{self, Mutex, MutexGuard, Waiter, const_unless_loom};

/// The state of a primitive and who waits for it.
pub(crate) struct WaitList<S, D> {
    core: Mutex<Core<S, D>>,
}

struct Core<S, D> {
    state: S,
    head: *const Node<D>,
    tail: *const Node<D>,
    len: usize,
}

// SAFETY: the pointers lead to nodes whose data is `D`; what is done with them is done under the lock (W1), from whichever
// thread has it.
unsafe impl<S: Send, D: Send> Send for Core<S, D> {}

struct Node<D> {
    place: UnsafeCell<Place<D>>,
    _pinned: PhantomPinned,
}

struct Place<D> {
    data: D,
    waiter: Option<Waiter>,
    linked: bool,
    next: *const Node<D>,
    previous: *const Node<D>,
}

impl<D: Default> Node<D> {
    fn new() -> Self {
        let place = Place {
            data: D::default(),
            waiter: None,
            linked: false,
            next: ptr::null(),
            previous: ptr::null(),
        };
        Node {
            place: UnsafeCell::new(place),
            _pinned: PhantomPinned,
        }
    }
}

impl<S, D> WaitList<S, D> {
    const_unless_loom! {
        pub(crate) fn new(state: S) -> Self {
            WaitList {
                core: Mutex::new(Core {
                    state,
                    head: ptr::null(),
                    tail: ptr::null(),
                    len: 0,
                }),
            }
        }
    }

    #[inline]
    pub(crate) fn lock(&self) -> Locked<'_, S, D> {
        Locked {
            core: shim::lock(&self.core),
        }
    }
}

/// A list whose lock is held. Its state is what it dereferences to.
pub(crate) struct Locked<'a, S, D> {
    core: MutexGuard<'a, Core<S, D>>,
}

impl<S, D> Deref for Locked<'_, S, D> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.core.state
    }
}

impl<S, D> DerefMut for Locked<'_, S, D> {
    fn deref_mut(&mut self) -> &mut S {
        &mut self.core.state
    }
}

impl<S, D> Locked<'_, S, D> {
    pub(crate) fn is_empty(&self) -> bool {
        self.core.head.is_null()
    }

    pub(crate) fn len(&self) -> usize {
        self.core.len
    }

    /// The data of the one that waits longest.
    pub(crate) fn front(&mut self) -> Option<&mut D> {
        // SAFETY: W2: the head is linked, so it is alive.
        let node = unsafe { self.core.head.as_ref()? };
        Some(&mut self.place(node).data)
    }

    /// Takes out the one that waits longest, after `settle` told it what it was given. To be woken when the lock
    /// is free.
    pub(crate) fn pop(&mut self, wakes: &mut Wakes, settle: impl FnOnce(&mut D)) -> bool {
        // SAFETY: W2: the head is linked, so it is alive.
        let Some(node) = (unsafe { self.core.head.as_ref() }) else {
            return false;
        };
        self.unlink(node);
        let place = self.place(node);
        settle(&mut place.data);
        wakes.extend(place.waiter.take());
        true
    }

    /// Takes out everybody.
    pub(crate) fn pop_all(&mut self, wakes: &mut Wakes, mut settle: impl FnMut(&mut D)) {
        wakes.reserve(self.len());
        while self.pop(wakes, &mut settle) {}
    }

    /// Wakes the first whom `choose` accepts, and leaves it where it is.
    pub(crate) fn wake_first(
        &mut self,
        wakes: &mut Wakes,
        choose: impl FnMut(&mut D) -> bool,
    ) -> bool {
        let found = self.place_of(choose);
        let woken = found.is_some();
        wakes.extend(found.and_then(|place| place.waiter.take()));
        woken
    }

    /// The first whom `choose` accepts.
    pub(crate) fn find(&mut self, choose: impl FnMut(&mut D) -> bool) -> Option<&mut D> {
        self.place_of(choose).map(|place| &mut place.data)
    }

    fn place_of(&mut self, mut choose: impl FnMut(&mut D) -> bool) -> Option<&mut Place<D>> {
        let mut at = self.core.head;
        loop {
            // SAFETY: W2: the list leads from linked nodes to linked nodes.
            let node = unsafe { at.as_ref()? };
            let place = self.place(node);
            if choose(&mut place.data) {
                return Some(self.place(node));
            }
            at = place.next;
        }
    }

    /// `node` is in this list, or in none.
    fn place<'a>(&'a mut self, node: &'a Node<D>) -> &'a mut Place<D> {
        // SAFETY: W1: the lock is held, and `&mut self` keeps other references away.
        unsafe { &mut *node.place.get() }
    }

    fn link_last(&mut self, node: &Node<D>) {
        let tail = self.core.tail;
        let place = self.place(node);
        debug_assert!(!place.linked);
        place.linked = true;
        place.next = ptr::null();
        place.previous = tail;
        // SAFETY: W2: the tail is linked, so it is alive.
        match unsafe { tail.as_ref() } {
            Some(last) => self.place(last).next = node,
            None => self.core.head = node,
        }
        self.core.tail = node;
        self.core.len += 1;
    }

    fn unlink(&mut self, node: &Node<D>) {
        let place = self.place(node);
        debug_assert!(place.linked);
        place.linked = false;
        let (next, previous) = (place.next, place.previous);
        // SAFETY: W2: neighbours are linked, so they are alive.
        match unsafe { previous.as_ref() } {
            Some(node) => self.place(node).next = next,
            None => self.core.head = next,
        }
        // SAFETY: as above.
        match unsafe { next.as_ref() } {
            Some(node) => self.place(node).previous = previous,
            None => self.core.tail = previous,
        }
        self.core.len -= 1;
    }
}

/// How a future or a guard holds its primitive: by reference or by [`Arc`].
///
/// # Safety
/// `list` leads to the same list each time, which stays where it is while `self` lives, also when `self` moves.
pub(crate) unsafe trait Hold {
    type State;
    type Data: Default;

    fn list(&self) -> &WaitList<Self::State, Self::Data>;
}

/// What has a list of waiters that does not move while it is borrowed.
///
/// # Safety
/// As for [`Hold`], while a reference to `self` lives.
pub(crate) unsafe trait Waited {
    type State;
    type Data: Default;

    fn wait_list(&self) -> &WaitList<Self::State, Self::Data>;
}

// SAFETY: by `Waited`; the reference lives as long as `self`.
unsafe impl<W: Waited + ?Sized> Hold for &W {
    type State = W::State;
    type Data = W::Data;

    fn list(&self) -> &WaitList<W::State, W::Data> {
        (**self).wait_list()
    }
}

// SAFETY: by `Waited`; what an `Arc` points to stays where it is.
unsafe impl<W: Waited + ?Sized> Hold for Arc<W> {
    type State = W::State;
    type Data = W::Data;

    fn list(&self) -> &WaitList<W::State, W::Data> {
        (**self).wait_list()
    }
}

/// The part of a future that stands in a list. It leaves the list when it is dropped.
pub(crate) struct Waiting<H: Hold> {
    hold: H,
    /// It may be linked. Touched by the owner alone.
    used: bool,
    /// Made by the first turn. That it is there is known to the owner alone.
    node: Option<Node<H::Data>>,
}

// SAFETY: the node goes along with its data; its links are followed under the lock (W1).
unsafe impl<H: Hold + Send> Send for Waiting<H> where H::Data: Send {}
// SAFETY: a shared reference gives the `H` only.
unsafe impl<H: Hold + Sync> Sync for Waiting<H> {}

impl<H: Hold> Waiting<H> {
    #[inline]
    pub(crate) fn new(hold: H) -> Self {
        Waiting {
            hold,
            used: false,
            node: None,
        }
    }

    #[inline]
    pub(crate) fn hold(&self) -> &H {
        &self.hold
    }

    #[cold]
    fn leave(self: Pin<&mut Self>) {
        self.turn().leave();
    }

    /// Takes the lock.
    pub(crate) fn turn(self: Pin<&mut Self>) -> Turn<'_, H> {
        // SAFETY: nothing is moved out of it; the node is used where it stands, by a shared reference.
        let this = unsafe { self.get_unchecked_mut() };
        Turn {
            list: this.hold.list().lock(),
            used: &mut this.used,
            node: this.node.get_or_insert_with(Node::new),
        }
    }
}

impl<H: Hold> Drop for Waiting<H> {
    #[inline]
    fn drop(&mut self) {
        if self.used {
            // SAFETY: it was pinned when it was used first, and is not moved here.
            unsafe { Pin::new_unchecked(self) }.leave();
        }
    }
}

/// A node and its list, whose lock is held.
pub(crate) struct Turn<'a, H: Hold> {
    pub(crate) list: Locked<'a, H::State, H::Data>,
    used: &'a mut bool,
    node: &'a Node<H::Data>,
}

impl<H: Hold> Turn<'_, H> {
    pub(crate) fn data(&mut self) -> &mut H::Data {
        &mut self.list.place(self.node).data
    }

    pub(crate) fn is_linked(&mut self) -> bool {
        self.list.place(self.node).linked
    }

    /// The state of the list and the data of the node.
    pub(crate) fn both(&mut self) -> (&mut H::State, &mut H::Data) {
        // SAFETY: W1: the lock is held, and `&mut self` keeps other references away. The state lies elsewhere.
        let place = unsafe { &mut *self.node.place.get() };
        (&mut self.list, &mut place.data)
    }

    /// Queues, at the end where it is not queued yet; `waiter` is who is woken.
    pub(crate) fn wait(self, waiter: Option<Waiter>) {
        self.wait_then(waiter, |list| drop(list));
    }

    /// As [`wait`](Self::wait); `release` lets go of the lock.
    pub(crate) fn wait_then(
        mut self,
        waiter: Option<Waiter>,
        release: impl FnOnce(Locked<'_, H::State, H::Data>),
    ) {
        *self.used = true;
        if !self.is_linked() {
            self.list.link_last(self.node);
        }
        let place = self.list.place(self.node);
        let stale = match waiter {
            Some(waiter) => place.waiter.replace(waiter),
            None => None,
        };
        // W4.
        release(self.list);
        drop(stale);
    }

    /// Takes it out of the list, where it is in.
    pub(crate) fn unlink(&mut self) {
        if self.is_linked() {
            self.list.unlink(self.node);
        }
    }

    /// As [`unlink`](Self::unlink), and lets go of the lock and of the waker.
    pub(crate) fn leave(self) {
        self.leave_then(|list| drop(list));
    }

    /// As [`leave`](Self::leave); `release` lets go of the lock.
    pub(crate) fn leave_then(mut self, release: impl FnOnce(Locked<'_, H::State, H::Data>)) {
        self.unlink();
        let stale = self.list.place(self.node).waiter.take();
        *self.used = false;
        // W4.
        release(self.list);
        drop(stale);
    }
}

/// Who is to be woken once the lock is free.
#[derive(Default)]
pub(crate) struct Wakes {
    /// Nearly always there is one: it needs no allocation.
    first: Option<Waiter>,
    rest: Vec<Waiter>,
}

impl Wakes {
    pub(crate) fn new() -> Wakes {
        Wakes::default()
    }

    fn reserve(&mut self, n: usize) {
        self.rest.reserve(n.saturating_sub(1));
    }

    pub(crate) fn extend(&mut self, waiter: Option<Waiter>) {
        match (waiter, &self.first) {
            (None, _) => {}
            (waiter, None) => self.first = waiter,
            (Some(waiter), Some(_)) => self.rest.push(waiter),
        }
    }

    /// Wakes them in order. Where a foreign waker panics the others are woken before the panic goes on.
    pub(crate) fn wake(self) {
        if self.rest.is_empty() {
            if let Some(waiter) = self.first {
                waiter.wake();
            }
            return;
        }
        let mut panic = None;
        for waiter in self.first.into_iter().chain(self.rest) {
            let woken = catch_unwind(AssertUnwindSafe(|| waiter.wake()));
            panic = panic.or(woken.err());
        }
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }
}

#[cfg(all(test, not(gmp_loom)))]
mod tests;
