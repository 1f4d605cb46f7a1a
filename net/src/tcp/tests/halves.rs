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
            futures::future::join3(read.read_exact(&mut buffer), write.write_all(b"ping"), echo)
                .await;
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
