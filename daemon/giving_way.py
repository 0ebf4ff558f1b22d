"""Work that can wait gives way, between two of its steps, to work that cannot."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

SLICE_SECONDS = 0.001
"""How long it goes on before it looks again."""
WAIT_SECONDS = 0.01
"""How long it waits at most before it goes on all the same: it must not starve."""
_LOOK_SECONDS = 0.0003


class _Way(threading.local):
    busy: Callable[[], bool] | None = None
    since = 0.0


_way = _Way()


def give_way_to(busy: Callable[[], bool]) -> None:
    """From now on the thread that calls gives way at each `step` while `busy` says so."""
    _way.busy = busy


def step() -> None:
    """Stands between two steps of work that may be long. Nothing happens in a thread that gives way to nobody."""
    busy = _way.busy
    if busy is None or time.monotonic() - _way.since < SLICE_SECONDS:
        return
    end = time.monotonic() + WAIT_SECONDS
    while busy() and time.monotonic() < end:
        time.sleep(_LOOK_SECONDS)
    _way.since = time.monotonic()
