//! What selects leave in memory and ask of the allocator. In gmp tasks: where a foreign waker waits it needs a box.

use crate::{
    Receiver, Sender, chan,
    test_kit::{allocations::counted_in_a_task, yield_now},
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
#[cfg_attr(gmp_boxed, ignore = "each task is an allocation there")]
fn a_hundred_thousand_selects_leave_nothing() {
    const SELECTS: usize = 100_000;
    let (tx, rx) = chan(0);
    let (_other_tx, other) = chan(0);
    let round = move || {
        let (tx, rx, other) = (tx.clone(), rx.clone(), other.clone());
        async move {
            let sender = gmp_executor::spawn(send(tx, SELECTS));
            receive(&rx, &other, SELECTS).await;
            sender.await.unwrap();
        }
    };
    assert_eq!(counted_in_a_task(round), (0, 0));
}

/// Channel operations, ready ones and others, in a select whose arms are known when it is compiled.
#[test]
fn arms_in_the_source_allocate_nothing() {
    async fn selects(tx: &Sender<u32>, rx: &Receiver<u32>, idle: &(Sender<u32>, Receiver<u32>)) {
        let (other_tx, other) = idle;
        let mut slot;
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
    }
    let ((tx, rx), idle) = (chan(1), chan(0));
    let round = move || {
        let (tx, rx, idle) = (tx.clone(), rx.clone(), idle.clone());
        async move {
            for _ in 0..100 {
                selects(&tx, &rx, &idle).await;
            }
        }
    };
    assert_eq!(counted_in_a_task(round), (0, 0));
}
