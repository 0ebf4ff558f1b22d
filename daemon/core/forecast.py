"""When a list would be through, under today's limits and quiet hours: the same rules as for sending, run ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from math import inf
from typing import Final

from daemon.core.quiet_hours import QuietHours, opens_at
from daemon.core.throttle import History, Limits, next_allowed

RADIO_SECONDS = 5.0
"""What one submit takes on GSM, as a rule: four to six seconds."""
MOST_EXACT: Final = 10_000
"""So many messages are run ahead one by one; what a longer list takes is taken from them in proportion."""


@dataclass(slots=True)
class Lane:
    """One SIM: its history so far and its limits, and what a forecast gave it: messages, parts, and their times."""

    history: History
    limits: Limits
    free_at: float
    messages: int = 0
    parts: int = 0
    first: float = inf
    last: float = -inf
    newcomers: dict[int, float] = field(default_factory=dict)
    """When the next message of so many parts to somebody new may start, as far as that was asked for."""


def finish(
    lanes: Sequence[Lane], messages: Sequence[tuple[str, int]], quiet: QuietHours, zone: tzinfo
) -> tuple[float, float] | None:
    """Start of the first and end of the last of (recipient, parts), in seconds since the epoch. None: there is no SIM,
    nothing to send, or a message that can never fit.

    The lanes are used up by it; what each got stands in them.
    """
    if not lanes or not messages:
        return None
    for recipient, parts in messages[:MOST_EXACT]:
        at, lane = min(((_start(lane, recipient, parts, quiet, zone), lane) for lane in lanes), key=lambda way: way[0])
        if at == inf:
            return None
        for _ in range(parts):
            lane.history.add(at, recipient)
        lane.free_at = at + parts * RADIO_SECONDS
        lane.newcomers.clear()
        lane.messages += 1
        lane.parts += parts
        lane.first, lane.last = min(lane.first, at), max(lane.last, lane.free_at)
    if len(messages) > MOST_EXACT:
        _stretch(lanes, len(messages), sum(parts for _, parts in messages))
    used = [lane for lane in lanes if lane.messages]
    return min(lane.first for lane in used), max(lane.last for lane in used)


def _stretch(lanes: Sequence[Lane], messages: int, parts: int) -> None:
    """Give the lanes the whole list in the proportions of its beginning."""
    times, all_parts = messages / MOST_EXACT, sum(lane.parts for lane in lanes)
    for lane in lanes:
        if lane.messages:
            lane.messages = round(lane.messages * times)
            lane.last = lane.first + (lane.last - lane.first) * times
            lane.parts = round(lane.parts * parts / all_parts)


def _start(lane: Lane, recipient: str, parts: int, quiet: QuietHours, zone: tzinfo) -> float:
    """The first instant at which both the limits and the hour allow it."""
    if lane.history.last_to(recipient) is not None:
        return _search(lane, recipient, parts, quiet, zone)
    if parts not in lane.newcomers:
        lane.newcomers[parts] = _search(lane, None, parts, quiet, zone)
    return lane.newcomers[parts]


def _search(lane: Lane, recipient: str | None, parts: int, quiet: QuietHours, zone: tzinfo) -> float:
    at = lane.free_at
    while True:
        allowed = max(at, next_allowed(lane.history, lane.limits, at, parts=parts, recipient=recipient).at)
        if allowed == inf:
            return allowed
        opens = opens_at(allowed, quiet, zone)
        if opens == allowed:
            return allowed
        at = opens
