"""Keeps awaiting/BATCH.html for each batch that waits for release: what is read there is what would be sent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from daemon.clock import iso
from daemon.core.batch import SheetRow
from daemon.core.forecast import Planned
from daemon.core.message import BatchState
from daemon.pages.outlook import outlook_of
from daemon.pages.sheet import sheet_of
from daemon.pages.sheet_html import write_sheet
from daemon.pages.sheet_text import Subject, document_of
from daemon.settings import Settings
from daemon.store import Outbox, Views


class Sheets:
    """One thread keeps them."""

    def __init__(self, views: Views, outbox: Outbox) -> None:
        self._views, self._outbox = views, outbox
        self._written: dict[str, tuple[Any, ...]] = {}

    def keep(self, batches: Sequence[dict[str, Any]], settings: Settings, now: float) -> None:
        """Write what is missing or no longer right, and take away what waits no more. Raises OSError."""
        folder = settings.station.spool_dir / "awaiting"
        waiting = [batch for batch in batches if batch["state"] == BatchState.AWAITING_RELEASE]
        if waiting:
            folder.mkdir(mode=0o750, exist_ok=True)
        for batch in waiting:
            standing = tuple(batch["messages"].values())
            path = _path(folder, batch["name"])
            if self._written.get(batch["name"]) != standing or not path.exists():
                self._write(path, batch, settings, now)
                self._written[batch["name"]] = standing
        names = {_path(folder, batch["name"]).name for batch in waiting}
        for path in folder.glob("*.html"):
            if path.name not in names:
                path.unlink(missing_ok=True)

    def _write(self, path: Path, batch: dict[str, Any], settings: Settings, now: float) -> None:
        zone, messages = settings.station.zone, list[Planned]()
        sheet = sheet_of(_noted(self._views.sheet(batch["id"]), messages))
        outlook = outlook_of(messages, batch["only_sim"], settings, now, self._views, self._outbox)
        subject = Subject(batch["name"], wording=batch["wording"], notes=json.loads(batch["notes"]))
        document = document_of(subject, sheet, outlook, settings.tariff.currency, zone)
        about = (
            f"Waits for release. Dropped as {batch['source']} by {batch['owner']}, {iso(batch['dropped_at'], zone)}. "
            f"The figures are of {iso(now, zone)}."
        )
        write_sheet(path, document, about, self._views.sheet(batch["id"]))


def _path(folder: Path, name: str) -> Path:
    return folder / f"{name}.html"


def _noted(rows: Iterable[SheetRow], messages: list[Planned]) -> Iterator[SheetRow]:
    """The rows as they are; those that would be sent are added to `messages`."""
    for row in rows:
        if row.state == "held":
            messages.append(Planned(row.to, row.parts, row.priority))
        yield row
