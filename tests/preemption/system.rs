//! What the hand-off asks of the system, and what it leaves behind there.

use std::{collections::HashSet, fs, process::Command, sync::mpsc, thread, time::Duration};

use nix::{
    libc,
    sys::{
        resource::{Resource, getrlimit, setrlimit},
        signal::{Signal, kill},
    },
    unistd::Pid,
};

use super::{Lifting, Siege, sandbox};
use crate::{
    child::{in_child, in_child_with},
    ear::listen,
    process::machines,
    watchdog::{eventually, runtime},
};

/// The kernel's word on a thread's slice, ms. `None`: it does not tell.
fn slice(thread: &str) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{thread}/sched")).ok()?;
    let line = text.lines().find(|line| line.starts_with("se.slice"))?;
    line.rsplit(':').next()?.trim().parse().ok()
}

/// Machines have short slices, and a hot loop that lost its processor a long one; what it starts has neither.
#[test]
fn slices_do_not_leak() {
    in_child(|| {
        let Some(usual) = slice("thread-self") else {
            println!("this kernel does not tell slices");
            return;
        };
        let runtime = runtime(1);
        let task = runtime.spawn(async move {
            let begun = slice("thread-self").unwrap();
            while slice("thread-self").unwrap() <= begun {}
            let long = slice("thread-self").unwrap();
            let of_thread = thread::spawn(|| slice("thread-self").unwrap());
            let of_child = Command::new("cat").arg("/proc/self/sched").output();
            let of_child = String::from_utf8(of_child.unwrap().stdout).unwrap();
            let line = of_child.lines().find(|line| line.starts_with("se.slice"));
            let of_child = line.unwrap().rsplit(':').next().unwrap().trim().to_owned();
            (begun, long, of_thread.join().unwrap(), of_child)
        });
        let (begun, long, of_thread, of_child) = runtime.block_on(task).unwrap();
        assert!(begun < long);
        assert_eq!(of_thread, usual);
        assert_eq!(of_child.parse::<f64>().unwrap(), usual);
        // The thread that blocks on the runtime is not ours to change.
        assert_eq!(slice("thread-self").unwrap(), usual);
        runtime.shutdown();
    });
}

/// What the kernel knows of this thread: its policy, its nice value, its slice.
fn attributes() -> (i32, i32, Option<String>) {
    // SAFETY: the call takes an integer and touches no memory.
    let policy = unsafe { libc::sched_getscheduler(0) };
    // SAFETY: as above.
    let nice = unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) };
    let slice = slice("thread-self").map(|slice| slice.to_string());
    (policy, nice, slice)
}

/// The machine that is started because of a hot loop is as the others are, whatever the loop has made of its own thread.
#[test]
fn machines_inherit_nothing_of_a_hog() {
    in_child(|| {
        for _ in 0..5 {
            let runtime = runtime(1);
            let usual = runtime.spawn(async { attributes() });
            let usual = runtime.block_on(usual).unwrap();
            let siege = Siege::new();
            let lifting = Lifting(siege.clone());
            let (tell, told) = mpsc::channel();
            for n in 0..4 {
                let (siege, tell) = (siege.clone(), tell.clone());
                drop(runtime.spawn(async move {
                    tell.send((thread::current().id(), attributes())).unwrap();
                    // SAFETY: the call takes integers and touches no memory.
                    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, 19) };
                    let none = libc::sched_param { sched_priority: 0 };
                    // SAFETY: the call reads the structure.
                    unsafe { libc::sched_setscheduler(0, libc::SCHED_BATCH, &raw const none) };
                    // Half of them give their processors up by themselves.
                    if n % 2 == 0 {
                        gmp::block_on(async { siege.spin() });
                    } else {
                        siege.spin();
                    }
                }));
            }
            let began: Vec<_> = told.iter().take(4).collect();
            let threads: HashSet<_> = began.iter().map(|(thread, _)| thread).collect();
            assert_eq!(threads.len(), 4);
            for (_, found) in &began {
                assert_eq!(found, &usual);
            }
            drop(lifting);
            runtime.shutdown();
        }
    });
}

/// Back from its hot loop, a machine has its short slice again.
#[test]
fn slices_are_set_back() {
    in_child(|| {
        if slice("thread-self").is_none() {
            println!("this kernel does not tell slices");
            return;
        }
        let runtime = runtime(1);
        let (send, receive) = mpsc::channel();
        let hog = runtime.spawn(async move {
            let thread = nix::unistd::gettid().as_raw();
            let begun = slice("thread-self").unwrap();
            while slice("thread-self").unwrap() <= begun {}
            send.send((thread, begun)).unwrap();
        });
        let (thread, begun) = receive.recv().unwrap();
        runtime.block_on(hog).unwrap();
        eventually(|| slice(&format!("self/task/{thread}")) == Some(begun));
        runtime.shutdown();
    });
}

/// Who was seen asleep and then loops has a long slice; who looped and then sleeps a short one.
#[test]
fn slices_follow_what_a_poll_does() {
    in_child(|| {
        let Some(usual) = slice("thread-self") else {
            println!("this kernel does not tell slices");
            return;
        };
        let runtime = runtime(1);
        let (send, receive) = mpsc::channel();
        let (over, ends) = mpsc::channel::<()>();
        // Where nothing runs at all, the monitor looks seldom.
        let ticks = runtime.spawn(async {
            loop {
                gmp::sleep(Duration::from_millis(5)).await;
            }
        });
        let metrics = runtime.handle().clone();
        let task = runtime.spawn(async move {
            let seen = || metrics.metrics().hand_offs_blocked > 0;
            while !seen() {
                thread::sleep(Duration::from_millis(20));
            }
            while slice("thread-self").unwrap() <= usual {}
            send.send(nix::unistd::gettid().as_raw()).unwrap();
            let _ = ends.recv();
        });
        let thread = receive.recv().unwrap();
        eventually(|| slice(&format!("self/task/{thread}")).unwrap() < usual);
        drop(over);
        runtime.block_on(task).unwrap();
        ticks.abort();
        runtime.shutdown();
    });
}

/// All sleepers run on while the same threads are stopped and go on, over and over: nothing is lost by it.
#[test]
fn a_process_that_is_stopped_now_and_then() {
    let body = || {
        let runtime = runtime(2);
        let siege = Siege::new();
        let lifting = Lifting(siege.clone());
        for _ in 0..4 {
            let siege = siege.clone();
            drop(runtime.spawn(async move { siege.spin() }));
        }
        siege.wait_begun(4);
        let parent = std::process::id().to_string();
        let mut stopper = Command::new("sh")
            .arg("-c")
            .arg("for i in 1 2 3 4 5; do kill -STOP $0; sleep 0.1; kill -CONT $0; sleep 0.05; done")
            .arg(parent)
            .spawn()
            .unwrap();
        runtime
            .block_on(runtime.spawn(async {
                for _ in 0..200 {
                    gmp::sleep(Duration::from_millis(1)).await;
                }
            }))
            .unwrap();
        assert!(stopper.wait().unwrap().success());
        drop(lifting);
        runtime.shutdown();
    };
    in_child(body);
}

/// With no thread to spare one of the hogs is named; but the last processor goes on from hog to hog, so that each
/// runs, and whoever comes after them. Of each runtime it is told.
#[test]
fn a_limit_on_machines_is_told() {
    in_child(|| {
        let receive = listen();
        for _ in 0..2 {
            let builder = gmp::Builder::new().max_procs(1).max_machines(2);
            let runtime = builder.build().unwrap();
            let siege = Siege::new();
            let lifting = Lifting(siege.clone());
            for _ in 0..3 {
                let siege = siege.clone();
                drop(runtime.spawn(async move { siege.spin() }));
            }
            // That a loop is hot is told, too.
            let warning = receive
                .iter()
                .find(|warning| warning.contains("max_machines"));
            let warning = warning.expect("the subscriber stays");
            assert!(warning.contains(file!()), "{warning}");
            siege.wait_begun(3);
            assert_eq!(runtime.block_on(runtime.spawn(async { 7 })).unwrap(), 7);
            assert_eq!(
                machines("gmp-"),
                4,
                "three hogs', and one that runs the rest"
            );
            drop(lifting);
            runtime.shutdown();
        }
    });
}

/// Without a hook, one that lasts is told of.
#[test]
fn a_hot_loop_is_warned_of() {
    in_child(|| {
        let receive = listen();
        let runtime = runtime(1);
        // On a busy machine it may lose its processor through no fault of its own: then there is another one.
        let warning = loop {
            let siege = Siege::new();
            let _lifting = Lifting(siege.clone());
            drop(runtime.spawn(async move { siege.spin() }));
            if let Ok(warning) = receive.recv_timeout(Duration::from_millis(700)) {
                break warning;
            }
        };
        assert!(warning.contains(" has run for "), "{warning}");
        runtime.shutdown();
    });
}

#[test]
fn time_slices_have_limits() {
    for slice in [Duration::ZERO, Duration::from_micros(199), Duration::MAX] {
        let error = gmp::Builder::new().time_slice(slice).build().unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains(&format!(
                "time_slice is {slice:?}; it must be from 200µs to 10s"
            )),
            "{error}"
        );
    }
    let shortest = Duration::from_micros(200);
    let runtime = gmp::Builder::new().time_slice(shortest).build().unwrap();
    assert_eq!(runtime.block_on(runtime.spawn(async { 7 })).unwrap(), 7);
}

#[test]
fn fewer_machines_than_processors_is_an_error() {
    let builder = gmp::Builder::new().max_procs(4).max_machines(3);
    let error = builder.build().unwrap_err().to_string();
    assert!(error.contains("max_machines is 3"), "{error}");
    let error = gmp::Builder::new().blocking_threads(0).build().unwrap_err();
    assert!(error.to_string().contains("blocking_threads is 0"));
}

/// Sleepers of 1 ms are woken although hogs spin and block.
fn sleep_beside_hogs() {
    let runtime = runtime(2);
    let siege = Siege::new();
    let lifting = Lifting(siege.clone());
    for n in 0..8 {
        let siege = siege.clone();
        drop(runtime.spawn(async move {
            if n % 2 == 0 {
                siege.spin();
            } else {
                siege.block();
            }
        }));
    }
    siege.wait_begun(8);
    for _ in 0..20 {
        runtime
            .block_on(runtime.spawn(gmp::sleep(Duration::from_millis(1))))
            .unwrap();
    }
    drop(lifting);
    runtime.shutdown();
}

/// Without a descriptor the monitor cannot ask whether a thread sleeps: that it blocks is seen all the same.
#[test]
fn a_task_that_blocks_where_no_descriptor_is_left() {
    in_child(|| {
        let runtime = runtime(1);
        let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        setrlimit(Resource::RLIMIT_NOFILE, most.min(256), most).unwrap();
        let mut all = Vec::new();
        while let Ok(file) = fs::File::open("/dev/null") {
            all.push(file);
        }
        let handed_off = || {
            let metrics = runtime.metrics();
            metrics.hand_offs_blocked + metrics.hand_offs_starved
        };
        let (over, ends) = mpsc::channel::<()>();
        let blocks = runtime.spawn(async move { ends.recv() });
        eventually(|| handed_off() > 0);
        let metrics = runtime.metrics();
        drop(all);
        assert_eq!(metrics.hand_offs_blocked, 1, "{metrics:?}");
        drop(over);
        assert!(runtime.block_on(blocks).unwrap().is_err());
        runtime.shutdown();
    });
}

/// The hand-off works without `membarrier` too.
#[test]
#[expect(
    clippy::redundant_closure,
    reason = "the child finds the test by the closure's name"
)]
fn sleepers_beside_hogs_with_full_fences() {
    in_child_with(
        |command| {
            command.env("GMPDEBUG", "a=b,membarrier=0");
        },
        || sleep_beside_hogs(),
    );
}

/// A sandbox allows neither `membarrier` nor `sched_setattr`: each is told of once, and the hand-off works.
#[test]
fn sleepers_beside_hogs_in_a_sandbox() {
    in_child(|| {
        sandbox::refuse([libc::SYS_membarrier, libc::SYS_sched_setattr]);
        let told = listen();
        sleep_beside_hogs();
        sleep_beside_hogs();
        let mut heard = Vec::new();
        eventually(|| {
            heard.extend(told.try_iter());
            ["membarrier", "time slices"]
                .iter()
                .all(|word| heard.iter().any(|it: &String| it.contains(word)))
        });
        for word in ["membarrier", "time slices"] {
            let count = heard.iter().filter(|it| it.contains(word)).count();
            assert_eq!(count, 1, "{word}: {heard:?}");
        }
    });
}

/// A signal to the process, as the kernel sends it for urgent data, does not confuse anybody.
#[test]
fn the_process_may_use_its_signals() {
    in_child(|| {
        let runtime = runtime(1);
        let siege = Siege::new();
        let lifting = Lifting(siege.clone());
        let inner = siege.clone();
        drop(runtime.spawn(async move { inner.spin() }));
        siege.wait_begun(1);
        for _ in 0..20 {
            kill(Pid::this(), Signal::SIGURG).unwrap();
            runtime
                .block_on(runtime.spawn(gmp::sleep(Duration::from_millis(1))))
                .unwrap();
        }
        drop(lifting);
        runtime.shutdown();
    });
}
