use gmp::{chan, select};

async fn no_operation() {
    select! {
        value => {}
    }
}

async fn no_comma() {
    let (_tx, rx) = chan::<u8>(0);
    select! {
        _ = rx.recv() => 1
        _ = rx.recv() => 2
    };
}

async fn no_handler() {
    let (_tx, rx) = chan::<u8>(0);
    select! {
        _ = rx.recv()
    }
}

async fn both() {
    let (_tx, rx) = chan::<u8>(0);
    select! {
        _ = rx.recv() => {}
        default => {}
        else => {}
    }
}

fn main() {}
