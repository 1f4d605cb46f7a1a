//! `block_on` wherever one may call it, and threads blocked inside of it: the others run on.

mod budgets;
mod elsewhere;
#[cfg(target_os = "linux")]
mod forks;
mod local_set;
mod nesting;
mod os_thread;
mod pool;
mod tasks;

use futures::future::BoxFuture;

/// Blocks on a task that blocks on a task …, `depth` times.
fn nest(depth: usize) -> BoxFuture<'static, usize> {
    Box::pin(async move {
        if depth == 0 {
            gmp::yield_now().await;
            return 0;
        }
        1 + gmp::block_on(gmp::spawn(nest(depth - 1))).unwrap()
    })
}
