"""Which line works first when many have something to do: one at a time, in the order in which they got ready.

Without it Python shares its time among them all, and each is as late as the last: answers that come together leave
their modems idle together, time and again. In turn, the modems fall out of step after one round and wait for nobody.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable


class Baton:
    """One for all lines."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held = False
        self._waiting: list[tuple[float, int, threading.Lock]] = []
        self._order = itertools.count()

    def take(self, ready_since: float) -> None:
        """Wait for the baton; who has been ready longest gets it next."""
        with self._lock:
            if not self._held:
                self._held = True
                return
            handed_over = threading.Lock()
            handed_over.acquire()
            heapq.heappush(self._waiting, (ready_since, next(self._order), handed_over))
        handed_over.acquire()

    @property
    def held(self) -> bool:
        """Whether a line works just now."""
        return self._held

    def take_if_free(self) -> bool:
        """Take the baton where nobody has it; whether it was taken."""
        with self._lock:
            if self._held:
                return False
            self._held = True
            return True

    def pass_on(self) -> None:
        """Hand it over, or lay it down."""
        with self._lock:
            if self._waiting:
                heapq.heappop(self._waiting)[2].release()
            else:
                self._held = False


class Hand:
    """A line's own: `with hand:` around work that waits for no modem, and is not inside another such."""

    def __init__(self, baton: Baton) -> None:
        self._baton = baton
        self.ready_since = 0.0
        """Since when there is something to do (monotonic seconds)."""

    def __enter__(self) -> None:
        self._baton.take(self.ready_since)

    def if_free(self, work: Callable[[], None]) -> bool:
        """Do a piece of work that can wait, unless another line works just now; whether it was done."""
        if not self._baton.take_if_free():
            return False
        try:
            work()
        finally:
            self._baton.pass_on()
        return True

    def __exit__(self, *_: object) -> None:
        self._baton.pass_on()
