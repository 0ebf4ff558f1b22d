#!/bin/bash
# Boots a machine: systemd as PID 1 in a container over a read-only root. Started in a mount namespace of its own:
#
#   unshare --mount --propagation private boot.sh ROOT FOLDER       what the machine writes lies in FOLDER
set -eu
root=$1 folder=$2
mount -t tmpfs tmpfs "$folder"
mkdir "$folder/upper" "$folder/work" "$folder/root"
mount -t overlay overlay -o "lowerdir=$root,upperdir=$folder/upper,workdir=$folder/work" "$folder/root"
umount --recursive /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
group=/sys/fs/cgroup/outpost-test-$$
mkdir "$group"
trap 'echo $$ >/sys/fs/cgroup/cgroup.procs; find "$group" -depth -type d -exec rmdir {} +' EXIT
echo $$ >"$group/cgroup.procs"
# Ports of the simulated modems are the ptys of the machine outside.
systemd-nspawn --quiet --directory="$folder/root" --boot --register=no --keep-unit --private-network \
    --resolv-conf=off --timezone=off --link-journal=no --console=passive --system-call-filter=bpf \
    --capability=CAP_BPF,CAP_PERFMON --bind=/dev/pts:/run/host/pts
