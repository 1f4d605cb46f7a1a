//! The first phase: opens the connections.

use std::{
    io,
    iter::repeat_n,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::io::{AsyncReadExt, AsyncWriteExt};
use gmp::net::{TcpSocket, TcpStream};

use crate::{
    meter::Meter,
    parallel::{run_lanes, within_limit},
    preflight::Plan,
};

/// The connections of one lane.
pub(crate) type Lane = Vec<TcpStream>;

/// Opens the connections of the echo server, in as many lanes as the window is wide.
pub(crate) async fn connect_all(plan: &Plan, echo: &[SocketAddr], meter: &Arc<Meter>) -> Vec<Lane> {
    let targets = spread(echo, plan.per_destination, plan.connections);
    let lanes = deal(targets, plan.window).into_iter();
    run_lanes(lanes.map(|targets| connect_lane(targets, Arc::clone(meter)))).await
}

async fn connect_lane(targets: Vec<SocketAddr>, meter: Arc<Meter>) -> Lane {
    let mut lane = Vec::with_capacity(targets.len());
    for target in targets {
        let begun = Instant::now();
        let connected = within_limit(connect_to_echo(target)).await;
        meter.count(begun, &connected);
        lane.extend(connected);
    }
    lane
}

/// A connection counts from the moment when the server has answered on it. Before, it may be waiting for `accept`, or
/// not even be known to the server.
pub(crate) async fn connect_to_echo(address: SocketAddr) -> io::Result<TcpStream> {
    let mut stream = connect(address).await?;
    stream.write_all(b"?").await?;
    stream.read_exact(&mut [0]).await?;
    Ok(stream)
}

/// Connects with a socket whose drop resets the connection. An orderly end would leave a socket in the state TIME_WAIT
/// for a minute, and with it a source port.
pub(crate) async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_linger(Some(Duration::ZERO))?;
    socket.connect(address).await
}

/// The first `each` go to the first address, and so on.
pub(crate) fn spread(
    addresses: &[SocketAddr],
    each: usize,
    count: usize,
) -> impl Iterator<Item = SocketAddr> {
    addresses
        .iter()
        .flat_map(move |address| repeat_n(*address, each))
        .take(count)
}

/// Deals `items` out to at most `hands`, none of which is empty.
pub(crate) fn deal<T>(items: impl Iterator<Item = T>, hands: usize) -> Vec<Vec<T>> {
    let mut dealt: Vec<Vec<T>> = Vec::new();
    for (number, item) in items.enumerate() {
        match dealt.get_mut(number % hands) {
            Some(hand) => hand.push(item),
            None => dealt.push(vec![item]),
        }
    }
    dealt
}
