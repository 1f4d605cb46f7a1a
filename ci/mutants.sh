#!/usr/bin/env bash
# Checks the models themselves: each named mutant (a fence dropped, a second look skipped) makes its model fail.
#
# A mutant is a `cfg!(gmp_mutant = "NAME")` in executor/src. Each has one row below, and each row a mutant.
# Arguments name the mutants to run: `ci/mutants.sh joiner` runs those with `joiner` in the name.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source ci/loom.sh

# [mutant]=the model that must fail, by its full path
declare -A model_of=(
)

# In seconds. A model that fails does so long before this; one that hangs has not failed.
limit=60

mapfile -t mutants < <(grep -rhoE 'gmp_mutant *= *"[^"]+"' executor/src | sed -E 's/.*"(.*)"/\1/' | sort -u)

say "each mutant in executor/src has a row here, each row a mutant"
wrong=()
for mutant in "${mutants[@]}"; do
    [[ ${model_of[$mutant]+row} ]] || wrong+=("mutant $mutant has no row")
done
for row in "${!model_of[@]}"; do
    [[ " ${mutants[*]} " == *" $row "* ]] || wrong+=("row $row has no mutant")
done
((${#wrong[@]} == 0)) || fail "$(printf '%s; ' "${wrong[@]}")"

survivors=()
for mutant in "${mutants[@]}"; do
    [[ $mutant == *"${1:-}"* ]] || continue
    model=${model_of[$mutant]}
    program=$(build_models --cfg "gmp_mutant=\"$mutant\"")
    # Without a model of that name the program would run none, and end well.
    list_models "$program" | grep -qxF "$model" || fail "mutant $mutant: there is no model $model"
    status=0
    within "$limit" "$program" --exact "$model" >/dev/null 2>&1 || status=$?
    case $status in
        0) verdict="SURVIVED" survivors+=("$mutant") ;;
        124 | 152) verdict="HANGS, which shows nothing" survivors+=("$mutant") ;;
        *) verdict="killed" ;;
    esac
    printf '%-40s %s  %s\n' "$mutant" "$model" "$verdict"
done
((${#survivors[@]} == 0)) || fail "not killed: ${survivors[*]}"
