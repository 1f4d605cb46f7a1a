//! Setting a runtime up: what is refused, with which words, and what is left running then (nothing).

use std::{io, thread, time::Duration};

use gmp::Builder;

use crate::{
    child::{in_child_with, output_of_child},
    watchdog::within_limit,
};

fn refused(builder: Builder) -> io::Error {
    let error = builder.build().expect_err("it must be refused");
    let words = error.to_string();
    assert!(
        words.len() > 20 && words.contains(' '),
        "a sentence: {words}"
    );
    error
}

#[test]
fn a_number_of_processors_that_makes_no_sense_is_refused() {
    within_limit(|| {
        for processors in [0, 4097, usize::MAX] {
            let error = refused(Builder::new().max_procs(processors));
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            let words = error.to_string();
            assert!(
                words.contains("max_procs") && words.contains(&processors.to_string()),
                "{words}"
            );
        }
    });
}

#[test]
fn a_time_for_the_shutdown_that_makes_no_sense_is_refused() {
    within_limit(|| {
        for timeout in [Duration::from_secs(3601), Duration::MAX] {
            let error = refused(Builder::new().max_procs(1).shutdown_timeout(timeout));
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            let words = format!("shutdown_timeout is {timeout:?}; it must be at most 3600s");
            assert!(error.to_string().contains(&words), "{error}");
        }
        for timeout in [Duration::ZERO, Duration::from_secs(3600)] {
            let builder = Builder::new().max_procs(1).shutdown_timeout(timeout);
            drop(builder.build().expect("it makes sense"));
        }
    });
}

#[test]
fn a_name_with_a_zero_byte_is_refused() {
    within_limit(|| {
        let error = refused(Builder::new().max_procs(1).thread_name("a\0b"));
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    });
}

#[test]
fn threads_have_the_name_and_the_stack_that_was_asked_for() {
    within_limit(|| {
        let builder = Builder::new()
            .max_procs(2)
            .thread_name("worker")
            .thread_stack_size(32 << 20);
        let runtime = builder.build().unwrap();
        let task = runtime.spawn(async {
            // A quarter of the stack, in one frame.
            let large = std::hint::black_box([1_u8; 8 << 20]);
            assert_eq!(large[4 << 20], 1);
            thread::current().name().map(str::to_owned)
        });
        let name = runtime.block_on(task).unwrap().expect("a name");
        assert!(name.starts_with("worker"), "{name}");
        let plain = Builder::new().max_procs(1).build().unwrap();
        let task = plain.spawn(async { thread::current().name().map(str::to_owned) });
        assert!(
            plain
                .block_on(task)
                .unwrap()
                .expect("a name")
                .starts_with("gmp")
        );
    });
}

#[test]
fn the_variable_sets_the_number_of_processors() {
    in_child_with(
        |child| {
            child.env("GMP_MAXPROCS", " 3 ");
        },
        || {
            let runtime = gmp::Runtime::new().unwrap();
            assert_eq!(runtime.handle().max_procs(None), 3);
            // What the program says counts more.
            let runtime = Builder::new().max_procs(1).build().unwrap();
            assert_eq!(runtime.handle().max_procs(None), 1);
        },
    );
}

#[test]
fn a_variable_that_makes_no_sense_is_refused() {
    for value in [
        "garbage",
        "",
        "-1",
        "0",
        "4097",
        "1.5",
        "99999999999999999999999",
    ] {
        in_child_with(
            |child| {
                child.env("GMP_MAXPROCS", value);
            },
            || {
                let error = gmp::Runtime::new().expect_err("it must be refused");
                assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
                assert!(error.to_string().contains("GMP_MAXPROCS"), "{error}");
                // A number from the program needs no variable.
                drop(Builder::new().max_procs(1).build().unwrap());
            },
        );
    }
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_refused() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    in_child_with(
        |child| {
            child.env("GMP_MAXPROCS", OsStr::from_bytes(b"\xff2"));
        },
        || {
            let error = gmp::Runtime::new().expect_err("it must be refused");
            assert!(error.to_string().contains("GMP_MAXPROCS"), "{error}");
        },
    );
}

#[cfg(target_os = "linux")]
mod limits {
    //! Builds under a limit on address space: the reservation, or the stack of a thread, cannot be had.

    use nix::{
        sys::resource::{Resource, getrlimit, setrlimit},
        unistd::{Uid, geteuid, setuid},
    };

    use super::*;
    use crate::{process::threads, watchdog::eventually};

    /// What the process has mapped, bytes.
    fn mapped() -> u64 {
        let statm = std::fs::read_to_string("/proc/self/statm").expect("/proc");
        statm
            .split(' ')
            .next()
            .expect("a field")
            .parse::<u64>()
            .expect("a number")
            * 4096
    }

    /// From now on the process may map so much more.
    fn leave_room(bytes: u64) {
        let limit = mapped() + bytes;
        setrlimit(Resource::RLIMIT_AS, limit, limit).expect("lowering one's own limit");
    }

    #[test]
    fn too_little_address_space_for_tasks_is_an_error() {
        crate::child::in_child(|| {
            let before = threads();
            leave_room(100 << 20);
            let error = refused(Builder::new().max_procs(1));
            assert!(error.to_string().contains("address space"), "{error}");
            eventually(|| threads() == before);
        });
    }

    #[test]
    fn less_address_space_makes_a_smaller_reserve() {
        crate::child::in_child(|| {
            leave_room(2 << 30);
            let runtime = Builder::new().max_procs(2).build().unwrap();
            let tasks: Vec<_> = (0..1000).map(|n| runtime.spawn(async move { n })).collect();
            for (n, task) in tasks.into_iter().enumerate() {
                assert_eq!(runtime.block_on(task).unwrap(), n);
            }
        });
    }

    #[test]
    #[cfg_attr(
        any(gmp_asan, gmp_boxed),
        ignore = "bodies by themselves do not use the reserve up, and ASan needs the memory that is denied here"
    )]
    fn more_tasks_than_the_reserve_holds_end_the_process_with_the_reason() {
        let ended = output_of_child(
            |_| (),
            || {
                leave_room(1 << 30);
                let runtime = Builder::new().max_procs(1).build().unwrap();
                // 16 of them fill a MiB; the reserve is 256 MiB at least, and less than what is left.
                let tasks: Vec<_> = (0..1 << 14)
                    .map(|_| {
                        let body = [0_u8; 60_000];
                        runtime.spawn(async move {
                            std::future::pending::<()>().await;
                            std::hint::black_box(&body);
                        })
                    })
                    .collect();
                println!("{} tasks found room", tasks.len());
            },
        );
        let Some(ended) = ended else { return };
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(!ended.status.success(), "it goes on");
        assert!(
            said.contains("address space for tasks are in use"),
            "{said}"
        );
    }

    #[test]
    #[cfg_attr(
        any(gmp_asan, gmp_boxed),
        ignore = "ASan itself needs the memory that is denied here"
    )]
    fn a_thread_that_cannot_be_had_is_an_error_and_leaves_nothing_running() {
        crate::child::in_child(|| {
            let before = threads();
            // The reserve is made first, so that what follows lacks room for stacks only.
            drop(Builder::new().max_procs(1).build().unwrap());
            eventually(|| threads() == before);
            leave_room(1 << 30);
            // The first machine's, or a later one's.
            for (stack, processors) in
                [(2 << 30, 1), (700 << 20, 2), (300 << 20, 8), (64 << 20, 64)]
            {
                let error = refused(
                    Builder::new()
                        .max_procs(processors)
                        .thread_stack_size(stack),
                );
                assert!(error.to_string().contains("thread"), "{error}");
                eventually(|| threads() == before);
            }
            // With less it works, also in what the failed ones left.
            for processors in [1, 8, 64] {
                let builder = Builder::new()
                    .max_procs(processors)
                    .thread_stack_size(64 << 10);
                let runtime = builder.build().unwrap();
                assert_eq!(runtime.block_on(runtime.spawn(async { 7 })).unwrap(), 7);
            }
        });
    }

    /// From now on the process may have so many more threads than now. Root's number has no limit, so a
    /// process of root's becomes somebody's who has no others.
    fn leave_threads(more: u64) {
        if geteuid().is_root() {
            setuid(Uid::from_raw(54_321)).expect("root may");
        }
        let (_, most) = getrlimit(Resource::RLIMIT_NPROC).expect("one's own limit");
        let limit = threads() as u64 + more;
        setrlimit(Resource::RLIMIT_NPROC, limit.min(most), most).expect("lowering one's own limit");
    }

    #[test]
    fn whichever_thread_cannot_be_had_nothing_is_left_running() {
        crate::child::in_child(|| {
            let before = threads();
            // A user who has other processes is over the limit at once, so that it is the monitor each time.
            for more in 0..9 {
                leave_threads(more);
                let error = refused(Builder::new().max_procs(8));
                assert!(error.to_string().contains("thread"), "{error}");
                eventually(|| threads() == before);
            }
        });
    }

    #[test]
    fn a_thread_that_cannot_be_had_later_is_done_without() {
        crate::child::in_child(|| {
            let builder = Builder::new().max_procs(2).thread_stack_size(64 << 20);
            let runtime = builder.build().unwrap();
            runtime.block_on(runtime.spawn(async {})).unwrap();
            leave_room(32 << 20);
            // Blocked tasks want machines that cannot be had: the others go on with those that are left.
            let gate = crate::gate::Gate::new();
            let passage = gate.wait();
            let blocked = runtime.spawn(async move { gmp::block_on(passage) });
            eventually(|| gate.waiting() == 1);
            for n in 0..100 {
                assert_eq!(
                    runtime.block_on(runtime.spawn(async move { n })).unwrap(),
                    n
                );
            }
            gate.open();
            runtime.block_on(blocked).unwrap();
            assert_eq!(runtime.block_on(runtime.spawn(async { 7 })).unwrap(), 7);
        });
    }
}

#[test]
fn outside_of_a_runtime_the_panic_says_what_to_do() {
    within_limit(|| {
        assert!(gmp::Handle::try_current().is_none());
        for call in [
            || drop(gmp::Handle::current()),
            || drop(gmp::spawn(async {})),
        ] {
            let payload = std::panic::catch_unwind(call).unwrap_err();
            let words = payload.downcast_ref::<String>().map(String::as_str);
            let words = words
                .or_else(|| payload.downcast_ref::<&str>().copied())
                .expect("words");
            assert!(
                words.contains("no gmp runtime") && words.contains("block_on"),
                "{words}"
            );
        }
    });
}

#[test]
fn a_child_that_fails_is_seen_to_fail() {
    // The helper's own check: a test in a child that could not fail would prove nothing.
    if let Some(output) = output_of_child(|_| (), || panic!("in the child, on purpose")) {
        assert!(!output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).contains("in the child, on purpose"));
    }
}
