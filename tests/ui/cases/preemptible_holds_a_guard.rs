//! A guard that lives across a loop keeps the future from being `Send`, and the error points at the loop.

use std::sync::Mutex;

static QUEUE: Mutex<Vec<u32>> = Mutex::new(Vec::new());

#[gmp::preemptible]
async fn sum() -> u32 {
    let queue = QUEUE.lock().unwrap();
    let mut sum = 0;
    for number in 0..10 {
        sum += number;
    }
    sum + queue.len() as u32
}

fn main() {
    gmp::spawn(sum());
}
