"""How fast one SIM may submit: sliding windows over its durable history, exact at every instant.

A submit at `t` counts in a window of `w` seconds while `t + w > now`: the window is the half-open interval
`(now - w, now]`, so a submit is allowed at exactly `t + w`. There is nothing to reset and nothing to lose.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from daemon.core.spans import DAY, HOUR, MINUTE

MONTH: Final = 30 * DAY  # fixed, so that no month is shorter than a carrier's

# Shorter windows first: `_after_recipients` relies on it.
_PART_WINDOWS: Final = (
    ("parts_per_minute", MINUTE), ("parts_per_hour", HOUR), ("parts_per_day", DAY), ("parts_per_month", MONTH),
)
_RECIPIENT_WINDOWS: Final = (("recipients_per_day", DAY), ("recipients_per_month", MONTH))
_FORGET_AT_LEAST: Final = 256  # stale entries are cut off in blocks, not one at a time


@dataclass(frozen=True, slots=True)
class Limits:
    """What a SIM may submit: parts and distinct recipients in each window. 0: no such limit.

    `min_gap_seconds` lies between messages: from the last part of one to the first part of the next. The parts of one
    message go together.
    """

    min_gap_seconds: float = 10
    parts_per_minute: int = 4
    parts_per_hour: int = 100
    parts_per_day: int = 200
    parts_per_month: int = 3000
    recipients_per_day: int = 150
    recipients_per_month: int = 0

    def with_overrides(self, **keys: Any) -> Limits:
        """These limits with some keys replaced.

        Raises TypeError for a key that is no limit.
        """
        return replace(self, **keys)


@dataclass(frozen=True, slots=True)
class Allowed:
    """When the next message may start. `reason` is the key of the limit that holds it, "clock" when the clock stands
    before the newest submit, and "" when it may start at once."""

    at: float
    reason: str


class History:
    """When one SIM submitted, and to whom: every part from the moment of `submitting`, those in doubt included.

    Built from the durable record, it gives the same answers as the one that was kept in memory.
    """

    __slots__ = ("_last_to", "_lasts", "_reach", "_times")

    def __init__(self, submits: Iterable[tuple[float, str]] = (), reach: float = MONTH) -> None:
        """Take (time, recipient) in any order, and remember them for `reach` seconds."""
        self._reach = reach
        self._times: list[float] = []           # each part, sorted
        self._last_to: dict[str, float] = {}    # the newest submit to each recipient
        self._lasts: list[float] = []           # the same times, sorted
        for at, recipient in sorted(submits):
            self.add(at, recipient)

    def add(self, at: float, recipient: str) -> None:
        """Record one part. What is older than `reach` is forgotten in time, but for the newest."""
        insort(self._times, at)
        before = self._last_to.get(recipient)
        if before is None or before < at:
            if before is not None:
                del self._lasts[bisect_left(self._lasts, before)]
            self._last_to[recipient] = at
            insort(self._lasts, at)
        if len(self._times) > _FORGET_AT_LEAST and self._times[_FORGET_AT_LEAST] + self._reach <= self._times[-1]:
            self._forget(self._times[-1])

    def _forget(self, now: float) -> None:
        del self._times[:min(_outside(self._times, self._reach, now), len(self._times) - 1)]
        del self._lasts[:_outside(self._lasts, self._reach, now)]
        self._last_to = {who: last for who, last in self._last_to.items() if last + self._reach > now}

    def newest(self) -> float | None:
        """The time of the newest submit."""
        return self._times[-1] if self._times else None

    def nth_newest(self, n: int) -> float | None:
        """The time of the n-th newest part, None when there are fewer."""
        return self._times[-n] if n <= len(self._times) else None

    def last_to(self, recipient: str) -> float | None:
        """The newest submit to a recipient."""
        return self._last_to.get(recipient)

    def nth_newest_recipient(self, n: int) -> float | None:
        """The newest submit to the n-th most recent recipient, None when there are fewer."""
        return self._lasts[-n] if n <= len(self._lasts) else None

    def parts_within(self, window: float, now: float) -> int:
        """How many parts lie in `(now - window, now]`, or after it when the clock was put back."""
        return len(self._times) - _outside(self._times, window, now)

    def recipients_within(self, window: float, now: float) -> int:
        """How many distinct recipients lie in `(now - window, now]`, or after it."""
        return len(self._lasts) - _outside(self._lasts, window, now)


def _outside(times: Sequence[float], window: float, now: float) -> int:
    return bisect_right(times, now, key=lambda time: time + window)


def next_allowed(
    history: History, limits: Limits, now: float, *, parts: int = 1, recipient: str | None = None,
) -> Allowed:
    """When a message of `parts` parts to `recipient` may start. `at <= now`: at once, with no reason.

    It starts only when all its parts fit in every window, as though all were submitted at that instant. A recipient
    already inside a window costs nothing there; None stands for somebody new, the strictest case. A message that can
    never fit gets an infinite time (see `never_fits`).
    """
    newest = history.newest()
    if newest is None or newest <= now:
        at, reason = now, ""
    else:
        at, reason = newest, "clock"
    if newest is not None and limits.min_gap_seconds and newest + limits.min_gap_seconds > at:
        at, reason = newest + limits.min_gap_seconds, "min_gap_seconds"
    for key, window in _PART_WINDOWS:
        limit: int = getattr(limits, key)
        if not limit:
            continue
        if parts > limit:
            return Allowed(float("inf"), key)
        blocking = history.nth_newest(limit - parts + 1)
        if blocking is not None and blocking + window > at:
            at, reason = blocking + window, key
    return _after_recipients(history, limits, Allowed(at, reason), recipient)


def _after_recipients(history: History, limits: Limits, so_far: Allowed, recipient: str | None) -> Allowed:
    """Move on to where a recipient fits too.

    One who is inside a window now may have left it by the time the other limits allow. A later start can only leave a
    longer window after it left the shorter ones, so that one pass, shorter windows first, is enough.
    """
    at, reason = so_far.at, so_far.reason
    last = None if recipient is None else history.last_to(recipient)
    for key, window in _RECIPIENT_WINDOWS:
        limit: int = getattr(limits, key)
        if not limit or (last is not None and last + window > at):
            continue
        blocking = history.nth_newest_recipient(limit)
        if blocking is not None and blocking + window > at:
            at, reason = blocking + window, key
    return Allowed(at, reason)


def never_fits(limits: Limits, parts: int) -> str:
    """The key of the limit that a message of `parts` parts can never meet, "" when it fits."""
    for key, _ in _PART_WINDOWS:
        limit: int = getattr(limits, key)
        if 0 < limit < parts:
            return key
    return ""


def most_parts(limits: Limits) -> int | None:
    """The parts of the longest message that can ever fit; None when no limit says."""
    return min((getattr(limits, key) for key, _ in _PART_WINDOWS if getattr(limits, key)), default=None)


def known_since(history: History, limits: Limits, now: float) -> float | None:
    """While a limit of recipients is reached: only who was texted after this time may be texted now. None: anybody."""
    reached = (
        now - window for key, window in _RECIPIENT_WINDOWS
        if 0 < getattr(limits, key) <= history.recipients_within(window, now)
    )
    return max(reached, default=None)


def longest_window(limits: Limits) -> float:
    """How far back the submits reach that these limits ask for, in seconds."""
    windows = (window for key, window in (*_PART_WINDOWS, *_RECIPIENT_WINDOWS) if getattr(limits, key))
    return max([limits.min_gap_seconds, *windows])


def used(history: History, limits: Limits, now: float) -> dict[str, int]:
    """What lies in each window now, by the key of its limit. Only windows that have a limit are told."""
    parts = {key: history.parts_within(window, now) for key, window in _PART_WINDOWS if getattr(limits, key)}
    return parts | {
        key: history.recipients_within(window, now) for key, window in _RECIPIENT_WINDOWS if getattr(limits, key)
    }
