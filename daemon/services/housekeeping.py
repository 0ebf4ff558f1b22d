"""What is done by the clock and not by an event: expiry, backups, a look at the clock itself. No send depends on it."""

from __future__ import annotations

import contextlib
from typing import Any

import structlog

from daemon.logs import person
from daemon.services.station import Station
from daemon.store import StoreFull
from daemon.store.backup import BackupFailed, back_up, newest_at

HOUR = 3600.0
EXPIRY_SECONDS = 30
CLOCK_SECONDS = 30
PARTS_SECONDS = 5
LOOK_SECONDS = 60
FORGET_SECONDS = 6 * 3600
HEALTH_DAYS = 366
"""How long looks at modems are kept."""
DAY = 86400.0
BACKUP_SECONDS = 300
"""How often is looked whether a backup is due."""
JUMP_SECONDS = 60.0
"""A wall clock that gains or loses this much between two looks was set by somebody."""


class Housekeeping:
    """The scheduler's jobs."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._log = structlog.get_logger()
        self._offset = self._wall_minus_monotonic()
        self._backup_trouble = ""

    def schedule(self, scheduler: Any) -> None:
        """Put every job in place; done again after the configuration was read again."""
        jobs = (
            (self.expire, EXPIRY_SECONDS),
            (self.watch_clock, CLOCK_SECONDS),
            (self.publish_incomplete, PARTS_SECONDS),
            (self._station.look, LOOK_SECONDS),
            (self.forget_looks, FORGET_SECONDS),
            (self.back_up, BACKUP_SECONDS),
        )
        for job, seconds in jobs:
            scheduler.add_job(job, "interval", seconds=seconds, id=job.__name__, replace_existing=True)

    def expire(self) -> None:
        """End what has waited past its `not_after`."""
        try:
            expired = self._station.outbox.expire(self._station.clock.now())
        except StoreFull:
            return  # said by the lines already; the next round tries again
        if expired:
            self._log.warning("messages expired before they could be sent", messages=expired)
            self._station.changed(None)

    def publish_incomplete(self) -> None:
        """Show the texts as they stand whose other parts do not come."""
        before = self._station.clock.now() - self._station.settings.modems.part_seconds
        try:
            given_up = self._station.replies.publish_incomplete(before)
        except StoreFull:
            return
        for reply in given_up:
            self._log.warning("text shown as it stands: parts of it did not come", sender=person(reply.number))
            self._station.changed(None)

    def forget_looks(self) -> None:
        """Keep the history of signal and registration from growing without end."""
        with contextlib.suppress(StoreFull):
            self._station.health.forget(self._station.clock.now() - HEALTH_DAYS * DAY)

    def back_up(self) -> None:
        """Copy the database when the newest copy is as old as the configuration lets it be."""
        settings, now = self._station.settings, self._station.clock.now()
        newest = newest_at(settings.backup_folder)
        every = settings.backup.every_hours * HOUR
        if not every or (newest is not None and newest <= now < newest + every):
            return
        try:
            path = back_up(settings.station.database, settings.backup_folder, now, settings.backup.keep)
        except BackupFailed as error:
            if str(error.__cause__) != self._backup_trouble:
                self._backup_trouble = str(error.__cause__)
                self._log.error("no backup; tried again every five minutes", reason=str(error))
        else:
            self._backup_trouble = ""
            self._log.info("backup made and examined", file=str(path))

    def watch_clock(self) -> None:
        """Wake the lines when the wall clock was set: what they wait for may be near, or further away."""
        offset = self._wall_minus_monotonic()
        if abs(offset - self._offset) > JUMP_SECONDS:
            self._log.warning("the clock was set", seconds=round(offset - self._offset))
            self._station.ring_lines()
        self._offset = offset

    def _wall_minus_monotonic(self) -> float:
        return self._station.clock.now() - self._station.clock.monotonic()
