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
kill "$server"
status=0
wait "$server" || status=$?
server=
((status == 128 + 15)) || fail "hello ended with $status instead of by the signal"

say "million holds 500 connections"
run timeout --kill-after 5 90 "$examples/million" --connections 500 --hold 1 --deadline 60

say "select loses no job"
run timeout --kill-after 5 30 "$examples/select"

say "stall names the function of a hot loop"
run timeout --kill-after 5 30 "$examples/stall"
