use super::*;

type MioSocket = Socket<mio::net::TcpStream>;

fn pair(poller: &NetPoller) -> (TcpStream, MioSocket) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    (client, register(poller, server))
}

fn register(poller: &NetPoller, stream: TcpStream) -> MioSocket {
    stream.set_nonblocking(true).unwrap();
    let stream = mio::net::TcpStream::from_std(stream);
    Socket::register(stream, Flags::NOTHING, poller.shared.clone()).unwrap()
}

fn look(poller: &NetPoller) {
    poller
        .poll(Some(Instant::now()), &mut Ready::default())
        .unwrap();
}

fn read(socket: &MioSocket, length: usize) -> std::io::Result<usize> {
    let mut buffer = vec![0; length];
    socket.try_io(Direction::Read, |mut stream| {
        let bytes = stream.read(&mut buffer)?;
        Ok((bytes, found(bytes, std::iter::once(length))))
    })
}

/// Waits until so many bytes are in the socket, without the poller.
fn wait_for_bytes(socket: &MioSocket, bytes: usize) {
    let mut buffer = vec![0; bytes + 1];
    while !matches!(socket.source().peek(&mut buffer), Ok(there) if there == bytes) {
        thread::yield_now();
    }
}

/// Waits until the end of the stream has come, which cannot be peeked at behind bytes.
#[cfg(target_os = "linux")]
fn wait_for_the_end(socket: &MioSocket) {
    let mut asked = libc::pollfd {
        fd: std::os::fd::AsRawFd::as_raw_fd(socket.source()),
        events: libc::POLLRDHUP,
        revents: 0,
    };
    while asked.revents & libc::POLLRDHUP == 0 {
        // SAFETY: one struct, which lives on the stack.
        let answered = unsafe { libc::poll(&raw mut asked, 1, -1) };
        assert_eq!(answered, 1);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn data_and_end_in_one_event_are_both_read() {
    in_time(|| {
        let poller = NetPoller::new().unwrap();
        let (mut client, socket) = pair(&poller);
        client.write_all(b"data").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        wait_for_bytes(&socket, 4);
        wait_for_the_end(&socket);
        look(&poller);
        assert_eq!(read(&socket, 64).unwrap(), 4);
        assert_eq!(read(&socket, 64).unwrap(), 0, "no second event comes");
        assert_eq!(read(&socket, 64).unwrap(), 0);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_short_read_ends_trying() {
    in_time(|| {
        let poller = NetPoller::new().unwrap();
        let (mut client, socket) = pair(&poller);
        client.write_all(b"data").unwrap();
        wait_for_bytes(&socket, 4);
        look(&poller);
        assert_eq!(read(&socket, 3).unwrap(), 3, "full");
        assert_eq!(read(&socket, 3).unwrap(), 1, "short");
        let called = socket.try_io(Direction::Read, |_| -> std::io::Result<((), Found)> {
            panic!("it asked again")
        });
        assert_eq!(called.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    });
}

/// A duplicate keeps a closed descriptor in epoll: its event comes for a slot, and often a descriptor, that another socket
/// uses meanwhile.
#[test]
fn an_event_of_a_closed_socket_does_not_reach_the_next_one() {
    in_time(|| {
        let poller = NetPoller::new().unwrap();
        // Other tests take slots as well.
        let reused = (0..1000).any(|_| closed_and_reused(&poller));
        assert!(reused, "the slot was never used again");
    });
}

fn closed_and_reused(poller: &NetPoller) -> bool {
    let (mut client, former) = pair(poller);
    let (_next_client, next) = std_pair();
    let slot = former.slot();
    let duplicate: OwnedFd = std::os::fd::AsFd::as_fd(former.source())
        .try_clone_to_owned()
        .unwrap();
    client.write_all(b"for the former one").unwrap();
    wait_for_bytes(&former, 18);
    drop(former);
    let next = register(poller, next);
    look(poller);
    drop(duplicate);
    let same = std::ptr::eq(slot, next.slot());
    if same {
        assert!(
            !next.slot().readiness.load().lets_try(Direction::Read),
            "{next:?}"
        );
    }
    same
}

fn std_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (client, listener.accept().unwrap().0)
}

#[test]
fn the_poller_s_end_wakes_who_waits_and_closes_all() {
    in_time(|| {
        let poller = NetPoller::new().unwrap();
        let other_poller = NetPoller::new().unwrap();
        let (_client, socket) = pair(&poller);
        let (_other_client, other) = pair(&other_poller);
        let (count, waker) = Count::new();
        let (other_count, other_waker) = Count::new();
        assert_eq!(
            socket.slot().park(Direction::Read, &mut Seat::None, &waker),
            Parked::Waits
        );
        assert_eq!(
            other
                .slot()
                .park(Direction::Read, &mut Seat::None, &other_waker),
            Parked::Waits
        );
        let shared = poller.shared.clone();
        drop(poller);
        assert_eq!((count.get(), other_count.get()), (1, 0));
        assert!(
            read(&socket, 1)
                .unwrap_err()
                .to_string()
                .contains("shut down")
        );
        assert_eq!(
            read(&other, 1).unwrap_err().kind(),
            std::io::ErrorKind::WouldBlock
        );
        // Who opens one now sees that it is too late.
        let (_late_client, late) = std_pair();
        let late = Socket::register(mio::net::TcpStream::from_std(late), Flags::NOTHING, shared);
        assert!(late.unwrap_err().to_string().contains("shut down"));
    });
}

#[test]
fn slots_are_used_again() {
    let poller = NetPoller::new().unwrap();
    let opened: Vec<_> = (0..10_000)
        .map(|_| {
            let (desc, index, generation) = table::open(poller.shared.clone(), Flags::NOTHING);
            table::release(desc);
            (index, generation)
        })
        .collect();
    let highest = opened.iter().map(|(index, _)| index).max().unwrap();
    assert!(
        *highest < 5_000,
        "one slot would do, or a few beside other tests"
    );
    let names: std::collections::HashSet<_> = opened.iter().collect();
    assert_eq!(names.len(), opened.len(), "no name comes twice");
}
