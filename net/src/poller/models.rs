//! Models of a task at its socket and of the poller's thread. loom runs each in all ways in which the threads may take turns,
//! and with all values that their loads may yield; a model that returns has excluded the race that it is named after.

use std::task::Wake;

use loom::{
    model,
    sync::{Arc, Condvar, Mutex, atomic::AtomicU32},
    thread,
};

use super::{
    Direction, Flags, Found,
    desc::{Parked, PollDesc, Seat},
    interrupt::Interrupted,
};
use crate::shim::{Ordering, Ready};

/// Keeps a call until the next wait, as an eventfd does. A wait that nobody ends is a deadlock to loom.
struct Call {
    called: Mutex<bool>,
    changed: Condvar,
}

impl Call {
    fn new() -> Call {
        Call {
            called: Mutex::new(false),
            changed: Condvar::new(),
        }
    }

    fn call(&self) {
        *self.called.lock().unwrap() = true;
        self.changed.notify_one();
    }

    fn wait(&self) {
        let mut called = self.called.lock().unwrap();
        while !*called {
            called = self.changed.wait(called).unwrap();
        }
        *called = false;
    }
}

/// A task's thread.
struct Task(Call);

impl Wake for Task {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.call();
    }
}

/// A socket with so many bytes in it, and its slot, of generation 1.
struct Socket {
    bytes: AtomicU32,
    desc: PollDesc,
}

impl Socket {
    /// Empty, but that is not known.
    fn new() -> Arc<Socket> {
        let socket = Socket {
            bytes: AtomicU32::new(0),
            desc: PollDesc::new(0),
        };
        socket.post();
        Arc::new(socket)
    }

    /// A byte comes. Relaxed: the readiness must order it.
    fn receive(&self) {
        self.bytes.fetch_add(1, Ordering::Relaxed);
        self.post();
    }

    fn post(&self) {
        let mut ready = Ready::default();
        self.desc.post(1, Flags::READ_READY, &mut ready);
        ready.0.into_iter().for_each(|waiter| waiter.wake());
    }

    /// Takes a byte, or none where a system call would block. It may see any value that its thread could, as the
    /// kernel's may not: what it does not see is to be announced by a flag.
    fn try_read(&self) -> bool {
        let order = Ordering::Relaxed;
        self.bytes
            .fetch_update(order, order, |bytes| bytes.checked_sub(1))
            .is_ok()
    }

    /// What `Socket::poll_io` and a task's loop do. `shared`: by a `poll_` function.
    fn read(&self, shared: bool) {
        let task = std::sync::Arc::new(Task(Call::new()));
        let waker = task.clone().into();
        let no_seat = || if shared { Seat::Shared } else { Seat::None };
        let mut seat = no_seat();
        loop {
            let seen = self.desc.readiness.load();
            if seen.lets_try(Direction::Read) {
                seat = no_seat();
                if self.try_read() {
                    return;
                }
                self.desc
                    .readiness
                    .settle(Direction::Read, seen, Found::Blocked);
            } else if self.desc.park(Direction::Read, &mut seat, &waker) == Parked::Waits {
                task.0.wait();
            }
        }
    }
}

/// The event comes between the call that found nothing and the taking back, or between the look and the parking.
#[test]
fn an_event_against_settling_and_parking() {
    model(|| {
        let socket = Socket::new();
        let reading = socket.clone();
        let reader = thread::spawn(move || reading.read(false));
        socket.receive();
        reader.join().unwrap();
    });
}

/// One byte each. Who takes the flag back must not hide the other's byte.
#[test]
fn two_events_against_two_readers() {
    two_events_and_two_readers(false);
}

/// The same by a `poll_` function: the second does not take the first one's place.
#[test]
fn two_events_against_two_readers_in_one_seat() {
    two_events_and_two_readers(true);
}

fn two_events_and_two_readers(shared: bool) {
    model(move || {
        let socket = Socket::new();
        let readers = [0, 1].map(|_| {
            let socket = socket.clone();
            thread::spawn(move || socket.read(shared))
        });
        socket.receive();
        socket.receive();
        for reader in readers {
            reader.join().unwrap();
        }
    });
}

/// The poller sees what was done before each call, also before one that wrote nothing.
#[test]
fn two_interrupts_against_seeing_one() {
    model(|| {
        let world = Arc::new((Interrupted::new(), Call::new()));
        let done = Arc::new([AtomicU32::new(0), AtomicU32::new(0)]);
        for index in 0..2 {
            let (world, done) = (world.clone(), done.clone());
            thread::spawn(move || {
                done[index].store(1, Ordering::Relaxed);
                world.0.call(|| {
                    world.1.call();
                    true
                });
            });
        }
        while done.iter().any(|done| done.load(Ordering::Relaxed) == 0) {
            world.1.wait();
            world.0.see();
        }
    });
}
