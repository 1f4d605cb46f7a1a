//! What may stand for an address where one is asked for.
//!
//! # How it works
//! Addresses, and text that is one, are known at once. A host name goes to a thread of
//! [`spawn_blocking`](gmp_executor::spawn_blocking) ([`lookup`]), because the system's resolver blocks.

mod lookup;
#[cfg(test)]
mod tests;

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6},
    task::{Context, Poll},
    vec,
};

use self::lookup::Lookup;
use crate::poller::WaitSite;

/// What may stand for one or more socket addresses: an address, a pair of host and port, text such as `"127.0.0.1:80"` or
/// `"localhost:80"`, or a slice of addresses.
///
/// Unlike [`std::net::ToSocketAddrs`] it does not block: addresses in text are parsed, and a host name is looked up on
/// a thread of [`spawn_blocking`](gmp_executor::spawn_blocking) while the task waits. It cannot be implemented outside of this crate.
pub trait ToSocketAddrs: sealed::Sealed {
    #[doc(hidden)]
    fn to_query(&self) -> Query;
}

mod sealed {
    pub trait Sealed {}
}

/// Addresses, or what leads to them.
#[derive(Debug)]
pub enum Query {
    Known(Addresses),
    Name(Lookup),
    Failed(Option<io::Error>),
}

impl Query {
    fn one(address: SocketAddr) -> Query {
        Query::Known(Addresses::One(Some(address)))
    }

    /// The addresses, once.
    pub(crate) fn poll(&mut self, cx: &Context<'_>, at: WaitSite) -> Poll<io::Result<Addresses>> {
        match self {
            Query::Known(addresses) => Poll::Ready(Ok(std::mem::take(addresses))),
            Query::Name(lookup) => lookup
                .poll(cx, at)
                .map_ok(|found| Addresses::Many(found.into_iter())),
            Query::Failed(error) => Poll::Ready(Err(error.take().unwrap_or_else(no_address))),
        }
    }
}

fn no_address() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "no address was given")
}

/// Tries an operation on one address after the other: the error of the last one, or that there was none.
pub(crate) fn first_that<T>(
    addresses: Addresses,
    mut operation: impl FnMut(SocketAddr) -> io::Result<T>,
) -> io::Result<T> {
    let mut result = Err(no_address());
    for address in addresses {
        result = operation(address);
        if result.is_ok() {
            break;
        }
    }
    result
}

/// The addresses of a query. One takes no memory of its own.
#[derive(Debug)]
pub enum Addresses {
    One(Option<SocketAddr>),
    Many(vec::IntoIter<SocketAddr>),
}

impl Default for Addresses {
    fn default() -> Addresses {
        Addresses::One(None)
    }
}

impl Iterator for Addresses {
    type Item = SocketAddr;

    fn next(&mut self) -> Option<SocketAddr> {
        match self {
            Addresses::One(address) => address.take(),
            Addresses::Many(addresses) => addresses.next(),
        }
    }
}

macro_rules! known_at_once {
    ($($type:ty),*) => {$(
        impl sealed::Sealed for $type {}
        impl ToSocketAddrs for $type {
            fn to_query(&self) -> Query {
                Query::one(SocketAddr::from(*self))
            }
        }
    )*};
}

known_at_once!(
    SocketAddr,
    SocketAddrV4,
    SocketAddrV6,
    (IpAddr, u16),
    (Ipv4Addr, u16),
    (Ipv6Addr, u16)
);

impl sealed::Sealed for [SocketAddr] {}
impl ToSocketAddrs for [SocketAddr] {
    fn to_query(&self) -> Query {
        Query::Known(Addresses::Many(Vec::from(self).into_iter()))
    }
}

impl sealed::Sealed for str {}
impl ToSocketAddrs for str {
    fn to_query(&self) -> Query {
        if let Ok(address) = self.parse() {
            return Query::one(address);
        }
        let parts = self
            .rsplit_once(':')
            .and_then(|(host, port)| Some((host, port.parse().ok()?)));
        match parts {
            Some((host, port)) => Query::Name(Lookup::new(host, port)),
            None => Query::Failed(Some(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{self:?} is no address such as 127.0.0.1:80, [::1]:80 or localhost:80"),
            ))),
        }
    }
}

impl sealed::Sealed for String {}
impl ToSocketAddrs for String {
    fn to_query(&self) -> Query {
        self.as_str().to_query()
    }
}

impl sealed::Sealed for (&str, u16) {}
impl ToSocketAddrs for (&str, u16) {
    fn to_query(&self) -> Query {
        let (host, port) = *self;
        match host.parse::<IpAddr>() {
            Ok(ip) => Query::one((ip, port).into()),
            Err(_) => Query::Name(Lookup::new(host, port)),
        }
    }
}

impl sealed::Sealed for (String, u16) {}
impl ToSocketAddrs for (String, u16) {
    fn to_query(&self) -> Query {
        (self.0.as_str(), self.1).to_query()
    }
}

impl<T: ToSocketAddrs + ?Sized> sealed::Sealed for &T {}
impl<T: ToSocketAddrs + ?Sized> ToSocketAddrs for &T {
    fn to_query(&self) -> Query {
        (**self).to_query()
    }
}
