"""Checks of the disks that the station's folders lie on: kind, room, health."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from daemon.doctor.finding import Findings, bad, ok, warn

NETWORK = frozenset({
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs", "fuse.glusterfs", "davfs",
})  # fmt: skip
FORGETFUL = frozenset({"tmpfs", "ramfs"})
WITHOUT_OWNERS = frozenset({"vfat", "msdos", "exfat", "ntfs", "ntfs3", "fuseblk"})
MIB, GIB = 1 << 20, 1 << 30
LITTLE, FEW = 200 * MIB, GIB
SHARED = 5 * GIB
"""Below this, what people drop and what the database needs get in each other's way on one file system."""


@dataclass(frozen=True, slots=True)
class Mount:
    """One mounted file system: where, of what kind, from what, and the kernel's number of its device."""

    place: Path
    kind: str
    source: str
    device: str


def mounts(root: Path) -> list[Mount]:
    """What is mounted, as /proc/self/mountinfo says (proc(5)); later ones lie over earlier ones."""
    found = []
    try:
        text = (root / "proc/self/mountinfo").read_text("utf-8", "replace")
    except OSError:
        return []
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        fields, kinds = before.split(), after.split()
        if len(fields) >= 5 and len(kinds) >= 2:
            place = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields[4])
            found.append(Mount(Path(place), kinds[0], kinds[1], fields[2]))
    return found


def mount_of(path: Path, found: list[Mount]) -> Mount | None:
    """The file system that a path lies on."""
    real = Path(os.path.realpath(path))
    over = [mount for mount in found if real.is_relative_to(mount.place)]
    deepest = max((len(mount.place.parts) for mount in over), default=0)
    return next((mount for mount in reversed(over) if len(mount.place.parts) == deepest), None)


def check_media(name: str, folder: Path, root: Path) -> Findings:
    """That what lies there is still there tomorrow, and belongs to whom it should. `name` is "state" or "spool"."""
    mount = mount_of(folder, mounts(root))
    if mount is None:
        return
    elsewhere = f"move it to a disk of this machine (ext4, XFS or Btrfs) and correct {name}_dir in the configuration"
    if mount.kind in NETWORK:
        yield bad(f"{name} folder", f"{folder} lies on another machine ({mount.kind} from {mount.source}): neither "
                  "locks nor news of what is dropped can be relied on", elsewhere)  # fmt: skip
    elif mount.kind in FORGETFUL:
        yield bad(f"{name} folder", f"{folder} lies in memory ({mount.kind}): all of it is gone when the machine stops",
                  elsewhere)  # fmt: skip
    elif mount.kind in WITHOUT_OWNERS:
        yield bad(f"{name} folder", f"{folder} lies on a file system without owners and access lists ({mount.kind})",
                  elsewhere)  # fmt: skip
    elif _removable(mount, root):
        yield warn(f"{name} folder", f"{folder} lies on a disk that can be pulled out ({mount.source})", elsewhere)
    else:
        yield ok(f"{name} folder", f"{folder} lies on {mount.source} ({mount.kind})")


def check_one_spool(spool: Path) -> Findings:
    """A file is taken by a rename, which goes no further than one file system."""
    if not os.access(spool, os.R_OK | os.X_OK):
        return
    home = spool.stat().st_dev
    strays = [path for path in sorted(spool.iterdir()) if path.is_dir() and path.stat().st_dev != home]
    for stray in strays:
        yield bad("spool folder", f"{stray} lies on another file system than {spool}: nothing can be taken from there",
                  f"unmount {stray}, or put the whole of {spool} on that file system")  # fmt: skip


def check_room(state: Path, spool: Path) -> Findings:
    """Room for the database and for what people drop."""
    for name, folder in (("state", state), ("spool", spool)):
        if not os.access(folder, os.F_OK):
            continue
        disk = os.statvfs(folder)
        free = disk.f_bavail * disk.f_frsize
        told = f"{free // MIB} MiB are free where {folder} lies"
        cure = f"make room: `sudo du -xh --max-depth=2 {folder}` shows what takes it; a full disk stops all sending"
        if free < LITTLE or (disk.f_files and disk.f_favail < 1000):
            yield bad(f"room for {name}", f"{told}, and {disk.f_favail} files may be made", cure)
        elif free < FEW:
            yield warn(f"room for {name}", told, cure)
        elif name == "spool" and free < SHARED and _one_disk(state, folder):
            yield warn(f"room for {name}", f"{told}, and for the database too: what people drop can fill its disk",
                       "put spool_dir on a file system of its own, or make room")  # fmt: skip
        else:
            yield ok(f"room for {name}", told)


def _one_disk(one: Path, other: Path) -> bool:
    return os.access(one, os.F_OK) and one.stat().st_dev == other.stat().st_dev


def check_health(folder: Path, root: Path, smart: Callable[[str], str | None]) -> Findings:
    """What the file system, the flash memory and the disk say of themselves. `smart` gives what `smartctl -H` says of a
    disk, None where it cannot be asked."""
    mount = mount_of(folder, mounts(root))
    partition = None if mount is None else _block_device(mount, root)
    if partition is None:
        return
    disk = _whole(partition)
    replace = f"copy the station to a new disk now: `sudo outpost backup --to FOLDER`, then replace {disk.name}"
    errors = _number(root / "sys/fs/ext4" / partition.name / "errors_count")
    wear = max((int(word, 16) for word in re.findall(r"0x[0-9a-f]+", _text(disk / "device/life_time"))), default=0)
    if errors:
        yield bad("disk", f"the file system on {partition.name} has noted {errors} errors",
                  f"{replace}; `sudo dmesg` tells more")  # fmt: skip
    elif _text(disk / "device/pre_eol_info") in {"0x02", "0x03"} or wear > 0x0A:  # JEDEC eMMC 5.0, 7.4.45 to 7.4.47
        yield bad("disk", f"the flash memory {disk.name} is worn out, as it says itself", replace)
    elif (told := smart(disk.name)) is not None and "FAILED" in told:
        yield bad("disk", f"the disk {disk.name} says that it is failing (SMART)", replace)
    else:
        yield ok("disk", f"{disk.name} says nothing of errors")


def _removable(mount: Mount, root: Path) -> bool:
    partition = _block_device(mount, root)
    if partition is None:
        return False
    disk = _whole(partition)
    return _text(disk / "removable") == "1" or any(part.startswith("usb") for part in disk.parts[len(root.parts):])


def _block_device(mount: Mount, root: Path) -> Path | None:
    """The /sys folder of the partition or disk; None for what is on none, or on several."""
    folder = root / "sys/dev/block" / mount.device
    return folder.resolve() if folder.exists() else None


def _whole(partition: Path) -> Path:
    return partition.parent if (partition / "partition").exists() else partition


def _number(file: Path) -> int:
    text = _text(file)
    return int(text) if text.isdecimal() else 0


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
