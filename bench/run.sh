#!/usr/bin/env bash
# `make bench`: all measurements, as tables. Nothing else should run meanwhile.
#
#   bench/run.sh [SECONDS]     of each measurement (3)
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-3}
data=build/bench
mkdir -p "$data"

echo "## Server"
echo
build/native/bench/bench_server build/native/src/server/sottod "$data" "$seconds"
echo
echo "## Store"
echo
build/native/bench/bench_store "$data" 0.5 5
echo
echo "## Handles"
echo
build/native/bench/bench_cards "$data"
echo
echo "### Padding"
echo
build/native/bench/bench_padding "$seconds"
echo
echo "### Ciphers"
echo
build/native/bench/aead
echo
echo "## The report of a year"
echo
bench/report.py build/native/src/desk/sotto-desk build/native/tests/desk/made_year 20000 "$data"
