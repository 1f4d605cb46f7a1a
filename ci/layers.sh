#!/usr/bin/env bash
# Checks that dependencies point one way:
#
# - between packages: examples, benches, tests -> gmp -> net -> sync -> executor, and macros on nothing of ours;
# - inside the executor: `task`, `slab` and `time` name nothing of `sched`, by no path and no re-export;
# - in executor, net and sync nothing but their clock modules reads the clock, so that tests may set it.
#
# `ci/layers.sh --self-test` shows the check what it must find.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
need python3 "apt-get install python3"

if [[ ${1:-} == --self-test ]]; then
    say "layers: the check finds what it must"
    run python3 -B ci/layers_test.py
else
    say "layers: packages, modules of the executor, readings of the clock"
    cargo metadata --format-version 1 --no-deps | run python3 -B ci/layers.py executor/src net/src sync/src
fi
