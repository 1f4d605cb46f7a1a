//! `JoinSet`: tasks that are joined as they end.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use gmp::task::JoinSet;

use crate::{
    gate::{Gate, poll_here},
    tally::Tally,
    watchdog::{eventually, on_processors},
};

#[test]
fn tasks_are_joined_as_they_end() {
    on_processors(|runtime| {
        runtime.block_on(async {
            let mut set = JoinSet::new();
            assert!(set.join_next().await.is_none());
            let gates: Vec<_> = (0..10).map(|_| Gate::new()).collect();
            for (n, gate) in gates.iter().enumerate() {
                let waits = gate.wait();
                set.spawn(async move {
                    waits.await;
                    n
                });
            }
            assert_eq!(set.len(), 10);
            assert!(set.try_join_next().is_none());
            for n in [3, 1, 4, 0, 5, 9, 2, 6, 8, 7] {
                gates[n].open();
                assert_eq!(set.join_next().await.unwrap().unwrap(), n);
            }
            assert!(set.is_empty());
            assert!(set.join_next().await.is_none());
            // It may be filled again.
            set.spawn_blocking(|| 11);
            assert_eq!(set.join_next().await.unwrap().unwrap(), 11);
        });
    });
}

#[test]
fn giving_up_loses_nothing() {
    on_processors(|runtime| {
        let task = runtime.spawn(async {
            let mut set: JoinSet<_> = (0..200)
                .map(|n| async move {
                    gmp::yield_now().await;
                    n
                })
                .collect();
            let (mut sum, mut joined) = (0, 0);
            while joined < 200 {
                // Polled once, and dropped.
                if let std::task::Poll::Ready(next) =
                    poll_here(&mut Box::pin(set.join_next())).await
                {
                    sum += next.unwrap().unwrap();
                    joined += 1;
                }
                gmp::yield_now().await;
            }
            assert!(set.try_join_next().is_none());
            sum
        });
        assert_eq!(runtime.block_on(task).unwrap(), 199 * 200 / 2);
    });
}

#[test]
fn aborting_detaching_and_dropping() {
    on_processors(|runtime| {
        let tally = Tally::new();
        let task = runtime.spawn({
            let tally = tally.clone();
            async move {
                let mut set = JoinSet::new();
                let fill = |set: &mut JoinSet<_>| {
                    (0..5).for_each(|_| drop(set.spawn(tally.pending())));
                };
                fill(&mut set);
                set.abort_all();
                while let Some(joined) = set.join_next().await {
                    assert!(joined.unwrap_err().is_cancelled());
                }
                fill(&mut set);
                set.shutdown().await;
                assert!(set.is_empty());
                assert_eq!(tally.futures_dropped(), 10);
                fill(&mut set);
                drop(set);
            }
        });
        runtime.block_on(task).unwrap();
        eventually(|| tally.is_settled());
        let (gate, ran) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
        let mut set = JoinSet::new();
        for _ in 0..5 {
            let (waits, ran) = (gate.wait(), ran.clone());
            let runs = async move {
                waits.await;
                ran.fetch_add(1, SeqCst);
            };
            set.spawn_on(runs, runtime.handle());
        }
        set.detach_all();
        assert!(set.is_empty());
        drop(set);
        gate.open();
        eventually(|| ran.load(SeqCst) == 5);
    });
}

#[test]
fn panics_are_told_with_the_others() {
    on_processors(|runtime| {
        let (fine, panicked) = runtime.block_on(async {
            let mut set = JoinSet::new();
            for n in 0..20 {
                set.spawn(async move { assert!(n % 4 != 0, "one of the panics of this test") });
            }
            let (mut fine, mut panicked) = (0, 0);
            while let Some(joined) = set.join_next().await {
                match joined {
                    Ok(()) => fine += 1,
                    Err(error) => panicked += usize::from(error.is_panic()),
                }
            }
            (fine, panicked)
        });
        assert_eq!((fine, panicked), (15, 5));
    });
}

/// Each end costs the same: a set that looked at all its tasks each time would poll them 10^9 times here.
#[test]
fn a_large_set() {
    on_processors(|runtime| {
        let task = runtime.spawn(async {
            let mut set = JoinSet::new();
            let forever = Gate::new();
            for n in 0..20_000_usize {
                let waits = (n % 2 == 0).then(|| forever.wait());
                set.spawn(async move {
                    match waits {
                        Some(waits) => waits.await,
                        None => gmp::yield_now().await,
                    }
                });
            }
            for _ in 0..10_000 {
                set.join_next().await.unwrap().unwrap();
            }
            forever.open();
            assert_eq!(set.join_all().await.len(), 10_000);
        });
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn join_and_try_join_of_the_facade() {
    on_processors(|runtime| {
        let task = runtime.spawn(async {
            let (one, two) = gmp::join!(async { 1 }, gmp::spawn(async { 2 }));
            let fails = async { Err::<(), _>("no") };
            let ok = async { Ok::<_, &str>(3) };
            let never = async {
                gmp::sleep(Duration::from_secs(1000)).await;
                Ok(())
            };
            assert_eq!(gmp::try_join!(fails, never), Err("no"));
            let three = gmp::try_join!(ok, async { Ok(4) });
            assert_eq!(three, Ok((3, 4)));
            one + two.unwrap()
        });
        assert_eq!(runtime.block_on(task).unwrap(), 3);
    });
}
