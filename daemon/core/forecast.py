"""When a list would be through, under today's limits and quiet hours: the same rules as for sending, run ahead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from daemon.core.quiet_hours import QuietHours, opens_at
from daemon.core.throttle import History, Limits, next_allowed

RADIO_SECONDS = 5.0
"""What one submit takes on GSM, as a rule: four to six seconds."""


@dataclass(slots=True)
class Lane:
    """One SIM: its history so far and its limits."""

    history: History
    limits: Limits
    free_at: float


def finish(
    lanes: Sequence[Lane], messages: Iterable[tuple[str, int]], quiet: QuietHours, zone: tzinfo
) -> tuple[float, float] | None:
    """Start of the first and end of the last of (recipient, parts), in seconds since the epoch. None: there is no SIM,
    nothing to send, or a message that can never fit.

    The lanes are used up by it.
    """
    first = last = None
    for recipient, parts in messages:
        if not lanes:
            return None
        starts = [(_start(lane, recipient, parts, quiet, zone), lane) for lane in lanes]
        at, lane = min(starts, key=lambda start: start[0])
        if at == float("inf"):
            return None
        for _ in range(parts):
            lane.history.add(at, recipient)
        lane.free_at = at + parts * RADIO_SECONDS
        first = at if first is None else min(first, at)
        last = lane.free_at if last is None else max(last, lane.free_at)
    return None if first is None or last is None else (first, last)


def _start(lane: Lane, recipient: str, parts: int, quiet: QuietHours, zone: tzinfo) -> float:
    """The first instant at which both the limits and the hour allow it."""
    at = lane.free_at
    while True:
        allowed = max(at, next_allowed(lane.history, lane.limits, at, parts=parts, recipient=recipient).at)
        if allowed == float("inf"):
            return allowed
        opens = opens_at(allowed, quiet, zone)
        if opens == allowed:
            return allowed
        at = opens
