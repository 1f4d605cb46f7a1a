//! How much memory does a task need that does nothing but wait?
//!
//! A fresh process spawns a million tasks and reads how much resident memory it has gained: that it waits for ever
//! (`pending`), for an hour (`sleep`), at a channel of capacity 1 that it has both ends of (`channel`), or for its connection to be readable, without a buffer (`connection`; as many as
//! the limit on descriptors allows, the program holds the other ends).
//!
//! # What it does not show
//! The kernel's share of a connection (about 4 KB an end), which is the same for all. Memory that a queue of runnable
//! tasks needs: the tasks are spawned in batches that have run before the next is made. What comes back when they end.

use std::{
    future,
    io::{self, ErrorKind},
    time::Duration,
};

use super::{About, Driver};
use crate::{
    child::{Settings, server},
    kit::Channels,
    latch::Latch,
    meter,
    metric::{RESIDENT, Sample},
    runtime::Runtime,
};

pub(super) const PENDING: About = about(
    "resident memory of a task that waits for ever",
    Driver::Child,
);
pub(super) const SLEEP: About = about(
    "resident memory of a task that sleeps for an hour",
    Driver::Child,
);
pub(super) const CHANNEL: About = about(
    "resident memory of a task that waits at a channel of its own, with the channel",
    Driver::Child,
);
pub(super) const CONNECTION: About = about(
    "resident memory of a task that waits for its connection",
    Driver::Connections,
);

const fn about(question: &'static str, driver: Driver) -> About {
    About {
        question,
        metrics: &[RESIDENT],
        procs: &[1],
        driver,
    }
}

const TASKS: usize = 1_000_000;
const BATCH: usize = 1000;

static POLLED: Latch = Latch::new();

pub(super) fn pending<R: Runtime>(settings: &Settings) -> io::Result<Sample> {
    idle::<R, _>(settings, || async {
        POLLED.count_down();
        future::pending::<()>().await;
    })
}

pub(super) fn sleep<R: Runtime>(settings: &Settings) -> io::Result<Sample> {
    idle::<R, _>(settings, || async {
        POLLED.count_down();
        R::sleep(Duration::from_secs(3600)).await;
    })
}

pub(super) fn channel<C: Channels>(settings: &Settings) -> io::Result<Sample> {
    idle::<C::Runtime, _>(settings, || async {
        let (sender, mut receiver) = C::channel(1);
        POLLED.count_down();
        C::recv(&mut receiver).await;
        drop(sender);
    })
}

fn idle<R: Runtime, F>(settings: &Settings, task: fn() -> F) -> io::Result<Sample>
where
    F: Future<Output = ()> + Send + 'static,
{
    let runtime = R::new(settings.procs)?;
    let gained = runtime.run(async move {
        // The threads have started then, and what is made once is made.
        batch::<R, _>(task).await;
        let before = meter::resident_bytes()?;
        for _ in 0..TASKS / BATCH {
            batch::<R, _>(task).await;
        }
        Ok::<_, io::Error>(meter::resident_bytes()?.saturating_sub(before))
    })?;
    Ok(Sample::default().with(RESIDENT, gained as f64 / TASKS as f64))
}

async fn batch<R: Runtime, F>(task: fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    POLLED.expect(BATCH);
    for _ in 0..BATCH {
        R::detach(task());
    }
    POLLED.wait().await;
}

/// Serves. The program asks for the resident memory before and after it has connected.
pub(super) fn connections<R: Runtime>(settings: &Settings) -> io::Result<Sample> {
    server::run::<R, _>(settings, connection::<R>)
}

/// Greets, so that the other end knows that this task has run; then waits, and reads what there is.
async fn connection<R: Runtime>(mut stream: R::Stream) {
    if R::write_all(&mut stream, b"!").await.is_err() {
        return;
    }
    loop {
        if R::readable(&stream).await.is_err() {
            return;
        }
        match R::try_read(&stream, &mut [0; 64]) {
            Ok(0) => return,
            Err(error) if error.kind() != ErrorKind::WouldBlock => return,
            _ => {}
        }
    }
}
