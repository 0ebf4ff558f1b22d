"""What is done by the clock and not by an event: expiry, backups, a look at the clock itself. No send depends on it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import structlog

from daemon import red_button
from daemon.core import clock_watch, delivery_share
from daemon.core.alarm import AlarmKind
from daemon.core.chain import What
from daemon.core.delivery_share import Share
from daemon.core.spans import DAY, HOUR
from daemon.logs import person
from daemon.services.station import Station
from daemon.store import StoreFull
from daemon.store.backup import BackupFailed, back_up, newest_at

EXPIRY_SECONDS = 30
CLOCK_SECONDS = 5
PARTS_SECONDS = 5
LOOK_SECONDS = 60
FORGET_SECONDS = 6 * HOUR
HEALTH_DAYS = 366
"""How long looks at modems are kept."""
BACKUP_SECONDS = 300
"""How often is looked whether a backup is due."""
DELIVERY_SECONDS = 300
STOP_FILE_SECONDS = 2
"""How long it may take until people read that a file STOP came or went. It holds at once: each part looks for it."""
SET_SECONDS = 60.0
"""A wall clock that gains or loses this much between two looks was set by somebody."""
JUMP_TOLD_SECONDS = DAY
"""How long people read of a jump."""


class Housekeeping:
    """The scheduler's jobs."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._log = structlog.get_logger()
        self._offset = self._wall_minus_up()
        self._stop_file: Path | None = None
        self._backup_trouble = ""

    def schedule(self, scheduler: Any) -> None:
        """Put every job in place; done again after the configuration was read again."""
        jobs = (
            (self.expire, EXPIRY_SECONDS),
            (self.watch_clock, CLOCK_SECONDS),
            (self.watch_stop_file, STOP_FILE_SECONDS),
            (self.watch_delivery, DELIVERY_SECONDS),
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

    def watch_stop_file(self) -> None:
        """Say that the red button was pressed or let go, and wake the lines."""
        file = red_button.pressed(self._station.settings.station.spool_dir)
        if file == self._stop_file:
            return
        self._stop_file = file
        if file is None:
            self._log.warning("the file STOP is gone: the station goes on")
        else:
            self._log.warning("stopped by a file: nothing is submitted until it is gone", file=str(file))
        self._station.changed(None)
        self._station.ring_lines()

    def watch_clock(self) -> None:
        """Say what is wrong with the wall clock, and wake the lines when it was set: what they wait for may be near, or
        further away."""
        station = self._station
        newest = station.outbox.newest_event()  # before the clock: what a line commits meanwhile is newer than `now`
        now, offset = station.clock.now(), self._wall_minus_up()
        gained, self._offset = offset - self._offset, offset
        if abs(gained) > SET_SECONDS:
            self._log.warning("the clock was set", seconds=round(gained))
            station.ring_lines()
        try:
            if abs(gained) > SET_SECONDS:
                station.audit.write(now, What.CLOCK, set_by_seconds=round(gained, 3))
            self._tell_of_clock(gained, newest, now)
        except StoreFull as error:
            self._log.warning("alarm not stored", reason=str(error))

    def _tell_of_clock(self, gained: float, newest: float, now: float) -> None:
        alarms = self._station.alarms
        if gained > clock_watch.JUMP:
            text = (
                f"The clock was put forward by {clock_watch.told(gained)}. Limits hold all the same. If it is wrong, "
                "set it right soon: after that nothing is sent until it has reached the newest event again."
            )
            alarms.set(AlarmKind.CLOCK_JUMPED, "", text, now, until=now + JUMP_TOLD_SECONDS)
            self._log.error("the clock was put forward", seconds=round(gained))
            self._station.changed(None)
        behind = newest - now
        if behind <= 0:
            if alarms.clear(AlarmKind.CLOCK_BEHIND):
                self._station.changed(None)
            return
        text = (
            f"The clock stands {clock_watch.told(behind)} before the newest event, so nothing is sent. Set it with "
            "`timedatectl set-time`, or wait."
        )
        if alarms.set(AlarmKind.CLOCK_BEHIND, "", text, now):
            self._log.error("the clock stands before the newest event: nothing is sent", seconds=round(behind))
            self._station.changed(None)

    def watch_delivery(self) -> None:
        """Warn when a SIM's texts are accepted and no longer arrive."""
        if not self._station.settings.sending.status_reports:
            return
        now = self._station.clock.now()
        for iccid in self._station.sims.known():
            delivered = self._station.outbox.deliveries(iccid, now - delivery_share.PATIENCE, 2 * delivery_share.RECENT)
            with contextlib.suppress(StoreFull):  # it is told at the next look
                self._tell_of_delivery(iccid, delivery_share.fallen(delivered), now)

    def _tell_of_delivery(self, iccid: str, fallen: tuple[Share, Share | None] | None, now: float) -> None:
        if fallen is None:
            self._station.alarms.clear(AlarmKind.SILENT_BLOCKING, iccid)
            return
        recent, before = fallen
        earlier = f", {before.delivered} of {before.parts} before" if before else ""
        text = (
            f"SIM {iccid}: {recent.delivered} of the last {recent.parts} parts were reported delivered{earlier}. The "
            f"network may be blocking it in silence. `outpost sim pause {iccid}`, send a text to a phone of your own, "
            "and ask the network."
        )
        if self._station.alarms.set(AlarmKind.SILENT_BLOCKING, iccid, text, now):
            self._log.error("fewer texts are delivered: silent blocking?", iccid=iccid, delivered=recent.delivered,
                            of=recent.parts)  # fmt: skip
            self._station.changed(None)

    def _wall_minus_up(self) -> float:
        moment = self._station.clock.moment()
        return moment.wall - moment.up
