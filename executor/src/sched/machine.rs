//! A machine (Go: `m`): a thread that runs the tasks of the processor it holds.
//!
//! ```text
//!   run:  rest ----- given, reclaimed -----> work ----- nothing found: go_idle -----> rest
//!                                             |
//!                                             +---- the poll gave the processor away ---> rest
//! ```
//!
//! Machines are never freed: a giver or the monitor may look at one at any time.

use std::{
    cell::Cell,
    ptr::null_mut,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering},
    },
    task::Waker,
    thread::Thread,
    time::Duration,
};

use super::{
    Scheduler,
    absence::Presence,
    budget::Patience,
    depth::Depth,
    given::Given,
    idle::Reclaim,
    processor::Processor,
    retake::Retake,
    sample::Sample,
    section::{self, Section},
    sigurg::Bounds,
};
use crate::{
    poller::Ready,
    quietly::quietly,
    shim::lock,
    task::{self, Header, Name, Ran, state::Start},
    time::clock,
};

/// A machine beyond one for each processor, left over from a blocked task, ends after this time.
const SURPLUS_LINGER: Duration = Duration::from_secs(10);

#[repr(align(128))]
pub(crate) struct Machine {
    pub(super) scheduler: &'static Scheduler,
    pub(super) depth: Depth,
    /// Whether its processor is wanted, or gone.
    pub(super) retake: Retake,
    /// The processor that it holds, unless `retake` says that it is gone (R4). Written by its own thread.
    processor: AtomicPtr<Processor>,
    /// The task that it polls, 0 for none. Written by its own thread.
    current: AtomicU64,
    /// What the poll may do before it should yield.
    pub(super) patience: Patience,
    /// The current task is in `block_in_place`: its processor may be taken at once. Written by its own thread.
    pub(super) blocks: AtomicBool,
    /// The current task asks for a yield. Its own thread's.
    pub(super) yielded: Own<bool>,
    /// Its current task has lost the processor by running too long. Its own thread's.
    pub(super) ran_too_long: Own<bool>,
    /// It counts as searching. Its own thread's.
    pub(super) searching: Own<bool>,
    /// Foreign wakers to be called outside of the section. Its own thread's.
    deferred: Own<Vec<Waker>>,
    /// Something is to be done after the current turn: deferred wakers, or a binding. Its own thread's.
    pub(super) errands: Own<bool>,
    /// The task that it is bound to. Its own thread's.
    pub(super) bound: Own<Option<Name>>,
    /// Its thread is to end: what a task has made of it is not for others. Its own thread's.
    pub(super) doomed: Own<bool>,
    /// Those that its turn in the poller made ready; empty between turns. Its own thread's.
    pub(super) ready: Own<Ready>,
    /// The processor that somebody gave it.
    pub(super) given: Given<Processor>,
    /// A picture of the stack of its thread, if one is wanted.
    pub(super) sample: Sample,
    /// The thread's stack. Its own thread's, and that of a signal's handler there.
    pub(super) stack: Own<Bounds>,
    /// Where it is known to the system, and whether it is away without a processor.
    pub(super) presence: Presence,
    thread: Mutex<Option<Thread>>,
}

/// A cell that only its machine's thread touches.
pub(super) struct Own<T>(Cell<T>);

// SAFETY: the methods are called by the machine's own thread only: `section::machine()` hands a
// machine to that thread, and others (the monitor, givers) use its atomics alone.
unsafe impl<T> Sync for Own<T> {}

impl<T> Own<T> {
    pub(super) fn new(value: T) -> Own<T> {
        Own(Cell::new(value))
    }

    pub(super) fn replace(&self, value: T) -> T {
        self.0.replace(value)
    }
}

impl<T: Copy> Own<T> {
    #[inline(always)]
    pub(super) fn get(&self) -> T {
        self.0.get()
    }

    #[inline(always)]
    pub(super) fn set(&self, value: T) {
        self.0.set(value);
    }
}

impl Machine {
    pub(super) fn new(scheduler: &'static Scheduler) -> Machine {
        Machine {
            scheduler,
            depth: Depth::inside(),
            retake: Retake::new(),
            processor: AtomicPtr::new(null_mut()),
            current: AtomicU64::new(0),
            patience: Patience::new(),
            blocks: AtomicBool::new(false),
            yielded: Own::new(false),
            ran_too_long: Own::new(false),
            searching: Own::new(false),
            deferred: Own::new(Vec::new()),
            errands: Own::new(false),
            bound: Own::new(None),
            doomed: Own::new(false),
            ready: Own::new(Ready::new()),
            given: Given::new(),
            sample: Sample::new(),
            stack: Own::new(Bounds::NONE),
            presence: Presence::new(),
            thread: Mutex::new(None),
        }
    }

    #[inline(always)]
    pub(super) fn processor(&self) -> Option<&'static Processor> {
        // SAFETY: `acquire` stores a `&'static Processor`, `release` null.
        unsafe { self.processor.load(Ordering::Relaxed).as_ref() }
    }

    #[inline(always)]
    pub(crate) fn current(&self) -> Option<Name> {
        Name::from_word(self.current_bits())
    }

    /// The same as a word, 0 for none.
    #[inline(always)]
    pub(super) fn current_bits(&self) -> u64 {
        self.current.load(Ordering::Relaxed)
    }

    /// Holds `processor` from now on. By its own thread.
    pub(super) fn acquire(&'static self, processor: &'static Processor) {
        debug_assert!(self.processor().is_none());
        self.processor
            .store(std::ptr::from_ref(processor).cast_mut(), Ordering::Relaxed);
        processor.set_holder(self);
        // R3: a request for what went on here before is stale.
        processor.next_tick();
        self.scheduler.monitor.notice();
    }

    /// Holds no processor from now on. By its own thread.
    pub(super) fn release(&self) -> Option<&'static Processor> {
        let processor = self.processor()?;
        self.forget_processor();
        processor.clear_holder();
        Some(processor)
    }

    /// Its processor is another's. By its own thread.
    pub(super) fn forget_processor(&self) {
        self.processor.store(null_mut(), Ordering::Relaxed);
    }

    /// Gives it a processor: it is off the list of idle machines, by the caller's doing, and counts as
    /// searching. The caller is to `rouse` it.
    pub(super) fn give(&self, processor: &'static Processor) {
        self.given.give(processor);
    }

    /// Makes it look around if it rests.
    pub(super) fn rouse(&self) {
        self.unpark();
        if self.given.is_in_poller() {
            self.scheduler.interrupt_poller();
        }
    }

    pub(super) fn unpark(&self) {
        if let Some(thread) = &*lock(&self.thread) {
            thread.unpark();
        }
    }

    /// Ready for another thread: new, or left by one that has ended.
    pub(super) fn reset(&self) {
        self.depth.enter();
        // What was requested of the last thread came too late.
        self.retake.come_back();
        self.given.clear();
        self.doomed.set(false);
    }

    fn take_given(&'static self) -> bool {
        let given = self.given.take();
        if let Some(processor) = given {
            self.acquire(processor);
            self.searching.set(true);
        }
        given.is_some()
    }

    /// Keeps foreign wakers until the machine is outside of the section.
    pub(super) fn defer(&self, wakers: &mut Vec<Waker>) {
        if wakers.is_empty() {
            return;
        }
        let mut deferred = self.deferred.0.take();
        deferred.append(wakers);
        self.deferred.0.set(deferred);
        self.errands.set(true);
    }

    pub(super) fn has_deferred(&self) -> bool {
        self.errands.get()
    }

    /// Calls the deferred wakers, and finds a processor afterwards if there is none: one that blocks may have cost it. The
    /// machine is not on the list meanwhile: it could not run what it were given.
    #[cold]
    pub(super) fn wake_deferred(&'static self) {
        self.call_deferred();
        if self.processor().is_none() {
            self.find_another_processor();
        }
    }

    fn call_deferred(&'static self) {
        self.errands.set(false);
        if self.searching.replace(false) {
            // It may hand its processor off, or take long: others may look meanwhile.
            self.scheduler.idle.end_search();
        }
        for waker in self.deferred.0.take() {
            if let Some(processor) = self.processor() {
                processor.next_tick();
            }
            self.outside(|| quietly(|| waker.wake()));
        }
        // A waker's doing is not the next task's.
        self.ran_too_long.set(false);
    }

    /// Runs user code at depth 0: afterwards the machine may have lost its processor.
    #[inline(always)]
    pub(super) fn outside<R>(&self, user_code: impl FnOnce() -> R) -> R {
        let end = || self.end_stretch();
        self.retake.outside(&self.depth, user_code, end)
    }

    /// The life of the machine's thread.
    pub(super) fn run(&'static self) {
        // First: the handler of a signal reads it once the machine is installed.
        self.stack.set(Bounds::of_this_thread());
        section::install(self);
        let guard = section::AbortOnUnwind;
        *lock(&self.thread) = Some(std::thread::current());
        self.presence.begin();
        if !self.given.is_some() {
            self.scheduler.idle.wait(self);
        }
        while self.rest() {
            self.work();
        }
        std::mem::forget(guard);
        *lock(&self.thread) = None;
        self.presence.end();
        self.depth.leave();
        // Destructors of the thread's locals are user code, and the machine may be another thread's by then.
        section::uninstall();
    }

    /// Waits for a processor. False: the thread is to end.
    fn rest(&'static self) -> bool {
        if self.doomed.get() {
            return false;
        }
        loop {
            if self.processor().is_some() || self.take_given() {
                return true;
            }
            if self.scheduler.is_closing() {
                return false;
            }
            if self.scheduler.poll_idle(self) {
                continue;
            }
            if !self.scheduler.has_surplus() {
                std::thread::park();
                continue;
            }
            let since = clock::now();
            std::thread::park_timeout(SURPLUS_LINGER);
            // An earlier wake may have been left over, and others may have ended meanwhile.
            let lingered = clock::now() - since >= SURPLUS_LINGER.as_nanos() as u64;
            let surplus = lingered && self.scheduler.has_surplus();
            if surplus && !self.given.is_some() && self.scheduler.idle.retire(self) {
                return false;
            }
        }
    }

    /// Runs tasks until the processor is gone: given up for lack of work, or by the task.
    fn work(&'static self) {
        while let Some(mut section) = Section::of_loop(self) {
            match section.find_runnable() {
                Some(name) if self.errands.get() => {
                    // First, since the task may block; and a waker may cost the processor.
                    self.scheduler.push_global(name);
                    self.wake_deferred();
                }
                Some(name) => self.run_task(section, name),
                None if self.errands.get() => self.wake_deferred(),
                None if self.scheduler.is_closing() => self.leave_for_good(),
                None => section.go_idle(),
            }
        }
    }

    fn leave_for_good(&'static self) {
        if self.searching.replace(false) {
            self.scheduler.idle.end_search();
        }
        if let Some(processor) = self.release() {
            self.scheduler.put_processor(processor);
        }
    }

    #[inline(always)]
    fn run_task(&'static self, section: Section, name: Name) {
        match Header::named(name).state.start(name.generation()) {
            Start::Stale => {}
            Start::Elsewhere => self.deliver(section, name),
            start => self.run_started::<false>(section, name, start),
        }
        if self.errands.get() {
            self.finish_turn();
        }
    }

    #[inline(always)]
    pub(super) fn run_started<const BOUND: bool>(
        &'static self,
        section: Section,
        name: Name,
        start: Start,
    ) {
        section.processor().next_tick();
        self.current.store(name.bits(), Ordering::Relaxed);
        self.yielded.set(false);
        self.patience.refill();
        let yielded = || self.yielded.get();
        let ran = self.outside(|| task::run(name, start, yielded, super::monitor::coarse_ms));
        self.current.store(0, Ordering::Relaxed);
        // What a forgotten guard of the task's left must not follow the next one.
        super::entry::leave_all();
        // The task may have given the processor away, and may have got another one back.
        match Section::of_loop(self) {
            Some(mut section) => section.settle(name, ran),
            None => self.settle_without_processor(name, ran),
        }
    }

    /// What the task left goes the way of foreign threads.
    #[cold]
    fn settle_without_processor(&'static self, name: Name, ran: Ran) {
        let background = self.ran_too_long.replace(false);
        self.scheduler.settle_foreign(name, ran, background);
        self.errands.set(true);
    }

    /// What follows a turn now and then: wakers to call, a binding to keep, a processor to find.
    #[cold]
    fn finish_turn(&'static self) {
        // Before it is on the list: a waker that blocks must not keep a processor that somebody gives.
        self.call_deferred();
        while let Some(name) = self.bound.get() {
            self.serve(name);
            self.call_deferred();
        }
        if self.processor().is_none() && !self.doomed.get() {
            self.find_another_processor();
        }
    }

    /// Drops the future of a task that was claimed for it, at the end of the runtime.
    pub(super) fn drop_claimed(&'static self, name: Name) {
        self.current.store(name.bits(), Ordering::Relaxed);
        let ran = self.outside(|| task::cancel_claimed(name));
        self.current.store(0, Ordering::Relaxed);
        self.scheduler.settle_foreign(name, ran, false);
    }

    fn find_another_processor(&'static self) {
        match self.scheduler.idle.take_processor() {
            Some(processor) => self.acquire(processor),
            None => self.scheduler.idle.wait(self),
        }
    }

    /// Asks for an idle processor. By a machine on the list.
    pub(super) fn reclaim(&'static self) -> bool {
        match self.scheduler.idle.reclaim(self) {
            Reclaim::Processor(processor) => {
                self.acquire(processor);
                self.searching.set(true);
                true
            }
            // Somebody is about to set `given`, and unparks then: `rest` waits for it.
            Reclaim::Given => true,
            Reclaim::NoneIdle => false,
        }
    }
}

impl PartialEq for Machine {
    fn eq(&self, other: &Machine) -> bool {
        std::ptr::eq(self, other)
    }
}
