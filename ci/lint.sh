#!/usr/bin/env bash
# Checks the form: rustfmt, clippy and rustdoc say nothing, and each set of features builds without warnings.
#
# Goes on after a finding, so that one run shows them all.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

cargo fmt --version >/dev/null 2>&1 || fail "rustfmt is not here; install it: rustup component add rustfmt"
cargo clippy --version >/dev/null 2>&1 || fail "clippy is not here; install it: rustup component add clippy"

failed=()

say "format (cargo fmt --all puts it right)"
run cargo fmt --all --check -- --files-with-diff || failed+=(format)

say "clippy"
run cargo clippy --workspace --all-targets --all-features -- -D warnings || failed+=(clippy)

# A feature adds a folder: what is left without it must still be whole.
say "features, one by one"
for features in "" backtrace macros net hyper tracing; do
    run cargo clippy -p gmp --lib --no-default-features --features "$features" -- -D warnings ||
        failed+=("features '$features'")
done

say "docs, private items too"
RUSTDOCFLAGS="-D warnings" run cargo doc --workspace --no-deps --all-features --document-private-items ||
    failed+=(docs)

((${#failed[@]} == 0)) || fail "${failed[*]}"
