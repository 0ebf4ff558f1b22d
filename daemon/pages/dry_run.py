"""Puts the sheet of a list that was never taken together: its rows, and what the station's database says of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from daemon.core.batch import SheetRow
from daemon.pages.outlook import outlook_of
from daemon.pages.sheet import sheet_of
from daemon.pages.sheet_text import Subject, document_of
from daemon.settings import Settings
from daemon.store import DatabaseUnusable, Outbox, Store, Views


def dry_run(
    subject: Subject, rows: Sequence[SheetRow], sim: str, settings: Settings, now: float
) -> dict[str, Any]:
    """The document. Without a database that this user may read, nothing is known of SIMs, opt-outs and exclusions."""
    try:
        store = Store(settings.station.database, read_only=True)
    except DatabaseUnusable:
        return _document(subject, rows, sim, settings, now, None)
    try:
        return _document(subject, rows, sim, settings, now, store)
    finally:
        store.close()


def _document(
    subject: Subject, rows: Sequence[SheetRow], sim: str, settings: Settings, now: float, store: Store | None
) -> dict[str, Any]:
    messages = [(row.to, row.parts) for row in rows if row.state == "held"]
    views, outbox = (Views(store), Outbox(store)) if store else (None, None)
    outlook = outlook_of(messages, sim, settings, now, views, outbox)
    return document_of(subject, sheet_of(rows), outlook, settings.tariff.currency, settings.station.zone)
