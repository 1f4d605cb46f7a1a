//! Tasks that do not return from their polls, as events for `tracing`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::Duration,
};

use gmp::{JoinHandle, Runtime};

use super::{Lifting, Siege, reports::hot_leaf};
use crate::{
    child::in_child,
    ear::{Fields, listen_closely},
    watchdog::runtime,
};

/// A task with a name, which sleeps and then does this in one poll.
fn named(runtime: &Runtime, name: &str, step: impl Fn() + Send + 'static) -> JoinHandle<()> {
    let _entered = runtime.enter();
    gmp::task::Builder::new().name(name).spawn(async move {
        gmp::sleep(Duration::from_millis(1)).await;
        step();
    })
}

/// The first event of this cause.
fn find(events: &mpsc::Receiver<Fields>, cause: &str) -> Fields {
    let is_so = |event: &Fields| event.get("cause").is_some_and(|said| said.contains(cause));
    events.iter().find(is_so).expect("the subscriber stays")
}

/// Beside a hook, which hears of it too.
#[test]
fn a_hot_loop_is_an_event_with_fields() {
    in_child(|| {
        let events = listen_closely();
        let told = Arc::new(AtomicBool::new(false));
        let tells = told.clone();
        gmp::debug::set_hand_off_hook(move |_| tells.store(true, SeqCst));
        let runtime = runtime(1);
        // On a busy machine it may lose its processor through no fault of its own: then there is another one.
        let event = loop {
            let siege = Siege::new();
            let _lifting = Lifting(siege.clone());
            drop(named(&runtime, "hog", move || siege.spin_and(hot_leaf)));
            match events.recv_timeout(Duration::from_millis(700)) {
                // Not one of an earlier turn that was told late.
                Ok(event) if event["goes_on"] == "true" => break event,
                _ => {}
            }
        };
        assert!(event["cause"].contains("running"), "{event:?}");
        assert!(event["name"].contains("hog"), "{event:?}");
        assert!(event["spawned_at"].contains(file!()), "{event:?}");
        assert!(event["last_wait"].contains("sleep at "), "{event:?}");
        assert!(event["last_wait"].contains(file!()), "{event:?}");
        assert!(event["message"].contains(" has run for "), "{event:?}");
        for field in ["wall", "cpu", "left_out"] {
            assert!(event.contains_key(field), "{event:?}");
        }
        if let Some(stack) = event.get("stack") {
            assert!(stack.contains("hot_leaf"), "{event:?}");
        }
        assert!(told.load(SeqCst), "the hook");
        runtime.shutdown();
    });
}

/// Those that block for a short time are left alone, however many there are.
#[test]
fn a_task_that_blocks_for_long_is_an_event() {
    in_child(|| {
        let events = listen_closely();
        let runtime = runtime(1);
        let short: Vec<_> = (0..100)
            .map(|_| {
                named(&runtime, "short", || {
                    thread::sleep(Duration::from_millis(2))
                })
            })
            .collect();
        for short in short {
            runtime.block_on(short).unwrap();
        }
        let (release, held) = mpsc::channel::<()>();
        let long = named(&runtime, "long", move || held.recv().unwrap());
        let event = find(&events, "blocked");
        assert_eq!(event["task"], long.id().to_string());
        assert!(event["name"].contains("long"), "{event:?}");
        assert!(
            event["message"].contains("has blocked its thread"),
            "{event:?}"
        );
        assert!(!event.contains_key("stack"), "{event:?}");
        assert_eq!(event["goes_on"], "true");
        release.send(()).unwrap();
        runtime.block_on(long).unwrap();
        runtime.shutdown();
    });
}
