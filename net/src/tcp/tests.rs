use std::{
    future::poll_fn,
    io::{self, ErrorKind, IoSlice, IoSliceMut},
    net::{Shutdown, SocketAddr},
    os::fd::{AsFd, AsRawFd},
    pin::Pin,
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

mod streams {
    use super::*;

    #[test]
    fn echo() {
        run(async {
            let listener = TcpListener::bind(ANY).await?;
            let address = listener.local_addr()?;
            let server = spawn(async move {
                let (stream, _) = listener.accept().await?;
                futures::io::copy(&stream, &mut &stream).await
            });
            let mut client = TcpStream::connect(address).await?;
            for round in 0..1000_u32 {
                client.write_all(&round.to_be_bytes()).await?;
                let mut answer = [0; 4];
                client.read_exact(&mut answer).await?;
                assert_eq!(answer, round.to_be_bytes());
            }
            client.close().await?;
            assert_eq!(client.read(&mut [0; 8]).await?, 0);
            assert_eq!(server.await.unwrap()?, 4000);
            Ok(())
        });
    }

    #[test]
    fn many_connections_echo_at_once() {
        run(async {
            let listener = TcpListener::bind(ANY).await?;
            let address = listener.local_addr()?;
            let server = spawn(async move {
                let mut incoming = listener.incoming();
                for _ in 0..200 {
                    let stream = incoming.next().await.expect("it does not end")?;
                    drop(spawn(async move { futures::io::copy(&stream, &mut &stream).await }));
                }
                io::Result::Ok(())
            });
            let clients = (0..200_u8).map(|client| {
                spawn(async move {
                    let mut stream = TcpStream::connect(address).await?;
                    for _ in 0..20 {
                        stream.write_all(&[client; 64]).await?;
                        let mut answer = [0; 64];
                        stream.read_exact(&mut answer).await?;
                        assert_eq!(answer, [client; 64]);
                    }
                    io::Result::Ok(())
                })
            });
            for client in join_all(clients).await {
                client.unwrap()?;
            }
            server.await.unwrap()
        });
    }

    #[test]
    fn the_end_comes_after_the_data() {
        run(async {
            for _ in 0..200 {
                let (mut client, mut server) = pair().await?;
                client.write_all(b"last words").await?;
                drop(client);
                let mut text = String::new();
                server.read_to_string(&mut text).await?;
                assert_eq!(text, "last words");
            }
            Ok(())
        });
    }

    #[test]
    fn a_closed_write_side_still_reads() {
        run(async {
            let (mut client, mut server) = pair().await?;
            client.close().await?;
            assert_eq!(client.write(b"more").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
            assert_eq!(server.read(&mut [0; 8]).await?, 0);
            server.write_all(b"answer").await?;
            let mut answer = [0; 6];
            client.read_exact(&mut answer).await?;
            server.shutdown(Shutdown::Both)?;
            assert_eq!(client.read(&mut [0; 8]).await?, 0);
            Ok(())
        });
    }

    #[test]
    fn a_reset_is_told() {
        run(async {
            let (client, mut server) = pair().await?;
            client.set_linger(Some(Duration::ZERO))?;
            assert_eq!(client.linger()?, Some(Duration::ZERO));
            let reader = spawn(async move {
                let mut buffer = [0; 8];
                let error = server.read(&mut buffer).await.unwrap_err();
                (error.kind(), server.close().await)
            });
            yield_now().await;
            drop(client);
            let (kind, closed) = reader.await.unwrap();
            assert_eq!(kind, ErrorKind::ConnectionReset);
            closed
        });
    }

    /// More slices than one call takes, and more bytes than the buffers hold: a call that took 1024 slices was not short.
    #[test]
    fn a_big_vectored_transfer() {
        const ROUNDS: usize = 400;
        run(async {
            let (mut client, server) = pair().await?;
            let pieces: Vec<Vec<u8>> = (0..3000_usize).map(|piece| vec![piece as u8; 1 + piece % 13]).collect();
            let whole = pieces.concat();
            let expected = whole.clone();
            let writer = spawn(async move {
                for _ in 0..ROUNDS {
                    let mut slices: Vec<_> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
                    let mut left = &mut slices[..];
                    while !left.is_empty() {
                        let written = client.write_vectored(left).await?;
                        IoSlice::advance_slices(&mut left, written);
                    }
                }
                client.close().await
            });
            for _ in 0..ROUNDS {
                let mut got = vec![0; whole.len()];
                read_vectored_exactly(&server, &mut got).await?;
                assert!(got == expected);
            }
            writer.await.unwrap()
        });
    }

    async fn read_vectored_exactly(mut server: &TcpStream, buffer: &mut [u8]) -> io::Result<()> {
        let mut read = 0;
        while read < buffer.len() {
            let mut slices: Vec<_> = buffer[read..].chunks_mut(7).map(IoSliceMut::new).collect();
            match server.read_vectored(&mut slices).await? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                bytes => read += bytes,
            }
        }
        Ok(())
    }

    #[test]
    fn the_writer_waits_for_room() {
        run(async {
            let (client, mut server) = pair().await?;
            let mut sent = 0;
            while client.writable().await.is_ok() {
                match client.try_write(&[7; 65_536]) {
                    Ok(bytes) => sent += bytes,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error),
                }
            }
            assert!(timeout(Duration::from_millis(20), client.writable()).await.is_err(), "there is no room");
            let reader = spawn(async move {
                let mut all = Vec::new();
                server.read_to_end(&mut all).await.map(|_| all.len())
            });
            (&client).write_all(&[7; 100_000]).await?;
            drop(client);
            assert_eq!(reader.await.unwrap()?, sent + 100_000);
            Ok(())
        });
    }

    #[test]
    fn try_operations_do_not_wait() {
        run(async {
            let (client, server) = pair().await?;
            assert_eq!(server.try_read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
            assert_eq!(client.try_write_vectored(&[IoSlice::new(b"ab"), IoSlice::new(b"c")])?, 3);
            server.readable().await?;
            let (mut one, mut two) = ([0; 1], [0; 8]);
            let mut slices = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)];
            assert_eq!(server.try_read_vectored(&mut slices)?, 3);
            assert_eq!((&one, &two[..2]), (b"a", &b"bc"[..]));
            assert_eq!(server.try_read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
            Ok(())
        });
    }

    #[test]
    fn peeking_takes_nothing() {
        run(async {
            let (mut client, mut server) = pair().await?;
            let waiting = spawn(async move {
                let mut buffer = [0; 64];
                for _ in 0..3 {
                    assert_eq!(server.peek(&mut buffer).await?, 4);
                }
                server.read(&mut buffer).await
            });
            yield_now().await;
            client.write_all(b"peek").await?;
            assert_eq!(waiting.await.unwrap()?, 4);
            Ok(())
        });
    }

    #[test]
    fn options() {
        run(async {
            let (client, server) = pair().await?;
            assert_eq!(client.local_addr()?, server.peer_addr()?);
            client.set_nodelay(true)?;
            assert!(client.nodelay()?);
            client.set_ttl(42)?;
            assert_eq!(client.ttl()?, 42);
            assert!(client.take_error()?.is_none());
            assert_eq!(client.as_raw_fd(), client.as_fd().as_raw_fd());
            assert!(format!("{client:?}").contains("writable"));
            Ok(())
        });
    }

    #[test]
    fn to_std_and_back() {
        run(async {
            let (client, mut server) = pair().await?;
            let std = std::net::TcpStream::try_from(client)?;
            let mut again = TcpStream::try_from(std)?;
            again.write_all(b"x").await?;
            assert_eq!(server.read(&mut [0; 8]).await?, 1);
            let std = std::net::TcpListener::bind(ANY)?;
            let listener = TcpListener::try_from(std)?;
            let (accepted, connected) = join(listener.accept(), TcpStream::connect(listener.local_addr()?)).await;
            assert_eq!(accepted?.1, connected?.local_addr()?);
            let std = std::net::TcpListener::try_from(listener)?;
            assert_eq!(std.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "it stays non-blocking");
            Ok(())
        });
    }
}

mod halves {
    use super::*;

    #[test]
    fn of_one_stream_work_in_two_tasks() {
        run(async {
            let (client, server) = pair().await?;
            let (mut read, mut write) = client.into_split();
            let writer = spawn(async move {
                for _ in 0..100 {
                    write.write_all(&[1; 10_000]).await?;
                }
                io::Result::Ok(()) // Dropping the half closes the write side.
            });
            let echo = spawn(async move { futures::io::copy(&server, &mut &server).await });
            let mut all = Vec::new();
            read.as_ref().readable().await?;
            read.read_to_end(&mut all).await?;
            assert_eq!(all.len(), 1_000_000);
            writer.await.unwrap()?;
            assert_eq!(echo.await.unwrap()?, 1_000_000);
            Ok(())
        });
    }

    #[test]
    fn borrowed() {
        run(async {
            let (mut client, mut server) = pair().await?;
            let (mut read, mut write) = TcpStream::split(&mut client);
            let mut buffer = [0; 4];
            let echo = async {
                let mut buffer = [0; 4];
                server.read_exact(&mut buffer).await?;
                server.write_all(&buffer).await
            };
            let (answer, written, echoed) =
                futures::future::join3(read.read_exact(&mut buffer), write.write_all(b"ping"), echo).await;
            answer.and(written).and(echoed)?;
            assert_eq!(&buffer, b"ping");
            client.close().await
        });
    }

    #[test]
    fn reunite() {
        run(async {
            let (client, server) = pair().await?;
            let (read, write) = client.into_split();
            let (other_read, other_write) = server.into_split();
            let ReuniteError(read, other_write) = read.reunite(other_write).unwrap_err();
            let mut client = read.reunite(write).unwrap();
            let mut server = other_read.reunite(other_write).unwrap();
            client.write_all(b"still open").await?;
            let mut buffer = [0; 10];
            server.read_exact(&mut buffer).await?;
            server.write_all(b"as well").await
        });
    }
}

mod readable {
    use super::*;

    #[test]
    fn several_tasks_are_all_woken() {
        run(async {
            let (mut client, server) = pair().await?;
            let server = std::sync::Arc::new(server);
            let tasks: Vec<_> = (0..10)
                .map(|_| {
                    let server = server.clone();
                    spawn(async move { server.readable().await })
                })
                .collect();
            sleep(Duration::from_millis(20)).await;
            client.write_all(b"x").await?;
            for task in tasks {
                task.await.unwrap()?;
            }
            Ok(())
        });
    }

    #[test]
    fn two_tasks_share_what_comes() {
        run(async {
            let (mut client, server) = pair().await?;
            let server = std::sync::Arc::new(server);
            let readers: Vec<_> = (0..2)
                .map(|_| {
                    let server = server.clone();
                    spawn(async move {
                        let mut sum = 0;
                        loop {
                            match read_some(&server).await?.len() {
                                0 => return io::Result::Ok(sum),
                                bytes => sum += bytes,
                            }
                        }
                    })
                })
                .collect();
            for _ in 0..500 {
                client.write_all(b"message").await?;
                yield_now().await;
            }
            client.close().await?;
            let mut sum = 0;
            for reader in readers {
                sum += reader.await.unwrap()?;
            }
            assert_eq!(sum, 3500);
            Ok(())
        });
    }

    #[test]
    fn dropping_the_future_takes_its_waiter_and_no_other() {
        run(async {
            let (mut client, server) = pair().await?;
            let (count, waker) = Count::new();
            let mut kept = server.readable();
            assert!(poll_once(Pin::new(&mut kept), &waker).is_pending());
            for _ in 0..3 {
                assert!(poll_once(server.readable(), &waker).is_pending());
                assert!(poll_once(server.peek(&mut [0; 1]), &waker).is_pending());
            }
            assert_eq!(std::sync::Arc::strong_count(&count), 3, "the waker, the count and the kept future's");
            client.write_all(b"x").await?;
            while count.get() == 0 {
                yield_now().await;
            }
            kept.await?;
            assert_eq!(count.get(), 1);
            Ok(())
        });
    }

    /// One that was woken and dropped takes nobody's wake-up with it.
    #[test]
    fn a_woken_and_dropped_future_loses_nothing() {
        run(async {
            let (mut client, mut server) = pair().await?;
            for _ in 0..100 {
                let waits = timeout(Duration::from_micros(50), server.readable());
                let (_, written) = join(waits, client.write_all(b"x")).await;
                written?;
                server.read_exact(&mut [0; 1]).await?;
            }
            Ok(())
        });
    }
}

mod listening {
    use super::*;

    #[test]
    fn several_tasks_accept() {
        run(async {
            let listener = std::sync::Arc::new(TcpListener::bind(ANY).await?);
            let address = listener.local_addr()?;
            let acceptors: Vec<_> = (0..4)
                .map(|_| {
                    let listener = listener.clone();
                    spawn(async move {
                        for _ in 0..25 {
                            listener.accept().await?;
                        }
                        io::Result::Ok(())
                    })
                })
                .collect();
            for _ in 0..100 {
                drop(TcpStream::connect(address).await?);
            }
            for acceptor in acceptors {
                acceptor.await.unwrap()?;
            }
            Ok(())
        });
    }

    #[test]
    fn poll_accept_waits() {
        run(async {
            let listener = TcpListener::bind(ANY).await?;
            let accept = poll_fn(|cx| listener.poll_accept(cx));
            let (accepted, connected) = join(accept, TcpStream::connect(listener.local_addr()?)).await;
            assert_eq!(accepted?.1, connected?.local_addr()?);
            Ok(())
        });
    }

    #[test]
    fn a_dropped_accept_loses_no_connection() {
        run(async {
            let listener = TcpListener::bind(ANY).await?;
            for _ in 0..20 {
                let (_, connected) = join(
                    timeout(Duration::from_micros(10), std::future::pending::<()>()),
                    TcpStream::connect(listener.local_addr()?),
                )
                .await;
                let (accepted, _) = match timeout(Duration::ZERO, listener.accept()).await {
                    Ok(accepted) => accepted?,
                    Err(_) => listener.accept().await?,
                };
                assert_eq!(accepted.peer_addr()?, connected?.local_addr()?);
            }
            Ok(())
        });
    }

    #[test]
    fn a_refused_connection_is_an_error() {
        run(async {
            let address = TcpListener::bind(ANY).await?.local_addr()?;
            let error = TcpStream::connect(address).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            let error = TcpSocket::new_v4()?.connect(address).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            Ok(())
        });
    }

    #[test]
    fn each_address_is_tried() {
        run(async {
            let listener = TcpListener::bind(ANY).await?;
            let refused = TcpListener::bind(ANY).await?.local_addr()?;
            let stream = TcpStream::connect(&[refused, listener.local_addr()?][..]).await?;
            assert_eq!(stream.peer_addr()?, listener.local_addr()?);
            let error = TcpStream::connect(&[][..]).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            let taken: &[SocketAddr] = &[listener.local_addr()?];
            assert_eq!(TcpListener::bind(taken).await.unwrap_err().kind(), ErrorKind::AddrInUse);
            Ok(())
        });
    }

    #[test]
    fn a_socket_keeps_its_options() {
        run(async {
            let socket = TcpSocket::new_v4()?;
            socket.set_reuseaddr(true)?;
            socket.set_reuseport(true)?;
            socket.set_recv_buffer_size(8192)?;
            socket.set_send_buffer_size(8192)?;
            assert!(socket.recv_buffer_size()? >= 8192 && socket.send_buffer_size()? >= 8192);
            socket.bind(ANY.parse().unwrap())?;
            let listener = socket.listen(16)?;
            let twin = TcpSocket::new_v4()?;
            twin.set_reuseport(true)?;
            twin.bind(listener.local_addr()?)?;
            assert_eq!(twin.local_addr()?, listener.local_addr()?);
            let client = TcpSocket::new_v4()?;
            client.set_nodelay(true)?;
            client.set_linger(Some(Duration::ZERO))?;
            let stream = client.connect(listener.local_addr()?).await?;
            assert!(stream.nodelay()?);
            assert_eq!(stream.linger()?, Some(Duration::ZERO));
            Ok(())
        });
    }

    #[test]
    fn ipv6() {
        run(async {
            let socket = TcpSocket::new_v6()?;
            if socket.bind("[::1]:0".parse().unwrap()).is_err() {
                println!("skipped: there is no IPv6 here");
                return Ok(());
            }
            let listener = socket.listen(1)?;
            let stream = TcpStream::connect(listener.local_addr()?).await?;
            assert!(stream.peer_addr()?.is_ipv6());
            Ok(())
        });
    }
}

mod shortage {
    use super::*;
    use crate::{
        poller::{Direction, WaitSite, Waiting},
        tcp::backoff::Backoff,
    };

    fn out_of_descriptors() -> io::Error {
        io::Error::from_raw_os_error(libc::EMFILE)
    }

    /// The pauses are 5, 10, 20 … ms, and a connection that was given up costs none.
    #[test]
    fn the_pauses_double() {
        run(async {
            let listener = TcpListener::bind(ANY).await?;
            let _client = TcpStream::connect(listener.local_addr()?).await?;
            let at = WaitSite::here(gmp_executor::wait::Reason::Accept);
            let mut waiting = Waiting::new(&listener.socket, Direction::Read, at);
            let mut backoff = Backoff::default();
            let mut calls = Vec::new();
            poll_fn(|cx| {
                backoff.poll_with(&mut waiting, cx, |listener| {
                    calls.push(Instant::now());
                    match calls.len() {
                        1..=4 => Err(out_of_descriptors()),
                        5 => Err(ErrorKind::ConnectionAborted.into()),
                        _ => listener.accept(),
                    }
                })
            })
            .await?;
            let pauses: Vec<_> = calls.windows(2).map(|pair| pair[1] - pair[0]).collect();
            for (pause, least) in pauses.iter().zip([5, 10, 20, 40]) {
                assert!(*pause >= Duration::from_millis(least), "{pauses:?}");
            }
            assert_eq!(pauses.len(), 5);
            Ok(())
        });
    }

    #[test]
    fn other_errors_come_out() {
        run(async {
            let listener = TcpListener::bind(ANY).await?;
            let _client = TcpStream::connect(listener.local_addr()?).await?;
            let at = WaitSite::here(gmp_executor::wait::Reason::Accept);
            let mut waiting = Waiting::new(&listener.socket, Direction::Read, at);
            let mut backoff = Backoff::default();
            let denied = |_: &_| Err::<(), _>(io::Error::from_raw_os_error(libc::EPERM));
            let accepted = poll_fn(|cx| backoff.poll_with(&mut waiting, cx, denied)).await;
            assert_eq!(accepted.unwrap_err().kind(), ErrorKind::PermissionDenied);
            Ok(())
        });
    }

    /// The limit is the process's, so it runs in a child.
    #[test]
    fn at_the_limit_of_descriptors_it_does_not_spin() {
        in_time(|| {
            let name = "tcp::tests::shortage::in_a_process_at_its_limit";
            let program = std::env::current_exe().unwrap();
            let child = std::process::Command::new(program).args(["--exact", name, "--ignored"]).output().unwrap();
            let text = String::from_utf8_lossy(&child.stdout);
            assert!(child.status.success() && text.contains("1 passed"), "{text}");
        });
    }

    #[test]
    #[ignore = "for a process of its own: `at_the_limit_of_descriptors_it_does_not_spin` starts it"]
    fn in_a_process_at_its_limit() {
        with_runtime(|runtime| {
            let (listener, clients) = runtime.block_on(runtime.spawn(async {
                let listener = TcpListener::bind(ANY).await?;
                let address = listener.local_addr()?;
                let clients = join_all((0..3).map(|_| TcpStream::connect(address))).await;
                io::Result::Ok((listener, clients))
            })).unwrap().unwrap();
            let limit = set_limit(open_descriptors());
            let acceptor = runtime.spawn(async move { listener.accept().await.map(|_| Instant::now()) });
            let before = processor_time();
            std::thread::sleep(Duration::from_millis(1500));
            let burnt = processor_time() - before;
            assert!(!acceptor.is_finished(), "there was no descriptor for it");
            assert!(burnt < Duration::from_millis(75), "5 % is 75 ms, it was {burnt:?}");
            set_limit(limit);
            let lifted = Instant::now();
            let accepted = runtime.block_on(acceptor).unwrap().unwrap();
            let late = accepted - lifted;
            assert!(late < Duration::from_millis(1100), "it came back after {late:?}");
            drop(clients);
        });
    }

    fn open_descriptors() -> u64 {
        // A listing opens one itself, which is closed afterwards.
        std::fs::read_dir("/dev/fd").unwrap().count() as u64 - 1
    }

    /// Returns what it was.
    fn set_limit(soft: u64) -> u64 {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: the struct lives on the stack.
        assert_eq!(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) }, 0);
        let was = limit.rlim_cur;
        limit.rlim_cur = soft;
        // SAFETY: as above.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) }, 0);
        was
    }

    fn processor_time() -> Duration {
        // SAFETY: a struct of integers, for which all zeros is a value.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: the struct lives on the stack.
        assert_eq!(unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) }, 0);
        let time = |time: libc::timeval| {
            Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64)
        };
        time(usage.ru_utime) + time(usage.ru_stime)
    }
}

mod runtimes {
    use super::*;

    #[test]
    fn a_socket_that_outlives_its_runtime_fails() {
        in_time(|| {
            let runtime = Runtime::new().unwrap();
            let (mut client, _server, listener) = runtime
                .block_on(async {
                    let (client, server) = pair().await?;
                    io::Result::Ok((client, server, TcpListener::bind(ANY).await?))
                })
                .unwrap();
            let (count, waker) = Count::new();
            let mut readable = client.readable();
            assert!(poll_once(Pin::new(&mut readable), &waker).is_pending());
            runtime.shutdown();
            while count.get() == 0 {
                std::thread::yield_now(); // The watchdog ends this.
            }
            assert_closed(poll_once(readable, &waker));
            assert_closed(poll_once(client.read(&mut [0; 1]), &waker).map_ok(drop));
            assert_closed(poll_once(client.write(b"x"), &waker).map_ok(drop));
            assert_closed(poll_once(listener.accept(), &waker).map_ok(drop));
            assert_closed(Poll::Ready(client.try_read(&mut [0; 1]).map(drop)));
            assert!(client.peer_addr().is_ok(), "what does not wait still works");
            assert!(client.shutdown(Shutdown::Both).is_ok());
        });
    }

    fn assert_closed(result: Poll<io::Result<()>>) {
        match result {
            Poll::Ready(Err(error)) => assert!(error.to_string().contains("shut down"), "{error}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_blocked_reader_learns_of_the_runtime_s_end() {
        in_time(|| {
            let runtime = Runtime::new().unwrap();
            let (mut client, _server) = runtime.block_on(pair()).unwrap();
            let reader = std::thread::spawn(move || gmp_executor::block_on(client.read(&mut [0; 1])).unwrap_err());
            std::thread::sleep(Duration::from_millis(20));
            drop(runtime);
            assert!(reader.join().unwrap().to_string().contains("shut down"));
        });
    }

    #[test]
    fn a_thousand_runtimes_use_sockets() {
        in_time(|| {
            for _ in 0..100 {
                let runtime = Runtime::new().unwrap();
                let streams = runtime.block_on(pair()).unwrap();
                drop(runtime);
                drop(streams);
            }
        });
    }

    #[test]
    fn outside_of_a_runtime_there_is_a_sentence() {
        let bound = poll_once(TcpListener::bind(ANY), Waker::noop());
        let Poll::Ready(Err(error)) = bound else { panic!("{bound:?}") };
        assert!(error.to_string().contains("runtime"), "{error}");
    }

    #[test]
    fn sockets_are_used_from_another_runtime_and_from_threads() {
        in_time(|| {
            let home = Runtime::new().unwrap();
            let guest = Runtime::new().unwrap();
            let (mut client, mut server) = home.block_on(pair()).unwrap();
            let echo = guest.spawn(async move {
                let mut buffer = [0; 4];
                server.read_exact(&mut buffer).await?;
                server.write_all(&buffer).await
            });
            gmp_executor::block_on(client.write_all(b"ping")).unwrap();
            gmp_executor::block_on(client.read_exact(&mut [0; 4])).unwrap();
            guest.block_on(echo).unwrap().unwrap();
        });
    }
}

#[test]
fn streams_are_small() {
    // mio remembers its selector with debug assertions.
    let debug = if cfg!(debug_assertions) { 8 } else { 0 };
    assert!(size_of::<TcpStream>() <= 16 + debug, "{}", size_of::<TcpStream>());
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
