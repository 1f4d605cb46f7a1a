//! Go: perm.go: the end that sends does not receive, nor the other way round, also not in a select, and neither is the other. A close
//! by the receiver is an error in Go; here it says that nothing more is wanted.

use gmp::{Receiver, Sender, chan, select};

async fn wrong_ends() {
    let (mut tx, mut rx): (Sender<i32>, Receiver<i32>) = chan(1);
    tx = rx.clone();
    rx = tx.clone();
    rx.send(0).await.unwrap();
    tx.recv().await;
    select! {
        _ = rx.send(0) => {}
        default => {}
    }
    select! {
        _ = tx.recv() => {}
        default => {}
    }
    while let Ok(_) = tx.try_recv() {}
}

async fn right_ends() {
    let (tx, rx): (Sender<i32>, Receiver<i32>) = chan(1);
    tx.send(0).await.unwrap();
    let _: Option<i32> = rx.recv().await;
    select! {
        _ = tx.send(0) => {}
        _ = rx.recv() => {}
        default => {}
    }
    tx.close();
    rx.close();
}

fn main() {}
