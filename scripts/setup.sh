#!/usr/bin/env bash
# Installs from Debian, by name, what the build needs and this machine lacks. Nothing missing: returns
# at once. Nothing that is installed is upgraded or replaced.
#
#   scripts/setup.sh native   to build and run the programs
#   scripts/setup.sh web      to build the page too, whose core is WebAssembly
#   scripts/setup.sh wasm     to build for WebAssembly and run its tests, and to fuzz
#   scripts/setup.sh test     everything that `make test` takes
#   scripts/setup.sh tlog     to check the ledger with Go, in `make interop`
#   scripts/setup.sh secrets  to look for branches that depend on secrets
#   scripts/setup.sh peers    the servers that ours is measured beside
#   scripts/setup.sh pictures to take pictures of the desk's pages
#   scripts/setup.sh format   to format the sources
set -euo pipefail
cd "$(dirname "$0")/.."

native=(gcc libc6-dev make meson ninja-build pkgconf python3 libssl-dev librocksdb-dev
    libsqlite3-dev libutf8proc-dev libwslay-dev libseccomp-dev libqrencode-dev libjson-c-dev libxml2-dev
    libmicrohttpd-dev libncurses-dev linux-libc-dev zlib1g-dev libbrotli-dev esbuild
    poppler-utils poppler-data fonts-urw-base35 netpbm) # the last four draw what is attached to a filing
missing=()

die() { echo "setup: $*" >&2; exit 1; }

# The versions of clang that Debian 12 and 13 have together with a runtime for wasm32.
clang_version() {
    scripts/clang-version.sh && return
    # shellcheck disable=SC1091
    case $(. /etc/os-release && echo "${VERSION_CODENAME:-}") in
    bookworm) echo 14 ;;
    *) echo 19 ;;
    esac
}

need() {
    local package
    for package; do
        grep -qxF "$package" <<<"$installed" || missing+=("$package")
    done
}

need_wasm() {
    local v
    v=$(clang_version)
    need "clang-$v" "lld-$v" "llvm-$v" "libclang-rt-$v-dev" wasi-libc "libclang-rt-$v-dev-wasm32"
    node --version 2>/dev/null | grep -qE '^v(1[89]|[2-9][0-9])\.' || need nodejs
}

need_web() {
    need_wasm
    command -v npm >/dev/null || need npm
}

install_missing() {
    local sudo=() install=(apt-get install -y -q --no-install-recommends --no-upgrade "${missing[@]}")
    echo "setup: installing ${missing[*]}" >&2
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "run this as root, then again: ${install[*]}"
        sudo=(sudo)
    fi
    export DEBIAN_FRONTEND=noninteractive
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    "${sudo[@]}" "${install[@]}" >"$log" 2>&1 && return
    # The lists are missing, or name versions that the mirror no longer has.
    if ! { "${sudo[@]}" apt-get update -q && "${sudo[@]}" "${install[@]}"; } >"$log" 2>&1; then
        tail -n 15 "$log" >&2
        die "that failed. By hand: ${sudo[*]} ${install[*]}"
    fi
}

command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
    die "this is not Debian. Install the equivalents of: ${native[*]}"
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p')

need "${native[@]}"
case ${1:-native} in
native) ;;
wasm) need_wasm ;;
web) need_web ;;
test)
    need_web
    need libfido2-dev openssh-client # whose verdicts on signatures ours are compared with
    need python3-pyte # what a terminal would show
    need node-typescript chromium chromium-driver python3-selenium # the desk's pages
    ;;
tlog)
    command -v go >/dev/null || need golang-go
    need golang-golang-x-mod-dev
    ;;
secrets) need valgrind ;;
peers) need ejabberd prosody lua-sec openssl liburing-dev ;;
pictures) need chromium chromium-driver python3-selenium fonts-dejavu-core fonts-noto-cjk ;;
format) need "clang-format-$(clang_version)" ;;
*) die "native, web, wasm, test, tlog, secrets, peers, pictures or format, not $1" ;;
esac
[ ${#missing[@]} -eq 0 ] || install_missing
