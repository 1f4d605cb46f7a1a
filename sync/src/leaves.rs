//! What every future of the kit owes to the scheduler: it spends the task's budget, so that a task whose operations are
//! always ready yields; and it notes where it waits, with the line of its caller.

use std::{
    future::{pending, poll_fn},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::{SinkExt, StreamExt};
use gmp_executor::{Builder, Runtime, debug, yield_now};

use crate::{test_kit::Watchdog, *};

/// Operations on resources in one poll: the executor's `budget`.
const BUDGET: usize = 128;
const OPERATIONS: usize = 10 * BUDGET;
const HOUR: Duration = Duration::from_secs(3600);

type Case = Pin<Box<dyn Future<Output = ()> + Send>>;

fn runtime() -> Runtime {
    Builder::new().max_procs(1).build().unwrap()
}

/// How often `future` is pending, as a task.
async fn yields(future: impl Future<Output = ()> + Send + 'static) -> usize {
    let task = gmp_executor::spawn(async {
        let mut future = pin!(future);
        let mut count = 0;
        poll_fn(|cx| {
            let polled = future.as_mut().poll(cx);
            count += usize::from(polled.is_pending());
            polled
        })
        .await;
        count
    });
    task.await.unwrap()
}

/// Repeats something that is always ready.
macro_rules! always {
    ($name:literal, { $($setup:stmt;)* }, $step:expr) => {
        ($name, Box::pin(async {
            $($setup)*
            for _ in 0..OPERATIONS {
                $step;
            }
        }) as Case)
    };
}

#[rustfmt::skip]
fn always_ready() -> Vec<(&'static str, Case)> {
    vec![
        always!("send", { let (tx, _rx) = unbounded(); }, tx.send(1).await.unwrap()),
        always!("recv", { let (tx, rx) = unbounded(); (0..OPERATIONS).for_each(|n| tx.try_send(n).unwrap()); }, rx.recv().await.unwrap()),
        always!("recv, closed", { let (_, rx) = chan::<u8>(0); }, assert_eq!(rx.recv().await, None)),
        always!("send_from", { let (tx, _rx) = unbounded(); }, tx.send_from(&mut Some(1)).await.unwrap()),
        always!("send_timeout", { let (tx, _rx) = unbounded(); }, tx.send_timeout(1, HOUR).await.unwrap()),
        always!("reserve", { let (tx, _rx) = unbounded::<u8>(); }, drop(tx.reserve().await.unwrap())),
        always!("recv_many", { let (_, rx) = chan::<u8>(0); }, assert_eq!(rx.recv_many(&mut Vec::new(), 9).await, 0)),
        always!("stream", { let (_, mut rx) = chan::<u8>(0); }, assert_eq!(rx.next().await, None)),
        always!("sink", { let (mut tx, _rx) = unbounded(); }, tx.feed(1).await.unwrap()),
        always!("select!", { let (_, rx) = chan::<u8>(0); }, crate::select! { _ = rx.recv() => {}, _ = pending::<()>() => {} }),
        always!("Select", { let (_, rx) = chan::<u8>(0); }, { let mut all = Select::new(); all.operation(rx.recv(), drop); all.wait().await }),
        always!("Mutex::lock", { let mutex = Mutex::new(0); }, *mutex.lock().await += 1),
        always!("RwLock::read", { let lock = RwLock::new(0); }, drop(lock.read().await)),
        always!("RwLock::write", { let lock = RwLock::new(0); }, *lock.write().await += 1),
        always!("Semaphore::acquire", { let semaphore = Semaphore::new(1); }, drop(semaphore.acquire().await.unwrap())),
        always!("Notify::notified", { let notify = Notify::new(); }, { notify.notify_one(); notify.notified().await }),
        always!("WaitGroup::wait", { let group = WaitGroup::new(); }, group.wait().await),
        always!("Barrier::wait", { let barrier = Barrier::new(1); }, barrier.wait().await),
        always!("oneshot", {}, { let (tx, rx) = oneshot::channel(); tx.send(1).unwrap(); rx.await.unwrap() }),
        always!("oneshot, closed", {}, { let (mut tx, _) = oneshot::channel::<u8>(); tx.closed().await }),
        always!("broadcast", { let (tx, mut rx) = broadcast::channel(1); }, { tx.send(1).unwrap(); rx.recv().await.unwrap() }),
        always!("watch, changed", { let (tx, mut rx) = watch::channel(1); }, { tx.send(1).unwrap(); rx.changed().await.unwrap() }),
        always!("watch, wait_for", { let (_tx, mut rx) = watch::channel(1); }, drop(rx.wait_for(|_| true).await.unwrap())),
        always!("watch, closed", { let (tx, _) = watch::channel(1); }, tx.closed().await),
        always!("OnceValue::get", { let value = OnceValue::new(async { 1 }); }, value.get().await),
        always!("OnceCell, never set", { let cell = OnceCell::<u8>::new(); }, cell.get_or_try_init(|| async { Err(()) }).await.unwrap_err()),
        always!("singleflight", { let group = singleflight::Group::new(); }, group.run(1, || async { 1 }).await),
        always!("Context::done", { let (context, cancel) = Context::background().with_cancel(); cancel.cancel(); }, context.done().await),
        always!("errgroup", { let mut group = errgroup::Group::<String>::new(); }, group.wait().await.unwrap()),
    ]
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn what_is_always_ready_yields_when_its_budget_is_spent() {
    let _watchdog = Watchdog::new();
    runtime().block_on(async {
        for (name, case) in always_ready() {
            let yields = yields(case).await;
            assert!(yields >= OPERATIONS / BUDGET - 1, "{name}: {yields} yields");
        }
    });
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn a_task_with_a_channel_of_its_own_lets_others_run() {
    let _watchdog = Watchdog::new();
    let turns = Arc::new(AtomicUsize::new(0));
    let counts = turns.clone();
    runtime().block_on(async move {
        let sibling = gmp_executor::spawn(async move {
            loop {
                counts.fetch_add(1, Ordering::Relaxed);
                yield_now().await;
            }
        });
        let (tx, rx) = chan(1);
        let yields = yields(async move {
            for n in 0..100 * BUDGET {
                tx.send(n).await.unwrap();
                assert_eq!(rx.recv().await, Some(n));
            }
        });
        let yields = yields.await;
        assert!(yields >= 2 * 100 - 1, "{yields} yields");
        // One processor: between two polls of the one the other has a turn.
        let turns = turns.load(Ordering::Relaxed);
        assert!(turns >= yields - 1, "{turns} turns in {yields} yields");
        sibling.abort();
    });
}

/// Elsewhere there is no budget: what is ready is ready.
#[test]
fn on_other_executors_nothing_is_spent() {
    for (name, case) in always_ready() {
        let mut case = pin!(case);
        assert!(
            test_kit::polled(case.as_mut()).is_some(),
            "{name} is pending"
        );
    }
}

/// Waits for something that does not come; the line is that of the caller.
macro_rules! waits {
    ($reason:literal, { $($setup:stmt;)* }, $future:expr) => {
        (line!(), $reason, Box::pin(async {
            $($setup)*
            let _ = $future.await;
        }) as Case)
    };
}

#[rustfmt::skip]
fn waiting() -> Vec<(u32, &'static str, Case)> {
    vec![
        waits!("channel", { let (_tx, rx) = chan::<u8>(0); }, rx.recv()),
        waits!("channel", { let (tx, _rx) = chan(0); }, tx.send(1)),
        waits!("channel", { let (tx, _rx) = chan(0); let mut slot = Some(1); }, tx.send_from(&mut slot)),
        waits!("channel", { let (tx, _rx) = chan(0); }, tx.send_from(&mut None::<u8>)),
        waits!("channel", { let (tx, _rx) = chan(0); }, tx.send_timeout(1, HOUR)),
        waits!("channel", { let (tx, _rx) = chan(1); tx.try_send(1).unwrap(); }, tx.reserve()),
        waits!("channel", { let (_tx, rx) = chan::<u8>(0); let mut all = Vec::new(); }, rx.recv_many(&mut all, 9)),
        // Where the channel was made: `poll_next` has no caller to speak of.
        waits!("channel", { let (_tx, mut rx) = chan::<u8>(0); }, rx.next()),
        waits!("channel", { let (mut tx, _rx) = chan(0); }, SinkExt::send(&mut tx, 1)),
        waits!("select", { let (_tx, rx) = chan::<u8>(0); }, async { crate::select! { _ = rx.recv() => {}, _ = pending::<()>() => {} } }),
        waits!("select", { let (_tx, rx) = chan::<u8>(0); }, { let mut all = Select::new(); all.operation(rx.recv(), drop); all.wait() }),
        waits!("lock", { let mutex = Mutex::new(0); let _guard = mutex.try_lock().unwrap(); }, mutex.lock()),
        waits!("lock", { let mutex = Arc::new(Mutex::new(0)); let _guard = mutex.try_lock().unwrap(); }, mutex.clone().lock_owned()),
        waits!("lock", { let lock = RwLock::new(0); let _guard = lock.try_write().unwrap(); }, lock.read()),
        waits!("lock", { let lock = RwLock::new(0); let _guard = lock.try_read().unwrap(); }, lock.write()),
        waits!("lock", { let semaphore = Semaphore::new(0); }, semaphore.acquire()),
        waits!("lock", { let semaphore = Semaphore::new(1); }, semaphore.acquire_many(2)),
        waits!("notify", { let notify = Notify::new(); }, notify.notified()),
        waits!("cond", { let (mutex, cond) = (Mutex::new(0), Cond::new()); let guard = mutex.try_lock().unwrap(); }, cond.wait(guard)),
        waits!("barrier", { let barrier = Barrier::new(2); }, barrier.wait()),
        waits!("wait group", { let group = WaitGroup::new(); group.add(1); }, group.wait()),
        waits!("channel", { let (_tx, rx) = oneshot::channel::<u8>(); }, rx),
        waits!("channel", { let (mut tx, _rx) = oneshot::channel::<u8>(); }, tx.closed()),
        waits!("channel", { let (_tx, mut rx) = broadcast::channel::<u8>(1); }, rx.recv()),
        waits!("channel", { let (_tx, mut rx) = watch::channel(1); }, rx.changed()),
        waits!("channel", { let (_tx, mut rx) = watch::channel(1); }, async { drop(rx.wait_for(|_| false).await) }),
        waits!("notify", { let (tx, _rx) = watch::channel(1); }, tx.closed()),
        waits!("once", { let value = OnceValue::new(pending::<()>()); }, value.get()),
        waits!("once", { let cell = OnceCell::<u8>::new(); let mut first = Box::pin(cell.get_or_init(pending)); assert!(test_kit::polled(first.as_mut()).is_none()); }, cell.get_or_init(pending)),
        waits!("once", { let once = Once::new(); let mut first = Box::pin(once.call_once(pending)); assert!(test_kit::polled(first.as_mut()).is_none()); }, once.call_once(pending)),
        waits!("once", { let group = singleflight::Group::<u8, u8>::new(); }, group.run(1, pending)),
        waits!("lock", { let mut group = errgroup::Group::<String>::new(); group.set_limit(Some(0)); }, group.go(async { Ok(()) })),
        waits!("wait group", { let mut group = errgroup::Group::<String>::new(); group.go(pending()).await; }, group.wait()),
        waits!("context", { let (context, _cancel) = Context::background().with_cancel(); }, context.done()),
        waits!("context", { let (context, _cancel) = Context::background().with_cancel(); }, context.scope(Context::current().done())),
        waits!("wait group", { let (context, _cancel) = Context::background().with_cancel(); let group = WaitGroup::new(); group.add(1); }, context.run(group.wait())),
    ]
}

fn dump() -> String {
    let mut dump = Vec::new();
    debug::write_dump(&mut dump).unwrap();
    String::from_utf8(dump).unwrap()
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn what_waits_says_for_what_and_in_which_line_of_its_caller() {
    let _watchdog = Watchdog::new();
    let runtime = runtime();
    let check = runtime.spawn(async {
        let mut expected = Vec::new();
        for (line, reason, case) in waiting() {
            expected.push(format!("waits for {reason} at {}:{line}:", file!()));
            drop(gmp_executor::spawn(case));
        }
        // A turn for each; more, should a machine lose its processor meanwhile.
        for _ in 0..10_000 {
            yield_now().await;
            let dump = dump();
            if expected.iter().all(|line| dump.contains(line)) {
                return;
            }
        }
        let dump = dump();
        expected.retain(|line| !dump.contains(line));
        panic!("not in the dump: {expected:#?}\n{dump}");
    });
    runtime.block_on(check).unwrap();
}
