//! A queue entry on its way from a wake to a start: however it travels, and though it may come twice, each schedule of a
//! task is worth exactly one poll.

use loom::{model, sync::Arc, thread};

use crate::{
    sched::run_queue::{self, Local, Stealer},
    task::{
        name::Name,
        state::{Start, State, Suspend, Wake},
    },
};

const GENERATION: u32 = 1;

fn name() -> Name {
    Name::new(1, GENERATION)
}

/// An idle task.
fn idle() -> State {
    let state = State::free_with(GENERATION);
    state.publish(GENERATION);
    assert_eq!(state.start(GENERATION), Start::Poll);
    assert_eq!(state.suspend(), Suspend::Idle);
    state
}

/// Starts the task if there is an entry. How many polls that was.
fn start(state: &State, entry: Option<Name>) -> u32 {
    let Some(name) = entry else { return 0 };
    match state.start(name.generation()) {
        Start::Poll => {
            assert_eq!(state.suspend(), Suspend::Idle);
            1
        }
        _ => 0,
    }
}

/// The owner wakes the task and queues it by `push`; it takes by `pop` while thieves take by `steal`.
fn check<const THIEVES: usize>(
    push: fn(&mut Local),
    pop: fn(&mut Local) -> Option<Name>,
    steal: fn(&Stealer) -> Option<Name>,
) {
    model(move || {
        let (mut queue, stealer) = run_queue::new();
        let state = Arc::new(idle());
        let thieves: [_; THIEVES] = std::array::from_fn(|_| {
            let (state, stealer) = (state.clone(), stealer.clone());
            thread::spawn(move || start(&state, steal(&stealer)))
        });
        assert_eq!(state.wake(GENERATION), Wake::Queue);
        push(&mut queue);
        let mut polls = start(&state, pop(&mut queue));
        for thief in thieves {
            polls += thief.join().unwrap();
        }
        assert_eq!(polls, 1, "polls");
    });
}

fn push(queue: &mut Local) {
    queue.push(name(), |_| unreachable!());
}

fn steal(victim: &Stealer) -> Option<Name> {
    let (mut own, _) = run_queue::new();
    victim.steal_into(&mut own)
}

fn set_next(queue: &mut Local) {
    assert_eq!(queue.set_next(name()), None);
}

fn steal_next(victim: &Stealer) -> Option<Name> {
    victim.next().filter(|&name| victim.take_next(name))
}

#[test]
fn wake_and_push_against_steal() {
    check::<2>(push, Local::pop, steal);
}

#[test]
fn wake_and_set_next_against_steal() {
    check::<2>(set_next, Local::take_next, steal_next);
}
