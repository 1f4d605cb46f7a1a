//! What does it cost to take a buffer of 1 KiB and to give it back?
//!
//! A task takes a buffer, writes a byte into it, and gives it back, 10,000 times: to a pool, or to the allocator where
//! there is none (tokio, smol).
//!
//! # What it does not show
//! Buffers that end on another processor than they began, pools that are trimmed, and what is saved by not making the
//! content anew.

use std::{hint::black_box, io};

use super::About;
use crate::{child::Settings, kit::Buffers, meter, metric::Sample};

pub(super) const ABOUT: About = About::throughput("a buffer of 1 KiB, taken and given back");

const BUFFERS: usize = 10_000;

pub(super) fn run<B: Buffers>(settings: &Settings) -> io::Result<Sample> {
    meter::throughput::<B, _>(settings, BUFFERS, || async {
        // Who never lets others run is kept from their processor some time.
        B::yield_now().await;
        let pool = B::pool();
        for number in 0..BUFFERS {
            B::with_buffer(&pool, |buffer| {
                buffer.push(number as u8);
                black_box(buffer);
            });
        }
    })
}
