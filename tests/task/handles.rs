//! What handles, ids and errors promise.

use std::{cell::Cell, collections::HashSet, error::Error, io, task::Poll};

use gmp::{AbortHandle, JoinError, JoinHandle, task::Id};

use crate::{
    gate::Gate,
    tally::Tally,
    watchdog::{eventually, on_processors, runtime, within_limit},
};

#[test]
fn handles_go_anywhere() {
    fn check<T: Send + Sync + Unpin + 'static>() {}
    check::<JoinHandle<()>>();
    // `Cell` is not `Sync`, but the handle gives it away by value only.
    check::<JoinHandle<Cell<u8>>>();
    check::<AbortHandle>();
    check::<Id>();
    check::<JoinError>();
    check::<gmp::Runtime>();
    check::<gmp::Handle>();
}

#[test]
fn a_handle_is_finished_when_the_task_has_ended_in_whatever_way() {
    on_processors(|runtime| {
        let gate = Gate::new();
        let (passes, panics) = (gate.wait(), gate.wait());
        let passes = runtime.spawn(passes);
        let panics = runtime.spawn(async {
            panics.await;
            panic!("on purpose");
        });
        let aborted = runtime.spawn(std::future::pending::<()>());
        assert!(!passes.is_finished() && !panics.is_finished() && !aborted.is_finished());
        gate.open();
        aborted.abort();
        eventually(|| passes.is_finished() && panics.is_finished() && aborted.is_finished());
        let handles = [passes.abort_handle(), aborted.abort_handle()];
        assert!(handles.iter().all(AbortHandle::is_finished));
        runtime.block_on(passes).unwrap();
        assert!(runtime.block_on(panics).unwrap_err().is_panic());
        assert!(runtime.block_on(aborted).unwrap_err().is_cancelled());
        assert!(
            handles.iter().all(AbortHandle::is_finished),
            "also once the slot is free"
        );
    });
}

#[test]
fn the_id_is_the_same_from_all_sides() {
    on_processors(|runtime| {
        let handle = runtime.spawn(async {
            let before = gmp::task::id();
            gmp::yield_now().await;
            (before, gmp::task::id())
        });
        let id = handle.id();
        assert_eq!(handle.abort_handle().id(), id);
        assert_ne!(id, Id::NOBODY);
        assert!(format!("{handle:?}").contains(&format!("{id:?}")));
        assert_eq!(runtime.block_on(handle).unwrap(), (id, id));
    });
}

#[test]
fn living_tasks_have_different_ids() {
    on_processors(|runtime| {
        let handles: Vec<_> = (0..1000)
            .map(|_| runtime.spawn(std::future::pending::<()>()))
            .collect();
        let ids: HashSet<_> = handles.iter().map(JoinHandle::id).collect();
        assert_eq!(ids.len(), 1000);
        let words: HashSet<_> = ids.iter().map(Id::to_string).collect();
        assert_eq!(words.len(), 1000);
    });
}

#[test]
fn outside_of_a_task_there_is_no_id() {
    within_limit(|| {
        let runtime = runtime(1);
        assert_eq!(gmp::task::try_id(), None);
        assert_eq!(runtime.block_on(async { gmp::task::try_id() }), None);
        assert!(std::panic::catch_unwind(gmp::task::id).is_err());
    });
}

#[test]
fn an_error_says_what_happened_to_which_task() {
    within_limit(|| {
        let runtime = runtime(1);
        // Put together at run time, so that the payload is no `&str`.
        let kinds = std::hint::black_box(2);
        let handle = runtime.spawn(async move { panic!("words of {kinds} kinds") });
        let id = handle.id();
        let error: JoinError = runtime.block_on(handle).map(|(): ()| ()).unwrap_err();
        assert_eq!(
            (error.is_panic(), error.is_cancelled(), error.id()),
            (true, false, id)
        );
        assert_eq!(
            error.to_string(),
            format!("task {id} panicked: words of 2 kinds")
        );
        assert!(error.source().is_none());
        let payload = error.into_panic();
        assert_eq!(
            payload.downcast_ref::<String>().unwrap(),
            "words of 2 kinds"
        );

        let handle = runtime.spawn(std::future::pending::<()>());
        let id = handle.id();
        handle.abort();
        let error = runtime.block_on(handle).unwrap_err();
        assert_eq!(
            (error.is_panic(), error.is_cancelled(), error.id()),
            (false, true, id)
        );
        assert_eq!(error.to_string(), format!("task {id} was cancelled"));
        let error = io::Error::from(error);
        assert!(
            error
                .get_ref()
                .unwrap()
                .downcast_ref::<JoinError>()
                .unwrap()
                .is_cancelled()
        );
    });
}

#[test]
#[should_panic(expected = "no panic to take")]
fn a_cancelled_task_has_no_panic_to_take() {
    let runtime = runtime(1);
    let handle = runtime.spawn(std::future::pending::<()>());
    handle.abort();
    runtime.block_on(handle).unwrap_err().into_panic();
}

#[test]
#[should_panic(expected = "polled after it was ready")]
fn a_handle_polled_after_it_was_ready_panics() {
    let runtime = runtime(1);
    let mut handle = runtime.spawn(async {});
    runtime.block_on(&mut handle).unwrap();
    runtime.block_on(handle).unwrap();
}

#[test]
fn a_handle_that_gave_its_output_is_nobodys() {
    on_processors(|runtime| {
        let tally = Tally::new();
        let mut handle = runtime.spawn(tally.future(|_| Poll::Ready(())));
        drop(runtime.block_on(&mut handle).unwrap());
        assert!(handle.is_finished());
        assert_eq!(handle.id(), Id::NOBODY);
        handle.abort();
        let abort = handle.abort_handle();
        abort.abort();
        assert!(abort.is_finished());
        assert_eq!(abort.id(), Id::NOBODY);
        tally.assert_settled();
    });
}
