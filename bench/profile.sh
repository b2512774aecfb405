#!/usr/bin/env bash
# Flame graphs of an edge and of mail under one load, and where their time goes.
#
#   bench/profile.sh PAIRS FLIGHT NAME     writes bench/pictures/NAME-edge.svg and NAME-mail.svg
set -euo pipefail
cd "$(dirname "$0")/.."
pairs=${1:?pairs} flight=${2:?in flight} name=${3:?name} seconds=12
data=build/bench
mkdir -p "$data" bench/pictures
rm -f "$data/profile.txt" "$data"/*.perf # an older run's are no figures of this one
: >"$data/profile.txt"
"${BENCH:-build/native/bench/bench_server}" "${SOTTOD:-build/native/src/server/sottod}" "$data" \
    "$seconds" "$pairs" "$flight" >"$data/profile.txt" &
bench=$!
until grep -q '^sottod' "$data/profile.txt"; do sleep 0.1; done
parent=$(awk '/^sottod/ {print $2}' "$data/profile.txt")
sleep 3 # until all have registered
for role in edge mail; do
    for child in $(cat "/proc/$parent/task/$parent/children"); do
        tr '\0' ' ' <"/proc/$child/cmdline" | grep -q "$role" || continue
        # The load outlasts both: a process that ends would show its end, too.
        perf record -q -e cpu-clock -F 1500 -g -p "$child" -o "$data/$role.perf" -- sleep 2 \
            >/dev/null 2>&1
        break
    done
done
wait "$bench"
cat "$data/profile.txt"
for role in edge mail; do
    printf '\n| %s | share |\n|---|---|\n' "$role"
    perf script -i "$data/$role.perf" -F ip,sym 2>/dev/null |
        bench/flame.py "$role, $pairs x $flight" "bench/pictures/$name-$role.svg"
done
