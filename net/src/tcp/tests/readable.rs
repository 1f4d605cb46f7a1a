use super::*;

#[test]
fn several_tasks_are_all_woken() {
    run(async {
        let (mut client, server) = pair().await?;
        let server = std::sync::Arc::new(server);
        let tasks: Vec<_> = (0..10)
            .map(|_| {
                let server = server.clone();
                spawn(async move { server.readable().await })
            })
            .collect();
        sleep(Duration::from_millis(20)).await;
        client.write_all(b"x").await?;
        for task in tasks {
            task.await.unwrap()?;
        }
        Ok(())
    });
}

/// However they wait, none wakes another, and what comes wakes all.
#[test]
fn two_who_wait_leave_one_another_alone() {
    run(async {
        let (mut client, server) = pair().await?;
        let callers = [Count::new(), Count::new()];
        let mut readable = [server.readable(), server.readable()];
        for _ in 0..10 {
            for ((_, waker), readable) in callers.iter().zip(&mut readable) {
                assert!(poll_once(readable, waker).is_pending());
                let mut reader = &server;
                let mut buffer = [0; 1];
                assert!(poll_once(reader.read(&mut buffer), waker).is_pending());
            }
        }
        assert!(callers.iter().all(|(count, _)| count.get() == 0));
        client.write_all(b"x").await?;
        while callers.iter().any(|(count, _)| count.get() < 2) {
            yield_now().await; // The watchdog ends this.
        }
        assert!(callers.iter().all(|(count, _)| count.get() == 2));
        Ok(())
    });
}

#[test]
fn two_tasks_share_what_comes() {
    run(async {
        let (mut client, server) = pair().await?;
        let server = std::sync::Arc::new(server);
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let server = server.clone();
                spawn(async move {
                    let mut sum = 0;
                    loop {
                        match read_some(&server).await?.len() {
                            0 => return io::Result::Ok(sum),
                            bytes => sum += bytes,
                        }
                    }
                })
            })
            .collect();
        for _ in 0..500 {
            client.write_all(b"message").await?;
            yield_now().await;
        }
        client.close().await?;
        let mut sum = 0;
        for reader in readers {
            sum += reader.await.unwrap()?;
        }
        assert_eq!(sum, 3500);
        Ok(())
    });
}

#[test]
fn dropping_the_future_takes_its_waiter_and_no_other() {
    run(async {
        let (mut client, server) = pair().await?;
        let (count, waker) = Count::new();
        let mut kept = server.readable();
        assert!(poll_once(Pin::new(&mut kept), &waker).is_pending());
        for _ in 0..3 {
            assert!(poll_once(server.readable(), &waker).is_pending());
            assert!(poll_once(server.peek(&mut [0; 1]), &waker).is_pending());
        }
        assert_eq!(
            std::sync::Arc::strong_count(&count),
            3,
            "the waker, the count and the kept future's"
        );
        client.write_all(b"x").await?;
        while count.get() == 0 {
            sleep(Duration::from_millis(1)).await;
        }
        kept.await?;
        assert_eq!(count.get(), 1);
        Ok(())
    });
}

/// One that was woken and dropped takes nobody's wake-up with it.
#[test]
fn a_woken_and_dropped_future_loses_nothing() {
    run(async {
        let (mut client, mut server) = pair().await?;
        for _ in 0..100 {
            let waits = timeout(Duration::from_micros(50), server.readable());
            let (_, written) = join(waits, client.write_all(b"x")).await;
            written?;
            server.read_exact(&mut [0; 1]).await?;
        }
        Ok(())
    });
}
