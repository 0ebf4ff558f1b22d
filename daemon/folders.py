"""The station's folders: made at a start, and the database's own kept for one process at a time."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

SPOOL_FOLDERS = (
    "incoming", "accepted", "rejected", "outcomes", "replies", "replies/outgoing", "awaiting", "handover",
    "handover/outgoing",
)  # fmt: skip


class CannotStart(Exception):
    """The service cannot start. The message says what is wrong, where, and what to do."""


def make(state_dir: Path, runtime_dir: Path, spool_dir: Path) -> None:
    """Make what is missing of the service's folders.

    Raises CannotStart.
    """
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        runtime_dir.mkdir(mode=0o750, parents=True, exist_ok=True)
        for name in SPOOL_FOLDERS:
            (spool_dir / name).mkdir(mode=0o770, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(
            f"{error.filename}: {error.strerror}. Create it and give it to the service's user, or change "
            "its place in the configuration."
        ) from error


def lock(state_dir: Path) -> int:
    """Keep a second service away from this folder: a descriptor that holds the lock until it is closed, or the process
    ends, however it does.

    Raises CannotStart.
    """
    path = state_dir / "outpost.lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        hand_over(path, state_dir)
    except PermissionError as error:
        raise CannotStart(f"{path}: {error.strerror}. Run this as root, or as the service's user.") from error
    except OSError as error:
        raise CannotStart(
            f"{path}: {error.strerror}. The folder must be the service's own, on a disk that it may write to."
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise CannotStart(f"{path}: another outpost runs with this state_dir. Stop it first.") from error
    return descriptor


def hand_over(path: Path, owned: Path) -> None:
    """Give `path` to the owner of `owned`, when root has made it: the service could not use it otherwise.

    Raises OSError.
    """
    if os.geteuid() == 0:
        owner = owned.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def sync(path: Path) -> None:
    """Make a file's content, or the names in a folder, survive a power cut. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
