#!/usr/bin/env bash
# `make demo`: two people and a group of five on real processes, somebody who is away, a server that is
# killed with -9 and started again, then what each person has and what the server's disk holds about
# them. Everything is in a temporary directory. Ends with 0 only if every transcript is as it should be.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/build/bin
dir=$(mktemp -d "${TMPDIR:-/tmp}/sotto-demo.XXXXXX")
people=(ann ben cem dora emil)
server=0 began=$SECONDS

finish() {
    local code=$?
    trap - EXIT
    [ "$server" = 0 ] || kill -TERM "$server" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$dir"
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

say() {
    echo
    echo "== $*"
}

fail() {
    echo "demo: not as expected: $*" >&2
    [ ! -s "$dir/server.log" ] || tail -n 5 "$dir/server.log" >&2
    exit 1
}

as() {
    local who=$1
    shift
    "$bin/sotto" --no-passphrase --timeout 20 --home "$dir/$who" "$@"
}

# As a person would see it typed, and what came of it.
show() {
    local who=$1
    shift
    echo "$who\$ sotto $*"
    as "$who" "$@" | sed 's/^/    /' || fail "$who: sotto $*"
}

start_server() {
    : >"$dir/out"
    "$bin/sottod" run --data "$dir/server" --listen "$1" --http "$2" >"$dir/out" 2>>"$dir/server.log" &
    server=$!
    for _ in $(seq 150); do
        ! grep -q '^sottod: ready' "$dir/out" || return 0
        kill -0 "$server" 2>/dev/null || fail "the server did not start"
        sleep 0.1
    done
    fail "the server was not ready in 15 seconds"
}

# The whole tree at once, as a power cut would.
kill_server() {
    local children child
    children=$(cat /proc/"$server"/task/"$server"/children 2>/dev/null || true)
    # shellcheck disable=SC2086
    kill -9 "$server" $children 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    # The last to go holds the store.
    for child in $children; do
        while grep -q '^State:.[^ZX]' "/proc/$child/status" 2>/dev/null; do
            sleep 0.05
        done
    done
    server=0
}

# Exactly these texts of others and of oneself, in any order, each once.
expect() {
    local who=$1 conversation=$2
    shift 2
    as "$who" read "$conversation" --last 1000 --json |
        sed -n 's/.*"kind":"content".*"state":"\([a-z]*\)".*"text":"\(.*\)"}$/\1 \2/p' |
        sed 's/^received //; s/^sent //' | sort >"$dir/got"
    printf '%s\n' "$@" | sort >"$dir/wanted"
    diff -u "$dir/wanted" "$dir/got" >"$dir/diff" ||
        { cat "$dir/diff" >&2; fail "what $who has of \"$conversation\""; }
}

say "a server starts"
start_server 127.0.0.1:0 127.0.0.1:0
sed 's/^/    /' "$dir/out"
listen=$(sed -n 's/^sottod: ready on \([^,]*\), http \([^,]*\),.*/\1/p' "$dir/out")
http=$(sed -n 's/^sottod: ready on \([^,]*\), http \([^,]*\),.*/\2/p' "$dir/out")

say "five people join, each with an invite"
for who in "${people[@]}"; do
    "$bin/sottod" invite --data "$dir/server" 2>>"$dir/server.log" | as "$who" init - --name "${who^}" >/dev/null ||
        fail "$who could not join"
    echo "    $who"
done

say "everybody and ann take each other's links; two of them compare their safety numbers"
for who in ben cem dora emil; do
    as "$who" invite | as ann invite - --as "$who" >/dev/null || fail "ann does not know $who"
    as ann invite | as "$who" invite - --as ann >/dev/null || fail "$who does not know ann"
done
show ann verify ben
[ "$(as ann verify ben --json | grep -o '"digits":"[0-9]*"')" = \
    "$(as ben verify ann --json | grep -o '"digits":"[0-9]*"')" ] || fail "safety numbers differ"

say "two people talk"
show ann send ben "Ben, shall we make a reading group?"
show ben read
show ben send ann "Yes! I ask the others."

say "a group of five"
show ann new ben cem dora emil --title Reading
show ann send Reading "Welcome, all of you."
for who in ben cem dora; do
    as "$who" read >/dev/null || fail "$who could not fetch"
done
show ben send Reading "What do we begin with?"
show cem send Reading "Something short, please."

say "emil has been away all this time; dora listens; the server is killed with -9"
# Ben's message, cem's, and the one after the server is back.
as dora listen --json --count 3 --until-idle 20 >"$dir/dora.json" 2>&1 &
listener=$!
for _ in $(seq 200); do
    ! grep -q '"caught_up"' "$dir/dora.json" || break
    sleep 0.1
done
kill_server
echo "    killed"

say "what is said now is kept, and waits"
code=0
as dora send Reading "I say this while there is no server." >"$dir/away" 2>&1 --timeout 1 || code=$?
sed 's/^/    /' "$dir/away"
[ "$code" = 3 ] || fail "a send without a server ended with $code"

say "the server starts again"
start_server "$listen" "$http"
show ann send Reading "The server is back."
wait "$listener" || fail "dora's listen failed: $(tail -n 1 "$dir/dora.json")"
grep -q '"text":"The server is back."' "$dir/dora.json" || fail "dora did not hear that it is back"

say "emil has not fetched yet: the server's disk holds sealed items for him, and says how many"
show emil record | tee "$dir/record"
grep -q 'undelivered items: [1-9]' "$dir/record" || fail "nothing waits for emil"
for who in "${people[@]}"; do
    as "$who" read >/dev/null || fail "$who could not fetch"
done

say "the transcripts, emil's too, who comes only now"
group=("Welcome, all of you." "What do we begin with?" "Something short, please."
    "I say this while there is no server." "The server is back.")
pair=("Ben, shall we make a reading group?" "Yes! I ask the others.")
for who in "${people[@]}"; do
    show "$who" read Reading --last 100
    expect "$who" Reading "${group[@]}"
done
show ann read ben --last 100
expect ann ben "${pair[@]}"
expect ben ann "${pair[@]}"

say "what the server's disk holds about each account, as its own device reads it"
for who in "${people[@]}"; do
    show "$who" record
    as "$who" record --json | grep >/dev/null '"exists":true,.*"devices":1' || fail "$who's record"
done

say "done in $((SECONDS - began)) seconds: every message arrived once, with everybody it was for"
