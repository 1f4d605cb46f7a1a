//! `#[gmp::main]` and `#[gmp::test]` as users write them.

use std::{error::Error, num::ParseIntError, process::ExitCode, rc::Rc};

/// Facades are renamed and re-exported: what the macros write names the option `crate` only.
mod renamed {
    pub mod deep {
        pub use ::gmp as runtime;
    }
}

#[gmp::test]
async fn the_body_is_a_task() {
    assert!(gmp::task::try_id().is_some());
}

#[gmp::test(max_procs = 1)]
async fn tasks_run_beside_the_body() {
    assert_eq!(gmp::spawn(async { 7 }).await.unwrap(), 7);
}

#[gmp::test]
#[should_panic(expected = "the body's own words")]
async fn a_panic_reaches_the_harness() {
    gmp::yield_now().await;
    panic!("the body's own words");
}

#[gmp::test]
async fn an_error_need_not_be_send() -> Result<(), Box<dyn Error>> {
    gmp::yield_now().await;
    let number: u8 = "7".parse()?;
    assert_eq!(number, 7);
    Ok(())
}

#[gmp::test(local)]
async fn a_local_body_need_not_be_send() {
    let shared = Rc::new(7);
    gmp::yield_now().await;
    assert_eq!(*shared, 7);
}

#[gmp::test(max_procs = 1, time_slice = std::time::Duration::from_millis(5))]
async fn the_time_slice_may_be_chosen() {
    gmp::yield_now().await;
}

#[test]
#[should_panic(expected = "time_slice is 0ns; it must be from 200µs to 10s")]
fn a_time_slice_that_makes_no_sense_is_told() {
    #[gmp::main(time_slice = std::time::Duration::ZERO)]
    async fn never() {}
    never();
}

#[test]
#[should_panic(expected = "shutdown_timeout is 3601s; it must be at most 3600s")]
fn a_time_for_the_shutdown_that_makes_no_sense_is_told() {
    #[gmp::main(shutdown_timeout = std::time::Duration::from_secs(3601))]
    async fn never() {}
    never();
}

#[gmp::test(crate = renamed::deep::runtime, max_procs = 2)]
async fn the_facade_may_be_renamed() {
    gmp::yield_now().await;
}

#[test]
fn the_exit_code_is_the_result() {
    #[gmp::main(max_procs = 1)]
    async fn fails() -> Result<(), ParseIntError> {
        gmp::yield_now().await;
        "seven".parse::<u8>().map(drop)
    }
    #[gmp::main(max_procs = 1)]
    async fn succeeds() -> Result<ExitCode, Rc<str>> {
        Ok(ExitCode::from(3))
    }
    assert_eq!(fails(), ExitCode::FAILURE);
    assert_eq!(succeeds(), ExitCode::from(3));
}

#[test]
fn a_local_main_returns_what_its_body_returns() {
    #[gmp::main(local, max_procs = 1)]
    async fn number() -> Rc<u32> {
        gmp::yield_now().await;
        Rc::new(7)
    }
    assert_eq!(*number(), 7);
}

macro_rules! tests {
    ($($name:ident)*) => { $(
        #[gmp::test]
        async fn $name() {
            let task = async { stringify!($name) };
            assert_eq!(gmp::spawn(task).await.unwrap(), stringify!($name));
        }
    )* };
}

tests!(written_by_a_macro and_another);
