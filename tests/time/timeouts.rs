//! `timeout` and `timeout_at`.

use std::{
    future::{pending, ready},
    io,
    pin::pin,
    time::{Duration, Instant},
};

use futures::FutureExt;
use gmp::time::{Elapsed, sleep, timeout, timeout_at};

use super::{HOUR, MILLISECOND, measured};
use crate::{
    gate::Gate,
    tally::Tally,
    watchdog::{on_processors, runtime, within_limit},
};

#[test]
fn a_future_that_is_ready_wins_whatever_the_limit() {
    on_processors(|runtime| {
        runtime.block_on(async {
            for limit in [Duration::ZERO, MILLISECOND, Duration::MAX] {
                assert_eq!(timeout(limit, ready(7)).await, Ok(7));
            }
            let past = Instant::now();
            sleep(MILLISECOND).await;
            assert_eq!(timeout_at(past, ready(7)).await, Ok(7));
        });
    });
}

#[test]
fn a_future_that_waits_longer_loses() {
    on_processors(|runtime| {
        let task = runtime.spawn(async {
            for limit in [Duration::ZERO, Duration::from_micros(100), MILLISECOND] {
                let begun = Instant::now();
                assert!(timeout(limit, pending::<()>()).await.is_err());
                assert!(begun.elapsed() >= limit);
            }
            assert!(timeout_at(Instant::now(), pending::<()>()).await.is_err());
            let deadline = Instant::now() + MILLISECOND;
            assert!(timeout_at(deadline, pending::<()>()).await.is_err());
            assert!(Instant::now() >= deadline);
        });
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn a_future_that_is_ready_in_time_wins() {
    on_processors(|runtime| {
        let gate = Gate::new();
        let passage = gate.wait();
        let task = runtime.spawn(timeout(HOUR, passage));
        runtime.block_on(runtime.spawn(gmp::yield_now())).unwrap();
        gate.open();
        assert_eq!(runtime.block_on(task).unwrap(), Ok(()));
        let endless = runtime.spawn(timeout(Duration::MAX, sleep(MILLISECOND)));
        assert_eq!(runtime.block_on(endless).unwrap(), Ok(()));
    });
}

#[test]
fn the_future_is_dropped_with_its_timeout() {
    on_processors(|runtime| {
        let tally = Tally::new();
        let limited = timeout(MILLISECOND, tally.pending());
        let watcher = tally.clone();
        let task = runtime.spawn(async move {
            let mut limited = pin!(limited);
            assert!(limited.as_mut().await.is_err());
            watcher.futures_dropped()
        });
        assert_eq!(runtime.block_on(task).unwrap(), 0);
        tally.assert_settled();
        let inner = timeout(HOUR, tally.pending()).into_inner();
        assert_eq!(tally.futures_made() - tally.futures_dropped(), 1);
        drop(inner);
        tally.assert_settled();
    });
}

#[test]
fn timeouts_stand_in_one_another() {
    on_processors(|runtime| {
        let task = runtime.spawn(async {
            let inner = timeout(MILLISECOND, pending::<()>());
            assert!(matches!(
                timeout(HOUR, inner).await,
                Ok(Err(Elapsed { .. }))
            ));
            let outer = timeout(MILLISECOND, timeout(HOUR, pending::<()>()));
            assert!(measured(|| outer).await < HOUR);
        });
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn thousands_of_timeouts_that_are_not_needed_cost_no_wake() {
    on_processors(|runtime| {
        let tally = Tally::new();
        let task = runtime.spawn(tally.around(async {
            for n in 0..5000 {
                assert_eq!(timeout(HOUR, gmp::yield_now()).await, Ok(()));
                assert_eq!(timeout(MILLISECOND, ready(n)).await, Ok(n));
            }
        }));
        runtime.block_on(task).unwrap();
        tally.assert_settled();
    });
}

#[test]
fn the_error_says_what_happened() {
    within_limit(|| {
        let error = runtime(1)
            .block_on(timeout(Duration::ZERO, pending::<()>()))
            .unwrap_err();
        assert_eq!(error.to_string(), "deadline has elapsed");
        let error = io::Error::from(error);
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(timeout(Duration::ZERO, ready(())).now_or_never().is_some());
    });
}
