//! What selects leave in memory and ask of the allocator.

use super::block_on;
use crate::{
    Receiver, Sender, chan,
    test_kit::{allocations::counted, yield_now},
};

async fn send(tx: Sender<u32>, n: usize) {
    for _ in 0..n {
        tx.send(1).await.unwrap();
    }
}

async fn receive(rx: &Receiver<u32>, other: &Receiver<u32>, n: usize) {
    for _ in 0..n {
        select! {
            value = rx.recv() => assert_eq!(value, Some(1)),
            _ = other.recv() => unreachable!("nobody sends there"),
        }
    }
}

/// Go: select2.go: 100,000 selects, after as many to warm up, leave nothing in memory (in Go, less than 110,000 bytes). Each waits:
/// the channel has no buffer.
#[test]
fn a_hundred_thousand_selects_leave_nothing() {
    const SELECTS: usize = 100_000;
    let (tx, rx) = chan(0);
    let (_other_tx, other) = chan(0);
    let round = || {
        block_on(futures::future::join(
            receive(&rx, &other, SELECTS),
            send(tx.clone(), SELECTS),
        ));
    };
    round();
    let ((), calls, bytes) = counted(round);
    assert_eq!((calls, bytes), (0, 0));
}

/// Channel operations, ready ones and others, in a select whose arms are known when it is compiled.
#[test]
fn arms_in_the_source_allocate_nothing() {
    let (tx, rx) = chan(1);
    let (other_tx, other) = chan::<u32>(0);
    let mut slot = None;
    let mut both = || {
        block_on(async {
            select! {
                sent = tx.send(1) => sent.unwrap(),
                value = other.recv() => assert_eq!(value, None),
            }
            select! {
                biased;
                _ = other_tx.send(2) => unreachable!("nobody receives there"),
                value = rx.recv() => slot = value,
                () = yield_now() => unreachable!("the value is there"),
            }
            select! {
                _ = rx.recv() => unreachable!("it was taken"),
                sent = other_tx.send_from(&mut slot) => sent.unwrap(),
                () = yield_now() => {}
            }
            select! {
                _ = rx.recv() => unreachable!("it was taken"),
                _ = tx.reserve() => {}
                default => unreachable!("there is room"),
            }
        });
    };
    // The thread's waker is made.
    both();
    let ((), calls, bytes) = counted(|| (0..100).for_each(|_| both()));
    assert_eq!((calls, bytes), (0, 0));
}
