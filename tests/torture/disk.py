"""The disk that state and spool lie on: a small one of its own where it may be mounted, so that it can be filled."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
from pathlib import Path

FINE = (2**16, 2**12, 1)


class Disk:
    """`folder` is empty at first. `own`: it is a file system of its own."""

    def __init__(self, folder: Path, mib: int) -> None:
        self.folder = folder
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=0755", "outpost-torture", folder]
        try:
            self.own = subprocess.run(command, capture_output=True, check=False).returncode == 0
        except OSError:
            self.own = False
        self._filler = folder / "filler"

    def fill(self) -> None:
        """To the last byte."""
        room = os.statvfs(self.folder)
        with self._filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            os.posix_fallocate(file.fileno(), 0, room.f_bavail * room.f_frsize)
        with self._filler.open("ab", buffering=0) as file:
            for size in FINE:
                try:
                    while True:
                        file.write(bytes(size))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def free(self) -> None:
        self._filler.unlink(missing_ok=True)

    def close(self) -> None:
        if self.own:
            subprocess.run(["umount", "--lazy", self.folder], check=True)
