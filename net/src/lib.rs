//! Sockets of `gmp`: TCP on a netpoller made with [mio](https://docs.rs/mio), and [hyper](https://docs.rs/hyper)'s
//! runtime traits.
//!
//! Users depend on the crate `gmp`, which re-exports what is here as `gmp::net` and `gmp::hyper`.
//!
//! ```
//! use futures::io::{AsyncReadExt, AsyncWriteExt};
//! use gmp_net::{TcpListener, TcpStream};
//!
//! # let runtime = gmp_executor::Runtime::new()?;
//! runtime.block_on(async {
//!     let listener = TcpListener::bind("127.0.0.1:0").await?;
//!     let address = listener.local_addr()?;
//!     gmp_executor::spawn(async move {
//!         let (mut stream, _) = listener.accept().await?;
//!         stream.write_all(b"hello").await
//!     });
//!     let mut text = String::new();
//!     TcpStream::connect(address).await?.read_to_string(&mut text).await?;
//!     assert_eq!(text, "hello");
//!     std::io::Result::Ok(())
//! })?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # The rooms
//!
//! | module | what | Go |
//! |---|---|---|
//! | `poller` | the netpoller: who waits for which socket, and how they learn of it | runtime/netpoll.go, internal/poll |
//! | [`tcp`] | listeners, streams, their halves, options before a connection | net/tcpsock.go |
//! | `addr` | what may stand for an address, and name look-up | net/lookup.go |
//! | [`hyper`] | hyper's runtime traits (feature `hyper`) | |
//!
//! A socket belongs to the runtime in which it was made; it may be used from any thread. When that runtime has shut
//! down, waiting operations on it end with an error.

// Models use a part of what they test.
#![cfg_attr(gmp_loom, allow(dead_code))]

#[cfg(not(gmp_loom))]
mod addr;
#[cfg(all(test, not(gmp_loom)))]
mod bounds;
#[cfg(all(feature = "hyper", not(gmp_loom)))]
pub mod hyper;
#[cfg(not(gmp_loom))]
mod poller;
#[cfg(gmp_loom)]
#[path = "poller/modelled.rs"]
mod poller;
mod shim;
#[cfg(not(gmp_loom))]
pub mod tcp;
#[cfg(all(test, not(gmp_loom)))]
mod testing;

#[cfg(not(gmp_loom))]
pub use self::{
    addr::ToSocketAddrs,
    tcp::{TcpListener, TcpSocket, TcpStream},
};
