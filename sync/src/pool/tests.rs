//! After the cases of Go's `sync/pool_test.go`, and more.

use std::{
    sync::{
        Weak,
        atomic::{AtomicBool, AtomicUsize},
    },
    thread,
    time::Duration,
};

use gmp_executor::{Builder, Runtime};

use super::*;
use crate::test_kit::{Watchdog, each_executor, yield_now};

fn counting() -> (Pool<Box<usize>>, Arc<AtomicUsize>) {
    let made = Arc::new(AtomicUsize::new(0));
    let counts = made.clone();
    let pool = Pool::new(move || Box::new(counts.fetch_add(1, Ordering::Relaxed)));
    (pool, made)
}

/// On gmp with that many processors, as a task.
fn in_task<F>(processors: usize, future: F) -> F::Output
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let runtime = runtime(processors);
    runtime.block_on(runtime.spawn(future)).unwrap()
}

fn runtime(processors: usize) -> Runtime {
    let builder = Builder::new().max_procs(processors);
    builder.build().unwrap()
}

/// Go: `TestPool`, `TestPoolNew`.
#[test]
fn what_is_put_in_comes_out_and_else_it_is_made() {
    let (pool, made) = counting();
    let (one, two) = (pool.get(), pool.get());
    assert_eq!((**one, **two), (0, 1));
    drop(one);
    drop(two);
    let mut both = [pool.get(), pool.get()].map(|thing| *thing.into_inner());
    both.sort_unstable();
    assert_eq!(both, [0, 1]);
    assert_eq!(**pool.get(), 2);
    pool.put(Box::new(9));
    assert_eq!(made.load(Ordering::Relaxed), 3);
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn a_processor_gets_back_first_what_it_put_in_its_private_place() {
    let _watchdog = Watchdog::new();
    in_task(1, async {
        let (pool, made) = counting();
        // Into the list: the gate is closed before the first thing.
        pool.put(Box::new(100));
        assert!(pool.core.gate.is_open());
        let (listed, one, two) = (pool.get(), pool.get(), pool.get());
        assert_eq!((**listed, **one, **two), (100, 0, 1));
        drop(one);
        drop(two);
        assert_eq!(pool.core.home().take().as_deref(), Some(&1));
        assert_eq!(**pool.get(), 0);
        drop(listed);
        assert_eq!(pool.core.home().take().as_deref(), Some(&100));
        assert_eq!(made.load(Ordering::Relaxed), 2);
    });
}

/// Go: `TestPoolGC`: what nobody takes for two periods is dropped.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn an_idle_pool_shrinks_to_nothing() {
    let _watchdog = Watchdog::new();
    let thing = Arc::new(());
    let kept = thing.clone();
    let pool = Arc::new(Pool::new(move || kept.clone()));
    let fills = pool.clone();
    let runtime = runtime(2);
    let filled = runtime.spawn(async move {
        drop((0..10).map(|_| fills.get()).collect::<Vec<_>>());
        // In the private place too.
        drop([fills.get(), fills.get()]);
        drop([fills.get(), fills.get()]);
        let shards = fills.core.shards.iter();
        // SAFETY: one processor has nothing to do, the other one runs this.
        shards
            .map(|shard| unsafe { shard.has_private() })
            .filter(|has| *has)
            .count()
    });
    assert_eq!(runtime.block_on(filled).unwrap(), 1);
    drop((0..10).map(|_| pool.get()).collect::<Vec<_>>());
    let things = || Arc::strong_count(&thing) - 2;
    // Not the one in the private place.
    assert_eq!(things(), 11);
    assert!(pool.core.trim());
    assert_eq!(things(), 11);
    // Victims are taken where there is nothing better, and are fresh when they come back.
    drop([pool.get(), pool.get()]);
    assert!(pool.core.trim());
    assert_eq!(things(), 2);
    assert!(!pool.core.trim());
    assert_eq!(things(), 0);
    assert!(!pool.core.gate.is_open());
    drop([pool.get(), pool.get()]);
    assert!(pool.core.gate.is_open());
    drop(runtime);
    assert_eq!(things(), 2);
    drop(pool);
    assert_eq!(Arc::strong_count(&thing), 1);
}

#[test]
fn one_thread_takes_what_another_put_in() {
    let (pool, made) = counting();
    thread::scope(|scope| {
        scope.spawn(|| drop((0..40).map(|_| pool.get()).collect::<Vec<_>>()));
    });
    let mut all: Vec<_> = (0..40).map(|_| *pool.get().into_inner()).collect();
    all.sort_unstable();
    assert_eq!(all, (0..40).collect::<Vec<_>>());
    assert_eq!(made.load(Ordering::Relaxed), 40);
}

/// Go: `TestPoolRelease`, in a way: a drop that panics ends neither the janitor nor the others.
#[test]
fn a_thing_whose_drop_panics_does_not_keep_the_others() {
    struct Panics(Arc<AtomicUsize>);
    impl Drop for Panics {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
            panic!("on purpose");
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    let counts = dropped.clone();
    let pool = Pool::new(move || Panics(counts.clone()));
    drop((0..3).map(|_| pool.get()).collect::<Vec<_>>());
    pool.core.trim();
    assert!(!pool.core.trim());
    assert_eq!(dropped.load(Ordering::Relaxed), 3);
}

/// Go: `TestPoolStress`: nobody gets what another has.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn nobody_gets_what_another_has() {
    each_executor(|spawner| {
        let pool = Arc::new(Pool::new(|| AtomicBool::new(false)));
        let tasks: Vec<_> = (0..10)
            .map(|n| {
                let pool = pool.clone();
                spawner.spawn(async move {
                    for turn in 0..300 {
                        let things: Vec<_> = (0..=turn % 3).map(|_| pool.get()).collect();
                        for thing in &things {
                            assert!(!thing.swap(true, Ordering::Relaxed));
                        }
                        if (n + turn) % 5 == 0 {
                            yield_now().await;
                        }
                        for thing in &things {
                            assert!(thing.swap(false, Ordering::Relaxed));
                        }
                    }
                })
            })
            .collect();
        spawner.join_all(tasks);
    });
}

/// Tasks that lose their processors again and again while they use the pool, of two runtimes at a time, and one who trims.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn nobody_gets_what_another_has_without_a_processor() {
    let _watchdog = Watchdog::new();
    let pool = Arc::new(Pool::new(|| AtomicBool::new(false)));
    let over = Arc::new(AtomicBool::new(false));
    let runtimes = [runtime(2), runtime(1)];
    let mut tasks = Vec::new();
    for n in 0..9 {
        let (pool, over) = (pool.clone(), over.clone());
        tasks.push(runtimes[n % 2].spawn(async move {
            let mut turns = 0;
            while !over.load(Ordering::Relaxed) {
                let things = [(); 2].map(|()| pool.get());
                for thing in &things {
                    assert!(!thing.swap(true, Ordering::Relaxed));
                }
                for thing in &things {
                    assert!(thing.swap(false, Ordering::Relaxed));
                }
                drop(things);
                turns += 1;
                if turns % 5_000 == 0 {
                    // It blocks; the other half are hot loops.
                    if n % 2 == 0 {
                        thread::sleep(Duration::from_micros(500));
                    }
                    yield_now().await;
                }
            }
            turns
        }));
    }
    for _ in 0..2_000 {
        pool.core.trim();
        thread::yield_now();
    }
    over.store(true, Ordering::Relaxed);
    for task in tasks {
        assert!(runtimes[0].block_on(task).unwrap() > 0);
    }
}

#[test]
fn a_thread_that_ends_may_still_use_it() {
    thread_local!(static LAST: std::cell::RefCell<Option<UsesPool>> = const { std::cell::RefCell::new(None) });
    struct UsesPool(Arc<Pool<Box<usize>>>);
    impl Drop for UsesPool {
        fn drop(&mut self) {
            drop((self.0.get(), self.0.get()));
        }
    }
    let pool = Arc::new(counting().0);
    let theirs = pool.clone();
    let thread = thread::spawn(move || {
        LAST.with(|last| *last.borrow_mut() = Some(UsesPool(theirs.clone())));
        drop(theirs.get());
    });
    thread.join().unwrap();
    drop(pool.get());
}

#[test]
fn making_and_dropping_may_use_the_pool() {
    struct Reenters(Arc<std::sync::OnceLock<Weak<Pool<Reenters>>>>);
    impl Drop for Reenters {
        fn drop(&mut self) {
            if let Some(pool) = self.0.get().and_then(Weak::upgrade) {
                // Into the private place, or a list.
                std::mem::forget(pool.get().into_inner());
            }
        }
    }
    let place = Arc::new(std::sync::OnceLock::new());
    let makes = place.clone();
    let pool = Arc::new(Pool::new(move || Reenters(makes.clone())));
    assert!(place.set(Arc::downgrade(&pool)).is_ok());
    drop((pool.get(), pool.get(), pool.get()));
    pool.core.trim();
    pool.core.trim();
    drop(pool.get().into_inner());
}

/// As if a trim had passed the thief's list already, and not yet the other one.
#[test]
fn who_moves_things_sees_to_it_that_they_are_trimmed() {
    let (pool, _) = counting();
    let core = &pool.core;
    assert!(!core.gate.is_open());
    let theirs = (foreign_number() + 1) % FOREIGN;
    (0..4).for_each(|n| core.foreign[theirs].put(Box::new(n)));
    // Nobody will put it back.
    drop(pool.get().into_inner());
    assert!(core.home().take().is_some());
    assert!(core.gate.is_open());
    core.trim();
    assert!(!core.trim());
}

/// In the private places too: the second runtime has the first one's processors, or others.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn what_a_runtime_leaves_the_next_one_finds() {
    let _watchdog = Watchdog::new();
    let (pool, made) = counting();
    let pool = Arc::new(pool);
    for _ in 0..5 {
        let uses = pool.clone();
        in_task(1, async move {
            // The first time its thing comes to a list, and the gate is opened.
            drop(uses.get());
            drop(uses.get());
        });
    }
    let others = runtime(3);
    let uses = pool.clone();
    let one = others.spawn(async move { drop(uses.get()) });
    others.block_on(one).unwrap();
    // One for each of the processors that could not see the others' private places.
    assert!(made.load(Ordering::Relaxed) <= 4);
    while pool.core.trim() {}
    assert!(pool.core.lists().all(|list| list.take().is_none()));
    let privates = pool.core.shards.iter();
    // SAFETY: the runtimes' tasks have ended.
    let privates = privates.filter(|shard| unsafe { shard.has_private() });
    assert_eq!(privates.count(), 0);
}

#[test]
#[cfg_attr(miri, ignore = "5,000 shards")]
fn a_shard_is_made_with_its_processor_and_keeps_its_place() {
    let shards = Shards::<u8>::new();
    let first = shards.iter().count();
    assert!(shards.get(first).is_none());
    let far = std::ptr::from_ref(shards.get_or_make(4_000 + first).unwrap());
    assert_eq!(shards.iter().count(), first + 1);
    assert!(shards.get(3_999 + first).is_none());
    let made: Vec<_> = (0..5_000 + first)
        .map(|number| std::ptr::from_ref(shards.get_or_make(number).unwrap()))
        .collect();
    let got = (0..5_000 + first).map(|number| std::ptr::from_ref(shards.get(number).unwrap()));
    assert!(made.iter().copied().eq(got));
    assert_eq!(made[4_000 + first], far);
    let mut all = made;
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 5_000 + first);
    assert!(shards.get_or_make(usize::MAX / 2).is_none());
}
