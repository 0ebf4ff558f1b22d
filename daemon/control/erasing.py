"""Erases the people of a batch: at somebody's word, or when their time has come. By the service, or without one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog

from daemon.control.server import Action, Asker
from daemon.core.blanking import blanked
from daemon.core.chain import SERVICE
from daemon.core.spans import DAY
from daemon.pages import erasing
from daemon.settings import Settings
from daemon.store import Store
from daemon.store.erasure import Erasure

Clock = Callable[[], float]


class Erasing:
    """`settings` and `clock` give what holds at the moment of each request."""

    def __init__(
        self, store: Store, settings: Callable[[], Settings], clock: Clock, changed: Callable[[int | None], None]
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._changed = changed
        self.actions: dict[str, Action] = {"erase": self.erase}
        self._log = structlog.get_logger()

    def erase(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        """Erase the people of an ended batch, for good; where the certificate lies."""
        asker.must_be_admin("erase")
        return self._erase(str(request.get("batch", "")), asker.user, blanked(str(request.get("why", ""))))

    def erase_due(self) -> None:
        """Erase what was kept as long as `retention.erase_days` says, and finish what an erasure had to leave."""
        days = self._settings().retention.erase_days
        for name in Erasure(self._store).due(self._clock() - days * DAY) if days else ():
            self._erase(name, SERVICE, f"kept for {days} days after its end")
        Erasure(self._store).compact()

    def _erase(self, name: str, user: str, why: str) -> dict[str, Any]:
        settings, now = self._settings(), self._clock()
        erasure, station = Erasure(self._store), settings.station
        target = erasure.target(name)
        # The files go first: an erasure that is cut off here is simply done again.
        files = erasing.remove_files(station.spool_dir, target)
        files += erasing.remove_backups(station.state_dir, station.state_dir / "backups", settings.backup_folder)
        erased = erasure.erase(target, user, why, now)
        files += erasing.remove_files(station.spool_dir, target)  # what was written meanwhile
        compacted = erasure.compact()
        path = erasing.write_certificate(
            station.state_dir, target, erased, list(dict.fromkeys(files)), compacted=compacted, user=user, why=why,
            station=station.name, now=now, zone=station.zone,
        )  # fmt: skip
        self._log.info("batch erased", batch=name, user=user, files=len(files), compacted=compacted)
        self._changed(target.batch_id)
        return {"certificate": str(path), "head": str(erased.head), "compacted": compacted, "files": len(files)}
