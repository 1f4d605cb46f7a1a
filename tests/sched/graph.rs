//! A million tasks that depend on one another at random: each runs once, after those it depends on.

use std::sync::{
    Arc,
    atomic::{
        AtomicU32, AtomicUsize,
        Ordering::{Relaxed, SeqCst},
    },
};

use crate::{gate::Gate, watchdog::on_each};

const NODES: usize = 1_000_000;

/// Who comes after whom, as one list of successors cut at `starts`.
struct Graph {
    starts: Vec<u32>,
    successors: Vec<u32>,
    /// Predecessors that have not run.
    waits_for: Vec<AtomicU32>,
    runs: Vec<AtomicU32>,
    left: AtomicUsize,
    done: Gate,
}

impl Graph {
    fn random(mut seed: u64) -> Graph {
        let mut random = move |bound: usize| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % bound
        };
        let mut counts = vec![0_u32; NODES + 1];
        let waits_for: Vec<AtomicU32> = (0..NODES).map(|_| AtomicU32::new(0)).collect();
        let mut edges = Vec::with_capacity(2 * NODES);
        for node in 1..NODES {
            for _ in 0..random(3) {
                // Mostly near, so that there are long chains; sometimes far, so that they meet.
                let span = if random(4) == 0 { node } else { node.min(64) };
                let before = node - 1 - random(span);
                edges.push((before as u32, node as u32));
                counts[before] += 1;
                waits_for[node].fetch_add(1, Relaxed);
            }
        }
        let mut sum = 0;
        let starts: Vec<u32> = counts
            .iter()
            .map(|&count| {
                sum += count;
                sum - count
            })
            .collect();
        let mut next = starts.clone();
        let mut successors = vec![0; edges.len()];
        for (before, node) in edges {
            successors[next[before as usize] as usize] = node;
            next[before as usize] += 1;
        }
        let runs = (0..NODES).map(|_| AtomicU32::new(0)).collect();
        Graph {
            starts,
            successors,
            waits_for,
            runs,
            left: AtomicUsize::new(NODES),
            done: Gate::new(),
        }
    }

    /// The node runs, and spawns those who waited for it last.
    async fn run(self: Arc<Graph>, node: usize) {
        if node % 16 == 0 {
            gmp::yield_now().await;
        }
        assert_eq!(self.waits_for[node].load(SeqCst), 0);
        assert_eq!(
            self.runs[node].fetch_add(1, SeqCst),
            0,
            "node {node} runs twice"
        );
        let (start, end) = (self.starts[node] as usize, self.starts[node + 1] as usize);
        for &next in &self.successors[start..end] {
            if self.waits_for[next as usize].fetch_sub(1, SeqCst) == 1 {
                self.spawn(next as usize);
            }
        }
        if self.left.fetch_sub(1, SeqCst) == 1 {
            self.done.open();
        }
    }

    /// Apart from `run`, which would otherwise contain itself.
    fn spawn(self: &Arc<Graph>, node: usize) {
        let future: futures::future::BoxFuture<'static, ()> = Box::pin(self.clone().run(node));
        drop(gmp::spawn(future));
    }
}

#[test]
fn a_million_tasks_run_in_the_order_of_their_graph() {
    on_each(&[2], |runtime| {
        let graph = Arc::new(Graph::random(7));
        let roots: Vec<usize> = (0..NODES)
            .filter(|&node| graph.waits_for[node].load(Relaxed) == 0)
            .collect();
        let starter = graph.clone();
        drop(runtime.spawn(async move { roots.into_iter().for_each(|node| starter.spawn(node)) }));
        runtime.block_on(graph.done.wait());
        assert!(graph.runs.iter().all(|runs| runs.load(SeqCst) == 1));
    });
}
