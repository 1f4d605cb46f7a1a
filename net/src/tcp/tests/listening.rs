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

/// Tasks that wait for one socket leave one another alone until something comes.
#[test]
fn waiting_tasks_are_polled_once() {
    run(async {
        let listener = Arc::new(TcpListener::bind(ANY).await?);
        let polls = Arc::new(AtomicUsize::new(0));
        let acceptors: Vec<_> = (0..4)
            .map(|index| {
                let (listener, polls) = (listener.clone(), polls.clone());
                spawn(async move {
                    let mut accept = listener.accept();
                    poll_fn(|cx| {
                        polls.fetch_add(1, SeqCst);
                        match index % 2 {
                            0 => listener.poll_accept(cx),
                            _ => Pin::new(&mut accept).poll(cx),
                        }
                    })
                    .await
                })
            })
            .collect();
        while polls.load(SeqCst) < 4 {
            yield_now().await;
        }
        for _ in 0..1000 {
            yield_now().await; // Who spins is polled in between.
        }
        assert_eq!(polls.load(SeqCst), 4);
        for _ in &acceptors {
            TcpStream::connect(listener.local_addr()?).await?;
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
        assert_eq!(
            TcpListener::bind(taken).await.unwrap_err().kind(),
            ErrorKind::AddrInUse
        );
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
