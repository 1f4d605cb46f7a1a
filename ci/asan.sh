#!/usr/bin/env bash
# Checks memory: the tests of the library crates under AddressSanitizer and LeakSanitizer, in both forms of
# the task bodies.
#
# - in the slab, with the bodies of free slots poisoned (`--cfg gmp_asan`): use after a slot was given back;
# - each body by itself (`--cfg gmp_boxed`): reads past its end, and leaks.
# Arguments are passed to cargo-nextest in the place of the packages: `ci/asan.sh -p gmp abort` runs those tests of the
# facade that have `abort` in their names.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[[ $(uname -sm) == "Linux x86_64" ]] || skip "the sanitizers are used on x86-64 Linux only"
need_nightly

cargo nextest --version >/dev/null 2>&1 ||
    skip "cargo-nextest is not here, and the tests want a process each: cargo install --locked cargo-nextest"

# Panics on purpose in the drop of a payload leave something by their nature; so does what is forgotten on purpose.
suppressions=$(mktemp)
trap 'rm -f "$suppressions"' EXIT
printf 'leak:%s\n' StaticStrPayload forgotten preemption::places::in_a_foreign_waker \
    making_and_dropping_may_use_the_pool a_thing_whose_drop_panics >"$suppressions"

scope=(-p gmp-executor -p gmp-sync -p gmp-net -p gmp)
if (($#)); then scope=("$@"); fi

# FORM: a cfg, which is also the name of the folder. Tests of the compiler's messages run no code of ours.
check_form() {
    local form=$1
    say "library crates under ASan, --cfg $form"
    # With a target named, build scripts and macros stay free of the sanitizer.
    CARGO_TARGET_DIR="$target/$form" RUSTFLAGS="-Zsanitizer=address --cfg $form" CARGO_PROFILE_TEST_DEBUG=line-tables-only \
        ASAN_OPTIONS="detect_leaks=1:${ASAN_OPTIONS:-}" \
        LSAN_OPTIONS="suppressions=$suppressions:print_suppressions=0:${LSAN_OPTIONS:-}" \
        run timeout 900 cargo +nightly nextest run --config-file ci/nextest.toml --all-features --lib --tests \
        --target x86_64-unknown-linux-gnu "${scope[@]}"
}

check_form gmp_asan
check_form gmp_boxed
