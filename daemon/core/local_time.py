"""The local time of a person, as far as the number tells it."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from phonenumbers.tzdata import TIMEZONE_DATA, TIMEZONE_LONGEST_PREFIX

from daemon.core.quiet_hours import QuietHours, opens_at

_ROUNDS = 8
"""Where several zones leave so little of the day that no hour suits all, the last one tried is taken."""


def zones_of(e164: str, own: str) -> str:
    """The time zones of the country, or part of it, that a number (E.164) belongs to: their names in order, a space
    between them; "" when the station's `own` is among them, or nobody knows."""
    digits = e164.removeprefix("+")
    found = next(
        (TIMEZONE_DATA[digits[:n]] for n in range(TIMEZONE_LONGEST_PREFIX, 0, -1) if digits[:n] in TIMEZONE_DATA), ()
    )
    return "" if own in found else " ".join(found)


def opens_for(now: float, quiet: QuietHours, zones: Iterable[ZoneInfo]) -> float:
    """`now` when it is quiet in none of the zones, else the next instant at which that is so."""
    zones = list(zones)
    for _ in range(_ROUNDS):
        opens = max((opens_at(now, quiet, zone) for zone in zones), default=now)
        if opens == now:
            break
        now = opens
    return now
