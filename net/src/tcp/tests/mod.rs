mod halves;
mod listening;
mod readable;
mod runtimes;
mod shortage;
mod streams;

use std::{
    future::poll_fn,
    io::{self, ErrorKind, IoSlice, IoSliceMut},
    net::{Shutdown, SocketAddr},
    os::fd::{AsFd, AsRawFd},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    task::{Poll, Waker},
    time::{Duration, Instant},
};

use futures::{
    StreamExt,
    future::{join, join_all},
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
};
use gmp_executor::{
    Runtime, spawn,
    time::{sleep, timeout},
    yield_now,
};

use super::*;
use crate::testing::{Count, in_time, pair, poll_once, run, with_runtime};

const ANY: &str = "127.0.0.1:0";

async fn read_some(stream: &TcpStream) -> io::Result<Vec<u8>> {
    let mut buffer = [0; 1024];
    loop {
        stream.readable().await?;
        match stream.try_read(&mut buffer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            bytes => return Ok(buffer[..bytes?].to_vec()),
        }
    }
}

#[test]
fn streams_are_small() {
    // mio remembers its selector with debug assertions.
    let debug = if cfg!(debug_assertions) { 8 } else { 0 };
    assert!(
        size_of::<TcpStream>() <= 16 + debug,
        "{}",
        size_of::<TcpStream>()
    );
    assert!(size_of::<Ready<'_>>() <= 48, "{}", size_of::<Ready<'_>>());
}

#[test]
fn who_may_go_where() {
    fn is<T: Send + Sync + Unpin>() {}
    is::<TcpListener>();
    is::<TcpStream>();
    is::<TcpSocket>();
    is::<OwnedReadHalf>();
    is::<OwnedWriteHalf>();
    is::<ReadHalf<&TcpStream>>();
    is::<Connect>();
    is::<Bind>();
    is::<Accept<'_>>();
    is::<Incoming<'_>>();
    is::<Ready<'_>>();
    is::<Peek<'_>>();
    fn both<T: AsyncRead + AsyncWrite>() {}
    both::<TcpStream>();
    both::<&TcpStream>();
}
