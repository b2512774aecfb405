#!/usr/bin/env bash
# Configures and builds the named flavours; the programs are then in build/bin. `web` is the page, in build/web.
set -euo pipefail
cd "$(dirname "$0")/.."
# On a terminal one line of progress, else nothing but what goes wrong.
quiet=(--quiet)
[ ! -t 1 ] || quiet=()

# What npm brings is fetched once, and again when the list of it changes; esbuild is Debian's.
fetch_packages() {
    local lock=web/package-lock.json fetched=web/node_modules/.fetched
    cmp -s "$lock" "$fetched" && return
    echo "build: npm's packages for the page" >&2
    npm ci --prefix web --ignore-scripts --no-progress --loglevel=error >build/web-npm.log 2>&1 || {
        tail -n 15 build/web-npm.log >&2
        echo "build: npm could not fetch what web/package-lock.json names; the first time this needs a network" >&2
        exit 1
    }
    cp "$lock" "$fetched"
}

# The core alone, without the tests of that flavour.
build_core() {
    [ -e src/web/meson.build ] || return 0
    scripts/configure.sh wasm
    ninja -C build/wasm "${quiet[@]}" src/web/sotto-core.wasm
}

build_web() {
    local made=build/web/manifest.txt core=build/wasm/src/web/sotto-core.wasm
    mkdir -p build
    fetch_packages
    build_core
    if [ -s "$made" ] && [ -z "$(find web "$core" -path web/node_modules -prune -o -newer "$made" -print 2>/dev/null)" ]; then
        return
    fi
    echo "build: web" >&2
    node web/build.mjs
}

for flavour; do
    if [ "$flavour" = web ]; then
        build_web
        continue
    fi
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
