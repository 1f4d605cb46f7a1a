mod sockets;
mod waiters;
mod waiting;
mod word;

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    os::fd::OwnedFd,
    sync::Arc,
    task::Waker,
    thread,
    time::{Duration, Instant},
};

use gmp_executor::poller::{Poller, Ready};

use super::{
    Direction, Flags, Found, NetPoller, Seat, Socket,
    desc::{Parked, PollDesc, SHARED},
    found,
    readiness::{Posted, Readiness},
    table,
};
use crate::testing::{Count, in_time};

const READ_READY: Flags = Flags::READ_READY;

#[cfg(target_os = "linux")]
#[test]
fn what_transfers_tell() {
    let slices = |count: usize, length: usize| std::iter::repeat_n(length, count);
    assert_eq!(found(10, slices(1, 10)), Found::More);
    assert_eq!(found(9, slices(1, 10)), Found::Empty);
    assert_eq!(found(0, slices(1, 10)), Found::More, "the end stays");
    assert_eq!(found(0, slices(1, 0)), Found::More);
    assert_eq!(found(20, slices(3, 10)), Found::Empty);
    assert_eq!(
        found(1024, slices(3000, 1)),
        Found::More,
        "no call takes more slices"
    );
    assert_eq!(
        found(0x7fff_f000, slices(1, 0x8000_0000)),
        Found::More,
        "no call takes more bytes"
    );
    assert_eq!(found(5, slices(3, usize::MAX)), Found::Empty);
}
