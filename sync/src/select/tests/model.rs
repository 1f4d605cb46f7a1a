//! Channels and selects against a simple model of them, on random schedules: operations that are begun, polled, dropped and
//! forgotten, closes, permits. (Go: `TestSelect`, reflect/all_test.go, does this for single selects.)
//!
//! Everything is polled by hand on one thread, so that after each step the model knows which operations are decided:
//! exactly those were woken, once. At the end each value was received once, came back once, or was dropped once.
//!
//! A schedule is a seed. `GMP_SCHEDULES` says how many are run (1,000), `GMP_SEED` with which the first begins (0); what
//! fails prints its seed.

mod begin;
mod reference;

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use self::{
    begin::Made,
    reference::{Model, Outcome},
};
use super::{Drops, Wakes, now};
use crate::{
    Receiver, Sender, chan,
    chan::tests::Tracked,
    chan::{Permit, TryRecvError, TrySendError},
    unbounded,
};

/// Steps of one schedule.
const STEPS: usize = 40;

#[test]
#[cfg_attr(miri, ignore = "it leaks on purpose")]
fn random_schedules_agree_with_the_model() {
    let read = |name: &str, otherwise: u64| {
        let value = std::env::var(name).ok();
        value.map_or(otherwise, |value| value.parse().expect("a number"))
    };
    let first = read("GMP_SEED", 0);
    for seed in first..first + read("GMP_SCHEDULES", 1000) {
        let print = PrintSeed(seed);
        run(seed);
        std::mem::forget(print);
    }
}

struct PrintSeed(u64);

impl Drop for PrintSeed {
    fn drop(&mut self) {
        eprintln!(
            "the schedule that failed: GMP_SEED={} GMP_SCHEDULES=1",
            self.0
        );
    }
}

/// Steele, Lea and Flood's splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % limit as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

type Real<'a> = Pin<Box<dyn Future<Output = (usize, Made<'a>)> + 'a>>;

/// An operation that is under way.
struct Op<'a> {
    /// Its name in the model.
    name: usize,
    real: Real<'a>,
    wakes: Arc<Wakes>,
    waker: Waker,
    slots: Slots,
}

/// The places that the values of `send_from` come from. They are looked at when the operation is gone.
#[derive(Default)]
struct Slots(Vec<*mut Option<Tracked>>);

impl Slots {
    fn make<'a>(&mut self, value: Tracked) -> &'a mut Option<Tracked> {
        let slot = Box::into_raw(Box::new(Some(value)));
        self.0.push(slot);
        // SAFETY: the box lives until `look`, when the operation is gone.
        unsafe { &mut *slot }
    }

    /// How many have their value.
    fn look(self) -> usize {
        let open = |slot| {
            // SAFETY: from `Box::into_raw`, once; the operation that borrowed it is gone.
            unsafe { Box::from_raw(slot) }
        };
        self.0.into_iter().filter_map(|slot| *open(slot)).count()
    }
}

type Channel = (Sender<Tracked>, Receiver<Tracked>);

struct World<'a> {
    random: Random,
    channels: &'a [Channel],
    model: Model,
    ops: Vec<Op<'a>>,
    permits: Vec<(usize, Permit<'a, Tracked>)>,
    /// Ends that come and go.
    clones: Vec<(usize, Channel)>,
    drops: Drops,
    values: u32,
}

fn run(seed: u64) {
    let mut random = Random(seed);
    let capacities: Vec<usize> = (0..3)
        .map(|_| [0, 0, 1, 2, usize::MAX][random.below(5)])
        .collect();
    let channels: Vec<Channel> = capacities
        .iter()
        .map(|&capacity| {
            if capacity == usize::MAX {
                unbounded()
            } else {
                chan(capacity)
            }
        })
        .collect();
    let drops = Drops::default();
    let mut world = World {
        random,
        channels: &channels,
        model: Model::new(&capacities),
        ops: Vec::new(),
        permits: Vec::new(),
        clones: Vec::new(),
        drops: drops.clone(),
        values: 0,
    };
    for _ in 0..STEPS {
        world.step();
        world.check();
    }
    while !world.ops.is_empty() {
        world.drop_op();
        world.check();
    }
    for (channel, permit) in std::mem::take(&mut world.permits) {
        world.model.release(channel);
        drop(permit);
    }
    let (values, leaked) = (world.values as usize, world.model.leaked());
    drop(world);
    drop(channels);
    assert_eq!(drops.count() + leaked, values, "each value is dropped once");
}

impl<'a> World<'a> {
    fn step(&mut self) {
        match self.random.below(22) {
            0..8 => self.begin(),
            8..12 => self.poll_op(),
            12..14 => self.drop_op(),
            14 => self.forget_op(),
            15 => self.try_send(),
            16 => self.try_recv(),
            17 => self.recv_many(),
            18 => self.use_permit(),
            19..21 => self.clone_or_drop_ends(),
            _ => self.close(),
        }
    }

    /// The decided operations, and only these, were woken; the channels show what the model has.
    fn check(&self) {
        for op in &self.ops {
            let decided = self.model.is_decided(op.name);
            assert_eq!(
                op.wakes.count(),
                usize::from(decided),
                "wakes of {}",
                op.name
            );
        }
        for (channel, (tx, rx)) in self.channels.iter().enumerate() {
            let (len, closed) = self.model.shows(channel);
            assert_eq!(
                (tx.len(), rx.is_closed()),
                (len, closed),
                "channel {channel}"
            );
        }
    }

    fn channel(&mut self) -> usize {
        self.random.below(self.channels.len())
    }

    fn value(&mut self) -> Tracked {
        self.values += 1;
        self.drops.value(self.values)
    }

    fn pick(&mut self) -> Option<Op<'a>> {
        let count = self.ops.len();
        (count > 0).then(|| self.ops.swap_remove(self.random.below(count)))
    }

    fn poll_op(&mut self) {
        let Some(mut op) = self.pick() else { return };
        let decided = self.model.take_decided(op.name);
        match (
            op.real.as_mut().poll(&mut Context::from_waker(&op.waker)),
            decided,
        ) {
            (Poll::Pending, None) => self.ops.push(op),
            (Poll::Ready((arm, made)), Some((expected, outcome))) => {
                let (it, should) = (
                    self.model.arm(op.name, arm),
                    self.model.arm(op.name, expected),
                );
                assert_eq!((it.channel, it.kind), (should.channel, should.kind));
                self.over(op, arm, made, outcome);
            }
            (polled, decided) => {
                panic!(
                    "{}: ready {}, decided {decided:?}",
                    op.name,
                    polled.is_ready()
                )
            }
        }
    }

    fn drop_op(&mut self) {
        let Some(op) = self.pick() else { return };
        let sent_from = self.model.has_sent_from(op.name);
        self.model.drop_op(op.name);
        let froms = op.slots.0.len();
        drop(op.real);
        assert_eq!(op.slots.look(), froms - usize::from(sent_from));
    }

    /// Under the sanitizers nothing is forgotten: what that leaves in memory would hide what is left by mistake.
    fn forget_op(&mut self) {
        if !self.random.one_in(4) || cfg!(any(gmp_asan, gmp_boxed)) {
            return;
        }
        let Some(op) = self.pick() else { return };
        self.model.forget(op.name);
        std::mem::forget(op.real);
        // What was to be sent is in the node, which stays.
        assert_eq!(op.slots.look(), 0);
    }

    fn try_send(&mut self) {
        let (channel, value) = (self.channel(), self.value());
        let expected = self.model.try_send(channel, value.0);
        let outcome = match self.channels[channel].0.try_send(value) {
            Ok(()) => Some(Outcome::Sent),
            Err(TrySendError::Closed(_)) => Some(Outcome::Refused),
            Err(TrySendError::Full(_)) => None,
        };
        assert_eq!(outcome, expected);
    }

    fn try_recv(&mut self) {
        let channel = self.channel();
        let expected = self.model.try_recv(channel);
        let outcome = match self.channels[channel].1.try_recv() {
            Ok(value) => Some(Outcome::Got(value.0)),
            Err(TryRecvError::Closed) => Some(Outcome::End),
            Err(TryRecvError::Empty) => None,
        };
        assert_eq!(outcome, expected);
    }

    fn recv_many(&mut self) {
        let (channel, limit) = (self.channel(), 1 + self.random.below(40));
        let mut expected = Vec::new();
        let mut ready = true;
        while expected.len() < limit {
            match self.model.try_recv(channel) {
                Some(Outcome::Got(value)) => expected.push(value),
                Some(_) => break,
                None => {
                    ready = !expected.is_empty();
                    break;
                }
            }
        }
        let mut values = Vec::new();
        let received = now(self.channels[channel].1.recv_many(&mut values, limit));
        assert_eq!(received, ready.then_some(expected.len()));
        assert!(values.iter().map(|value| value.0).eq(expected));
    }

    /// Clones of ends change nothing, and do what the others do.
    fn clone_or_drop_ends(&mut self) {
        if self.clones.is_empty() || self.random.one_in(2) {
            let channel = self.channel();
            self.clones.push((channel, self.channels[channel].clone()));
            return;
        }
        let (channel, (tx, rx)) = self.clones.swap_remove(0);
        match self.random.below(3) {
            0 => {
                let value = self.value();
                let expected = self.model.try_send(channel, value.0);
                assert_eq!(tx.try_send(value).is_ok(), expected == Some(Outcome::Sent));
            }
            1 => {
                let expected = self.model.try_recv(channel);
                let received = rx.try_recv().ok().map(|value| Outcome::Got(value.0));
                assert_eq!(received, expected.filter(|it| *it != Outcome::End));
            }
            _ => {}
        }
    }

    fn use_permit(&mut self) {
        if self.permits.is_empty() {
            return;
        }
        let (channel, permit) = self.permits.swap_remove(0);
        if self.random.one_in(3) {
            self.model.release(channel);
            drop(permit);
        } else {
            let value = self.value();
            self.model.fill(channel, value.0);
            permit.send(value);
        }
    }

    fn close(&mut self) {
        if !self.random.one_in(3) {
            return;
        }
        let channel = self.channel();
        let (tx, rx) = &self.channels[channel];
        let expected = self.model.close(channel);
        let closed = if self.random.one_in(2) {
            tx.close()
        } else {
            rx.close()
        };
        assert_eq!(closed, expected);
    }
}
