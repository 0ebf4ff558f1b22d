"""What administrators take out of the station: the record and its check, reports, hashes of numbers.

By the service, or alone without one. Files are handed over open, so that whoever asked writes them where he may.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from daemon.control.conversations import word_list
from daemon.control.server import Action, Asker
from daemon.core.chain import Head, What
from daemon.core.not_possible import NotPossible
from daemon.pages.record import Signer, check_document, kept_head, write_export
from daemon.pages.report import Frame, write_report
from daemon.settings import Settings
from daemon.store import Lists, Store, Views
from daemon.store.audit import SIGNING_KEY, Audit


class Disclosing:
    """`settings` and `clock` give what holds at the moment of each request. Every method raises Forbidden, NotPossible,
    StoreFull and OSError."""

    def __init__(
        self, store: Store, settings: Callable[[], Settings], clock: Callable[[], float],
        _changed: Callable[[int | None], None],
    ) -> None:  # fmt: skip
        self._store = store
        self._audit = Audit(store)
        self._settings = settings
        self._clock = clock
        self.actions: dict[str, Action] = {
            "audit verify": self.verify, "audit export": self.export, "report": self.report,
            "exclusions hash": self.hashes,
        }  # fmt: skip

    def verify(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        """The document of a check of the whole record, against `heads` and the one that is kept beside the database."""
        asker.must_be_admin("check the record")
        heads = [Head.parse(str(head)) for head in request.get("heads", ())]
        heads.append(kept_head(self._settings().station.state_dir))
        return check_document(self._audit.check(*(head for head in heads if head is not None)))

    def export(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        """The files of an export, the first called `name`. The export is on record, for `file`."""
        asker.must_be_admin("export the record")
        name, station, now = _plain_name(request), self._settings().station, self._clock()
        secret = self._store.secret(SIGNING_KEY)
        self._audit.write(now, What.DISCLOSURE, asker.user, kind="audit export", file=str(request.get("file", "")))
        with tempfile.TemporaryDirectory() as folder:
            signer = Signer(station.name, station.zone, secret)
            return _opened(write_export(Path(folder, name), self._audit.rows(), signer, now))

    def report(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        """The files of a batch's report. It is on record, for `file`. Figures below `suppress_below` are left out."""
        asker.must_be_admin("make reports")
        name, settings, now = str(request.get("batch", "")), self._settings(), self._clock()
        batch = Views(self._store).batch(name)
        if batch is None:
            raise NotPossible(f"there is no batch {name}. `outpost batches` lists them.")
        words = word_list(settings)
        head = self._audit.write(
            now, What.DISCLOSURE, asker.user, kind="report", batch=name, file=str(request.get("file", ""))
        )
        frame = Frame(asker.user, now, str(head), int(request.get("suppress_below", 0)))
        with tempfile.TemporaryDirectory() as folder:
            return _opened(write_report(Path(folder), self._store, batch, settings, words, frame))

    def hashes(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        """What this station knows `numbers` by."""
        asker.must_be_admin("see the hashes of numbers")
        return {"hashes": [Lists(self._store).hashed(str(number)) for number in request.get("numbers", ())]}


def _plain_name(request: dict[str, Any]) -> str:
    name = str(request.get("name", ""))
    if name != Path(name).name or name.startswith("."):
        raise NotPossible(f"{name} is no name for a file.")
    return name


def _opened(paths: Iterable[Path]) -> dict[str, Any]:
    """The files by name, open for reading: they outlast their folder."""
    return {"opened": {path.name: path.open("rb") for path in paths}}
