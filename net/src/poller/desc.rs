//! The slot of one socket: what it is ready for, and who waits. (Go: `pollDesc`)
//!
//! The protocol is told at the head of [`poller`](super).
//!
//! # Invariants
//! - D1: a slot is never freed nor used for anything else, so that an event may be posted to it at any time.
//! - D2: the flags of a direction are set only under the lock, by who then takes all waiters of that direction. So a
//!   waiter that is in the slot has missed nothing, and one whose direction shows a flag is in it no more.
//! - D3: under the lock runs no user code: waiters are made, woken and dropped outside of it.

use std::{num::NonZeroU32, sync::Arc, task::Waker};

use super::{
    Shared,
    readiness::{Direction, Flags, Posted, Readiness},
};
use crate::shim::{Mutex, MutexGuard, Ready, Waiter, mutant};

/// How many tasks wait in the shared seat of a direction. One more displaces one of them, which is woken and so loses nothing.
///
/// A `poll_` function does not learn that its caller waits no more, so what it left stays until the next event. The bound is for a
/// caller that has another waker each time. 256 of them are some 6 KiB, and a search of 0.2 µs under the lock.
pub(super) const SHARED: usize = if cfg!(gmp_loom) { 2 } else { 256 };

/// One cache line, which two connections do not share. (Two lines where std's locks are larger than Linux' four bytes.)
#[repr(align(64))]
pub(crate) struct PollDesc {
    pub(crate) readiness: Readiness,
    /// "Tiny": a few loads and stores long.
    waiters: Mutex<Waiters>,
}

/// All of it under the lock.
struct Waiters {
    /// The first who waits, for each direction; nearly always the only one.
    first: [Option<Waiter>; 2],
    /// Whose seats these are.
    first_seat: [Option<NonZeroU32>; 2],
    /// The last number given to a future.
    last_seat: u32,
    /// The place in the table.
    index: u32,
    /// Those behind the first.
    others: Option<Box<Others>>,
    /// Who posts events; `None`: the slot is free.
    poller: Option<Arc<Shared>>,
}

#[derive(Default)]
struct Others(Vec<Other>);

struct Other {
    direction: Direction,
    seat: Option<NonZeroU32>,
    waiter: Waiter,
}

/// In whose name somebody waits: a future that starts to wait again replaces its own waiter, and nobody else's.
#[derive(Debug, Default)]
pub(crate) enum Seat {
    /// That of all `poll_` functions of a direction: as many as [`SHARED`] tasks sit in it side by side.
    Shared,
    /// A future that does not wait.
    #[default]
    None,
    /// A future that waits, or did until it was woken.
    Own(NonZeroU32),
}

/// What came of an attempt to wait.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parked {
    /// The waiter will be woken.
    Waits,
    /// Something has come: try.
    TryAgain,
}

impl PollDesc {
    pub(super) fn new(index: u32) -> PollDesc {
        let waiters = Waiters {
            first: [None, None],
            first_seat: [None, None],
            last_seat: 0,
            index,
            others: None,
            poller: None,
        };
        PollDesc {
            readiness: Readiness::new(),
            waiters: Mutex::new(waiters),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiters> {
        // What the lock guards is valid between any two statements, so a holder's panic does no harm.
        self.waiters
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Gives the slot to a socket. Tells its index and generation.
    pub(super) fn open(&self, poller: Arc<Shared>, flags: Flags) -> (u32, u32) {
        let mut waiters = self.lock();
        debug_assert!(waiters.poller.is_none());
        waiters.poller = Some(poller);
        (waiters.index, self.readiness.open(flags))
    }

    /// Takes the slot from its socket. `None`: it may not be used again.
    pub(super) fn retire(&self) -> Option<u32> {
        let mut waiters = self.lock();
        let usable = self.readiness.retire();
        let gone = (
            std::mem::take(&mut waiters.first),
            waiters.others.take(),
            waiters.poller.take(),
        );
        let index = waiters.index;
        drop(waiters);
        drop(gone); // D3
        usable.then_some(index)
    }

    /// Who posts the events of this slot's socket.
    pub(super) fn poller(&self) -> Option<Arc<Shared>> {
        self.lock().poller.clone()
    }

    /// Waits in `seat` for the next flag of `direction`, unless one is set.
    pub(crate) fn park(&self, direction: Direction, seat: &mut Seat, waker: &Waker) -> Parked {
        let waiter = Waiter::new(waker);
        let mut waiters = self.lock();
        if self.readiness.load().lets_try(direction) && !mutant("parks_without_a_look") {
            drop(waiters);
            drop(waiter); // D3
            return Parked::TryAgain;
        }
        let seat = waiters.number(seat);
        let displaced = match seat {
            Some(_) => waiters.stand_up(direction, |other, _| other == seat),
            None => waiters.make_room(direction, waker),
        };
        waiters.sit(direction, seat, waiter);
        drop(waiters);
        let another = displaced.filter(|it| seat.is_none() && !it.will_wake(waker));
        if let Some(another) = another {
            // It polled this direction before, and would wait for ever.
            another.wake();
        }
        Parked::Waits
    }

    /// A future that waited is dropped.
    pub(crate) fn leave(&self, direction: Direction, seat: &Seat) {
        if let Seat::Own(seat) = *seat {
            let gone = self
                .lock()
                .stand_up(direction, |other, _| other == Some(seat));
            drop(gone); // D3
        }
    }

    /// An event has come from the poller.
    pub(super) fn post(&self, generation: u32, flags: Flags, ready: &mut Ready) {
        let mut waiters = self.lock();
        if self.readiness.post(generation, flags) == Posted::Set {
            waiters.take(flags, &mut |waiter| ready.push(waiter));
        }
    }

    /// `poller` is gone: hands everybody who waits for its socket to `woken`.
    pub(super) fn close(&self, poller: &Arc<Shared>, woken: &mut Vec<Waiter>) {
        let mut waiters = self.lock();
        if waiters
            .poller
            .as_ref()
            .is_some_and(|user| Arc::ptr_eq(user, poller))
        {
            self.readiness.close();
            let all = Flags::READ_READY.and(Flags::WRITE_READY);
            waiters.take(all, &mut |waiter| woken.push(waiter));
        }
    }
}

impl Waiters {
    /// The number of a seat; a future that has none gets one.
    fn number(&mut self, seat: &mut Seat) -> Option<NonZeroU32> {
        match *seat {
            Seat::Shared => None,
            Seat::Own(number) => Some(number),
            Seat::None => {
                let number = self.new_number();
                *seat = Seat::Own(number);
                Some(number)
            }
        }
    }

    /// A number that nobody has. After four thousand million futures they come again.
    fn new_number(&mut self) -> NonZeroU32 {
        loop {
            self.last_seat = self.last_seat.wrapping_add(1);
            let number = NonZeroU32::new(self.last_seat);
            if let Some(free) = number.filter(|number| !self.is_taken(*number)) {
                return free;
            }
        }
    }

    fn is_taken(&self, number: NonZeroU32) -> bool {
        let others = self.others.iter().flat_map(|others| &others.0);
        self.first_seat.contains(&Some(number))
            || others
                .map(|other| other.seat)
                .any(|seat| seat == Some(number))
    }

    fn sit(&mut self, direction: Direction, seat: Option<NonZeroU32>, waiter: Waiter) {
        let first = direction as usize;
        if self.first[first].is_none() {
            self.first[first] = Some(waiter);
            self.first_seat[first] = seat;
        } else {
            self.others.get_or_insert_default().0.push(Other {
                direction,
                seat,
                waiter,
            });
        }
    }

    /// Makes room in the shared seat: takes out the waiter of `waker`, or anybody where there are too many.
    fn make_room(&mut self, direction: Direction, waker: &Waker) -> Option<Waiter> {
        let mut sharing = 0;
        let own = self.stand_up(direction, |seat, waiter| {
            sharing += usize::from(seat.is_none());
            seat.is_none() && waiter.will_wake(waker)
        });
        if own.is_none() && sharing >= SHARED {
            return self.stand_up(direction, |seat, _| seat.is_none());
        }
        own
    }

    /// Takes out the first waiter of `direction` that `is_it`.
    fn stand_up(
        &mut self,
        direction: Direction,
        mut is_it: impl FnMut(Option<NonZeroU32>, &Waiter) -> bool,
    ) -> Option<Waiter> {
        let first = direction as usize;
        let seat = self.first_seat[first];
        if let Some(waiter) = self.first[first].take_if(|waiter| is_it(seat, waiter)) {
            self.first_seat[first] = None;
            return Some(waiter);
        }
        let others = &mut self.others.as_mut()?.0;
        let place = others
            .iter()
            .position(|other| other.direction == direction && is_it(other.seat, &other.waiter))?;
        Some(others.swap_remove(place).waiter)
    }

    /// Takes everybody out whom `flags` concern.
    fn take(&mut self, flags: Flags, out: &mut impl FnMut(Waiter)) {
        for direction in Direction::BOTH
            .into_iter()
            .filter(|direction| flags.concern(*direction))
        {
            self.first_seat[direction as usize] = None;
            self.first[direction as usize]
                .take()
                .into_iter()
                .for_each(&mut *out);
        }
        let Some(others) = &mut self.others else {
            return;
        };
        if mutant("takes_the_first_only") {
            return;
        }
        let mut place = 0;
        while let Some(other) = others.0.get(place) {
            if flags.concern(other.direction) {
                out(others.0.swap_remove(place).waiter);
            } else {
                place += 1;
            }
        }
    }
}
