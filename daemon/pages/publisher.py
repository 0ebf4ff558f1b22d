"""One thread that keeps the files for people up to date: outcomes of each batch, and the station at a glance."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import structlog

from daemon.bell import Bell
from daemon.clock import Clock
from daemon.core.batch import Reading
from daemon.core.chain import Head
from daemon.pages import record
from daemon.pages.batch_page import write_batch_page
from daemon.pages.figures import Figures
from daemon.pages.files import write_whole
from daemon.pages.outcomes import write_outcomes
from daemon.pages.replies import Hinted, ReplyFiles
from daemon.pages.requests import RequestFiles
from daemon.pages.sheets import Sheets
from daemon.pages.station_page import HEARTBEAT_SECONDS, station_page
from daemon.pages.status import station_status
from daemon.settings import Settings
from daemon.store import Outbox, Views

GATHER_SECONDS = 0.25
"""How long changes are gathered before they are written: a file is at most this old, and the writing time."""
SHARE = 4
"""A round that took t seconds is followed by a pause of SHARE * t: a long outcomes file may not eat the machine."""
TROUBLE_SECONDS = 5.0
WRITING_SECONDS = 60.0
"""A file this much younger than its batch's last change surely shows it."""


class Publisher:
    """`changed` may be called from any thread, also while the files are being written."""

    def __init__(
        self,
        views: Views,
        outbox: Outbox,
        requests: RequestFiles,
        replies: ReplyFiles,
        settings: Settings,
        clock: Clock,
        reading: Callable[[], Reading | None] = lambda: None,
    ) -> None:
        """`reading` says how far the reading of a dropped file has come."""
        self.settings = settings
        self._reading = reading
        self._views, self._outbox, self._clock = views, outbox, clock
        self._requests, self._replies = requests, replies
        self._sheets = Sheets(views, outbox)
        self._bell = Bell()
        self._stopping = threading.Event()
        self._dirty: set[int] = set()
        self._written: dict[int, tuple[Any, ...]] = {}  # how each batch stood when its file was written
        self._dirty_lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        self._log = structlog.get_logger()
        self._trouble = ""
        self._head: Head | None = None

    def start(self) -> None:
        """Begin in a thread of its own, with every batch whose file may not show its last change."""
        self._written = {row["id"]: _standing(row) for row in self._views.batches() if self._is_current(row)}
        self._bell.ring()
        self._thread.start()

    def changed(self, batch_id: int | None) -> None:
        """A batch, or the station as a whole, is no longer as its files say."""
        if batch_id is not None:
            with self._dirty_lock:
                self._dirty.add(batch_id)
        self._bell.ring()

    def stop(self) -> None:
        """Write what has changed once more, and end."""
        self._stopping.set()
        self._bell.ring()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._bell.wait(HEARTBEAT_SECONDS)
            self._stopping.wait(GATHER_SECONDS)
            began = self._clock.monotonic()
            pause = SHARE * (self._clock.monotonic() - began) if self._publish() else TROUBLE_SECONDS
            self._stopping.wait(pause)
        self._publish()

    def _publish(self) -> bool:
        with self._dirty_lock:
            dirty, self._dirty = self._dirty, set()
        try:
            self._requests.keep(self.settings, self._clock.now())
            batches = self._views.batches()
            for batch in batches:
                if batch["id"] in dirty or self._written.get(batch["id"]) != _standing(batch):
                    self._write_batch(batch)
                    dirty.discard(batch["id"])
            station = self.settings.station
            self._write_status(self._replies.write(station.spool_dir / "replies", station.zone))
            self._sheets.keep(batches, self.settings, self._clock.now())
            self._keep_head()
        except Exception as error:  # noqa: BLE001 - the service lives on whatever the spool's disk does
            with self._dirty_lock:
                self._dirty |= dirty
            self._bell.ring()
            if str(error) != self._trouble:
                self._trouble = str(error)
                self._log.error("files for people not written; trying again", reason=str(error))
            return False
        self._trouble = ""
        return True

    def _is_current(self, batch: dict[str, Any]) -> bool:
        """Whether a batch's file was written well after all that happened to it, as far as its time can tell."""
        try:
            written_at = self._path(batch).stat().st_mtime
        except OSError:
            return False
        return written_at > self._views.last_change(batch["id"]) + WRITING_SECONDS

    def _path(self, batch: dict[str, Any], kind: str = "csv") -> Path:
        return self.settings.station.spool_dir / "outcomes" / f"{batch['name']}.{kind}"

    def _write_batch(self, batch: dict[str, Any]) -> None:
        zone, figures = self.settings.station.zone, Figures()
        rows = self._views.outcomes(batch["id"])
        page, rows_again = self._path(batch, "html"), self._views.outcomes(batch["id"])
        write_outcomes(self._path(batch), figures.watch(rows), zone)
        write_batch_page(page, batch, figures, rows_again, zone, self._clock.now(), self._views.audit_head())
        self._written[batch["id"]] = _standing(batch)

    def _write_status(self, hinted: Sequence[Hinted]) -> None:
        station, running = self.settings.station, not self._stopping.is_set()
        document = station_status(
            self._views, self._outbox, self.settings, self._clock.now(), running=running, reading=self._reading()
        )
        as_json = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
        as_page = station_page(document, hinted, station.zone, self._clock.now(), self.settings.replies.overdue_hours)
        write_whole(station.spool_dir / "status.json", lambda file: file.write(as_json))
        write_whole(station.spool_dir / "station.html", lambda file: file.write(as_page))

    def _keep_head(self) -> None:
        head = Head.parse(self._views.audit_head())
        if head is not None and head != self._head:
            record.keep_head(self.settings.station.state_dir, head)
            self._head = head


def _standing(batch: dict[str, Any]) -> tuple[Any, ...]:
    """What shows that something happened to a batch, whoever did it."""
    return batch["state"], *batch["messages"].values()
