//! The heap and the timers against plain models, the lock, the clock.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Wake, Waker},
    thread,
};

use super::{
    heap::{Entry, Heap},
    lock::Lock,
    *,
};
use crate::{poller::Ready, waiter::Waiter};

/// Small numbers at random: a linear congruence (Knuth, MMIX).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Counts its wakes.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// A foreign waiter: its word is the address of a box, so it is unlike all others that live.
fn entry(deadline: u64) -> Entry {
    Entry {
        deadline,
        waiter: Waiter::new(Waker::noop()),
    }
}

#[test]
fn the_heap_gives_entries_in_the_order_of_their_deadlines() {
    for size in [0, 1, 2, 3, 4, 5, 6, 20, 21, 22, 85, 341, 1000] {
        let (mut heap, mut dice) = (Heap::new(), Dice(size));
        let mut deadlines: Vec<u64> = (0..size).map(|_| dice.below(size)).collect();
        deadlines
            .iter()
            .for_each(|&deadline| heap.push(entry(deadline)));
        deadlines.sort_unstable();
        for deadline in deadlines {
            assert_eq!(heap.earliest(), deadline);
            assert!(deadline == 0 || heap.pop_due(deadline - 1).is_none());
            assert_eq!(heap.pop_due(u64::MAX).unwrap().deadline, deadline);
        }
        assert!(heap.pop_due(u64::MAX).is_none());
        assert_eq!(heap.earliest(), u64::MAX);
    }
}

/// What is in the heap, by key: deadlines first.
type Model = BTreeMap<(u64, u64), ()>;

fn play_heap(seed: u64, range: u64, steps: usize) {
    let (mut heap, mut model, mut dice) = (Heap::new(), Model::new(), Dice(seed));
    let mut pushed_last = None;
    for _ in 0..steps {
        match dice.below(10) {
            0..=4 => {
                let entry = entry(dice.below(range));
                pushed_last = Some(entry.key());
                assert!(model.insert(entry.key(), ()).is_none());
                heap.push(entry);
            }
            5 | 6 => {
                let now = dice.below(range);
                match heap.pop_due(now) {
                    None => assert!(model.keys().next().is_none_or(|key| key.0 > now)),
                    Some(entry) => {
                        assert!(entry.deadline <= now);
                        assert_eq!(entry.deadline, model.keys().next().unwrap().0);
                        assert!(model.remove(&entry.key()).is_some());
                    }
                }
            }
            7 => {
                let key = pushed_last.unwrap_or((0, 0));
                if let Some(entry) = heap.pop_last(key) {
                    assert_eq!(entry.key(), key);
                    assert!(model.remove(&key).is_some());
                }
            }
            8 => assert!(heap.pop_last((range, 1)).is_none(), "nobody has this key"),
            _ => {
                let (divisor, rest) = (1 + dice.below(5), dice.below(5));
                let is_dead = |deadline: u64| deadline % divisor == rest;
                let places = (0..heap.len()).rev();
                let mut dead = Vec::new();
                for at in places {
                    if is_dead(heap.key_at(at).0) {
                        dead.push(heap.remove_at(at));
                    }
                }
                // Those that moved past the sweep.
                while let Some(at) = (0..heap.len()).find(|&at| is_dead(heap.key_at(at).0)) {
                    dead.push(heap.remove_at(at));
                }
                assert!(dead.iter().all(|entry| is_dead(entry.deadline)));
                for entry in &dead {
                    assert!(model.remove(&entry.key()).is_some());
                }
                assert!(!model.keys().any(|&(deadline, _)| is_dead(deadline)));
            }
        }
        assert_eq!(heap.len(), model.len());
        assert_eq!(
            heap.earliest(),
            model.keys().next().map_or(u64::MAX, |key| key.0)
        );
    }
    while let Some((key, ())) = model.pop_first() {
        assert_eq!(heap.pop_due(u64::MAX).unwrap().deadline, key.0);
    }
}

#[test]
fn the_heap_does_what_an_ordered_map_does() {
    // Miri is some hundred times slower.
    let games = if cfg!(miri) { 6 } else { 200 };
    for seed in 0..games {
        play_heap(seed, [3, 50, 1 << 40][seed as usize % 3], 300);
    }
}

/// An entry of the timers, and what became of it.
struct Timed {
    key: (u64, u64),
    epoch: u32,
    wakes: Arc<Wakes>,
    cancelled: bool,
}

fn insert(timers: &Timers, deadline: u64) -> Timed {
    let earliest = timers.earliest();
    let (timed, first) = insert_beside_others(timers, deadline);
    assert_eq!(first, deadline < earliest);
    timed
}

fn insert_beside_others(timers: &Timers, deadline: u64) -> (Timed, bool) {
    let wakes = Arc::new(Wakes::default());
    let waiter = Waiter::new(&Waker::from(wakes.clone()));
    let key = (deadline, waiter.bits());
    let (epoch, first) = timers.insert(deadline, waiter);
    let timed = Timed {
        key,
        epoch,
        wakes,
        cancelled: false,
    };
    (timed, first)
}

fn fire(timers: &Timers, now: u64) {
    let mut ready = Ready::new();
    timers.fire(now, &mut ready);
    ready.wake_all_foreign();
}

#[test]
fn timers_fire_each_entry_once_and_when_it_is_due() {
    // Miri is some hundred times slower.
    for seed in 0..if cfg!(miri) { 2 } else { 100 } {
        let (timers, mut dice) = (Timers::new(), Dice(seed));
        let mut all: Vec<Timed> = Vec::new();
        let mut now = 0;
        for _ in 0..400 {
            match dice.below(8) {
                0..=3 => all.push(insert(&timers, now + 1 + dice.below(100))),
                4..=6 if !all.is_empty() => {
                    let at = dice.below(all.len() as u64) as usize;
                    let timed = &mut all[at];
                    if !timed.cancelled {
                        timers.cancel(timed.key, timed.epoch);
                        timed.cancelled = true;
                    }
                }
                _ => {
                    now += dice.below(30);
                    fire(&timers, now);
                    assert!(timers.earliest() > now);
                }
            }
            for timed in &all {
                let wakes = timed.wakes.0.load(SeqCst);
                assert!(wakes <= 1);
                assert!(wakes == 0 || timed.key.0 <= now, "too early");
            }
            let due = |timed: &&Timed| !timed.cancelled && timed.key.0 <= now && timed.key.0 > 0;
            let missed = all
                .iter()
                .filter(due)
                .filter(|timed| timed.wakes.0.load(SeqCst) == 0);
            // Inserted behind the last look, it is still to fire.
            assert!(missed.count() == 0 || timers.earliest() <= now);
        }
        fire(&timers, u64::MAX);
        assert!(
            all.iter()
                .all(|timed| timed.cancelled || timed.wakes.0.load(SeqCst) == 1)
        );
        assert!(timers.is_empty());
        assert!(
            all.iter().all(|timed| Arc::strong_count(&timed.wakes) == 1),
            "no waker is kept"
        );
    }
}

#[test]
fn cancelled_entries_are_swept_before_they_are_many() {
    let timers = Timers::new();
    let lasting: Vec<_> = (0..100).map(|n| insert(&timers, 1000 + n)).collect();
    let wakes = Arc::new(Wakes::default());
    for n in 0..1000 {
        let waiter = Waiter::new(&Waker::from(wakes.clone()));
        let key = (2000 + n, waiter.bits());
        let (epoch, _) = timers.insert(key.0, waiter);
        // Not the one that was pushed last, which would go at once.
        let behind = insert(&timers, 5000 + n);
        timers.cancel(key, epoch);
        timers.cancel(behind.key, behind.epoch);
        assert!(Arc::strong_count(&wakes) < 1 + 16 + 200 / 3);
    }
    fire(&timers, 1500);
    assert!(lasting.iter().all(|timed| timed.wakes.0.load(SeqCst) == 1));
}

#[test]
fn a_cancel_that_comes_too_late_kills_no_later_entry_with_the_same_key() {
    let timers = Timers::new();
    let waker = Waker::noop().clone();
    let waiter = Waiter::new(&waker);
    let key = (100, waiter.bits());
    let (epoch, _) = timers.insert(100, waiter);
    let mut ready = Ready::new();
    timers.fire(100, &mut ready);
    // Whoever it was for gives up now, and somebody takes its place, word for word.
    timers.cancel(key, epoch);
    let next = insert(&timers, 200);
    for _ in 0..100 {
        let other = insert(&timers, 300);
        let last = insert(&timers, 400);
        timers.cancel(other.key, other.epoch);
        timers.cancel(last.key, last.epoch);
    }
    fire(&timers, 250);
    assert_eq!(next.wakes.0.load(SeqCst), 1);
}

#[test]
fn of_equal_entries_one_goes_for_each_cancel() {
    let timers = Timers::new();
    let first = insert(&timers, 100);
    // The same waiter's word twice is what two sleeps of one task with one deadline are.
    let twin = crate::task::Name::new(1 << 20, 7);
    let insert_twin = || {
        // SAFETY: the word of a name owns nothing.
        let waiter = unsafe { Waiter::from_bits(twin.bits()) }.unwrap();
        timers.insert(500, waiter).0
    };
    let epochs: Vec<_> = (0..20).map(|_| insert_twin()).collect();
    let behind = insert(&timers, 900);
    for &epoch in &epochs[..17] {
        timers.cancel((500, twin.bits()), epoch);
    }
    timers.cancel(behind.key, behind.epoch);
    // Swept or not, three of them are left to fire; their task is gone, so nothing else is to be seen.
    fire(&timers, 100);
    assert_eq!(first.wakes.0.load(SeqCst), 1);
    assert_eq!(timers.earliest(), 500);
    for &epoch in &epochs[17..] {
        timers.cancel((500, twin.bits()), epoch);
    }
}

#[test]
fn what_one_runtime_left_is_nothing_to_the_next() {
    let timers = Timers::new();
    let old = insert(&timers, 1000);
    let mut ready = Ready::new();
    timers.clear(&mut ready);
    ready.wake_all_foreign();
    assert_eq!(old.wakes.0.load(SeqCst), 1);
    // The next one begins at an earlier point in time than the last one had reached.
    let next = insert(&timers, 500);
    assert_eq!(timers.earliest(), 500);
    timers.cancel(old.key, old.epoch);
    timers.cancel((500, old.key.1), old.epoch);
    fire(&timers, 500);
    assert_eq!(next.wakes.0.load(SeqCst), 1);
}

#[test]
fn the_lock_keeps_threads_apart() {
    let lock = Arc::new(Lock::new((0_u64, 0_u64)));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let lock = lock.clone();
            thread::spawn(move || {
                for _ in 0..20_000 {
                    let mut both = lock.lock();
                    both.0 += 1;
                    assert_eq!(both.0, both.1 + 1);
                    both.1 += 1;
                }
            })
        })
        .collect();
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    assert_eq!(*lock.lock(), (80_000, 80_000));
}

#[test]
fn the_clock_goes_forward_and_back_to_the_nanosecond() {
    let before = clock::now();
    assert!(
        before > 0,
        "no point in time from now on is the one that means over"
    );
    let instant = Instant::now();
    let at = clock::nanoseconds(instant);
    assert!(at >= before && clock::now() >= at);
    assert_eq!(clock::instant(at), instant);
    let later = instant + Duration::new(3, 7);
    assert_eq!(clock::nanoseconds(later) - at, 3_000_000_007);
}

#[test]
fn points_beyond_the_end_of_time_are_its_end() {
    assert_eq!(clock::after(Duration::MAX), u64::MAX);
    // From before the clock began.
    let began = Duration::from_nanos(clock::now());
    if let Some(earlier) = Instant::now().checked_sub(began + Duration::from_secs(3)) {
        assert_eq!(clock::nanoseconds(earlier), 0);
    }
    let far = Instant::now()
        .checked_add(Duration::from_secs(1000 * 366 * 24 * 3600))
        .expect("a year 3000");
    assert_eq!(clock::nanoseconds(far), u64::MAX);
}

#[test]
fn a_sweep_in_portions_beside_pushes_and_firing_loses_nobody() {
    let count = if cfg!(miri) { 300 } else { 4000 };
    let timers = Arc::new(Timers::new());
    let other = timers.clone();
    let sweeper = thread::spawn(move || {
        let mut dice = Dice(7);
        let mut timed = || insert_beside_others(&other, 1_000_000 + dice.below(1_000_000)).0;
        let (gone, kept): (Vec<_>, Vec<_>) = (0..count).map(|_| (timed(), timed())).unzip();
        for timed in gone {
            other.cancel(timed.key, timed.epoch);
        }
        kept
    });
    let mut fired: Vec<_> = Vec::new();
    for n in 0..count {
        fired.push(insert_beside_others(&timers, 1 + n).0);
        fire(&timers, n);
    }
    let kept = sweeper.join().unwrap();
    assert!(kept.iter().all(|timed| timed.wakes.0.load(SeqCst) == 0));
    fire(&timers, u64::MAX);
    for timed in kept.iter().chain(&fired) {
        assert_eq!(timed.wakes.0.load(SeqCst), 1);
    }
}
