#!/usr/bin/env bash
# Runs the random schedules of channels and selects against their model, a million in all, and tells how many of them agreed.
#
# `ci/schedules.sh 4000000` runs so many; GMP_SEED is the first seed (0). A schedule that fails prints its seed, and
# `GMP_SEED=N GMP_SCHEDULES=1 cargo test -p gmp-sync random_schedules` runs it again. About a minute for a million.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
need python3 "apt-get install python3"

schedules=${1:-1000000}
first=${GMP_SEED:-0}
# Apart from each other, so that longer runs do not meet. As many processes as there are processors.
starts=("$first" "$((first + 1000000007))" "$((first + 2000000011))" "$((first + 3000000019))")
each=$((schedules / ${#starts[@]}))

say "build, optimised, with the assertions"
program=$(CARGO_PROFILE_BENCH_LTO=false CARGO_PROFILE_BENCH_CODEGEN_UNITS=16 CARGO_PROFILE_BENCH_DEBUG_ASSERTIONS=true \
    CARGO_TARGET_DIR="$target/schedules" \
    cargo rustc --quiet -p gmp-sync --lib --profile bench --message-format=json-render-diagnostics | test_program)

say "$each schedules from each of the seeds ${starts[*]}"
begun=$SECONDS
printf '%s\n' "${starts[@]}" |
    GMP_SCHEDULES=$each timeout 1800 xargs -P "$(getconf _NPROCESSORS_ONLN)" -I{} \
        env GMP_SEED={} "$program" --exact select::tests::model::random_schedules_agree_with_the_model >"$target/schedules.log" 2>&1 || {
    tail -n 40 "$target/schedules.log"
    fail "schedules: a seed is above"
}
say "$((each * ${#starts[@]})) schedules agree with the model ($((SECONDS - begun)) s)"
