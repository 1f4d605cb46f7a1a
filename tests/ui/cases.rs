//! What must not compile, and what the compiler says then: each `cases/*.rs` beside its `.stderr`.
//!
//! `TRYBUILD=overwrite cargo test -p gmp-ui` writes the `.stderr` anew: read the difference.

#[cfg(test)]
mod tests {
    #[test]
    fn errors_say_what_to_do() {
        trybuild::TestCases::new().compile_fail("cases/*.rs");
    }
}
