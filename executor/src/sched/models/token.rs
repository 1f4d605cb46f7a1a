//! The poller's token (N2): when all processors are idle, somebody is in the poller, or will be.
//!
//! The toy machine does what `Machine::rest`, `Scheduler::poll_idle` and `Section::go_idle` do.

use loom::{model, sync::Arc, thread};

use crate::{
    sched::{
        idle::{Idle, Reclaim},
        token::Token,
    },
    shim::mutant,
};

/// Where a machine came to rest.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rests {
    InPoller,
    Parked,
}

struct World {
    idle: Idle<usize, usize>,
    token: Token,
}

impl World {
    fn rest(&self) -> Rests {
        if self.token.try_take() {
            Rests::InPoller
        } else {
            Rests::Parked
        }
    }

    fn go_idle(&self, machine: usize, processor: usize) -> Rests {
        self.idle.go_idle(processor, machine, false);
        self.rest()
    }

    /// Somebody is ready: the machine asks for a processor to run him with.
    fn leave_poller(&self, machine: usize) -> Rests {
        let late = mutant("token_put_back_after_reclaim");
        if !late {
            self.token.put_back();
        }
        let reclaimed = self.idle.reclaim(machine);
        if late {
            self.token.put_back();
        }
        match reclaimed {
            Reclaim::Processor(processor) => {
                self.idle.end_search();
                self.go_idle(machine, processor)
            }
            Reclaim::Given => unreachable!("nobody gives here"),
            Reclaim::NoneIdle => Rests::Parked,
        }
    }
}

impl World {
    /// What `Scheduler::visit_poller` does: by the monitor, who is on no list.
    fn visit_poller(&self) -> Option<Rests> {
        if !self.token.try_take() {
            return None;
        }
        self.token.put_back();
        if mutant("no_look_after_the_visit") || !self.idle.submitted() {
            return None;
        }
        let mut given = None;
        let _ = self
            .idle
            .claim(|processor, machine| given = Some((machine.expect("one"), processor)));
        let (machine, processor) = given?;
        // The machine that was woken finds nothing.
        self.idle.end_search();
        Some(self.go_idle(machine, processor))
    }
}

/// The monitor looks into the poller while the last processor goes idle, whose machine finds the token taken.
#[test]
fn the_monitors_visit_against_going_idle() {
    model(|| {
        let world = Arc::new(World {
            idle: Idle::new(),
            token: Token::new(),
        });
        let other = world.clone();
        let machine = thread::spawn(move || other.go_idle(1, 1));
        let woken = world.visit_poller();
        let rests = machine.join().unwrap();
        assert_eq!(world.idle.counts().idle(), 1);
        assert!(
            rests == Rests::InPoller || woken == Some(Rests::InPoller),
            "nobody is in the poller"
        );
    });
}

#[test]
fn leaving_the_poller_against_going_idle() {
    model(|| {
        let world = Arc::new(World {
            idle: Idle::new(),
            token: Token::new(),
        });
        // The first one has no processor, and waits in the poller.
        world.idle.wait(0);
        assert!(world.token.try_take());
        let other = world.clone();
        let second = thread::spawn(move || other.go_idle(1, 1));
        let rests = [world.leave_poller(0), second.join().unwrap()];
        assert_eq!(world.idle.counts().idle(), 1);
        assert!(rests.contains(&Rests::InPoller), "nobody is in the poller");
    });
}
