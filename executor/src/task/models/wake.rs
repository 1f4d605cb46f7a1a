//! No wake is lost: what a waker wrote before it woke is seen by a poll that follows, and each schedule of a task is worth one poll.

use loom::{
    model,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use super::{Body, FIRST, Poll, Slot};

/// What the wakers write, a word for each: relaxed, so that it is the wake that carries it.
#[derive(Clone)]
struct Data(Arc<[AtomicU32; 2]>);

impl Data {
    fn new() -> Data {
        Data(Arc::new([AtomicU32::new(0), AtomicU32::new(0)]))
    }

    fn write(&self, waker: usize) {
        self.0[waker].store(1, Ordering::Relaxed);
    }

    fn read(&self) -> u32 {
        self.0.iter().map(|word| word.load(Ordering::Relaxed)).sum()
    }

    fn poll(&self) -> impl Fn(&mut Body) -> Poll + use<> {
        let data = self.clone();
        move |body| {
            body.seen = data.read();
            Poll::Pending
        }
    }
}

/// Starts so many wakers; each polls the task if it is the one that schedules it.
fn wakers<const N: usize>(slot: &Arc<Slot>, data: &Data) -> [thread::JoinHandle<()>; N] {
    std::array::from_fn(|waker| {
        let (slot, data) = (slot.clone(), data.clone());
        thread::spawn(move || {
            data.write(waker);
            slot.wake(FIRST, data.poll());
        })
    })
}

/// The last poll has seen what all wakers wrote.
fn check<const N: usize>(slot: &Slot, wakers: [thread::JoinHandle<()>; N]) {
    wakers.into_iter().for_each(|waker| waker.join().unwrap());
    assert_eq!(
        slot.with_body(|body| body.seen),
        N as u32,
        "wakes seen by the last poll"
    );
    assert!(!slot.state.load().is_scheduled(), "an entry is missing");
}

/// The wakers find the task scheduled, running or idle.
#[test]
fn wake_against_start() {
    model(|| {
        let (slot, data) = (Arc::new(Slot::scheduled()), Data::new());
        let wakers = wakers::<1>(&slot, &data);
        assert!(slot.turn(FIRST, data.poll()));
        check(&slot, wakers);
    });
}

#[test]
fn wake_against_end_of_poll() {
    model(|| {
        let (slot, data) = (Arc::new(Slot::running()), Data::new());
        let wakers = wakers::<1>(&slot, &data);
        slot.poll(FIRST, data.poll());
        check(&slot, wakers);
    });
}

#[test]
fn wake_against_wake_and_poll() {
    model(|| {
        let (slot, data) = (Arc::new(Slot::scheduled()), Data::new());
        let wakers = wakers::<2>(&slot, &data);
        assert!(slot.turn(FIRST, data.poll()));
        check(&slot, wakers);
    });
}

/// A yield and a wake are one schedule.
#[test]
fn wake_against_yield() {
    model(|| {
        let (slot, data) = (Arc::new(Slot::running()), Data::new());
        let wakers = wakers::<1>(&slot, &data);
        let poll = data.poll();
        slot.poll(FIRST, |body| {
            let first = Slot::count(&slot.polls) == 1;
            let pending = poll(body);
            if first { Poll::Yield } else { pending }
        });
        check(&slot, wakers);
    });
}
