//! Models of the scheduler's protocols.
mod run_queue;
