//! What channels and selects mean: no locks, no nodes, one thing after the other.

use std::collections::VecDeque;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Receive,
    Send,
    SendFrom,
    Reserve,
}

#[derive(Clone, Debug)]
pub(super) struct Arm {
    pub(super) channel: usize,
    pub(super) kind: Kind,
    /// What it sends.
    pub(super) value: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Got(u32),
    End,
    Sent,
    /// It sent nothing, or has no place, since the channel is closed.
    Refused,
    Reserved,
}

struct Channel {
    capacity: usize,
    buffer: VecDeque<u32>,
    reserved: usize,
    closed: bool,
    /// Who waits, in order: operation and arm.
    receivers: Vec<(usize, usize)>,
    senders: Vec<(usize, usize)>,
}

struct Op {
    arms: Vec<Arm>,
    decided: Option<(usize, Outcome)>,
    forgotten: bool,
}

pub(super) struct Model {
    channels: Vec<Channel>,
    ops: Vec<Op>,
}

/// An operation that is none of a list.
const NOBODY: usize = usize::MAX;

impl Model {
    pub(super) fn new(capacities: &[usize]) -> Model {
        let channel = |&capacity| Channel {
            capacity,
            buffer: VecDeque::new(),
            reserved: 0,
            closed: false,
            receivers: Vec::new(),
            senders: Vec::new(),
        };
        Model {
            channels: capacities.iter().map(channel).collect(),
            ops: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, arms: Vec<Arm>) -> usize {
        self.ops.push(Op {
            arms,
            decided: None,
            forgotten: false,
        });
        self.ops.len() - 1
    }

    pub(super) fn arm(&self, op: usize, arm: usize) -> &Arm {
        &self.ops[op].arms[arm]
    }

    pub(super) fn shows(&self, channel: usize) -> (usize, bool) {
        let channel = &self.channels[channel];
        (channel.buffer.len(), channel.closed)
    }

    pub(super) fn has_buffer(&self, channel: usize) -> bool {
        self.channels[channel].capacity > 0
    }

    pub(super) fn is_decided(&self, op: usize) -> bool {
        self.ops[op].decided.is_some()
    }

    fn is_full(&self, channel: usize) -> bool {
        let channel = &self.channels[channel];
        channel.buffer.len() + channel.reserved >= channel.capacity
    }

    fn ended(&self, channel: usize) -> bool {
        let channel = &self.channels[channel];
        channel.closed && channel.buffer.is_empty() && channel.reserved == 0
    }

    /// The first who waits to receive, but `own`.
    fn receiver(&self, channel: usize, own: usize) -> Option<(usize, usize)> {
        let queue = &self.channels[channel].receivers;
        queue.iter().copied().find(|&(op, _)| op != own)
    }

    /// The first who waits to send or reserve, but `own`; with a value if that is wanted.
    fn sender(&self, channel: usize, own: usize, value: bool) -> Option<(usize, usize)> {
        let queue = &self.channels[channel].senders;
        let fits = |op, arm| op != own && (!value || self.arm(op, arm).kind != Kind::Reserve);
        queue.iter().copied().find(|&(op, arm)| fits(op, arm))
    }

    /// The arms that can happen now.
    pub(super) fn ready(&self, op: usize) -> Vec<usize> {
        let is_ready = |arm: &Arm| match arm.kind {
            Kind::Receive => self.can_receive(arm.channel, op),
            Kind::Send | Kind::SendFrom => self.can_send(arm.channel, op),
            Kind::Reserve => self.channels[arm.channel].closed || !self.is_full(arm.channel),
        };
        let arms = self.ops[op].arms.iter().enumerate();
        arms.filter(|(_, arm)| is_ready(arm))
            .map(|(index, _)| index)
            .collect()
    }

    fn can_receive(&self, channel: usize, own: usize) -> bool {
        let has_sender = self.sender(channel, own, true).is_some();
        !self.channels[channel].buffer.is_empty() || has_sender || self.ended(channel)
    }

    fn can_send(&self, channel: usize, own: usize) -> bool {
        let has_receiver = self.receiver(channel, own).is_some();
        self.channels[channel].closed || has_receiver || !self.is_full(channel)
    }

    /// An arm that is ready happens.
    pub(super) fn perform(&mut self, op: usize, arm: usize) -> Outcome {
        let Arm {
            channel,
            kind,
            value,
        } = self.ops[op].arms[arm];
        match kind {
            Kind::Receive => self.receive(channel, op),
            Kind::Send | Kind::SendFrom => self.send(channel, value, op),
            Kind::Reserve if self.channels[channel].closed => Outcome::Refused,
            Kind::Reserve => {
                self.channels[channel].reserved += 1;
                Outcome::Reserved
            }
        }
    }

    fn receive(&mut self, channel: usize, own: usize) -> Outcome {
        if let Some(value) = self.channels[channel].buffer.pop_front() {
            self.move_up(channel, own);
            return Outcome::Got(value);
        }
        if let Some((op, arm)) = self.sender(channel, own, true) {
            let value = self.arm(op, arm).value;
            self.decide(op, arm, Outcome::Sent);
            return Outcome::Got(value);
        }
        assert!(self.ended(channel));
        Outcome::End
    }

    fn send(&mut self, channel: usize, value: u32, own: usize) -> Outcome {
        if self.channels[channel].closed {
            return Outcome::Refused;
        }
        if let Some((op, arm)) = self.receiver(channel, own) {
            self.decide(op, arm, Outcome::Got(value));
            return Outcome::Sent;
        }
        assert!(!self.is_full(channel));
        self.channels[channel].buffer.push_back(value);
        Outcome::Sent
    }

    /// There may be room for who waits.
    fn move_up(&mut self, channel: usize, own: usize) {
        if self.is_full(channel) {
            return;
        }
        let Some((op, arm)) = self.sender(channel, own, false) else {
            return;
        };
        if self.arm(op, arm).kind == Kind::Reserve {
            self.channels[channel].reserved += 1;
            self.decide(op, arm, Outcome::Reserved);
        } else {
            let value = self.arm(op, arm).value;
            self.channels[channel].buffer.push_back(value);
            self.decide(op, arm, Outcome::Sent);
        }
    }

    fn decide(&mut self, op: usize, arm: usize, outcome: Outcome) {
        self.leave(op);
        self.ops[op].decided = Some((arm, outcome));
    }

    pub(super) fn enqueue(&mut self, op: usize) {
        for (arm, Arm { channel, kind, .. }) in self.ops[op].arms.iter().enumerate() {
            let channel = &mut self.channels[*channel];
            match kind {
                Kind::Receive => channel.receivers.push((op, arm)),
                _ => channel.senders.push((op, arm)),
            }
        }
    }

    fn leave(&mut self, op: usize) {
        for channel in &mut self.channels {
            channel.receivers.retain(|&(other, _)| other != op);
            channel.senders.retain(|&(other, _)| other != op);
        }
    }

    /// What a poll finds. Who was told the end looks again, since a value may have come back.
    pub(super) fn take_decided(&mut self, op: usize) -> Option<(usize, Outcome)> {
        let (arm, outcome) = self.ops[op].decided.take()?;
        if outcome == Outcome::End {
            let channel = self.arm(op, arm).channel;
            if self.can_receive(channel, op) {
                return Some((arm, self.receive(channel, op)));
            }
        }
        Some((arm, outcome))
    }

    /// It is over, and its outcome was seen.
    pub(super) fn forget_name(&mut self, op: usize) {
        self.ops[op].decided = None;
    }

    pub(super) fn has_sent_from(&self, op: usize) -> bool {
        let is_from = |arm: usize| self.arm(op, arm).kind == Kind::SendFrom;
        matches!(self.ops[op].decided, Some((arm, Outcome::Sent)) if is_from(arm))
    }

    /// The future is dropped: what it was given goes on.
    pub(super) fn drop_op(&mut self, op: usize) {
        self.leave(op);
        let Some((arm, outcome)) = self.ops[op].decided.take() else {
            return;
        };
        let channel = self.arm(op, arm).channel;
        match outcome {
            Outcome::Got(value) => match self.receiver(channel, NOBODY) {
                Some((other, arm)) => self.decide(other, arm, Outcome::Got(value)),
                None => self.channels[channel].buffer.push_front(value),
            },
            Outcome::Reserved => self.release(channel),
            Outcome::End | Outcome::Sent | Outcome::Refused => {}
        }
    }

    /// The future is forgotten: it waits on.
    pub(super) fn forget(&mut self, op: usize) {
        self.ops[op].forgotten = true;
    }

    /// Values that forgotten operations keep.
    pub(super) fn leaked(&self) -> usize {
        let kept = |op: &Op| {
            let sends = |arm: &Arm| matches!(arm.kind, Kind::Send | Kind::SendFrom);
            let values = op.arms.iter().filter(|arm| sends(arm)).count();
            match op.decided {
                Some((_, Outcome::Got(_))) => values + 1,
                Some((_, Outcome::Sent)) => values - 1,
                _ => values,
            }
        };
        self.ops.iter().filter(|op| op.forgotten).map(kept).sum()
    }

    pub(super) fn try_send(&mut self, channel: usize, value: u32) -> Option<Outcome> {
        let can = self.can_send(channel, NOBODY);
        can.then(|| self.send(channel, value, NOBODY))
    }

    pub(super) fn try_recv(&mut self, channel: usize) -> Option<Outcome> {
        let can = self.can_receive(channel, NOBODY);
        can.then(|| self.receive(channel, NOBODY))
    }

    /// A reserved place is given up.
    pub(super) fn release(&mut self, channel: usize) {
        self.channels[channel].reserved -= 1;
        self.place_is_free(channel);
    }

    /// A reserved place is used.
    pub(super) fn fill(&mut self, channel: usize, value: u32) {
        self.channels[channel].reserved -= 1;
        match self.receiver(channel, NOBODY) {
            Some((op, arm)) => {
                self.decide(op, arm, Outcome::Got(value));
                self.place_is_free(channel);
            }
            None => self.channels[channel].buffer.push_back(value),
        }
    }

    fn place_is_free(&mut self, channel: usize) {
        self.move_up(channel, NOBODY);
        self.tell_receivers(channel);
    }

    pub(super) fn close(&mut self, channel: usize) -> bool {
        let was_open = !std::mem::replace(&mut self.channels[channel].closed, true);
        if was_open {
            while let Some((op, arm)) = self.sender(channel, NOBODY, false) {
                self.decide(op, arm, Outcome::Refused);
            }
            self.tell_receivers(channel);
        }
        was_open
    }

    fn tell_receivers(&mut self, channel: usize) {
        while self.ended(channel) {
            let Some((op, arm)) = self.receiver(channel, NOBODY) else {
                return;
            };
            self.decide(op, arm, Outcome::End);
        }
    }
}
