#!/bin/sh
# Our libraries against others, live: tests/interop/run.sh [ts-mls|openmls|tlog ...].
# docs/INTEROP.md is about it. What is fetched and built goes to build/interop.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/tests/interop
build=$root/build/interop
log=$build/log
export SOTTO_MLS="${SOTTO_MLS:-$root/build/bin/sotto-mls}"
export CARGO_TARGET_DIR="$build/target"
export OPENMLS_PEER="$CARGO_TARGET_DIR/release/openmls-peer"
PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
passed=0 failed=0 skipped=0

# fetch_: what has to be there, else the peer is skipped. build_: what has to work then.
fetch_tsmls() {
    [ -f "$build/node/fetched" ] && return
    command -v npm >/dev/null || return
    rm -rf "$build/node/node_modules" "$build/node/mended"
    (cd "$build/node" && npm install --no-audit --no-fund --fetch-retries=1 \
        ts-mls@1.6.4 @hpke/core@1.9.0 @hpke/chacha20poly1305@1.8.0 @hpke/dhkem-x448@1.8.0 \
        @hpke/hybridkem-x-wing@0.7.0 @noble/ciphers@2.1.1 @noble/curves@2.0.1 \
        @noble/hashes@2.0.1 @noble/post-quantum@0.5.2) >"$log" 2>&1 && touch "$build/node/fetched"
}

build_tsmls() {
    [ -f "$build/node/mended" ] && return
    rm -f "$build/node/fetched" # what is mended in part is of no use for another time
    (cd "$build/node" && node mend_ts_mls.mjs) >"$log" 2>&1 || return
    touch "$build/node/mended" "$build/node/fetched"
}

fetch_openmls() {
    command -v cargo >/dev/null || return
    mkdir -p "$build/openmls/src"
    cp "$here/openmls/Cargo.toml" "$build/openmls/"
    cp "$here/openmls/src/main.rs" "$build/openmls/src/"
    (cd "$build/openmls" && CARGO_NET_RETRY=1 cargo fetch) >"$log" 2>&1
}

build_openmls() {
    (cd "$build/openmls" && cargo build --release -j1) >"$log" 2>&1
}

# Debian's package of golang.org/x/mod, found without modules: nothing is downloaded.
export GOPATH=/usr/share/gocode GO111MODULE=off GOCACHE="$build/go"
PATH=$PATH:/usr/local/go/bin

has_tlog() {
    command -v go >/dev/null && [ -d "$GOPATH/src/golang.org/x/mod/sumdb/tlog" ]
}

fetch_tlog() {
    has_tlog || "$root/scripts/setup.sh" tlog >"$log" 2>&1 && has_tlog
}

build_tlog() {
    go build -o "$build/tlog" "$here/tlog/main.go" "$here/tlog/desk.go" >"$log" 2>&1
}

# run_: plays. The last line of what it prints are the counts.
run_tsmls() { (cd "$build/node" && node run.mjs ts-mls); }
run_openmls() { (cd "$build/node" && node run.mjs openmls); }
run_tlog() {
    rm -rf "$build/ledger"
    "$build/tlog" "$root/build/native/tests/merkle/ledger_tool" "$build/ledger" \
        "$root/build/native/src/desk/sotto-desk" "$build/desk"
}

play() {
    "run_$1" | tee "$build/out"
    counts=$(sed -n 's/^# \([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' \
        "$build/out")
    # A run that does not get as far as its counts has failed.
    # shellcheck disable=SC2086
    set -- ${counts:-0 1 0}
    passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

mkdir -p "$build/node"
cp "$here"/*.mjs "$build/node/"
[ -f "$build/node/package.json" ] ||
    echo '{"private":true,"type":"module"}' >"$build/node/package.json"
for peer in ${*:-ts-mls openmls tlog}; do
    name=$(echo "$peer" | tr -d -)
    if [ "$peer" != tlog ] && ! command -v node >/dev/null; then
        echo "SKIP $peer: there is no node"
        skipped=$((skipped + 1))
    elif ! "fetch_$name"; then
        echo "SKIP $peer: what fetches it, or where from, is missing (build/interop/log)"
        skipped=$((skipped + 1))
    elif ! "build_$name"; then
        echo "not ok - $peer does not build (build/interop/log)"
        failed=$((failed + 1))
    else
        play "$name"
    fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
