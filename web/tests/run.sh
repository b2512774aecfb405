#!/usr/bin/env bash
# The page's own tests: what it reckons, under node; what people see, in Debian's Chromium. Prints TAP.
#
#   web/tests/run.sh unit | pages | real SOTTOD PAGE | scene SOTTOD PAGE SOTTO
#
# real, scene: over a server, and the page as it was built.
set -uo pipefail
cd "$(dirname "$0")/.."
[ -e node_modules/typescript ] || { echo "1..0 # SKIP scripts/build.sh web has not fetched npm's packages"; exit 0; }
if [ "$1" != unit ]; then
    command -v chromium >/dev/null || { echo "1..0 # SKIP there is no chromium"; exit 0; }
    export SOTTOD=${2:-} PAGE=${3:-} SOTTO=${4:-}
    ! { [ "$1" != pages ] && ! ls "$PAGE"/core-*.wasm >/dev/null 2>&1; } ||
        { echo "1..0 # SKIP scripts/build.sh web has not built the page with its core"; exit 0; }
    exec node --test-reporter=tap --test "tests/$1.test.mjs"
fi
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
esbuild tests/unit.test.ts tests/tabs.test.ts --bundle --platform=node --format=esm --target=node18 --jsx=automatic \
    --jsx-import-source=preact --log-level=warning '--define:WORKER_URL="worker.js"' --outdir="$made" \
    --out-extension:.js=.mjs || exit 1
node --test-reporter=tap --test "$made/unit.test.mjs" "$made/tabs.test.mjs"
