#!/usr/bin/env bash
# Checks that the library crates build, without a warning, for other systems: those of the list whose standard library
# is installed.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cargo clippy --version >/dev/null 2>&1 || fail "clippy is not here; install it: rustup component add clippy"

targets=(aarch64-unknown-linux-gnu x86_64-unknown-linux-musl aarch64-apple-darwin x86_64-apple-darwin)
libraries=(-p gmp-executor -p gmp-sync -p gmp-net -p gmp)
sysroot=$(rustc --print sysroot)

missing=()
failed=()
for triple in "${targets[@]}"; do
    if [[ -d $sysroot/lib/rustlib/$triple/lib ]]; then
        say "$triple"
        # Through clippy, since that way what others wrote is left alone; its own lints are for ci/lint.sh.
        run cargo clippy --lib --all-features --target "$triple" "${libraries[@]}" -- -D warnings -A clippy::all ||
            failed+=("$triple")
    else
        missing+=("$triple")
    fi
done
((${#failed[@]} == 0)) || fail "${failed[*]}"
((${#missing[@]} == 0)) || skip "not installed: rustup target add ${missing[*]}"
