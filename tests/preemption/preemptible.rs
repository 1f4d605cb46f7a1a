//! `#[gmp::preemptible]` as users write it: its loops yield, and calculate what they calculated before.

use std::{
    cell::Cell,
    rc::Rc,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use gmp::JoinHandle;

use crate::watchdog::{eventually, on_each, within_limit};

/// Facades are renamed: the checks name the option `crate` only.
mod renamed {
    pub use ::gmp as runtime;
}

/// Begins, and ends never.
#[gmp::preemptible]
async fn loop_on(begun: Arc<AtomicUsize>) {
    begun.fetch_add(1, SeqCst);
    loop {}
}

/// Each iteration ends with a `continue`.
#[gmp::preemptible]
async fn continue_on(begun: Arc<AtomicUsize>) {
    begun.fetch_add(1, SeqCst);
    let mut n = 0_u64;
    'outer: while begun.load(SeqCst) > 0 {
        for step in 1_u64.. {
            n = n.wrapping_add(step);
            if step == 3 {
                continue 'outer;
            }
        }
    }
}

#[gmp::preemptible]
async fn count_on(begun: Arc<AtomicUsize>) {
    begun.fetch_add(1, SeqCst);
    for _ in std::iter::repeat(()) {}
}

#[gmp::preemptible(crate = renamed::runtime)]
async fn spin_in_a_block(begun: Arc<AtomicUsize>) {
    begun.fetch_add(1, SeqCst);
    let spin = |value: u32| async move { while let Some(1..) = Some(value) {} };
    spin(7).await;
}

struct Spinner {
    begun: Arc<AtomicUsize>,
}

trait Spin {
    fn spin<T: Send>(&self, value: T) -> impl Future<Output = T> + Send;
}

impl Spin for Spinner {
    #[gmp::preemptible]
    async fn spin<T: Send>(&self, value: T) -> T {
        self.begun.fetch_add(1, SeqCst);
        loop {
            if self.begun.load(SeqCst) == 0 {
                return value;
            }
        }
    }
}

/// Without the checks no poll of these loops would return, and nothing could be aborted: the joins would hang.
#[test]
fn loops_without_end_beside_a_sleeper() {
    on_each(&[1, 2], |runtime| {
        let begun = Arc::new(AtomicUsize::new(0));
        let loops: Vec<JoinHandle<()>> = (0..100)
            .map(|n| {
                let begun = begun.clone();
                match n % 5 {
                    0 => runtime.spawn(loop_on(begun)),
                    1 => runtime.spawn(continue_on(begun)),
                    2 => runtime.spawn(count_on(begun)),
                    3 => runtime.spawn(spin_in_a_block(begun)),
                    _ => runtime.spawn(async { Spinner { begun }.spin(()).await }),
                }
            })
            .collect();
        let sleeper = runtime.spawn(async {
            for _ in 0..20 {
                gmp::sleep(Duration::from_millis(1)).await;
            }
            7
        });
        assert_eq!(runtime.block_on(sleeper).unwrap(), 7);
        eventually(|| begun.load(SeqCst) == 100);
        for looping in &loops {
            looping.abort();
        }
        for looping in loops {
            assert!(runtime.block_on(looping).unwrap_err().is_cancelled());
        }
        runtime.shutdown();
    });
}

/// The same function twice, the second time under the attribute.
macro_rules! both {
    ($(async fn $name:ident $arguments:tt -> $output:ty $body:block)*) => {
        mod plain {
            use super::*;
            $(pub async fn $name $arguments -> $output $body)*
        }
        mod checked {
            use super::*;
            $(#[gmp::preemptible] pub async fn $name $arguments -> $output $body)*
        }
    };
}

both! {
    async fn nested(n: u32) -> Vec<(u32, u32)> {
        let mut pairs = Vec::new();
        'outer: for a in 0..n {
            let mut b = a;
            while b < n {
                b += 1;
                if b % 3 == 0 { continue; }
                if b % 7 == 0 { continue 'outer; }
                if a * b > 200 { break 'outer; }
                pairs.push((a, b));
            }
        }
        pairs
    }

    async fn values(n: u32) -> u32 {
        let mut x = n;
        let first = 'a: loop {
            x += loop {
                x += 1;
                if x % 10 == 0 { break 'a x; }
                if x % 4 == 0 { break 3; }
            };
        };
        let block = 'b: {
            for y in 0.. {
                if y * y > first { break 'b y; }
            }
            0
        };
        first * 1000 + block
    }

    async fn endless(n: u32) -> u32 {
        let mut x = n;
        let Some(y) = x.checked_sub(1) else {
            loop {
                x += 3;
                if x > 10 { return x; }
            }
        };
        let wide = match y {
            0 => loop {
                x += 1;
                if x % 8 == 0 { return x; }
            },
            other => u64::from(other),
        };
        x += wide as u32;
        loop {
            x += 7;
            if x % 5 == 0 { return x * 2; }
        }
    }

    async fn long(n: u32) -> Vec<u32> {
        let mut seen = vec![n];
        for x in 0..1000 {
            if x % 129 == 64 { seen.push(x); continue; }
            if x > 900 + n { break; }
        }
        let kept = loop {
            let last = seen.pop();
            if last.is_none_or(|last| last < 500) { break last; }
        };
        seen.extend(kept);
        seen
    }

    async fn questions(words: &[&str]) -> Result<u32, std::num::ParseIntError> {
        let mut sum = 0;
        for word in words {
            sum += word.parse::<u32>()?;
        }
        Ok(sum)
    }

    async fn blocks(n: u32) -> Vec<u32> {
        let mut found = Vec::new();
        for outer in 0..n {
            let inner = async {
                let mut product = 1_u32;
                for factor in 1..=outer {
                    product = product.wrapping_mul(factor);
                    if factor == 9 { return 0; }
                }
                product
            };
            found.push(inner.await);
            let square = |x: u32| { let mut sum = 0; for _ in 0..x { sum += x; } sum };
            found.push(square(outer));
        }
        found
    }

    async fn patterns(n: u32) -> Vec<u32> {
        let mut stack = vec![(0, n)];
        let mut seen = Vec::new();
        while let Some((depth @ 0..=9, value)) = stack.pop() {
            for (_, step) in &[(0, 1), (0, 2)] {
                if value > *step { stack.push((depth + 1, value - step)); }
            }
            seen.push(value);
        }
        seen
    }

    async fn drops(n: u32) -> Vec<u32> {
        let order = Order::default();
        for noisy in (0..n).map(|n| order.noisy(n)) {
            if noisy.number == 1 { continue; }
            order.note(10 + noisy.number);
            let _later = order.noisy(20 + noisy.number);
        }
        for _ in (0..n).map(|n| order.noisy(40 + n)) {
            order.note(50);
        }
        let mut left = n;
        while order.noisy(30).number == 30 && left > 0 {
            left -= 1;
        }
        while let Some(x) = order.noisy(60).number.checked_sub(60 + left) {
            order.note(70 + x);
            left += 1;
        }
        order.taken()
    }
}

/// In which order values are dropped.
#[derive(Default)]
struct Order(Rc<Cell<Vec<u32>>>);

impl Order {
    fn note(&self, number: u32) {
        let mut numbers = self.0.take();
        numbers.push(number);
        self.0.set(numbers);
    }

    fn noisy(&self, number: u32) -> Noisy {
        Noisy {
            order: Order(self.0.clone()),
            number,
        }
    }

    fn taken(&self) -> Vec<u32> {
        self.0.take()
    }
}

struct Noisy {
    order: Order,
    number: u32,
}

impl Drop for Noisy {
    fn drop(&mut self) {
        self.order.note(self.number);
    }
}

#[test]
fn the_results_are_those_without_the_attribute() {
    within_limit(|| {
        gmp::block_on(async {
            for n in 0..30 {
                assert_eq!(checked::nested(n).await, plain::nested(n).await);
                assert_eq!(checked::values(n).await, plain::values(n).await);
                assert_eq!(checked::endless(n).await, plain::endless(n).await);
                assert_eq!(checked::long(n).await, plain::long(n).await);
                assert_eq!(checked::blocks(n).await, plain::blocks(n).await);
                assert_eq!(checked::drops(n).await, plain::drops(n).await);
            }
            for n in 0..12 {
                assert_eq!(checked::patterns(n).await, plain::patterns(n).await);
            }
            for words in [&["1", "2"][..], &["1", "x", "2"], &[]] {
                let (found, expected) = (checked::questions(words), plain::questions(words));
                assert_eq!(found.await, expected.await);
            }
        });
    });
}

/// They compile: the future is `Send`, since none of these values lives from one iteration to the next.
#[gmp::preemptible]
async fn stays_send(queue: Arc<Mutex<Vec<u32>>>) -> u32 {
    let mut sum = 0;
    while let Some(value) = queue.lock().unwrap().pop() {
        let shared = Rc::new(value);
        sum += *shared;
    }
    for guard in [&queue].iter().map(|queue| queue.lock().unwrap()) {
        sum += guard.len() as u32;
    }
    loop {
        let guard = queue.lock().unwrap();
        if guard.is_empty() {
            return sum;
        }
    }
}

#[test]
fn what_lives_within_an_iteration_need_not_be_send() {
    on_each(&[1], |runtime| {
        let queue = Arc::new(Mutex::new((0..100).collect()));
        let task = runtime.spawn(stays_send(queue));
        assert_eq!(runtime.block_on(task).unwrap(), 4950);
    });
}

/// An exempt loop compiles beside a guard, and its task is one that loses its processor.
#[gmp::preemptible]
async fn exempt(numbers: Arc<Mutex<Vec<u32>>>) -> u32 {
    let guard = numbers.lock().unwrap();
    let mut sum = 0;
    #[gmp::no_preempt]
    for number in guard.iter() {
        for _ in 0..*number {
            sum += 1;
        }
    }
    sum
}

#[test]
fn an_exempt_loop_may_hold_a_guard() {
    on_each(&[1], |runtime| {
        let numbers = Arc::new(Mutex::new((0..100).collect()));
        assert_eq!(
            runtime.block_on(runtime.spawn(exempt(numbers))).unwrap(),
            4950
        );
    });
}
