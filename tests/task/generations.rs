//! Names never repeat, so that what is stale stays without effect.

use std::{
    collections::{HashSet, VecDeque},
    task::Waker,
};

use gmp::{AbortHandle, JoinHandle, Runtime};

use crate::{
    gate::Gate,
    tally::Tally,
    watchdog::{eventually, on_processors, runtime, within_limit},
};

#[test]
fn ids_of_tasks_that_follow_one_another_differ() {
    on_processors(|runtime| {
        let ids = runtime.spawn(async {
            let mut ids = HashSet::new();
            for _ in 0..20_000 {
                let handle = gmp::spawn(async {});
                assert!(ids.insert(handle.id()), "{:?} came twice", handle.id());
                handle.await.unwrap();
            }
            ids.len()
        });
        assert_eq!(runtime.block_on(ids).unwrap(), 20_000);
    });
}

/// Of a size that no other test spawns, so that the spans of its class become empty between bursts.
type Ballast = [u8; 2900];

fn burst(runtime: &Runtime, gate: &Gate) -> Vec<JoinHandle<Ballast>> {
    let tasks = (0..3000).map(|n| {
        let (ballast, passage): (Ballast, _) = ([n as u8; 2900], gate.wait());
        runtime.spawn(async move {
            passage.await;
            ballast
        })
    });
    tasks.collect()
}

fn released() -> usize {
    let classes = gmp::mem_stats().classes.into_iter();
    classes
        .filter(|class| (2900..4000).contains(&class.slot_size))
        .map(|class| class.released)
        .sum()
}

#[test]
#[cfg_attr(gmp_boxed, ignore = "bodies are not in the slots")]
fn ids_differ_and_stale_handles_do_nothing_when_pages_were_given_back() {
    within_limit(|| {
        let runtime = runtime(2);
        let mut ids = HashSet::new();
        let mut stale: Vec<(AbortHandle, Waker)> = Vec::new();
        for round in 0..3 {
            let gate = Gate::new();
            let handles = burst(&runtime, &gate);
            eventually(|| gate.waiting() == handles.len());
            for handle in &handles {
                assert!(
                    ids.insert(handle.id()),
                    "{:?} came twice, in round {round}",
                    handle.id()
                );
            }
            let wakers = gate.take_wakers();
            for (abort, waker) in &stale {
                assert!(abort.is_finished());
                abort.abort();
                waker.wake_by_ref();
            }
            let aborts: Vec<_> = handles.iter().map(JoinHandle::abort_handle).collect();
            gate.open();
            wakers.iter().for_each(Waker::wake_by_ref);
            runtime.block_on(async {
                for (n, handle) in handles.into_iter().enumerate() {
                    assert!(handle.await.unwrap().iter().all(|&byte| byte == n as u8));
                }
            });
            stale.extend(aborts.into_iter().zip(wakers));
            // The monitor gives empty spans back after a second without work.
            eventually(|| released() > 1 << 20);
        }
    });
}

#[test]
fn a_stale_abort_handle_does_nothing_to_the_tasks_that_follow() {
    on_processors(|runtime| {
        let tally = Tally::new();
        let spawner = tally.clone();
        let all = runtime.spawn(async move {
            let mut stale: VecDeque<AbortHandle> = VecDeque::new();
            for _ in 0..2000 {
                let gate = Gate::new();
                let next = gmp::spawn(spawner.future({
                    let gate = gate.clone();
                    move |cx| gate.poll(cx)
                }));
                for abort in &stale {
                    abort.abort();
                    assert!(abort.is_finished());
                }
                stale.push_back(next.abort_handle());
                stale.truncate(50);
                gate.open();
                drop(next.await.unwrap());
            }
        });
        runtime.block_on(all).unwrap();
        tally.assert_settled();
    });
}

#[test]
fn a_waker_is_stale_after_thousands_of_tasks_in_its_slot() {
    within_limit(|| {
        let runtime = runtime(1);
        let gate = Gate::new();
        let first = runtime.spawn(gate.wait());
        eventually(|| gate.waiting() == 1);
        let waker = gate.take_wakers().remove(0);
        gate.open();
        waker.wake_by_ref();
        runtime.block_on(first).unwrap();
        let churn = runtime.spawn(async move {
            for _ in 0..30_000 {
                let handle = gmp::spawn(async {});
                waker.wake_by_ref();
                handle.await.unwrap();
                waker.wake_by_ref();
            }
        });
        runtime.block_on(churn).unwrap();
    });
}
