"""Things that happen later: one heap for the whole simulated network, so that nothing polls and idling is free."""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable


class Timer:
    """One appointment. `cancel` makes it pass without effect."""

    __slots__ = ("_action",)

    def __init__(self, action: Callable[[], None]) -> None:
        self._action: Callable[[], None] | None = action

    @property
    def waiting(self) -> bool:
        """Whether it is still to come."""
        return self._action is not None

    def cancel(self) -> None:
        """Forget the action."""
        self._action = None

    def fire(self) -> None:
        """Do the action, once."""
        action, self._action = self._action, None
        if action is not None:
            action()


class Timers:
    """A heap of appointments against an injected clock (seconds, never running backwards)."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.now = clock
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()  # appointments for one instant keep the order in which they were made

    def after(self, seconds: float, action: Callable[[], None]) -> Timer:
        """Do `action` once `seconds` from now."""
        timer = Timer(action)
        heapq.heappush(self._heap, (self.now() + seconds, next(self._order), timer))
        return timer

    def due_in(self) -> float | None:
        """Seconds until the next appointment (0 when it is late), None when there is none."""
        if not self._heap:
            return None
        return max(0.0, self._heap[0][0] - self.now())

    def run_due(self) -> None:
        """Keep every appointment whose time has come when this is called."""
        now = self.now()
        while self._heap and self._heap[0][0] <= now:
            heapq.heappop(self._heap)[2].fire()
