"""Makes a drop that was taken the service's own: whoever dropped it could change it later, and nobody would know.

A file cannot be given away without privileges, so it is copied, and the copy takes its place in one step.
"""

from __future__ import annotations

import ctypes
import math
import os
import shutil
import stat
from pathlib import Path

from daemon.access import ADMINS, admit
from daemon.intake.readers.items import MAX_BYTES

MOST_BYTES = 2 * MAX_BYTES
"""More than a list, and a folder's small files beside it, may hold: what is larger was rejected, and is not copied."""

_READ, _ENTER = 4, 1
_EXCHANGE = 2  # renameat2(2)
_CURRENT = -100  # AT_FDCWD
_LIBC = ctypes.CDLL(None, use_errno=True)


def copied(path: Path, copy: Path) -> bool:
    """Make a copy of a drop, which besides the service only who dropped it and administrators may read. False: there is
    none, because the drop is the service's own, or is not made of plain files of bearable size.

    Raises OSError, with half a copy perhaps.
    """
    if path.lstat().st_uid == os.geteuid() or _octets(path) > MOST_BYTES:
        return False
    _copy(path, copy)
    return True


def exchange(one: Path, other: Path) -> None:
    """Let two names change places, in one step. Raises OSError, with all as it was."""
    if _LIBC.renameat2(_CURRENT, os.fsencode(one), _CURRENT, os.fsencode(other), _EXCHANGE):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), str(other))


def remove(path: Path) -> None:
    """Remove what lies there, as far as it lets us."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _octets(path: Path) -> float:
    """How many there are of all files; infinitely many where something is no plain file."""
    status = path.lstat()
    if stat.S_ISDIR(status.st_mode):
        return sum(map(_octets, path.iterdir()))
    return status.st_size if stat.S_ISREG(status.st_mode) else math.inf


def _copy(path: Path, copy: Path) -> None:
    status = path.lstat()
    if stat.S_ISDIR(status.st_mode):
        copy.mkdir(mode=0o700)
        for inner in path.iterdir():
            _copy(inner, copy / inner.name)
    else:
        source = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(source, "rb") as old, copy.open("xb") as new:
            shutil.copyfileobj(old, new)
            new.flush()
            os.fsync(new.fileno())
    os.utime(copy, ns=(status.st_atime_ns, status.st_mtime_ns))
    admit(copy, (ADMINS,), _READ | _ENTER if copy.is_dir() else _READ, users=(status.st_uid,))
