use std::{
    convert::Infallible,
    io::{self, IoSlice},
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use ::hyper::{
    Request, Response,
    body::Incoming,
    rt::{Read, ReadBuf, Timer as _, Write},
    server::conn::http1,
    service::service_fn,
};
use futures::{
    future::poll_fn,
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt, Cursor},
};

use super::{Executor, Io, Timer};
use crate::{
    TcpListener, TcpStream,
    testing::{pair, run},
};

async fn read<T: AsyncRead + Unpin + 'static>(io: &mut Io<T>, room: usize) -> io::Result<Vec<u8>> {
    let mut memory = vec![MaybeUninit::uninit(); room];
    let mut buffer = ReadBuf::uninit(&mut memory);
    poll_fn(|cx| Pin::new(&mut *io).poll_read(cx, buffer.unfilled())).await?;
    Ok(buffer.filled().to_vec())
}

#[test]
fn a_stream_reads_into_the_buffer_as_it_is() {
    run(async {
        let (mut client, server) = pair().await?;
        let mut io = Io::new(server);
        client.write_all(b"hello, world").await?;
        assert_eq!(read(&mut io, 5).await?, b"hello");
        assert_eq!(read(&mut io, 64).await?, b", world");
        drop(client);
        assert_eq!(read(&mut io, 64).await?, b"");
        Ok(())
    });
}

#[test]
fn other_streams_read_as_well() {
    run(async {
        let mut io = Io::new(Cursor::new(b"hello".to_vec()));
        assert_eq!(read(&mut io, 3).await?, b"hel");
        assert_eq!(read(&mut io, 64).await?, b"lo");
        assert_eq!(io.get_ref().position(), 5);
        assert_eq!(io.into_inner().position(), 5);
        Ok(())
    });
}

/// Tells of bytes that it was not asked for.
struct Liar;

impl AsyncRead for Liar {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        assert!(buffer.iter().all(|byte| *byte == 0));
        Poll::Ready(Ok(buffer.len() + 1))
    }
}

#[test]
#[should_panic(expected = "more bytes")]
fn a_stream_that_lies_about_its_bytes_is_caught() {
    let mut io = Io::new(Liar);
    let mut memory = [MaybeUninit::uninit(); 8];
    let mut buffer = ReadBuf::uninit(&mut memory);
    let mut cx = Context::from_waker(std::task::Waker::noop());
    let _ = Pin::new(&mut io).poll_read(&mut cx, buffer.unfilled());
}

#[test]
fn several_slices_go_in_one_write() {
    run(async {
        let (client, mut server) = pair().await?;
        let mut io = Io::new(client);
        assert!(io.is_write_vectored());
        assert!(!Io::new(Cursor::new(Vec::<u8>::new())).is_write_vectored());
        let slices = [IoSlice::new(b"ab"), IoSlice::new(b"cd")];
        let written = poll_fn(|cx| Pin::new(&mut io).poll_write_vectored(cx, &slices)).await?;
        assert_eq!(written, 4);
        assert_eq!(
            poll_fn(|cx| Pin::new(&mut io).poll_write(cx, b"e")).await?,
            1
        );
        poll_fn(|cx| Pin::new(&mut io).poll_flush(cx)).await?;
        poll_fn(|cx| Pin::new(&mut io).poll_shutdown(cx)).await?;
        let mut text = String::new();
        server.read_to_string(&mut text).await?;
        assert_eq!(text, "abcde");
        Ok(())
    });
}

#[test]
fn a_sleep_is_reset() {
    run(async {
        let begun = Instant::now();
        assert!(Timer.now() >= begun);
        let mut sleep = Timer.sleep(Duration::from_secs(3600));
        Timer.reset(&mut sleep, begun + Duration::from_millis(20));
        sleep.await;
        assert!(begun.elapsed() >= Duration::from_millis(20));
        Timer.sleep_until(begun).await;
        Ok(())
    });
}

#[test]
fn http() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let serve = async move {
            let (stream, _) = listener.accept().await.unwrap();
            let answer = |request: Request<Incoming>| async move {
                Ok::<_, Infallible>(Response::new(format!("you asked for {}\n", request.uri())))
            };
            let mut server = http1::Builder::new();
            server
                .timer(Timer)
                .header_read_timeout(Duration::from_secs(5));
            server
                .serve_connection(Io::new(stream), service_fn(answer))
                .await
                .unwrap();
        };
        ::hyper::rt::Executor::execute(&Executor, serve);
        let mut client = TcpStream::connect(address).await?;
        client.write_all(b"GET /one HTTP/1.1\r\nHost: x\r\n\r\nGET /two HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await?;
        let mut text = String::new();
        client.read_to_string(&mut text).await?;
        let bodies: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with("you"))
            .collect();
        assert_eq!(bodies, ["you asked for /one", "you asked for /two"]);
        Ok(())
    });
}
