use std::{fs, os::unix::process::ExitStatusExt, process::Command, sync::mpsc};

use nix::unistd::gettid;

use super::*;

/// Whether the thread of this process sleeps in the kernel.
fn sleeps(thread: i32) -> bool {
    let path = format!("/proc/self/task/{thread}/stat");
    let line = fs::read_to_string(path).expect("the thread lives");
    // Behind the name, which is in brackets.
    line.rsplit_once(") ")
        .is_some_and(|(_, rest)| rest.starts_with('S'))
}

#[test]
fn who_waits_for_the_servers_end_keeps_nobody_from_killing_it() {
    let supervisor = Arc::new(Supervisor::default());
    let server = Command::new("sleep").arg("60").spawn().expect("sleep");
    supervisor.adopt_server(server);
    let (begins, begun) = mpsc::channel();
    let (ends, ended) = mpsc::channel();
    let waiting = Arc::clone(&supervisor);
    thread::spawn(move || {
        begins.send(gettid().as_raw()).expect("the test waits");
        let _ = ends.send(waiting.server_end());
    });
    let waiter = begun.recv().expect("the thread runs");
    while !sleeps(waiter) {
        thread::yield_now();
    }
    let killing = Arc::clone(&supervisor);
    thread::spawn(move || killing.kill_server());
    let status = ended
        .recv_timeout(Duration::from_secs(20))
        .expect("the server is killed and its end seen")
        .expect("it is a child");
    assert_eq!(status.signal(), Some(Signal::SIGKILL as i32));
}
