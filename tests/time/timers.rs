//! `Timer`: stopped, set again, asked late. (Go: time/sleep_test.go, TestTimerStopStress, TestReset, TestResetResult)

use std::{
    task::Waker,
    time::{Duration, Instant},
};

use futures::FutureExt;
use gmp::time::{Timer, sleep};

use super::{HOUR, MILLISECOND};
use crate::{
    gate::{Wakes, poll_with},
    watchdog::{eventually, on_processors, runtime, within_limit},
};

#[test]
fn it_fires_once() {
    on_processors(|runtime| {
        let task = runtime.spawn(async {
            let begun = Instant::now();
            let mut timer = Timer::after(MILLISECOND);
            assert!(timer.deadline().is_some_and(|at| at >= begun + MILLISECOND));
            (&mut timer).await;
            assert!(begun.elapsed() >= MILLISECOND);
            assert_eq!(timer.deadline(), None);
            assert!(
                (&mut timer).now_or_never().is_none(),
                "until it is set again"
            );
            assert!(!timer.stop());

            let at = Instant::now() + MILLISECOND;
            let mut timer = Timer::at(at);
            (&mut timer).await;
            assert!(Instant::now() >= at);
        });
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn a_stopped_one_never_fires() {
    on_processors(|runtime| {
        let task = runtime.spawn(async {
            let mut timer = Timer::after(MILLISECOND);
            assert!((&mut timer).now_or_never().is_none());
            assert!(timer.stop(), "in time");
            assert!(!timer.stop());
            assert_eq!(timer.deadline(), None);
            sleep(3 * MILLISECOND).await;
            assert!((&mut timer).now_or_never().is_none());
        });
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn a_stop_that_comes_too_late_says_so() {
    on_processors(|runtime| {
        let task = runtime.spawn(async {
            for polled in [true, false] {
                let mut timer = Timer::after(MILLISECOND);
                if polled {
                    assert!((&mut timer).now_or_never().is_none());
                }
                sleep(2 * MILLISECOND).await;
                assert!(!timer.stop());
            }
        });
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn it_can_be_set_again_at_any_time() {
    on_processors(|runtime| {
        let task = runtime.spawn(async {
            let mut timer = Timer::after(HOUR);
            assert!(timer.reset(MILLISECOND), "it had not fired");
            (&mut timer).await;
            assert!(!timer.reset(MILLISECOND), "it had fired");
            (&mut timer).await;
            timer.reset(HOUR);
            assert!(timer.stop());
            assert!(!timer.reset(MILLISECOND), "it was stopped");
            (&mut timer).await;
            // Put off while somebody waits.
            timer.reset(MILLISECOND);
            assert!((&mut timer).now_or_never().is_none());
            let begun = Instant::now();
            timer.reset(4 * MILLISECOND);
            (&mut timer).await;
            assert!(begun.elapsed() >= 4 * MILLISECOND);
            timer.reset(Duration::ZERO);
            (&mut timer).await;
        });
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn one_that_fired_while_nobody_waited_is_ready() {
    on_processors(|runtime| {
        let task = runtime.spawn(async {
            let mut timer = Timer::after(MILLISECOND);
            assert!((&mut timer).now_or_never().is_none());
            sleep(2 * MILLISECOND).await;
            assert!((&mut timer).now_or_never().is_some());
        });
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn a_stopped_one_keeps_no_waker_for_ever() {
    within_limit(|| {
        let runtime = runtime(1);
        let _entered = runtime.enter();
        let (wakes, waker) = Wakes::new();
        let mut timer = Timer::after(HOUR);
        for _ in 0..500 {
            assert!(poll_with(&mut timer, &waker).is_pending());
            assert!(timer.reset(HOUR));
        }
        assert!(std::sync::Arc::strong_count(&wakes) < 2 + 20);
        assert!(timer.reset(MILLISECOND));
        assert!(poll_with(&mut timer, &waker).is_pending());
        eventually(|| wakes.count() > 0);
        assert!(poll_with(&mut timer, Waker::noop()).is_ready());
    });
}
