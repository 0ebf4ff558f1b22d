"""Keeps outcomes/BATCH.csv and BATCH.html: soon after a change, and yet at a small share of the machine."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from daemon.clock import Clock
from daemon.core.message import MessageState
from daemon.pages.batch_page import write_batch_page
from daemon.pages.figures import Figures
from daemon.pages.outcomes import write_outcomes
from daemon.pages.replied import NOBODY, Replied
from daemon.settings import Station
from daemon.store import Views

SHARE = 20
"""While a batch is on its way, a writing of its files that took t seconds is followed by a pause of SHARE * t."""
WRITING_SECONDS = 60.0
"""A file this much younger than its batch's last change surely shows it."""
ON_THEIR_WAY = (MessageState.HELD, MessageState.QUEUED, MessageState.SENDING, MessageState.SENT)


class BatchFiles:
    """One thread keeps them; any thread may call `changed`."""

    def __init__(self, views: Views, clock: Clock) -> None:
        self._views, self._clock = views, clock
        self._lock = threading.Lock()
        self._changed: set[int] = set()
        self._shown: dict[int, tuple[Any, ...]] = {}   # how each batch stood when its files were written
        self._answered: dict[str, Replied] | None = None  # what the files say that each batch was answered
        self._rest_until: dict[int, float] = {}        # monotonic seconds

    def begin(self, station: Station) -> None:
        """Take the files that surely show their batch's last change as they are."""
        self._shown = {row["id"]: _standing(row) for row in self._views.batches() if self._is_current(row, station)}

    def changed(self, batch_id: int) -> None:
        """A batch is no longer as its files say."""
        with self._lock:
            self._changed.add(batch_id)

    def keep(
        self, batches: Sequence[dict[str, Any]], station: Station, answered: Mapping[str, Replied], *,
        at_once: bool = False,
    ) -> float:  # fmt: skip
        """Write what has changed, what each batch was `answered` too; the seconds until what was left for later,
        infinite when nothing was. Raises OSError.

        What a person waits for is written without a pause: a batch that has ended, or was stopped or let go.
        """
        with self._lock:
            changed, self._changed = self._changed, set()
        later = float("inf")
        if self._answered is None:
            self._answered = dict(answered)
        try:
            for batch in batches:
                shown, standing = self._shown.get(batch["id"]), _standing(batch)
                back = answered.get(batch["name"], NOBODY)
                is_told = self._answered.get(batch["name"], NOBODY) == back
                if batch["id"] not in changed and shown == standing and is_told:
                    continue
                rest = self._rest_until.get(batch["id"], 0.0) - self._clock.monotonic()
                if rest > 0 and not at_once and shown and shown[0] == batch["state"] and _is_on_its_way(batch):
                    later = min(later, rest)
                    continue
                self._write(batch, station, back)
                self._answered[batch["name"]] = back
                changed.discard(batch["id"])
        finally:
            with self._lock:
                self._changed |= changed
        return later

    def _write(self, batch: dict[str, Any], station: Station, back: Replied) -> None:
        began = self._clock.monotonic()
        figures, rows = Figures(), self._views.outcomes(batch["id"])
        page, rows_again = _path(batch, station, "html"), self._views.outcomes(batch["id"])
        write_outcomes(_path(batch, station), figures.watch(rows), station.zone)
        head = self._views.audit_head()
        write_batch_page(page, batch, figures, back, rows_again, station.zone, self._clock.now(), head)
        self._shown[batch["id"]] = _standing(batch)
        ended = self._clock.monotonic()
        self._rest_until[batch["id"]] = ended + SHARE * (ended - began)

    def _is_current(self, batch: dict[str, Any], station: Station) -> bool:
        """Whether a batch's file was written well after all that happened to it, as far as its time can tell."""
        try:
            written_at = _path(batch, station).stat().st_mtime
        except OSError:
            return False
        return written_at > self._views.last_change(batch["id"]) + WRITING_SECONDS


def _path(batch: dict[str, Any], station: Station, kind: str = "csv") -> Path:
    return station.spool_dir / "outcomes" / f"{batch['name']}.{kind}"


def _standing(batch: dict[str, Any]) -> tuple[Any, ...]:
    """What shows that something happened to a batch, whoever did it."""
    return batch["state"], *batch["messages"].values()


def _is_on_its_way(batch: dict[str, Any]) -> bool:
    return any(batch["messages"][state] for state in ON_THEIR_WAY)
