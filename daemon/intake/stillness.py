"""Knows which files in a folder lie still: a file that is still being copied must not be taken."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

Signature = tuple[int, int, int]
"""Inode, size in bytes, and time of change in nanoseconds: a file is still while it has the same."""


def signature(stat: os.stat_result) -> Signature:
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


@dataclass(frozen=True, slots=True)
class _Seen:
    signature: Signature
    since: float


class Stillness:
    """Times are seconds of any clock that never goes back.

    A writer that was seen at work and has not closed its file yet keeps it unstill for as long as that takes: so a copy
    that stalls on a bad stick is told from one that is done.
    """

    def __init__(self, still_seconds: float) -> None:
        self._still_seconds = still_seconds
        self._seen: dict[str, _Seen] = {}
        self._written: set[str] = set()
        self._left: dict[str, Signature] = {}

    def look(self, files: Mapping[str, os.stat_result], now: float) -> None:
        """Take what the folder holds now, by name."""
        before, self._seen = self._seen, {}
        for name, stat in files.items():
            fresh = _Seen(signature(stat), now)
            old = before.get(name, fresh)
            self._seen[name] = old if old.signature == fresh.signature else fresh
        self._written &= self._seen.keys()
        self._left = {
            name: left for name, left in self._left.items() if name in files and signature(files[name]) == left
        }

    def writing(self, name: str) -> None:
        """Somebody wrote into the file, and has it open."""
        self._written.add(name)

    def closed(self, name: str) -> None:
        """The writer closed the file, or its name is gone."""
        self._written.discard(name)

    def writers_unknown(self) -> None:
        """News was lost: only size and time can be trusted now."""
        self._written.clear()

    def leave(self, name: str) -> None:
        """Speak of this file no more until it changes: it cannot be taken away."""
        if name in self._seen:
            self._left[name] = self._seen[name].signature

    def still(self, now: float) -> list[str]:
        """The files that lie still, the oldest first."""
        names = [name for name in self._waiting() if self._seen[name].since + self._still_seconds <= now]
        return sorted(names, key=lambda name: self._seen[name].signature[2])

    def next_at(self) -> float | None:
        """When the next file will lie still if nothing happens to it, None when nothing waits for time."""
        return min((self._seen[name].since + self._still_seconds for name in self._waiting()), default=None)

    def _waiting(self) -> list[str]:
        return [name for name in self._seen if name not in self._written and name not in self._left]
