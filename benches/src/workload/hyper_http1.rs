//! What does a small HTTP request cost a server made with hyper?
//!
//! A child process serves 13 bytes to everybody; a load generator that is not ours asks for them: `wrk -t1` over 64 and
//! 1,000 keep-alive connections with HTTP/1 (`c64`, `c1000`), `h2load` over 50 connections with 100 streams each
//! (`h2`). The figure is the CPU time of the server process by request, since on two processors the load generator
//! is as busy as the server. tokio runs twice: with a worker thread, and with all in one thread.
//!
//! # What it does not show
//! Requests per second of a server that has a machine to itself. Time-outs: hyper gets no timer here. Bodies, TLS,
//! routing. Go's twin is `net/http`, which does more for a request (a date, a context, a header map).

use std::{future::ready, io};

use http_body_util::Full;
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    server::conn::{http1, http2},
    service::service_fn,
};

use super::{About, Driver};
use crate::{
    child::{Settings, server},
    metric::{REQUESTS, SERVER_CPU, Sample},
    runtime::{Answer, Runtime},
};

pub(super) const FEW: About = about(
    "an HTTP/1 request, 64 connections",
    Driver::Wrk { connections: 64 },
);
pub(super) const MANY: About = about(
    "an HTTP/1 request, 1,000 connections",
    Driver::Wrk { connections: 1000 },
);
pub(super) const HTTP2: About = about(
    "an HTTP/2 request, 50 connections of 100 streams",
    Driver::H2load {
        connections: 50,
        streams: 100,
    },
);

const fn about(question: &'static str, driver: Driver) -> About {
    About {
        question,
        metrics: &[SERVER_CPU, REQUESTS],
        procs: &[1],
        driver,
    }
}

pub(super) fn serve_http1<R: Runtime>(settings: &Settings) -> io::Result<Sample> {
    server::run::<R, _>(settings, http1::<R>)
}

pub(super) fn serve_http2<R: Runtime>(settings: &Settings) -> io::Result<Sample> {
    server::run::<R, _>(settings, http2::<R>)
}

async fn http1<R: Runtime>(stream: R::Stream) {
    let connection = http1::Builder::new().serve_connection(R::http_io(stream), service_fn(answer));
    // An error is a client that hung up, which is how the load generators end.
    let _ = connection.await;
}

async fn http2<R: Runtime>(stream: R::Stream) {
    let builder = http2::Builder::new(R::http_executor());
    let _ = builder
        .serve_connection(R::http_io(stream), service_fn(answer))
        .await;
}

fn answer(_: Request<Incoming>) -> Answer {
    ready(Ok(Response::new(Full::new(Bytes::from_static(
        b"Hello, World!",
    )))))
}
