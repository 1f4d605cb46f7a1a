//! A spawn against the end of its runtime (S7): the section sees *closing*, or the walk waits for it and finds
//! the task.

use loom::{
    model,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use crate::sched::depth::{Depth, wait_until_outside};

struct World {
    depth: Depth,
    closing: AtomicU32,
    /// A task is published in its slot.
    published: AtomicU32,
}

impl World {
    /// With a machine that runs user code.
    fn new() -> Arc<World> {
        let depth = Depth::inside();
        depth.leave();
        Arc::new(World {
            depth,
            closing: AtomicU32::new(0),
            published: AtomicU32::new(0),
        })
    }

    /// `section::with` and `Section::spawn`. True: the task was taken.
    fn spawn(&self) -> bool {
        self.depth.enter();
        let open = self.closing.load(Ordering::Relaxed) == 0;
        if open {
            self.published.store(1, Ordering::Relaxed);
        }
        self.depth.leave();
        open
    }

    /// `Scheduler::close`, by whoever ends the runtime.
    fn close(&self) {
        self.closing.store(1, Ordering::SeqCst);
    }

    /// `Scheduler::end`, by the monitor once it sees `closing`. True: the walk found the task.
    fn walk(&self) -> bool {
        wait_until_outside([&self.depth].into_iter());
        self.published.load(Ordering::Relaxed) == 1
    }
}

fn spawner(world: &Arc<World>) -> thread::JoinHandle<bool> {
    let world = world.clone();
    thread::spawn(move || world.spawn())
}

#[test]
fn spawn_against_walk() {
    model(|| {
        let world = World::new();
        let spawner = spawner(&world);
        world.close();
        let found = world.walk();
        assert_eq!(
            spawner.join().unwrap(),
            found,
            "left: spawned, right: found"
        );
    });
}

/// The monitor may see `closing` before the thread that set it does anything else.
#[test]
fn spawn_against_walk_by_another_thread() {
    model(|| {
        let world = World::new();
        let spawner = spawner(&world);
        let other = world.clone();
        let closer = thread::spawn(move || other.close());
        let found = (world.closing.load(Ordering::Relaxed) == 1).then(|| world.walk());
        let spawned = spawner.join().unwrap();
        closer.join().unwrap();
        assert!(
            found.is_none_or(|found| found == spawned),
            "spawned: {spawned}, found: {found:?}"
        );
    });
}
