//! Operations and selects: how they begin, and what they make.

use std::task::{Context, Poll};

use futures::FutureExt;

use super::{
    Op, Real, Slots, Tracked, Wakes, World,
    reference::{Arm, Kind, Outcome},
};
use crate::{
    Select,
    chan::{Permit, SendError},
};

/// What an arm made, with the values themselves.
pub(super) enum Made<'a> {
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

impl<'a> World<'a> {
    /// Begins an operation or a select, or a select with `default`.
    pub(super) fn begin(&mut self) {
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
        if self.random.one_in(2) {
            if let Some(real) = self.written(&arms, biased, &mut slots) {
                self.started(arms, biased, real, slots);
                return;
            }
        }
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

    /// The same as a `select!`, beside a future that is never ready. `None`: that shape is not written here.
    fn written(&self, arms: &[Arm], biased: bool, slots: &mut Slots) -> Option<Real<'a>> {
        macro_rules! select_of {
            ($($made:ident = $operation:expr, $index:literal;)*) => {{
                let never = std::future::pending::<()>;
                if biased {
                    Box::pin(async move {
                        select! {
                            biased;
                            $(it = $operation => ($index, Made::$made(it)),)*
                            () = never() => unreachable!(),
                        }
                    }) as Real<'a>
                } else {
                    Box::pin(async move {
                        select! {
                            $(it = $operation => ($index, Made::$made(it)),)*
                            () = never() => unreachable!(),
                        }
                    }) as Real<'a>
                }
            }};
        }
        let ends = |arm: usize| &self.channels[arms[arm].channel];
        let value = |arm: usize| self.drops.value(arms[arm].value);
        Some(match arms {
            [
                Arm {
                    kind: Kind::Receive,
                    ..
                },
                Arm {
                    kind: Kind::Receive,
                    ..
                },
            ] => {
                let ((_, a), (_, b)) = (ends(0), ends(1));
                select_of! { Received = a.recv(), 0_usize; Received = b.recv(), 1_usize; }
            }
            [
                Arm {
                    kind: Kind::Receive,
                    ..
                },
                Arm {
                    kind: Kind::Send, ..
                },
            ] => {
                let ((_, a), (b, _), value) = (ends(0), ends(1), value(1));
                select_of! { Received = a.recv(), 0_usize; Sent = b.send(value), 1_usize; }
            }
            [
                Arm {
                    kind: Kind::Send, ..
                },
                Arm {
                    kind: Kind::Receive,
                    ..
                },
            ] => {
                let ((a, _), (_, b), value) = (ends(0), ends(1), value(0));
                select_of! { Sent = a.send(value), 0_usize; Received = b.recv(), 1_usize; }
            }
            [
                Arm {
                    kind: Kind::SendFrom,
                    ..
                },
                Arm {
                    kind: Kind::Receive,
                    ..
                },
            ] => {
                let ((a, _), (_, b), slot) = (ends(0), ends(1), slots.make(value(0)));
                select_of! { SentFrom = a.send_from(slot), 0_usize; Received = b.recv(), 1_usize; }
            }
            [
                Arm {
                    kind: Kind::Reserve,
                    ..
                },
                Arm {
                    kind: Kind::Receive,
                    ..
                },
            ] => {
                let ((a, _), (_, b)) = (ends(0), ends(1));
                select_of! { Reserved = a.reserve(), 0_usize; Received = b.recv(), 1_usize; }
            }
            [
                Arm {
                    kind: Kind::Receive,
                    ..
                },
                Arm {
                    kind: Kind::Receive,
                    ..
                },
                Arm {
                    kind: Kind::Send, ..
                },
            ] => {
                let ((_, a), (_, b), (c, _), value) = (ends(0), ends(1), ends(2), value(2));
                select_of! { Received = a.recv(), 0_usize; Received = b.recv(), 1_usize; Sent = c.send(value), 2_usize; }
            }
            _ => return None,
        })
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
    pub(super) fn over(&mut self, op: Op<'a>, arm: usize, made: Made<'a>, outcome: Outcome) {
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
}
