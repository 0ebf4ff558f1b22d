"""Which idle SIM takes what any may take: before a line takes such a message, a roomier idle one goes first."""

from __future__ import annotations

import threading
from collections.abc import Callable

from daemon.core import routing


class Sharing:
    """One for all lines. A SIM is idle between finding nothing to send and its next look."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rings: dict[str, Callable[[], None]] = {}
        self._idle: dict[str, float] = {}

    def join(self, iccid: str, ring: Callable[[], None]) -> None:
        """A SIM can be used from now on; `ring` wakes its line."""
        with self._lock:
            self._rings[iccid] = ring

    def leave(self, iccid: str) -> None:
        """A SIM can no longer be used."""
        with self._lock:
            self._rings.pop(iccid, None)
            self._idle.pop(iccid, None)

    def idle(self, iccid: str, room: float) -> None:
        """A SIM may send, with so much room, and has found nothing."""
        with self._lock:
            self._idle[iccid] = room

    def busy(self, iccid: str) -> None:
        """A SIM looks for itself."""
        with self._lock:
            self._idle.pop(iccid, None)

    def give_way(self, room: float) -> bool:
        """Whether a roomier SIM was idle. It is woken, and no longer counts as idle."""
        with self._lock:
            other = routing.roomier(room, self._idle)
            if other is None:
                return False
            del self._idle[other]
            ring = self._rings.get(other)
        if ring is not None:
            ring()
        return ring is not None
