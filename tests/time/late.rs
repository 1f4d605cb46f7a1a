//! No timer is forgotten: an earlier one set at the wrong moment, one whose processor is busy, one on a
//! thread without a processor. A forgotten one hangs, and the watchdog tells.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use gmp::{
    Runtime,
    net::TcpListener,
    time::{sleep, sleep_until},
};

use super::{HOUR, MILLISECOND, measured};
use crate::{
    gate::poll_here,
    watchdog::{eventually, on_each, on_processors},
};

/// As late as this is forgotten, on any machine.
const FORGOTTEN: Duration = Duration::from_secs(10);

/// What the idle machine sleeps in.
#[derive(Clone, Copy)]
enum SleepsIn {
    /// Its thread is parked: nobody has asked for a socket.
    Parking,
    /// Called back by a descriptor, and woken by a timer of the kernel.
    Poller,
}

/// The machine that sleeps does so for an hour, as far as it knows. `body` has all rounds.
fn beside_a_long_timer(
    runtime: &Runtime,
    sleeps_in: SleepsIn,
    rounds: u64,
    body: impl Fn(&Runtime, Duration) -> Duration,
) {
    // A runtime has a poller from its first socket on.
    let socket = match sleeps_in {
        SleepsIn::Parking => None,
        SleepsIn::Poller => Some(runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap()),
    };
    let long = runtime.spawn(sleep(HOUR));
    for n in 0..rounds {
        let short = Duration::from_nanos(1 + n * 7919 % 60_000);
        assert!(body(runtime, short) < FORGOTTEN);
    }
    long.abort();
    drop(socket);
}

fn set_by_a_thread(runtime: &Runtime, short: Duration) -> Duration {
    runtime.block_on(measured(|| sleep(short)))
}

fn set_by_a_task(runtime: &Runtime, short: Duration) -> Duration {
    let task = runtime.spawn(measured(move || sleep(short)));
    runtime.block_on(task).unwrap()
}

#[test]
fn an_earlier_timer_set_by_a_thread_while_a_machine_is_parked() {
    on_each(&[1, 2], |runtime| {
        beside_a_long_timer(&runtime, SleepsIn::Parking, 5000, set_by_a_thread);
    });
}

#[test]
fn an_earlier_timer_set_by_a_task_before_all_park() {
    on_each(&[1, 2], |runtime| {
        beside_a_long_timer(&runtime, SleepsIn::Parking, 5000, set_by_a_task);
    });
}

#[test]
fn an_earlier_timer_set_by_a_thread_while_a_machine_is_in_the_poller() {
    on_each(&[1, 2], |runtime| {
        beside_a_long_timer(&runtime, SleepsIn::Poller, 30_000, set_by_a_thread);
    });
}

#[test]
fn an_earlier_timer_set_by_a_task_before_one_is_in_the_poller() {
    on_each(&[1, 2], |runtime| {
        beside_a_long_timer(&runtime, SleepsIn::Poller, 30_000, set_by_a_task);
    });
}

#[test]
#[ignore = "takes a minute: ci/soak.sh runs it"]
fn a_hundred_thousand_earlier_timers_set_by_a_thread() {
    on_each(&[2], |runtime| {
        beside_a_long_timer(&runtime, SleepsIn::Poller, 100_000, set_by_a_thread);
    });
}

#[test]
#[ignore = "takes a minute: ci/soak.sh runs it"]
fn a_hundred_thousand_earlier_timers_set_by_a_task() {
    on_each(&[2], |runtime| {
        beside_a_long_timer(&runtime, SleepsIn::Poller, 100_000, set_by_a_task);
    });
}

#[test]
fn earlier_and_earlier_timers_from_threads_and_tasks_at_once() {
    on_processors(|runtime| {
        let threads: Vec<_> = (0..3_u64)
            .map(|seed| {
                let handle = runtime.handle().clone();
                thread::spawn(move || {
                    for n in 0..700_u64 {
                        let short = Duration::from_nanos(1 + (n * 7919 + seed * 104_729) % 200_000);
                        let waited = match (n + seed) % 3 {
                            0 => handle.block_on(measured(move || sleep(short))),
                            1 => {
                                gmp::block_on(handle.spawn(measured(move || sleep(short)))).unwrap()
                            }
                            _ => {
                                let nested =
                                    async move { gmp::block_on(measured(|| sleep(short))) };
                                gmp::block_on(handle.spawn(nested)).unwrap()
                            }
                        };
                        assert!(waited < FORGOTTEN);
                    }
                })
            })
            .collect();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn timers_of_a_processor_whose_task_burns_cpu_fire_on_another() {
    on_each(&[2, 4], |runtime| {
        for _ in 0..20 {
            let fired = Arc::new(AtomicUsize::new(0));
            let watched = fired.clone();
            let hog = runtime.spawn(async move {
                let sleepers: Vec<_> = (0..5_u32)
                    .map(|n| {
                        let fired = watched.clone();
                        gmp::spawn(async move {
                            sleep(MILLISECOND / 2 * n).await;
                            fired.fetch_add(1, SeqCst);
                        })
                    })
                    .collect();
                // They arm their timers here, then this poll goes on until others have fired them.
                gmp::yield_now().await;
                while watched.load(SeqCst) < 5 {
                    thread::yield_now();
                }
                sleepers.len()
            });
            assert_eq!(runtime.block_on(hog).unwrap(), 5);
        }
    });
}

#[test]
fn a_timer_armed_by_the_poll_that_burns_cpu_fires_on_another() {
    on_each(&[2, 4], |runtime| {
        for _ in 0..50 {
            let (over, done) = (
                Arc::new(AtomicBool::new(false)),
                Arc::new(AtomicBool::new(false)),
            );
            let (stop, woken) = (over.clone(), done.clone());
            let hog = runtime.spawn(async move {
                let sleeper = gmp::spawn(async move {
                    sleep(MILLISECOND).await;
                    woken.store(true, SeqCst);
                });
                gmp::yield_now().await;
                // Armed by this very poll, and last.
                let mut own = sleep(MILLISECOND / 2);
                let _ = poll_here(&mut own).await;
                while !stop.load(SeqCst) {
                    thread::yield_now();
                }
                own.await;
                sleeper.await.unwrap();
            });
            eventually(|| done.load(SeqCst));
            over.store(true, SeqCst);
            runtime.block_on(hog).unwrap();
        }
    });
}

#[test]
fn a_sleep_set_earlier_fires_earlier() {
    on_each(&[1, 2], |runtime| {
        for n in 0..2000_u64 {
            let task = runtime.spawn(async move {
                let mut sleep = sleep(HOUR);
                assert!(poll_here(&mut sleep).await.is_pending());
                sleep.reset(Instant::now() + Duration::from_nanos(n * 7919 % 50_000));
                measured(|| sleep).await
            });
            assert!(runtime.block_on(task).unwrap() < FORGOTTEN);
        }
    });
}

#[test]
fn time_goes_on_for_threads_while_tasks_come_and_go() {
    on_processors(|runtime| {
        let over = Arc::new(AtomicBool::new(false));
        let stop = over.clone();
        let churn = runtime.spawn(async move {
            while !stop.load(SeqCst) {
                let tasks: Vec<_> = (0..20)
                    .map(|n| {
                        gmp::spawn(sleep_until(Instant::now() + Duration::from_micros(n * 10)))
                    })
                    .collect();
                for task in tasks {
                    task.await.unwrap();
                }
            }
        });
        for _ in 0..200 {
            assert!(runtime.block_on(measured(|| sleep(Duration::from_micros(50)))) < FORGOTTEN);
        }
        over.store(true, SeqCst);
        runtime.block_on(churn).unwrap();
    });
}
