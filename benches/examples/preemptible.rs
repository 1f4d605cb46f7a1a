//! What `#[gmp::preemptible]` costs a scalar loop, counted in instructions.
//!
//! `preemptible plain N` and `preemptible annotated N` take N turns of the same loop, with `-long` of one with a body of ten
//! instructions, with `-counted` of one that only counts; run under callgrind, the differences between
//! two N are the loop's alone. What it does not show: loops that the compiler would turn into vectors, which the look
//! at the flag forbids.

use std::hint::black_box;

async fn plain(turns: u64) -> u64 {
    let mut state = black_box(1);
    for turn in 0..turns {
        state = step(state, turn);
    }
    state
}

#[gmp::preemptible]
async fn annotated(turns: u64) -> u64 {
    let mut state = black_box(1);
    for turn in 0..turns {
        state = step(state, turn);
    }
    state
}

#[gmp::preemptible]
async fn counted(turns: u64) -> u64 {
    let mut turn = 0;
    while turn < turns {
        turn += black_box(1);
    }
    turn
}

async fn plain_counted(turns: u64) -> u64 {
    let mut turn = 0;
    while turn < turns {
        turn += black_box(1);
    }
    turn
}

async fn plain_long(turns: u64) -> u64 {
    let mut state = black_box(1);
    for turn in 0..turns {
        state = step(step(step(step(step(state, turn), 1), 2), 3), 4);
    }
    state
}

#[gmp::preemptible]
async fn long(turns: u64) -> u64 {
    let mut state = black_box(1);
    for turn in 0..turns {
        state = step(step(step(step(step(state, turn), 1), 2), 3), 4);
    }
    state
}

/// Each turn needs the last one's result, so that there is nothing to be turned into vectors.
fn step(state: u64, turn: u64) -> u64 {
    (state ^ turn).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let kind = arguments.next().expect("plain or annotated");
    let turns = arguments.next().and_then(|number| number.parse().ok());
    let turns = turns.expect("a number of turns");
    let runtime = gmp::Builder::new().max_procs(1).build().expect("a runtime");
    let state = match kind.as_str() {
        "plain" => runtime.block_on(plain(turns)),
        "annotated" => runtime.block_on(annotated(turns)),
        "plain-counted" => runtime.block_on(plain_counted(turns)),
        "annotated-counted" => runtime.block_on(counted(turns)),
        "plain-long" => runtime.block_on(plain_long(turns)),
        "annotated-long" => runtime.block_on(long(turns)),
        other => panic!("no loop `{other}`"),
    };
    println!("{state}");
}
