//! What the unit tests share.

use std::{
    io,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};

use gmp_executor::{Builder, Runtime};

use crate::{TcpListener, TcpStream};

/// No test takes longer, unless it hangs.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Runs `test` as a task of a runtime with two processors.
pub(crate) fn run<F>(test: F)
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    with_runtime(|runtime| {
        let task = runtime.spawn(test);
        runtime
            .block_on(task)
            .expect("the test does not panic")
            .expect("the test has no error");
    });
}

/// Runs `test` on a thread of its own; a hang ends with a dump of the tasks.
pub(crate) fn with_runtime(test: impl FnOnce(Runtime) + Send + 'static) {
    in_time(|| test(Builder::new().max_procs(2).build().expect("a runtime")));
}

pub(crate) fn in_time(test: impl FnOnce() + Send + 'static) {
    let (ended, end) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        let _ended = ended; // Dropped also by a panic.
        test();
    });
    if end.recv_timeout(LIMIT) == Err(mpsc::RecvTimeoutError::Timeout) {
        gmp_executor::debug::dump();
        panic!("the test hangs");
    }
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// Two ends of a connection.
pub(crate) async fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let client = TcpStream::connect(listener.local_addr()?).await?;
    let (server, _) = listener.accept().await?;
    Ok((client, server))
}

/// A foreign waker that counts how often it was woken. Its strong count tells who holds it.
#[derive(Default)]
pub(crate) struct Count(AtomicUsize);

impl Count {
    pub(crate) fn new() -> (Arc<Count>, Waker) {
        let count = Arc::<Count>::default();
        (count.clone(), count.into())
    }

    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Polls once.
pub(crate) fn poll_once<F: Future>(future: F, waker: &Waker) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(waker))
}
