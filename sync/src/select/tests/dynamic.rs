//! Selects of lists. Also Go's `TestSelect`, reflect/all_test.go, in small: see the model beside this file.

use std::{pin::pin, task::Poll};

use super::{Drops, now, poll};
use crate::{Select, chan};

#[test]
fn any_number_of_arms_of_any_kind() {
    const CHANNELS: usize = if cfg!(miri) { 20 } else { 1000 };
    const CHOSEN: usize = CHANNELS / 4;
    let channels: Vec<_> = (0..CHANNELS).map(|_| chan::<usize>(0)).collect();
    let mut select = Select::new();
    for (tx, rx) in &channels {
        select.operation(rx.recv(), |value| value);
        select.operation(tx.send(1), |sent| sent.ok().map(|()| 7));
    }
    assert_eq!(
        select.future(std::future::pending(), |()| None),
        2 * CHANNELS
    );
    let mut wait = pin!(select.wait());
    assert!(poll(wait.as_mut()).is_pending());
    channels[CHOSEN].0.try_send(5).unwrap();
    assert!(channels[CHOSEN + 1].0.try_send(5).is_err());
    assert!(channels[CHOSEN + 1].1.try_recv().is_err());
    assert_eq!(poll(wait), Poll::Ready((2 * CHOSEN, Some(5))));
}

#[test]
fn a_list_that_is_looked_at_now() {
    let drops = Drops::default();
    let (tx, rx) = chan(0);
    let list = || {
        let mut select = Select::new();
        select.biased();
        select.operation(tx.send(drops.value(1)), |_| 0);
        select.operation(rx.recv(), |_| 1);
        select
    };
    assert!(list().now().is_none());
    assert_eq!(drops.count(), 1);
    let mut recv = pin!(rx.recv());
    assert!(poll(recv.as_mut()).is_pending());
    assert_eq!(list().now(), Some((0, 0)));
    assert!(poll(recv).is_ready());
    assert!(rx.try_recv().is_err());
}

#[test]
fn a_list_of_nothing_waits_forever() {
    assert!(now(Select::<()>::new().wait()).is_none());
    assert!(Select::<()>::new().now().is_none());
}

#[test]
fn a_list_whose_function_panics_leaves_sound_channels() {
    let (tx, rx) = chan::<i32>(0);
    for wait in [false, true] {
        let mut select = Select::new();
        select.biased();
        select.operation(rx.recv(), |_| ());
        select.future(std::future::ready(()), |()| panic!("expected"));
        let run = || {
            if wait {
                let _ = now(select.wait());
            } else {
                let _ = select.now();
            }
        };
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err());
        assert!(tx.try_send(1).is_err());
    }
}
