use super::*;

fn tells(context: &Context) -> (StopFn, Receiver<()>) {
    let (sender, receiver) = channel();
    let stop = context.after_func(move || sender.send(()).unwrap());
    (stop, receiver)
}

/// Go: `TestAfterFuncCalledAfterCancel`, `TestAfterFuncCalledImmediately`.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn it_runs_when_the_context_is_done_or_at_once() {
    let _watchdog = Watchdog::new();
    each_executor(|spawner| {
        let told = spawner.run(async {
            let (context, cancel) = Context::background().with_cancel();
            let (stop, told) = tells(&context);
            assert!(told.try_recv().is_err());
            cancel.cancel();
            let (late_stop, late) = tells(&context);
            assert!(!stop.stop() && !late_stop.stop());
            [told, late]
        });
        told.iter().for_each(|told| told.recv().unwrap());
    });
}

/// Go: `TestAfterFuncCalledAfterTimeout`.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn it_runs_at_the_deadline_though_nobody_holds_the_context() {
    let _watchdog = Watchdog::new();
    let (_, told) = tells(&Context::background().with_timeout(SHORT).0);
    told.recv().unwrap();
    let (above, cancel) = Context::background().with_cancel();
    let (_, told) = tells(&above.with_cancel().0.with_cancel().0);
    drop(above);
    assert_eq!(told.recv_timeout(SHORT), Err(RecvTimeoutError::Timeout));
    cancel.cancel();
    told.recv().unwrap();
}

/// Go: `TestAfterFuncNotCalledAfterStop`.
#[test]
fn one_that_is_stopped_does_not_run_and_is_dropped() {
    let (context, cancel) = Context::background().with_cancel();
    let (stop, stopped) = tells(&context);
    let (_, runs) = tells(&context);
    assert!(stop.stop());
    assert_eq!(
        stopped.recv_timeout(HOUR),
        Err(RecvTimeoutError::Disconnected)
    );
    cancel.cancel();
    runs.recv().unwrap();
    let (stop, _) = tells(&Context::background());
    assert!(stop.stop());
}

#[test]
fn a_context_is_not_kept_by_one_that_is_stopped() {
    let (context, cancel) = Context::background().with_cancel();
    let canceler = Arc::downgrade(context.canceler().unwrap());
    let (stop, _told) = tells(&context);
    drop((context, cancel));
    assert!(canceler.upgrade().is_some());
    assert!(stop.stop());
    assert!(canceler.upgrade().is_none());
}

/// Go: `TestAfterFuncCalledAsynchronously`: it may wait for what whoever cancels does afterwards.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn it_runs_by_itself() {
    let _watchdog = Watchdog::new();
    let (context, cancel) = Context::background().with_cancel();
    let (to_it, from_us) = channel::<()>();
    let (to_us, from_it) = channel();
    let _stop = context.after_func(move || {
        from_us.recv().unwrap();
        to_us.send(()).unwrap();
    });
    cancel.cancel();
    to_it.send(()).unwrap();
    from_it.recv().unwrap();
}

/// Go: `ExampleAfterFunc_merge`, in short: a context that is done with either of two.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn two_contexts_are_merged_by_it() {
    let _watchdog = Watchdog::new();
    let (one, _cancel_one) = Context::background().with_cancel_cause();
    let (two, cancel_two) = Context::background().with_cancel_cause();
    let (merged, cancel) = one.with_cancel_cause();
    let source = two.clone();
    let stop = two.after_func(move || cancel.cancel(source.cause().unwrap()));
    cancel_two.cancel(io::Error::other("two"));
    block_on(merged.done());
    assert_eq!(merged.cause().unwrap().to_string(), "two");
    assert!(!stop.stop());
}

/// The runtime in which it was started ends before it ran: many times, since the moment is short.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn a_function_is_not_lost_with_the_runtime() {
    let _watchdog = Watchdog::new();
    let (sender, receiver) = channel();
    for turn in 0..200 {
        let sender = sender.clone();
        let runtime = gmp_executor::Builder::new().max_procs(1).build().unwrap();
        let (context, cancel) = Context::background().with_cancel();
        runtime.block_on(async move {
            context.after_func(move || sender.send(turn).unwrap());
        });
        let ends = thread::spawn(move || runtime.shutdown_timeout(Duration::ZERO));
        cancel.cancel();
        ends.join().unwrap();
        assert_eq!(receiver.recv().unwrap(), turn);
    }
}
