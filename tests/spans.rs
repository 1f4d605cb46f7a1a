//! The spans of `tracing`, and the tasks that inherit them as the crate's head says.

use tracing::{Instrument, Span, span::Id};
use tracing_subscriber::Registry;

use crate::{child::in_child, watchdog::runtime};

/// The span that this code runs in.
fn current() -> Option<Id> {
    Span::current().id()
}

/// Which spans a task is in: before it waits, and after it was woken by another thread.
async fn spans() -> [Option<Id>; 2] {
    let before = current();
    let (wake, woken) = gmp::sync::oneshot::channel();
    let waker = gmp::spawn_blocking(move || {
        assert_eq!(current(), None, "the thread is in no span");
        wake.send(()).unwrap();
    });
    woken.await.unwrap();
    waker.await.unwrap();
    [before, current()]
}

#[test]
fn a_task_inherits_the_current_span_where_that_is_asked_for() {
    in_child(|| {
        tracing::subscriber::set_global_default(Registry::default()).expect("one in a process");
        for processors in [1, 2] {
            let runtime = runtime(processors);
            let tasks = runtime.block_on(async {
                let span = tracing::info_span!("request");
                let id = span.id();
                assert!(id.is_some());
                let tasks = span.in_scope(|| {
                    [
                        gmp::spawn(spans().in_current_span()),
                        gmp::spawn(
                            async { gmp::spawn(spans().in_current_span()).await.unwrap() }
                                .in_current_span(),
                        ),
                        gmp::spawn(spans()),
                    ]
                });
                assert_eq!(current(), None);
                (id, tasks)
            });
            let (id, [heir, grandchild, other]) = tasks;
            assert_eq!(runtime.block_on(heir).unwrap(), [id.clone(), id.clone()]);
            assert_eq!(runtime.block_on(grandchild).unwrap(), [id.clone(), id]);
            assert_eq!(
                runtime.block_on(other).unwrap(),
                [None, None],
                "not asked for"
            );
        }
    });
}
