//! A program whose `main` returns beside a task that does not ends within a second, and names what it cut.
//!
//! Each in a process of its own. Its `main` prints the time as its last statement, and who waits for the process compares: with
//! all that is between, the end of the runtime, the destructors and the system's part.

use std::{
    future::pending,
    hint::spin_loop,
    process::{ExitCode, Termination},
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
    time::Duration,
};

use gmp::task::LocalSet;
use nix::libc;

use crate::{child::output_of_child, ear, watchdog::eventually};

/// What a runtime promises.
const PROMISED: Duration = Duration::from_secs(1);
/// What a loaded machine may add: the process is to be waited for by a thread that gets a CPU.
const MARGIN: Duration = Duration::from_secs(2);

/// The system's clock, which all processes share.
fn now() -> Duration {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the call writes the structure.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    assert_eq!(result, 0);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// Hogs that run.
static BEGUN: AtomicUsize = AtomicUsize::new(0);

fn spin_for_ever() {
    BEGUN.fetch_add(1, SeqCst);
    loop {
        spin_loop();
    }
}

/// Longer than all else here takes.
fn sleep_for_long() {
    BEGUN.fetch_add(1, SeqCst);
    thread::sleep(Duration::from_secs(3600));
}

/// The last statement of a program's `main`.
fn return_beside(hogs: usize) {
    eventually(|| BEGUN.load(SeqCst) == hogs);
    println!("returns at {}", now().as_nanos());
}

/// Runs `main` as the main function of a process, which must end in time, well, and with a word on each of the tasks that are
/// cut.
macro_rules! assert_ends {
    ($cut:expr, $main:path) => {
        let Some(output) = output_of_child(
            |_| (),
            || {
                // Without an ear they are for those that listen to `tracing`.
                ear::listen_with(|warning| eprintln!("{warning}"));
                let code = ExitCode::SUCCESS == $main().report();
                std::process::exit(if code { 0 } else { 1 });
            },
        ) else {
            return;
        };
        let ended = now();
        let told = String::from_utf8(output.stdout).unwrap();
        let warned = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{}: {told}{warned}", output.status);
        let returned = told
            .lines()
            .find_map(|line| line.strip_prefix("returns at "));
        let returned = Duration::from_nanos(returned.unwrap().parse().unwrap());
        let lasted = ended - returned;
        println!("ended {lasted:?} after main: {warned}");
        assert!(lasted < PROMISED + MARGIN, "{lasted:?}");
        let cut = warned.lines().filter(|line| line.contains("it was cut"));
        let cut: Vec<_> = cut.collect();
        assert!(cut.iter().all(|line| line.contains(file!())), "{cut:?}");
        assert_eq!(cut.len(), $cut, "{warned}");
    };
}

#[test]
fn beside_a_task_that_loops() {
    #[gmp::main(max_procs = 1)]
    async fn program() {
        drop(gmp::spawn(async { spin_for_ever() }));
        gmp::yield_now().await;
        return_beside(1);
    }
    assert_ends!(1, program);
}

#[test]
fn beside_a_task_that_sleeps() {
    #[gmp::main(max_procs = 1)]
    async fn program() {
        drop(gmp::spawn(async { sleep_for_long() }));
        gmp::yield_now().await;
        return_beside(1);
    }
    assert_ends!(1, program);
}

#[test]
fn beside_a_function_that_loops() {
    #[gmp::main(max_procs = 2)]
    async fn program() {
        drop(gmp::spawn_blocking(spin_for_ever));
        gmp::yield_now().await;
        return_beside(1);
    }
    assert_ends!(1, program);
}

#[test]
fn beside_a_function_that_sleeps() {
    #[gmp::main(max_procs = 2)]
    async fn program() {
        drop(gmp::spawn_blocking(sleep_for_long));
        gmp::yield_now().await;
        return_beside(1);
    }
    assert_ends!(1, program);
}

#[test]
fn beside_a_block_in_place_that_sleeps() {
    #[gmp::main(max_procs = 2)]
    async fn program() {
        drop(gmp::spawn(async { gmp::block_in_place(sleep_for_long) }));
        gmp::yield_now().await;
        return_beside(1);
    }
    assert_ends!(1, program);
}

/// The task that runs the set is named: what is in there is its own.
#[test]
fn beside_a_local_task_that_loops() {
    #[gmp::main(max_procs = 2)]
    async fn program() {
        drop(gmp::spawn(async {
            let set = LocalSet::new();
            drop(set.spawn_local(async { spin_for_ever() }));
            gmp::block_on(set);
        }));
        gmp::yield_now().await;
        return_beside(1);
    }
    assert_ends!(1, program);
}

/// The thread is the program's own: nobody waits for it.
#[test]
fn beside_a_local_set_on_a_thread_of_the_programs() {
    #[gmp::main(max_procs = 2)]
    async fn program() {
        let runtime = gmp::Handle::current();
        drop(thread::spawn(move || {
            let _entered = runtime.enter();
            let set = LocalSet::new();
            drop(set.spawn_local(async { sleep_for_long() }));
            gmp::block_on(set.run_until(pending::<()>()));
        }));
        gmp::yield_now().await;
        return_beside(1);
    }
    assert_ends!(0, program);
}

#[test]
fn of_a_local_main_beside_a_task_that_loops() {
    #[gmp::main(local, max_procs = 1)]
    async fn program() {
        let waits = gmp::spawn_local(pending::<()>());
        drop(gmp::spawn(async { spin_for_ever() }));
        gmp::yield_now().await;
        return_beside(1);
        drop(waits);
    }
    assert_ends!(1, program);
}

#[test]
fn of_a_local_main_beside_a_function_that_sleeps() {
    #[gmp::main(local, max_procs = 1)]
    async fn program() {
        drop(gmp::spawn_blocking(sleep_for_long));
        gmp::yield_now().await;
        return_beside(1);
    }
    assert_ends!(1, program);
}

/// More of them than processors, and those that wait for them.
#[test]
fn beside_hogs_of_all_kinds() {
    #[gmp::main(max_procs = 2)]
    async fn program() {
        let hogs: Vec<_> = (0..3)
            .flat_map(|_| {
                [
                    gmp::spawn(async { spin_for_ever() }),
                    gmp::spawn(async { sleep_for_long() }),
                ]
            })
            .collect();
        for hog in hogs {
            drop(gmp::spawn(hog));
        }
        return_beside(6);
    }
    assert_ends!(6, program);
}
