#!/usr/bin/env bash
# Checks that the library crates build for other systems: those of the list whose standard library is installed.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

targets=(aarch64-unknown-linux-gnu x86_64-unknown-linux-musl aarch64-apple-darwin x86_64-apple-darwin)
libraries=(-p gmp-executor -p gmp-sync -p gmp-net -p gmp)
sysroot=$(rustc --print sysroot)

missing=()
for triple in "${targets[@]}"; do
    if [[ -d $sysroot/lib/rustlib/$triple/lib ]]; then
        say "$triple"
        run cargo check --lib --all-features --target "$triple" "${libraries[@]}"
    else
        missing+=("$triple")
    fi
done
((${#missing[@]} == 0)) || skip "not installed: rustup target add ${missing[*]}"
