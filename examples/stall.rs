//! A task that calculates without a pause beside one that ticks: the ticks come in time, and the report on the hot loop names
//! its function, file and line. Ends well if it does.
//!
//! `cargo run --release --example stall`
//!
//! For the functions that called it, too: `RUSTFLAGS="-C force-frame-pointers=yes"`.

use std::{
    hint::black_box,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use gmp::{debug::HandOff, task};

const TICK: Duration = Duration::from_millis(10);
const LIMIT: Duration = Duration::from_secs(5);

/// The hot loop: nothing in it lets others run.
#[inline(never)]
fn count_primes(stop: &AtomicBool) -> u32 {
    let (mut primes, mut number) = (0, 3_u32);
    while !stop.load(Ordering::Relaxed) {
        let mut divisor = 3;
        while number % divisor != 0 {
            divisor += 2;
        }
        primes += u32::from(divisor == number);
        number = black_box(number + 2);
    }
    primes
}

/// Ticks until it is told to stop, and says how late the latest tick was.
async fn tick(stop: Arc<AtomicBool>) -> Duration {
    let mut latest = Duration::ZERO;
    while !stop.load(Ordering::Relaxed) {
        let due = Instant::now() + TICK;
        gmp::sleep(TICK).await;
        latest = latest.max(due.elapsed());
    }
    latest
}

fn names_the_loop(report: &HandOff) -> bool {
    report.stack.iter().any(|frame| {
        let function = frame.function.as_deref().unwrap_or_default();
        let file = frame.file.as_deref().unwrap_or("".as_ref());
        function.contains("count_primes") && file.ends_with("stall.rs") && frame.line.is_some()
    })
}

#[gmp::main]
async fn main() -> ExitCode {
    let (reports, comes) = gmp::chan(16);
    gmp::debug::set_hand_off_hook(move |report| {
        // Full: there are enough of them.
        let _ = reports.try_send(report.clone());
    });
    let stop = Arc::new(AtomicBool::new(false));
    let ticks = gmp::spawn(tick(stop.clone()));
    let found = gmp::time::timeout(LIMIT, async {
        loop {
            let stop = stop.clone();
            let primes = task::Builder::new().name("primes").spawn(async move {
                gmp::sleep(TICK).await;
                count_primes(&stop)
            });
            // One that is cut short by a neighbour's load has no stack: then once more.
            while let Some(report) = comes.recv().await {
                println!("{report}\n");
                if names_the_loop(&report) {
                    return;
                }
                if report.task == Some(primes.id()) {
                    break;
                }
            }
        }
    });
    let found = found.await.is_ok();
    stop.store(true, Ordering::Relaxed);
    if let Ok(latest) = ticks.await {
        println!("ticks beside it came at most {latest:?} late");
    }
    if found {
        return ExitCode::SUCCESS;
    }
    eprintln!("stall: no report named the loop within {LIMIT:?}");
    ExitCode::FAILURE
}
