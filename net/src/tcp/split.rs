//! A stream as two halves.
//!
//! Both kinds, borrowed and owned, are one body: a half is a reference to its stream. Two halves need no lock, since all operations
//! go through `&TcpStream`, and those of one direction do not touch the other's waiters.

use std::{error, fmt, net::Shutdown, sync::Arc};

use super::TcpStream;

/// The half that reads: implements [`AsyncRead`](futures::io::AsyncRead). [`as_ref`](AsRef::as_ref) gives the stream, for instance for
/// [`readable`](TcpStream::readable).
#[derive(Debug)]
pub struct ReadHalf<S>(S);

/// The half that writes: implements [`AsyncWrite`](futures::io::AsyncWrite). [`as_ref`](AsRef::as_ref) gives the stream, for instance
/// for [`writable`](TcpStream::writable).
#[derive(Debug)]
pub struct WriteHalf<S>(S);

/// A half of [`TcpStream::into_split`].
pub type OwnedReadHalf = ReadHalf<Arc<TcpStream>>;

/// A half of [`TcpStream::into_split`]. Dropping it closes the write side: the peer reads the end of the stream.
pub type OwnedWriteHalf = WriteHalf<SharedStream>;

/// What an [`OwnedWriteHalf`] holds: its stream, whose write side closes with it.
#[derive(Debug)]
pub struct SharedStream(Option<Arc<TcpStream>>);

impl TcpStream {
    /// Two halves that borrow the stream.
    ///
    /// Where `futures::AsyncReadExt` is in scope, `stream.split()` means *its* method, which takes the stream and puts it behind a
    /// lock: write `TcpStream::split(&mut stream)` there.
    ///
    /// ```
    /// # let runtime = gmp_executor::Runtime::new()?;
    /// # runtime.block_on(async {
    /// # use futures::io::{AsyncReadExt, AsyncWriteExt};
    /// # use gmp_net::{TcpListener, TcpStream};
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = TcpStream::connect(listener.local_addr()?).await?;
    /// # let (echo, _) = listener.accept().await?;
    /// # gmp_executor::spawn(async move { futures::io::copy(&echo, &mut &echo).await });
    /// let (mut read, mut write) = TcpStream::split(&mut stream);
    /// let mut answer = [0; 4];
    /// futures::future::try_join(write.write_all(b"ping"), read.read_exact(&mut answer)).await?;
    /// assert_eq!(&answer, b"ping");
    /// # std::io::Result::Ok(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn split(&mut self) -> (ReadHalf<&TcpStream>, WriteHalf<&TcpStream>) {
        (ReadHalf(&*self), WriteHalf(&*self))
    }

    /// Two halves for two tasks. [`reunite`](OwnedReadHalf::reunite) joins them again.
    ///
    /// ```
    /// # let runtime = gmp_executor::Runtime::new()?;
    /// # runtime.block_on(async {
    /// # use futures::io::{AsyncReadExt, AsyncWriteExt};
    /// # use gmp_net::{TcpListener, TcpStream};
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let client = TcpStream::connect(listener.local_addr()?).await?;
    /// # let (server, _) = listener.accept().await?;
    /// let (mut read, mut write) = client.into_split();
    /// let writer = gmp_executor::spawn(async move { write.write_all(b"ping").await });
    /// // Echo until the writer is done and has dropped its half.
    /// futures::io::copy(&server, &mut &server).await?;
    /// drop(server);
    ///
    /// let mut text = String::new();
    /// read.read_to_string(&mut text).await?;
    /// assert_eq!(text, "ping");
    /// # writer.await.unwrap()?;
    /// # std::io::Result::Ok(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        let stream = Arc::new(self);
        (
            ReadHalf(stream.clone()),
            WriteHalf(SharedStream(Some(stream))),
        )
    }
}

impl OwnedReadHalf {
    /// Joins two halves to the stream that they come from.
    ///
    /// # Errors
    /// Gives the halves back if they come from two streams.
    pub fn reunite(self, mut other: OwnedWriteHalf) -> Result<TcpStream, ReuniteError> {
        if !other
            .0
            .0
            .as_ref()
            .is_some_and(|stream| Arc::ptr_eq(&self.0, stream))
        {
            return Err(ReuniteError(self, other));
        }
        other.0.0 = None;
        Ok(Arc::into_inner(self.0).expect("there are two halves of a stream"))
    }
}

impl<S: AsRef<TcpStream>> AsRef<TcpStream> for ReadHalf<S> {
    fn as_ref(&self) -> &TcpStream {
        self.0.as_ref()
    }
}

impl<S: AsRef<TcpStream>> AsRef<TcpStream> for WriteHalf<S> {
    fn as_ref(&self) -> &TcpStream {
        self.0.as_ref()
    }
}

impl AsRef<TcpStream> for SharedStream {
    fn as_ref(&self) -> &TcpStream {
        self.0.as_ref().expect("taken by `reunite` only")
    }
}

impl Drop for SharedStream {
    fn drop(&mut self) {
        if let Some(stream) = &self.0 {
            // That the connection is gone is no news to who drops it.
            let _ = stream.shutdown(Shutdown::Write);
        }
    }
}

/// The halves come from two streams. Here they are.
#[derive(Debug)]
pub struct ReuniteError(pub OwnedReadHalf, pub OwnedWriteHalf);

impl fmt::Display for ReuniteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("these halves come from two streams")
    }
}

impl error::Error for ReuniteError {}
