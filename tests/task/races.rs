//! Many at once, on tasks that are just about to end: whatever comes first, each is dropped once.

use std::{
    sync::{Arc, Barrier, mpsc},
    task::{Poll, Waker},
    thread,
};

use crate::{
    gate::{Wakes, poll_with},
    tally::{Tally, Witness},
    watchdog::{eventually, on_processors},
};

type Handle = gmp::JoinHandle<Witness>;

/// Does something with the handle of a task that ends at this moment. Every task that is not aborted gives an output.
fn treat(way: usize, mut handle: Handle, runtime: &gmp::Handle) {
    match way {
        0 => drop(handle),
        1 => handle.abort(),
        2 => drop(poll_with(&mut handle, Waker::noop())),
        3 => drop(poll_with(&mut handle, &Wakes::new().1)),
        4 => drop(gmp::block_on(handle)),
        5 => drop(runtime.spawn(handle)),
        6 => {
            let abort = handle.abort_handle();
            drop(handle);
            abort.abort();
        }
        _ => {
            for _ in 0..3 {
                if poll_with(&mut handle, &Wakes::new().1).is_ready() {
                    return;
                }
            }
        }
    }
}

#[test]
fn handles_meet_the_end_of_their_tasks() {
    on_processors(|runtime| {
        let tally = Tally::new();
        let senders: Vec<mpsc::Sender<Handle>> = (0..2)
            .map(|n| {
                let (sender, handles) = mpsc::channel();
                let runtime = runtime.handle().clone();
                thread::spawn(move || {
                    for (way, handle) in handles.into_iter().enumerate() {
                        treat((way + n) % 8, handle, &runtime);
                    }
                });
                sender
            })
            .collect();
        for round in 0..4000 {
            let handle = match round % 3 {
                0 => runtime.spawn(tally.future(|_| Poll::Ready(()))),
                1 => runtime.spawn(tally.future({
                    let mut left = (round % 5) as i32;
                    move |cx| {
                        cx.waker().wake_by_ref();
                        left -= 1;
                        if left <= 0 {
                            Poll::Ready(())
                        } else {
                            Poll::Pending
                        }
                    }
                })),
                _ => runtime.spawn(tally.future(|_| panic!("on purpose"))),
            };
            senders[round % 2].send(handle).unwrap();
        }
        drop(senders);
        eventually(|| tally.is_settled());
        assert_eq!(tally.futures_made(), 4000);
    });
}

#[test]
fn spawners_on_all_sides_get_all_their_outputs() {
    on_processors(|runtime| {
        let start = Arc::new(Barrier::new(4));
        let tally = Tally::new();
        let threads: Vec<_> = (0..3)
            .map(|_| {
                let (runtime, tally, start) =
                    (runtime.handle().clone(), tally.clone(), start.clone());
                thread::spawn(move || {
                    start.wait();
                    for _ in 0..300 {
                        let inner = tally.clone();
                        let outer = runtime.spawn(tally.around(async move {
                            let inner = gmp::spawn(inner.future(|_| Poll::Ready(())));
                            gmp::yield_now().await;
                            inner.await.unwrap()
                        }));
                        drop(gmp::block_on(outer).unwrap());
                    }
                })
            })
            .collect();
        start.wait();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert_eq!(tally.outputs_made(), 900);
        tally.assert_settled();
    });
}
