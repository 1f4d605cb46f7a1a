#!/usr/bin/env bash
# Checks the models: loom runs every interleaving of each protocol, with at most LOOM_MAX_PREEMPTIONS (2) preemptions.
#
# A model is a test of gmp-executor whose path has a part `models`. Each has 30 s, and its time is printed.
# Arguments name the models to run: `ci/models.sh idle` runs those whose path has `idle` in it.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source ci/loom.sh

limit=30

say "build with --cfg gmp_loom"
# shellcheck disable=SC2119 # without flags: no mutant
program=$(build_models)
mapfile -t models < <(list_models "$program" | grep -E "${1:-}" || true)
((${#models[@]})) || fail "no model matches '${1:-}'"

say "${#models[@]} models, at most $LOOM_MAX_PREEMPTIONS preemptions each"
failed=()
for model in "${models[@]}"; do
    start=$EPOCHREALTIME
    status=0
    output=$(RUST_BACKTRACE=0 timeout "$limit" "$program" --exact "$model" 2>&1) || status=$?
    seconds=$(python3 -c "print(f'{$EPOCHREALTIME - $start:7.2f}')")
    case $status in
        0) verdict=ok ;;
        124) verdict="took more than $limit s" ;;
        *) verdict="failed" ;;
    esac
    printf '%s s  %s  %s\n' "$seconds" "$model" "$verdict"
    if ((status)); then
        printf '%s\n' "$output" | tail -n 40
        failed+=("$model")
    fi
done
((${#failed[@]} == 0)) || fail "${#failed[@]} of ${#models[@]} models: ${failed[*]}"
