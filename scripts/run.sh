#!/usr/bin/env bash
# `make run`: a server on loopback with its data in ./var, two people who know each other, and how to
# talk. Ctrl-C stops it; what is in ./var is found again the next time.
set -euo pipefail
cd "$(dirname "$0")/.."

data=var/server
out=$(mktemp)
server=0

# The server says on which line it is ready; it is stopped and waited for however this script ends.
finish() {
    trap - INT TERM EXIT
    if [ "$server" != 0 ] && kill -0 "$server" 2>/dev/null; then
        kill -TERM "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -f "$out"
    exit "${1:-0}"
}
trap 'finish 1' EXIT
trap 'echo; echo "stopped; everything is kept in ./var"; finish 0' INT TERM

fail() {
    echo "run: $*" >&2
    finish 1
}

sotto() {
    build/bin/sotto --no-passphrase --timeout 30 --home "$@"
}

invite() {
    build/bin/sottod invite --data "$data"
}

# Makes the home if it is not there; a home that could not register the last time tries again.
person() {
    local home=$1 name=$2
    if [ -e "$home/store.db" ] && sotto "$home" status --offline --json 2>/dev/null |
        grep -q '"registered":true'; then
        return
    fi
    invite 2>/dev/null | sotto "$home" init - --name "$name" >/dev/null || fail "could not make $home"
}

acquainted() {
    sotto "$1" contacts --offline --json | grep -q "\"petname\":\"$2\""
}

introduce() {
    acquainted var/alice bob ||
        sotto var/bob invite | sotto var/alice invite - --as bob >/dev/null
    acquainted var/bob alice ||
        sotto var/alice invite | sotto var/bob invite - --as alice >/dev/null
    if ! sotto var/alice status --offline --json | grep -q '"type":"conversation"'; then
        sotto var/alice new bob >/dev/null
        sotto var/bob read >/dev/null
    fi
}

mkdir -p var
# In a session of its own, so that Ctrl-C reaches this script first and the server is stopped in order.
setsid build/bin/sottod run --data "$data" "$@" >"$out" 2>>var/server.log &
server=$!
for _ in $(seq 150); do
    grep -q '^sottod: ready' "$out" && break
    kill -0 "$server" 2>/dev/null || {
        tail -n 5 var/server.log >&2
        fail "the server did not start (see var/server.log); is another one running?"
    }
    sleep 0.1
done
grep -q '^sottod: ready' "$out" || fail "the server was not ready in 15 seconds; see var/server.log"

person var/alice Alice
person var/bob Bob
introduce || fail "could not bring var/alice and var/bob together"

cat <<END

$(sed -n 's/^sottod: //p' "$out" | head -n 1)

Two people are there already. One terminal each:

  build/bin/sotto --home var/alice --no-passphrase chat bob
  build/bin/sotto --home var/bob --no-passphrase chat alice

Two more people may join with these invites, each good for one account:

  build/bin/sotto --home var/carol init '$(invite)' --name Carol
  build/bin/sotto --home var/dave init '$(invite)' --name Dave

\`build/bin/sotto --help\` says the rest. Ctrl-C stops the server.
END

# wait returns early when a signal is trapped; the traps above end the script then.
wait "$server" && code=0 || code=$?
server=0
[ "$code" = 0 ] || echo "run: the server ended with $code; see var/server.log" >&2
finish "$code"
