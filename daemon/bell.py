"""A wake-up: one thread waits on it, any thread rings it. Nothing polls."""

from __future__ import annotations

import threading


class Bell:
    """Rings are remembered until the next wait, and several count as one."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def ring(self) -> None:
        """Wake the waiting thread, or keep it from falling asleep."""
        self._rung.set()

    def wait(self, seconds: float | None) -> bool:
        """Sleep until the bell rings or `seconds` have passed (None: however long). Whether it rang."""
        rang = self._rung.wait(None if seconds is None else max(0.0, seconds))
        self._rung.clear()
        return rang
