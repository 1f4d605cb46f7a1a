//! Tasks that keep their threads.

use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    task::Poll,
    thread,
};

use super::{
    Contestant, Scene,
    count::{Count, Counter},
    scene::{BLOCKED, BURNT, WORKED},
};
use crate::{
    kit::{Channels, TrySends},
    work::Pace,
};

/// Messages that may stand in the channel of those that send.
const CAPACITY: usize = 128;
/// Tasks that one hog has spawned and that have not ended: without a limit the memory would be what is measured.
const SPAWNED: u32 = 8;
/// Units of work between two messages.
const UNITS_BY_MESSAGE: u32 = 5;

/// Spawns the hogs of the scene, which never end.
pub(super) fn enter<C: Contestant>(scene: Scene, pace: Pace, count: &Count) {
    let loops = |number| {
        for _ in 0..number {
            let hog = Hog::new(pace, count);
            C::run_through(move || {
                loop {
                    hog.work(1);
                }
            });
        }
    };
    match scene {
        Scene::Idle => {}
        Scene::Burn4 => (0..4).for_each(|_| {
            let hog = Hog::new(pace, count);
            C::take_turns(move || hog.work(BURNT));
        }),
        Scene::Loops2 => loops(2),
        Scene::Loops4 => loops(4),
        Scene::Loops100 => loops(100),
        Scene::Work10000 => (0..10_000).for_each(|_| {
            let hog = Hog::new(pace, count);
            C::run_through(move || hog.work(WORKED));
        }),
        Scene::Block4 => block::<C>(4, count),
        Scene::Block100 => block::<C>(100, count),
        Scene::Annotated10000 => (0..10_000).for_each(|_| {
            let hog = Hog::new(pace, count);
            C::loop_politely(move || hog.work(1));
        }),
        Scene::Wake4 => (0..4).for_each(|_| {
            let counter = count.counter();
            C::spawn_hog(poll_fn(move |cx| {
                counter.add_one();
                cx.waker().wake_by_ref();
                Poll::Pending
            }));
        }),
        Scene::Send100 => send::<C>(100, pace, count),
    }
}

struct Hog {
    pace: Pace,
    counter: Arc<Counter>,
}

impl Hog {
    fn new(pace: Pace, count: &Count) -> Hog {
        Hog {
            pace,
            counter: count.counter(),
        }
    }

    fn work(&self, units: u32) {
        for _ in 0..units {
            self.pace.work(1);
            self.counter.add_one();
        }
    }
}

fn block<C: Contestant>(number: usize, count: &Count) {
    for _ in 0..number {
        let counter = count.counter();
        C::block_in_turns(move || {
            thread::sleep(BLOCKED);
            counter.add_one();
        });
    }
}

fn send<C: Contestant>(number: usize, pace: Pace, count: &Count) {
    type Runtime<C> = <C as Contestant>::Runtime;
    let (sender, mut receiver) = Runtime::<C>::channel(CAPACITY);
    C::spawn_hog(async move { while Runtime::<C>::recv(&mut receiver).await.is_some() {} });
    for _ in 0..number {
        let (hog, sender) = (Hog::new(pace, count), sender.clone());
        let spawned = Arc::new(AtomicU32::new(0));
        C::run_through(move || {
            loop {
                hog.work(UNITS_BY_MESSAGE);
                // A full channel is one that its receiver does not get to.
                let _ = Runtime::<C>::try_send(&sender, 1);
                if spawned.load(Relaxed) < SPAWNED {
                    spawned.fetch_add(1, Relaxed);
                    let spawned = spawned.clone();
                    C::spawn_hog(async move {
                        spawned.fetch_sub(1, Relaxed);
                    });
                }
            }
        });
    }
}
