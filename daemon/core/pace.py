"""How fast one SIM may submit although the wall clock may jump: by wall time and by time since boot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from daemon.core import routing, throttle
from daemon.core.throttle import Allowed, History, Limits


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant by two clocks, in seconds: `wall` since the epoch, which somebody may set; `up` since boot, which
    nobody can."""

    wall: float
    up: float


class Pace:
    """What one SIM has submitted: ever, by the wall clock; and since this boot, by the clock that never jumps.

    A wall clock that is put forward empties no window: those of this boot hold until real time has passed.
    """

    def __init__(
        self,
        by_wall: Iterable[tuple[float, str]] = (),
        since_boot: Iterable[tuple[float, str]] = (),
        reach: float = throttle.MONTH,
    ) -> None:
        """Take (time, recipient) by each clock, in any order, and remember them for `reach` seconds."""
        self._wall = History(by_wall, reach)
        self._up = History(since_boot, reach)

    def add(self, at: Moment, recipient: str) -> None:
        """Record one part."""
        self._wall.add(at.wall, recipient)
        self._up.add(at.up, recipient)

    def newest(self) -> float | None:
        """The wall time of the newest submit."""
        return self._wall.newest()

    def next_allowed(self, limits: Limits, now: Moment, *, parts: int = 1, recipient: str | None = None) -> Allowed:
        """As `throttle.next_allowed`, in wall time."""
        by_wall = throttle.next_allowed(self._wall, limits, now.wall, parts=parts, recipient=recipient)
        by_up = throttle.next_allowed(self._up, limits, now.up, parts=parts, recipient=recipient)
        after = now.wall + (by_up.at - now.up)
        return Allowed(after, by_up.reason) if after > by_wall.at else by_wall

    def known_since(self, limits: Limits, now: Moment) -> float | None:
        """As `throttle.known_since`."""
        return throttle.known_since(self._wall, limits, now.wall)

    def room(self, limits: Limits, now: Moment) -> float:
        """As `routing.room`."""
        return routing.room(self._wall, limits, now.wall)
