#!/usr/bin/env bash
# Builds what Debian has, but too old: libsodium, into build/deps/native or build/deps/wasm.
#
#   scripts/deps.sh native|wasm
#
# The source is Debian's own source package from sid, fetched with a private apt configuration: own
# lists, state and cache under build/deps/apt, the mirror, keyring and proxy of this system's own
# apt sources, signatures checked by apt. The system's sources and libraries stay as they are.
# Without a mirror, SOTTO_SODIUM_TARBALL=/path/to/libsodium-1.0.22.tar.gz names the source instead.
set -euo pipefail

need=1.0.22
root=$(cd "$(dirname "$0")/.." && pwd)
deps=$root/build/deps
target=${1:?native or wasm}
prefix=$deps/$target
stamp=$prefix/.built

say() { echo "deps: $*" >&2; }
die() { say "$*"; exit 1; }

# Prints the repository that this system's own release comes from, and the file that names it.
system_repository() {
    local release
    # shellcheck disable=SC1091
    release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI) $(SOURCESENTRY)' \
        'Created-By: Packages' | awk -v r="$release" '$1 == r && $2 == "main" { print $3, $4; exit }'
}

# Prints the keyring that the sources file $1 names, else Debian's own.
system_keyring() {
    local named
    named=$(sed -n -E -e 's/^Signed-By:[[:space:]]*(\/[^[:space:]]+).*/\1/Ip' \
        -e 's/^deb .*signed-by=(\/[^] ]+).*/\1/p' "$1" | head -n 1)
    for keyring in "$named" /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
        [ -n "$keyring" ] && [ -e "$keyring" ] && echo "$keyring" && return
    done
    die "no keyring found for Debian's signatures: install debian-archive-keyring"
}

private_apt() {
    local apt=$deps/apt
    apt-get -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$apt/sources" \
        -o Dir::State="$apt/state" -o Dir::State::status=/dev/null -o Dir::Cache="$apt/cache" \
        -o APT::Sandbox::User="$(id -un)" "$@"
}

fetch_from_sid() {
    local apt=$deps/apt uri entry
    read -r uri entry < <(system_repository) || true
    [ -n "${uri:-}" ] || die "this system's apt sources name no Debian repository with 'main'"
    rm -rf "$apt"
    mkdir -p "$apt"/{sources,state/lists/partial,cache/archives/partial,source}
    printf 'Types: deb-src\nURIs: %s\nSuites: sid\nComponents: main\nSigned-By: %s\n' \
        "$uri" "$(system_keyring "${entry%:*}")" >"$apt/sources/sid.sources"
    say "fetching the source of libsodium (Debian sid, checked by apt)"
    if ! private_apt -o APT::Update::Error-Mode=any update >"$apt/log" 2>&1; then
        cat "$apt/log" >&2
        grep -q NO_PUBKEY "$apt/log" &&
            die "the keyring of this system is too old for sid: upgrade debian-archive-keyring"
        die "sid could not be read from $uri; or set SOTTO_SODIUM_TARBALL to libsodium-$need's source"
    fi
    (cd "$apt/source" && private_apt source --download-only libsodium) >"$apt/log" 2>&1 ||
        { cat "$apt/log" >&2; die "libsodium's source could not be fetched from $uri"; }
    local tarballs=("$apt"/source/libsodium_*.orig.tar.*[!c])
    cp "${tarballs[0]}" "$deps/libsodium.tar.part"
    mv "$deps/libsodium.tar.part" "$deps/libsodium.tar"
    rm -rf "$apt"
}

unpack() {
    mkdir -p "$deps"
    if [ -n "${SOTTO_SODIUM_TARBALL:-}" ]; then
        cp "$SOTTO_SODIUM_TARBALL" "$deps/libsodium.tar"
    elif [ ! -e "$deps/libsodium.tar" ]; then
        fetch_from_sid
    fi
    tar -xf "$deps/libsodium.tar" -C "$work" --strip-components=1
    local got
    got=$(sed -n "s/^PACKAGE_VERSION='\(.*\)'/\1/p" "$work/configure")
    [ "$(printf '%s\n' "$need" "$got" | sort -V | head -n 1)" = "$need" ] ||
        die "libsodium $need or newer is needed, and this is $got"
}

configure_for() {
    local common=(--prefix="$prefix" --disable-shared --enable-static --disable-dependency-tracking
        --enable-silent-rules --quiet)
    case $1 in
    native) ./configure "${common[@]}" --with-pic ;;
    wasm)
        local clang
        clang=$("$root/scripts/clang-version.sh") || die "no clang with wasm32-wasi: scripts/setup.sh wasm installs it"
        CC="clang-$clang --target=wasm32-wasi --sysroot=/usr" AR="llvm-ar-$clang" \
            RANLIB="llvm-ranlib-$clang" CFLAGS="-O2 -ffile-prefix-map=$work=." \
            ./configure "${common[@]}" --host=wasm32-wasi --disable-ssp --disable-asm --disable-pie \
            --without-pthreads
        ;;
    *) die "native or wasm, not $1" ;;
    esac
}

build() {
    cd "$work" && configure_for "$target" && make -j2 -C src/libsodium &&
        make -C src/libsodium install DESTDIR="$work/stage" &&
        make install-pkgconfigDATA DESTDIR="$work/stage"
} >"$log" 2>&1

if [ "$target" = native ] && pkg-config --atleast-version="$need" libsodium; then
    exit 0
fi
[ -e "$stamp" ] && [ "$(cat "$stamp")" = "$need $prefix" ] && exit 0

mkdir -p "$deps"
exec 9>"$deps/.lock-$target"
flock 9
[ -e "$stamp" ] && [ "$(cat "$stamp")" = "$need $prefix" ] && exit 0
work=$(mktemp -d "$deps/work-$target.XXXXXX")
log=$deps/$target.log
trap 'rm -rf "$work"' EXIT
(flock 8 && unpack) 8>"$deps/.lock-source"
say "building libsodium for $target (about half a minute, once)"
if ! (build); then
    tail -n 20 "$log" >&2
    die "libsodium could not be built; the whole log is $log"
fi
rm -rf "$prefix"
mv "$work/stage$prefix" "$prefix"
echo "$need $prefix" >"$stamp"
