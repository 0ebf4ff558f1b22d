"""Puts the sheet of a list that was never taken together: its rows, and what the station's database says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from daemon.core.batch import SheetRow
from daemon.core.forecast import Planned
from daemon.pages.outlook import outlook_of
from daemon.pages.sheet import sheet_of
from daemon.pages.sheet_text import Subject, document_of
from daemon.settings import Settings
from daemon.store import DatabaseUnusable, Lists, Outbox, Store, Views


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


def _sifted(rows: Sequence[SheetRow], store: Store, now: float, *, again: bool) -> Sequence[SheetRow]:
    """The rows as the station would take them: without those whom it must not text or has texted lately."""
    reasons = Lists(store).foreseen((row.to for row in rows if row.state == "held"), now, again=again)
    return [
        replace(row, state="suppressed", reason=reasons[row.to]) if row.state == "held" and row.to in reasons else row
        for row in rows
    ]


def _document(
    subject: Subject, rows: Sequence[SheetRow], sim: str, settings: Settings, now: float, store: Store | None
) -> dict[str, Any]:
    if store:
        rows = _sifted(rows, store, now, again=bool(subject.again))
    messages = [Planned(row.to, row.parts, row.priority) for row in rows if row.state == "held"]
    views, outbox = (Views(store), Outbox(store)) if store else (None, None)
    outlook = outlook_of(messages, sim, settings, now, views, outbox)
    return document_of(subject, sheet_of(rows), outlook, settings.tariff.currency, settings.station.zone)
