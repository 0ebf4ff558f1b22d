"""Proof of life: each thread that the station lives by says how long it may be silent, and is missed after that."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Pulse:
    """Threads speak for themselves, by their names. One that never spoke is not missed."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()

    def alive(self, seconds: float) -> None:
        """The thread that calls is alive, and will say so again within `seconds`."""
        with self._lock:
            self._until[threading.current_thread().name] = self._monotonic() + seconds

    def over(self) -> None:
        """The thread that calls ends, and is not to be missed."""
        with self._lock:
            self._until.pop(threading.current_thread().name, None)

    def missed(self) -> list[str]:
        """The threads that have been silent for longer than they said."""
        now = self._monotonic()
        with self._lock:
            return sorted(name for name, until in self._until.items() if until < now)
