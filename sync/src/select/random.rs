//! Which arm is looked at first: a generator of random numbers for each thread.

use std::{
    cell::Cell,
    hash::{BuildHasher, RandomState},
};

thread_local! {
    static STATE: Cell<u64> = const { Cell::new(0) };
}

/// Marsaglia's xorshift64*, whose upper half is returned.
fn next() -> u32 {
    STATE.with(|state| {
        let mut x = state.get();
        if x == 0 {
            x = RandomState::new().hash_one(0) | 1;
        }
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        state.set(x);
        (x.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) as u32
    })
}

/// A number below `limit`. (Go: `cheaprandn`)
fn below(limit: u32) -> u32 {
    ((u64::from(next()) * u64::from(limit)) >> 32) as u32
}

/// Fills `order` with the numbers below its length, in an order of which each is as likely.
pub(super) fn shuffle(order: &mut [u32]) {
    for last in 0..order.len() {
        let place = below(last as u32 + 1) as usize;
        order[last] = order[place];
        order[place] = last as u32;
    }
}
