#!/usr/bin/env bash
# Checks for undefined behaviour: the tests of the executor and of the kit under Miri, each task body by itself
# (`--cfg gmp_boxed`), for Miri knows no memory maps.
#
# It takes some minutes. Miri is some hundred times slower than the processor; tests that it cannot run are `cfg_attr(miri, ignore)`.
# No backtraces: to resolve one takes it minutes.
# Arguments go to the test program: `ci/miri.sh state` runs the tests with `state` in their names.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

cargo +nightly miri --version >/dev/null 2>&1 ||
    skip "Miri is not here; install it: rustup toolchain install nightly --component miri,rust-src"

for package in gmp-executor gmp-sync; do
    say "$package under Miri, --cfg gmp_boxed"
    RUST_BACKTRACE=0 CARGO_TARGET_DIR="$target/miri" RUSTFLAGS="--cfg gmp_boxed" MIRIFLAGS="-Zmiri-disable-isolation -Zmiri-permissive-provenance ${MIRIFLAGS:-}" \
        run timeout 1800 cargo +nightly miri test -p "$package" --lib -- "$@"
done
