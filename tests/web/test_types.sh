#!/usr/bin/env bash
# TypeScript's own verdict on the page and its workers. Prints TAP.
set -uo pipefail
cd "$(dirname "$0")/../.."
tsc=web/node_modules/typescript/bin/tsc
[ -e "$tsc" ] || { echo "1..0 # SKIP scripts/build.sh web has not fetched npm's packages"; exit 0; }
failed=0
number=0
for part in tsconfig.json tsconfig.worker.json; do
    number=$((number + 1))
    if said=$(node "$tsc" --project "web/$part"); then
        echo "ok $number - web/$part"
    else
        sed 's/^/# /' <<<"$said"
        echo "not ok $number - web/$part"
        failed=1
    fi
done
echo "1..$number"
exit "$failed"
