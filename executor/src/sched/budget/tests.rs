use super::*;
use crate::{runtime::Runtime, task::yield_now};

/// Whoever only spends operations listens as well: the monitor shall not be late.
#[test]
fn who_finds_the_flag_by_its_budget_is_heard() {
    let runtime = Runtime::new().unwrap();
    let task = runtime.spawn(async {
        loop {
            {
                let machine = section::machine().unwrap();
                machine.patience.refill();
                machine.patience.end();
                assert_eq!(spend(), Budget::Left, "one in any case");
                assert_eq!(spend(), Budget::Spent);
                // Unless the monitor has looked in between.
                if machine.scheduler.monitor.hears() {
                    break;
                }
            }
            yield_now().await;
        }
    });
    runtime.block_on(task).unwrap();
}
