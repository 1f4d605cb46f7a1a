//! gmp.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures::{AsyncReadExt, AsyncWriteExt};
use gmp::{
    Builder, JoinHandle, hyper,
    net::{TcpListener, TcpStream},
};

use super::Runtime;

pub(crate) struct Gmp(gmp::Runtime);

/// A handle of a task that neither panics nor is aborted.
pub(crate) struct Join<T>(JoinHandle<T>);

impl<T> Future for Join<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let outcome = ready!(Pin::new(&mut self.0).poll(context));
        Poll::Ready(outcome.expect("no task of a workload panics"))
    }
}

impl Runtime for Gmp {
    type Join<T: Send + 'static> = Join<T>;
    type Listener = TcpListener;
    type Stream = TcpStream;
    type HttpIo = hyper::Io<TcpStream>;
    type HttpExecutor = hyper::Executor;

    fn new(procs: usize) -> io::Result<Self> {
        Builder::new().max_procs(procs).build().map(Self)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }

    fn run_main<F>(self, body: F) -> F::Output
    where
        F: Future<Output: Send> + Send + 'static,
    {
        // As `#[gmp::main]` does.
        self.run(body)
    }

    fn spawn<F>(future: F) -> Join<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        Join(gmp::spawn(future))
    }

    fn detach(future: impl Future<Output = ()> + Send + 'static) {
        drop(gmp::spawn(future));
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        gmp::yield_now()
    }

    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        gmp::sleep(duration)
    }

    fn listen(listener: std::net::TcpListener) -> io::Result<TcpListener> {
        listener.try_into()
    }

    async fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
        listener.accept().await.map(|(stream, _)| stream)
    }

    fn connect(address: SocketAddr) -> impl Future<Output = io::Result<TcpStream>> + Send {
        TcpStream::connect(address)
    }

    fn set_nodelay(stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)
    }

    fn readable(stream: &TcpStream) -> impl Future<Output = io::Result<()>> + Send {
        stream.readable()
    }

    fn try_read(stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
        stream.try_read(buffer)
    }

    async fn read(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
        stream.read(buffer).await
    }

    async fn write_all(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
        stream.write_all(bytes).await
    }

    fn http_io(stream: TcpStream) -> hyper::Io<TcpStream> {
        hyper::Io::new(stream)
    }

    fn http_executor() -> hyper::Executor {
        hyper::Executor
    }
}
