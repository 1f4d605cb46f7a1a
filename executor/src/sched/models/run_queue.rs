//! Models of [`run_queue`]: nothing that was pushed is lost, and nothing comes out that was not pushed.
//!
//! A name may come out twice: the owner takes without a read-modify-write (head of the module).

use std::collections::BTreeSet;

use loom::{model, thread};

use crate::{
    sched::run_queue::{self, Local, Stealer},
    task::name::Name,
};

fn name(number: u32) -> Name {
    Name::new(number, 1)
}

/// What the threads of a model took out of a queue.
#[derive(Default)]
struct Taken(BTreeSet<u32>);

impl Taken {
    fn add(&mut self, names: impl IntoIterator<Item = Name>) {
        self.0.extend(names.into_iter().map(Name::index));
    }

    fn add_batch(&mut self, batch: run_queue::Batch) {
        self.add(batch.map(|bits| Name::from_bits(bits).expect("a batch holds names")));
    }

    fn drain(&mut self, queue: &mut Local) {
        self.add(queue.take_next());
        while let Some(name) = queue.pop() {
            self.add([name]);
        }
    }

    /// Q4, and its reverse.
    fn check(self, pushed: u32) {
        assert_eq!(self.0, (1..=pushed).collect(), "left: taken, right: pushed");
    }
}

/// A thief that steals once; what it took.
fn thief(victim: Stealer) -> thread::JoinHandle<Taken> {
    thread::spawn(move || {
        let (mut own, _) = run_queue::new();
        let mut taken = Taken::default();
        taken.add(victim.steal_into(&mut own));
        taken.drain(&mut own);
        taken
    })
}

fn push(queue: &mut Local, taken: &mut Taken, number: u32) {
    queue.push(name(number), |batch| taken.add_batch(batch));
}

#[test]
fn pop_against_steal() {
    model(|| {
        let (mut queue, stealer) = run_queue::new();
        let mut taken = Taken::default();
        for number in 1..=3 {
            push(&mut queue, &mut taken, number);
        }
        let thieves = [thief(stealer.clone()), thief(stealer)];
        taken.add(queue.pop());
        taken.add(queue.pop());
        push(&mut queue, &mut taken, 4);
        for thief in thieves {
            taken.0.extend(thief.join().unwrap().0);
        }
        taken.drain(&mut queue);
        taken.check(4);
    });
}
