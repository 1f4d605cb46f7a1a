//! Ten thousand tasks of all kinds while many threads resize, up and down and to one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use futures::{AsyncReadExt, AsyncWriteExt};
use gmp::net::{TcpListener, TcpStream};

use super::wait_for_one_thread;
use crate::watchdog::{eventually, runtime, within_limit};

async fn exchange(n: u32) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let client = gmp::spawn(async move {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&n.to_ne_bytes()).await.unwrap();
    });
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut bytes = [0; 4];
    stream.read_exact(&mut bytes).await.unwrap();
    assert_eq!(u32::from_ne_bytes(bytes), n);
    client.await.unwrap();
}

async fn work(n: u32) {
    for step in 0..10 {
        match (n + step) % 10 {
            0 => gmp::sleep(Duration::from_micros(u64::from(n % 3000))).await,
            1 => gmp::spawn(gmp::yield_now()).await.unwrap(),
            2 if n % 100 == 0 => exchange(n).await,
            3 if n % 500 == 0 => gmp::block_on(gmp::sleep(Duration::from_millis(1))),
            4 if n % 500 == 0 => thread::sleep(Duration::from_millis(1)),
            5 if n % 50 == 0 => {
                gmp::max_procs(Some(1 + n as usize % 5));
            }
            _ => gmp::yield_now().await,
        }
    }
}

#[test]
fn ten_thousand_tasks_while_many_resize() {
    within_limit(|| {
        let runtime = runtime(4);
        let over = Arc::new(AtomicBool::new(false));
        let resizers: Vec<_> = (0..4_usize)
            .map(|seed| {
                let (handle, over) = (runtime.handle().clone(), over.clone());
                thread::spawn(move || {
                    let mut state = seed;
                    while !over.load(SeqCst) {
                        state = state
                            .wrapping_mul(6_364_136_223_846_793_005)
                            .wrapping_add(1);
                        let processors = if state >> 62 == 0 {
                            1
                        } else {
                            1 + (state >> 59) % 8
                        };
                        assert_ne!(handle.max_procs(Some(processors)), 0);
                        if state >> 63 == 0 {
                            thread::sleep(Duration::from_micros((state >> 50) as u64 % 500));
                        }
                    }
                })
            })
            .collect();
        let tasks: Vec<_> = (0..10_000).map(|n| runtime.spawn(work(n))).collect();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
        over.store(true, SeqCst);
        for resizer in resizers {
            resizer.join().unwrap();
        }
        eventually(|| runtime.handle().num_tasks() == 0);
        // Nobody's processor was lost, and nobody's is there twice.
        runtime.handle().max_procs(Some(1));
        wait_for_one_thread(&runtime);
        runtime.handle().max_procs(Some(8));
        runtime.shutdown();
    });
}
