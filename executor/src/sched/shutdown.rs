//! The end of a runtime: every future is dropped exactly once, in bounded time.
//!
//! # How it works (S7)
//! 1. The gate of the global queue closes: foreign spawns fail. `closing` is set.
//! 2. All machines are roused. Each ends when its poll does.
//! 3. When the machines have ended, or after 100 ms, the monitor waits until no section
//!    is left that has not seen `closing` ([`depth`]), and walks the slots: each task that nobody polls is claimed, its future dropped, its joiner
//!    told. Drops may wake, abort and (in vain) spawn; so it walks until a pass finds nothing.
//! 4. The monitor waits for the machines that are left, and walks again now and then. When the last has
//!    ended, and the last walk, the shutdown is over, and the structure may be used again. Who waits no longer
//!    is told which tasks are still being polled: they are cut.

use std::{
    fmt,
    panic::Location,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use super::{
    blocking, depth, entry,
    scheduler::{Life, Live, Scheduler},
    section, signals, table,
};
use crate::{
    poller::Ready,
    shim::lock,
    task::{self, Header, Id, state::State},
    time::clock,
};

/// How long the walk waits for polls to return. It passes over those that do not; but what they wait
/// for in a nested `block_on` may be the end of a task that only the walk brings.
const GRACE: Duration = Duration::from_millis(100);

/// Between two walks beside polls that do not return: they double.
const WALK_PAUSE_MIN: Duration = Duration::from_millis(10);
const WALK_PAUSE_MAX: Duration = Duration::from_secs(1);

/// What a shutdown could not wait for.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// Tasks that were still being polled when the time was up.
    pub cut: Vec<CutTask>,
}

/// A task that was being polled when its runtime ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CutTask {
    /// Which.
    pub id: Id,
    /// Where it was spawned.
    pub spawned_at: Option<&'static Location<'static>>,
}

impl fmt::Display for CutTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.spawned_at {
            Some(site) => write!(f, "task {} spawned at {site}", self.id),
            None => write!(f, "task {}", self.id),
        }
    }
}

impl Live {
    /// Ends the runtime: returns when all futures are dropped or `timeout` has passed. On one of
    /// the runtime's own threads it does not wait.
    pub(crate) fn shutdown(self, timeout: Duration) -> ShutdownReport {
        // An absurdly long time-out must not overflow: a year is as good.
        let timeout = timeout.min(Duration::from_secs(365 * 24 * 3600));
        let begun = clock::now_instant();
        self.scheduler.close(begun + (timeout / 4 * 3).min(GRACE));
        let own = section::machine().is_some_and(|it| std::ptr::eq(it.scheduler, self.scheduler));
        if own {
            return ShutdownReport::default();
        }
        if blocking::without_processor(|| self.wait_walked(begun + timeout)) {
            return ShutdownReport::default();
        }
        let running = self.walk().filter(|seen| seen.state.is_running());
        let cut = running.map(|seen| CutTask {
            id: Id(seen.name),
            spawned_at: seen.spawned_at,
        });
        ShutdownReport { cut: cut.collect() }
    }

    /// True: no task of the epoch is left.
    fn wait_walked(self, until: Instant) -> bool {
        let scheduler = self.scheduler;
        let mut life = lock_life(scheduler);
        loop {
            if Live::of(scheduler).epoch != self.epoch {
                return true;
            }
            if *life == Life::Walked && scheduler.machines.load(Ordering::SeqCst) == 0 {
                return true;
            }
            let left = until.saturating_duration_since(clock::now_instant());
            if left.is_zero() {
                return false;
            }
            let waited = scheduler.ended.wait_timeout(life, left);
            life = waited.unwrap_or_else(|poisoned| poisoned.into_inner()).0;
        }
    }
}

fn lock_life(scheduler: &Scheduler) -> std::sync::MutexGuard<'_, Life> {
    scheduler
        .life
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Scheduler {
    /// Steps 1 and 2.
    fn close(&'static self, walk_at: Instant) {
        self.global.close();
        *lock_life(self) = Life::Closing { walk_at };
        self.closing.store(true, Ordering::SeqCst);
        self.rouse_all();
        self.monitor.kick();
    }

    /// Machines that rest look again: at `closing`, at whether they are too many.
    pub(super) fn rouse_all(&self) {
        for machine in lock(&self.roster).iter() {
            machine.rouse();
        }
    }

    /// Steps 3 and 4, on the monitor's thread.
    pub(super) fn end(&'static self) {
        let walk_at = match *lock_life(self) {
            Life::Closing { walk_at } => walk_at,
            Life::Running | Life::Walked => clock::now_instant(),
        };
        self.wait_for_machines(walk_at);
        self.wait_for_sections();
        let mut pause = WALK_PAUSE_MIN;
        while self.machines.load(Ordering::SeqCst) > 0 {
            // A poll that ends after a walk may leave its task waiting, and another may wait for that one's end.
            self.drop_all(State::claim);
            self.wait_for_machines(clock::now_instant() + pause);
            pause = (pause * 2).min(WALK_PAUSE_MAX);
        }
        self.drop_all(State::claim_bound);
        *lock_life(self) = Life::Walked;
        self.ended.notify_all();
        self.retire();
    }

    fn wait_for_machines(&self, until: Instant) {
        let mut life = lock_life(self);
        while self.machines.load(Ordering::SeqCst) > 0 {
            self.rouse_all();
            let left = until.saturating_duration_since(clock::now_instant());
            if left.is_zero() {
                return;
            }
            // Rousing once more each 10 ms costs nothing here, and a machine that went to rest between the
            // look at `closing` and the list is roused by it.
            let waited = self
                .ended
                .wait_timeout(life, left.min(Duration::from_millis(10)));
            life = waited.unwrap_or_else(|poisoned| poisoned.into_inner()).0;
        }
    }

    /// The machines that are left run user code, or see `closing` next.
    fn wait_for_sections(&self) {
        let roster = lock(&self.roster).clone();
        depth::wait_until_outside(roster.iter().map(|machine| &machine.depth));
    }

    /// Drops the futures of all tasks that nobody polls, until a pass finds none, and tells all
    /// who wait for timers. While machines live, those that tasks are bound to drop these themselves.
    fn drop_all(&'static self, claim: fn(&State, u32) -> bool) {
        let live = Live::of(self);
        // What drops spawn is refused, not a panic.
        let _entered = entry::enter(live);
        loop {
            let mut found = false;
            for seen in live.walk() {
                if claim(&Header::named(seen.name).state, seen.name.generation()) {
                    found = true;
                    self.settle_foreign(seen.name, task::cancel_claimed(seen.name), false);
                }
            }
            let mut ready = Ready::new();
            self.timers().for_each(|timers| timers.clear(&mut ready));
            ready.foreign.append(&mut self.netpoll.take_stranded());
            found |= !ready.is_empty();
            ready.wake_all_foreign();
            if !found {
                return;
            }
        }
    }

    /// Undoes a start that got no thread at all.
    pub(super) fn end_unstarted(&'static self) {
        self.global.close();
        self.closing.store(true, Ordering::SeqCst);
        *lock_life(self) = Life::Walked;
        self.retire();
    }

    /// No machine runs, no task is left: the structure is ready for another runtime.
    fn retire(&'static self) {
        self.netpoll.detach();
        let follows = lock(&self.follows);
        self.idle.clear();
        self.signals.lower(signals::RETIRED);
        // Afterwards: what is claimed under the idle lock may still be requested there until `clear`.
        self.monitor.clear();
        self.caps.clear();
        for processor in self.processors.iter() {
            // SAFETY: no machine is left, so nobody holds the processor; nor does anybody own one that is retired (`resize`).
            let private = unsafe { processor.private() };
            private.cache.flush();
            private.queue.clear();
            private.urgent.clear();
            while processor.spill.take().is_some() {}
        }
        drop(follows);
        table::put(self);
    }
}
