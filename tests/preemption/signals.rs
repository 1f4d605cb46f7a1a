//! The signal that asks a hot loop for its stack, beside programs that have ideas of their own about signals.

use std::{
    fs,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
    thread,
    time::Duration,
};

use gmp::{
    debug::Cause,
    preempt::{self, Proceed},
};
use nix::{
    errno::Errno,
    sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction},
};

use super::{
    Lifting, Siege,
    reports::{Reports, hot_leaf, is_of_hot_leaf},
};
use crate::{
    child::in_child,
    watchdog::{eventually, runtime},
};

/// Calls of [`count_call`].
static CALLS: AtomicUsize = AtomicUsize::new(0);

/// A handler that is careless of `errno`.
extern "C" fn count_call(_: libc::c_int) {
    Errno::set_raw(99);
    CALLS.fetch_add(1, SeqCst);
}

fn install_count_call() {
    let handler = SigHandler::Handler(count_call);
    let action = SigAction::new(handler, SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: the handler touches an atomic and `errno` only.
    unsafe { sigaction(Signal::SIGURG, &action) }.unwrap();
}

/// It is called beside ours, and `errno` is what it was.
#[test]
fn a_handler_that_was_there_is_chained() {
    in_child(|| {
        install_count_call();
        let reports = Reports::new();
        let runtime = runtime(1);
        let hog = reports.hog(&runtime, || {
            Errno::set_raw(5);
            hot_leaf();
            assert_eq!(Errno::last_raw(), 5);
        });
        for _ in 0..5 {
            reports.find(&hog, is_of_hot_leaf);
        }
        assert!(CALLS.load(SeqCst) >= 5);
        reports.end(runtime, hog);
    });
}

#[test]
fn a_handler_that_comes_later_costs_the_stacks_only() {
    in_child(|| {
        let reports = Reports::new();
        let runtime = runtime(1);
        install_count_call();
        let hog = reports.hog(&runtime, hot_leaf);
        for _ in 0..2 {
            let report = reports.find(&hog, |report| report.cause == Cause::Running);
            assert!(report.stack.is_empty(), "{report}");
        }
        eventually(|| CALLS.load(SeqCst) > 0);
        reports.end(runtime, hog);
    });
}

#[test]
fn a_hog_that_blocks_all_signals_is_reported_without_a_stack() {
    in_child(|| {
        let reports = Reports::new();
        let runtime = runtime(1);
        let hog = reports.hog(&runtime, || {
            SigSet::all().thread_block().unwrap();
            hot_leaf();
        });
        for _ in 0..2 {
            let report = reports.find(&hog, |report| report.cause == Cause::Running);
            assert!(report.stack.is_empty(), "{report}");
        }
        // Meanwhile others have had their turns.
        let sleeps = gmp::sleep(Duration::from_millis(1));
        runtime.block_on(runtime.spawn(sleeps)).unwrap();
        reports.end(runtime, hog);
    });
}

/// Whether the soft flag is up, before and after a signal to the calling thread. It is lowered before, by an executor inside of the
/// poll.
fn flag_around_a_signal() -> (bool, bool) {
    let waker = std::task::Waker::noop();
    while preempt::poll_proceed(&Context::from_waker(waker)).map(Proceed::made_progress)
        == Poll::Ready(())
    {}
    let before = preempt::should_yield();
    // SAFETY: the call takes an integer and touches no memory.
    unsafe { libc::raise(libc::SIGURG) };
    (before, preempt::should_yield())
}

/// A poll that has lost its processor is told to yield again, after what ran inside of it has lowered the flag: the monitor does
/// not look there any more.
#[test]
fn a_hog_is_told_to_yield_again() {
    in_child(|| {
        let reports = Reports::new();
        let runtime = runtime(1);
        let hog = reports.hog(&runtime, hot_leaf);
        reports.find(&hog, |report| {
            report.cause == Cause::Running && report.goes_on
        });
        let told = Arc::new(AtomicBool::new(false));
        let tells = told.clone();
        let another = runtime.spawn(async move {
            // Each poll until one that has lost its processor. Who has one is not told, unless the monitor does.
            while !tells.load(SeqCst) {
                gmp::yield_now().await;
                for _ in 0..1000 {
                    hot_leaf();
                    let flag = flag_around_a_signal();
                    if flag == (false, true) {
                        tells.store(true, SeqCst);
                        break;
                    }
                }
            }
        });
        runtime.block_on(another).unwrap();
        reports.end(runtime, hog);
    });
}

/// Who has its processor, and is not asked for it, is not told.
#[test]
fn a_signal_tells_nobody_else_to_yield() {
    in_child(|| {
        let runtime = runtime(1);
        let task = runtime.spawn(async {
            while flag_around_a_signal() != (false, false) {
                gmp::yield_now().await;
            }
        });
        runtime.block_on(task).unwrap();
        runtime.shutdown();
    });
}

/// Sends the signal to each thread, from this process as ours are.
fn signal_all_threads() {
    for task in fs::read_dir("/proc/self/task").unwrap() {
        let thread: i32 = task.unwrap().file_name().to_str().unwrap().parse().unwrap();
        // SAFETY: the call takes integers and touches no memory; one that has ended is none any more.
        unsafe { libc::syscall(libc::SYS_tgkill, std::process::id(), thread, libc::SIGURG) };
    }
}

/// Thousands of signals to all threads, while tasks do all that they do, processes are started, and stacks are asked for.
#[test]
fn a_storm_of_signals() {
    in_child(|| {
        install_count_call();
        let reports = Reports::new();
        let runtime = runtime(2);
        let siege = Siege::new();
        let lifting = Lifting(siege.clone());
        let inner = siege.clone();
        drop(runtime.spawn(async move { inner.block() }));
        let hog = reports.hog(&runtime, hot_leaf);
        let over = Arc::new(AtomicBool::new(false));
        let until = over.clone();
        let storm = thread::spawn(move || {
            let mut rounds = 0;
            while rounds < 1000 || !until.load(SeqCst) {
                signal_all_threads();
                rounds += 1;
            }
        });
        let work = runtime.spawn(async {
            let mut sum = 0;
            for round in 0..100 {
                let tasks = [0; 20].map(|_| gmp::spawn(async move { round }));
                gmp::yield_now().await;
                for task in tasks {
                    sum += task.await.unwrap();
                }
                gmp::sleep(Duration::from_micros(100)).await;
            }
            sum
        });
        let commands = runtime.spawn(async {
            for n in 0..20 {
                let output = Command::new("echo").arg(n.to_string()).output().unwrap();
                assert_eq!(output.stdout, format!("{n}\n").as_bytes());
            }
        });
        runtime.block_on(commands).unwrap();
        assert_eq!(runtime.block_on(work).unwrap(), 20 * 4950);
        reports.find(&hog, |report| report.cause == Cause::Running);
        over.store(true, SeqCst);
        storm.join().unwrap();
        drop(lifting);
        reports.end(runtime, hog);
        assert!(CALLS.load(SeqCst) > 1000);
    });
}

/// A child of `fork` has none of our threads, and may be sent the signal.
#[test]
fn a_child_of_fork_survives_the_signal() {
    in_child(|| {
        let reports = Reports::new();
        let runtime = runtime(1);
        let status = runtime
            .block_on(runtime.spawn(async {
                // SAFETY: the child makes system calls only, and ends.
                let child = unsafe { libc::fork() };
                if child == 0 {
                    // SAFETY: the calls take integers and touch no memory.
                    unsafe { libc::raise(libc::SIGURG) };
                    // SAFETY: as above.
                    unsafe { libc::_exit(7) };
                }
                let mut status = 0;
                // SAFETY: the call writes the status.
                unsafe { libc::waitpid(child, &raw mut status, 0) };
                status
            }))
            .unwrap();
        assert!(libc::WIFEXITED(status));
        assert_eq!(libc::WEXITSTATUS(status), 7);
        drop(reports);
        runtime.shutdown();
    });
}

/// The storm beside tasks that fork, hot loops and blocked threads. The child has the handler and the machine of the thread that forked,
/// and none of the others.
#[test]
fn a_storm_of_signals_beside_forks() {
    in_child(|| {
        let reports = Reports::new();
        let runtime = runtime(2);
        let siege = Siege::new();
        let lifting = Lifting(siege.clone());
        let inner = siege.clone();
        drop(runtime.spawn(async move { inner.block() }));
        let hog = reports.hog(&runtime, hot_leaf);
        let over = Arc::new(AtomicBool::new(false));
        let until = over.clone();
        let storm = thread::spawn(move || {
            while !until.load(SeqCst) {
                signal_all_threads();
            }
        });
        let forks: Vec<_> = (0..2)
            .map(|_| {
                runtime.spawn(async {
                    for round in 0..50 {
                        assert_eq!(status_of_fork(round), round);
                        gmp::spawn(async {}).await.unwrap();
                        gmp::sleep(Duration::from_micros(100)).await;
                    }
                })
            })
            .collect();
        for task in forks {
            runtime.block_on(task).unwrap();
        }
        reports.find(&hog, |report| report.cause == Cause::Running);
        assert!(runtime.metrics().hand_offs_blocked > 0);
        over.store(true, SeqCst);
        storm.join().unwrap();
        drop(lifting);
        reports.end(runtime, hog);
    });
}

/// That of a child which gets the signal, too, and ends with this status.
fn status_of_fork(status: i32) -> i32 {
    // SAFETY: the child makes system calls only, and ends.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "{}", std::io::Error::last_os_error());
    if child == 0 {
        for _ in 0..10 {
            // SAFETY: the call takes an integer and touches no memory.
            unsafe { libc::raise(libc::SIGURG) };
        }
        // SAFETY: as above.
        unsafe { libc::_exit(status) };
    }
    let mut found = 0;
    // SAFETY: the call writes the status.
    while unsafe { libc::waitpid(child, &raw mut found, 0) } != child {
        assert_eq!(
            std::io::Error::last_os_error().raw_os_error(),
            Some(libc::EINTR)
        );
    }
    assert!(libc::WIFEXITED(found), "{found:#x}");
    libc::WEXITSTATUS(found)
}
