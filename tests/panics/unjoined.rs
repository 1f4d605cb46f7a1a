//! Panics that nobody joins are told of once; those of joined tasks are not; and a runtime may abort instead.

use std::{
    panic::resume_unwind,
    sync::{Mutex, mpsc},
};

use gmp::PanicPolicy;

use crate::{
    child::{in_child, output_of_child},
    ear::listen_with,
    gate::Gate,
    watchdog::{eventually, runtime},
};

/// What is warned of. The ear is user code: it may use the runtime, and panic.
fn listen() -> mpsc::Receiver<String> {
    let (send, receive) = mpsc::channel();
    let send = Mutex::new(send);
    listen_with(move |warning| {
        // A machine that starves is warned of too, on a thread without a runtime.
        if !warning.contains("nobody joins it") {
            return;
        }
        let _ = send.lock().unwrap().send(warning);
        drop(gmp::block_on(gmp::Handle::current().spawn(async {})));
        panic!("one of the panics of this test");
    });
    receive
}

#[test]
fn a_panic_that_nobody_joins_is_told_of_once() {
    in_child(|| {
        let told = listen();
        let runtime = runtime(2);
        let _entered = runtime.enter();
        // Its handle is dropped before.
        let gate = Gate::new();
        let waits = gate.wait();
        drop(runtime.spawn(async move {
            waits.await;
            panic!("before {}", 1);
        }));
        gate.open();
        let heard = told.recv().unwrap();
        assert!(
            heard.contains("panicked: before 1, and nobody joins it"),
            "{heard}"
        );
        assert!(
            heard.contains(&format!("spawned at {}", file!())),
            "{heard}"
        );
        // And after it.
        let handle = runtime.spawn(async { resume_unwind(Box::new("after")) });
        eventually(|| handle.is_finished());
        let id = handle.id();
        drop::<gmp::JoinHandle<()>>(handle);
        let heard = told.recv().unwrap();
        assert!(
            heard.contains("panicked: after") && heard.contains(&id.to_string()),
            "{heard}"
        );
        // In a drop, and of something that is no text.
        struct Throws;
        impl Drop for Throws {
            fn drop(&mut self) {
                resume_unwind(Box::new(7_u32));
            }
        }
        let throws = Throws;
        let waits = runtime.spawn(async move {
            let _throws = throws;
            std::future::pending::<()>().await;
        });
        let abort = waits.abort_handle();
        drop(waits);
        abort.abort();
        assert!(
            told.recv()
                .unwrap()
                .contains("panicked, and nobody joins it")
        );
        // A joined one, one that was aborted, one whose error is dropped: not ours to tell.
        let joined = runtime.spawn(async { resume_unwind(Box::new("joined")) });
        let joined: Result<(), _> = runtime.block_on(joined);
        assert!(joined.unwrap_err().is_panic());
        drop(runtime.spawn(std::future::pending::<()>()));
        // A local one.
        let set = gmp::task::LocalSet::new();
        drop(set.spawn_local(async { resume_unwind(Box::new("local")) }));
        runtime.block_on(set);
        assert!(told.recv().unwrap().contains("task local 1"));
        drop(_entered);
        runtime.shutdown();
        assert_eq!(told.try_recv(), Err(mpsc::TryRecvError::Empty));
    });
}

/// Many at once are not all told of, but counted.
#[test]
fn many_panics_are_counted() {
    in_child(|| {
        let told = listen();
        let runtime = runtime(1);
        for _ in 0..1000 {
            drop::<gmp::JoinHandle<()>>(runtime.spawn(async { resume_unwind(Box::new("many")) }));
        }
        eventually(|| runtime.handle().num_tasks() == 0);
        // Ten a second: this took less than a minute.
        assert!((10..600).contains(&told.try_iter().count()));
        runtime.shutdown();
    });
}

#[test]
fn the_policy_may_be_to_abort() {
    let output = output_of_child(
        |_| {},
        || {
            let builder = gmp::Builder::new().max_procs(1);
            let runtime = builder.panic_policy(PanicPolicy::Abort).build().unwrap();
            let other = runtime.spawn(std::future::pending::<()>());
            let _: Result<(), _> = runtime.block_on(runtime.spawn(async { panic!("fatal") }));
            println!("still here");
            drop(other);
        },
    );
    // None: this is the child, which is still here.
    let output = output.expect("the policy is to abort");
    assert!(!output.status.success());
    let (out, error) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(!out.contains("still here"));
    assert!(
        error.contains("panicked: fatal; the policy is to abort"),
        "{error}"
    );
    assert!(error.contains("2 tasks"), "{error}");
    assert!(
        error.contains("waits for a future that does not say where"),
        "{error}"
    );
}
