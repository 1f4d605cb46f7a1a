//! What does a round trip over TCP cost?
//!
//! 64 connections in one runtime, server and client ends; each client sends 64 bytes and waits until they have come
//! back. Both ends read into buffers of 64 bytes (`64`), or of 4 KiB (`4096`): a read that does not fill its buffer
//! says that the socket is empty, and who believes it saves the call that would say so.
//!
//! # What it does not show
//! A network: loopback does the receiver's work in the sender's call. Most of the time is the kernel's: at the
//! least 2 sends and 2 receives. Latency of a single connection: with 64 there is always somebody to run.

use std::{
    io::{self, ErrorKind},
    mem,
    net::SocketAddr,
    sync::Mutex,
};

use super::About;
use crate::{
    child::{Settings, server},
    meter,
    metric::Sample,
    runtime::Runtime,
};

pub(super) const SHORT: About =
    About::throughput("a TCP round trip of 64 bytes, buffers of 64 bytes");
pub(super) const LONG: About = About::throughput("a TCP round trip of 64 bytes, buffers of 4 KiB");

const CONNECTIONS: usize = 64;
const MESSAGE: [u8; 64] = [b'x'; 64];
/// By connection and round: a round is then about 80 ms.
const ROUND_TRIPS: usize = 100;

pub(super) fn run<R: Runtime, const BUFFER: usize>(settings: &Settings) -> io::Result<Sample> {
    let runtime = R::new(settings.procs)?;
    runtime.run(async {
        let (listener, address) = server::listener()?;
        R::detach(accept::<R, BUFFER>(R::listen(listener)?));
        let clients = Mutex::new(connect::<R>(address).await?);
        Ok(meter::measure(CONNECTIONS * ROUND_TRIPS, || round::<R, BUFFER>(&clients)).await)
    })
}

async fn connect<R: Runtime>(address: SocketAddr) -> io::Result<Vec<R::Stream>> {
    let mut streams = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        let stream = R::connect(address).await?;
        R::set_nodelay(&stream)?;
        streams.push(stream);
    }
    Ok(streams)
}

/// The streams are lent to as many tasks, and put back for the next round.
async fn round<R: Runtime, const BUFFER: usize>(clients: &Mutex<Vec<R::Stream>>) {
    let streams = mem::take(&mut *clients.lock().expect("nobody panics"));
    let handles: Vec<_> = streams
        .into_iter()
        .map(|stream| R::spawn(client::<R, BUFFER>(stream)))
        .collect();
    for handle in handles {
        let stream = handle.await.expect("the echo is whole");
        clients.lock().expect("nobody panics").push(stream);
    }
}

async fn client<R: Runtime, const BUFFER: usize>(mut stream: R::Stream) -> io::Result<R::Stream> {
    let mut buffer = vec![0; BUFFER];
    for _ in 0..ROUND_TRIPS {
        R::write_all(&mut stream, &MESSAGE).await?;
        let mut missing = MESSAGE.len();
        while missing > 0 {
            match R::read(&mut stream, &mut buffer).await? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                length => missing = missing.checked_sub(length).ok_or(ErrorKind::InvalidData)?,
            }
        }
    }
    Ok(stream)
}

async fn accept<R: Runtime, const BUFFER: usize>(listener: R::Listener) {
    for _ in 0..CONNECTIONS {
        let stream = R::accept(&listener).await.expect("a client has connected");
        R::set_nodelay(&stream).expect("it is a TCP socket");
        R::detach(echo::<R, BUFFER>(stream));
    }
}

async fn echo<R: Runtime, const BUFFER: usize>(mut stream: R::Stream) {
    let mut buffer = vec![0; BUFFER];
    while let Ok(length @ 1..) = R::read(&mut stream, &mut buffer).await {
        if R::write_all(&mut stream, &buffer[..length]).await.is_err() {
            return;
        }
    }
}
