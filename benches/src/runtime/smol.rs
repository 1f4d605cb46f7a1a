//! smol: its executor and its reactor, put together as `smol::spawn` does it, but with a number of threads of our
//! choice. Beside those runs the reactor's own thread, which smol starts at the first timer or socket.

use std::{
    future::pending,
    io::{self, Read},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::Duration,
};

use async_executor::{Executor, Task};
use async_io::{Async, Timer};
use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
use hyper::rt;
use smol_hyper::rt::FuturesIo;

use super::Runtime;

static EXECUTOR: Executor<'static> = Executor::new();

pub(crate) struct Smol;

/// Spawns what hyper wants to have spawned. smol-hyper's own has the executor by value; there is none for a static one.
#[derive(Clone)]
pub(crate) struct HttpExecutor;

impl<F: Future<Output: Send> + Send + 'static> rt::Executor<F> for HttpExecutor {
    fn execute(&self, future: F) {
        EXECUTOR.spawn(future).detach();
    }
}

impl Runtime for Smol {
    type Join<T: Send + 'static> = Task<T>;
    type Listener = Async<TcpListener>;
    type Stream = Async<TcpStream>;
    type HttpIo = FuturesIo<Async<TcpStream>>;
    type HttpExecutor = HttpExecutor;

    fn new(procs: usize) -> io::Result<Self> {
        for number in 0..procs {
            let work = || async_io::block_on(EXECUTOR.run(pending::<()>()));
            thread::Builder::new()
                .name(format!("smol-{number}"))
                .spawn(work)?;
        }
        Ok(Self)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        // Not async-io's: that would be one more thread in the reactor.
        future::block_on(future)
    }

    fn run_main<F>(self, body: F) -> F::Output
    where
        F: Future<Output: Send> + Send + 'static,
    {
        // As `smol::block_on` does.
        async_io::block_on(body)
    }

    fn spawn<F>(future: F) -> Task<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        EXECUTOR.spawn(future)
    }

    fn detach(future: impl Future<Output = ()> + Send + 'static) {
        EXECUTOR.spawn(future).detach();
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        future::yield_now()
    }

    async fn sleep(duration: Duration) {
        Timer::after(duration).await;
    }

    fn listen(listener: TcpListener) -> io::Result<Async<TcpListener>> {
        Async::new_nonblocking(listener)
    }

    async fn accept(listener: &Async<TcpListener>) -> io::Result<Async<TcpStream>> {
        listener.accept().await.map(|(stream, _)| stream)
    }

    async fn connect(address: SocketAddr) -> io::Result<Async<TcpStream>> {
        Async::<TcpStream>::connect(address).await
    }

    fn set_nodelay(stream: &Async<TcpStream>) -> io::Result<()> {
        stream.get_ref().set_nodelay(true)
    }

    async fn readable(stream: &Async<TcpStream>) -> io::Result<()> {
        stream.readable().await
    }

    fn try_read(stream: &Async<TcpStream>, buffer: &mut [u8]) -> io::Result<usize> {
        stream.get_ref().read(buffer)
    }

    async fn read(stream: &mut Async<TcpStream>, buffer: &mut [u8]) -> io::Result<usize> {
        stream.read(buffer).await
    }

    async fn write_all(stream: &mut Async<TcpStream>, bytes: &[u8]) -> io::Result<()> {
        stream.write_all(bytes).await
    }

    fn http_io(stream: Async<TcpStream>) -> FuturesIo<Async<TcpStream>> {
        FuturesIo::new(stream)
    }

    fn http_executor() -> HttpExecutor {
        HttpExecutor
    }
}
