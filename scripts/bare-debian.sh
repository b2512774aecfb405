#!/usr/bin/env bash
# Runs a fresh clone of this repository's HEAD on a bare Debian, as somebody new would: only git and
# make are there. Needs root, debootstrap and 4 GB under /tmp.
#
#   scripts/bare-debian.sh bookworm|trixie [COMMAND]      (COMMAND: .ci/run)
#
# The mirror and apt's settings for it are this system's own, and so is npm's registry. If the published vectors are here, they
# are put beside the clone.
set -euo pipefail
cd "$(dirname "$0")/.."
suite=${1:?bookworm or trixie}
command=${2:-.ci/run}
mirror=$(apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 == "Debian" && $2 == "main" { print $3; exit }')
vectors=${SOTTO_VECTORS:-../shared/vectors}
bare=$(mktemp -d "/tmp/bare-$suite.XXXXXX")
chmod 755 "$bare" # tests become other users

clean_up() {
    umount "$bare/dev/pts" "$bare/dev" "$bare/proc" 2>/dev/null || true
    rm -rf --one-file-system "$bare"
}
trap clean_up EXIT

echo "bare-debian: making $suite"
debootstrap --variant=minbase --include=make,git,ca-certificates "$suite" "$bare" "$mirror" \
    >"/tmp/bare-$suite.log" 2>&1 || { tail "/tmp/bare-$suite.log" >&2; exit 1; }
apt-config dump | grep -E '^Acquire::(Check-|[a-z]+::Proxy)' >"$bare/etc/apt/apt.conf.d/90host" || true
[ ! -x "$(command -v npm)" ] || echo "registry=$(npm config get registry)" >"$bare/etc/npmrc"
mount -t proc proc "$bare/proc"
mount --bind /dev "$bare/dev"
mount --bind /dev/pts "$bare/dev/pts"
git clone -q . "$bare/sotto"
if [ -d "$vectors" ]; then
    mkdir -p "$bare/shared"
    cp -r "$vectors" "$bare/shared/vectors"
fi
echo "bare-debian: $command in a fresh clone of $(git rev-parse --short HEAD)"
time chroot "$bare" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    bash -c "cd /sotto && $command"
