use std::{
    future::poll_fn,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::mpsc,
    task::{Poll, Waker},
    thread,
};

use gmp_executor::{Builder, spawn_blocking, wait::Reason};

use super::{Query, ToSocketAddrs};
use crate::{
    poller::WaitSite,
    testing::{in_time, poll_once, run},
};

async fn resolve(address: impl ToSocketAddrs) -> io::Result<Vec<SocketAddr>> {
    let mut query = address.to_query();
    let at = WaitSite::here(Reason::Connect);
    poll_fn(|cx| query.poll(cx, at))
        .await
        .map(Iterator::collect)
}

fn at_once(address: impl ToSocketAddrs) -> io::Result<Vec<SocketAddr>> {
    match poll_once(resolve(address), Waker::noop()) {
        Poll::Ready(addresses) => addresses,
        Poll::Pending => panic!("it waits"),
    }
}

#[test]
fn addresses_and_their_text_are_known_at_once() {
    let address: SocketAddr = "127.0.0.1:80".parse().unwrap();
    assert_eq!(at_once(address).unwrap(), [address]);
    assert_eq!(at_once("127.0.0.1:80").unwrap(), [address]);
    assert_eq!(at_once(String::from("127.0.0.1:80")).unwrap(), [address]);
    assert_eq!(at_once(("127.0.0.1", 80)).unwrap(), [address]);
    assert_eq!(at_once((String::from("127.0.0.1"), 80)).unwrap(), [address]);
    assert_eq!(at_once((Ipv4Addr::LOCALHOST, 80)).unwrap(), [address]);
    assert_eq!(
        at_once(&[address, address][..]).unwrap(),
        [address, address]
    );
    assert!(at_once("[::1]:80").unwrap()[0].is_ipv6());
}

#[test]
fn other_text_is_refused_at_once() {
    for text in ["", "localhost", "localhost:http", "127.0.0.1:66000"] {
        let error = at_once(text).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{text:?}");
        assert!(error.to_string().contains(&format!("{text:?}")), "{error}");
    }
}

#[test]
fn a_host_name_is_looked_up_on_another_thread() {
    run(async {
        assert!(matches!("localhost:80".to_query(), Query::Name(_)));
        let found = resolve("localhost:80").await?;
        assert!(
            found
                .iter()
                .all(|address| address.ip().is_loopback() && address.port() == 80),
            "{found:?}"
        );
        assert!(!found.is_empty());
        assert_eq!(resolve(("localhost", 80)).await?, found);
        Ok(())
    });
}

/// Look-ups are among the functions of `spawn_blocking`, and wait for their turn. One that is dropped leaves the queue.
#[test]
fn a_look_up_waits_for_its_turn() {
    in_time(|| {
        let runtime = Builder::new().blocking_threads(1).build().unwrap();
        let (begun, begins) = mpsc::channel();
        let (over, end) = mpsc::channel::<()>();
        let holder = {
            let _entered = runtime.enter();
            spawn_blocking(move || {
                begun.send(()).unwrap();
                end.recv()
            })
        };
        begins.recv().unwrap();
        let lookups: Vec<_> = (0..2)
            .map(|_| runtime.spawn(resolve("localhost:80")))
            .collect();
        while runtime.metrics().blocking_queued != 2 {
            assert!(lookups.iter().all(|lookup| !lookup.is_finished()));
            thread::yield_now(); // The watchdog ends this.
        }
        let mut lookups = lookups.into_iter();
        let given_up = lookups.next().unwrap();
        given_up.abort();
        assert!(runtime.block_on(given_up).unwrap_err().is_cancelled());
        while runtime.metrics().blocking_queued != 1 {
            thread::yield_now();
        }
        drop(over);
        assert!(runtime.block_on(holder).unwrap().is_err());
        let found = runtime.block_on(lookups.next().unwrap()).unwrap().unwrap();
        assert!(!found.is_empty());
    });
}

#[test]
fn outside_of_a_runtime_there_is_a_sentence() {
    let error = at_once("localhost:80").unwrap_err();
    assert!(error.to_string().contains("runtime"), "{error}");
}

#[test]
fn a_name_that_cannot_be_is_an_error() {
    run(async {
        // Not sent anywhere: a host name has no spaces.
        assert!(resolve("no such host:80").await.is_err());
        Ok(())
    });
}
