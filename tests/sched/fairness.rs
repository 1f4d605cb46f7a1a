//! Tasks that are always ready do not keep others from running, on one processor least of all.

use std::{
    future::poll_fn,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    task::{Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use gmp::{JoinHandle, Runtime};

use crate::watchdog::{on_each, on_processors};

/// Two tasks that wake each other until it is over.
fn spawn_players(runtime: &Runtime, over: &Arc<AtomicBool>) -> Vec<JoinHandle<()>> {
    spawn_players_that(runtime, over, || ())
}

/// The same, who do something in each poll.
fn spawn_players_that(
    runtime: &Runtime,
    over: &Arc<AtomicBool>,
    act: impl Fn() + Clone + Send + 'static,
) -> Vec<JoinHandle<()>> {
    let wakers: Arc<[Mutex<Option<Waker>>; 2]> = Arc::default();
    (0..2)
        .map(|n| {
            let (wakers, over, act) = (wakers.clone(), over.clone(), act.clone());
            runtime.spawn(poll_fn(move |cx| {
                act();
                *wakers[n].lock().unwrap() = Some(cx.waker().clone());
                if let Some(other) = wakers[1 - n].lock().unwrap().take() {
                    other.wake();
                }
                if over.load(SeqCst) {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            }))
        })
        .collect()
}

/// A task that is ready whenever it is looked at, until it is over.
fn spawn_eager(runtime: &Runtime, over: &Arc<AtomicBool>, yields: bool) -> JoinHandle<()> {
    let over = over.clone();
    runtime.spawn(async move {
        while !over.load(SeqCst) {
            if yields {
                gmp::yield_now().await;
            } else {
                let mut woken = false;
                let woken = |cx: &mut std::task::Context<'_>| {
                    cx.waker().wake_by_ref();
                    if std::mem::replace(&mut woken, true) {
                        Poll::Ready(())
                    } else {
                        Poll::Pending
                    }
                };
                poll_fn(woken).await;
            }
        }
    })
}

/// A task that makes another of its kind and ends, until it is over: each is the next one to run.
fn chain(over: Arc<AtomicBool>) {
    if !over.load(SeqCst) {
        drop(gmp::spawn(async move { chain(over) }));
    }
}

/// Runs `body` while tasks of each kind keep the processors busy.
fn beside_the_busy(body: impl Fn(&Runtime) + Send + 'static) {
    on_processors(move |runtime| {
        for kind in 0..4 {
            let over = Arc::new(AtomicBool::new(false));
            let busy: Vec<_> = match kind {
                0 => (0..9)
                    .flat_map(|_| spawn_players(&runtime, &over))
                    .collect(),
                1 => (0..9).map(|_| spawn_eager(&runtime, &over, true)).collect(),
                2 => (0..9)
                    .map(|_| spawn_eager(&runtime, &over, false))
                    .collect(),
                _ => {
                    let over = over.clone();
                    (0..9).for_each(|_| {
                        let over = over.clone();
                        drop(runtime.spawn(async move { chain(over) }));
                    });
                    Vec::new()
                }
            };
            body(&runtime);
            over.store(true, SeqCst);
            // A player may wait for the other, who has ended: that is no matter of the scheduler's.
            busy.iter().for_each(JoinHandle::abort);
        }
        // Chains go on until they see that it is over.
        runtime.shutdown();
    });
}

#[test]
fn another_task_that_yields_comes_to_its_end() {
    beside_the_busy(|runtime| {
        let other = runtime.spawn(async {
            for _ in 0..100 {
                gmp::yield_now().await;
            }
        });
        runtime.block_on(other).unwrap();
    });
}

#[test]
fn tasks_from_other_threads_run() {
    beside_the_busy(|runtime| {
        for n in 0..100 {
            assert_eq!(
                runtime.block_on(runtime.spawn(async move { n })).unwrap(),
                n
            );
        }
    });
}

#[test]
fn wakes_from_other_threads_are_heard() {
    beside_the_busy(|runtime| {
        let (mut give, mut take) = futures::channel::mpsc::channel::<u32>(0);
        let receiver = runtime.spawn(async move {
            use futures::StreamExt;
            let mut sum = 0;
            while let Some(n) = take.next().await {
                sum += n;
            }
            sum
        });
        let sender = thread::spawn(move || {
            use futures::SinkExt;
            gmp::block_on(async {
                for n in 0..100 {
                    give.send(n).await.unwrap();
                }
            });
        });
        assert_eq!(runtime.block_on(receiver).unwrap(), 4950);
        sender.join().unwrap();
    });
}

#[test]
fn timers_fire() {
    beside_the_busy(|runtime| {
        let sleeper = runtime.spawn(async {
            for _ in 0..5 {
                gmp::time::sleep(Duration::from_millis(1)).await;
            }
        });
        runtime.block_on(sleeper).unwrap();
        runtime.block_on(gmp::time::sleep(Duration::from_millis(1)));
    });
}

#[test]
fn a_burst_of_ready_tasks_all_run_before_any_runs_twice() {
    on_each(&[1], |runtime| {
        let order = Arc::new(Mutex::new(Vec::new()));
        let notes = order.clone();
        let all = runtime.spawn(async move {
            let tasks: Vec<_> = (0..50)
                .map(|n| {
                    let notes = notes.clone();
                    gmp::spawn(async move {
                        for _ in 0..3 {
                            notes.lock().unwrap().push(n);
                            gmp::yield_now().await;
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
        runtime.block_on(all).unwrap();
        let order = order.lock().unwrap();
        for round in order.chunks(50) {
            let mut seen = round.to_vec();
            seen.sort_unstable();
            assert_eq!(seen, (0..50).collect::<Vec<_>>(), "in {order:?}");
        }
    });
}

/// Long polls of two tasks that wake each other have one slice in common while another task waits in the ring.
#[test]
fn a_chain_of_long_polls_ends_with_its_slice() {
    on_each(&[1], |runtime| {
        let (over, polls) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicUsize::new(0)),
        );
        let counted = polls.clone();
        let burn = move || {
            counted.fetch_add(1, SeqCst);
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_millis(3) {
                std::hint::spin_loop();
            }
        };
        let players = spawn_players_that(&runtime, &over, burn);
        // From a task beside them, so that what it spawns stands in the ring; each round it stands behind a chain.
        let waits = runtime.spawn(async move {
            gmp::yield_now().await;
            let before = polls.load(SeqCst);
            for _ in 0..5 {
                gmp::yield_now().await;
            }
            polls.load(SeqCst) - before
        });
        let chained = runtime.block_on(waits).unwrap();
        over.store(true, SeqCst);
        for player in players {
            runtime.block_on(player).unwrap();
        }
        // 64 each without a look at the time; 4 fill a slice, and the monitor may come late.
        assert!(chained < 5 * 40, "{chained} polls");
    });
}
