//! Channels and selects against a simple model of them, on random schedules: operations that are begun, polled, dropped and
//! forgotten, closes, permits. (Go: `TestSelect`, reflect/all_test.go, does this for single selects.)
//!
//! Everything is polled by hand on one thread, so that after each step the model knows which operations are decided:
//! exactly those were woken, once. At the end each value was received once, came back once, or was dropped once.
//!
//! A schedule is a seed. `GMP_SCHEDULES` says how many are run (1,000), `GMP_SEED` with which the first begins (0); what
//! fails prints its seed.

mod reference;

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use futures::FutureExt;

use self::reference::{Arm, Kind, Model, Outcome};
use super::{Drops, Wakes, now};
use crate::{
    Receiver, Select, Sender, chan,
    chan::tests::Tracked,
    chan::{Permit, SendError, TryRecvError, TrySendError},
    unbounded,
};

/// Steps of one schedule.
const STEPS: usize = 40;

#[test]
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

/// What an arm made, with the values themselves.
enum Made<'a> {
    Received(Option<Tracked>),
    Sent(Result<(), SendError<Tracked>>),
    SentFrom(Result<(), SendError<()>>),
    Reserved(Result<Permit<'a, Tracked>, SendError<()>>),
}

impl Made<'_> {
    fn outcome(&self) -> Outcome {
        match self {
            Made::Received(Some(value)) => Outcome::Got(value.0),
            Made::Received(None) => Outcome::End,
            Made::Sent(Ok(())) | Made::SentFrom(Ok(())) => Outcome::Sent,
            Made::Sent(Err(_)) | Made::SentFrom(Err(_)) => Outcome::Refused,
            Made::Reserved(Ok(_)) => Outcome::Reserved,
            Made::Reserved(Err(_)) => Outcome::Refused,
        }
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
        match self.random.below(20) {
            0..8 => self.begin(),
            8..12 => self.poll_op(),
            12..14 => self.drop_op(),
            14 => self.forget_op(),
            15 => self.try_send(),
            16 => self.try_recv(),
            17 => self.recv_many(),
            18 => self.use_permit(),
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

    /// Begins an operation or a select, or a select with `default`.
    fn begin(&mut self) {
        let count = [1, 1, 1, 2, 3, 4][self.random.below(6)];
        let mut arms: Vec<Arm> = Vec::new();
        while arms.len() < count {
            let channel = self.channel();
            let kind = match self.random.below(8) {
                0..4 => Kind::Receive,
                4..6 => Kind::Send,
                6 => Kind::SendFrom,
                _ if self.model.has_buffer(channel) => Kind::Reserve,
                _ => continue,
            };
            // In which order two arms stand in one queue is the select's secret; of receivers it does not matter.
            let twice = |arm: &Arm| arm.channel == channel && arm.kind != Kind::Receive;
            if kind != Kind::Receive && arms.iter().any(twice) {
                if arms.is_empty() {
                    continue;
                }
                break;
            }
            arms.push(Arm {
                channel,
                kind,
                value: self.values + 1,
            });
            if matches!(kind, Kind::Send | Kind::SendFrom) {
                // Its value is made below, in this order.
                self.values += 1;
            }
        }
        let mut slots = Slots::default();
        if arms.len() == 1 {
            let real = self.single(&arms[0], &mut slots);
            self.started(arms, true, real, slots);
            return;
        }
        let biased = self.random.one_in(2);
        let mut select = Select::new();
        if biased {
            select.biased();
        }
        for arm in &arms {
            self.add(&mut select, arm, &mut slots);
        }
        if self.random.one_in(4) {
            self.now(select, &arms, biased, slots);
        } else {
            self.started(arms, biased, Box::pin(select.wait()), slots);
        }
    }

    fn single(&self, arm: &Arm, slots: &mut Slots) -> Real<'a> {
        let (tx, rx) = &self.channels[arm.channel];
        let value = || self.drops.value(arm.value);
        match arm.kind {
            Kind::Receive => Box::pin(rx.recv().map(|it| (0, Made::Received(it)))),
            Kind::Send => Box::pin(tx.send(value()).map(|it| (0, Made::Sent(it)))),
            Kind::SendFrom => {
                let slot = slots.make(value());
                Box::pin(tx.send_from(slot).map(|it| (0, Made::SentFrom(it))))
            }
            Kind::Reserve => Box::pin(tx.reserve().map(|it| (0, Made::Reserved(it)))),
        }
    }

    fn add(&self, select: &mut Select<'a, Made<'a>>, arm: &Arm, slots: &mut Slots) {
        let (tx, rx) = &self.channels[arm.channel];
        let value = || self.drops.value(arm.value);
        match arm.kind {
            Kind::Receive => select.operation(rx.recv(), Made::Received),
            Kind::Send => select.operation(tx.send(value()), Made::Sent),
            Kind::SendFrom => select.operation(tx.send_from(slots.make(value())), Made::SentFrom),
            Kind::Reserve => select.operation(tx.reserve(), Made::Reserved),
        };
    }

    /// The first poll.
    fn started(&mut self, arms: Vec<Arm>, biased: bool, real: Real<'a>, slots: Slots) {
        let name = self.model.add(arms);
        let (wakes, waker) = Wakes::new();
        let mut op = Op {
            name,
            real,
            wakes,
            waker,
            slots,
        };
        let ready = self.model.ready(name);
        match op.real.as_mut().poll(&mut Context::from_waker(&op.waker)) {
            Poll::Pending => {
                assert!(ready.is_empty(), "{ready:?} of {name} are ready");
                self.model.enqueue(name);
                self.ops.push(op);
            }
            Poll::Ready((arm, made)) => {
                assert!(ready.contains(&arm), "{arm} is not among {ready:?}");
                assert!(
                    !biased || ready[0] == arm,
                    "{arm} is not the first of {ready:?}"
                );
                let outcome = self.model.perform(name, arm);
                self.over(op, arm, made, outcome);
            }
        }
    }

    fn now(&mut self, select: Select<'a, Made<'a>>, arms: &[Arm], biased: bool, slots: Slots) {
        let name = self.model.add(arms.to_vec());
        let ready = self.model.ready(name);
        let froms = slots.0.len();
        match select.now() {
            None => {
                assert!(ready.is_empty(), "{ready:?} of {name} are ready");
                self.model.forget_name(name);
                assert_eq!(slots.look(), froms);
            }
            Some((arm, made)) => {
                assert!(ready.contains(&arm), "{arm} is not among {ready:?}");
                assert!(
                    !biased || ready[0] == arm,
                    "{arm} is not the first of {ready:?}"
                );
                let outcome = self.model.perform(name, arm);
                self.made(name, arm, made, outcome);
                let sent = arms[arm].kind == Kind::SendFrom && outcome == Outcome::Sent;
                assert_eq!(slots.look(), froms - usize::from(sent));
            }
        }
    }

    /// A ready operation: it made what the model says, and its slots have what was not sent.
    fn over(&mut self, op: Op<'a>, arm: usize, made: Made<'a>, outcome: Outcome) {
        let Op {
            name, real, slots, ..
        } = op;
        let froms = slots.0.len();
        let is_from = self.model.arm(name, arm).kind == Kind::SendFrom;
        self.made(name, arm, made, outcome);
        drop(real);
        let sent = is_from && outcome == Outcome::Sent;
        assert_eq!(slots.look(), froms - usize::from(sent));
    }

    fn made(&mut self, name: usize, arm: usize, made: Made<'a>, outcome: Outcome) {
        assert_eq!(made.outcome(), outcome, "arm {arm} of {name}");
        let channel = self.model.arm(name, arm).channel;
        if let Made::Reserved(Ok(permit)) = made {
            self.permits.push((channel, permit));
        }
        self.model.forget_name(name);
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

    fn forget_op(&mut self) {
        if !self.random.one_in(4) {
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
