//! Models of the [`run_queue`]: nothing that was pushed is lost (Q4), and nothing comes out that was not pushed.
//!
//! A name may come out twice, as the head of the module says; that this does no harm is for `entry` and for the
//! models of the state word to show.

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

    /// All that is left in a queue from which nobody else takes any more.
    fn add_rest(&mut self, queue: &mut Local) {
        self.add(queue.take_next());
        while let Some(name) = queue.pop() {
            self.add([name]);
        }
    }
}

/// The owner of a queue, and what it took.
struct Owner {
    queue: Local,
    taken: Taken,
    pushed: u32,
}

impl Owner {
    fn push(&mut self, count: u32) {
        for _ in 0..count {
            self.pushed += 1;
            let taken = &mut self.taken;
            let overflow = |batch| taken.add_batch(batch);
            self.queue.push(name(self.pushed), overflow);
        }
    }

    fn pop(&mut self, count: u32) {
        for _ in 0..count {
            self.taken.add(self.queue.pop());
        }
    }

    fn set_next(&mut self) {
        self.pushed += 1;
        self.taken.add(self.queue.set_next(name(self.pushed)));
    }

    fn take_next(&mut self) {
        self.taken.add(self.queue.take_next());
    }
}

fn steal(victim: Stealer) -> Taken {
    let (mut own, _) = run_queue::new();
    let mut taken = Taken::default();
    taken.add(victim.steal_into(&mut own));
    taken.add_rest(&mut own);
    taken
}

fn steal_next(victim: Stealer) -> Taken {
    let mut taken = Taken::default();
    taken.add(victim.next().filter(|&name| victim.take_next(name)));
    taken
}

/// With `pushed` names in the ring, the owner runs `program` while each thief runs.
fn check<const N: usize>(
    pushed: u32,
    thieves: [fn(Stealer) -> Taken; N],
    program: impl Fn(&mut Owner) + Send + Sync + 'static,
) {
    model(move || {
        let (queue, stealer) = run_queue::new();
        let mut owner = Owner {
            queue,
            taken: Taken::default(),
            pushed: 0,
        };
        owner.push(pushed);
        let thieves = thieves.map(|thief| {
            let stealer = stealer.clone();
            thread::spawn(move || thief(stealer))
        });
        program(&mut owner);
        for thief in thieves {
            owner.taken.0.extend(thief.join().unwrap().0);
        }
        owner.taken.add_rest(&mut owner.queue);
        assert_eq!(owner.taken.0, (1..=owner.pushed).collect(), "taken, pushed");
    });
}

#[test]
fn push_against_steal() {
    check(0, [steal; 2], |owner| owner.push(3));
}

#[test]
fn pop_against_three_thieves() {
    check(3, [steal; 3], |owner| owner.pop(1));
}

/// The owner's store moves `head` back over what a thief took, and the places that it freed are filled again.
#[test]
fn head_moved_back_against_push() {
    check(4, [steal; 2], |owner| {
        owner.pop(1);
        owner.push(1);
        owner.pop(1);
    });
}

/// The ring goes round while a thief stands between its copy and its CAS.
#[test]
fn laps_against_a_slow_thief() {
    check(1, [steal], |owner| {
        for _ in 0..3 {
            owner.pop(1);
            owner.push(1);
        }
        owner.push(4);
    });
}

#[test]
fn overflow_against_two_thieves() {
    check(4, [steal; 2], |owner| owner.push(1));
}

#[test]
fn overflow_and_pop_against_steal() {
    check(4, [steal], |owner| {
        owner.push(1);
        owner.pop(1);
        owner.push(2);
        owner.pop(1);
    });
}

/// The place for the next one: nothing is lost between the owner's load and its store.
#[test]
fn set_next_against_two_thieves() {
    check(0, [steal_next; 2], |owner| {
        owner.set_next();
        owner.set_next();
        owner.take_next();
        owner.set_next();
    });
}

/// What a thief publishes in its own ring is whole for the next thief.
#[test]
fn steal_against_steal_from_the_thief() {
    model(|| {
        let (mut queue, stealer) = run_queue::new();
        for number in 1..=4 {
            queue.push(name(number), |_| unreachable!());
        }
        let (mut own, of_thief) = run_queue::new();
        let second = thread::spawn(move || steal(of_thief));
        let mut taken = Taken::default();
        taken.add(stealer.steal_into(&mut own));
        taken.add_rest(&mut own);
        taken.0.extend(second.join().unwrap().0);
        taken.add_rest(&mut own);
        taken.add_rest(&mut queue);
        assert_eq!(taken.0, (1..=4).collect(), "taken, pushed");
    });
}

/// A batch from the global queue is whole for a thief.
#[test]
fn push_of_a_batch_against_steal() {
    check(0, [steal], |owner| {
        let (mut full, _) = run_queue::new();
        for number in 1..=5 {
            full.push(name(number), |batch| owner.queue.push_batch(&batch));
        }
        owner.pushed = 2;
        owner.push(1);
    });
}
