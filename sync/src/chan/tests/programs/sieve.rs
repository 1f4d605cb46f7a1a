//! Go: sieve2.go: a prime sieve that merges the multiples of all primes so far by a heap, in the order of their next ones, and takes them
//! out of the odd numbers. The primes come back to where multiples are made, much slower than they are found: a proxy with a
//! buffer that grows stands between, without which the circle would stand still.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

use futures::FutureExt;

use super::{Nursery, each_executor};
use crate::{Receiver, Sender, chan, select};

/// `first`, and every `step` further, until nobody listens.
async fn count(first: u64, step: u64, out: Sender<u64>) {
    let mut n = first;
    while out.send(n).await.is_ok() {
        n += step;
    }
}

async fn proxy(values: Receiver<u64>, out: Sender<u64>) {
    let mut buffer = VecDeque::new();
    let mut first = None;
    loop {
        select! {
            value = values.recv() => match value {
                Some(value) => buffer.push_back(value),
                None => return,
            },
            sent = out.send_from(&mut first), if first.is_some() => if sent.is_err() {
                return;
            },
        }
        first = first.or_else(|| buffer.pop_front());
    }
}

/// The multiples of one prime, of which the first is known.
struct Multiples {
    head: u64,
    rest: Receiver<u64>,
}

impl PartialEq for Multiples {
    fn eq(&self, other: &Self) -> bool {
        self.head == other.head
    }
}

impl Eq for Multiples {}

impl PartialOrd for Multiples {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Multiples {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.head.cmp(&other.head)
    }
}

/// All multiples of the primes, in order, each once. `None`: somebody does not go on.
async fn merge(nursery: Nursery, primes: Receiver<u64>, composites: Sender<u64>) -> Option<()> {
    let mut heap: BinaryHeap<Reverse<Multiples>> = BinaryHeap::new();
    loop {
        let prime = primes.recv().await?;
        let (out, rest) = chan(10);
        nursery.spawn(count(prime * prime, 2 * prime, out));
        let head = rest.recv().await?;
        // What is below the square of the prime is a multiple of smaller ones, and is told first.
        while heap.peek().is_some_and(|next| next.0.head < head) {
            let next = heap.peek_mut()?.0.head;
            composites.send(next).await.ok()?;
            while heap.peek().is_some_and(|least| least.0.head == next) {
                let mut least = heap.pop()?.0;
                least.head = least.rest.recv().await?;
                heap.push(Reverse(least));
            }
        }
        // The square itself at once: the next primes are below it, and are found by it.
        composites.send(head).await.ok()?;
        let head = rest.recv().await?;
        heap.push(Reverse(Multiples { head, rest }));
    }
}

/// The odd numbers without the composites.
async fn sieve(
    odds: Receiver<u64>,
    composites: Receiver<u64>,
    primes: Sender<u64>,
    out: Sender<u64>,
) -> Option<()> {
    let mut candidate = odds.recv().await?;
    loop {
        let composite = composites.recv().await?;
        while candidate < composite {
            primes.send(candidate).await.ok()?;
            out.send(candidate).await.ok()?;
            candidate = odds.recv().await?;
        }
        if candidate == composite {
            candidate = odds.recv().await?;
        }
    }
}

#[test]
fn the_prime_sieve_by_a_heap() {
    each_executor(|on| {
        Nursery::run(on, |nursery| async move {
            let (out, found) = chan(10);
            let (odd, odds) = chan(50);
            let (composite, composites) = chan(50);
            let (to_proxy, from_sieve) = chan(10);
            let (back, primes) = chan(10);
            for prime in [2, 3] {
                out.send(prime).await.unwrap();
            }
            back.send(3).await.unwrap();
            nursery.spawn(count(5, 2, odd));
            nursery.spawn(proxy(from_sieve, back));
            let merged = merge(nursery.clone(), primes, composite);
            let sieved = sieve(odds, composites, to_proxy, out);
            nursery.spawn(merged.map(|_| ()));
            nursery.spawn(sieved.map(|_| ()));
            drop(nursery);
            let is_prime = |n: u64| (2..n).all(|d| n % d != 0);
            for prime in (2..).filter(|&n| is_prime(n)).take(100) {
                assert_eq!(found.recv().await, Some(prime));
            }
        });
    });
}
