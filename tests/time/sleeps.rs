//! `sleep` and `sleep_until`.

use std::{
    pin::pin,
    sync::{Arc, mpsc},
    task::{Context, Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use futures::{FutureExt, StreamExt, stream::FuturesUnordered};
use gmp::time::{sleep, sleep_until};

use super::{HOUR, MILLISECOND, measured};
use crate::{
    gate::{Wakes, poll_here, poll_with},
    watchdog::{eventually, on_processors, runtime, within_limit},
};

#[test]
fn a_sleep_is_never_too_short() {
    on_processors(|runtime| {
        let task = runtime.spawn(async {
            for micros in [1, 10, 100, 1000, 5000] {
                let duration = Duration::from_micros(micros);
                assert!(measured(|| sleep(duration)).await >= duration);
                let deadline = Instant::now() + duration;
                sleep_until(deadline).await;
                assert!(Instant::now() >= deadline);
            }
        });
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn what_is_over_is_ready_at_the_first_poll() {
    on_processors(|runtime| {
        runtime.block_on(async {
            assert!(sleep(Duration::ZERO).now_or_never().is_some());
            let now = Instant::now();
            assert!(sleep_until(now).now_or_never().is_some());
            let past = now.checked_sub(HOUR).unwrap_or(now);
            assert!(sleep_until(past).now_or_never().is_some());
        });
        // No runtime is needed to see that.
        assert!(sleep(Duration::ZERO).now_or_never().is_some());
    });
}

#[test]
fn the_longest_sleep_is_pending() {
    on_processors(|runtime| {
        let task = runtime.spawn(sleep(Duration::MAX));
        let _entered = runtime.enter();
        assert!(sleep(Duration::MAX).now_or_never().is_none());
        assert!(
            sleep(Duration::MAX - Duration::from_nanos(1))
                .now_or_never()
                .is_none()
        );
        runtime.block_on(runtime.spawn(sleep(MILLISECOND))).unwrap();
        assert!(!task.is_finished());
        task.abort();
        assert!(runtime.block_on(task).unwrap_err().is_cancelled());
    });
}

#[test]
fn sleeps_end_in_the_order_of_their_deadlines() {
    on_processors(|runtime| {
        let task = runtime.spawn(async {
            let now = Instant::now();
            let mut all: FuturesUnordered<_> = (0..100_u32)
                .map(|n| {
                    let place = n * 37 % 100;
                    sleep_until(now + MILLISECOND + Duration::from_micros(100) * place)
                        .map(move |()| place)
                })
                .collect();
            let mut last = Instant::now();
            let mut count = 0;
            while let Some(place) = all.next().await {
                assert!(Instant::now() >= now + MILLISECOND + Duration::from_micros(100) * place);
                assert!(Instant::now() >= last);
                last = Instant::now();
                count += 1;
            }
            count
        });
        assert_eq!(runtime.block_on(task).unwrap(), 100);
    });
}

#[test]
fn many_sleepers_all_wake() {
    on_processors(|runtime| {
        let tasks: Vec<_> = (0..5000_u64)
            .map(|n| {
                runtime.spawn(async move { sleep(Duration::from_micros(n * 7919 % 10_000)).await })
            })
            .collect();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
    });
}

#[test]
fn sleepers_with_one_deadline_all_wake() {
    on_processors(|runtime| {
        let deadline = Instant::now() + 5 * MILLISECOND;
        let tasks: Vec<_> = (0..500)
            .map(|n| {
                runtime.spawn(async move {
                    // Some of them twice in the same task, which makes equal entries.
                    let (first, second) = (sleep_until(deadline), sleep_until(deadline));
                    if n % 2 == 0 {
                        futures::future::join(first, second).await;
                    } else {
                        drop(futures::future::select(first, second).await);
                    }
                })
            })
            .collect();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
    });
}

#[test]
fn a_sleep_goes_on_in_another_task_and_on_a_thread() {
    async fn poll_once(mut sleep: gmp::time::Sleep) -> gmp::time::Sleep {
        let _ = poll_here(&mut sleep).await;
        sleep
    }
    on_processors(|runtime| {
        let task = runtime.spawn(poll_once(sleep(50 * MILLISECOND)));
        let moved = runtime.block_on(task).unwrap();
        let handle = runtime.handle().clone();
        let moved = thread::spawn(move || handle.block_on(poll_once(moved)))
            .join()
            .unwrap();
        let moved = runtime.block_on(poll_once(moved));
        let task = runtime.spawn(poll_once(moved));
        let moved = runtime.block_on(task).unwrap();
        let deadline = moved.deadline();
        runtime.block_on(runtime.spawn(moved)).unwrap();
        assert!(deadline.is_none_or(|deadline| Instant::now() >= deadline));
    });
}

#[test]
fn a_sleep_moved_to_another_runtime_outlives_the_first() {
    within_limit(|| {
        let (first, second) = (runtime(1), runtime(1));
        let mut moved = sleep(20 * MILLISECOND);
        {
            let _entered = first.enter();
            assert!(poll_with(&mut moved, Waker::noop()).is_pending());
        }
        let task = second.spawn(async move {
            // Registers there, so that nothing of the first one is needed.
            moved.await;
        });
        second.block_on(second.spawn(gmp::yield_now())).unwrap();
        drop(first);
        second.block_on(task).unwrap();
    });
}

#[test]
fn a_sleep_armed_in_a_runtime_that_ends_goes_on_in_its_task() {
    within_limit(|| {
        let (stays, ends) = (runtime(1), runtime(1));
        let there = ends.handle().clone();
        let (tell, told) = mpsc::channel();
        let task = stays.spawn(async move {
            let mut sleep = sleep(100 * MILLISECOND);
            // The guard is not held across an await point: it belongs to the thread.
            let armed = std::future::poll_fn(|cx| {
                let _entered = there.enter();
                Poll::Ready(poll_with(&mut sleep, cx.waker()))
            });
            assert!(armed.await.is_pending());
            tell.send(()).unwrap();
            sleep.await;
        });
        told.recv().unwrap();
        ends.shutdown();
        stays.block_on(task).unwrap();
    });
}

#[test]
fn the_waker_that_polled_last_is_woken() {
    on_processors(|runtime| {
        let _entered = runtime.enter();
        let mut sleep = sleep(20 * MILLISECOND);
        let (first, first_waker) = Wakes::new();
        let (second, second_waker) = Wakes::new();
        assert!(poll_with(&mut sleep, &first_waker).is_pending());
        for _ in 0..10 {
            if poll_with(&mut sleep, &second_waker).is_ready() {
                // A machine this slow has nothing to show here.
                return;
            }
        }
        eventually(|| second.count() > 0);
        assert!(poll_with(&mut sleep, Waker::noop()).is_ready());
        drop((first, first_waker));
    });
}

#[test]
fn a_sleep_that_is_dropped_wakes_nobody_and_keeps_no_waker() {
    on_processors(|runtime| {
        let _entered = runtime.enter();
        let (wakes, waker) = Wakes::new();
        for _ in 0..200 {
            let mut long = sleep(HOUR);
            assert!(poll_with(&mut long, &waker).is_pending());
        }
        let wait = sleep(MILLISECOND);
        runtime.block_on(wait);
        assert_eq!(wakes.count(), 0);
        assert!(
            Arc::strong_count(&wakes) < 2 + 20,
            "those that were cancelled are swept"
        );
    });
}

#[test]
fn sleeps_are_dropped_from_other_threads() {
    on_processors(|runtime| {
        let (give, given) = mpsc::channel::<gmp::time::Sleep>();
        let dropper = thread::spawn(move || given.into_iter().map(drop).count());
        let tasks: Vec<_> = (0..4)
            .map(|n| {
                let give = give.clone();
                runtime.spawn(async move {
                    for round in 0..500_u64 {
                        let mut long =
                            sleep(Duration::from_micros(1 + round * 13 % 3000 * (1 + n)));
                        let _ = poll_here(&mut long).await;
                        give.send(long).unwrap();
                        if round % 64 == 0 {
                            sleep(Duration::from_micros(50)).await;
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
        drop(give);
        assert_eq!(dropper.join().unwrap(), 2000);
        runtime
            .block_on(runtime.spawn(sleep(5 * MILLISECOND)))
            .unwrap();
    });
}

#[test]
fn a_sleep_can_be_set_again() {
    on_processors(|runtime| {
        let task = runtime.spawn(async {
            let mut sleep = pin!(sleep(HOUR));
            assert!(
                sleep
                    .as_mut()
                    .poll(&mut Context::from_waker(Waker::noop()))
                    .is_pending()
            );
            let soon = Instant::now() + MILLISECOND;
            sleep.reset(soon);
            assert_eq!(sleep.deadline(), Some(soon));
            sleep.as_mut().await;
            assert!(Instant::now() >= soon && sleep.is_elapsed());
            assert_eq!(sleep.deadline(), None);
            // Also when it was over.
            let later = Instant::now() + MILLISECOND;
            sleep.reset(later);
            assert!(!sleep.is_elapsed() || Instant::now() >= later);
            sleep.as_mut().await;
            assert!(Instant::now() >= later);
            sleep.reset(later);
            assert!(sleep.as_mut().now_or_never().is_some());
        });
        runtime.block_on(task).unwrap();
    });
}

#[test]
#[should_panic(expected = "timers need a running gmp runtime")]
fn a_sleep_outside_of_a_runtime_says_what_to_do() {
    let _ = poll_with(&mut sleep(HOUR), Waker::noop());
}

#[test]
fn threads_in_block_on_sleep() {
    on_processors(|runtime| {
        let threads: Vec<_> = (0..8_u32)
            .map(|n| {
                let handle = runtime.handle().clone();
                thread::spawn(move || {
                    for round in 0..20 {
                        let duration = Duration::from_micros(100) * (n + round);
                        assert!(handle.block_on(measured(|| sleep(duration))) >= duration);
                    }
                })
            })
            .collect();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    });
}
