//! Where the number comes from, and that it follows the system until somebody chooses it.

use crate::child::in_child_with;

/// In a child, with this in `GMP_MAXPROCS`.
fn with_variable<F: FnOnce() + Send + 'static>(value: Option<&str>, body: F) {
    in_child_with(
        |command| {
            command.env_remove("GMP_MAXPROCS");
            if let Some(value) = value {
                command.env("GMP_MAXPROCS", value);
            }
        },
        body,
    );
}

#[test]
fn the_variable_says_it() {
    with_variable(Some("3"), || {
        let outside = gmp::Runtime::new().unwrap();
        assert_eq!(outside.handle().max_procs(None), 3);
        let chosen = gmp::Builder::new().max_procs(5).build().unwrap();
        assert_eq!(chosen.handle().max_procs(None), 5);
    });
}

#[cfg(target_os = "linux")]
mod affinity {
    use std::{fs, sync::Arc, sync::atomic::AtomicBool, sync::atomic::Ordering::SeqCst};

    use gmp::Runtime;
    use nix::{
        sched::{CpuSet, sched_getaffinity, sched_setaffinity},
        unistd::Pid,
    };

    use super::with_variable;
    use crate::watchdog::eventually;

    fn mask() -> CpuSet {
        sched_getaffinity(Pid::from_raw(0)).unwrap()
    }

    fn is_set(mask: &CpuSet, cpu: &usize) -> bool {
        mask.is_set(*cpu).unwrap()
    }

    /// As `taskset --all-tasks` does it.
    fn set_for_all_threads(mask: &CpuSet) {
        for task in fs::read_dir("/proc/self/task").unwrap() {
            let thread = task.unwrap().file_name();
            let thread = thread.to_str().unwrap().parse().unwrap();
            // One that has ended meanwhile has none.
            let _ = sched_setaffinity(Pid::from_raw(thread), mask);
        }
    }

    /// Keeps a runtime busy: an idle one asks for nothing.
    struct Busy(Arc<AtomicBool>);

    impl Busy {
        fn new(runtime: &Runtime) -> Busy {
            let over = Arc::new(AtomicBool::new(false));
            let told = over.clone();
            drop(runtime.spawn(async move {
                while !told.load(SeqCst) {
                    gmp::sleep(std::time::Duration::from_millis(1)).await;
                }
            }));
            Busy(over)
        }
    }

    impl Drop for Busy {
        fn drop(&mut self) {
            self.0.store(true, SeqCst);
        }
    }

    #[test]
    fn it_is_followed_until_somebody_chooses() {
        with_variable(None, || {
            let all = mask();
            let cpus: Vec<usize> = (0..CpuSet::count())
                .filter(|cpu| is_set(&all, cpu))
                .collect();
            if cpus.len() < 2 {
                println!("SKIPPED: there is one CPU only");
                return;
            }
            let mut one = CpuSet::new();
            one.set(cpus[0]).unwrap();
            let follows = Runtime::new().unwrap();
            let fixed = gmp::Builder::new().max_procs(2).build().unwrap();
            let chooses = Runtime::new().unwrap();
            let number = |runtime: &Runtime| runtime.handle().max_procs(None);
            let before = number(&follows);
            assert!(before >= 2 && before <= cpus.len());
            chooses.handle().max_procs(Some(2));
            let _busy = [&follows, &fixed, &chooses].map(Busy::new);
            // Twice down and up, so that the others had a second each to follow too.
            for _ in 0..2 {
                set_for_all_threads(&one);
                eventually(|| number(&follows) == 1);
                set_for_all_threads(&all);
                eventually(|| number(&follows) == before);
            }
            assert_eq!((number(&fixed), number(&chooses)), (2, 2));
            // It ends while it runs, too.
            follows.handle().max_procs(Some(before + 1));
            let later = Runtime::new().unwrap();
            let _busy_later = Busy::new(&later);
            set_for_all_threads(&one);
            eventually(|| number(&later) == 1);
            assert_eq!(number(&follows), before + 1);
        });
    }
}
