"""What a reader reads: the bytes of one list, counted and hashed as they go by."""

from __future__ import annotations

import hashlib
from typing import IO

from daemon.intake.readers.archive import Refused


class Source:
    """Reads on from where it stands, and never more than `most` bytes in all."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        self._file = file
        self._left = self._most = most
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """So many bytes at most, or all that are left. Raises Refused."""
        data = self._file.read(size if 0 <= size <= self._left else self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise Refused(f"there is more than {self._most // 2**20} MiB to read: cut the list into smaller files")
        self._digest.update(data)
        return data

    @property
    def sha256(self) -> str:
        """Of the bytes that were read, in hex."""
        return self._digest.hexdigest()
