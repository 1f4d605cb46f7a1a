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
    desc::{Parked, PollDesc},
    found,
    readiness::{Posted, Readiness},
    table,
};
use crate::testing::{Count, in_time};

const READ_READY: Flags = Flags::READ_READY;

mod word {
    use super::*;

    #[test]
    fn settling_takes_back_what_the_call_disproved() {
        let word = Readiness::new();
        let generation = word.open(Flags::WRITE_READY);
        assert_eq!(word.post(generation, READ_READY), Posted::Set);
        let seen = word.load();
        assert!(seen.lets_try(Direction::Read));
        word.settle(Direction::Read, seen, Found::More);
        assert!(word.load().lets_try(Direction::Read));
        word.settle(Direction::Read, seen, Found::Empty);
        assert!(!word.load().lets_try(Direction::Read));
        assert!(word.load().lets_try(Direction::Write), "the other direction is not touched");
    }

    #[test]
    fn settling_keeps_an_event_that_came_after_the_look() {
        for found in [Found::Empty, Found::Blocked] {
            let word = Readiness::new();
            let generation = word.open(READ_READY);
            let seen = word.load();
            assert_eq!(word.post(generation, READ_READY), Posted::Set);
            word.settle(Direction::Read, seen, found);
            assert!(word.load().lets_try(Direction::Read), "{found:?}");
        }
    }

    #[test]
    fn the_end_outlives_a_short_read_but_not_one_that_blocks() {
        let word = Readiness::new();
        let generation = word.open(Flags::NOTHING);
        assert_eq!(word.post(generation, READ_READY.and(Flags::READ_ENDED)), Posted::Set);
        word.settle(Direction::Read, word.load(), Found::Empty);
        assert!(word.load().lets_try(Direction::Read));
        word.settle(Direction::Read, word.load(), Found::Blocked);
        assert!(!word.load().lets_try(Direction::Read));
    }

    #[test]
    fn the_count_of_events_wraps_without_touching_the_rest() {
        let word = Readiness::new();
        let generation = word.open(Flags::NOTHING);
        for _ in 0..1 << 20 {
            assert_eq!(word.post(generation, READ_READY), Posted::Set);
        }
        assert_eq!(word.load().generation(), generation);
        assert!(!word.load().lets_try(Direction::Write));
    }

    #[test]
    fn an_event_of_a_former_generation_does_nothing() {
        let word = Readiness::new();
        let former = word.open(Flags::NOTHING);
        assert!(word.retire());
        let generation = word.open(Flags::NOTHING);
        assert_ne!(former, generation);
        let before = word.load();
        assert_eq!(word.post(former, READ_READY), Posted::Stale);
        assert_eq!(word.load(), before);
    }

    #[test]
    fn it_prints_what_it_holds() {
        let word = Readiness::new();
        let generation = word.open(Flags::WRITE_READY);
        assert_eq!(word.post(generation, READ_READY), Posted::Set);
        let text = format!("{:?}", word.load());
        assert_eq!(text, r#"Snapshot { generation: 1, events: 1, flags: ["readable", "writable"] }"#);
    }
}

mod waiters {
    use super::*;

    fn open(poller: &NetPoller) -> (PollDesc, u32) {
        let desc = PollDesc::new(7);
        let (index, generation) = desc.open(poller.shared.clone(), Flags::NOTHING);
        assert_eq!(index, 7);
        (desc, generation)
    }

    /// Posts, and tells how many waiters were taken.
    fn post(desc: &PollDesc, generation: u32, flags: Flags) -> String {
        let mut ready = Ready::default();
        desc.post(generation, flags, &mut ready);
        format!("{ready:?}")
    }

    fn holders(count: &Arc<Count>) -> usize {
        Arc::strong_count(count) - 2 // `count` itself and the waker that the test holds.
    }

    #[test]
    fn who_comes_after_the_event_does_not_wait() {
        let poller = NetPoller::new().unwrap();
        let (desc, generation) = open(&poller);
        let (count, waker) = Count::new();
        post(&desc, generation, READ_READY);
        assert_eq!(desc.park(Direction::Read, &mut Seat::Shared, &waker), Parked::TryAgain);
        assert_eq!(holders(&count), 0);
        assert_eq!(desc.park(Direction::Write, &mut Seat::Shared, &waker), Parked::Waits);
        assert_eq!(holders(&count), 1);
        assert!(desc.retire().is_some());
        assert_eq!(holders(&count), 0);
    }

    #[test]
    fn an_event_takes_all_waiters_of_its_direction() {
        let poller = NetPoller::new().unwrap();
        let (desc, generation) = open(&poller);
        let (readers, reader) = Count::new();
        let (writers, writer) = Count::new();
        let mut seats = [Seat::Shared, Seat::None, Seat::None];
        for seat in &mut seats {
            assert_eq!(desc.park(Direction::Read, seat, &reader), Parked::Waits);
            assert_eq!(desc.park(Direction::Write, &mut Seat::None, &writer), Parked::Waits);
        }
        assert_eq!((holders(&readers), holders(&writers)), (3, 3));
        post(&desc, generation, READ_READY);
        assert_eq!((holders(&readers), holders(&writers)), (0, 3));
        post(&desc, generation, Flags::WRITE_ENDED);
        assert_eq!(holders(&writers), 0);
        assert_eq!((readers.get(), writers.get()), (0, 0), "the poller wakes nobody by itself");
    }

    #[test]
    fn a_future_that_waits_again_replaces_its_own_waiter_only() {
        let poller = NetPoller::new().unwrap();
        let (desc, _) = open(&poller);
        let (first, first_waker) = Count::new();
        let (second, second_waker) = Count::new();
        let (mut one, mut other) = (Seat::None, Seat::None);
        assert_eq!(desc.park(Direction::Read, &mut one, &first_waker), Parked::Waits);
        assert_eq!(desc.park(Direction::Read, &mut other, &first_waker), Parked::Waits);
        assert_eq!(desc.park(Direction::Read, &mut one, &second_waker), Parked::Waits);
        assert_eq!((holders(&first), holders(&second)), (1, 1));
        desc.leave(Direction::Read, &other);
        assert_eq!((holders(&first), holders(&second)), (0, 1));
        desc.leave(Direction::Read, &one);
        assert_eq!((holders(&first), holders(&second)), (0, 0));
        assert_eq!((first.get(), second.get()), (0, 0));
        assert!(desc.retire().is_some());
    }

    #[test]
    fn who_is_displaced_from_the_shared_seat_is_woken() {
        let poller = NetPoller::new().unwrap();
        let (desc, _) = open(&poller);
        let (first, first_waker) = Count::new();
        let (second, second_waker) = Count::new();
        for waker in [&first_waker, &first_waker, &second_waker] {
            assert_eq!(desc.park(Direction::Read, &mut Seat::Shared, waker), Parked::Waits);
        }
        assert_eq!((first.get(), second.get()), (1, 0));
        assert!(desc.retire().is_some());
    }

    /// A waker whose clone and wake would deadlock under the lock of the slot.
    #[test]
    fn foreign_wakers_may_use_the_slot() {
        struct Reenters(&'static PollDesc);
        impl std::task::Wake for Reenters {
            fn wake(self: Arc<Self>) {
                assert_eq!(self.0.park(Direction::Read, &mut Seat::None, Waker::noop()), Parked::Waits);
            }
        }
        impl Drop for Reenters {
            fn drop(&mut self) {
                let mut seat = Seat::None;
                let _ = self.0.park(Direction::Write, &mut seat, Waker::noop());
                self.0.leave(Direction::Write, &seat);
            }
        }
        in_time(|| {
            let poller = NetPoller::new().unwrap();
            let desc: &'static PollDesc = Box::leak(Box::new(open(&poller).0));
            let mut seat = Seat::None;
            for _ in 0..2 {
                let waker = Arc::new(Reenters(desc)).into();
                assert_eq!(desc.park(Direction::Read, &mut Seat::Shared, &waker), Parked::Waits);
                let waker = Arc::new(Reenters(desc)).into();
                assert_eq!(desc.park(Direction::Write, &mut seat, &waker), Parked::Waits);
            }
            desc.leave(Direction::Write, &seat);
            assert!(desc.retire().is_some());
        });
    }

    #[test]
    fn a_slot_takes_one_cache_line() {
        assert_eq!(size_of::<PollDesc>(), 64);
    }
}

mod waiting {
    use super::*;

    fn poll(poller: &NetPoller, until: Option<Instant>) {
        poller.poll(until, &mut Ready::default()).unwrap();
    }

    fn after(duration: Duration) -> Option<Instant> {
        Some(Instant::now() + duration)
    }

    #[test]
    fn it_ends_at_its_deadline_and_not_before() {
        in_time(|| {
            let poller = NetPoller::new().unwrap();
            let mut latest = Duration::ZERO;
            for microseconds in [0, 1, 50, 300, 700, 1_300, 20_000, 100] {
                let until = Instant::now() + Duration::from_micros(microseconds);
                poll(&poller, Some(until));
                let late = Instant::now().checked_duration_since(until);
                latest = latest.max(late.expect("it ended before its deadline"));
            }
            println!("at most {latest:?} late");
        });
    }

    #[test]
    fn an_earlier_alarm_does_not_end_a_later_wait() {
        in_time(|| {
            let poller = NetPoller::new().unwrap();
            poller.interrupt();
            poll(&poller, after(Duration::from_millis(5)));
            let until = Instant::now() + Duration::from_millis(60);
            poll(&poller, Some(until));
            assert!(Instant::now() >= until);
        });
    }

    #[test]
    fn a_later_alarm_does_not_delay_an_earlier_wait() {
        in_time(|| {
            let poller = NetPoller::new().unwrap();
            poller.interrupt();
            poll(&poller, after(Duration::from_secs(3600)));
            poll(&poller, after(Duration::from_millis(5)));
        });
    }

    #[test]
    fn a_deadline_in_the_past_only_looks() {
        in_time(|| {
            let poller = NetPoller::new().unwrap();
            for _ in 0..1000 {
                poll(&poller, Some(Instant::now()));
            }
        });
    }

    #[test]
    fn interrupts_end_one_wait_together() {
        in_time(|| {
            let poller = Arc::new(NetPoller::new().unwrap());
            for _ in 0..3 {
                poller.interrupt();
            }
            poll(&poller, None);
            let until = Instant::now() + Duration::from_millis(30);
            poll(&poller, Some(until));
            assert!(Instant::now() >= until, "the second and third were left over");
        });
    }

    #[test]
    fn no_interrupt_is_lost() {
        in_time(|| {
            let poller = Arc::new(NetPoller::new().unwrap());
            let (pong, pongs) = std::sync::mpsc::channel();
            let interrupter = poller.clone();
            let thread = thread::spawn(move || {
                for _ in 0..20_000 {
                    interrupter.interrupt();
                    pongs.recv().expect("the waiter goes on");
                }
            });
            for _ in 0..20_000 {
                poll(&poller, None);
                pong.send(()).expect("the interrupter goes on");
            }
            thread.join().unwrap();
        });
    }
}

mod sockets {
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
        poller.poll(Some(Instant::now()), &mut Ready::default()).unwrap();
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

    #[test]
    fn data_and_end_in_one_event_are_both_read() {
        in_time(|| {
            let poller = NetPoller::new().unwrap();
            let (mut client, socket) = pair(&poller);
            client.write_all(b"data").unwrap();
            client.shutdown(Shutdown::Write).unwrap();
            wait_for_bytes(&socket, 4);
            thread::sleep(Duration::from_millis(20)); // The end of the stream cannot be peeked at.
            look(&poller);
            assert_eq!(read(&socket, 64).unwrap(), 4);
            assert_eq!(read(&socket, 64).unwrap(), 0, "no second event comes");
            assert_eq!(read(&socket, 64).unwrap(), 0);
        });
    }

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
            let called = socket.try_io(Direction::Read, |_| -> std::io::Result<((), Found)> { panic!("it asked again") });
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
        let duplicate: OwnedFd = std::os::fd::AsFd::as_fd(former.source()).try_clone_to_owned().unwrap();
        client.write_all(b"for the former one").unwrap();
        wait_for_bytes(&former, 18);
        drop(former);
        let next = register(poller, next);
        look(poller);
        drop(duplicate);
        let same = std::ptr::eq(slot, next.slot());
        if same {
            assert!(!next.slot().readiness.load().lets_try(Direction::Read), "{next:?}");
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
            assert_eq!(socket.slot().park(Direction::Read, &mut Seat::None, &waker), Parked::Waits);
            assert_eq!(other.slot().park(Direction::Read, &mut Seat::None, &other_waker), Parked::Waits);
            let shared = poller.shared.clone();
            drop(poller);
            assert_eq!((count.get(), other_count.get()), (1, 0));
            assert!(read(&socket, 1).unwrap_err().to_string().contains("shut down"));
            assert_eq!(read(&other, 1).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
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
        assert!(*highest < 5_000, "one slot would do, or a few beside other tests");
        let names: std::collections::HashSet<_> = opened.iter().collect();
        assert_eq!(names.len(), opened.len(), "no name comes twice");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_transfers_tell() {
    let slices = |count: usize, length: usize| std::iter::repeat_n(length, count);
    assert_eq!(found(10, slices(1, 10)), Found::More);
    assert_eq!(found(9, slices(1, 10)), Found::Empty);
    assert_eq!(found(0, slices(1, 10)), Found::More, "the end stays");
    assert_eq!(found(0, slices(1, 0)), Found::More);
    assert_eq!(found(20, slices(3, 10)), Found::Empty);
    assert_eq!(found(1024, slices(3000, 1)), Found::More, "no call takes more slices");
    assert_eq!(found(0x7fff_f000, slices(1, 0x8000_0000)), Found::More, "no call takes more bytes");
    assert_eq!(found(5, slices(3, usize::MAX)), Found::Empty);
}
