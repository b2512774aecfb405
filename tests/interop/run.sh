#!/bin/sh
# Our MLS library against others, live: tests/interop/run.sh [ts-mls|openmls ...]. docs/INTEROP.md is about it.
# What is fetched and built goes to build/interop. SUITES, SEEDS, STEPS, ONLY: see run.mjs.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$root/build/interop
export SOTTO_MLS="${SOTTO_MLS:-$root/build/bin/sotto-mls}"
export CARGO_TARGET_DIR="$build/target"
PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
log=$build/log

skip() {
    echo "SKIP $1: $2"
    skipped=$((skipped + 1))
}

tsmls_ready() {
    [ -f "$build/node/mended" ] && return
    command -v npm >/dev/null || return
    (cd "$build/node" && npm install --no-audit --no-fund ts-mls@1.6.4 @hpke/core@1.9.0 \
        @hpke/chacha20poly1305@1.8.0 @hpke/dhkem-x448@1.8.0 @hpke/hybridkem-x-wing@0.7.0 \
        @noble/ciphers@2.1.1 @noble/curves@2.0.1 @noble/hashes@2.0.1 @noble/post-quantum@0.5.2) >"$log" 2>&1 || return
    (cd "$build/node" && node mend_ts_mls.mjs) && touch "$build/node/mended"
}

openmls_ready() {
    command -v cargo >/dev/null || return
    mkdir -p "$build/openmls/src"
    cp "$root/tests/interop/openmls/Cargo.toml" "$build/openmls/"
    cp "$root/tests/interop/openmls/src/main.rs" "$build/openmls/src/"
    (cd "$build/openmls" && cargo build --release -j1) >"$log" 2>&1
    export OPENMLS_PEER="$CARGO_TARGET_DIR/release/openmls-peer"
}

play() {
    status=0
    (cd "$build/node" && node run.mjs "$1") | tee "$build/out" || status=$?
    counts=$(sed -n 's/^# \([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$build/out")
    # A run that does not get as far as its counts has failed.
    # shellcheck disable=SC2086
    set -- ${counts:-0 1 0}
    passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

passed=0 failed=0 skipped=0
mkdir -p "$build/node"
cp "$root"/tests/interop/*.mjs "$build/node/"
[ -f "$build/node/package.json" ] || echo '{"private":true,"type":"module"}' >"$build/node/package.json"
for peer in ${*:-ts-mls openmls}; do
    if ! command -v node >/dev/null; then
        skip "$peer" "there is no node"
    elif [ "$peer" = ts-mls ] && ! tsmls_ready; then
        skip "$peer" "npm, or where it fetches from, is missing (build/interop/log)"
    elif [ "$peer" = openmls ] && ! openmls_ready; then
        skip "$peer" "cargo, or where it fetches from, is missing (build/interop/log)"
    else
        play "$peer"
    fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
