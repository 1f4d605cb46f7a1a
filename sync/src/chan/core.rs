//! What both ends of a channel share: a buffer and two lists of waiting nodes under one short lock. (Go: `hchan`, chan.go)
//!
//! # How it works
//! A sender that finds a parked receiver gives it the value directly; else it puts the value into the buffer if there is
//! room; else it parks with the value. A receiver takes from the front of the buffer, and the first parked sender's value
//! moves up into the room; without a buffer it takes the value from the parked sender directly. Who hands over, wakes the
//! other, which finds the outcome in its own node and takes no lock.
//!
//! # Invariants
//! - C1: a parked receiver means that the buffer is empty and that nobody is parked with a value.
//! - C2: a parked sender or reserver means that buffered values and reserved places fill the capacity.
//!   (Neither counts nodes of selects that are being polled: those look again, see [`Decision`](super::decision).)
//! - C3: a value is in one place: with its sender, in a node, in the buffer, or with its receiver. Each move is one
//!   section of the lock.
//! - C4: a value that was given to a receiver which is dropped before it looked goes to the next one that is parked, else
//!   to the front of the buffer, which may hold more than the capacity then.
//! - C5: no value is dropped and nobody is woken under the lock; sections return what is to be dropped or woken.
//! - C6: after the close nothing enters but what has a reserved place, and what was there is received. A receiver is told of
//!   the end when the buffer is empty and no place is reserved.
//! - C7: who only *listens* (a `Stream`, which may never be polled again) is parked as a receiver, and C1 holds for it, but it
//!   is given nothing. A value that finds no other receiver parked goes to the buffer, which may hold more than the
//!   capacity then, and all who listen are woken: who looks first takes it.

use std::{
    collections::VecDeque,
    fmt,
    panic::Location,
    ptr,
    sync::atomic::{AtomicU32, Ordering},
};

use super::{
    decision::Decision,
    node::{Node, Stage, WaitList},
};
use crate::shim::{Held, Lock, Waiter, mutant};

/// The capacity of a channel that is never full.
pub(super) const UNBOUNDED: usize = usize::MAX;

/// How many are woken for each section of a close.
const BATCH: usize = 16;

/// What looks at a channel outside of any select.
pub(super) const NO_SELECT: *const Decision = ptr::null();

pub(super) struct Core<T> {
    state: Lock<State<T>>,
    /// Of each end, how many there are. The last one closes.
    pub(super) senders: AtomicU32,
    pub(super) receivers: AtomicU32,
    /// Where the channel was made: what streams and sinks give as the place where they wait.
    pub(super) made: &'static Location<'static>,
}

pub(super) struct State<T> {
    buffer: VecDeque<T>,
    pub(super) receivers: WaitList<T>,
    /// Nodes with a value wait until it is taken, those without until a place is reserved.
    pub(super) senders: WaitList<T>,
    capacity: usize,
    /// Places in the buffer that are kept for permits.
    reserved: u32,
    closed: bool,
    /// The last receiver is gone.
    abandoned: bool,
}

/// What a receiver finds.
pub(super) enum Taken<T> {
    /// A value, and who was able to move up.
    Value(T, Option<Waiter>),
    /// Nothing, and nothing will come.
    Closed,
    Empty,
}

/// What a sender finds.
pub(super) enum Put<T> {
    /// It is in the buffer or with a receiver, who is to be woken.
    Done(Option<Waiter>),
    Closed(T),
    Full(T),
}

/// What a reserver finds.
pub(super) enum Reserved {
    Done,
    Closed,
    Full,
}

impl<T> Core<T> {
    pub(super) fn new(capacity: usize, made: &'static Location<'static>) -> Core<T> {
        let state = State {
            buffer: VecDeque::new(),
            receivers: WaitList::new(),
            senders: WaitList::new(),
            capacity,
            reserved: 0,
            closed: false,
            abandoned: false,
        };
        Core {
            state: Lock::new(state),
            senders: AtomicU32::new(1),
            receivers: AtomicU32::new(1),
            made,
        }
    }

    /// One section of the lock. No user code in there (C5).
    #[inline(always)]
    pub(super) fn with<R>(&self, section: impl FnOnce(&mut State<T>) -> R) -> R {
        self.lock().with(section)
    }

    /// A section that is begun in one place and ended in another.
    #[inline(always)]
    pub(super) fn lock(&self) -> Held<'_, State<T>> {
        self.state.lock()
    }

    /// Nobody sends any more. False if it was so before.
    pub(super) fn close(&self) -> bool {
        let was_open = self.with(|state| !std::mem::replace(&mut state.closed, true));
        if was_open {
            self.tell_waiters();
        }
        was_open
    }

    /// Wakes those who waited for what cannot come any more, some in each section.
    #[cold]
    pub(super) fn tell_waiters(&self) {
        loop {
            let mut batch = [const { None }; BATCH];
            let told = self.with(|state| state.tell_some(&mut batch));
            batch.into_iter().flatten().for_each(Waiter::wake);
            if told < BATCH {
                return;
            }
        }
    }

    /// A receiver was dropped before it looked at the value that it was given (C4).
    #[cold]
    pub(super) fn give_back(&self, value: T) {
        wake(self.with(|state| state.give_back(value)));
    }

    /// A place that was reserved is not used.
    pub(super) fn release(&self) {
        let (waiter, ended) = self.with(|state| {
            state.reserved -= 1;
            (state.admit(), state.ended())
        });
        wake(waiter);
        if ended {
            self.tell_waiters();
        }
    }

    /// Fills a place that was reserved. The value comes back if nobody will receive it.
    pub(super) fn fill_reserved(&self, value: T) -> Option<T> {
        let mut waiters = [None, None];
        let (unwanted, ended) = self.with(|state| state.fill_reserved(value, &mut waiters));
        waiters.into_iter().for_each(wake);
        if ended {
            self.tell_waiters();
        }
        unwanted
    }

    /// An end was cloned.
    pub(super) fn count(count: &AtomicU32) {
        let old = count.fetch_add(1, Ordering::Relaxed);
        // The same limit as `Arc`'s, for the same reason: clones that are forgotten.
        if old > i32::MAX as u32 {
            std::process::abort();
        }
    }

    /// A sender was dropped.
    pub(super) fn drop_sender(&self) {
        if self.senders.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.close();
        }
    }

    /// A receiver was dropped. With the last one goes what is buffered.
    pub(super) fn drop_receiver(&self) {
        if self.receivers.fetch_sub(1, Ordering::AcqRel) > 1 {
            return;
        }
        self.close();
        let unwanted = self.with(|state| {
            state.abandoned = true;
            std::mem::take(&mut state.buffer)
        });
        drop(unwanted);
    }
}

/// Wakes, outside of the lock.
#[inline(always)]
pub(super) fn wake(waiter: Option<Waiter>) {
    if let Some(waiter) = waiter {
        waiter.wake();
    }
}

impl<T> State<T> {
    /// Takes the value that is next, if there is nothing else to do: nobody moves up.
    #[inline(always)]
    pub(super) fn take_at_once(&mut self) -> Option<T> {
        if self.senders.is_empty() {
            self.buffer.pop_front()
        } else {
            None
        }
    }

    /// There is room in the buffer, and nobody who waits for a value.
    #[inline(always)]
    pub(super) fn has_room_at_once(&self) -> bool {
        self.receivers.is_empty() && !self.closed && !self.is_full()
    }

    /// Where [`has_room_at_once`](Self::has_room_at_once) was just seen.
    #[inline(always)]
    pub(super) fn put_at_once(&mut self, value: T) {
        self.buffer.push_back(value);
    }

    /// Takes the value that is next.
    #[inline(always)]
    pub(super) fn take(&mut self, own: *const Decision) -> Taken<T> {
        if let Some(value) = self.buffer.pop_front() {
            let waiter = if mutant("take_admits_nobody") {
                None
            } else {
                self.admit()
            };
            return Taken::Value(value, waiter);
        }
        // With a buffer there is such a sender only if all places are reserved.
        if !self.closed && !self.senders.is_empty() {
            if let Some(sender) = self.senders.claim_where(own, Node::offers) {
                let value = sender.take_value().expect("it offers one");
                return Taken::Value(value, sender.settle(Stage::Done));
            }
        }
        if self.ended() {
            Taken::Closed
        } else {
            Taken::Empty
        }
    }

    /// Gives a value to who is next, or to the buffer.
    #[inline(always)]
    pub(super) fn put(&mut self, value: T, own: *const Decision) -> Put<T> {
        if self.closed {
            return Put::Closed(value);
        }
        // C1: else nobody is parked.
        if self.buffer.is_empty() && !self.receivers.is_empty() {
            if let Some(receiver) = self.receivers.claim_where(own, |_| true) {
                receiver.put_value(value);
                return Put::Done(receiver.settle(Stage::Done));
            }
            if let Some(waiter) = self.receivers.tell_listeners(Stage::Done) {
                self.buffer.push_back(value);
                return Put::Done(Some(waiter));
            }
        }
        if self.is_full() {
            return Put::Full(value);
        }
        self.buffer.push_back(value);
        Put::Done(None)
    }

    /// Keeps a place for a value that comes later.
    pub(super) fn reserve(&mut self) -> Reserved {
        if self.closed {
            return Reserved::Closed;
        }
        if self.is_full() {
            return Reserved::Full;
        }
        self.reserved += 1;
        Reserved::Done
    }

    /// The first of those who are parked to send moves up, if there is room (C2).
    #[inline]
    fn admit(&mut self) -> Option<Waiter> {
        if self.senders.is_empty() || self.is_full() || self.closed {
            return None;
        }
        let sender = self.senders.claim_first()?;
        match sender.take_value() {
            Some(value) => self.buffer.push_back(value),
            None => self.reserved += 1,
        }
        sender.settle(Stage::Done)
    }

    /// C4.
    fn give_back(&mut self, value: T) -> Option<Waiter> {
        if let Some(receiver) = self.receivers.claim_first() {
            receiver.put_value(value);
            return receiver.settle(Stage::Done);
        }
        self.buffer.push_front(value);
        self.receivers.tell_listeners(Stage::Done)
    }

    fn fill_reserved(&mut self, value: T, waiters: &mut [Option<Waiter>; 2]) -> (Option<T>, bool) {
        self.reserved -= 1;
        if self.abandoned {
            return (Some(value), false);
        }
        // C1: else nobody is parked.
        let receiver = if self.buffer.is_empty() {
            self.receivers.claim_first()
        } else {
            None
        };
        let Some(receiver) = receiver else {
            self.buffer.push_back(value);
            waiters[0] = self.receivers.tell_listeners(Stage::Done);
            return (None, false);
        };
        receiver.put_value(value);
        *waiters = [receiver.settle(Stage::Done), self.admit()];
        (None, self.ended())
    }

    /// Tells the end to as many waiters as there is room for in `batch`.
    fn tell_some(&mut self, batch: &mut [Option<Waiter>; BATCH]) -> usize {
        let mut told = 0;
        while told < BATCH {
            let sender = if mutant("close_tells_receivers_only") {
                None
            } else {
                self.senders.claim_first()
            };
            let receiver = || self.ended().then(|| self.receivers.claim_first())?;
            let Some(node) = sender.or_else(receiver) else {
                break;
            };
            batch[told] = node.settle(Stage::Closed);
            told += 1;
        }
        if told < BATCH && self.ended() {
            batch[told] = self.receivers.tell_listeners(Stage::Closed);
        }
        told
    }

    /// Nothing will be received any more (C6).
    #[inline]
    fn ended(&self) -> bool {
        let reserved = self.reserved > 0 && !mutant("end_before_what_is_reserved");
        self.closed && self.buffer.is_empty() && !reserved
    }

    #[inline]
    fn is_full(&self) -> bool {
        // C4: there may be more than the capacity.
        let places = self.buffer.len().saturating_add(self.reserved as usize);
        // Permits that are forgotten keep their places; their number has an end too.
        places >= self.capacity || self.reserved == u32::MAX
    }

    pub(super) fn len(&self) -> usize {
        self.buffer.len()
    }

    #[cfg(test)]
    pub(super) fn buffer_capacity(&self) -> usize {
        self.buffer.capacity()
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }
}

impl<T> Core<T> {
    /// What `Debug` of both ends shows.
    pub(super) fn describe(&self, mut shown: fmt::DebugStruct<'_, '_>) -> fmt::Result {
        let (len, capacity, closed) =
            self.with(|state| (state.len(), state.capacity, state.closed));
        shown.field("len", &len);
        if capacity != UNBOUNDED {
            shown.field("capacity", &capacity);
        }
        shown.field("closed", &closed).finish_non_exhaustive()
    }
}
