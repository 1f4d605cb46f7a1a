#!/usr/bin/env bash
# Soaks the hand-off of processors: random mixes of hot, blocking, spawning, waking and panicking tasks, for MINUTES (10).
#
# `ci/soak.sh [MINUTES]` runs tests/preemption/stress.rs again and again, with debug assertions (no processor has two
# holders), in rounds of 20 s for each test. Each round has a seed of its own, which is printed; GMP_STRESS_SEED sets
# that of all rounds. A round that fails or hangs ends the soak, and its seed makes a similar mix again: how the threads take turns is
# not in the seed.
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
    status=0
    # A quarter of the seconds for each test; the watchdog in there ends what hangs, and dumps the tasks.
    GMP_STRESS_SEED=$seed GMP_STRESS_SECONDS=80 timeout 300 "$program" --test-threads=2 --nocapture preemption::stress \
        >"$log" 2>&1 || status=$?
    if ((status)); then
        tail -n 60 "$log"
        fail "round $((rounds + 1)) ended with $status; GMP_STRESS_SEED=$seed"
    fi
    # "N tasks", one line for each test.
    sum=$(awk '/^[0-9]+ tasks$/ { sum += $1 } END { print sum + 0 }' "$log")
    ((sum > 0)) || fail "round $((rounds + 1)) ran no task; GMP_STRESS_SEED=$seed"
    rounds=$((rounds + 1)) tasks=$((tasks + sum))
    printf 'round %d, seed %s: %d tasks\n' "$rounds" "$seed" "$sum"
done
say "$rounds rounds, $tasks tasks, none lost, none polled twice at a time"
