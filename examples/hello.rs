//! An HTTP server that answers every request with a greeting: HTTP/1 and HTTP/2 on the same port, told apart by the
//! bytes with which a client of HTTP/2 opens (`curl --http2-prior-knowledge`).
//!
//! `cargo run --release --example hello -- 127.0.0.1:8080`

use std::{convert::Infallible, io, process::ExitCode, time::Duration};

use bytes::Bytes;
use gmp::hyper::{Executor, Io};
use gmp::net::{TcpListener, TcpStream};
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming, server::conn, service::service_fn};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

async fn greet(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::from("Hello from gmp!\n")))
}

async fn speaks_http2(stream: &TcpStream) -> io::Result<bool> {
    let mut head = [0; PREFACE.len()];
    for _ in 0..100 {
        match stream.peek(&mut head).await? {
            n if n == 0 || head[..n] != PREFACE[..n] => return Ok(false),
            n if n == PREFACE.len() => return Ok(true),
            _ => gmp::sleep(Duration::from_millis(10)).await, // only a part of it has come
        }
    }
    Ok(false)
}

async fn serve(stream: TcpStream) -> hyper::Result<()> {
    let http2 = speaks_http2(&stream).await.unwrap_or(false);
    let (stream, service) = (Io::new(stream), service_fn(greet));
    if http2 {
        let http = conn::http2::Builder::new(Executor);
        http.serve_connection(stream, service).await
    } else {
        let http = conn::http1::Builder::new();
        http.serve_connection(stream, service).await
    }
}

async fn run(address: &str) -> io::Result<Infallible> {
    let listener = TcpListener::bind(address).await?;
    println!("hello: listening on http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        gmp::spawn(serve(stream));
    }
}

#[gmp::main]
async fn main() -> ExitCode {
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:8080");
    let Err(error) = run(address).await;
    eprintln!("hello: cannot serve on {address}, name another address: {error}");
    ExitCode::from(2)
}
