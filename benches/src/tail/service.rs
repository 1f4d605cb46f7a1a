//! Does a web service answer small requests while it calculates for large ones?
//!
//! A server made with hyper in a process of its own: `/health` answers at once, `/report` calculates for 300 ms of CPU time inside of
//! the handler. This program keeps 50, or 1,000, `/report` requests in flight and asks for `/health` 200 times a second for 10 s, by
//! the clock: what is asked late because the last answer was late counts from the time when it should have been asked. (A `wrk` with a
//! fixed rate, wrk2, does the same.) `reports/s` says what was calculated meanwhile; 2 processors can do 6.7. Then, where it is
//! installed, `wrk` loads `/health` for 5 s, the reports still in flight: another question with its own answers, see
//! `load::service::wrk`.
//!
//! # What it does not show
//! The server alone: this program's threads share the processors with it, and wait for one up to some milliseconds beside threads
//! that calculate, whoever is measured. Many small requests: a single connection asks. The end: 1,000 reports are 150 s of work for 2 processors, so the server is
//! killed before. `tokio-blocking` and `tokio-two` calculate as in [`tail`](super); Go's twin is `net/http`.

use std::{convert::Infallible, io, sync::OnceLock};

use http_body_util::Full;
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};

use super::Contestant;
use crate::{
    child::{Settings, server},
    metric::{
        HEALTH_MEDIAN, HEALTH_MOST, HEALTH_P99, HEALTHS, REPORTS, Sample, WRK_ANSWERS, WRK_MEDIAN,
        WRK_P99,
    },
    runtime::Runtime,
    work::Pace,
    workload::{About, Driver},
};

pub(crate) const FEW: About = about("a small request beside 50 large ones", 50);
pub(crate) const MANY: About = about("a small request beside 1,000 large ones", 1000);

const fn about(question: &'static str, reports: usize) -> About {
    About {
        question,
        metrics: &[
            HEALTH_MEDIAN,
            HEALTH_P99,
            HEALTH_MOST,
            HEALTHS,
            REPORTS,
            WRK_MEDIAN,
            WRK_P99,
            WRK_ANSWERS,
        ],
        procs: &[2],
        driver: Driver::Reports(reports),
    }
}

/// Units of work in a report: 300 ms.
const REPORT: u32 = 300_000;

static PACE: OnceLock<Pace> = OnceLock::new();

pub(crate) fn serve<C: Contestant>(settings: &Settings) -> io::Result<Sample> {
    PACE.get_or_init(|| settings.pace);
    C::prepare(settings.procs)?;
    server::run::<C::Runtime, _>(settings, connection::<C>)
}

async fn connection<C: Contestant>(stream: <C::Runtime as Runtime>::Stream) {
    let io = <C::Runtime as Runtime>::http_io(stream);
    // An error is a client that hung up, which is how the load ends.
    let _ = http1::Builder::new()
        .serve_connection(io, service_fn(answer::<C>))
        .await;
}

async fn answer<C: Contestant>(
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.uri().path() == "/report" {
        C::calculate(|| PACE.get().expect("the server has begun").work(REPORT)).await;
    }
    Ok(Response::new(Full::new(Bytes::from_static(b"done"))))
}
