#!/usr/bin/env bash
# Checks that the library crates build with the oldest Rust that Cargo.toml promises.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

oldest=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
[[ $oldest ]] || fail "Cargo.toml names no rust-version"

# Named by the release or by its line: 1.85.0, 1.85.1 or 1.85.
toolchain=$(rustup toolchain list 2>/dev/null | grep -oE "^${oldest//./\\.}(\.[0-9]+)?-[^ ]+" | head -n 1 || true)
[[ $toolchain ]] || skip "Rust $oldest is not here; install it: rustup toolchain install $oldest --profile minimal"

say "library crates with $toolchain"
CARGO_TARGET_DIR="$target/msrv" run cargo "+$toolchain" check --lib --all-features \
    -p gmp-executor -p gmp-sync -p gmp-net -p gmp-macros -p gmp
