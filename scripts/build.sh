#!/usr/bin/env bash
# Configures and builds the named flavours; the programs are then in build/bin.
set -euo pipefail
cd "$(dirname "$0")/.."
for flavour; do
    scripts/configure.sh "$flavour"
    ninja -C "build/$flavour" --quiet
done
[ -d build/native ] || exit 0
mkdir -p build/bin
for program in build/native/src/server/sottod build/native/src/term/sotto; do
    [ -x "$program" ] && ln -sf "../../$program" build/bin/
done
exit 0
