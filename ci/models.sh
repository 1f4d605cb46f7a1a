#!/usr/bin/env bash
# Checks the models: loom runs every interleaving of each protocol, with at most LOOM_MAX_PREEMPTIONS (2) preemptions.
#
# A model is a test of gmp-executor, gmp-net or gmp-sync whose path has a part `models`. Each has 30 s of CPU time, and what it took is printed.
# Arguments name the models to run: `ci/models.sh idle` runs those whose path has `idle` in it.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source ci/loom.sh

# In seconds.
limit=30

say "build with --cfg gmp_loom"
# PROGRAM MODEL
models=()
for package in "${modelled[@]}"; do
    program=$(build_models "${package%:*}")
    mapfile -t found < <(list_models "$program" | grep -E "${1:-}" || true)
    models+=("${found[@]/#/$program }")
done
((${#models[@]})) || fail "no model matches '${1:-}'"

say "${#models[@]} models, at most $LOOM_MAX_PREEMPTIONS preemptions each"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
TIMEFORMAT=%U
failed=()
for row in "${models[@]}"; do
    read -r program model <<<"$row"
    status=0
    seconds=$({ time within "$limit" "$program" --exact "$model" >"$log" 2>&1; } 2>&1) || status=$?
    case $status in
        0) verdict=ok ;;
        124 | 152) verdict="took more than $limit s" ;;
        *) verdict=failed ;;
    esac
    printf '%8s s  %s  %s\n' "$seconds" "$model" "$verdict"
    if ((status)); then
        tail -n 40 "$log"
        failed+=("$model")
    fi
done
((${#failed[@]} == 0)) || fail "${#failed[@]} of ${#models[@]} models: ${failed[*]}"
