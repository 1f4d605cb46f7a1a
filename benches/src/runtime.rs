//! What a workload may ask of a runtime. Each of these is the runtime's own and what its documentation shows first.
//!
//! # Invariants
//! - I1: a workload is written once, for any [`Runtime`], and no runtime has a path of its own in it.
//! - I2: nothing is boxed or wrapped here that a user of the runtime would not have, so that no runtime pays for the
//!   comparison. What wraps (a handle that unwraps its result) is a move without a branch of its own.
//! - I3: there is one runtime in a process, and [`Runtime::spawn`] is called inside of it.

use std::{
    convert::Infallible, future::Ready, io, mem::ManuallyDrop, net::SocketAddr, time::Duration,
};

use http_body_util::Full;
use hyper::{Response, body::Bytes, rt::bounds::Http2ServerConnExec};

mod gmp;
mod smol;
mod tokio;

pub(crate) use self::{gmp::Gmp, smol::Smol, tokio::Tokio};

/// The answer of the HTTP workload.
pub(crate) type Answer = Ready<Result<Response<Full<Bytes>>, Infallible>>;

pub(crate) trait Runtime: Sized + 'static {
    /// Dropping it detaches or cancels, as the runtime has it: workloads await it, or use [`Runtime::detach`].
    type Join<T: Send + 'static>: Future<Output = T> + Send + 'static;
    type Listener: Send + Sync + 'static;
    type Stream: Send + Sync + 'static;
    type HttpIo: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static;
    type HttpExecutor: Http2ServerConnExec<Answer, Full<Bytes>> + Clone + Send + 'static;

    /// A runtime with so many threads that run tasks. Called once in a process.
    fn new(procs: usize) -> io::Result<Self>;

    /// Runs the future on this thread, which is none of those.
    fn block_on<F: Future>(&self, future: F) -> F::Output;

    fn spawn<F>(future: F) -> Self::Join<F::Output>
    where
        F: Future<Output: Send> + Send + 'static;

    /// Spawns what nobody awaits.
    fn detach(future: impl Future<Output = ()> + Send + 'static);

    fn yield_now() -> impl Future<Output = ()> + Send;

    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send + 'static;

    /// Takes over a listener of the standard library that does not block.
    fn listen(listener: std::net::TcpListener) -> io::Result<Self::Listener>;

    fn accept(listener: &Self::Listener) -> impl Future<Output = io::Result<Self::Stream>> + Send;

    fn connect(address: SocketAddr) -> impl Future<Output = io::Result<Self::Stream>> + Send;

    fn set_nodelay(stream: &Self::Stream) -> io::Result<()>;

    fn readable(stream: &Self::Stream) -> impl Future<Output = io::Result<()>> + Send;

    /// Reads what is there, without waiting.
    fn try_read(stream: &Self::Stream, buffer: &mut [u8]) -> io::Result<usize>;

    fn read(
        stream: &mut Self::Stream,
        buffer: &mut [u8],
    ) -> impl Future<Output = io::Result<usize>> + Send;

    fn write_all(
        stream: &mut Self::Stream,
        bytes: &[u8],
    ) -> impl Future<Output = io::Result<()>> + Send;

    fn http_io(stream: Self::Stream) -> Self::HttpIo;

    fn http_executor() -> Self::HttpExecutor;

    /// Runs the body of `main` as the runtime's own `main` does: in `block_on`, unless that is overridden. Never dropped, as
    /// in [`run`](Self::run).
    fn run_main<F>(self, body: F) -> F::Output
    where
        F: Future<Output: Send> + Send + 'static,
    {
        ManuallyDrop::new(self).block_on(body)
    }

    /// Runs the future as a task and waits for it. A workload's main future is a task like those that it spawns:
    /// otherwise each exchange with them would be one between two threads.
    ///
    /// The runtime is never dropped: the process ends next, and ending many tasks is not what is measured.
    fn run<F>(self, future: F) -> F::Output
    where
        F: Future<Output: Send> + Send + 'static,
    {
        ManuallyDrop::new(self).block_on(async { Self::spawn(future).await })
    }
}
