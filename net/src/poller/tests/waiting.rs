use super::*;

fn poll(poller: &NetPoller, until: Option<Instant>) {
    poller.poll(until, &mut Ready::default()).unwrap();
}

fn after(duration: Duration) -> Option<Instant> {
    Some(Instant::now() + duration)
}

#[test]
fn it_ends_at_its_deadline_and_not_before() {
    in_time(|| {
        let poller = NetPoller::new().unwrap();
        let mut latest = Duration::ZERO;
        for microseconds in [0, 1, 50, 300, 700, 1_300, 20_000, 100] {
            let until = Instant::now() + Duration::from_micros(microseconds);
            poll(&poller, Some(until));
            let late = Instant::now().checked_duration_since(until);
            latest = latest.max(late.expect("it ended before its deadline"));
        }
        println!("at most {latest:?} late");
    });
}

#[test]
fn an_earlier_alarm_does_not_end_a_later_wait() {
    in_time(|| {
        let poller = NetPoller::new().unwrap();
        poller.interrupt();
        poll(&poller, after(Duration::from_millis(5)));
        let until = Instant::now() + Duration::from_millis(60);
        poll(&poller, Some(until));
        assert!(Instant::now() >= until);
    });
}

#[test]
fn a_later_alarm_does_not_delay_an_earlier_wait() {
    in_time(|| {
        let poller = NetPoller::new().unwrap();
        poller.interrupt();
        poll(&poller, after(Duration::from_secs(3600)));
        poll(&poller, after(Duration::from_millis(5)));
    });
}

#[test]
fn a_deadline_in_the_past_only_looks() {
    in_time(|| {
        let poller = NetPoller::new().unwrap();
        for _ in 0..1000 {
            poll(&poller, Some(Instant::now()));
        }
    });
}

#[test]
fn interrupts_end_one_wait_together() {
    in_time(|| {
        let poller = Arc::new(NetPoller::new().unwrap());
        for _ in 0..3 {
            poller.interrupt();
        }
        poll(&poller, None);
        let until = Instant::now() + Duration::from_millis(30);
        poll(&poller, Some(until));
        assert!(
            Instant::now() >= until,
            "the second and third were left over"
        );
    });
}

#[test]
fn no_interrupt_is_lost() {
    in_time(|| {
        let poller = Arc::new(NetPoller::new().unwrap());
        let (pong, pongs) = std::sync::mpsc::channel();
        let interrupter = poller.clone();
        let thread = thread::spawn(move || {
            for _ in 0..20_000 {
                interrupter.interrupt();
                pongs.recv().expect("the waiter goes on");
            }
        });
        for _ in 0..20_000 {
            poll(&poller, None);
            pong.send(()).expect("the interrupter goes on");
        }
        thread.join().unwrap();
    });
}
