//! Dumps: every live task with where it was spawned, where it waits and for what.

use std::{
    collections::HashMap,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use gmp::JoinHandle;

use crate::{
    child::in_child,
    gate::{Gate, stop},
    preemption::{Lifting, Siege},
    watchdog::{eventually, on_each, on_processors, runtime, within_limit},
};

/// One line of a dump.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    state: State,
    spawned_at: String,
}

#[derive(Clone, Debug, PartialEq)]
enum State {
    Runs,
    Ready,
    /// It waits for this, at this place.
    Waits(String, String),
    /// It waits for something that does not say where.
    WaitsSomewhere,
}

/// The dump's tasks, by id. Panics on a line that is not of the form that the docs show.
fn dump() -> HashMap<String, Line> {
    let mut bytes = Vec::new();
    gmp::debug::write_dump(&mut bytes).expect("writing to a vector");
    let text = String::from_utf8(bytes).expect("text");
    let mut lines = text.lines();
    let head = lines.next().expect("a first line");
    let count: usize = head
        .strip_suffix(" tasks")
        .expect(head)
        .parse()
        .expect(head);
    let of_tasks = lines.by_ref().take(count);
    let tasks: Vec<_> = of_tasks.map(parse).collect();
    for line in lines {
        let head = line.split_once(": ").expect(line).0;
        let (what, number) = head.split_once(' ').expect(line);
        assert!(["runtime", "processor"].contains(&what), "{line}");
        assert!(number.parse::<u32>().is_ok(), "{line}");
    }
    assert_eq!(tasks.len(), count, "{text}");
    let by_id: HashMap<_, _> = tasks.into_iter().collect();
    assert_eq!(by_id.len(), count, "no task is there twice: {text}");
    by_id
}

fn parse(line: &str) -> (String, Line) {
    let (id, rest) = line
        .strip_prefix("task ")
        .and_then(|rest| rest.split_once(": "))
        .expect(line);
    // Behind the id there may be a name.
    let id = match id.strip_prefix("local ") {
        Some(_) => id,
        None => id.split(' ').next().expect(line),
    };
    let (state, spawned_at) = rest.split_once(", spawned at ").expect(line);
    let state = match state {
        "runs" => State::Runs,
        "is ready" => State::Ready,
        _ => {
            let (waits, since) = state.rsplit_once(", ").expect(line);
            let since = since.strip_suffix(" ms").expect(line);
            assert!(since.parse::<u64>().expect(line) < 1000 * 3600, "{line}");
            let waits = waits.strip_prefix("waits for ").expect(line);
            match waits.split_once(" at ") {
                Some((reason, site)) => State::Waits(reason.to_owned(), site.to_owned()),
                None => State::WaitsSomewhere,
            }
        }
    };
    let spawned_at = spawned_at.to_owned();
    assert!(place(&spawned_at).1 > 0, "{line}");
    (id.to_owned(), Line { state, spawned_at })
}

/// A file, a line and a column, as a `Location` prints them.
fn place(site: &str) -> (&str, u32, u32) {
    let mut parts = site.rsplitn(3, ':');
    let column = parts
        .next()
        .and_then(|column| column.parse().ok())
        .expect(site);
    let line = parts.next().and_then(|line| line.parse().ok()).expect(site);
    (parts.next().expect(site), line, column)
}

/// What the dump says of a task.
fn state_of<T>(handle: &JoinHandle<T>) -> Option<Line> {
    dump().remove(&handle.id().to_string())
}

/// Waits until the dump says so of a task.
fn await_state<T>(handle: &JoinHandle<T>, is_there: impl Fn(&State) -> bool) -> Line {
    let mut last = None;
    eventually(|| {
        last = state_of(handle);
        last.as_ref().is_some_and(|line| is_there(&line.state))
    });
    last.expect("it was there just now")
}

/// The line of this file that ends with the comment `// @mark`.
fn line_of(mark: &str) -> u32 {
    static MARKS: LazyLock<HashMap<&str, u32>> = LazyLock::new(|| {
        let lines = include_str!("debugging.rs").lines().zip(1..);
        lines
            .filter_map(|(line, number)| Some((line.split_once("; // @")?.1, number)))
            .collect()
    });
    MARKS[mark]
}

/// The site is the marked line of this file.
#[track_caller]
fn assert_site(site: &str, mark: &str) {
    let (file, line, _) = place(site);
    assert_eq!((file, line), (file!(), line_of(mark)));
}

#[test]
fn a_task_that_waits_is_shown_with_reason_and_site() {
    on_processors(|runtime| {
        let hour = Duration::from_secs(3600);
        let sleeps = async move { gmp::time::sleep(hour).await }; // @sleep
        let sleeps = runtime.spawn(sleeps); // @sleeps
        let passage = Gate::new().wait();
        let joined = runtime.spawn(passage);
        let joins = async move { joined.await.unwrap() }; // @join
        let joins = runtime.spawn(joins); // @joins
        let silent = runtime.spawn(std::future::pending::<()>()); // @silent

        let line = await_state(&sleeps, |state| matches!(state, State::Waits(..)));
        assert_site(&line.spawned_at, "sleeps");
        let State::Waits(reason, site) = line.state else {
            unreachable!()
        };
        assert_eq!(reason, "sleep");
        assert_site(&site, "sleep");

        let line = await_state(&joins, |state| matches!(state, State::Waits(..)));
        assert_site(&line.spawned_at, "joins");
        let State::Waits(reason, site) = line.state else {
            unreachable!()
        };
        assert_eq!(reason, "join");
        assert_site(&site, "join");

        let line = await_state(&silent, |state| *state == State::WaitsSomewhere);
        assert_site(&line.spawned_at, "silent");
    });
}

#[test]
fn a_task_is_shown_with_its_name() {
    on_each(&[1], |runtime| {
        let gate = Gate::new();
        let names = ["acceptor", "", "two\nlines"];
        let tasks = runtime.block_on(async {
            names.map(|name| gmp::task::Builder::new().name(name).spawn(gate.wait()))
        });
        eventually(|| gate.waiting() == names.len());
        let mut bytes = Vec::new();
        gmp::debug::write_dump(&mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        for (task, shown) in tasks.iter().zip([" \"acceptor\"", "", " \"two\\nlines\""]) {
            let begin = format!("task {}{shown}: ", task.id());
            assert!(text.lines().any(|line| line.starts_with(&begin)), "{text}");
        }
        gate.open();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
    });
}

/// Behind the tasks: which processor runs which of them, and who is away.
#[test]
fn the_threads_of_a_runtime_are_shown() {
    // Others have runtimes of their own.
    in_child(|| {
        let runtime = runtime(2);
        let siege = Siege::new();
        let lifting = Lifting(siege.clone());
        let inner = siege.clone();
        let hog = runtime.spawn(async move { inner.block() });
        siege.wait_begun(1);
        let told = || {
            let mut bytes = Vec::new();
            gmp::debug::write_dump(&mut bytes).unwrap();
            String::from_utf8(bytes).unwrap()
        };
        eventually(|| {
            let told = told();
            told.contains(": 2 processors (2 idle, 0 searching), ")
                && told.contains("(0 run and 1 block without a processor)")
                && told.contains("processor 0: nobody holds it")
        });
        let own = runtime.spawn(async move { (gmp::task::id(), told()) });
        let (id, told) = runtime.block_on(own).unwrap();
        let polled = format!(": its machine polls task {id}, ");
        assert!(told.contains(&polled), "{told}");
        drop(lifting);
        runtime.block_on(hog).unwrap();
        runtime.shutdown();
    });
}

#[test]
fn limited_waits_show_what_is_limited() {
    on_processors(|runtime| {
        let hour = Duration::from_secs(3600);
        let limited = runtime.spawn(async move {
            let sleep = gmp::time::sleep(hour); // @limited
            gmp::time::timeout(hour * 2, sleep).await
        });
        let ticks = runtime.spawn(async move {
            let mut interval = gmp::time::interval(hour);
            interval.tick().await;
            interval.tick().await; // @tick
        });
        let line = await_state(&limited, |state| matches!(state, State::Waits(..)));
        let State::Waits(reason, site) = line.state else {
            unreachable!()
        };
        assert_eq!(reason, "sleep");
        assert_site(&site, "limited");
        await_state(
            &ticks,
            |state| matches!(state, State::Waits(_, site) if place(site).1 == line_of("tick")),
        );
    });
}

/// What is limited does not say where it waits, but the limit does.
#[test]
fn a_limited_foreign_wait_shows_the_limit() {
    on_each(&[1], |runtime| {
        let hour = Duration::from_secs(3600);
        let limited = runtime.spawn(async move {
            let limited = gmp::time::timeout(hour, std::future::pending::<()>()); // @limit
            limited.await
        });
        let line = await_state(&limited, |state| matches!(state, State::Waits(..)));
        let State::Waits(reason, site) = line.state else {
            unreachable!()
        };
        assert_eq!(reason, "a future of another crate");
        assert_site(&site, "limit");
    });
}

#[test]
fn local_tasks_are_shown() {
    within_limit(|| {
        let set = gmp::task::LocalSet::new();
        let gate = Gate::new();
        let first = set.spawn_local(async { gmp::time::sleep(Duration::from_secs(3600)).await });
        let id = first.id().to_string();
        assert_eq!(dump()[&id].state, State::Ready);
        let (_, runs) = (
            first,
            set.spawn_local(async {
                let id = gmp::task::id().to_string();
                assert_eq!(dump()[&id].state, State::Runs);
                // Its own line while another one waits.
                gmp::yield_now().await;
            }),
        );
        let runtime = runtime(1);
        let inner = gate.clone();
        let waits = set.spawn_local(async move { gmp::go(inner.wait()).await.unwrap() }); // @local
        set.block_on(&runtime, async {
            runs.await.unwrap();
            gmp::yield_now().await;
            let tasks = dump();
            let State::Waits(reason, site) = &tasks[&id].state else {
                panic!("{:?}", tasks[&id]);
            };
            assert_eq!((reason.as_str(), place(site).0), ("sleep", file!()));
            let line = &tasks[&waits.id().to_string()];
            assert!(
                matches!(&line.state, State::Waits(reason, _) if reason == "join"),
                "{line:?}"
            );
            assert_site(&line.spawned_at, "local");
            gate.open();
            let ended = waits.id().to_string();
            waits.await.unwrap();
            assert!(!dump().contains_key(&ended));
        });
        drop(set);
        assert!(!dump().contains_key(&id));
    });
}

#[test]
fn a_task_that_runs_or_is_ready_is_shown_so() {
    on_each(&[1], |runtime| {
        loop {
            let (inside, outside) = stop();
            let runs = runtime.spawn(async move { inside.pass() }); // @runs
            outside.wait_entered();
            let waits = runtime.spawn(async {});
            let seen = state_of(&waits).map(|line| line.state);
            let line = state_of(&runs).unwrap();
            assert_eq!(line.state, State::Runs);
            assert_site(&line.spawned_at, "runs");
            outside.release();
            runtime.block_on(runs).unwrap();
            runtime.block_on(waits).unwrap();
            // Who blocks loses its processor soon, and the other runs: then once more.
            if seen == Some(State::Ready) {
                break;
            }
        }
    });
}

#[test]
fn a_task_that_yields_is_shown_as_ready() {
    on_each(&[1], |runtime| {
        let over = Arc::new(AtomicBool::new(false));
        let stop = over.clone();
        let yields = runtime.spawn(async move {
            while !stop.load(SeqCst) {
                gmp::yield_now().await;
            }
        });
        await_state(&yields, |state| *state == State::Ready);
        await_state(&yields, |state| *state == State::Runs);
        over.store(true, SeqCst);
        runtime.block_on(yields).unwrap();
    });
}

#[test]
fn a_task_that_has_ended_is_not_shown() {
    on_processors(|runtime| {
        let finished = runtime.spawn(async {});
        let aborted = runtime.spawn(std::future::pending::<()>());
        let id = aborted.id().to_string();
        aborted.abort();
        assert!(runtime.block_on(aborted).is_err());
        eventually(|| finished.is_finished());
        assert_eq!(state_of(&finished), None);
        assert_eq!(dump().remove(&id), None);
        runtime.block_on(finished).unwrap();
    });
}

#[test]
fn every_task_is_shown_with_the_place_that_spawned_it() {
    on_processors(|runtime| {
        let gate = Gate::new();
        let (here, handle) = (&runtime, runtime.handle());
        let spawn_first = |_| here.spawn(gate.wait()); // @first
        let spawn_second = |_| handle.spawn(gate.wait()); // @second
        let first: Vec<_> = (0..50).map(spawn_first).collect();
        let second: Vec<_> = (0..50).map(spawn_second).collect();
        let inner = gate.clone();
        let inside = runtime.spawn(async move {
            let spawn_third = |_| gmp::spawn(inner.wait()); // @third
            (0..50).map(spawn_third).collect::<Vec<_>>()
        });
        let third = runtime.block_on(inside).unwrap();
        eventually(|| gate.waiting() == 150);
        let dump = dump();
        for (handles, mark) in [(&first, "first"), (&second, "second"), (&third, "third")] {
            for handle in handles {
                assert_site(&dump[&handle.id().to_string()].spawned_at, mark);
            }
        }
        gate.open();
        for handle in first.into_iter().chain(second).chain(third) {
            runtime.block_on(handle).unwrap();
        }
    });
}

#[test]
fn a_nested_block_on_leaves_no_stale_site() {
    on_processors(|runtime| {
        let task = runtime.spawn(async {
            gmp::block_on(async {
                gmp::time::sleep(Duration::from_millis(1)).await;
            });
            std::future::pending::<()>().await;
        });
        eventually(|| {
            matches!(
                state_of(&task).unwrap().state,
                State::Waits(..) | State::WaitsSomewhere
            )
        });
        assert_eq!(state_of(&task).unwrap().state, State::WaitsSomewhere);
    });
}

#[test]
fn dumps_beside_a_storm_of_tasks_are_whole() {
    within_limit(|| {
        let runtime = runtime(2);
        let over = Arc::new(AtomicBool::new(false));
        async fn leaf(n: u64) {
            gmp::time::sleep(Duration::from_micros(n * 20)).await; // @storm sleep
            gmp::yield_now().await; // @storm yield
            let empty = gmp::spawn(async {}); // @storm empty
            empty.await.unwrap(); // @storm join
        }
        let churn = |stop: Arc<AtomicBool>| async move {
            while !stop.load(SeqCst) {
                let tasks = [(); 20].map(|()| gmp::spawn(leaf(7))); // @storm leaf
                for task in tasks {
                    task.await.unwrap(); // @storm wait
                }
            }
        };
        let storms = [(); 4].map(|()| runtime.spawn(churn(over.clone()))); // @storm
        let dumpers: Vec<_> = (0..2)
            .map(|_| {
                let over = over.clone();
                thread::spawn(move || {
                    let mut dumps = 0;
                    while dumps < 400 {
                        for line in dump().into_values() {
                            check_whole(&line);
                        }
                        dumps += 1;
                    }
                    over.store(true, SeqCst);
                })
            })
            .collect();
        dumpers
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        for storm in storms {
            runtime.block_on(storm).unwrap();
        }
    });
}

/// A line about the storm's tasks shows a place where such a task is spawned, and waits that such a task has.
fn check_whole(line: &Line) {
    let spawned =
        |mark| place(&line.spawned_at) == (file!(), line_of(mark), place(&line.spawned_at).2);
    let possible: &[_] = if spawned("storm") {
        &[("join", "storm wait")]
    } else if spawned("storm leaf") {
        &[
            ("sleep", "storm sleep"),
            ("its turn", "storm yield"),
            ("join", "storm join"),
        ]
    } else if spawned("storm empty") {
        &[]
    } else {
        // Another test's, which runs beside this one.
        return;
    };
    if let State::Waits(reason, site) = &line.state {
        let seen = |&(why, mark): &(_, _)| reason == why && place(site).1 == line_of(mark);
        assert!(possible.iter().any(seen), "{line:?}");
    }
}

/// How long the task has waited by its line in a dump, and by the dump's reader. `None`: it does not wait yet.
fn waited<T>(handle: &JoinHandle<T>) -> Option<Duration> {
    let mut bytes = Vec::new();
    gmp::debug::write_dump(&mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let begin = format!("task {}: waits for ", handle.id());
    let line = text.lines().find(|line| line.starts_with(&begin))?;
    let (_, since) = line.split_once(" ms, ")?.0.rsplit_once(", ")?;
    Some(Duration::from_millis(since.parse().unwrap()))
}

/// Of a program in which nothing runs any more, too.
#[test]
fn the_times_of_waits_are_right_where_all_are_idle() {
    in_child(|| {
        let runtime = runtime(2);
        // The coarse clock's step, and what the monitor's looks may be apart on a busy machine.
        let grain = Duration::from_millis(50);
        for _ in 0..2 {
            let spawned = Instant::now();
            let task = runtime.spawn(std::future::pending::<()>());
            let mut since = None;
            eventually(|| {
                since = waited(&task);
                since.is_some()
            });
            let seen = Instant::now();
            // Not since the clock stood still.
            let (since, most) = (since.unwrap(), spawned.elapsed() + grain);
            assert!(since <= most, "{since:?} of {most:?}");
            let mut least = Duration::ZERO;
            eventually(|| {
                least = seen.elapsed();
                let since = waited(&task).unwrap() + grain;
                assert!(since >= least, "{since:?} of {least:?}");
                least > Duration::from_millis(400)
            });
            task.abort();
            assert!(runtime.block_on(task).is_err());
        }
        runtime.shutdown();
    });
}
