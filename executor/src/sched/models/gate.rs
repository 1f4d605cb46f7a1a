//! A visit of a processor's place against closing and opening the gate: the place is never two threads'.

use loom::{cell::UnsafeCell, model, sync::Arc, thread};

use crate::sched::{depth::Depth, gate::Word};

struct World {
    gate: Word,
    visit: Depth,
    place: UnsafeCell<u32>,
}

// SAFETY: loom sees to it that nobody touches the place at the same time as another: that is what is modelled.
unsafe impl Sync for World {}

impl World {
    fn new() -> Arc<World> {
        let gate = Word::closed();
        gate.open();
        Arc::new(World {
            gate,
            visit: Depth::outside(),
            place: UnsafeCell::new(0),
        })
    }

    fn touch(&self) {
        self.place.with_mut(|place| {
            // SAFETY: as above.
            unsafe { *place += 1 };
        });
    }

    /// `visits::enter`, by who holds the processor.
    fn enter(&self) {
        self.visit.enter();
        if self.gate.is_open() {
            self.touch();
        }
        self.visit.leave();
    }

    fn close(&self) {
        self.gate.close(|| [&self.visit].into_iter());
    }
}

fn visitor(world: &Arc<World>, visits: usize) -> thread::JoinHandle<()> {
    let world = world.clone();
    thread::spawn(move || (0..visits).for_each(|_| world.enter()))
}

#[test]
fn visits_against_closing() {
    model(|| {
        let world = World::new();
        let visitor = visitor(&world, 2);
        world.close();
        world.touch();
        visitor.join().unwrap();
    });
}

#[test]
fn visits_against_closing_and_opening() {
    model(|| {
        let world = World::new();
        let visitor = visitor(&world, 2);
        world.close();
        world.touch();
        world.gate.open();
        visitor.join().unwrap();
        world.touch();
    });
}
