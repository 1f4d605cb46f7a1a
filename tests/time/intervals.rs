//! `interval`: its rhythm, and what becomes of ticks that nobody waited for.

use std::{
    future::poll_fn,
    thread,
    time::{Duration, Instant},
};

use futures::{FutureExt, StreamExt};
use gmp::time::{Interval, MissedTick, interval, interval_at, sleep};

use super::{HOUR, MILLISECOND};
use crate::watchdog::{on_processors, runtime, within_limit};

const PERIOD: Duration = Duration::from_millis(20);

#[test]
fn the_first_tick_comes_at_once_and_then_one_each_period() {
    on_processors(|runtime| {
        let task = runtime.spawn(async {
            let before = Instant::now();
            let mut ticks = interval(MILLISECOND);
            assert_eq!(ticks.period(), MILLISECOND);
            let first = ticks.tick().await;
            assert!(first >= before && first <= Instant::now());
            for n in 1..20 {
                let due = ticks.tick().await;
                assert_eq!(due, first + MILLISECOND * n);
                assert!(Instant::now() >= due);
            }
        });
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn one_that_begins_later_waits_for_that() {
    on_processors(|runtime| {
        let task = runtime.spawn(async {
            let start = Instant::now() + 3 * MILLISECOND;
            let mut ticks = interval_at(start, HOUR);
            assert_eq!(ticks.tick().await, start);
            assert!(Instant::now() >= start);
            assert!(ticks.tick().now_or_never().is_none());
        });
        runtime.block_on(task).unwrap();
    });
}

/// An interval whose first tick was taken, and more than three of whose periods have passed since.
fn late(missed: MissedTick) -> (Interval, Instant) {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick(missed);
    let first = ticks
        .tick()
        .now_or_never()
        .expect("the first tick is due at once");
    // What passes here is the subject, not a means: nobody polls for a while.
    thread::sleep(PERIOD * 3 + PERIOD / 2);
    (ticks, first)
}

#[test]
fn missed_ticks_come_all_at_once() {
    within_limit(|| {
        let runtime = runtime(1);
        let _entered = runtime.enter();
        let (mut ticks, first) = late(MissedTick::Burst);
        let begun = Instant::now();
        for n in 1..=3 {
            assert_eq!(runtime.block_on(ticks.tick()), first + PERIOD * n);
        }
        // None of these was waited for, unless the machine stood still; then it has caught up.
        let next = runtime.block_on(ticks.tick());
        assert_eq!(next, first + PERIOD * 4);
        assert!(Instant::now() >= next && begun > first + PERIOD * 3);
    });
}

#[test]
fn missed_ticks_put_off_those_that_follow() {
    within_limit(|| {
        let runtime = runtime(1);
        let _entered = runtime.enter();
        let (mut ticks, first) = late(MissedTick::Delay);
        let before = Instant::now();
        let missed = runtime.block_on(ticks.tick());
        let after = Instant::now();
        assert_eq!(missed, first + PERIOD);
        let next = runtime.block_on(ticks.tick());
        assert!(next >= before + PERIOD && next <= after + PERIOD);
    });
}

#[test]
fn missed_ticks_are_left_out() {
    within_limit(|| {
        let runtime = runtime(1);
        let _entered = runtime.enter();
        let (mut ticks, first) = late(MissedTick::Skip);
        let missed = runtime.block_on(ticks.tick());
        assert_eq!(missed, first + PERIOD);
        let now = Instant::now();
        let next = runtime.block_on(ticks.tick());
        assert!(
            next > first + PERIOD * 3 && next <= now + PERIOD,
            "{:?}",
            next - first
        );
        let off = (next - first).as_nanos() % PERIOD.as_nanos();
        assert_eq!(off, 0, "the rhythm is the old one");
    });
}

#[test]
fn a_tick_that_is_given_up_is_not_lost() {
    on_processors(|runtime| {
        let task = runtime.spawn(async {
            let mut ticks = interval(2 * MILLISECOND);
            let first = ticks.tick().await;
            for _ in 0..3 {
                assert!(
                    gmp::time::timeout(Duration::ZERO, ticks.tick())
                        .await
                        .is_err()
                        || first < Instant::now()
                );
            }
            let mut last = first;
            for _ in 0..5 {
                let tick = ticks.tick().await;
                assert!(tick > last);
                last = tick;
            }
        });
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn a_reset_interval_begins_anew() {
    on_processors(|runtime| {
        let task = runtime.spawn(async {
            let mut ticks = interval(3 * MILLISECOND);
            ticks.tick().await;
            sleep(MILLISECOND).await;
            let before = Instant::now();
            ticks.reset();
            let next = ticks.tick().await;
            assert!(next >= before + 3 * MILLISECOND);
        });
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn an_interval_is_a_stream() {
    on_processors(|runtime| {
        let task = runtime.spawn(async {
            let ticks: Vec<_> = interval(MILLISECOND).take(5).collect().await;
            assert!(
                ticks
                    .windows(2)
                    .all(|pair| pair[1] - pair[0] == MILLISECOND)
            );
            let mut by_hand = interval(MILLISECOND);
            let first = poll_fn(|cx| by_hand.poll_tick(cx)).await;
            assert_eq!(
                poll_fn(|cx| by_hand.poll_tick(cx)).await,
                first + MILLISECOND
            );
        });
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn the_longest_period_ticks_once() {
    on_processors(|runtime| {
        let task = runtime.spawn(async {
            let mut ticks = interval(Duration::MAX);
            ticks.tick().await;
            for missed in [MissedTick::Burst, MissedTick::Delay, MissedTick::Skip] {
                ticks.set_missed_tick(missed);
                assert!(ticks.tick().now_or_never().is_none());
                ticks.reset();
            }
            assert!(ticks.tick().now_or_never().is_none());
        });
        runtime.block_on(task).unwrap();
    });
}

#[test]
#[should_panic(expected = "must not be zero")]
fn a_period_of_nothing_is_refused() {
    drop(interval(Duration::ZERO));
}
