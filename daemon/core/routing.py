"""Which of several SIMs takes a message that any may take: the one with the most room left."""

from __future__ import annotations

from collections.abc import Mapping

from daemon.core.spans import DAY, HOUR
from daemon.core.throttle import MONTH, History, Limits

_WINDOWS = (("parts_per_hour", HOUR), ("parts_per_day", DAY), ("parts_per_month", MONTH))


def room(history: History, limits: Limits, now: float) -> float:
    """How many parts the SIM may still submit before one of its longer limits is reached; infinite without one.

    The gap and the minute are left out: they come and go too fast to say which SIM has done less.
    """
    left = (
        getattr(limits, key) - history.parts_within(window, now) for key, window in _WINDOWS if getattr(limits, key)
    )
    return min(left, default=float("inf"))


def roomier(mine: float, idle: Mapping[str, float]) -> str | None:
    """The idle SIM that goes before one with room `mine`: that with the most, if it has more. None: none does."""
    best = max(idle, key=lambda iccid: (idle[iccid], iccid), default=None)
    return best if best is not None and idle[best] > mine else None
