"""One thread that keeps the files for people up to date: outcomes of each batch, and the station at a glance."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import structlog

from daemon.bell import Bell
from daemon.clock import Clock
from daemon.core.batch import Reading
from daemon.core.chain import Head
from daemon.giving_way import give_way_to
from daemon.pages import record
from daemon.pages.batch_files import BatchFiles
from daemon.pages.files import write_whole
from daemon.pages.replies import Waiting
from daemon.pages.reply_files import ReplyFiles
from daemon.pages.requests import RequestFiles
from daemon.pages.sheets import Sheets
from daemon.pages.station_page import HEARTBEAT_SECONDS, station_page
from daemon.pages.status import station_status
from daemon.settings import Settings
from daemon.store import Outbox, Views

GATHER_SECONDS = 0.25
"""How long changes are gathered before they are written."""
SHARE = 20
"""A round that took t seconds is followed by a pause of SHARE * t, at most of MOST_SECONDS: a reply must be seen within
five."""
MOST_SECONDS = 2.0
TROUBLE_SECONDS = 5.0


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
        busy: Callable[[], bool] = lambda: False,
    ) -> None:
        """`reading` says how far the reading of a dropped file has come, `busy` whether a line works just now: it goes
        first."""
        self.settings = settings
        self._reading, self._busy = reading, busy
        self._views, self._outbox, self._clock = views, outbox, clock
        self._requests, self._replies = requests, replies
        self._batch_files = BatchFiles(views, clock)
        self._sheets = Sheets(views, outbox)
        self._bell = Bell()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        self._log = structlog.get_logger()
        self._trouble = ""
        self._later: float = HEARTBEAT_SECONDS
        self._head: Head | None = None

    def start(self) -> None:
        """Begin in a thread of its own, with every batch whose file may not show its last change."""
        self._batch_files.begin(self.settings.station)
        self._bell.ring()
        self._thread.start()

    def changed(self, batch_id: int | None) -> None:
        """A batch, or the station as a whole, is no longer as its files say."""
        if batch_id is not None:
            self._batch_files.changed(batch_id)
        self._bell.ring()

    def stop(self) -> None:
        """Write what has changed once more, and end."""
        self._stopping.set()
        self._bell.ring()
        self._thread.join()

    def _run(self) -> None:
        give_way_to(self._busy)
        while not self._stopping.is_set():
            self._bell.wait(self._later)
            self._stopping.wait(GATHER_SECONDS)
            began = self._clock.monotonic()
            written = self._publish()
            took = self._clock.monotonic() - began
            self._stopping.wait(min(SHARE * took, MOST_SECONDS) if written else TROUBLE_SECONDS)
        self._publish()

    def _publish(self) -> bool:
        try:
            self._requests.keep(self.settings, self._clock.now())
            batches = self._views.batches()
            station = self.settings.station
            hours, now = self.settings.replies.overdue_hours, self._clock.now()
            found = self._replies.keep(station.spool_dir / "replies", station.zone, now, hours)
            later = self._batch_files.keep(batches, station, found.answered, at_once=self._stopping.is_set())
            self._later = min(HEARTBEAT_SECONDS, later)
            self._write_status(found.waiting)
            self._sheets.keep(batches, self.settings, self._clock.now())
            self._keep_head()
        except Exception as error:  # noqa: BLE001 - the service lives on whatever the spool's disk does
            self._bell.ring()
            if str(error) != self._trouble:
                self._trouble = str(error)
                self._log.error("files for people not written; trying again", reason=str(error))
            return False
        self._trouble = ""
        return True

    def _write_status(self, waiting: Waiting) -> None:
        station, running = self.settings.station, not self._stopping.is_set()
        document = station_status(
            self._views, self._outbox, self.settings, self._clock.now(), running=running, reading=self._reading()
        )
        as_json = json.dumps(document, ensure_ascii=False) + "\n"  # an indent would take ten times as long
        as_page = station_page(document, waiting, station.zone, self._clock.now())
        write_whole(station.spool_dir / "status.json", lambda file: file.write(as_json))
        write_whole(station.spool_dir / "station.html", lambda file: file.write(as_page))

    def _keep_head(self) -> None:
        head = Head.parse(self._views.lasting_head())
        if head is not None and head != self._head:
            record.keep_head(self.settings.station.state_dir, head)
            self._head = head
