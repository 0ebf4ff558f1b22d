#!/bin/sh
# Makes a clean root of each Debian that Outpost is tried on here, once, with the machine's own apt configuration. Run as root.
#
#   make-root.sh [FOLDER]       FOLDER: /var/cache/outpost-test-roots; FOLDER/bookworm is Debian 12, FOLDER/trixie Debian 13
set -eu
folder=${1:-/var/cache/outpost-test-roots}
export DEBIAN_FRONTEND=noninteractive

prepare() {
    missing=
    command -v mmdebstrap >/dev/null || missing=mmdebstrap
    command -v systemd-nspawn >/dev/null || missing="$missing systemd-container"
    command -v lintian >/dev/null || missing="$missing lintian"
    [ -n "$missing" ] || return 0
    apt-get update -qq
    # shellcheck disable=SC2086 # a list
    apt-get install -y -qq --no-install-recommends $missing
}

make_root() {
    root=$folder/$1
    [ ! -e "$root/etc/debian_version" ] || return 0
    rm -rf "$root.unfinished"
    # Debian's own sources of this machine, for that release; others that it may have are of no use here.
    sources=$(ls /etc/apt/sources.list.d/debian.sources 2>/dev/null || echo /etc/apt/sources.list)
    case $sources in *.list) kind=list ;; *) kind=sources ;; esac
    sed -E "s/(bookworm|trixie)/$1/g" "$sources" >"$folder/$1.$kind"
    mmdebstrap --quiet --variant=apt --include=systemd,systemd-sysv,dbus,udev,python3,passwd \
        "$1" "$root.unfinished" "$folder/$1.$kind"
    mv "$root.unfinished" "$root"
}

mkdir -p "$folder"
prepare
make_root trixie &
make_root bookworm
wait $!
