//! A debugger stops threads of a program whose tasks are short: nobody is blamed, and there is no storm of hand-offs.
//!
//! The debugger is a child of the program (by `fork`, and makes system calls only).

use std::{
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use nix::{errno::Errno, libc};

use crate::{
    child::in_child,
    watchdog::{eventually, runtime},
};

const STOPS: u64 = 5;
const STOPPED_FOR: Duration = Duration::from_millis(100);
/// What the debugger ends with if it may not be one.
const REFUSED: i32 = 77;
const PROCESSORS: usize = 2;

/// The threads of this process whose names begin so.
fn threads_named(prefix: &str) -> Vec<i32> {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let paths = tasks.map(|task| task.unwrap().path());
    let named = paths.filter(|path| {
        // One may end meanwhile.
        let name = fs::read_to_string(path.join("comm")).unwrap_or_default();
        name.starts_with(prefix)
    });
    let number = |path: std::path::PathBuf| path.file_name()?.to_str()?.parse().ok();
    named.filter_map(number).collect()
}

/// A call that takes the thread and nothing else.
///
/// # Errors
/// What the system says.
fn trace(request: libc::c_uint, thread: i32) -> Result<(), Errno> {
    let nothing = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: these requests take no address, and stop or continue the thread.
    let result = unsafe { libc::ptrace(request, thread, nothing, nothing) };
    Errno::result(result).map(drop)
}

fn pause(time: Duration) {
    let time = libc::timespec {
        tv_sec: 0,
        tv_nsec: i64::from(time.subsec_nanos()),
    };
    // SAFETY: the call reads the structure.
    unsafe { libc::nanosleep(&raw const time, std::ptr::null_mut()) };
}

/// Stops these threads for a while, all at the same time. By the debugger.
fn stop(threads: &[i32]) -> Result<(), Errno> {
    for &thread in threads {
        trace(libc::PTRACE_SEIZE, thread)?;
    }
    for &thread in threads {
        trace(libc::PTRACE_INTERRUPT, thread)?;
    }
    for &thread in threads {
        let mut status = 0;
        // SAFETY: the call writes the status.
        unsafe { libc::waitpid(thread, &raw mut status, libc::__WALL) };
    }
    pause(STOPPED_FOR);
    threads
        .iter()
        .try_for_each(|&thread| trace(libc::PTRACE_DETACH, thread))
}

/// The status with which a debugger ends that stops each of these groups, time after time.
fn debug(groups: &[Vec<i32>]) -> i32 {
    // Where only ancestors may: a child may then, too.
    // SAFETY: the call takes integers and touches no memory.
    unsafe { libc::prctl(libc::PR_SET_PTRACER, libc::PR_SET_PTRACER_ANY) };
    // SAFETY: the child makes system calls only, and ends.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "{}", Errno::last());
    if child == 0 {
        let mut status = 0;
        for _ in 0..STOPS {
            for threads in groups {
                match stop(threads) {
                    Ok(()) | Err(Errno::ESRCH) => {}
                    Err(_) => status = REFUSED,
                }
                pause(STOPPED_FOR / 4);
            }
        }
        // SAFETY: it ends the child, and runs nothing of this process.
        unsafe { libc::_exit(status) };
    }
    let mut status = 0;
    // SAFETY: the call writes the status.
    while unsafe { libc::waitpid(child, &raw mut status, 0) } != child {}
    assert!(libc::WIFEXITED(status), "{status:#x}");
    libc::WEXITSTATUS(status)
}

/// Runs short tasks while these groups of threads are stopped, one group after the other.
fn assert_nobody_is_blamed(groups: impl FnOnce() -> Vec<Vec<i32>>) {
    let blamed = Arc::<Mutex<Vec<String>>>::default();
    let heard = blamed.clone();
    gmp::debug::set_hand_off_hook(move |hand_off| {
        if hand_off.is_fault() {
            heard.lock().unwrap().push(hand_off.to_string());
        }
    });
    let runtime = runtime(PROCESSORS);
    let over = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let over = over.clone();
            runtime.spawn(async move {
                let mut state = 1_u64;
                while !over.load(SeqCst) {
                    // Some ten microseconds.
                    for _ in 0..300 {
                        state = std::hint::black_box(state.wrapping_mul(3).wrapping_add(1));
                    }
                    gmp::yield_now().await;
                }
            })
        })
        .collect();
    // They begin by themselves, and get their names then.
    let begun = |name: String| threads_named(&name).len() == 1;
    eventually(|| (0..PROCESSORS).all(|n| begun(format!("gmp-{n}"))));
    eventually(|| begun("gmp-monitor".to_owned()));
    let groups = groups();
    assert!(
        groups.iter().all(|threads| !threads.is_empty()),
        "{groups:?}"
    );
    let status = debug(&groups);
    over.store(true, SeqCst);
    for task in tasks {
        runtime.block_on(task).unwrap();
    }
    let metrics = runtime.metrics();
    runtime.shutdown();
    if status == REFUSED {
        println!("SKIPPED: ptrace is refused here");
        return;
    }
    assert_eq!(status, 0);
    let blamed = blamed.lock().unwrap();
    assert!(blamed.is_empty(), "{blamed:#?}");
    let count = metrics.hand_offs_running + metrics.hand_offs_blocked + metrics.hand_offs_starved;
    println!("{count} hand-offs");
    // A processor whose machine is stopped goes to another one, once in each stop.
    let most = STOPS * groups.len() as u64 * PROCESSORS as u64;
    assert!(count <= most, "{metrics:?}");
}

#[test]
fn one_thread_after_the_other() {
    in_child(|| {
        assert_nobody_is_blamed(|| {
            let machines = threads_named("gmp-").into_iter();
            machines.map(|thread| vec![thread]).collect()
        });
    });
}

#[test]
fn all_threads() {
    in_child(|| assert_nobody_is_blamed(|| vec![threads_named("")]));
}

/// The one that looks at the others.
#[test]
fn the_monitor() {
    in_child(|| assert_nobody_is_blamed(|| vec![threads_named("gmp-monitor")]));
}
