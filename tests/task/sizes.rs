//! Futures and outputs of every size and alignment, from nothing to some MiB.

use std::{
    hint::black_box,
    pin::Pin,
    task::{Context, Poll},
};

use crate::{tally::Tally, watchdog::on_processors};

/// A future of at least `N` bytes that knows its pattern and its address.
struct Large<const N: usize> {
    bytes: [u8; N],
    polled_at: usize,
    left: u8,
}

impl<const N: usize> Large<N> {
    fn new() -> Self {
        Large {
            bytes: std::array::from_fn(pattern),
            polled_at: 0,
            left: 3,
        }
    }
}

fn pattern(at: usize) -> u8 {
    (at % 251) as u8
}

fn holds_pattern(bytes: &[u8]) -> bool {
    // The ends and some places between: all of them would take long without optimisation.
    let step = (bytes.len() / 1000).max(1);
    let all = (0..bytes.len())
        .step_by(step)
        .chain(bytes.len().checked_sub(1));
    all.into_iter().all(|at| bytes[at] == pattern(at))
}

impl<const N: usize> Future for Large<N> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let here = black_box(&raw const self.bytes).addr();
        if self.polled_at == 0 {
            self.polled_at = here;
            // The pattern was written where the future was made.
        }
        assert_eq!(self.polled_at, here, "a polled future does not move");
        assert!(holds_pattern(&self.bytes));
        self.left -= 1;
        if self.left == 0 {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

macro_rules! futures_of {
    ($($name:ident: $size:expr;)*) => { $(
        #[test]
        fn $name() {
            on_processors(|runtime| {
                let tally = Tally::new();
                let handles: Vec<_> =
                    (0..3).map(|_| runtime.spawn(tally.around(Large::<{ $size }>::new()))).collect();
                for handle in handles {
                    runtime.block_on(handle).unwrap();
                }
                tally.assert_settled();
            });
        }
    )* };
}

futures_of! {
    a_future_of_nothing: 0;
    a_future_of_1_byte: 1;
    a_future_of_15_bytes: 15;
    a_future_of_100_bytes: 100;
    a_future_of_500_bytes: 500;
    a_future_of_1000_bytes: 1000;
    a_future_of_4_kib: 4 << 10;
    a_future_of_10_kib: 10 << 10;
    a_future_of_almost_32_kib: (32 << 10) - 128;
    a_future_of_32_kib: 32 << 10;
    a_future_of_64_kib: 64 << 10;
    a_future_of_200_kib: 200 << 10;
    a_future_of_3_mib: 3 << 20;
}

#[test]
fn an_output_of_nothing() {
    on_processors(|runtime| {
        struct Nothing;
        let handles: Vec<_> = (0..100).map(|_| runtime.spawn(async { Nothing })).collect();
        for handle in handles {
            let Nothing = runtime.block_on(handle).unwrap();
        }
        let never: gmp::JoinHandle<std::convert::Infallible> =
            runtime.spawn(std::future::pending());
        never.abort();
        assert!(runtime.block_on(never).unwrap_err().is_cancelled());
    });
}

#[test]
fn an_output_larger_than_its_future() {
    on_processors(|runtime| {
        let small = runtime.spawn(async { std::array::from_fn::<u8, 1000, _>(pattern) });
        let large = runtime.spawn(async { std::array::from_fn::<u8, { 1 << 20 }, _>(pattern) });
        assert!(holds_pattern(&runtime.block_on(small).unwrap()));
        assert!(holds_pattern(&runtime.block_on(large).unwrap()));
    });
}

#[test]
fn an_output_that_is_dropped_untaken_is_dropped_whole() {
    on_processors(|runtime| {
        let tally = Tally::new();
        for _ in 0..100 {
            let outputs: [_; 20] = std::array::from_fn(|_| tally.output());
            drop(runtime.spawn(async { outputs }));
        }
        runtime.shutdown();
        tally.assert_settled();
    });
}

macro_rules! aligned_to {
    ($($name:ident: $align:literal;)*) => { $(
        #[test]
        fn $name() {
            #[derive(Clone, Copy)]
            #[repr(align($align))]
            struct Aligned(u8);

            impl Aligned {
                fn is_well_placed(&self) -> bool {
                    black_box(std::ptr::from_ref(self)).addr() % $align == 0
                }
            }

            on_processors(|runtime| {
                let handles: Vec<_> = (0..50_u8)
                    .map(|n| {
                        let value = Aligned(n);
                        runtime.spawn(async move {
                            let before = std::ptr::from_ref(&value).addr();
                            assert!(value.is_well_placed());
                            gmp::yield_now().await;
                            assert_eq!(std::ptr::from_ref(&value).addr(), before);
                            value
                        })
                    })
                    .collect();
                for (n, handle) in handles.into_iter().enumerate() {
                    let value = runtime.block_on(handle).unwrap();
                    assert!(value.is_well_placed());
                    assert_eq!(value.0 as usize, n);
                }
            });
        }
    )* };
}

aligned_to! {
    aligned_to_16_bytes: 16;
    aligned_to_64_bytes: 64;
    aligned_to_4096_bytes: 4096;
}
