# shellcheck shell=bash
# shellcheck disable=SC2154 # common.sh sets `target`
# How the models are built and found; sourced by models.sh and mutants.sh after common.sh.

need python3 "apt-get install python3"
export LOOM_MAX_PREEMPTIONS="${LOOM_MAX_PREEMPTIONS:-2}"

# The packages that have models. A mutant is a `mutant("NAME")` in their sources.
modelled=(gmp-executor:executor gmp-net:net gmp-sync:sync)

# build_models PACKAGE: prints the path of the models' program. `--profile bench` is how `cargo rustc` asks for an optimised test program.
build_models() {
    CARGO_TARGET_DIR="$target/loom" RUSTFLAGS="--cfg gmp_loom" \
        CARGO_PROFILE_BENCH_LTO=false CARGO_PROFILE_BENCH_CODEGEN_UNITS=16 \
        cargo rustc --quiet -p "$1" --lib --profile bench --message-format=json-render-diagnostics |
        test_program
}

# The names of the models in a program, one a line.
list_models() {
    "$1" --list --format terse | sed -n 's/: test$//p' | grep -E '(^|::)models::'
}

# within SECONDS COMMAND...: runs it for so many seconds of CPU time, which other work on the machine does not take away.
# Ends with 152 at the limit, with 124 if it stands still. It stays in the process group of the script, and ends with that.
within() (
    ulimit -S -t "$1"
    shift
    RUST_BACKTRACE=0 exec timeout --foreground 300 "$@"
)
