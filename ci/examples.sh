#!/usr/bin/env bash
# Checks that the examples do what they say: each is built as a user would and run on loopback, within limits in time.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
need curl "apt-get install curl"

say "build"
run cargo build --release --example hello --example million --example select --example stall
examples="$target/release/examples"

scratch=$(mktemp -d)
server=
# Whatever happens, the server ends: by its own pid, never by its name.
finish() {
    if [[ $server ]]; then kill "$server" 2>/dev/null || true; fi
    rm -rf "$scratch"
}
trap finish EXIT

# ends CODE WORDS COMMAND...: in time and with this code, says the words on standard error, leaves no process behind. The
# command has a process group of its own, `timeout`'s.
ends() {
    local code=$1 words=$2
    shift 2
    timeout --kill-after 5 30 "$@" >/dev/null 2>"$scratch/said" &
    has_ended $! "$code" "$words"
}

# has_ended GROUP CODE WORDS
has_ended() {
    local status=0
    wait "$1" || status=$?
    cat "$scratch/said" >&2
    ((status == $2)) || fail "it ended with $status instead of $2"
    grep -qF -- "$3" "$scratch/said" || fail "it did not say '$3'"
    if kill -0 -- "-$1" 2>/dev/null; then fail "it left a process behind"; fi
}

say "hello answers a request"
"$examples/hello" 127.0.0.1:0 >"$scratch/hello" &
server=$!
address=
for _ in {1..100}; do
    address=$(grep -oE '127\.0\.0\.1:[0-9]+' "$scratch/hello" || true)
    if [[ $address ]]; then break; fi
    kill -0 "$server" 2>/dev/null || fail "hello ended before it listened"
    sleep 0.1
done
[[ $address ]] || fail "hello does not listen after 10 s"
answer=$(curl --silent --show-error --fail --http1.1 --max-time 10 "http://$address/" | tee /dev/stderr)
[[ $answer == *"Hello from gmp!"* ]] || fail "hello answered something else"
if curl --version | grep -qw HTTP2; then
    say "hello answers HTTP/2 on the same port"
    answer=$(curl --silent --show-error --fail --http2-prior-knowledge --max-time 10 "http://$address/")
    [[ $answer == *"Hello from gmp!"* ]] || fail "hello answered something else"
fi
say "million refuses a port in use"
ends 2 "${address#*:} is in use: choose another --port" "$examples/million" --port "${address#*:}"

kill "$server"
status=0
wait "$server" || status=$?
server=
((status == 128 + 15)) || fail "hello ended with $status instead of by the signal"

say "million holds 500 connections"
run timeout --kill-after 5 90 "$examples/million" --connections 500 --hold 1 --deadline 60

say "million refuses what it does not understand, and what does not fit"
ends 2 '--connections "many": needs a whole number of at least 1 (--help lists the options)' "$examples/million" --connections many
ends 2 "500 connections do not fit, 117 would: open files of one process (hard limit 300); raise it" \
    bash -c 'ulimit -n 300 && exec "$@"' bash "$examples/million" --connections 500
ends 2 "10,000 connections do not fit, 0 would: open files of one process (hard limit 60)" \
    bash -c 'ulimit -n 60 && exec "$@"' bash "$examples/million"

say "million ends at once, with what it has measured, when it is interrupted"
timeout --kill-after 5 60 "$examples/million" --connections 200 --hold 50 >/dev/null 2>"$scratch/said" &
group=$!
for _ in {1..300}; do
    if grep -q "connect 200 of 200" "$scratch/said"; then break; fi
    kill -0 "$group" 2>/dev/null || break
    sleep 0.1
done
# `timeout` passes it on to its group, as a terminal does, and kills what has not ended 5 s later.
kill -INT "$group"
has_ended "$group" 130 "million: ended by SIGINT in the phase"
grep -qE '^connect +200 +200 +0 ' "$scratch/said" || fail "no figures of the phase that was over"

say "select loses no job"
run timeout --kill-after 5 30 "$examples/select"

say "stall names the function of a hot loop"
run timeout --kill-after 5 30 "$examples/stall"
