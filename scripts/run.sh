#!/usr/bin/env bash
# `make run`: a server on loopback with its data in ./var, two people who know each other, and how to
# talk; and the request desk beside it, with a demonstration office. Ctrl-C stops both; what is in
# ./var is found again the next time.
set -euo pipefail
cd "$(dirname "$0")/.."

data=var/server
desk_data=var/desk
desk_origin=http://localhost:4490
out=$(mktemp)
desk_out=$(mktemp)
server=0
desk=0

# Ends a process of ours, and waits for it.
end() {
    if [ "$1" != 0 ] && kill -0 "$1" 2>/dev/null; then
        kill -TERM "$1" 2>/dev/null || true
        wait "$1" 2>/dev/null || true
    fi
}

# Both say on which line they are ready; both are stopped however this script ends.
finish() {
    trap - INT TERM EXIT
    end "$desk"
    end "$server"
    rm -f "$out" "$desk_out"
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

# grep reads on to the end, so that who writes isn't ended by a closed pipe.
#
# Makes the home if it is not there; a home that could not register the last time tries again.
person() {
    local home=$1 name=$2
    if [ -e "$home/store.db" ] && sotto "$home" status --offline --json 2>/dev/null |
        grep '"registered":true' >/dev/null; then
        return
    fi
    invite 2>/dev/null | sotto "$home" init - --name "$name" >/dev/null || fail "could not make $home"
}

acquainted() {
    sotto "$1" contacts --offline --json | grep "\"petname\":\"$2\"" >/dev/null
}

introduce() {
    acquainted var/alice bob ||
        sotto var/bob invite | sotto var/alice invite - --as bob >/dev/null
    acquainted var/bob alice ||
        sotto var/alice invite | sotto var/bob invite - --as alice >/dev/null
    if ! sotto var/alice status --offline --json | grep '"type":"conversation"' >/dev/null; then
        sotto var/alice new bob >/dev/null
        sotto var/bob read >/dev/null
    fi
}

# A link with an invite, to be clicked on: who opens it makes an account in the browser.
page_line() {
    local address
    [ "${#page[@]}" != 0 ] || return 0
    address=$(sed -n 's/^sottod: ready on .*, http \([^,]*\), .*/\1/p' "$out")
    printf '\n%s\n\n  http://%s/#join=%s\n' 'Or in a browser, where one more account is made with this link:' "$address" "$(invite | sed 's/%/%25/g; s/#/%23/g')"
}

# Waits until a process said that it is ready: NAME PID OUTPUT LOG.
await() {
    for _ in $(seq 150); do
        ! grep -q "^$1: ready" "$3" || return 0
        kill -0 "$2" 2>/dev/null || {
            tail -n 5 "$4" >&2
            fail "$1 did not start (see $4); is another one running?"
        }
        sleep 0.1
    done
    fail "$1 was not ready in 15 seconds; see $4"
}

# An office that anybody may play: its keys lie in files, and it says so. Desk and server hold the
# same files; the server has another number at each start.
open_office() {
    local hash
    if [ ! -e "$desk_data/office.txt" ]; then
        hash=$(build/bin/sotto-desk demo "$desk_data" "$desk_origin")
        build/bin/sotto-desk office "$desk_data" "$desk_data/office.txt" --pin "$hash"
        build/bin/sotto-desk list "$desk_data" "$desk_data/suspensions.txt"
        build/bin/sottod office pin "$hash" "$desk_data/office.txt" --data "$data" >/dev/null
        build/bin/sottod office suspensions "$desk_data/suspensions.txt" --data "$data" >/dev/null
    fi
    build/bin/sottod office show --data "$data" >"$desk_data/server.txt"
    build/bin/sotto-desk server "$desk_data" "$desk_data/server.txt"
}

mkdir -p var
page=()
[ ! -e build/web/index.html ] || page=(--set pages=build/web)
# In a session of its own, so that Ctrl-C reaches this script first and the server is stopped in order.
setsid build/bin/sottod run --data "$data" "${page[@]}" "$@" >"$out" 2>>var/server.log &
server=$!
await sottod "$server" "$out" var/server.log
open_office || fail "the demonstration office could not be opened; see above"
setsid build/bin/sotto-desk serve "$desk_data" --people "$desk_data/people" >"$desk_out" 2>>var/desk.log &
desk=$!
await sotto-desk "$desk" "$desk_out" var/desk.log

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
$(page_line)

\`build/bin/sotto --help\` says the rest.

The request desk, with an office that is a demonstration, is at $desk_origin: the public
pages, and at $desk_origin/act-as those of the fourteen people who work there.
Ctrl-C stops both.
END

# wait returns early when a signal is trapped; the traps above end the script then.
wait "$server" && code=0 || code=$?
server=0
[ "$code" = 0 ] || echo "run: the server ended with $code; see var/server.log" >&2
finish "$code"
