"""Knows which drops in a folder lie still: a file that is still being copied must not be taken."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Signature = tuple[int, ...]
"""A file's inode, size in bytes and time of change in nanoseconds; a folder's own, and those of all that is in it. What
is still keeps its signature."""

UNWATCHED = 30.0
"""How many times as long a file must lie still when nobody can say whether it is open for writing."""


def signature(stat: os.stat_result) -> Signature:
    """Of one file, or of a folder without what is in it."""
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


@dataclass(frozen=True, slots=True)
class Drop:
    """What lies in the folder under one name. `changed_at` is in nanoseconds; `times` is how many times as long as one
    file it must lie still.
    """

    signature: Signature
    changed_at: int
    times: float = 1.0

    @classmethod
    def of(cls, stat: os.stat_result) -> Drop:
        return cls(signature(stat), stat.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class _Seen:
    drop: Drop
    since: float


class Stillness:
    """Times are seconds of any clock that never goes back.

    A writer that was seen at work and has not closed its file yet keeps it unstill for as long as that takes: so a copy
    that stalls on a bad stick is told from one that is done. `inner` names a file inside a dropped folder.
    """

    def __init__(self, still_seconds: float) -> None:
        self._still_seconds = still_seconds
        self._seen: dict[str, _Seen] = {}
        self._written: set[tuple[str, str]] = set()
        self._unwatched: dict[str, Signature] = {}
        self._left: dict[str, Signature] = {}

    def look(self, drops: Mapping[str, Drop], now: float) -> None:
        """Take what the folder holds now, by name."""
        before, self._seen = self._seen, {}
        for name, drop in drops.items():
            old = before.get(name)
            self._seen[name] = _Seen(drop, old.since if old and old.drop == drop else now)
        self._written = {key for key in self._written if key[0] in drops}
        self._left = self._as_they_were(self._left)
        self._unwatched = self._as_they_were(self._unwatched)

    def names(self) -> frozenset[str]:
        """What the folder held at the last look."""
        return frozenset(self._seen)

    def writing(self, name: str, inner: str = "") -> None:
        """Somebody wrote into the file, and has it open."""
        self._written.add((name, inner))

    def closed(self, name: str, inner: str = "") -> None:
        """The writer closed the file, or its name is gone."""
        self._written.discard((name, inner))

    def writers_unknown(self) -> None:
        """News was lost: only size and time can be trusted now."""
        self._written.clear()

    def unwatched(self, names: Iterable[str]) -> None:
        """These may have been open for writing before anybody watched: they must lie still for longer."""
        self._unwatched.update({name: self._seen[name].drop.signature for name in names if name in self._seen})

    def leave(self, name: str) -> None:
        """Speak of this file no more until it changes: it cannot be taken away."""
        if name in self._seen:
            self._left[name] = self._seen[name].drop.signature

    def still(self, now: float) -> list[str]:
        """The drops that lie still, the oldest first."""
        names = [name for name in self._waiting() if self._due(name) <= now]
        return sorted(names, key=lambda name: self._seen[name].drop.changed_at)

    def next_at(self) -> float | None:
        """When the next drop will lie still if nothing happens to it, None when nothing waits for time."""
        return min(map(self._due, self._waiting()), default=None)

    def _due(self, name: str) -> float:
        seen = self._seen[name]
        times = max(seen.drop.times, UNWATCHED if name in self._unwatched else 1.0)
        return seen.since + times * self._still_seconds

    def _waiting(self) -> list[str]:
        written = {name for name, _ in self._written}
        return [name for name in self._seen if name not in written and name not in self._left]

    def _as_they_were(self, kept: Mapping[str, Signature]) -> dict[str, Signature]:
        return {
            name: old for name, old in kept.items() if name in self._seen and self._seen[name].drop.signature == old
        }
