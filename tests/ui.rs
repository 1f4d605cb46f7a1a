//! What must not compile, and what the compiler says then: each `ui/*.rs` beside its `.stderr`.
//!
//! `TRYBUILD=overwrite cargo test --test main ui` writes the `.stderr` anew: read the difference.

#[test]
fn errors_say_what_to_do() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
