//! The phase *echo*: a message there and back on each connection.

use std::{io, sync::Arc, time::Instant};

use futures::io::{AsyncReadExt, AsyncWriteExt};
use gmp::net::TcpStream;

use crate::{
    connect::Lane,
    meter::Meter,
    parallel::{run_lanes, within_limit},
};

const MESSAGE_BYTES: usize = 64;

/// Gives the connections that still work.
pub(crate) async fn echo_on_all(lanes: Vec<Lane>, meter: &Arc<Meter>) -> Vec<Lane> {
    let lanes = lanes.into_iter().enumerate();
    run_lanes(lanes.map(|(number, lane)| echo_on_lane(number, lane, Arc::clone(meter)))).await
}

async fn echo_on_lane(number: usize, lane: Lane, meter: Arc<Meter>) -> Lane {
    let mut working = Vec::with_capacity(lane.len());
    for (at, mut stream) in lane.into_iter().enumerate() {
        let begun = Instant::now();
        let echoed = within_limit(echo(&mut stream, message(number, at))).await;
        meter.count(begun, &echoed);
        working.extend(echoed.map(|()| stream));
    }
    working
}

async fn echo(stream: &mut TcpStream, message: [u8; MESSAGE_BYTES]) -> io::Result<()> {
    stream.write_all(&message).await?;
    let mut answer = [0; MESSAGE_BYTES];
    stream.read_exact(&mut answer).await?;
    if answer == message {
        Ok(())
    } else {
        Err(io::Error::other("other bytes came back"))
    }
}

/// Every connection has a message of its own, so that one's bytes on another would be seen.
fn message(lane: usize, at: usize) -> [u8; MESSAGE_BYTES] {
    let name = ((lane as u64) << 32 | at as u64).to_le_bytes();
    std::array::from_fn(|byte| name[byte % name.len()])
}
