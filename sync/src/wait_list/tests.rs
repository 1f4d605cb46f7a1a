use super::*;

struct Home(WaitList<u32, u32>);

// SAFETY: the list is a field.
unsafe impl Waited for Home {
    type State = u32;
    type Data = u32;

    fn wait_list(&self) -> &WaitList<u32, u32> {
        &self.0
    }
}

type Place<'a> = Pin<Box<Waiting<&'a Home>>>;

fn queued(home: &Home, data: u32) -> Place<'_> {
    let mut waiting = Box::pin(Waiting::new(home));
    let mut turn = waiting.as_mut().turn();
    *turn.data() = data;
    turn.wait(None);
    waiting
}

fn drain(home: &Home) -> Vec<u32> {
    let mut seen = Vec::new();
    home.0
        .lock()
        .pop_all(&mut Wakes::new(), |data| seen.push(*data));
    seen
}

#[test]
fn first_come_first_out() {
    let home = Home(WaitList::new(0));
    let _places: Vec<_> = (0..5).map(|n| queued(&home, n)).collect();
    assert_eq!(home.0.lock().len(), 5);
    assert_eq!(drain(&home), [0, 1, 2, 3, 4]);
    assert!(home.0.lock().is_empty());
}

#[test]
fn whoever_is_dropped_leaves_the_list() {
    for dropped in 0..3 {
        let home = Home(WaitList::new(0));
        let mut places: Vec<_> = (0..3).map(|n| queued(&home, n)).collect();
        drop(places.remove(dropped));
        let left: Vec<_> = (0..3).filter(|&n| n as usize != dropped).collect();
        assert_eq!(drain(&home), left);
    }
}

#[test]
fn one_who_was_taken_out_may_queue_again_at_the_end() {
    let home = Home(WaitList::new(0));
    let mut places: Vec<_> = (0..3).map(|n| queued(&home, n)).collect();
    assert!(home.0.lock().pop(&mut Wakes::new(), |data| *data += 10));
    let mut turn = places[0].as_mut().turn();
    assert!(!turn.is_linked());
    assert_eq!(*turn.data(), 10);
    turn.wait(None);
    assert_eq!(home.0.lock().front(), Some(&mut 1));
    assert_eq!(drain(&home), [1, 2, 10]);
}

#[test]
fn a_waker_that_panics_keeps_no_other_from_being_woken() {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        task::{Wake, Waker},
    };

    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("on purpose");
        }
    }
    #[derive(Default)]
    struct Counts(AtomicUsize);
    impl Wake for Counts {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let counts = Arc::new(Counts::default());
    let (good, bad) = (Waker::from(counts.clone()), Waker::from(Arc::new(Panics)));
    let mut wakes = Wakes::new();
    for waker in [&good, &bad, &good, &bad, &good] {
        wakes.extend(Some(Waiter::new(waker)));
    }
    catch_unwind(AssertUnwindSafe(|| wakes.wake())).unwrap_err();
    assert_eq!(counts.0.load(Ordering::Relaxed), 3);
}
