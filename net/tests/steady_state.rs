//! What a TCP round trip on an established connection costs beside the waiting: two sends, two receives, no memory.
//!
//! The system calls are counted by strace, in a process of its own; where there is no strace that test says so and counts nothing.
//! The allocations are those of the tasks' polls, not the scheduler's.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    future::poll_fn,
    io,
    pin::pin,
    process::Command,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use futures::io::{AsyncReadExt, AsyncWriteExt};
use gmp_executor::{Builder, spawn};
use gmp_net::{TcpListener, TcpStream};

struct Counts;

/// Those inside of [`metered`] futures.
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static METERED: Cell<bool> = const { Cell::new(false) };
}

// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counts {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if METERED.try_with(Cell::get).unwrap_or(false) {
            ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        }
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counts = Counts;

const ROUND_TRIPS: usize = 2000;

/// Messages of 64 bytes, buffers of 1 KiB: each read is short.
async fn round_trips(stream: &mut TcpStream, count: usize) -> io::Result<()> {
    let mut buffer = [0; 1024];
    for _ in 0..count {
        stream.write_all(&[7; 64]).await?;
        assert_eq!(stream.read(&mut buffer).await?, 64);
    }
    Ok(())
}

async fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 1024];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            bytes => stream.write_all(&buffer[..bytes]).await?,
        }
    }
}

async fn metered<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    poll_fn(|cx| {
        METERED.set(true);
        let polled = future.as_mut().poll(cx);
        METERED.set(false);
        polled
    })
    .await
}

/// Allocations during the second half of the round trips.
async fn measure() -> io::Result<usize> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let mut client = TcpStream::connect(listener.local_addr()?).await?;
    let (server, _) = listener.accept().await?;
    let echo = spawn(metered(echo(server)));
    round_trips(&mut client, ROUND_TRIPS / 2).await?;
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    metered(round_trips(&mut client, ROUND_TRIPS / 2)).await?;
    let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
    client.close().await?;
    echo.await.unwrap()?;
    Ok(allocations)
}

fn run() -> usize {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let runtime = Builder::new().max_procs(2).build().unwrap();
        let _ = sender.send(runtime.block_on(runtime.spawn(measure())));
    });
    let measured = receiver.recv_timeout(Duration::from_secs(120));
    measured.expect("it ends in time").unwrap().unwrap()
}

#[test]
fn a_round_trip_allocates_nothing() {
    let allocations = run();
    assert_eq!(allocations, 0, "in {} round trips", ROUND_TRIPS / 2);
}

#[test]
#[ignore = "for strace: `a_round_trip_is_four_transfers` starts it"]
fn under_strace() {
    run();
}

#[test]
fn a_round_trip_is_four_transfers() {
    let calls = "trace=recvfrom,sendto,read,write,readv,writev,recvmsg,sendmsg,epoll_ctl";
    let traced = Command::new("strace")
        .args(["-f", "-qq", "-c", "-U", "name,calls", "-e", calls])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "under_strace", "--ignored"])
        .output();
    let Ok(traced) = traced else {
        println!("skipped: strace is not here");
        return;
    };
    let text = String::from_utf8_lossy(&traced.stderr);
    let count = |name: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(name));
        line.and_then(|calls| calls.trim().parse::<usize>().ok())
            .unwrap_or(0)
    };
    if !traced.status.success() || count("sendto") == 0 {
        println!("skipped: strace does not work here: {text}");
        return;
    }
    println!("{text}");
    // What is over: the end of the stream, and no more than one read in a hundred that finds nothing.
    let transfers = 2 * ROUND_TRIPS;
    assert_eq!(count("sendto"), transfers);
    assert!(
        (transfers..transfers + transfers / 100).contains(&count("recvfrom")),
        "{text}"
    );
    assert!(
        count("epoll_ctl") < 20,
        "a socket is registered once: {text}"
    );
}
