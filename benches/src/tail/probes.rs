//! Who is kept waiting.

use std::{
    io::{self, ErrorKind},
    sync::Arc,
    time::{Duration, Instant},
};

use super::record::Record;
use crate::{child::server, runtime::Runtime};

/// How long a sleeper sleeps, and the pause between two messages.
const PAUSE: Duration = Duration::from_millis(1);
const MESSAGE: [u8; 64] = [b'x'; 64];

pub(super) async fn sleep<R: Runtime>(record: Arc<Record>) {
    loop {
        record.wait(Instant::now() + PAUSE);
        R::sleep(PAUSE).await;
        record.came();
    }
}

/// Spawns a server and its client.
pub(super) async fn echo<R: Runtime>(record: Arc<Record>) -> io::Result<()> {
    let (listener, address) = server::listener()?;
    let listener = R::listen(listener)?;
    let mut client = R::connect(address).await?;
    let mut served = R::accept(&listener).await?;
    R::set_nodelay(&client)?;
    R::set_nodelay(&served)?;
    R::detach(async move {
        let _listens = listener;
        answer::<R>(&mut served).await.expect("the client is there");
    });
    R::detach(async move {
        ask::<R>(&mut client, &record)
            .await
            .expect("the server is there");
    });
    Ok(())
}

async fn answer<R: Runtime>(stream: &mut R::Stream) -> io::Result<()> {
    loop {
        let message = read_whole::<R>(stream).await?;
        R::write_all(stream, &message).await?;
    }
}

async fn ask<R: Runtime>(stream: &mut R::Stream, record: &Record) -> io::Result<()> {
    loop {
        record.wait(Instant::now());
        R::write_all(stream, &MESSAGE).await?;
        read_whole::<R>(stream).await?;
        record.came();
        R::sleep(PAUSE).await;
    }
}

async fn read_whole<R: Runtime>(stream: &mut R::Stream) -> io::Result<[u8; 64]> {
    let mut message = MESSAGE;
    let mut length = 0;
    while length < message.len() {
        match R::read(stream, &mut message[length..]).await? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            more => length += more,
        }
    }
    Ok(message)
}
