use std::{
    future::poll_fn,
    hint::spin_loop,
    sync::{
        Condvar,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::Poll,
    thread,
    time::Instant,
};

use super::*;
use crate::{Builder, Handle, Runtime, poller, waiter::Waiter};

/// A poller whose events only the monitor sees: who else waits in it waits until he is interrupted.
#[derive(Default)]
struct ForTheMonitor {
    waiting: Mutex<Vec<Waiter>>,
    interrupted: Mutex<bool>,
    called: Condvar,
}

impl Poller for ForTheMonitor {
    fn poll(&self, until: Option<Instant>, ready: &mut Ready) -> io::Result<()> {
        let name = thread::current().name().unwrap_or_default().to_owned();
        if name.ends_with("-monitor") {
            assert!(
                until.is_some_and(|until| until <= Instant::now()),
                "it must not wait"
            );
            lock(&self.waiting)
                .drain(..)
                .for_each(|waiter| ready.push(waiter));
            return Ok(());
        }
        let wait = until.map_or(Duration::from_secs(1), |until| {
            until.saturating_duration_since(Instant::now())
        });
        let interrupted = self.interrupted.lock().expect("nobody panics");
        let waited = self
            .called
            .wait_timeout_while(interrupted, wait, |interrupted| !*interrupted);
        *waited.expect("nobody panics").0 = false;
        Ok(())
    }

    fn interrupt(&self) {
        *lock(&self.interrupted) = true;
        self.called.notify_all();
    }
}

/// Waits for the event, and calls `meanwhile` when it does.
async fn event(meanwhile: impl FnOnce()) {
    let poller = poller::attach(|| Ok(ForTheMonitor::default())).expect("it is of this type");
    let mut meanwhile = Some(meanwhile);
    poll_fn(|cx| match meanwhile.take() {
        Some(meanwhile) => {
            lock(&poller.waiting).push(Waiter::new(cx.waker()));
            meanwhile();
            Poll::Pending
        }
        None => Poll::Ready(()),
    })
    .await;
}

/// Loops in one poll, until it is dropped.
#[derive(Default)]
struct Hogs(Arc<AtomicBool>);

impl Hogs {
    fn enter(&self, runtime: &Handle, processors: usize) {
        // More than there are machines, of which the first may be one too many, and wait in the poller.
        for _ in 0..3 * processors {
            let over = self.0.clone();
            drop(runtime.spawn(async move {
                while !over.load(SeqCst) {
                    spin_loop();
                }
            }));
        }
    }
}

impl Drop for Hogs {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

/// The hogs' processors are taken away only after the monitor has looked, and who is idle then sees nothing: without the
/// monitor the event would not come.
fn on_each(wait: impl Fn(&Runtime, usize, Arc<Hogs>)) {
    for processors in [1, 2] {
        let builder = Builder::new().max_procs(processors);
        let runtime = builder.build().expect("a runtime");
        let hogs = Arc::new(Hogs::default());
        wait(&runtime, processors, hogs.clone());
        drop(hogs);
        runtime.shutdown();
    }
}

#[test]
#[cfg_attr(
    miri,
    ignore = "under Miri its hot loops leave the monitor too little time"
)]
fn the_monitor_looks_into_the_poller_while_all_processors_are_in_long_polls() {
    on_each(|runtime, processors, hogs| {
        let handle = runtime.handle().clone();
        let task = runtime.spawn(event(move || hogs.enter(&handle, processors)));
        runtime.block_on(task).expect("the event has come");
    });
}

#[test]
#[cfg_attr(
    miri,
    ignore = "under Miri its hot loops leave the monitor too little time"
)]
fn what_it_finds_for_a_foreign_waker_is_for_a_machine_to_call() {
    on_each(|runtime, processors, hogs| {
        let handle = runtime.handle().clone();
        runtime.block_on(event(move || hogs.enter(&handle, processors)));
    });
}
