#!/bin/sh
# Makes a clean Debian 12 root for the tests in this folder, once, with the machine's own apt configuration. Run as root.
#
#   make-root.sh [FOLDER]       FOLDER: /var/cache/outpost-test-root
set -eu
root=${1:-/var/cache/outpost-test-root}
[ -e "$root/etc/debian_version" ] && exit 0
export DEBIAN_FRONTEND=noninteractive
missing=
command -v mmdebstrap >/dev/null || missing=mmdebstrap
command -v systemd-nspawn >/dev/null || missing="$missing systemd-container"
if [ -n "$missing" ]; then
    apt-get update -qq
    # shellcheck disable=SC2086 # a list
    apt-get install -y -qq --no-install-recommends $missing
fi
# Debian's own sources of this machine; others that it may have are of no use here.
sources=$(ls /etc/apt/sources.list.d/debian.sources 2>/dev/null || echo /etc/apt/sources.list)
rm -rf "$root.unfinished"
mmdebstrap --quiet --variant=apt --include=systemd,systemd-sysv,dbus,udev,python3,passwd \
    bookworm "$root.unfinished" "$sources"
mv "$root.unfinished" "$root"
