# shellcheck shell=bash
# What the scripts of this folder have in common; each of them sources it first.
#
# It stops at the first error, goes to the root of the checkout, and gives everything that is done, left out or wrong
# one voice. A line that begins with SKIPPED says that a tool is missing; the script then ends well, since its check
# is an extra on machines that have the tool.

set -euo pipefail
if [[ ${CARGO_TARGET_DIR:-} ]]; then
    CARGO_TARGET_DIR=$(realpath --canonicalize-missing "$CARGO_TARGET_DIR")
    export CARGO_TARGET_DIR
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-auto}"
# A missing toolchain is reported, never fetched.
export RUSTUP_AUTO_INSTALL=0

# Flags other than the usual ones build into folders of their own in here, so that no script undoes another's work.
# shellcheck disable=SC2034 # the scripts use it
target="${CARGO_TARGET_DIR:-$PWD/target}"

say() { printf '==> %s\n' "$*"; }

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

# What is missing, and what would install it.
skip() {
    printf 'SKIPPED: %s\n' "$*"
    exit 0
}

# Says what it runs.
run() {
    printf '+ %s\n' "$*"
    "$@"
}

# need TOOL HOW: the check is none without this tool.
need() {
    command -v "$1" >/dev/null || fail "$1 is not here; install it: $2"
}

need_nightly() {
    cargo +nightly --version >/dev/null 2>&1 || skip "no nightly toolchain; install it: rustup toolchain install nightly"
}

# Prints the path of the test program that cargo's messages (JSON, on standard input) tell of.
test_program() {
    python3 -c '
import json, sys
made = [m["executable"] for m in map(json.loads, sys.stdin) if m.get("executable")]
print(made[-1]) if made else sys.exit("cargo made no test program")
'
}
