//! Those who wait for a mutex, and the watch over the one who was woken.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::word::Word;
use crate::{
    clock,
    shim::{self, mutant},
    wait_list::{Locked, WaitList, Wakes},
};

/// How long one may fail before the lock is reserved. Go's `starvationThresholdNs`, internal/sync/mutex.go; under loom
/// at once, so that the models get there.
pub(super) const STARVATION: Duration = Duration::from_millis(if cfg!(gmp_loom) { 0 } else { 1 });

/// How often the one who was woken is looked at. A task that is woken runs within some time slices (10 ms) at worst; being
/// passed over too early costs it a turn only.
#[cfg(not(gmp_loom))]
const LOOK: Duration = Duration::from_millis(5);

/// The part of a mutex that outlives it while an alarm is set.
pub(crate) struct Contended {
    pub(super) list: WaitList<Queue, Claimant>,
    #[cfg(not(gmp_loom))]
    watch: watch::Watch,
}

#[derive(Default)]
pub(crate) struct Queue {
    /// Somebody is woken, and was not polled since (M2).
    woken: bool,
    /// It was already so at the last look.
    suspect: bool,
    /// A look is going to come.
    watched: bool,
    /// How many alarms were to be set: the number of the last one.
    alarms: u64,
}

/// One who waits.
#[derive(Default)]
pub(crate) struct Claimant {
    /// Since when.
    since: Option<Instant>,
    stage: Stage,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Asleep,
    Woken,
    /// Was woken and not polled for long.
    PassedOver,
}

type Guard<'a> = Locked<'a, Queue, Claimant>;

impl Contended {
    pub(super) fn new() -> Arc<Contended> {
        Arc::new(Contended {
            list: WaitList::new(Queue::default()),
            #[cfg(not(gmp_loom))]
            watch: watch::Watch::default(),
        })
    }

    /// Unlocks, and sees to it that somebody takes the lock (M3).
    #[cold]
    pub(super) fn unlock(self: &Arc<Self>, word: &Word) {
        let mut wakes = Wakes::new();
        let mut list = self.list.lock();
        word.unlock();
        if list.is_empty() {
            word.clear_waiters();
            return;
        }
        wake_next(&mut list, &mut wakes);
        if !list.woken {
            // All are passed over: there is nobody to reserve it for.
            word.clear_starves();
        }
        self.release(list, word);
        wakes.wake();
    }

    /// Lets go of the list, and sets the watch where the lock is free and one who is woken stands before others.
    pub(super) fn release(self: &Arc<Self>, mut list: Guard<'_>, word: &Word) {
        let watch = list.woken && !list.watched && (list.len() > 1 || word.starves());
        let alarm = watch.then(|| list.watch());
        drop(list);
        if let Some(number) = alarm {
            self.set_watch(number);
        }
    }

    /// The alarm rang. One who has been woken for a whole period, and was not polled, is passed over.
    pub(super) fn look(self: &Arc<Self>) {
        let mut wakes = Wakes::new();
        let mut list = self.list.lock();
        if list.woken && list.suspect && !mutant("look_passes_nobody_over") {
            list.find(|claimant| claimant.stage == Stage::Woken)
                .expect("M2: `woken` says that there is one")
                .stage = Stage::PassedOver;
            list.woken = false;
            wake_next(&mut list, &mut wakes);
        } else {
            list.suspect = list.woken;
        }
        list.watched = false;
        let alarm = list.woken.then(|| list.watch());
        drop(list);
        wakes.wake();
        if let Some(number) = alarm {
            self.set_watch(number);
        }
    }
}

/// Wakes the first who sleeps, if nobody is woken yet.
fn wake_next(list: &mut Guard<'_>, wakes: &mut Wakes) {
    if list.woken {
        return;
    }
    let woken = list.wake_first(wakes, |claimant| {
        let asleep = claimant.stage == Stage::Asleep;
        if asleep {
            claimant.stage = Stage::Woken;
        }
        asleep
    });
    list.woken = woken;
    list.suspect = false;
}

impl Queue {
    /// An alarm is to be set. Its number.
    fn watch(&mut self) -> u64 {
        self.watched = true;
        self.alarms += 1;
        self.alarms
    }

    /// Nobody is woken: then also a lock that starves is anybody's.
    pub(super) fn is_open(&self) -> bool {
        !self.woken
    }

    /// `claimant` is polled, or goes away. True: it was the one who is woken.
    pub(super) fn arrived(&mut self, claimant: &mut Claimant) -> bool {
        let stage = std::mem::replace(&mut claimant.stage, Stage::Asleep);
        if stage == Stage::Woken {
            self.woken = false;
            self.suspect = false;
        }
        stage == Stage::Woken
    }
}

/// `claimant` takes the lock. The lock ceases to starve where it waited for a short time only, or nobody else waits.
pub(super) fn settle(list: &mut Guard<'_>, claimant_since: Option<Instant>, word: &Word) {
    if list.is_empty() {
        word.clear_waiters();
    } else if word.starves() && claimant_since.is_none_or(|since| clock::now() - since < STARVATION)
    {
        word.clear_starves();
    }
}

impl Claimant {
    pub(super) fn since(&self) -> Option<Instant> {
        self.since
    }

    /// It must wait, again if `again`. True: it has done so for too long.
    pub(super) fn waits(&mut self, again: bool) -> bool {
        match self.since {
            None => {
                self.since = Some(clock::now());
                false
            }
            Some(since) => again && clock::now() - since >= STARVATION,
        }
    }
}

/// One who was woken goes away: the next takes its place.
pub(super) fn hand_on(list: &mut Guard<'_>, wakes: &mut Wakes, word: &Word) {
    if list.is_empty() {
        word.clear_waiters();
    } else {
        wake_next(list, wakes);
    }
}

#[cfg(gmp_loom)]
impl Contended {
    /// loom has no clock: the models look by themselves.
    fn set_watch(self: &Arc<Self>, _: u64) {}
}

#[cfg(not(gmp_loom))]
mod watch {
    use std::{
        sync::{Arc, Mutex, Weak},
        task::{Wake, Waker},
    };

    use super::{Contended, LOOK, shim};
    use crate::{
        alarm::{Alarm, Latest},
        clock,
    };

    #[derive(Default)]
    pub(super) struct Watch(Mutex<Latest>);

    struct Looks(Weak<Contended>);

    impl Wake for Looks {
        fn wake(self: Arc<Self>) {
            if let Some(contended) = self.0.upgrade() {
                contended.look();
            }
        }
    }

    impl Contended {
        pub(super) fn set_watch(self: &Arc<Self>, number: u64) {
            let looks = Waker::from(Arc::new(Looks(Arc::downgrade(self))));
            // Under no lock: it may ring at once.
            let alarm = Alarm::set(clock::now() + LOOK, looks);
            let stale = shim::lock(&self.watch.0).keep(number, alarm);
            drop(stale);
        }
    }
}
