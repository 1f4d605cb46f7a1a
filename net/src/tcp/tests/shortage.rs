use super::*;
use crate::{
    poller::{Direction, WaitSite, Waiting},
    tcp::backoff::Backoff,
};

fn out_of_descriptors() -> io::Error {
    io::Error::from_raw_os_error(libc::EMFILE)
}

/// The pauses are 5, 10, 20 … ms, and a connection that was given up costs none.
#[test]
fn the_pauses_double() {
    run(async {
        let listener = TcpListener::bind(ANY).await?;
        let _client = TcpStream::connect(listener.local_addr()?).await?;
        let at = WaitSite::here(gmp_executor::wait::Reason::Accept);
        let mut waiting = Waiting::new(&listener.socket, Direction::Read, at);
        let mut backoff = Backoff::default();
        let mut calls = Vec::new();
        poll_fn(|cx| {
            backoff.poll_with(&mut waiting, cx, |listener| {
                calls.push(Instant::now());
                match calls.len() {
                    1..=4 => Err(out_of_descriptors()),
                    5 => Err(ErrorKind::ConnectionAborted.into()),
                    _ => listener.accept(),
                }
            })
        })
        .await?;
        let pauses: Vec<_> = calls.windows(2).map(|pair| pair[1] - pair[0]).collect();
        for (pause, least) in pauses.iter().zip([5, 10, 20, 40]) {
            assert!(*pause >= Duration::from_millis(least), "{pauses:?}");
        }
        assert_eq!(pauses.len(), 5);
        Ok(())
    });
}

#[test]
fn no_pause_is_longer_than_a_second() {
    run(async {
        let mut backoff = Backoff::default();
        for pause in [5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000] {
            backoff.pause(&out_of_descriptors());
            assert_eq!(backoff.last, Duration::from_millis(pause));
        }
        Ok(())
    });
}

/// One round of `poll_accept` that finds no descriptor. `meanwhile` runs in the middle of its call.
fn poll_short(listener: &TcpListener, waker: &Waker, meanwhile: impl Fn()) -> Poll<io::Result<()>> {
    let at = WaitSite::here(gmp_executor::wait::Reason::Accept);
    let mut waiting = Waiting::shared(&listener.socket, Direction::Read, at);
    let cx = &mut std::task::Context::from_waker(waker);
    listener.backoff.poll(cx, |backoff, cx| {
        backoff.poll_with(&mut waiting, cx, |_| {
            meanwhile();
            Err(out_of_descriptors())
        })
    })
}

/// A listener with a connection to accept, and two who ask for it.
async fn two_acceptors() -> io::Result<(TcpListener, TcpStream, [(Arc<Count>, Waker); 2])> {
    let listener = TcpListener::bind(ANY).await?;
    let client = TcpStream::connect(listener.local_addr()?).await?;
    listener.accept().await?;
    let again = TcpStream::connect(listener.local_addr()?).await?;
    drop(client);
    Ok((listener, again, [Count::new(), Count::new()]))
}

/// Waits until each of them was woken.
async fn until_woken(counts: [&Count; 2]) {
    while counts.iter().any(|count| count.get() == 0) {
        sleep(Duration::from_millis(1)).await;
    }
}

#[test]
fn a_shared_pause_wakes_all_who_wait_for_it() {
    run(async {
        let (listener, _client, [(first, waker), (second, another)]) = two_acceptors().await?;
        assert!(poll_short(&listener, &waker, || ()).is_pending());
        assert!(poll_short(&listener, &another, || ()).is_pending());
        assert_eq!((first.get(), second.get()), (0, 0), "nobody is displaced");
        // Neither polls again before the other was woken.
        until_woken([&first, &second]).await;
        Ok(())
    });
}

#[test]
fn of_two_who_pause_at_once_neither_is_forgotten() {
    run(async {
        let (listener, _client, [(first, waker), (second, another)]) = two_acceptors().await?;
        // The second finds no descriptor while the first asks for one: each begins a pause.
        let meanwhile = || assert!(poll_short(&listener, &another, || ()).is_pending());
        assert!(poll_short(&listener, &waker, meanwhile).is_pending());
        until_woken([&first, &second]).await;
        Ok(())
    });
}

#[test]
fn other_errors_come_out() {
    run(async {
        let listener = TcpListener::bind(ANY).await?;
        let _client = TcpStream::connect(listener.local_addr()?).await?;
        let at = WaitSite::here(gmp_executor::wait::Reason::Accept);
        let mut waiting = Waiting::new(&listener.socket, Direction::Read, at);
        let mut backoff = Backoff::default();
        let denied = |_: &_| Err::<(), _>(io::Error::from_raw_os_error(libc::EPERM));
        let accepted = poll_fn(|cx| backoff.poll_with(&mut waiting, cx, denied)).await;
        assert_eq!(accepted.unwrap_err().kind(), ErrorKind::PermissionDenied);
        Ok(())
    });
}

/// The limit is the process's, so it runs in a child.
#[test]
fn at_the_limit_of_descriptors_it_does_not_spin() {
    in_time(|| {
        let name = "tcp::tests::shortage::in_a_process_at_its_limit";
        let program = std::env::current_exe().unwrap();
        let child = std::process::Command::new(program)
            .args(["--exact", name, "--ignored"])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&child.stdout);
        assert!(
            child.status.success() && text.contains("1 passed"),
            "{text}"
        );
    });
}

#[test]
#[ignore = "for a process of its own: `at_the_limit_of_descriptors_it_does_not_spin` starts it"]
fn in_a_process_at_its_limit() {
    with_runtime(|runtime| {
        let (listener, clients) = runtime
            .block_on(runtime.spawn(async {
                let listener = TcpListener::bind(ANY).await?;
                let address = listener.local_addr()?;
                let clients = join_all((0..3).map(|_| TcpStream::connect(address))).await;
                io::Result::Ok((listener, clients))
            }))
            .unwrap()
            .unwrap();
        let limit = set_limit(lowest_free_descriptor());
        let polls = Arc::new(AtomicUsize::new(0));
        let begun = Instant::now();
        let counted = polls.clone();
        let acceptor = runtime.spawn(async move {
            let mut accept = listener.accept();
            poll_fn(|cx| {
                counted.fetch_add(1, SeqCst);
                Pin::new(&mut accept).poll(cx)
            })
            .await
        });
        while polls.load(SeqCst) < 7 {
            std::thread::yield_now(); // The watchdog ends this.
        }
        // The first may have waited for the poller, and the last has begun a pause; five have ended.
        assert!(begun.elapsed() >= Duration::from_millis(5 + 10 + 20 + 40 + 80));
        assert!(!acceptor.is_finished(), "there was no descriptor for it");
        set_limit(limit);
        runtime.block_on(acceptor).unwrap().unwrap();
        drop(clients);
    });
}

/// All descriptors below it are open.
fn lowest_free_descriptor() -> u64 {
    std::fs::File::open("/dev/null").unwrap().as_raw_fd() as u64
}

/// Returns what it was.
fn set_limit(soft: u64) -> u64 {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the struct lives on the stack.
    let result = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    assert_eq!(result, 0);
    let was = limit.rlim_cur;
    limit.rlim_cur = soft;
    // SAFETY: as above.
    let result = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
    assert_eq!(result, 0);
    was
}
