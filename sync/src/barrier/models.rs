//! Models of those who come.

use std::sync::Arc;

use loom::{future::block_on, model, thread};

use super::*;

/// All go on, one of them leads, and it can be used again.
#[test]
fn three_who_come() {
    model(|| {
        let barrier = Arc::new(Barrier::new(3));
        let others = [(); 2].map(|()| {
            let barrier = barrier.clone();
            thread::spawn(move || block_on(barrier.wait()).is_leader())
        });
        let own = block_on(barrier.wait()).is_leader();
        let leaders = others.map(|other| other.join().unwrap());
        assert_eq!(
            usize::from(own) + leaders.map(usize::from).iter().sum::<usize>(),
            1
        );
        assert!(barrier.list.lock().is_empty());
    });
}
