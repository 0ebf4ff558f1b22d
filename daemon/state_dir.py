"""The folder of the database: one process at a time may change what lies there."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class CannotStart(Exception):
    """The service cannot start. The message says what is wrong, where, and what to do."""


def lock(state_dir: Path) -> int:
    """Keep a second service away from this folder: a descriptor that holds the lock until it is closed, or the process
    ends, however it does.

    Raises CannotStart.
    """
    path = state_dir / "outpost.lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        hand_over(path, state_dir)
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
