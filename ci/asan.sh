#!/usr/bin/env bash
# Checks memory: the executor's tests under AddressSanitizer and LeakSanitizer, in both forms of its task bodies.
#
# - in the slab, with the bodies of free slots poisoned (`--cfg gmp_asan`): use after a slot was given back;
# - each body by itself (`--cfg gmp_boxed`): reads past its end, and leaks.
# Arguments go to the test programs: `ci/asan.sh abort` runs the tests with `abort` in their names.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[[ $(uname -sm) == "Linux x86_64" ]] || skip "the sanitizers are used on x86-64 Linux only"
need_nightly

# FORM: a cfg, which is also the name of the folder.
check_form() {
    local form=$1
    shift
    say "executor under ASan, --cfg $form"
    # With a target named, build scripts and macros stay free of the sanitizer.
    CARGO_TARGET_DIR="$target/$form" RUSTFLAGS="-Zsanitizer=address --cfg $form" \
        ASAN_OPTIONS="detect_leaks=1:${ASAN_OPTIONS:-}" \
        run timeout 600 cargo +nightly test -p gmp-executor --lib --target x86_64-unknown-linux-gnu -- "$@"
}

check_form gmp_asan "$@"
check_form gmp_boxed "$@"
