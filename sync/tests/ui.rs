//! What the compiler says where `select!` is used wrongly. `TRYBUILD=overwrite` writes the sentences anew.

#[test]
fn select() {
    trybuild::TestCases::new().compile_fail("tests/ui/select_*.rs");
}
