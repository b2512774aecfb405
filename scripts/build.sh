#!/usr/bin/env bash
# Configures and builds the named flavours; the programs are then in build/bin.
set -euo pipefail
cd "$(dirname "$0")/.."
# On a terminal one line of progress, else nothing but what goes wrong.
quiet=(--quiet)
[ ! -t 1 ] || quiet=()
for flavour; do
    scripts/configure.sh "$flavour"
    ! ninja -C "build/$flavour" -n | grep -q 'no work to do' || continue
    echo "build: $flavour" >&2
    ninja -C "build/$flavour" "${quiet[@]}"
done
[ -d build/native ] || exit 0
mkdir -p build/bin
for program in desk/sotto-desk server/sottod term/sotto mlstool/sotto-mls witness/sotto-witness load/sotto-load; do
    program=build/native/src/$program
    [ -x "$program" ] && ln -sf "../../$program" build/bin/
done
exit 0
