#!/usr/bin/env bash
# Builds what Debian has, but too old or not for WebAssembly, into build/deps/native or build/deps/wasm:
# libsodium, and for wasm utf8proc and SQLite.
#
#   scripts/deps.sh native|wasm
#
# The sources are Debian's own source packages from sid, fetched with a private apt configuration: own
# lists, state and cache under build/deps/apt, the mirror, keyring and proxy of this system's own
# apt sources, signatures checked by apt. The system's sources and libraries stay as they are.
# Without a mirror, SOTTO_SODIUM_TARBALL=/path/to/libsodium-1.0.22.tar.gz, SOTTO_UTF8PROC_TARBALL and
# SOTTO_SQLITE_TARBALL name the sources instead.
set -euo pipefail

need=1.0.22
root=$(cd "$(dirname "$0")/.." && pwd)
deps=$root/build/deps
target=${1:?native or wasm}
prefix=$deps/$target
stamp=$prefix/.built
built=$need # what the stamp says
[ "$target" = native ] || built="$need utf8proc sqlite"

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
    local package=$1 apt=$deps/apt uri entry
    read -r uri entry < <(system_repository) || true
    [ -n "${uri:-}" ] || die "this system's apt sources name no Debian repository with 'main'"
    rm -rf "$apt"
    mkdir -p "$apt"/{sources,state/lists/partial,cache/archives/partial,source}
    printf 'Types: deb-src\nURIs: %s\nSuites: sid\nComponents: main\nSigned-By: %s\n' \
        "$uri" "$(system_keyring "${entry%:*}")" >"$apt/sources/sid.sources"
    say "fetching the source of $package (Debian sid, checked by apt)"
    if ! private_apt -o APT::Update::Error-Mode=any update >"$apt/log" 2>&1; then
        cat "$apt/log" >&2
        grep -q NO_PUBKEY "$apt/log" &&
            die "the keyring of this system is too old for sid: upgrade debian-archive-keyring"
        die "sid could not be read from $uri; or set SOTTO_SODIUM_TARBALL to libsodium-$need's source" \
            "(and SOTTO_UTF8PROC_TARBALL to utf8proc's, SOTTO_SQLITE_TARBALL to SQLite's)"
    fi
    (cd "$apt/source" && private_apt source --download-only "$package") >"$apt/log" 2>&1 ||
        { cat "$apt/log" >&2; die "the source of $package could not be fetched from $uri"; }
    local tarballs=("$apt/source/${package}_"*.orig.tar.*[!c])
    cp "${tarballs[0]}" "$deps/$package.tar.part"
    mv "$deps/$package.tar.part" "$deps/$package.tar"
    rm -rf "$apt"
}

# unpack PACKAGE TARBALL: into $work/PACKAGE; TARBALL may be empty.
unpack() {
    mkdir -p "$deps" "$work/$1"
    if [ -n "$2" ]; then
        cp "$2" "$deps/$1.tar"
    elif [ ! -e "$deps/$1.tar" ]; then
        fetch_from_sid "$1"
    fi
    tar -xf "$deps/$1.tar" -C "$work/$1" --strip-components=1
}

unpack_all() {
    unpack libsodium "${SOTTO_SODIUM_TARBALL:-}"
    local got
    got=$(sed -n "s/^PACKAGE_VERSION='\(.*\)'/\1/p" "$work/libsodium/configure")
    [ "$(printf '%s\n' "$need" "$got" | sort -V | head -n 1)" = "$need" ] ||
        die "libsodium $need or newer is needed, and this is $got"
    [ "$target" = native ] && return
    unpack utf8proc "${SOTTO_UTF8PROC_TARBALL:-}"
    unpack sqlite3 "${SOTTO_SQLITE_TARBALL:-}"
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
            RANLIB="llvm-ranlib-$clang" CFLAGS="-O2 -ffile-prefix-map=$work/libsodium=." \
            ./configure "${common[@]}" --host=wasm32-wasi --disable-ssp --disable-asm --disable-pie \
            --without-pthreads
        ;;
    *) die "native or wasm, not $1" ;;
    esac
}

build_sodium() {
    cd "$work/libsodium" && configure_for "$target" && make -j2 -C src/libsodium &&
        make -C src/libsodium install DESTDIR="$work/stage" &&
        make install-pkgconfigDATA DESTDIR="$work/stage"
}

# One file, as its own Makefile compiles it.
build_utf8proc() {
    local clang stage=$work/stage$prefix
    clang=$("$root/scripts/clang-version.sh")
    cd "$work/utf8proc" &&
        "clang-$clang" --target=wasm32-wasi --sysroot=/usr -O2 -std=c99 -DUTF8PROC_STATIC \
            "-ffile-prefix-map=$work/utf8proc=." -c utf8proc.c -o utf8proc.o &&
        "llvm-ar-$clang" rcs "$stage/lib/libutf8proc.a" utf8proc.o &&
        cp utf8proc.h "$stage/include/" &&
        sed -e "s|PREFIX|$prefix|; s|LIBDIR|lib|; s|INCLUDEDIR|include|; s|VERSION|2|" \
            libutf8proc.pc.in >"$stage/lib/pkgconfig/libutf8proc.pc"
}

# What the client's engine (src/store/sqlite.c) never asks for is left out. The options are those that
# leave SQLite's grammar as it is, so that its parser needs no other options than the rest.
sqlite_options=(-DSQLITE_OS_OTHER=1 -DSQLITE_THREADSAFE=0 -DSQLITE_DQS=0 -DSQLITE_TEMP_STORE=3
    -DSQLITE_DEFAULT_MEMSTATUS=0 -DSQLITE_MAX_EXPR_DEPTH=0 -DSQLITE_MAX_MMAP_SIZE=0
    -DSQLITE_LIKE_DOESNT_MATCH_BLOBS -DSQLITE_UNTESTABLE
    -DSQLITE_OMIT_{AUTHORIZATION,COMPLETE,DATETIME_FUNCS,DECLTYPE,DEPRECATED,DESERIALIZE,GET_TABLE}
    -DSQLITE_OMIT_{INCRBLOB,JSON,LOAD_EXTENSION,LOOKASIDE,PROGRESS_CALLBACK,SHARED_CACHE,TRACE,UTF16})

# One file, made with the interpreter that SQLite brings. The engine registers the only file system.
build_sqlite() {
    local clang stage=$work/stage$prefix
    clang=$("$root/scripts/clang-version.sh")
    cd "$work/sqlite3" && ./configure --disable-tcl --disable-readline && make sqlite3.c &&
        cat >>sqlite3.c <<'END' &&

int sqlite3_os_init(void) {
    return SQLITE_OK;
}
int sqlite3_os_end(void) {
    return SQLITE_OK;
}
END
        "clang-$clang" --target=wasm32-wasi --sysroot=/usr -Os "${sqlite_options[@]}" \
            "-ffile-prefix-map=$work/sqlite3=." -c sqlite3.c -o sqlite3.o &&
        "llvm-ar-$clang" rcs "$stage/lib/libsqlite3.a" sqlite3.o &&
        cp sqlite3.h "$stage/include/" &&
        printf '%s\n' "Name: SQLite" "Description: the client's store" "Version: $(cat VERSION)" \
            "Libs: -L$prefix/lib -lsqlite3" "Cflags: -I$prefix/include" \
            >"$stage/lib/pkgconfig/sqlite3.pc"
}

build() {
    (build_sodium) && { [ "$target" = native ] || { (build_utf8proc) && (build_sqlite); }; }
} >"$log" 2>&1

if [ "$target" = native ] && pkg-config --atleast-version="$need" libsodium; then
    exit 0
fi
[ -e "$stamp" ] && [ "$(cat "$stamp")" = "$built $prefix" ] && exit 0

mkdir -p "$deps"
exec 9>"$deps/.lock-$target"
flock 9
[ -e "$stamp" ] && [ "$(cat "$stamp")" = "$built $prefix" ] && exit 0
work=$(mktemp -d "$deps/work-$target.XXXXXX")
log=$deps/$target.log
trap 'rm -rf "$work"' EXIT
(flock 8 && unpack_all) 8>"$deps/.lock-source"
say "building libraries for $target (about half a minute, once)"
if ! (build); then
    tail -n 20 "$log" >&2
    die "they could not be built; the whole log is $log"
fi
rm -rf "$prefix"
mv "$work/stage$prefix" "$prefix"
echo "$built $prefix" >"$stamp"
