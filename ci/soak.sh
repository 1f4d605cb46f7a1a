#!/usr/bin/env bash
# Soaks the hand-off of processors: random mixes of hot, blocking, spawning, waking and panicking tasks, for MINUTES (10).
#
# `ci/soak.sh [MINUTES]` runs tests/preemption/stress.rs again and again, with debug assertions (no processor has two
# holders) and the shortest slices that a runtime may have, in rounds of 10 s for each test. Each round has a seed of its own, which
# is printed; GMP_STRESS_SEED sets that of all rounds, GMP_STRESS_SLICE the slice in milliseconds. A round that fails or hangs
# ends the soak, and its seed makes a similar mix again: how the threads take turns is not in the seed.
# Between the rounds, more hot loops than may run without a processor (tests/procs/caps.rs).
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

minutes=${1:-10}
[[ $minutes =~ ^[0-9]+$ ]] || fail "MINUTES is a whole number, not '$minutes'"

say "build"
program=$(cargo test --all-features -p gmp --test main --no-run --message-format json | test_program)

log=$(mktemp)
trap 'rm -f "$log" "$log.loops"' EXIT
end=$((SECONDS + 60 * minutes))
rounds=0
tasks=0
while ((SECONDS < end)); do
    seed=${GMP_STRESS_SEED:-$RANDOM$RANDOM}
    status=0
    # A quarter of the seconds for each test; the watchdog in there ends what hangs, and dumps the tasks.
    GMP_STRESS_SEED=$seed GMP_STRESS_SLICE=${GMP_STRESS_SLICE:-1} GMP_STRESS_SECONDS=40 timeout 300 "$program" --test-threads=2 --nocapture preemption::stress \
        >"$log" 2>&1 || status=$?
    if ((status)); then
        tail -n 60 "$log"
        fail "round $((rounds + 1)) ended with $status; GMP_STRESS_SEED=$seed"
    fi
    timeout 300 "$program" --exact procs::caps::more_hot_loops_than_may_run >"$log.loops" 2>&1 ||
        fail "more hot loops than may run: $(tail -n 60 "$log.loops")"
    # "N tasks", one line for each test.
    sum=$(awk '/^[0-9]+ tasks$/ { sum += $1 } END { print sum + 0 }' "$log")
    ((sum > 0)) || fail "round $((rounds + 1)) ran no task; GMP_STRESS_SEED=$seed"
    rounds=$((rounds + 1)) tasks=$((tasks + sum))
    printf 'round %d, seed %s: %d tasks\n' "$rounds" "$seed" "$sum"
done
say "$rounds rounds, $tasks tasks, none lost, none polled twice at a time"
