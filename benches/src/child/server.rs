//! A child that serves: the program makes the load and says when to read the counters.
//!
//! # How it works
//! The child prints `{"port":N}`. For each line `mark` on its standard input it prints its CPU time and resident
//! memory; when the input ends, so does the child.

use std::{
    io::{self, BufRead},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    thread,
};

use serde_json::json;
use socket2::{Domain, Socket, Type};

use super::Settings;
use crate::{meter, metric::Sample, runtime::Runtime};

/// As many connections as may stand in line: the standard library's 128 make 1,000 clients that come at once wait for
/// a second until they ask again.
const BACKLOG: i32 = 4096;

/// Gives each connection to `connection`, in a task of its own. Ends with the process.
pub(crate) fn run<R: Runtime, F>(
    settings: &Settings,
    connection: fn(R::Stream) -> F,
) -> io::Result<Sample>
where
    F: Future<Output = ()> + Send + 'static,
{
    let runtime = R::new(settings.procs)?;
    let (listener, address) = listener()?;
    println!("{}", json!({ "port": address.port() }));
    thread::spawn(obey);
    runtime.run(async move {
        let listener = R::listen(listener)?;
        loop {
            let stream = R::accept(&listener).await?;
            R::set_nodelay(&stream)?;
            R::detach(connection(stream));
        }
    })
}

/// A listener on loopback that does not block.
pub(crate) fn listener() -> io::Result<(TcpListener, SocketAddr)> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    let listener = TcpListener::from(socket);
    let address = listener.local_addr()?;
    Ok((listener, address))
}

fn obey() {
    for _ in io::stdin().lock().lines().map_while(Result::ok) {
        let resident = meter::resident_bytes().unwrap_or(0);
        println!(
            "{}",
            json!({ "cpu": meter::cpu_time().as_nanos() as u64, "resident": resident })
        );
    }
    std::process::exit(0)
}
