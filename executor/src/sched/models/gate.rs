//! A visit of a processor's place against closing and opening the gate: the place is never two threads'.

use loom::{cell::UnsafeCell, model, sync::Arc, thread};

use crate::sched::{depth::Depth, gate::Word};

struct World {
    gate: Word,
    depth: Depth,
    place: UnsafeCell<u32>,
}

// SAFETY: loom sees to it that nobody touches the place at the same time as another: that is what is modelled.
unsafe impl Sync for World {}

impl World {
    fn new() -> Arc<World> {
        let (gate, depth) = (Word::closed(), Depth::inside());
        gate.open();
        depth.leave();
        Arc::new(World {
            gate,
            depth,
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
    fn visit(&self) {
        self.depth.visit();
        if self.gate.is_open() {
            self.touch();
        }
        self.depth.leave();
    }

    /// Any other section, which may last.
    fn look_for_work(&self) {
        self.depth.enter();
    }

    fn close(&self) {
        self.gate.close(|| [&self.depth].into_iter());
    }
}

fn visitor(world: &Arc<World>, visits: usize) -> thread::JoinHandle<()> {
    let world = world.clone();
    thread::spawn(move || (0..visits).for_each(|_| world.visit()))
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

#[test]
fn a_section_after_a_visit_against_closing() {
    model(|| {
        let world = World::new();
        let visitor = {
            let world = world.clone();
            thread::spawn(move || {
                world.visit();
                world.look_for_work();
            })
        };
        world.close();
        world.touch();
        visitor.join().unwrap();
    });
}
