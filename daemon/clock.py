"""The one place where time enters, and how a time is written for people."""

from __future__ import annotations

import time
from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path

from daemon.core.pace import Moment

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Clock:
    """The machine's clocks. Whatever needs the time is given one of these, so that tests can give another."""

    def now(self) -> float:
        """Seconds since the epoch, UTC. It may jump: somebody sets the clock."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds from some start. It never jumps: for measuring how long something takes."""
        return time.monotonic()

    def moment(self) -> Moment:
        """Now, by the wall clock and by the one that counts from boot, sleep included."""
        return Moment(self.now(), time.clock_gettime(time.CLOCK_BOOTTIME))

    def boot(self) -> str:
        """Names this boot of the machine; a restart of the service does not change it. Raises OSError."""
        return _BOOT_ID.read_text().strip()


def iso(at: float, zone: tzinfo) -> str:
    """A time in ISO 8601 with the offset of `zone`: "2026-03-29T09:00:00+01:00". Fractions of a second are cut off."""
    return datetime.fromtimestamp(at // 1, zone).isoformat(timespec="seconds")


def since_boot() -> float:
    """Seconds since the machine was started, its sleep included. Nobody can set this clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@cache
def boot_id() -> str:
    """The kernel's name for this start of the machine; empty where it gives none."""
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return ""
