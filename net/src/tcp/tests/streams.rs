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
                drop(spawn(async move {
                    futures::io::copy(&stream, &mut &stream).await
                }));
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
        assert_eq!(
            client.write(b"more").await.unwrap_err().kind(),
            ErrorKind::BrokenPipe
        );
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
        let pieces: Vec<Vec<u8>> = (0..3000_usize)
            .map(|piece| vec![piece as u8; 1 + piece % 13])
            .collect();
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
        let full = loop {
            match client.try_write(&[7; 65_536]) {
                Ok(bytes) => sent += bytes,
                Err(error) => break error,
            }
        };
        assert_eq!(full.kind(), ErrorKind::WouldBlock);
        assert!(
            timeout(Duration::from_millis(20), client.writable())
                .await
                .is_err(),
            "there is no room"
        );
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
        assert_eq!(
            server.try_read(&mut [0; 8]).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
        assert_eq!(
            client.try_write_vectored(&[IoSlice::new(b"ab"), IoSlice::new(b"c")])?,
            3
        );
        server.readable().await?;
        let (mut one, mut two) = ([0; 1], [0; 8]);
        let mut slices = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)];
        assert_eq!(server.try_read_vectored(&mut slices)?, 3);
        assert_eq!((&one, &two[..2]), (b"a", &b"bc"[..]));
        assert_eq!(
            server.try_read(&mut [0; 8]).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
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
        let (accepted, connected) = join(
            listener.accept(),
            TcpStream::connect(listener.local_addr()?),
        )
        .await;
        assert_eq!(accepted?.1, connected?.local_addr()?);
        let std = std::net::TcpListener::try_from(listener)?;
        assert_eq!(
            std.accept().unwrap_err().kind(),
            ErrorKind::WouldBlock,
            "it stays non-blocking"
        );
        Ok(())
    });
}
