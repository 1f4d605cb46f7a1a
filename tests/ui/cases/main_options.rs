//! Each option that is wrong is told, with what would be right.

#[gmp::main(worker_threads = 4)]
async fn unknown() {}

#[gmp::main(max_procs = 0)]
async fn zero() {}

#[gmp::main(max_procs = "4")]
async fn quoted() {}

#[gmp::main(max_procs = CPUS / 2)]
async fn computed() {}

#[gmp::main(max_procs)]
async fn without_number() {}

#[gmp::main(local = true)]
async fn with_value() {}

#[gmp::main(local, max_procs = 2, local)]
async fn twice() {}

#[gmp::main(crate = "gmp")]
async fn quoted_path() {}

#[gmp::main(4)]
async fn no_name() {}

#[gmp::main(max_procs = 0, flavor = "current_thread")]
async fn several() {}

fn main() {}
