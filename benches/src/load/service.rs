//! The load of `tail_service`: reports in flight, and small requests by the clock.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    metric::{HEALTH_MEDIAN, HEALTH_MOST, HEALTH_P99, HEALTHS, REPORTS, Sample},
    statistics::quantile,
};

#[cfg(test)]
mod tests;
pub(super) mod wrk;

const MEASURED: Duration = Duration::from_secs(10);
/// Between two small requests.
const PERIOD: Duration = Duration::from_millis(5);
/// Until the reports are in flight.
const WARM_UP: Duration = Duration::from_millis(500);
/// Of a thread that sends and reads.
const STACK: usize = 128 << 10;

pub(super) fn measure(server: SocketAddr, reports: usize) -> io::Result<Sample> {
    let mut health = Client::connect(server)?;
    health.ask("/health", None)?;
    let answered = Arc::new(AtomicU64::new(0));
    for _ in 0..reports {
        let (mut client, answered) = (Client::connect(server)?, answered.clone());
        // Ends when the server is killed.
        thread::Builder::new().stack_size(STACK).spawn(move || {
            while client.ask("/report", None).is_ok() {
                answered.fetch_add(1, Relaxed);
            }
        })?;
    }
    thread::sleep(WARM_UP);
    let before = answered.load(Relaxed);
    let (mut late, answers) = ask_by_the_clock(&mut health, Instant::now() + MEASURED)?;
    let reports = (answered.load(Relaxed) - before) as f64 / MEASURED.as_secs_f64();
    Ok(Sample::default()
        .with(HEALTH_MEDIAN, quantile(&mut late, 0.5))
        .with(HEALTH_P99, quantile(&mut late, 0.99))
        .with(HEALTH_MOST, quantile(&mut late, 1.0))
        .with(HEALTHS, answers as f64)
        .with(REPORTS, reports))
}

/// How long after the time when it should have been asked each was answered, in milliseconds, and how many were.
/// Those that are not answered at the end are as late as they are then.
fn ask_by_the_clock(client: &mut Client, end: Instant) -> io::Result<(Vec<f64>, usize)> {
    let mut late = Vec::new();
    let mut due = Instant::now();
    let mut answers = 0;
    while due < end {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        match client.ask("/health", Some(end)) {
            Ok(()) => {
                late.push(milliseconds(due, Instant::now()));
                answers += 1;
                due += PERIOD;
            }
            Err(error) if is_late(&error) => break,
            Err(error) => return Err(error),
        }
    }
    late.extend(unanswered(due, end));
    Ok((late, answers))
}

/// What should have been asked from `due` on.
fn unanswered(due: Instant, end: Instant) -> impl Iterator<Item = f64> {
    let dues = std::iter::successors(Some(due), |due| Some(*due + PERIOD));
    dues.take_while(move |due| *due < end)
        .map(move |due| milliseconds(due, end))
}

fn milliseconds(due: Instant, now: Instant) -> f64 {
    now.saturating_duration_since(due).as_secs_f64() * 1e3
}

fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// A connection that stays.
struct Client(TcpStream);

impl Client {
    fn connect(server: SocketAddr) -> io::Result<Client> {
        let stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        Ok(Client(stream))
    }

    /// Asks, and waits for the answer until then.
    fn ask(&mut self, path: &str, until: Option<Instant>) -> io::Result<()> {
        write!(self.0, "GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n")?;
        let mut answer = Vec::new();
        let mut chunk = [0; 512];
        while !is_whole(&answer) {
            if let Some(until) = until {
                let left = until.saturating_duration_since(Instant::now());
                self.0
                    .set_read_timeout(Some(left.max(Duration::from_micros(1))))?;
            }
            match self.0.read(&mut chunk)? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                length => answer.extend_from_slice(&chunk[..length]),
            }
        }
        if answer.starts_with(b"HTTP/1.1 200 ") {
            Ok(())
        } else {
            let answer = String::from_utf8_lossy(&answer);
            Err(io::Error::other(format!("the server answered {answer:?}")))
        }
    }
}

/// The head is there, and as much behind it as it says.
fn is_whole(answer: &[u8]) -> bool {
    let Some((head, body)) = std::str::from_utf8(answer)
        .ok()
        .and_then(|text| text.split_once("\r\n\r\n"))
    else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_it = name.eq_ignore_ascii_case("content-length");
        is_it.then(|| value.trim().parse().ok())?
    });
    body.len() >= length.unwrap_or(0)
}
