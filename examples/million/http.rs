//! The phases *open HTTP* and *HTTP*: requests over connections that are kept alive, with hyper at both ends.

use std::{io, net::SocketAddr, sync::Arc, time::Instant};

use bytes::Bytes;
use gmp::{hyper::Io, task::AbortHandle};
use http_body_util::{BodyExt, Empty};
use hyper::{
    Request, StatusCode,
    client::conn::http1::{SendRequest, handshake},
    header::HOST,
};

use crate::{
    connect::{connect, deal, spread},
    meter::Meter,
    parallel::{run_lanes, within_limit},
    preflight::Plan,
};

/// The HTTP connections of one lane.
pub(crate) type Lane = Vec<Session>;

/// An open connection. Its end is a reset, as everywhere in this program; hyper's own end would be an orderly one.
pub(crate) struct Session {
    requests: SendRequest<Empty<Bytes>>,
    connection: AbortHandle,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

pub(crate) async fn open_all(
    plan: &Plan,
    addresses: &[SocketAddr],
    meter: &Arc<Meter>,
) -> Vec<Lane> {
    let targets = spread(addresses, plan.per_destination, plan.http_connections);
    let lanes = deal(targets, plan.window).into_iter();
    run_lanes(lanes.map(|targets| open_lane(targets, Arc::clone(meter)))).await
}

async fn open_lane(targets: Vec<SocketAddr>, meter: Arc<Meter>) -> Lane {
    let mut lane = Vec::with_capacity(targets.len());
    for target in targets {
        let begun = Instant::now();
        let opened = within_limit(open(target)).await;
        meter.count(begun, &opened);
        lane.extend(opened);
    }
    lane
}

/// Connects and makes a first request, which shows that the server has accepted.
pub(crate) async fn open(address: SocketAddr) -> io::Result<Session> {
    let stream = connect(address).await?;
    let (requests, connection) = handshake(Io::new(stream)).await.map_err(io::Error::other)?;
    let connection = gmp::spawn(async move {
        // Whoever waits for an answer gets the error.
        let _ = connection.await;
    });
    let mut session = Session {
        requests,
        connection: connection.abort_handle(),
    };
    get(&mut session).await?;
    Ok(session)
}

/// `requests` on each connection, one after the other. Between two of them there is one on each other connection of the
/// lane.
pub(crate) async fn request_on_all(
    lanes: Vec<Lane>,
    requests: usize,
    meter: &Arc<Meter>,
) -> Vec<Lane> {
    run_lanes(
        lanes
            .into_iter()
            .map(|lane| request_on_lane(lane, requests, Arc::clone(meter))),
    )
    .await
}

async fn request_on_lane(mut lane: Lane, requests: usize, meter: Arc<Meter>) -> Lane {
    for _ in 0..requests {
        for session in &mut lane {
            let begun = Instant::now();
            let answered = within_limit(get(session)).await;
            meter.count(begun, &answered);
        }
    }
    lane
}

async fn get(session: &mut Session) -> io::Result<()> {
    let request = Request::get("/")
        .header(HOST, "localhost")
        .body(Empty::new());
    let request = request.map_err(io::Error::other)?;
    session.requests.ready().await.map_err(io::Error::other)?;
    let response = session
        .requests
        .send_request(request)
        .await
        .map_err(io::Error::other)?;
    if response.status() != StatusCode::OK {
        return Err(io::Error::other(format!(
            "HTTP status {}",
            response.status()
        )));
    }
    response
        .into_body()
        .collect()
        .await
        .map_err(io::Error::other)?;
    Ok(())
}
