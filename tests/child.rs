//! Tests in a process of their own: for what belongs to the whole process, and for what may end it.

use std::{
    any::type_name,
    env,
    process::{Command, Output},
};

use crate::watchdog::within_limit;

/// Tells the child which test's body to run.
const VARIABLE: &str = "GMP_TEST_CHILD";

/// Runs `body` in a child, under the watchdog there. The child must end well.
pub(crate) fn in_child<F: FnOnce() + Send + 'static>(body: F) {
    in_child_with(|_| (), body);
}

/// As [`in_child`], with an environment or limits that `prepare` sets.
pub(crate) fn in_child_with<F: FnOnce() + Send + 'static>(
    prepare: impl FnOnce(&mut Command),
    body: F,
) {
    let Some(output) = output_of_child(prepare, body) else {
        return;
    };
    if !output.status.success() {
        println!("{}", String::from_utf8_lossy(&output.stdout));
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
        panic!("the child ended with {}", output.status);
    }
}

/// Runs `body` in a child and tells how that ended. `None`: this is the child, and `body` has returned.
pub(crate) fn output_of_child<F: FnOnce() + Send + 'static>(
    prepare: impl FnOnce(&mut Command),
    body: F,
) -> Option<Output> {
    let test = test_of(&body);
    if env::var_os(VARIABLE).is_some_and(|name| name == test.as_str()) {
        within_limit(body);
        return None;
    }
    let program = env::current_exe().expect("the test program's path");
    let mut command = Command::new(program);
    command
        .args([&test, "--exact", "--nocapture"])
        .env(VARIABLE, &test);
    prepare(&mut command);
    Some(command.output().expect("the test program starts again"))
}

/// The test that a closure stands in: `main::module::test::{{closure}}` without its ends.
fn test_of<F>(_: &F) -> String {
    let path = type_name::<F>().trim_end_matches("::{{closure}}");
    let (_, test) = path.split_once("::").expect("a closure in a module");
    test.to_owned()
}
