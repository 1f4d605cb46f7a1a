use std::{
    sync::{
        Arc,
        mpsc::{Sender, channel},
    },
    task::Wake,
    time::Duration,
};

use super::*;
use crate::test_kit::Watchdog;

struct Tells(u32, Sender<u32>);

impl Wake for Tells {
    fn wake(self: Arc<Self>) {
        self.1.send(self.0).unwrap();
    }
}

fn three_alarms() {
    let _watchdog = Watchdog::new();
    let (sender, told) = channel();
    let now = Instant::now();
    let set = |n: u32, after: Duration| {
        Alarm::set(now + after, Waker::from(Arc::new(Tells(n, sender.clone()))))
    };
    let _late = set(1, Duration::from_millis(30));
    let dropped = set(2, Duration::from_millis(20));
    let _early = set(3, Duration::from_millis(10));
    let _over = set(4, Duration::ZERO);
    drop(dropped);
    assert_eq!(told.recv().unwrap(), 4);
    assert_eq!(told.recv().unwrap(), 3);
    assert_eq!(told.recv().unwrap(), 1);
    assert!(now.elapsed() >= Duration::from_millis(30));
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn they_ring_in_order_without_a_runtime() {
    three_alarms();
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn they_ring_in_order_in_a_task() {
    let runtime = gmp_executor::Builder::new().max_procs(2).build().unwrap();
    runtime.block_on(async {
        gmp_executor::spawn(async { gmp_executor::block_on(async { three_alarms() }) })
            .await
            .unwrap();
    });
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn one_that_is_set_in_a_runtime_rings_when_that_ends() {
    let (sender, told) = channel();
    let runtime = gmp_executor::Builder::new().max_procs(1).build().unwrap();
    let hour = Instant::now() + Duration::from_secs(3600);
    let alarm =
        runtime.block_on(async move { Alarm::set(hour, Waker::from(Arc::new(Tells(1, sender)))) });
    drop(runtime);
    let _watchdog = Watchdog::new();
    assert_eq!(told.recv().unwrap(), 1);
    drop(alarm);
}

/// Whoever set an alarm is stalled before it puts it where it stays; it rings, and the next one is there already.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn one_that_comes_late_does_not_drop_the_next() {
    let _watchdog = Watchdog::new();
    let (sender, told) = channel();
    let set = |n: u32, after: Duration| {
        let waker = Waker::from(Arc::new(Tells(n, sender.clone())));
        Alarm::set(Instant::now() + after, waker)
    };
    let mut latest = Latest::default();
    let first = set(1, Duration::ZERO);
    assert_eq!(told.recv().unwrap(), 1);
    assert!(latest.keep(2, set(2, Duration::from_millis(20))).is_none());
    drop(latest.keep(1, first));
    assert_eq!(told.recv().unwrap(), 2);
}
