#!/usr/bin/env bash
# Runs each fuzz target for some seconds: scripts/fuzz.sh SECONDS [TARGET...]
# What is found new goes to build/fuzz/found/<target>; an input that crashes goes to fuzz/crashes/.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:?seconds}
shift
[ $# -gt 0 ] || set -- $(find build/fuzz/fuzz -maxdepth 1 -type f -name 'fuzz_*' -printf '%f\n' |
    sed 's/^fuzz_//' | sort)
failed=0
for target; do
    mkdir -p "build/fuzz/found/$target" "fuzz/corpus/$target" fuzz/crashes
    if build/fuzz/fuzz/fuzz_"$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="fuzz/crashes/$target-" \
        "build/fuzz/found/$target" "fuzz/corpus/$target" >"build/fuzz/$target.log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "build/fuzz/$target.log")
        echo "ok $target: $runs inputs in $seconds s"
    else
        failed=$((failed + 1))
        tail -n 40 "build/fuzz/$target.log"
        echo "FAIL $target"
    fi
done
rmdir fuzz/crashes 2>/dev/null || true
[ "$failed" -eq 0 ]
