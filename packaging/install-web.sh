#!/bin/sh
# Installs the web page, as a whole and in place of the one before: install-web.sh FROM TO, below the prefix.
set -eu
to=$MESON_INSTALL_DESTDIR_PREFIX/$2
if [ ! -e "$1/index.html" ]; then
    echo "install: there is no web page to install; scripts/build.sh web makes it" >&2
    exit 0
fi
rm -rf "$to"
mkdir -p "$to"
cp "$1"/* "$to/"
chmod 644 "$to"/*
chmod 755 "$to"
