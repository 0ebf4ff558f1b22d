"""The one place where time enters, and how a time is written for people."""

from __future__ import annotations

import time
from datetime import datetime, tzinfo


class Clock:
    """The machine's clocks. Whatever needs the time is given one of these, so that tests can give another."""

    def now(self) -> float:
        """Seconds since the epoch, UTC. It may jump: somebody sets the clock."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds from some start. It never jumps: for measuring how long something takes."""
        return time.monotonic()


def iso(at: float, zone: tzinfo) -> str:
    """A time in ISO 8601 with the offset of `zone`: "2026-03-29T09:00:00+01:00". Fractions of a second are cut off."""
    return datetime.fromtimestamp(at // 1, zone).isoformat(timespec="seconds")
