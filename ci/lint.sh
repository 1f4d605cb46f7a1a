#!/usr/bin/env bash
# Checks the form: rustfmt, clippy and rustdoc say nothing, and each set of features builds without warnings.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

cargo fmt --version >/dev/null 2>&1 || fail "rustfmt is not here; install it: rustup component add rustfmt"
cargo clippy --version >/dev/null 2>&1 || fail "clippy is not here; install it: rustup component add clippy"

say "format"
run cargo fmt --all --check

say "clippy"
run cargo clippy --workspace --all-targets --all-features -- -D warnings

# A feature adds a folder: what is left without it must still be whole.
say "features, one by one"
run cargo clippy -p gmp --lib --no-default-features -- -D warnings
for feature in macros net hyper tracing; do
    run cargo clippy -p gmp --lib --no-default-features --features "$feature" -- -D warnings
done

say "docs, private items too"
RUSTDOCFLAGS="-D warnings" run cargo doc --workspace --no-deps --all-features --document-private-items
