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
        let (waits, waiting) = mpsc::channel();
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 1];
            let mut read = client.read(&mut buffer);
            let read = poll_fn(|cx| {
                let polled = Pin::new(&mut read).poll(cx);
                waits.send(()).unwrap();
                polled
            });
            gmp_executor::block_on(read).unwrap_err()
        });
        waiting.recv().unwrap();
        drop(runtime);
        assert!(reader.join().unwrap().to_string().contains("shut down"));
    });
}

#[test]
fn a_hundred_runtimes_use_sockets() {
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
    let Poll::Ready(Err(error)) = bound else {
        panic!("{bound:?}")
    };
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
