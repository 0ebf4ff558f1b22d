"""The outside witness: what the simulated network truly did, one JSON line an event, whoever dies."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Event = dict[str, Any]

_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


class NetworkLog:
    """Appends each event to a file, unbuffered, before whatever it permits; and to `events` when `keep` is set.

    An event has `t` (monotonic seconds, one clock for all processes of a machine), `at` (ISO 8601, UTC), `event`,
    and the fields of its kind. Numbers and texts stand in it whole: it is for training and tests, not for real people.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        keep: bool = True,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.events: list[Event] = []
        self.wall = wall
        self._keep = keep
        self._clock = clock
        self._fd = None if path is None else os.open(path, _APPEND, 0o600)

    def write(self, event: str, **fields: Any) -> None:
        """Record one event. `t` may be given when it happened a little before this call."""
        line: Event = {"t": self._clock(), "at": datetime.fromtimestamp(self.wall(), UTC).isoformat(), "event": event}
        line.update(fields)
        if self._fd is not None:
            os.write(self._fd, json.dumps(line, separators=(",", ":")).encode() + b"\n")
        if self._keep:
            self.events.append(line)

    def close(self) -> None:
        """Close the file. The kept events stay readable."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
