use super::*;

fn below(context: &Context) -> usize {
    context.canceler().unwrap().below_len()
}

/// Go: `TestParentFinishesChild`, `TestWithCancelCanceledParent`.
#[test]
fn what_is_above_ends_what_is_below() {
    let (above, cancel) = Context::background().with_cancel();
    let (child, _cancel) = above.with_cancel();
    let value = above.with_value(First, "value");
    let (grandchild, _cancel) = value.with_cancel();
    let (timed, _cancel) = value.with_timeout(HOUR);
    let all = [&child, &value, &grandchild, &timed];
    assert!(all.iter().all(|context| !context.is_done()));
    assert_eq!(below(&above), 3);
    cancel.cancel();
    for context in all {
        assert_eq!(context.err(), canceled());
        assert_eq!(polled(pin!(context.done())), canceled());
    }
    assert_eq!(below(&above), 0);
    let (late, _cancel) = value.with_timeout(HOUR);
    assert_eq!(late.err(), canceled());
}

/// Go: `TestChildFinishesFirst`.
#[test]
fn what_is_below_does_not_end_what_is_above() {
    for above in [
        Context::background(),
        Context::background().with_timeout(HOUR).0,
    ] {
        let (child, cancel) = above.with_cancel();
        cancel.cancel();
        assert_eq!(child.err(), canceled());
        assert_eq!(above.err(), None);
    }
}

/// Go: `TestCancelRemoves`; and what is dropped leaves too.
#[test]
fn what_is_cancelled_or_dropped_leaves_the_list_above() {
    let (above, _cancel) = Context::background().with_cancel();
    let (child, cancel) = above.with_cancel();
    let (timed, cancel_timed) = above.with_timeout(HOUR);
    assert_eq!(below(&above), 2);
    cancel.cancel();
    assert_eq!(below(&above), 1);
    let (second, cancel_second) = above.with_cancel();
    // The place of the first is the second's now.
    drop((child, cancel));
    assert_eq!(below(&above), 2);
    drop((second, cancel_second));
    assert_eq!(below(&above), 1);
    cancel_timed.cancel();
    drop(timed);
    assert_eq!(below(&above), 0);
}

/// Go: `BenchmarkCancelTree`'s shape, where recursion would end the process: broad and deep.
#[test]
#[cfg_attr(miri, ignore = "300,000 contexts")]
fn a_tree_of_100_000_is_cancelled_and_dropped_without_recursion() {
    let (root, cancel) = Context::background().with_cancel();
    let broad: Vec<_> = (0..100_000).map(|_| root.with_cancel().0).collect();
    let mut deep = vec![root.clone()];
    for _ in 0..100_000 {
        let (context, _) = deep.last().unwrap().with_cancel();
        deep.push(context);
    }
    cancel.cancel();
    assert!(broad.iter().chain(&deep).all(Context::is_done));
    // The last of a chain that nobody else holds, live and cancelled.
    let deepest = deep.pop().unwrap();
    drop(deep);
    drop(deepest);
    let mut live = Context::background();
    for n in 0..100_000 {
        live = live.with_cancel().0.with_value(Crosses, n);
    }
    drop(live);
}

/// Go: `TestSimultaneousCancels`.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn all_of_many_may_cancel_at_once() {
    let _watchdog = Watchdog::new();
    let (root, cancel) = Context::background().with_cancel();
    let mut queue = std::collections::VecDeque::from([(root, cancel)]);
    let mut all = Vec::new();
    while all.len() < 100 {
        let (context, cancel) = queue.pop_front().unwrap();
        queue.push_back(context.with_cancel());
        queue.push_back(context.with_cancel());
        all.push((context, cancel));
    }
    thread::scope(|scope| {
        for (_, cancel) in &all {
            scope.spawn(|| cancel.cancel());
        }
        for (context, _) in &all {
            scope.spawn(|| block_on(context.done()));
        }
    });
    assert!(queue.iter().all(|(context, _)| context.err() == canceled()));
}

/// Go: `TestInterlockedCancels`.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn what_waits_for_one_may_cancel_the_one_above() {
    let _watchdog = Watchdog::new();
    let (above, cancel_above) = Context::background().with_cancel();
    let (child, cancel_child) = above.with_cancel();
    thread::scope(|scope| {
        let above = &above;
        scope.spawn(move || {
            block_on(above.done());
            cancel_child.cancel();
        });
        cancel_above.cancel();
    });
    assert!(child.is_done());
}

/// Go: `TestLayersCancel`, `TestLayersTimeout`: random layers of values, cancellations and deadlines.
#[test]
fn layers_of_all_kinds_end_as_they_should() {
    for by_timeout in [false, true] {
        for seed in 1..20_u64 {
            layers(seed, by_timeout);
        }
    }
}

fn layers(mut random: u64, by_timeout: bool) {
    let mut next = move |n: u64| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (random >> 33) % n
    };
    let mut context = Context::background();
    let mut cancels = Vec::new();
    let mut ends_by_timeout = 0;
    for layer in 0..60 {
        match next(3) {
            0 => context = context.with_value(Crosses, layer),
            1 => {
                let (below, cancel) = context.with_cancel();
                cancels.push(cancel);
                context = below;
            }
            _ => {
                let timeout = if by_timeout { 4 * SHORT } else { HOUR };
                let (below, cancel) = context.with_timeout(timeout);
                cancels.push(cancel);
                context = below;
                ends_by_timeout += 1;
            }
        }
    }
    if by_timeout && ends_by_timeout > 0 {
        assert_eq!(Some(block_on(context.done())), exceeded());
    } else {
        assert_eq!(context.err(), None);
        let chosen = next(cancels.len() as u64) as usize;
        cancels[chosen].cancel();
        assert_eq!(context.err(), canceled());
    }
}

/// Go: `TestWithCancelSimultaneouslyCanceledParent`.
#[test]
fn a_child_made_while_what_is_above_is_cancelled_is_cancelled() {
    for _ in 0..if cfg!(miri) { 5 } else { 500 } {
        let (above, cancel) = Context::background().with_cancel();
        let (child, _cancel) = thread::scope(|scope| {
            scope.spawn(|| cancel.cancel());
            above.with_cancel()
        });
        assert_eq!(child.err(), canceled());
    }
}

#[test]
fn a_waker_may_come_back_in() {
    use std::task::{Context as Polling, Wake, Waker};

    struct Reenters(Context, CancelFn, AtomicUsize);
    impl Wake for Reenters {
        fn wake(self: Arc<Self>) {
            self.1.cancel();
            assert!(self.0.with_cancel().0.is_done());
            self.2.fetch_add(1, Ordering::Relaxed);
        }
    }
    let (context, cancel) = Context::background().with_cancel();
    let reenters = Arc::new(Reenters(
        context.clone(),
        cancel.clone(),
        AtomicUsize::new(0),
    ));
    let waker = Waker::from(reenters.clone());
    let mut done = pin!(context.done());
    assert!(
        done.as_mut()
            .poll(&mut Polling::from_waker(&waker))
            .is_pending()
    );
    cancel.cancel();
    assert_eq!(reenters.2.load(Ordering::Relaxed), 1);
}
