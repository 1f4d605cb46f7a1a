#!/usr/bin/env bash
# Checks that all tests pass: units, examples, the integration tests and the examples in the docs, with every feature.
#
# With cargo-nextest each test has a process and a limit in time (ci/nextest.toml); without it cargo runs them.
# Arguments go to the test runner, as in `ci/test.sh -p gmp-executor`; the docs' examples are left out then.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

scope=(--workspace)
if (($#)); then scope=("$@"); fi

if cargo nextest --version >/dev/null 2>&1; then
    say "tests, by cargo-nextest"
    run cargo nextest run --config-file ci/nextest.toml --all-features --lib --bins --tests --examples "${scope[@]}"
else
    say "tests, by cargo (a hang is found sooner with cargo-nextest: cargo install --locked cargo-nextest)"
    run timeout 900 cargo test --all-features --lib --bins --tests --examples "${scope[@]}"
fi

if (($# == 0)); then
    say "examples in the docs"
    run timeout 900 cargo test --workspace --all-features --doc
fi
