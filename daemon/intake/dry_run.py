"""What `outpost check` says of a file, for people and as a document: counts, parts, bad cells, finish time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from daemon.clock import iso
from daemon.core import forecast, throttle
from daemon.intake.check import Checked
from daemon.settings import Settings
from daemon.store import DatabaseUnusable, Outbox, Store, Views

SHOWN_PROBLEMS = 20


def estimate(checked: Checked, settings: Settings, now: float) -> tuple[float, float] | None:
    """Start and end (seconds since the epoch) if it were released now, by the SIMs that the station knows and their
    histories; with one unused SIM where it knows none. What waits in the queue already is left out.
    """
    lanes = _lanes(settings, now) or [forecast.Lane(throttle.History(), settings.throttle, now)]
    messages = [(message.recipient, message.parts) for message in checked.messages]
    return forecast.finish(lanes, messages, settings.quiet_hours, settings.station.zone)


def _lanes(settings: Settings, now: float) -> list[forecast.Lane]:
    try:
        store = Store(settings.station.database, read_only=True)
    except DatabaseUnusable:
        return []
    try:
        outbox = Outbox(store)
        lanes = []
        for sim in Views(store).sims():
            if sim["state"] in ("ready", "waiting"):
                limits = settings.limits_for(sim["iccid"], sim["imsi"])
                history = outbox.history(sim["iccid"], now - throttle.longest_window(limits))
                lanes.append(forecast.Lane(throttle.History(history), limits, now))
        return lanes
    finally:
        store.close()


def document(path: Path, checked: Checked, through: tuple[float, float] | None, settings: Settings) -> dict[str, Any]:
    """The dry run as one JSON document."""
    zone = settings.station.zone
    return {
        "file": path.name,
        "accepted": not checked.unreadable,
        "reason": checked.unreadable,
        "rows": checked.rows,
        "good": checked.good,
        "rejected": checked.rejected,
        "duplicates": checked.duplicates,
        "parts": checked.parts,
        "alphabets": dict(checked.alphabets),
        "reasons": dict(checked.reasons),
        "problems": [asdict(problem) for problem in checked.problems],
        "notes": list(checked.notes),
        "starts_at": through and iso(through[0], zone),
        "finishes_at": through and iso(through[1], zone),
    }


def lines(path: Path, checked: Checked, through: tuple[float, float] | None, settings: Settings) -> Iterator[str]:
    """The dry run for a person."""
    if checked.unreadable:
        yield f"{path.name}: would be rejected whole: {checked.unreadable}"
    else:
        yield f"{path.name}: would be taken"
    yield f"  rows        {checked.rows}"
    yield f"  to be sent  {checked.good}, as {checked.parts} parts"
    yield f"  alphabet    {', '.join(f'{name}: {n}' for name, n in sorted(checked.alphabets.items())) or '-'}"
    yield f"  duplicates  {checked.duplicates}, not sent"
    yield f"  rejected    {checked.rejected}"
    if through is not None:
        zone = settings.station.zone
        yield f"  if released now: first {iso(through[0], zone)}, last {iso(through[1], zone)} (estimate)"
    for note in checked.notes:
        yield f"  note: {note}"
    for problem in checked.problems[:SHOWN_PROBLEMS]:
        yield f"  line {problem.line}, {problem.column or 'file'}, {problem.value!r}: {problem.reason}"
    if len(checked.problems) > SHOWN_PROBLEMS:
        yield f"  and {len(checked.problems) - SHOWN_PROBLEMS} more; --json lists all"
