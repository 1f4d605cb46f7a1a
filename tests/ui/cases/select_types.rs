use gmp::{chan, select};

async fn not_a_future() {
    let (_tx, rx) = chan::<u8>(0);
    select! {
        _ = rx.try_recv() => {}
    }
}

async fn wrong_pattern() {
    let (_tx, rx) = chan::<u8>(0);
    select! {
        Ok(_) = rx.recv() => {}
        else => {}
    }
}

fn not_async() {
    let (_tx, rx) = chan::<u8>(0);
    select! {
        _ = rx.recv() => {}
    }
}

fn main() {}
