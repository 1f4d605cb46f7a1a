//! What runs next: the list of places where a processor looks for work, in order. (Go: `findRunnable`, proc.go)

use std::{sync::atomic::Ordering, time::Duration};

use super::{idle::Put, processor::Processor, run_queue::Batch, section::Section, signals};
use crate::{
    poller::Ready,
    task::{Header, Name, Ran, state::Wake},
    time::{Timers, clock},
    waiter::{Target, Waiter},
};

/// Every so many polls a busy processor looks beyond its own queue. Go's value: a prime, so that
/// no pattern of the tasks keeps time with it.
const LOOK_AROUND: u64 = 61;
/// So many tasks run in a row from the place for the next one before the queue has its turn: two tasks that wake
/// each other run on a warm cache, and cannot starve the rest. Long polls end the row earlier: [`chain`](super::chain).
const CHAIN_MAX: u32 = 64;
/// One pick in so many is not for what timers and sockets woke, so that these do not starve the others.
const URGENT_TURNS: u64 = 8;
/// Every so many such looks a full ring and what it spilled change places: by then every task in the ring has run, and
/// none stays in the spill while the others take turns.
const EXCHANGE: u32 = 8;
/// In every 4th, the clock is read to tell whether to look into the poller: 22 ns in 244 turns.
const POLL: u32 = 4;
/// Single entries that a processor takes from the global queue at a time.
const GLOBAL_GRAB: usize = 32;
/// How often a thief looks at all others before it gives up. Go's value.
const STEAL_ROUNDS: usize = 4;
/// How long a task must have stood in a running processor's place for the next one before it is
/// stolen: its owner is probably about to run it. Go's value (`usleep(3)`, runqgrab).
const NEXT_BACK_OFF: Duration = Duration::from_micros(3);

impl Section {
    /// The task to run now. `None`: there is none, or the runtime closes.
    #[inline(always)]
    pub(super) fn find_runnable(&mut self) -> Option<Name> {
        if self.scheduler().is_closing() {
            return None;
        }
        let around = self.processor().tick() % LOOK_AROUND == LOOK_AROUND - 1;
        let found = if around { self.look_around() } else { None };
        let found = if self.scheduler().signals.any() {
            if self.is_retired() {
                return self.pass_by(found);
            }
            found.or_else(|| self.attend())
        } else {
            found
        };
        let found = found
            .or_else(|| self.take_local())
            .or_else(|| self.search());
        // Also if it was found in its own queue: that of a processor that was just handed over.
        if found.is_some() && self.machine().searching.get() {
            self.stop_searching();
        }
        found
    }

    /// Work was found: the last one that searched wakes another if there is more.
    #[cold]
    fn stop_searching(&mut self) {
        self.machine().searching.set(false);
        let last = self.scheduler().idle.end_search();
        if last && self.scheduler().work_stands() {
            self.scheduler().wake_one();
        }
    }

    /// Does what everybody is called for. (One pick in eight is not for what is urgent.)
    #[cold]
    #[inline(never)]
    fn attend(&mut self) -> Option<Name> {
        let scheduler = self.scheduler();
        let signals = scheduler.signals.take();
        if signals & signals::OVERDUE != 0 {
            self.fire_all_due();
        }
        if signals & signals::UNVISITED != 0 {
            self.poll_without_waiting();
        }
        if signals & signals::STRANDED != 0 {
            self.machine().defer(&mut scheduler.netpoll.take_stranded());
        }
        let mut found = None;
        if signals & signals::URGENT != 0 {
            found = self.take_urgent();
            if scheduler.global.has_urgent() {
                scheduler.signals.raise(signals::URGENT);
            }
        }
        // What has just become urgent here comes first.
        let free = found.is_none() && self.processor().urgent.len() == 0;
        // Before what waits in the global queue: grants are few, and long polls could keep that one from being empty for ever.
        if signals & signals::GRANTED != 0 {
            if free {
                found = self.take_granted();
            }
            if scheduler.grants.load(Ordering::Relaxed) > 0 && scheduler.global.has_background() {
                scheduler.signals.raise(signals::GRANTED);
            }
        }
        if signals & signals::WAITING != 0 && free && found.is_none() {
            found = self.take_global();
        }
        found
    }

    fn take_urgent(&mut self) -> Option<Name> {
        let global = &self.scheduler().global;
        let found = global.take_urgent()?;
        for _ in 1..GLOBAL_GRAB.min(self.private().urgent.room()) {
            match global.take_urgent() {
                Some(name) => self.push_urgent(name),
                None => break,
            }
        }
        Some(found)
    }

    fn take_granted(&mut self) -> Option<Name> {
        let scheduler = self.scheduler();
        let (order, less) = (Ordering::Relaxed, |grants: u32| grants.checked_sub(1));
        scheduler.grants.fetch_update(order, order, less).ok()?;
        scheduler.global.take_background()
    }

    #[inline(always)]
    fn take_local(&mut self) -> Option<Name> {
        let turn = self.processor().tick() % URGENT_TURNS != 0;
        let urgent = turn.then(|| self.private().urgent.pop()).flatten();
        urgent
            .or_else(|| self.take_next_or_queued())
            .or_else(|| self.private().urgent.pop())
    }

    #[inline(always)]
    fn take_next_or_queued(&mut self) -> Option<Name> {
        let processor = self.processor();
        let private = self.private();
        if let Some(name) = private.queue.take_next() {
            if private.chain < CHAIN_MAX && !processor.chain.is_over() {
                private.chain += 1;
                return Some(name);
            }
            processor.chain.end();
            self.push(name);
        }
        let private = self.private();
        private.chain = 0;
        private.queue.pop()
    }

    /// What a processor with work of its own must not forget.
    #[cold]
    fn look_around(&mut self) -> Option<Name> {
        // The tick moves on with the next poll only; a stale entry must not bring us here again.
        self.processor().next_tick();
        self.fire_due_timers();
        let looks = self.private().looks.wrapping_add(1);
        self.private().looks = looks;
        if looks % POLL == 0 {
            self.poll_if_due();
        }
        if looks % EXCHANGE == 0 {
            self.exchange_spilled();
        }
        self.take_global()
    }

    /// Own queue empty: all other places.
    #[cold]
    #[inline(never)]
    fn search(&mut self) -> Option<Name> {
        self.take_urgent()
            .or_else(|| self.take_global())
            .or_else(|| self.take_spilled())
            .or_else(|| self.take_due())
            .or_else(|| self.steal())
            .or_else(|| self.take_background())
    }

    /// Takes a hot loop, unless those that run on without a processor use all that is idle.
    fn take_background(&mut self) -> Option<Name> {
        let scheduler = self.scheduler();
        let idle = scheduler.idle.counts().idle();
        let room = scheduler.has_room_beside_loops(idle);
        room.then(|| scheduler.global.take_background()).flatten()
    }

    /// Takes from the global queue: some more than one while the own queue has room; the others find some here or
    /// there.
    fn take_global(&mut self) -> Option<Name> {
        let scheduler = self.scheduler();
        let first = scheduler.global.take()?;
        if self.private().queue.has_room_for_batch() {
            let more = std::iter::from_fn(|| scheduler.global.take());
            more.take(GLOBAL_GRAB - 1).for_each(|name| self.push(name));
        }
        Some(first)
    }

    /// Takes what overflowed here.
    fn take_spilled(&mut self) -> Option<Name> {
        let batch = self.processor().spill.take()?;
        self.take_from_batch(batch)
    }

    /// Makes room in the ring for a batch of what overflowed.
    fn exchange_spilled(&mut self) {
        let spill = &self.processor().spill;
        let Some(batch) = spill.take() else { return };
        let queue = &mut self.private().queue;
        if let Some(older) = queue.shed_if_crowded() {
            spill.push(Box::new(older));
        }
        queue.push_batch(&batch);
    }

    /// Takes the oldest of a batch. The others are queued here, or spilled again if there is no room.
    fn take_from_batch(&mut self, mut batch: Box<Batch>) -> Option<Name> {
        let (first, more) = batch.take_first();
        if self.private().queue.has_room_for_batch() {
            self.private().queue.push_batch(&batch);
        } else if more {
            self.processor().spill.push(batch);
        }
        first
    }

    /// Timers that are due here, or on a processor whose machine is busy or gone.
    fn take_due(&mut self) -> Option<Name> {
        if self.scheduler().timers().all(Timers::is_empty) {
            return None;
        }
        self.fire_all_due();
        self.take_local()
    }

    fn fire_all_due(&mut self) {
        let now = clock::now();
        let scheduler = self.scheduler();
        for timers in scheduler.timers().filter(|timers| timers.earliest() <= now) {
            self.fire(timers, now);
        }
    }

    fn fire_due_timers(&mut self) {
        let own = &self.processor().timers;
        let foreign = &self.scheduler().foreign_timers;
        if own.is_empty() && foreign.is_empty() {
            return;
        }
        let now = clock::now();
        for timers in [own, foreign] {
            if timers.earliest() <= now {
                self.fire(timers, now);
            }
        }
    }

    fn fire(&mut self, timers: &Timers, now: u64) {
        let mut ready = std::mem::take(&mut self.private().ready);
        timers.fire(now, &mut ready);
        self.release_ready(ready);
    }

    /// Queues those who are ready, and keeps the emptied collection.
    pub(super) fn release_ready(&mut self, mut ready: Ready) {
        self.queue_ready(&mut ready);
        self.private().ready = ready;
    }

    /// Queues those who are ready. Foreign wakers wait until the machine is outside of the section.
    pub(super) fn queue_ready(&mut self, ready: &mut Ready) {
        let many = ready.names.len() > 1;
        for name in ready.names.drain(..) {
            // A sleep may be armed in the timers of one runtime by a task of another.
            match Header::named(name).runtime() {
                runtime if runtime == self.scheduler().index => self.push_urgent(name),
                runtime => super::ready(name, runtime),
            }
        }
        if many && self.scheduler().idle.worth_waking() {
            self.scheduler().wake_one();
        }
        self.machine().defer(&mut ready.foreign);
    }

    fn steal(&mut self) -> Option<Name> {
        let scheduler = self.scheduler();
        let count = scheduler.reach();
        if count == 1 {
            return None;
        }
        if !self.machine().searching.get() {
            if !scheduler.idle.begin_search() {
                return None;
            }
            self.machine().searching.set(true);
        }
        for round in 0..STEAL_ROUNDS {
            let order = self.private().random.order(count);
            let last = round == STEAL_ROUNDS - 1;
            for index in order {
                let victim = scheduler.processors.get(index);
                if std::ptr::eq(victim, self.processor()) {
                    continue;
                }
                if let Some(name) = self.steal_from(victim, last) {
                    return Some(name);
                }
            }
        }
        None
    }

    fn steal_from(&mut self, victim: &Processor, also_next: bool) -> Option<Name> {
        if victim.urgent.len() > 0 {
            let stolen = victim.urgent.steal_into(&mut self.private().urgent);
            if stolen.is_some() {
                return stolen;
            }
        }
        // First of the others, since it does not touch the ring that the victim works with.
        if let Some(batch) = victim.spill.take() {
            return self.take_from_batch(batch);
        }
        if victim.stealer.len() > 0 {
            let stolen = victim.stealer.steal_into(&mut self.private().queue);
            if stolen.is_some() {
                return stolen;
            }
        }
        if !also_next {
            return None;
        }
        let name = victim.stealer.next()?;
        let tick = victim.tick();
        let since = clock::now();
        while clock::now() - since < NEXT_BACK_OFF.as_nanos() as u64 {
            std::hint::spin_loop();
            if victim.tick() != tick {
                return None;
            }
        }
        victim.stealer.take_next(name).then_some(name)
    }

    /// Queues a task last here.
    #[inline(always)]
    pub(super) fn push(&mut self, name: Name) {
        let processor = self.processor();
        self.private()
            .queue
            .push(name, |batch| processor.spill.push(Box::new(batch)));
    }

    /// Queues a task that a timer or a socket woke.
    pub(super) fn push_urgent(&mut self, name: Name) {
        let processor = self.processor();
        self.private()
            .urgent
            .push(name, |batch| processor.spill.push(Box::new(batch)));
    }

    /// Makes a task the next one here; the one that was goes to the queue, which others may be
    /// woken for.
    #[inline(always)]
    pub(crate) fn push_next(&mut self, name: Name) {
        let displaced = self.private().queue.set_next(name);
        let scheduler = self.scheduler();
        if let Some(displaced) = displaced {
            self.push(displaced);
        }
        // No fence: if this look misses a processor that goes idle at this moment, and that one
        // misses the push, the task still runs here; the next push, or the monitor, looks again.
        if scheduler.idle.worth_waking() {
            match displaced {
                Some(_) => scheduler.wake_one(),
                // It runs when this poll ends, unless that takes long: the monitor's to see.
                None => scheduler.monitor.hint(),
            }
        }
    }

    /// Does what is left of a task's turn.
    #[inline(always)]
    pub(super) fn settle(&mut self, name: Name, ran: Ran) {
        match ran {
            Ran::Idle => {}
            Ran::Queue | Ran::Yielded => self.push(name),
            Ran::Ended { joiner, slot } => {
                self.processor().count_end();
                if let Some((class, slot)) = slot {
                    self.private().cache.release(class, slot);
                }
                if let Some(joiner) = joiner {
                    self.wake_joiner(joiner);
                }
            }
        }
    }

    fn wake_joiner(&mut self, joiner: Waiter) {
        match joiner.into_target() {
            Target::Foreign(waker) => self.machine().defer(&mut vec![*waker]),
            Target::Task(name) => {
                let header = Header::named(name);
                if header.state.wake(name.generation()) != Wake::Queue {
                } else if header.runtime() == self.scheduler().index {
                    self.push_next(name);
                } else {
                    super::ready(name, header.runtime());
                }
            }
        }
    }

    /// Gives the processor up, for lack of work or since it is retired, and looks once more.
    pub(super) fn go_idle(self) {
        let (machine, scheduler) = (self.machine(), self.scheduler());
        let searching = machine.searching.replace(false);
        let Some(processor) = machine.release() else {
            return;
        };
        if scheduler.idle.go_idle(processor, machine, searching) == Put::Refused {
            scheduler.lay_down(processor);
        }
        if scheduler.work_stands() {
            machine.reclaim();
        } else {
            scheduler.warn_sleeper();
        }
    }
}
