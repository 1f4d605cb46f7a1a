//! Models of the [`run_queue`]: nothing that was pushed is lost (Q4), and nothing comes out that was not pushed.
//!
//! A name may come out twice, as the head of the module says; that this does no harm is for the models of
//! the state word to show.

use std::collections::BTreeSet;

use loom::{model, thread};

use crate::{
    sched::run_queue::{self, Batch, Local, Stealer},
    task::name::Name,
};

fn name(number: u32) -> Name {
    Name::new(number, 1)
}

/// What came out of a queue.
#[derive(Default)]
struct Taken(BTreeSet<u32>);

impl Taken {
    fn add(&mut self, names: impl IntoIterator<Item = Name>) {
        self.0.extend(names.into_iter().map(Name::index));
    }

    fn add_batch(&mut self, mut batch: Batch) {
        while let (Some(name), _) = batch.take_first() {
            self.add([name]);
        }
    }

    /// All that is left in a queue that nobody else has any more.
    fn add_rest(&mut self, queue: &mut Local) {
        self.add(queue.take_next());
        while let Some(name) = queue.pop() {
            self.add([name]);
        }
    }

    fn join(&mut self, thief: thread::JoinHandle<Taken>) {
        self.0.extend(thief.join().unwrap().0);
    }

    fn check(self, pushed: u32) {
        assert_eq!(self.0, (1..=pushed).collect(), "left: taken, right: pushed");
    }
}

/// The owner of a queue, and what it took.
struct Owner {
    queue: Local,
    taken: Taken,
    pushed: u32,
}

impl Owner {
    /// With `pushed` names in the ring.
    fn of(pushed: u32) -> (Owner, Stealer) {
        let (queue, stealer) = run_queue::new();
        let mut owner = Owner {
            queue,
            taken: Taken::default(),
            pushed: 0,
        };
        owner.push(pushed);
        (owner, stealer)
    }

    fn push(&mut self, count: u32) {
        for _ in 0..count {
            self.pushed += 1;
            self.queue
                .push(name(self.pushed), |batch| self.taken.add_batch(batch));
        }
    }

    fn pop(&mut self, count: u32) {
        for _ in 0..count {
            self.taken.add(self.queue.pop());
        }
    }

    fn check<const N: usize>(mut self, thieves: [thread::JoinHandle<Taken>; N]) {
        for thief in thieves {
            self.taken.join(thief);
        }
        self.taken.add_rest(&mut self.queue);
        self.taken.check(self.pushed);
    }
}

/// A thief that steals once.
fn thief(victim: &Stealer) -> thread::JoinHandle<Taken> {
    let victim = victim.clone();
    thread::spawn(move || {
        let (mut own, _) = run_queue::new();
        let mut taken = Taken::default();
        taken.add(victim.steal_into(&mut own));
        taken.add_rest(&mut own);
        taken
    })
}

#[test]
fn push_against_steal() {
    model(|| {
        let (mut owner, stealer) = Owner::of(0);
        let thieves = [thief(&stealer), thief(&stealer)];
        owner.push(3);
        owner.check(thieves);
    });
}

#[test]
fn pop_against_three_thieves() {
    model(|| {
        let (mut owner, stealer) = Owner::of(4);
        let thieves = [thief(&stealer), thief(&stealer), thief(&stealer)];
        owner.pop(2);
        owner.check(thieves);
    });
}

/// The owner's store moves `head` back over what a thief took, and the places are filled again.
#[test]
fn head_moved_back_against_push() {
    model(|| {
        let (mut owner, stealer) = Owner::of(3);
        let thieves = [thief(&stealer), thief(&stealer)];
        owner.pop(1);
        owner.push(1);
        owner.pop(1);
        owner.push(2);
        owner.check(thieves);
    });
}

/// The ring goes round while a thief stands between its copy and its CAS.
#[test]
fn laps_against_a_slow_thief() {
    model(|| {
        let (mut owner, stealer) = Owner::of(1);
        let thieves = [thief(&stealer)];
        for _ in 0..3 {
            owner.pop(1);
            owner.push(1);
        }
        owner.push(5);
        owner.check(thieves);
    });
}

#[test]
fn overflow_against_steal() {
    model(|| {
        let (mut owner, stealer) = Owner::of(4);
        let thieves = [thief(&stealer), thief(&stealer)];
        owner.push(2);
        owner.pop(1);
        owner.push(2);
        owner.check(thieves);
    });
}

/// What a thief publishes in its own ring is whole for the next thief.
#[test]
fn steal_from_a_thief() {
    model(|| {
        let (owner, stealer) = Owner::of(4);
        let (mut own, of_thief) = run_queue::new();
        let first = thread::spawn(move || {
            let mut taken = Taken::default();
            taken.add(stealer.steal_into(&mut own));
            taken.add_rest(&mut own);
            taken
        });
        owner.check([first, thief(&of_thief)]);
    });
}

/// A batch from the global queue is whole for a thief.
#[test]
fn push_of_a_batch_against_steal() {
    model(|| {
        let (mut full, _) = run_queue::new();
        let (mut owner, stealer) = Owner::of(0);
        let thieves = [thief(&stealer)];
        for number in 1..=4 {
            full.push(name(number), |_| unreachable!());
        }
        owner.pushed = 4;
        full.push(name(5), |batch| owner.queue.push_batch(&batch));
        owner.pushed = 2;
        owner.check(thieves);
    });
}

/// The place for the next one: nothing is lost between the owner's load and its store.
#[test]
fn set_next_against_take_next() {
    model(|| {
        let (mut owner, stealer) = Owner::of(0);
        let thief = thread::spawn(move || {
            let mut taken = Taken::default();
            taken.add(stealer.next().filter(|&name| stealer.take_next(name)));
            taken
        });
        for number in 1..=2 {
            let before = owner.queue.set_next(name(number));
            owner.taken.add(before);
        }
        let next = owner.queue.take_next();
        owner.taken.add(next);
        let before = owner.queue.set_next(name(3));
        owner.taken.add(before);
        owner.pushed = 3;
        owner.check([thief]);
    });
}
