//! Processes and threads that user code starts: a forked child has none of the runtime's threads, and nobody inherits what the
//! runtime asks of the system for its own.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    process::Command,
    thread,
    time::Duration,
};

use nix::{
    libc,
    sys::wait::{WaitStatus, waitpid},
    unistd::{ForkResult, fork},
};

use crate::{
    child::in_child,
    preemption::{Lifting, Siege},
    watchdog::runtime,
};

/// Runs `body` in a forked child, which ends then, and waits for that.
fn in_fork(body: impl FnOnce()) {
    // SAFETY: the child calls what this test is about, and `_exit`.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => {
            let done = catch_unwind(AssertUnwindSafe(body));
            let status = if done.is_ok() { 7 } else { 1 };
            // SAFETY: it ends the process, and runs nothing of it.
            unsafe { libc::_exit(status) }
        }
        ForkResult::Parent { child } => {
            assert_eq!(waitpid(child, None).unwrap(), WaitStatus::Exited(child, 7));
        }
    }
}

/// What is spawned in the child is refused, whatever locks the runtime's other threads held.
#[test]
fn a_child_that_was_forked_in_a_task_spawns() {
    in_child(|| {
        for processors in [1, 2] {
            let runtime = runtime(processors);
            let siege = Siege::new();
            let lifting = Lifting(siege.clone());
            let inner = siege.clone();
            drop(runtime.spawn(async move { inner.spin() }));
            siege.wait_begun(1);
            let task = runtime.spawn(async {
                for _ in 0..50 {
                    in_fork(|| {
                        let handle = gmp::spawn(async { unreachable!("nobody runs it") });
                        let more: Vec<_> = (0..10).map(|_| gmp::spawn(async {})).collect();
                        assert!(handle.is_finished());
                        handle.abort();
                        drop((handle, more));
                        gmp::block_in_place(|| ());
                        assert!(gmp::num_tasks() > 1);
                    });
                    gmp::yield_now().await;
                    gmp::spawn(async {}).await.unwrap();
                }
            });
            runtime.block_on(task).unwrap();
            // From a thread that is none of the runtime's.
            let _entered = runtime.enter();
            for _ in 0..20 {
                in_fork(|| drop(gmp::spawn(async {})));
            }
            drop(lifting);
            drop(_entered);
            runtime.shutdown();
        }
    });
}

#[test]
fn tasks_run_commands_beside_hogs() {
    in_child(|| {
        let runtime = runtime(2);
        let siege = Siege::new();
        let lifting = Lifting(siege.clone());
        for n in 0..4 {
            let siege = siege.clone();
            drop(runtime.spawn(async move {
                if n % 2 == 0 {
                    siege.spin();
                } else {
                    siege.block();
                }
            }));
        }
        siege.wait_begun(4);
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                runtime.spawn(async {
                    for _ in 0..50 {
                        let status = Command::new("true").status().unwrap();
                        assert!(status.success());
                        gmp::yield_now().await;
                    }
                })
            })
            .collect();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
        drop(lifting);
        runtime.shutdown();
    });
}

/// This thread's timer slack, nanoseconds.
fn slack() -> i32 {
    // SAFETY: the call takes integers and touches no memory.
    unsafe { libc::prctl(libc::PR_GET_TIMERSLACK) }
}

/// This thread's slice as the system was asked for it, nanoseconds; 0: the usual one.
fn asked_slice() -> u64 {
    let mut attributes = [0_u64; 16];
    let size = 56;
    // SAFETY: the call writes `size` bytes at most.
    let result =
        unsafe { libc::syscall(libc::SYS_sched_getattr, 0, attributes.as_mut_ptr(), size, 0) };
    assert_eq!(result, 0, "{}", std::io::Error::last_os_error());
    // `sched_runtime` is the fourth of 8 bytes, behind size and policy, flags, nice and priority.
    attributes[3]
}

/// In tasks that run, that have lost their processor, and that sleep in the poller's place.
#[test]
fn nobody_inherits_slack_or_slices() {
    in_child(|| {
        let (usual_slack, usual_slice) = (slack(), asked_slice());
        let runtime = runtime(1);
        let task = runtime.spawn(async move {
            for pause in [0, 1, 30] {
                let begun = std::time::Instant::now();
                // A hot loop, which loses its processor if it lasts.
                while begun.elapsed() < Duration::from_millis(pause) {
                    std::hint::spin_loop();
                }
                assert_eq!(slack(), usual_slack);
                let started = thread::spawn(|| (slack(), asked_slice()));
                assert_eq!(started.join().unwrap(), (usual_slack, usual_slice));
                let command = Command::new("cat").arg("/proc/self/timerslack_ns").output();
                let told = String::from_utf8(command.unwrap().stdout).unwrap();
                assert_eq!(told.trim(), usual_slack.to_string());
                gmp::sleep(Duration::from_millis(1)).await;
            }
            // Ours is another one, where the kernel knows of slices: else this test shows nothing.
            asked_slice()
        });
        let ours = runtime.block_on(task).unwrap();
        println!("a machine's slice {ours}, the usual one {usual_slice}");
        let knows = fs::read_to_string("/proc/thread-self/sched")
            .is_ok_and(|text| text.contains("se.slice"));
        assert!(!knows || ours != usual_slice);
        assert_eq!((slack(), asked_slice()), (usual_slack, usual_slice));
        runtime.shutdown();
    });
}
