//! Tasks and their handles. The cases are those of async-task's tests (basic, cancel, join, panic, ready,
//! waker_panic, waker_pending, waker_ready), told again for tasks that a scheduler runs.

mod basic;
mod cancel;
mod generations;
mod handles;
mod join;
mod join_set;
mod outliving;
mod payloads;
mod races;
mod sizes;
mod task_local;
mod wakers;
