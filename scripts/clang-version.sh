#!/bin/sh
# Prints the version of the newest installed clang that can build for WebAssembly here: with its
# linker, its wasm32 runtime and a libc beside it. Prints nothing and fails where there is none.
for version in 22 21 20 19 18 17 16 15 14; do
    command -v "clang-$version" >/dev/null 2>&1 || continue
    command -v "wasm-ld-$version" >/dev/null 2>&1 || continue
    command -v "llvm-ar-$version" >/dev/null 2>&1 || continue
    [ -e /usr/lib/wasm32-wasi/libc.a ] || continue
    for runtime in /usr/lib/llvm-"$version"/lib/clang/*/lib/wasi/libclang_rt.builtins-wasm32.a \
        /usr/lib/llvm-"$version"/lib/clang/*/lib/wasm32-unknown-wasi/libclang_rt.builtins.a; do
        [ -e "$runtime" ] && echo "$version" && exit 0
    done
done
exit 1
