//! What tasks take is given back: to the next tasks at once, to the system within seconds.

use std::time::Duration;

use gmp::{ClassStats, MemStats};

use crate::{
    child::in_child,
    gate::Gate,
    process::resident,
    watchdog::{eventually, on_processors, runtime},
};

const MIB: usize = 1 << 20;

/// The class of the tasks that these tests spawn.
fn class(stats: &MemStats) -> ClassStats {
    let fits = |class: &&ClassStats| (400..=600).contains(&class.slot_size);
    let found = stats
        .classes
        .iter()
        .filter(fits)
        .max_by_key(|class| class.reserved);
    found.copied().unwrap_or_default()
}

/// A task of about 500 bytes that waits for the gate.
fn waiter(gate: &Gate) -> impl Future<Output = u8> + Send + use<> {
    let (passage, ballast) = (gate.wait(), [7_u8; 400]);
    async move {
        passage.await;
        std::hint::black_box(&ballast)[17]
    }
}

#[test]
fn the_number_of_tasks_is_that_of_those_that_have_not_ended() {
    on_processors(|runtime| {
        let (handle, gate) = (runtime.handle().clone(), Gate::new());
        assert_eq!(handle.num_tasks(), 0);
        let tasks: Vec<_> = (0..100).map(|_| runtime.spawn(gate.wait())).collect();
        assert_eq!(handle.num_tasks(), 100);
        assert_eq!(runtime.block_on(async { gmp::num_tasks() }), 100);
        assert_eq!(gmp::num_tasks(), 0, "outside of a runtime");
        let inside = runtime.spawn(async { gmp::num_tasks() });
        assert_eq!(runtime.block_on(inside).unwrap(), 101);
        tasks[..30].iter().for_each(gmp::JoinHandle::abort);
        eventually(|| handle.num_tasks() == 70);
        gate.open();
        for task in tasks.into_iter().skip(30) {
            runtime.block_on(task).unwrap();
        }
        assert_eq!(
            handle.num_tasks(),
            0,
            "who has joined a task does not count it any more"
        );
        runtime.shutdown();
        assert_eq!(handle.num_tasks(), 0);
    });
}

#[test]
#[cfg_attr(gmp_boxed, ignore = "bodies are not in the slots")]
fn slots_are_used_again() {
    in_child(|| {
        let runtime = runtime(2);
        let round = || {
            let gate = Gate::new();
            let tasks: Vec<_> = (0..10_000).map(|_| runtime.spawn(waiter(&gate))).collect();
            eventually(|| gate.waiting() == 10_000);
            let stats = gmp::mem_stats();
            assert!(
                stats.in_use >= 10_000 * 400 && stats.reserved >= stats.in_use,
                "{stats:?}"
            );
            gate.open();
            for task in tasks {
                assert_eq!(runtime.block_on(task).unwrap(), 7);
            }
            gmp::mem_stats()
        };
        let first = round();
        let reserved = (0..10)
            .map(|_| round())
            .last()
            .expect("ten rounds")
            .reserved;
        // Caches hold some slots each, so a few spans more may be needed.
        assert!(
            reserved <= first.reserved + MIB,
            "{} grew to {reserved}",
            first.reserved
        );
        let class = class(&first);
        assert!(
            class.idle + class.released > class.reserved / 2,
            "{class:?}"
        );
    });
}

#[test]
#[cfg_attr(gmp_boxed, ignore = "bodies are not in the slots")]
fn the_figures_add_up() {
    in_child(|| {
        let runtime = runtime(2);
        let gate = Gate::new();
        let tasks: Vec<_> = (0..1000).map(|_| runtime.spawn(waiter(&gate))).collect();
        let spawned_inside = runtime.spawn({
            let gate = gate.clone();
            async move {
                (0..1000)
                    .map(|_| gmp::spawn(waiter(&gate)))
                    .collect::<Vec<_>>()
            }
        });
        let inside = runtime.block_on(spawned_inside).unwrap();
        let stats = runtime.block_on(async { gmp::mem_stats() });
        let sum =
            |figure: fn(&ClassStats) -> usize| stats.classes.iter().map(figure).sum::<usize>();
        assert_eq!(sum(|class| class.reserved), stats.reserved);
        assert_eq!(sum(|class| class.idle), stats.idle);
        assert_eq!(sum(|class| class.released), stats.released);
        assert_eq!(stats.in_use + stats.idle + stats.released, stats.reserved);
        assert!(stats.spans > 0 && stats.reserved >= stats.spans * (64 << 10));
        assert!(
            stats
                .classes
                .windows(2)
                .all(|pair| pair[0].slot_size < pair[1].slot_size)
        );
        let class = class(&stats);
        assert!(
            class.cache_hits >= 900 && class.cache_misses >= 1,
            "{class:?}"
        );
        gate.open();
        for task in tasks.into_iter().chain(inside) {
            runtime.block_on(task).unwrap();
        }
    });
}

#[test]
#[cfg_attr(any(gmp_asan, gmp_boxed), ignore = "ASan keeps what was freed")]
fn after_a_burst_the_pages_go_back_to_the_system() {
    in_child(|| {
        let runtime = runtime(2);
        runtime.block_on(runtime.spawn(async {})).unwrap();
        let before = resident();
        let gate = Gate::new();
        let tasks: Vec<_> = (0..200_000).map(|_| runtime.spawn(waiter(&gate))).collect();
        eventually(|| gate.waiting() == 200_000);
        let during = resident();
        assert!(during > before + 80 * MIB, "from {before} to {during}");
        gate.open();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
        drop(gate);
        let released = |stats: gmp::MemStats| stats.released > 80 * MIB && class(&stats).idle < MIB;
        eventually(|| released(gmp::mem_stats()));
        // The allocator keeps what the test's own vectors took.
        let after = resident();
        assert!(after + 80 * MIB < during, "from {during} to {after}");
        // What was released can be used again.
        let gate = Gate::new();
        let tasks: Vec<_> = (0..1000).map(|_| runtime.spawn(waiter(&gate))).collect();
        gate.open();
        for task in tasks {
            assert_eq!(runtime.block_on(task).unwrap(), 7);
        }
    });
}

/// Also where something runs all the time: within 10 s or so.
#[test]
#[cfg_attr(any(gmp_asan, gmp_boxed), ignore = "ASan keeps what was freed")]
fn after_a_burst_the_pages_go_back_beside_light_load() {
    in_child(|| {
        let runtime = runtime(2);
        let ticks = runtime.spawn(async {
            let mut interval = gmp::time::interval(Duration::from_millis(50));
            loop {
                interval.tick().await;
            }
        });
        let gate = Gate::new();
        let tasks: Vec<_> = (0..50_000).map(|_| runtime.spawn(waiter(&gate))).collect();
        eventually(|| gate.waiting() == 50_000);
        gate.open();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
        eventually(|| gmp::mem_stats().released > 20 * MIB);
        ticks.abort();
        let told: Result<(), _> = runtime.block_on(ticks);
        assert!(told.is_err());
    });
}
