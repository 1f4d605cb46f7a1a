#!/usr/bin/env bash
# Soaks the hand-off of processors: random mixes of hot, blocking, spawning, waking and panicking tasks, for MINUTES (10).
#
# `ci/soak.sh [MINUTES]` runs tests/preemption/stress.rs again and again, with debug assertions (no processor has two
# holders), in rounds of 10 s for each test. Each round has a seed of its own, and a slice of 200 to 1000 µs (the shortest that a runtime may
# have, and a tenth of the usual), which are printed; GMP_STRESS_SEED and GMP_STRESS_SLICE (in µs) set those of all rounds. A round that fails or hangs
# ends the soak, and its seed makes a similar mix again: how the threads take turns is not in the seed.
# Then 100,000 timers that are set while a machine sleeps in the poller for longer (tests/time/late.rs).
# In the end, more hot loops than may run without a processor (tests/procs/caps.rs): for a machine that does nothing else.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

minutes=${1:-10}
[[ $minutes =~ ^[0-9]+$ ]] || fail "MINUTES is a whole number, not '$minutes'"

say "build"
program=$(cargo test --all-features -p gmp --test main --no-run --message-format json | test_program)

log=$(mktemp)
trap 'rm -f "$log"' EXIT
end=$((SECONDS + 60 * minutes))
rounds=0
tasks=0
while ((SECONDS < end)); do
    seed=${GMP_STRESS_SEED:-$RANDOM$RANDOM}
    slice=${GMP_STRESS_SLICE:-$((200 + RANDOM % 801))}
    status=0
    # A quarter of the seconds for each test; the watchdog in there ends what hangs, and dumps the tasks.
    GMP_STRESS_SEED=$seed GMP_STRESS_SLICE=$slice GMP_STRESS_SECONDS=40 timeout 300 "$program" --test-threads=2 --nocapture preemption::stress \
        >"$log" 2>&1 || status=$?
    if ((status)); then
        tail -n 60 "$log"
        fail "round $((rounds + 1)) ended with $status; GMP_STRESS_SEED=$seed GMP_STRESS_SLICE=$slice"
    fi
    # "N tasks", one line for each test.
    sum=$(awk '/^[0-9]+ tasks$/ { sum += $1 } END { print sum + 0 }' "$log")
    ((sum > 0)) || fail "round $((rounds + 1)) ran no task; GMP_STRESS_SEED=$seed GMP_STRESS_SLICE=$slice"
    rounds=$((rounds + 1)) tasks=$((tasks + sum))
    printf 'round %d, seed %s, slice %d µs: %d tasks\n' "$rounds" "$seed" "$slice" "$sum"
done
say "$rounds rounds, $tasks tasks, none lost, none polled twice at a time"

say "100,000 earlier timers, by a thread and by tasks"
timeout 300 "$program" --ignored time::late >"$log" 2>&1 || {
    tail -n 60 "$log"
    fail "a timer was forgotten"
}
say "more hot loops than may run"
timeout 300 "$program" --include-ignored --exact procs::caps::more_hot_loops_than_may_run >"$log" 2>&1 || {
    tail -n 60 "$log"
    fail "more hot loops than may run; this needs a machine that does nothing else"
}
