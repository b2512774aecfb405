#!/bin/sh
# The WebAssembly compiler as Meson sees it: scripts/wasm-cc.sh CLANG-VERSION ARGUMENTS...
# Meson takes wasm-ld for a linker of ELF and passes it two options that it does not have.
clang=clang-$1
shift
for argument do
    shift
    case $argument in
    -Wl,--start-group | -Wl,--end-group) ;;
    *) set -- "$@" "$argument" ;;
    esac
done
exec "$clang" --target=wasm32-wasi --sysroot=/usr "$@"
