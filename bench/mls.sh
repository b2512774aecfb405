#!/usr/bin/env bash
# `make bench-mls`: the MLS library beside OpenMLS and mls-rs, as tables. cargo builds these two,
# which nothing else needs; where one cannot be built a line says so, and its columns are empty.
#
#   bench/mls.sh [MEMBERS...]     (2 10 100 1000 10000, and joins at 50000)
#
# A peer has LIMIT seconds (180) for all operations of a group; what it has not done by then is a
# dash in the table. (A limit of processor time would make the clock that they read coarse.)
set -euo pipefail
cd "$(dirname "$0")/.."
members=("$@")
limit=${LIMIT:-180} also=0
if ((${#members[@]} == 0)); then
    members=(2 10 100 1000 10000)
    also=50000
fi
export CARGO_TARGET_DIR=build/bench-peers
# Time is that of all threads together; one has no others to wait for.
export RAYON_NUM_THREADS=1
planter=(build/native/bench/bench_mls plant)
data=build/bench/mls
rm -rf "$data"
mkdir -p "$data"

# build PEER: whether there is one to measure.
build() {
    if ! command -v cargo >/dev/null; then
        echo "SKIP $1: there is no cargo"
    elif ! cargo build --quiet --release -j1 --manifest-path "bench/peers/$1/Cargo.toml" \
        2>"$data/$1.log"; then
        echo "SKIP $1: cargo cannot build it, see $data/$1.log"
    else
        return 0
    fi
    return 1
}

# operations NAME PROVIDER SUITE MEMBERS: what it has done within the limit.
operations() {
    timeout "$limit" "$CARGO_TARGET_DIR/release/bench-$1" "$2" "$3" "$4" "$data" "${planter[@]}" \
        2>>"$data/$1.log" || echo "$1, suite $3, $4 members: not finished, see $data/$1.log" >&2
}

# peer NAME PROVIDER SUITE MOST: its lines, for groups of up to MOST members.
peer() {
    local n
    for n in "${members[@]}"; do
        ((n > $4)) || operations "$1" "$2" "$3" "$n" >>"$data/$1.tsv"
    done
    ((also == 0 || $4 < 10000)) ||
        operations "$1" "$2" "$3" "$also" | awk -F '\t' '$3 == "join"' >>"$data/$1.tsv"
}

build/native/bench/bench_mls "${members[@]}" >"$data/ours.tsv"
((also == 0)) || build/native/bench/bench_mls join "$also" >>"$data/ours.tsv"
touch "$data"/{openmls,mls_rs}.tsv
if build openmls; then
    peer openmls libcrux 0001 10000
    peer openmls libcrux 0003 10000
    peer openmls libcrux 004d 100 # a group that it makes itself, commit by commit
fi
if build mls_rs; then
    peer mls_rs openssl 0001 10000
    peer mls_rs openssl 0003 10000
fi
echo
bench/mls_table.awk "$data"/{ours,openmls,mls_rs}.tsv
