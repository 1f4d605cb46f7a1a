//! Jobs that cannot be cloned, offered to workers until a context is done: none is lost. Each was done, or is still in the
//! hands of who offered it. Ends well if that adds up.
//!
//! `cargo run --release --example select`

use std::{process::ExitCode, time::Duration};

use gmp::{Context, Receiver, Sender, chan, select, task::JoinSet};

const TIME: Duration = Duration::from_millis(200);
const PRODUCERS: usize = 4;
const WORKERS: usize = 3;

struct Job {
    number: u64,
}

/// How many jobs were taken, and the one that was not.
async fn offer(context: Context, jobs: Sender<Job>) -> (u64, Option<Job>) {
    let mut taken = 0;
    let mut job = None;
    loop {
        job.get_or_insert(Job { number: taken });
        select! {
            // It is taken out of `job` only if somebody receives it.
            sent = jobs.send_from(&mut job) => match sent {
                Ok(()) => taken += 1,
                Err(_) => return (taken, job),
            },
            _ = context.done() => return (taken, job),
        }
    }
}

/// How many jobs were done.
async fn work(jobs: Receiver<Job>) -> u64 {
    let mut done = 0;
    while let Some(job) = jobs.recv().await {
        if job.number % 64 == 0 {
            // This one takes longer.
            gmp::sleep(Duration::from_millis(1)).await;
        }
        done += 1;
    }
    done
}

#[gmp::main]
async fn main() -> ExitCode {
    let (context, cancel) = Context::background().with_timeout(TIME);
    let _guard = cancel.guard();
    let (tx, rx) = chan(0);
    let (mut producers, mut workers) = (JoinSet::new(), JoinSet::new());
    for _ in 0..PRODUCERS {
        producers.spawn(offer(context.clone(), tx.clone()));
    }
    for _ in 0..WORKERS {
        workers.spawn(work(rx.clone()));
    }
    // The workers end when nobody offers any more.
    drop((tx, rx));
    let (mut taken, mut kept, mut done) = (0, 0, 0);
    while let Some(Ok((count, job))) = producers.join_next().await {
        taken += count;
        kept += usize::from(job.is_some_and(|job| job.number == count));
    }
    while let Some(Ok(count)) = workers.join_next().await {
        done += count;
    }
    println!("{taken} jobs were taken and {done} done, {kept} were kept");
    if taken == done && done > 0 && kept == PRODUCERS {
        return ExitCode::SUCCESS;
    }
    eprintln!("select: a job was lost");
    ExitCode::FAILURE
}
