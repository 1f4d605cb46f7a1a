//! TCP: listeners, streams, their halves, and options before a connection. (Go: `net.TCPListener`, `net.TCPConn`)
//!
//! # How it works
//! A [`TcpStream`] is a descriptor and a slot of the netpoller, and has no buffer: a connection that waits with
//! [`readable`](TcpStream::readable) costs its task and 64 bytes. Every operation works through `&TcpStream`, from any
//! thread. The futures are named types, made by plain functions that note their caller: dumps show where a
//! task waits.
//!
//! # Cancel safety
//! All futures of this module: one that is dropped has not taken a byte or a connection.

mod accept;
mod backoff;
mod connect;
mod convert;
mod io;
mod listener;
mod ready;
#[cfg(feature = "tracing")]
mod report;
#[cfg(not(feature = "tracing"))]
#[path = "report_off.rs"]
mod report;
mod socket;
mod split;
mod stream;
#[cfg(test)]
mod tests;

pub use self::{
    accept::{Accept, Incoming},
    connect::Connect,
    listener::{Bind, TcpListener},
    ready::{Peek, Ready},
    socket::TcpSocket,
    split::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, ReuniteError, SharedStream, WriteHalf},
    stream::TcpStream,
};
