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
