//! Who is in the sets of local tasks, for dumps: their threads tell, any thread may look.
//!
//! A set has a list under a lock of its own, which is taken where a task begins and where it ends, among some allocations. What
//! changes with each poll is atomic. There is one list of all these lists.

use std::{
    collections::BTreeMap,
    panic::Location,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use crate::{
    sched::coarse_ms,
    shim::lock,
    task::{Name, pack_wait, unpack_wait},
    wait::{Reason, Site},
};

static ROSTERS: Mutex<Vec<Weak<Roster>>> = Mutex::new(Vec::new());

/// The tasks of one set that have not ended.
#[derive(Default)]
pub(super) struct Roster(Mutex<BTreeMap<Name, Arc<Entry>>>);

/// A task, as dumps see it. Written by its thread.
pub(super) struct Entry {
    pub(super) name: Name,
    spawned_at: &'static Location<'static>,
    stands: AtomicU32,
    /// Where the last poll noted that it waits, 0 for nowhere; and when that poll ended, milliseconds of the coarse clock.
    wait: AtomicU64,
    since: AtomicU32,
}

const READY: u32 = 0;
const RUNS: u32 = 1;
const WAITS: u32 = 2;

/// How a local task stands.
pub(crate) enum Stands {
    /// It has not been polled yet.
    Ready,
    Runs,
    Waits {
        site: Option<Site>,
        since: u32,
    },
}

/// A local task at one moment.
pub(crate) struct SeenLocal {
    pub(crate) name: Name,
    pub(crate) spawned_at: &'static Location<'static>,
    pub(crate) stands: Stands,
}

impl Roster {
    pub(super) fn new() -> Arc<Roster> {
        let roster = Arc::new(Roster::default());
        let mut rosters = lock(&ROSTERS);
        rosters.retain(|roster| roster.strong_count() > 0);
        rosters.push(Arc::downgrade(&roster));
        roster
    }

    /// A task begins.
    pub(super) fn enter(&self, name: Name, spawned_at: &'static Location<'static>) -> Arc<Entry> {
        let entry = Arc::new(Entry {
            name,
            spawned_at,
            stands: AtomicU32::new(READY),
            wait: AtomicU64::new(0),
            since: AtomicU32::new(0),
        });
        lock(&self.0).insert(name, entry.clone());
        entry
    }

    /// It has ended.
    pub(super) fn leave(&self, name: Name) {
        lock(&self.0).remove(&name);
    }
}

impl Entry {
    pub(super) fn begin_poll(&self) {
        self.wait.store(0, Ordering::Relaxed);
        self.stands.store(RUNS, Ordering::Relaxed);
    }

    pub(super) fn end_poll(&self) {
        self.since.store(coarse_ms(), Ordering::Relaxed);
        self.stands.store(WAITS, Ordering::Relaxed);
    }

    pub(super) fn note(&self, site: &'static Location<'static>, reason: Reason) {
        self.wait.store(pack_wait(site, reason), Ordering::Relaxed);
    }

    pub(super) fn has_wait(&self) -> bool {
        self.wait.load(Ordering::Relaxed) != 0
    }

    fn see(&self) -> SeenLocal {
        let stands = match self.stands.load(Ordering::Relaxed) {
            READY => Stands::Ready,
            RUNS => Stands::Runs,
            _ => Stands::Waits {
                site: unpack_wait(self.wait.load(Ordering::Relaxed)),
                since: self.since.load(Ordering::Relaxed),
            },
        };
        SeenLocal {
            name: self.name,
            spawned_at: self.spawned_at,
            stands,
        }
    }
}

/// All local tasks of the process that have not ended.
pub(crate) fn tasks() -> Vec<SeenLocal> {
    let rosters: Vec<_> = lock(&ROSTERS).iter().filter_map(Weak::upgrade).collect();
    let mut seen = Vec::new();
    for roster in rosters {
        seen.extend(lock(&roster.0).values().map(|entry| entry.see()));
    }
    seen
}
