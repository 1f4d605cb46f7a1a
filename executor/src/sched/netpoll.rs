//! Waiting for events: which machine sits in the poller, until when, and how it is called back.
//!
//! # How it works
//! An idle machine that gets the token waits in the poller (or, where no socket exists yet, parks), until the
//! earliest of all timers. The others park. Arming a timer calls nobody: the processor
//! that armed it looks at its timers itself, and compares them with the sleeper's deadline when it
//! goes idle ([`Scheduler::warn_sleeper`]).
//!
//! While all processors are in the middle of long polls, and no machine is left over for the poller, the monitor looks into it
//! ([`Scheduler::visit_poller`]).
//!
//! Timers that follow each other closely are fired together: after it woke for one, the sleeper sleeps for
//! [`BUNCH`] at least. A lone timer is on time; of 10,000 in 100 ms each costs a third less on one
//! processor.
//!
//! # Invariants
//! - N1: whoever holds the token is the only one in the poller.
//! - N2: when all processors are idle, some machine holds the token or is about to try: see [`Token`].
//! - N3: the poller waits for nothing that is held across user code ([`Poller::poll`]): the monitor looks into it, too.

use std::{
    any::Any,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    task::Waker,
    time::Duration,
};

use super::{
    deadline::Deadline, machine::Machine, monitor::read_clock, scheduler::Scheduler,
    section::Section, signals, token::Token,
};
use crate::{
    poller::{Poller, Ready},
    shim::lock,
    task::{Header, Name},
    time::{Timers, clock},
};

/// The shortest time between two timers' wake-ups, so that a timer may be so much late. Linux's default slack for a
/// sleeping thread is 50 µs, for the same reason.
const BUNCH: Duration = Duration::from_micros(40);

/// A poller that nobody visited for this long is to be visited: several times what the batch of tasks takes that one visit
/// makes ready. (Go waits for 10 ms, proc.go; but a visit costs 1 µs, and an answer over a socket waits for two.)
pub(super) const POLL_MAX: Duration = Duration::from_micros(500);
/// A busy processor looks again after this long: an answer over a socket waits for two such looks, and one is a half
/// per cent of it.
const BUSY_POLL: Duration = Duration::from_micros(100);

pub(super) struct NetPoll {
    poller: Mutex<Option<Attached>>,
    token: Token,
    /// Of the one that holds the token and sleeps.
    deadline: Deadline<Machine>,
    /// Timers that are due before this wait until then.
    bunched_until: AtomicU64,
    /// How often somebody polled.
    polls: AtomicU64,
    /// When busy processors should look.
    visit_due: AtomicU64,
    /// Foreign wakers that the monitor found, for a machine to call.
    stranded: Mutex<Vec<Waker>>,
}

/// A poller as the scheduler sees it, and as its own crate does.
struct Attached {
    poller: Arc<dyn Poller>,
    concrete: Arc<dyn Any + Send + Sync>,
}

impl NetPoll {
    pub(super) fn new() -> NetPoll {
        NetPoll {
            poller: Mutex::new(None),
            token: Token::new(),
            deadline: Deadline::new(),
            bunched_until: AtomicU64::new(0),
            polls: AtomicU64::new(0),
            visit_due: AtomicU64::new(0),
            stranded: Mutex::new(Vec::new()),
        }
    }

    pub(super) fn has_poller(&self) -> bool {
        lock(&self.poller).is_some()
    }

    /// How often somebody polled, and whether somebody is in the poller now.
    pub(super) fn activity(&self) -> (u64, bool) {
        (self.polls.load(Ordering::Relaxed), self.token.is_taken())
    }

    fn poller(&self) -> Option<Arc<dyn Poller>> {
        lock(&self.poller)
            .as_ref()
            .map(|attached| attached.poller.clone())
    }

    /// Drops the poller: with it goes the readiness of all sockets.
    pub(super) fn detach(&self) {
        let poller = lock(&self.poller).take();
        drop(poller);
    }

    /// What the monitor has found and must not call: foreign wakers.
    pub(super) fn take_stranded(&self) -> Vec<Waker> {
        std::mem::take(&mut *lock(&self.stranded))
    }

    /// Leaves one to be called by a machine that attends to [`STRANDED`](signals::STRANDED).
    pub(super) fn strand(&self, waker: Waker) {
        lock(&self.stranded).push(waker);
    }

    fn put_back(&self) {
        self.polls.fetch_add(1, Ordering::Relaxed);
        self.token.put_back();
    }
}

impl Scheduler {
    pub(crate) fn attach_poller<P: Poller>(
        &self,
        init: impl FnOnce() -> io::Result<P>,
    ) -> io::Result<Arc<dyn Any + Send + Sync>> {
        if let Some(attached) = &*lock(&self.netpoll.poller) {
            return Ok(attached.concrete.clone());
        }
        // Outside of the lock: it is not our code. Of two that do this at once, one is thrown away.
        let made = Arc::new(init()?);
        let mut attached = lock(&self.netpoll.poller);
        if let Some(attached) = &*attached {
            return Ok(attached.concrete.clone());
        }
        *attached = Some(Attached {
            poller: made.clone(),
            concrete: made.clone(),
        });
        drop(attached);
        // The one that parks for lack of a poller shall use it.
        self.interrupt_poller();
        Ok(made)
    }

    /// Calls the machine in the poller back, if there is one.
    pub(super) fn interrupt_poller(&self) {
        if let Some(poller) = self.netpoll.poller() {
            poller.interrupt();
        }
        // SAFETY: the pointer is null or was stored from a `&'static Machine`.
        if let Some(sleeper) = unsafe { self.netpoll.deadline.sleeper().as_ref() } {
            sleeper.unpark();
        }
    }

    pub(super) fn earliest(&self) -> u64 {
        self.timers()
            .map(Timers::earliest)
            .min()
            .unwrap_or(u64::MAX)
    }

    /// When the sleeper is to wake for a timer, `u64::MAX` for never.
    pub(super) fn wake_time(&self) -> u64 {
        let bunched_until = self.netpoll.bunched_until.load(Ordering::Relaxed);
        self.earliest().max(bunched_until)
    }

    /// The sleeper wakes for a timer at `time` or before.
    pub(super) fn sleeper_wakes_by(&self, time: u64) -> bool {
        self.netpoll.deadline.is_by(time)
    }

    /// Calls the sleeper back if a timer is due before it wakes by itself.
    pub(super) fn warn_sleeper(&self) {
        if self.netpoll.deadline.is_later_than(|| self.wake_time()) {
            self.interrupt_poller();
        }
    }

    /// Waits in the poller on behalf of all, if nobody does. False: somebody does, or there is nothing to
    /// do there: park. By a machine on the list of idle ones.
    pub(super) fn poll_idle(&'static self, machine: &'static Machine) -> bool {
        if !self.netpoll.token.try_take() {
            return false;
        }
        let mut ready = machine.ready.replace(Ready::new());
        machine.given.enter_poller();
        if !machine.given.is_some() && !self.is_closing() {
            self.sleep_in_poller(machine, &mut ready);
        }
        machine.given.leave_poller();
        self.netpoll.put_back();
        let now = read_clock();
        let due = self.earliest() <= now;
        if due {
            let until = now + BUNCH.as_nanos() as u64;
            self.netpoll.bunched_until.store(until, Ordering::Relaxed);
        }
        if ready.is_empty() && !due {
            machine.ready.replace(ready);
            return true;
        }
        // N2: after `put_back`.
        let given = machine.reclaim();
        if due && !given {
            // All are busy: the next one that looks fires them, and the monitor sees to it that there is one.
            self.signals.raise(signals::OVERDUE);
            self.monitor.hint();
        }
        self.distribute(machine, ready);
        given || machine.processor().is_some()
    }

    fn sleep_in_poller(&self, machine: &'static Machine, ready: &mut Ready) {
        let until = self.netpoll.deadline.announce(machine, || self.wake_time());
        let until = (until != u64::MAX).then(|| clock::instant(until));
        match self.netpoll.poller() {
            Some(poller) => poll(&*poller, until, ready),
            None => machine.park_until(until),
        }
        self.netpoll.deadline.forget();
    }

    /// Looks for events without waiting, if nobody is in the poller: on behalf of all, who are in the middle of long polls.
    /// By the monitor: it queues tasks, and leaves foreign wakers to a machine. (Go: `sysmon`, which polls after 10 ms)
    pub(super) fn visit_poller(&'static self) {
        let Some(poller) = self.netpoll.poller() else {
            return;
        };
        if !self.netpoll.token.try_take() {
            return;
        }
        let mut ready = Ready::new();
        poll(&*poller, Some(clock::instant(0)), &mut ready);
        self.netpoll.put_back();
        for name in ready.names.drain(..) {
            self.ready_urgent(name);
        }
        if !ready.foreign.is_empty() {
            lock(&self.netpoll.stranded).append(&mut ready.foreign);
            self.signals.raise(signals::STRANDED);
        }
        // N2: a machine that went idle meanwhile found the token taken, and parked. Who is woken looks, and goes idle again.
        // Ordering: `submitted` has the fence between `put_back` and the look; pairs with the one in `go_idle`.
        self.submitted();
    }

    /// Queues a task that a timer or socket woke, from a thread without a processor.
    fn ready_urgent(&'static self, name: Name) {
        let runtime = Header::named(name).runtime();
        if runtime != self.index {
            return super::ready(name, runtime);
        }
        self.global.push_urgent(name);
        self.signals.raise(signals::URGENT);
        self.submitted();
    }

    /// Queues those who are ready: here if the machine got a processor, else for all.
    fn distribute(&'static self, machine: &'static Machine, mut ready: Ready) {
        if let Some(mut section) = Section::of_loop(machine) {
            section.queue_ready(&mut ready);
            machine.ready.replace(ready);
            return;
        }
        for name in ready.names.drain(..) {
            self.ready_urgent(name);
        }
        machine.defer(&mut ready.foreign);
        machine.ready.replace(ready);
        // Off the list meanwhile: a waker that blocks must not keep a processor that somebody gives. If one was
        // given already, the wakers are called before its first task.
        if machine.has_deferred() && self.idle.retire(machine) {
            machine.wake_deferred();
        }
    }
}

impl Section {
    /// Looks for events without waiting, if nobody is in the poller.
    pub(super) fn poll_without_waiting(&mut self) {
        let netpoll = &self.scheduler().netpoll;
        if !netpoll.token.try_take() {
            return;
        }
        let mut ready = std::mem::take(&mut self.private().ready);
        if let Some(poller) = netpoll.poller() {
            poll(&*poller, Some(clock::instant(0)), &mut ready);
        }
        netpoll.put_back();
        self.release_ready(ready);
    }

    /// Looks for events now and then while this processor does not run out of work. The monitor would notice that nobody does,
    /// but while polls are short it looks at its longest period only.
    pub(super) fn poll_if_due(&mut self) {
        let netpoll = &self.scheduler().netpoll;
        let now = clock::now();
        if now >= netpoll.visit_due.load(Ordering::Relaxed) {
            let due = now + BUSY_POLL.as_nanos() as u64;
            netpoll.visit_due.store(due, Ordering::Relaxed);
            self.poll_without_waiting();
        }
    }
}

/// A poller that fails would make every socket hang in silence: it says so and ends the process.
fn poll(poller: &dyn Poller, until: Option<std::time::Instant>, ready: &mut Ready) {
    if let Err(error) = poller.poll(until, ready) {
        eprintln!("gmp: the network poller failed: {error}");
        std::process::abort();
    }
}

impl Machine {
    fn park_until(&self, until: Option<std::time::Instant>) {
        match until {
            None => std::thread::park(),
            Some(until) => {
                let wait = until.saturating_duration_since(clock::now_instant());
                if wait > Duration::ZERO {
                    super::slack::precisely(|| std::thread::park_timeout(wait));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
