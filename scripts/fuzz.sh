#!/usr/bin/env bash
# Runs each fuzz target for some seconds: scripts/fuzz.sh SECONDS [TARGET...]. Prints TAP.
# What is found new goes to build/fuzz/found/<target>; an input that crashes goes to fuzz/crashes/.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:?seconds}
shift
[ $# -gt 0 ] || set -- $(find build/fuzz/fuzz -maxdepth 1 -type f -name 'fuzz_*' -printf '%f\n' |
    sed 's/^fuzz_//' | sort)
echo "1..$#"
failed=0
for target; do
    mkdir -p "build/fuzz/found/$target" "build/fuzz/crashes/$target"
    if build/fuzz/fuzz/fuzz_"$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="build/fuzz/crashes/$target/" \
        "build/fuzz/found/$target" "fuzz/corpus/$target" >"build/fuzz/$target.log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "build/fuzz/$target.log")
        echo "ok - $target: $runs inputs in $seconds s"
    else
        failed=$((failed + 1))
        mkdir -p fuzz/crashes
        tail -n 30 "build/fuzz/$target.log" >&2
        for input in "build/fuzz/crashes/$target"/*; do
            [ -e "$input" ] || continue
            mv "$input" "fuzz/crashes/$target-${input##*/}"
            echo "fuzz: the input is fuzz/crashes/$target-${input##*/}" >&2
        done
        echo "not ok - $target"
    fi
done
[ "$failed" -eq 0 ]
