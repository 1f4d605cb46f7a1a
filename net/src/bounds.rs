//! Which of the public types may go to other threads, and which may be shared with them: checked when this compiles.

use std::{cell::Cell, sync::MutexGuard as StdGuard};

use crate::{tcp::*, *};

/// `Send`, not `Sync`.
type Movable = Cell<u8>;
/// `Sync`, not `Send`.
type Shareable = StdGuard<'static, u8>;
/// Neither.
type Local = *const u8;

macro_rules! is {
    ($bound:path: $($subject:ty),* $(,)?) => {
        const _: () = {
            const fn check<T: $bound>() {}
            $(check::<$subject>();)*
        };
    };
}

/// Compiles where the bound does not hold: else there are two that fit.
macro_rules! is_not {
    ($bound:path: $($subject:ty),* $(,)?) => {
        $(const _: fn() = || {
            trait Fits<A> {
                fn fits() {}
            }
            impl<T: ?Sized> Fits<()> for T {}
            struct Bound;
            impl<T: ?Sized + $bound> Fits<Bound> for T {}
            let _ = <$subject as Fits<_>>::fits;
        };)*
    };
}

is!(Send: TcpStream, TcpListener, TcpSocket, OwnedReadHalf, OwnedWriteHalf, ReadHalf<&'static TcpStream>, ReuniteError, Connect, Bind);
is!(Sync: TcpStream, TcpListener, TcpSocket, OwnedReadHalf, OwnedWriteHalf, ReuniteError);
// Two threads may wait for one socket, each for its own event.
is!(Send: Accept<'static>, Incoming<'static>, Ready<'static>, Peek<'static>);

// A half is what it borrows, and a connection of hyper's is what is under it.
is_not!(Send: ReadHalf<Local>, ReadHalf<Shareable>, WriteHalf<Local>);
is_not!(Sync: ReadHalf<Local>, ReadHalf<Movable>, WriteHalf<Movable>);
#[cfg(feature = "hyper")]
is!(Send: hyper::Io<Movable>, hyper::Executor, hyper::Timer);
#[cfg(feature = "hyper")]
is_not!(Send: hyper::Io<Local>, hyper::Io<Shareable>);
#[cfg(feature = "hyper")]
is_not!(Sync: hyper::Io<Movable>);
