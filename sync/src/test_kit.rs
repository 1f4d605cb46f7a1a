//! What the tests share: the executors on which each case runs, and polling by hand.

pub(crate) mod allocations;
mod costs;

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Condvar, Mutex},
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use async_executor::Executor;
use futures::{
    channel::oneshot,
    executor::{ThreadPool, block_on},
    future::{FutureExt, RemoteHandle},
    task::SpawnExt,
};

/// One poll, by a waker that does nothing.
pub(crate) fn polled<F: Future + ?Sized>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// Where a case runs.
#[derive(Clone, Copy)]
pub(crate) enum Spawner<'a> {
    Futures(&'a ThreadPool),
    Smol(&'a Executor<'static>),
    Tokio(&'a tokio::runtime::Runtime),
    Gmp(&'a gmp_executor::Runtime),
}

impl Spawner<'_> {
    pub(crate) fn spawn<F>(self, future: F) -> RemoteHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        match self {
            Spawner::Futures(pool) => pool.spawn_with_handle(future).unwrap(),
            _ => {
                let (remote, handle) = future.remote_handle();
                self.detach(remote);
                handle
            }
        }
    }

    fn detach(self, future: impl Future<Output = ()> + Send + 'static) {
        match self {
            Spawner::Futures(pool) => pool.spawn_ok(future),
            Spawner::Smol(executor) => executor.spawn(future).detach(),
            Spawner::Tokio(runtime) => drop(runtime.spawn(future)),
            Spawner::Gmp(runtime) => drop(runtime.spawn(future)),
        }
    }

    pub(crate) fn join_all<T: 'static>(self, handles: Vec<RemoteHandle<T>>) -> Vec<T> {
        block_on(futures::future::join_all(handles))
    }

    pub(crate) fn run<F>(self, future: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        block_on(self.spawn(future))
    }
}

/// Lets others run, on any executor.
pub(crate) fn yield_now() -> impl Future<Output = ()> + Send {
    let mut yielded = false;
    poll_fn(move |cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}

/// Runs the case on futures' thread pool, smol's executor and tokio, each with two threads, and on gmp with 1, 2 and 8
/// processors. A case that hangs ends the process.
pub(crate) fn each_executor(case: impl for<'a> Fn(Spawner<'a>)) {
    let _watchdog = Watchdog::new();
    let pool = ThreadPool::builder().pool_size(THREADS).create().unwrap();
    case(Spawner::Futures(&pool));
    on_smol(&case);
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .build()
        .unwrap();
    case(Spawner::Tokio(&tokio));
    for processors in [1, 2, 8] {
        let runtime = gmp_executor::Builder::new()
            .max_procs(processors)
            .build()
            .unwrap();
        case(Spawner::Gmp(&runtime));
    }
}

/// Of the executors of others.
const THREADS: usize = 2;

fn on_smol(case: impl for<'a> Fn(Spawner<'a>)) {
    let executor = Executor::new();
    thread::scope(|scope| {
        // When they are dropped, also by a panic, the threads end.
        let _running = [(); THREADS].map(|()| {
            let (running, over) = oneshot::channel::<()>();
            scope.spawn(|| block_on(executor.run(over)));
            running
        });
        case(Spawner::Smol(&executor));
    });
}

/// Ends the process if it is not dropped within a minute.
pub(crate) struct Watchdog(Arc<(Mutex<bool>, Condvar)>);

impl Watchdog {
    pub(crate) fn new() -> Watchdog {
        let over = Arc::new((Mutex::new(false), Condvar::new()));
        let watched = over.clone();
        let name = thread::current().name().unwrap_or("?").to_owned();
        thread::spawn(move || {
            let guard = watched.0.lock().unwrap();
            let (over, _) = watched
                .1
                .wait_timeout_while(guard, Duration::from_secs(60), |over| !*over)
                .unwrap();
            if !*over {
                eprintln!("{name} hangs");
                gmp_executor::debug::dump();
                std::process::exit(101);
            }
        });
        Watchdog(over)
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }
}
