//! What waiting and locking cost in memory.

use super::allocations::counted_in_a_task;
use crate::{Mutex, Notify, RwLock, Semaphore, WaitGroup, chan, oneshot};

/// In a task, where nobody else wants them.
#[test]
fn locks_that_nobody_else_wants_allocate_nothing() {
    let round = || async {
        let (mutex, lock, semaphore) = (Mutex::new(0), RwLock::new(0), Semaphore::new(2));
        let notify = Notify::new();
        for _ in 0..100 {
            *mutex.lock().await += 1;
            drop(mutex.try_lock().unwrap());
            *lock.write().await += 1;
            assert!(*lock.read().await > 0);
            drop(semaphore.acquire_many(2).await.unwrap());
            notify.notify_one();
            notify.notified().await;
        }
    };
    assert_eq!(counted_in_a_task(round), (0, 0));
}

/// Waiting takes place in the futures: a channel is two allocations at most, whoever waits for it and how often.
#[test]
fn waiting_allocates_nothing() {
    let round = || async {
        let (tx, rx) = chan::<u32>(1);
        // The buffer is made with the first value that is kept there: here one is where the budget of the task ends.
        tx.try_send(0).unwrap();
        rx.recv().await.unwrap();
        let (group, before) = (WaitGroup::new(), super::allocations::so_far());
        for value in 0..100 {
            let mut waits = std::pin::pin!(rx.recv());
            std::future::poll_fn(|cx| {
                assert!(waits.as_mut().poll(cx).is_pending());
                std::task::Poll::Ready(())
            })
            .await;
            tx.try_send(value).unwrap();
            assert_eq!(waits.await, Some(value));
            group.add(1);
            group.done();
            group.wait().await;
        }
        assert_eq!(super::allocations::so_far(), before);
        let (sender, receiver) = oneshot::channel();
        sender.send(1).unwrap();
        assert_eq!(receiver.await, Ok(1));
    };
    let (calls, bytes) = counted_in_a_task(round);
    assert!(calls <= 4, "{calls} allocations");
    assert_eq!(bytes, 0);
}

/// Resident memory of the process, in bytes.
#[cfg(target_os = "linux")]
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = pages.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

/// A task that waits for a channel of capacity 1 of its own: the task, the channel and the receiver's place in it. Measured in a process
/// of its own, where nothing else grows.
#[cfg(all(
    target_os = "linux",
    target_arch = "x86_64",
    not(gmp_asan),
    not(gmp_boxed)
))]
#[test]
fn a_parked_receiver_with_its_task_and_channel_is_small() {
    const TASKS: usize = 100_000;
    const NAME: &str = "test_kit::costs::a_parked_receiver_with_its_task_and_channel_is_small";
    if std::env::var_os("GMP_IN_A_CHILD").is_none() {
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", NAME, "--nocapture"])
            .env("GMP_IN_A_CHILD", "1")
            .output()
            .unwrap();
        assert!(
            child.status.success(),
            "{}",
            String::from_utf8_lossy(&child.stderr)
        );
        return;
    }
    let runtime = gmp_executor::Builder::new().max_procs(1).build().unwrap();
    let parked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counts = parked.clone();
    runtime.block_on(async move {
        let mut senders = Vec::with_capacity(TASKS);
        senders.resize_with(TASKS, || None);
        let before = resident();
        for sender in &mut senders {
            let (tx, rx) = chan::<u32>(1);
            *sender = Some(tx);
            let parked = counts.clone();
            drop(gmp_executor::spawn(async move {
                parked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                drop(parked);
                rx.recv().await
            }));
        }
        while counts.load(std::sync::atomic::Ordering::Relaxed) < TASKS {
            gmp_executor::yield_now().await;
        }
        let bytes = (resident() - before) / TASKS;
        // Without optimisation the task's future is larger.
        let limit = if cfg!(debug_assertions) { 340 } else { 300 };
        assert!(bytes <= limit, "{bytes} bytes");
        println!("{bytes} bytes");
    });
}
