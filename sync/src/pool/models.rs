//! Models of the lists against the janitor. Nobody has a processor here: private places are behind the executor's gate.

use loom::{model, thread};

use super::*;

/// U3.
fn is_seen_to(pool: &Pool<u32>) -> bool {
    let watched = *pool.core.watched.lock().unwrap();
    let mut dead = Vec::new();
    let left = pool.core.lists().any(|list| list.age(None, &mut dead));
    watched || !left && dead.is_empty()
}

fn pool() -> Arc<Pool<u32>> {
    Arc::new(Pool::new(|| 0))
}

/// What comes to a list that was just trimmed is seen to, and nobody gets what another has.
#[test]
fn a_put_and_a_take_against_trimming() {
    model(|| {
        let pool = pool();
        pool.put(1);
        let (puts, trims) = (pool.clone(), pool.clone());
        let puts = thread::spawn(move || puts.put(2));
        let trims = thread::spawn(move || {
            for _ in 0..2 {
                trims.core.trim();
            }
        });
        let taken = pool.get().into_inner();
        puts.join().unwrap();
        trims.join().unwrap();
        assert!(taken <= 2);
        assert!(is_seen_to(&pool));
    });
}

/// What a thief brings to its own list is seen to.
#[test]
fn a_thief_against_trimming_and_a_put() {
    model(|| {
        let pool = pool();
        let list = &pool.core.foreign[1];
        for thing in 1..=3 {
            list.put(thing);
        }
        pool.core.watch();
        let (steals, trims) = (pool.clone(), pool.clone());
        let steals = thread::spawn(move || steals.get().into_inner());
        let trims = thread::spawn(move || {
            for _ in 0..2 {
                trims.core.trim();
            }
        });
        assert!(steals.join().unwrap() <= 3);
        trims.join().unwrap();
        assert!(is_seen_to(&pool));
    });
}
