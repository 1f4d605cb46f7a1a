//! The server process: an echo server and an HTTP server on gmp, which report what they use.
//!
//! # How it works
//! The main thread drives the runtime; two threads of their own, which no busy runtime can hold up, answer the client
//! and watch the deadline. See [`protocol`](crate::protocol).
//!
//! # Invariants
//! - I1: the process ends when its standard input does, at the latest at its deadline, and when its parent is killed.
//! - I2: the task of an echo connection has no buffer while it waits.

use std::{
    convert::Infallible,
    future::pending,
    io::{self, BufRead},
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    process::{self, ExitCode},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
    time::Duration,
};

use bytes::Bytes;
use futures::io::AsyncWriteExt;
use gmp::{
    hyper::Io,
    net::{TcpListener, TcpSocket, TcpStream},
};
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use nix::sys::signal::{SigSet, Signal};

use crate::{
    REFUSED, machine, parallel,
    protocol::{Addresses, Answer, Settings, Usage, send},
    supervisor::FAILED,
};

/// What is read at once. The messages have 64 bytes.
const BUFFER: usize = 4 << 10;

/// Connections that are served at this moment.
static OPEN: AtomicUsize = AtomicUsize::new(0);

pub(crate) fn run() -> ExitCode {
    match start() {
        Ok(never) => match never {},
        Err(refusal) => {
            // If nobody listens any more, the exit code is all there is to say.
            let _ = send(io::stdout(), &Answer::Refused(refusal));
            ExitCode::from(REFUSED)
        }
    }
}

fn start() -> Result<Infallible, String> {
    let in_words = |error: io::Error| format!("the server process cannot start: {error}");
    end_with_parent().map_err(in_words)?;
    machine::raise_open_files().map_err(in_words)?;
    let settings = read_settings().map_err(in_words)?;
    end_after(settings.deadline);
    let runtime = parallel::runtime(settings.max_procs).map_err(in_words)?;
    runtime.block_on(serve(&settings))
}

/// The end of standard input tells of the parent's end too, but not to a process that has been stopped.
fn end_with_parent() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
    // Ctrl-C goes to both processes: the client shall end the run and this process with it. The other signals, which
    // the client blocks in order to wait for them, end this process as usual.
    SigSet::all().thread_unblock()?;
    SigSet::from(Signal::SIGINT).thread_block()?;
    Ok(())
}

fn read_settings() -> io::Result<Settings> {
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(serde_json::from_str(&line)?)
}

fn end_after(deadline: Duration) {
    thread::spawn(move || {
        thread::sleep(deadline);
        eprintln!("million: the server process ends at its deadline");
        process::exit(FAILED.into())
    });
}

async fn serve(settings: &Settings) -> Result<Infallible, String> {
    let echo = listen(settings.echo_listeners, settings.port, settings.backlog)?;
    let http = listen(settings.http_listeners, 0, settings.backlog)?;
    let addresses = Addresses {
        echo: addresses(&echo)?,
        http: addresses(&http)?,
    };
    send(io::stdout(), &Answer::Ready(addresses)).map_err(|error| error.to_string())?;
    thread::spawn(answer_until_input_ends);
    for listener in echo {
        gmp::spawn(accept_each(listener, serve_echo));
    }
    for listener in http {
        gmp::spawn(accept_each(listener, serve_http));
    }
    pending().await
}

/// Listens on 127.0.0.1, 127.0.0.2 and so on.
fn listen(count: usize, port: u16, backlog: usize) -> Result<Vec<TcpListener>, String> {
    let first = u32::from(Ipv4Addr::LOCALHOST);
    let hosts = (first..).take(count).map(Ipv4Addr::from);
    hosts
        .map(|host| listen_on(SocketAddrV4::new(host, port).into(), backlog))
        .collect()
}

fn listen_on(address: SocketAddr, backlog: usize) -> Result<TcpListener, String> {
    let listener = TcpSocket::new_v4().and_then(|socket| {
        socket.bind(address)?;
        socket.listen(u32::try_from(backlog).unwrap_or(u32::MAX))
    });
    listener.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!("{address} is in use: choose another --port, or 0 for any that is free")
        }
        _ => format!("cannot listen on {address}: {error}; choose another --port"),
    })
}

fn addresses(listeners: &[TcpListener]) -> Result<Vec<SocketAddr>, String> {
    let addresses = listeners
        .iter()
        .map(TcpListener::local_addr)
        .collect::<io::Result<_>>();
    addresses.map_err(|error| error.to_string())
}

/// Every line asks for the figures.
fn answer_until_input_ends() {
    for _ in io::stdin().lock().lines().map_while(Result::ok) {
        if usage()
            .and_then(|usage| send(io::stdout(), &Answer::Usage(usage)))
            .is_err()
        {
            break;
        }
    }
    process::exit(0)
}

fn usage() -> io::Result<Usage> {
    Ok(Usage {
        cpu: machine::cpu_time()?,
        resident_bytes: machine::resident_bytes()?,
        open: OPEN.load(Relaxed),
    })
}

async fn accept_each<S>(listener: TcpListener, serve: fn(TcpStream) -> S)
where
    S: Future<Output = ()> + Send + 'static,
{
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(gmp::spawn(serve(stream))),
            // Not that descriptors are short: gmp waits then, and tries again.
            Err(error) => {
                eprintln!("million: the server cannot accept connections: {error}");
                process::exit(FAILED.into())
            }
        }
    }
}

/// Counts a connection as open while it lives.
struct Open;

impl Open {
    fn count() -> Open {
        OPEN.fetch_add(1, Relaxed);
        Open
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        OPEN.fetch_sub(1, Relaxed);
    }
}

async fn serve_echo(mut stream: TcpStream) {
    let _open = Open::count();
    while stream.readable().await.is_ok() {
        match echo_what_is_there(&stream) {
            Ok(Turn::Done) => {}
            // Boxed, since it is rare and every waiting task would have room for it otherwise (I2).
            Ok(Turn::Unsent(rest)) => {
                if Box::pin(stream.write_all(&rest)).await.is_err() {
                    return;
                }
            }
            // A reset is how the client closes.
            Ok(Turn::Ended) | Err(_) => return,
        }
    }
}

enum Turn {
    Done,
    /// The socket has taken only a part.
    Unsent(Vec<u8>),
    Ended,
}

/// Reads once and sends back what it has read. The buffer is on the thread's stack, for as long as this runs (I2).
fn echo_what_is_there(stream: &TcpStream) -> io::Result<Turn> {
    let mut buffer = [0; BUFFER];
    let received = match stream.try_read(&mut buffer) {
        Ok(0) => return Ok(Turn::Ended),
        Ok(length) => &buffer[..length],
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Turn::Done),
        Err(error) => return Err(error),
    };
    match stream.try_write(received) {
        Ok(sent) if sent == received.len() => Ok(Turn::Done),
        Ok(sent) => Ok(Turn::Unsent(received[sent..].to_vec())),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            Ok(Turn::Unsent(received.to_vec()))
        }
        Err(error) => Err(error),
    }
}

async fn serve_http(stream: TcpStream) {
    let _open = Open::count();
    // A reset is how the client closes.
    let _ = http1::Builder::new()
        .serve_connection(Io::new(stream), service_fn(greet))
        .await;
}

async fn greet(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::from("Hello from gmp!\n")))
}
