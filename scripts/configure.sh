#!/usr/bin/env bash
# Configures one build flavour in build/<flavour>, if it is not yet: native, sanitize, fuzz or wasm.
set -euo pipefail
cd "$(dirname "$0")/.."
flavour=${1:?native, sanitize, fuzz or wasm}
dir=build/$flavour
sodium=build/deps/native

wasm_cross_file() {
    local clang=$1
    cat <<END
[binaries]
c = ['$PWD/scripts/wasm-cc.sh', '$clang']
ar = 'llvm-ar-$clang'
strip = 'llvm-strip-$clang'
pkgconfig = 'pkg-config'
exe_wrapper = ['node', '$PWD/tests/wasm/run.mjs']

[properties]
pkg_config_libdir = '$PWD/build/deps/wasm/lib/pkgconfig'

[built-in options]
c_args = ['-mmutable-globals']
c_link_args = ['-Wl,-z,stack-size=1048576']
b_pie = false
b_asneeded = false
b_lundef = false
b_staticpic = false

[host_machine]
system = 'wasi'
cpu_family = 'wasm32'
cpu = 'wasm32'
endian = 'little'
END
}

case $flavour in
native) options=() ;;
sanitize) options=(-Db_sanitize=address,undefined -Db_lundef=false -Db_pie=false) ;;
fuzz)
    clang=$(scripts/clang-version.sh) ||
        { echo "configure: no clang that is complete; scripts/setup.sh wasm installs it" >&2; exit 1; }
    export CC=clang-$clang
    options=(-Db_sanitize=address,undefined -Db_lundef=false -Db_pie=false -Dfuzzer=true)
    ;;
wasm)
    sodium=build/deps/wasm
    clang=$(scripts/clang-version.sh)
    mkdir -p build
    wasm_cross_file "$clang" >build/wasm.ini
    options=(--cross-file build/wasm.ini)
    ;;
*)
    echo "configure: no flavour is called $flavour" >&2
    exit 1
    ;;
esac
# `sotto` has it in itself.
mkdir -p build/web
[ -e build/web/manifest.txt ] || : >build/web/manifest.txt
scripts/deps.sh "$(basename "$sodium")"
[ -e "$dir/build.ninja" ] && exit 0
[ "$flavour" = wasm ] || options+=("--pkg-config-path=$PWD/$sodium/lib/pkgconfig")
rm -rf "$dir"
meson setup "$dir" "${options[@]}" >"$dir.log" 2>&1 || {
    tail -n 20 "$dir.log" >&2
    exit 1
}
