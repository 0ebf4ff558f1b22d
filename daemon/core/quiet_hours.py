"""When texts may go out again: quiet hours are a rule on local time, right across changes of the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Final

# Intervals that began up to two days ago can hold, and where little is left between them one can run into the next.
_DAYS_AROUND: Final = range(-2, 3)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` until `end` by the local clock, over midnight when `end` is the earlier. Equal: none."""

    start: time
    end: time


def opens_at(now: float, quiet: QuietHours, zone: tzinfo) -> float:
    """`now` outside quiet hours, else the instant when they end. Both in seconds since the epoch.

    Where the clock is put back and shows a time twice, quiet hours begin at the first and end at the second; where it
    is put forward over a time, that time is the moment of the change.
    """
    if quiet.start == quiet.end:
        return now
    today = datetime.fromtimestamp(now, zone).date()
    opens = now
    for days in _DAYS_AROUND:
        first = today + timedelta(days=days)
        last = first if quiet.start < quiet.end else first + timedelta(days=1)
        begin, end = _instants(first, quiet.start, zone)[0], _instants(last, quiet.end, zone)[1]
        if begin <= opens < end:
            opens = end
    return opens


@lru_cache(maxsize=256)  # a forecast asks for the same few days again and again
def _instants(day: date, at: time, zone: tzinfo) -> tuple[float, float]:
    """The first and the last instant at which the local clock shows this time; in a gap the change, twice."""
    wall = datetime.combine(day, at, tzinfo=zone)
    first, last = wall.timestamp(), wall.replace(fold=1).timestamp()
    if first <= last:
        return first, last
    change = _change(int(last), int(first), zone)  # PEP 495: in a gap the two readings are the other way round
    return change, change


def _change(before: int, after: int, zone: tzinfo) -> float:
    """The second between these two at which the zone's offset changes."""
    offset = datetime.fromtimestamp(before, zone).utcoffset()
    while after - before > 1:
        middle = (before + after) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return float(after)
