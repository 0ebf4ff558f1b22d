"""The station at a glance, as one document: the same for `status.json` and `outpost status --json`."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import Any

from daemon import red_button
from daemon.clock import iso
from daemon.core import throttle
from daemon.core.batch import Reading
from daemon.core.handover import Handover
from daemon.core.message import SimState
from daemon.core.spans import DAY
from daemon.core.standstill import NO_TIME, stopped
from daemon.giving_way import step
from daemon.pages.alarms import station_alarms
from daemon.settings import Settings
from daemon.store import Outbox, Views

MODEM_KEYS = (
    "port", "imei", "manufacturer", "model", "firmware", "state", "reason", "iccid", "signal_dbm", "network",
    "registered", "bearer", "smsc", "storage", "own_number",
)  # fmt: skip
_OF_THE_MODEM = frozenset({SimState.LOCKED, SimState.WAITING})
"""What a SIM may be for want of something in its modem; it waits for a time, too."""


def station_status(
    views: Views, outbox: Outbox, settings: Settings, now: float, *, running: bool, reading: Reading | None = None
) -> dict[str, Any]:
    """Times are ISO 8601 with the station's offset; None is 'not known' or 'not set'.

    `next_allowed_at` of a SIM is always a time: the first that its limits leave it. While it cannot send at all, and
    nobody can tell when it will, `next_reason` begins with NO_TIME.
    """
    zone, pause = settings.station.zone, views.station_pause()
    standstill = partial(
        _standstill, settings=settings, paused_by=pause.by if pause else None,
        stop_file=red_button.pressed(settings.station.spool_dir), running=running,
    )  # fmt: skip
    return {
        "station": {
            "name": settings.station.name,
            "timezone": settings.station.timezone,
            "running": running,
            "paused": pause is not None,
            "updated_at": iso(now, zone),
            "replies": views.replies(),
            "handovers": [handover_standing(one, now, zone) for one in views.handovers()],
            "reading": reading and asdict(reading),
            "audit_head": views.audit_head(),
        },
        "sims": [_sim(row, outbox, settings, now, standstill(row)) for row in views.sims()],
        "modems": [
            {key: row[key] for key in MODEM_KEYS} | {"credit": _credit(row, settings)} for row in views.modems()
        ],
        "messages": views.counts(),
        "batches": [_batch(row, settings) for row in views.batches()],
        "alarms": [
            {"since": iso(alarm.since, zone), "kind": alarm.kind, "text": alarm.text}
            for alarm in station_alarms(views, settings, now)
        ],
    }


def reading_now(settings: Settings) -> Reading | None:
    """How far the service has come with a file that it reads, by the status.json that it keeps."""
    try:
        found = json.loads((settings.station.spool_dir / "status.json").read_bytes())["station"]["reading"]
        return Reading(found["file"], found["rows"]) if found else None
    except (OSError, ValueError, KeyError):
        return None  # not for this user to read, or of an earlier version


def _standstill(
    row: dict[str, Any], settings: Settings, paused_by: str | None, stop_file: Path | None, *, running: bool
) -> str:
    """Why the SIM cannot send at all and no time ends that, by what holds now and not by what its line showed last; ""
    for nothing."""
    if not running:
        return "the service is not running"
    sim = settings.sims.get(row["iccid"])
    why = stopped(paused_by, stop_file, in_configuration=sim is not None and sim.paused)
    if why or (row["hold"] and row["hold_until"] is None):
        return why or str(row["hold_reason"])
    if row["state"] == SimState.ABSENT:
        return row["reason"] or "in no modem"
    return str(row["reason"]) if row["state"] in _OF_THE_MODEM and row["until"] is None else ""


def _sim(row: dict[str, Any], outbox: Outbox, settings: Settings, now: float, standstill: str) -> dict[str, Any]:
    step()
    iccid = row["iccid"]
    limits = settings.limits_for(iccid, row["imsi"])
    history = throttle.History(outbox.history(iccid, now - throttle.longest_window(limits)))
    allowed = throttle.next_allowed(history, limits, now)
    next_at = max(allowed.at, row["until"] or 0.0)
    used = throttle.used(history, limits, now)
    sim = settings.sims.get(iccid)
    reason = row["reason"] if next_at > allowed.at else allowed.reason
    return {
        "iccid": iccid,
        "imsi": row["imsi"],
        "label": sim.label if sim else "",
        "state": row["state"],
        "reason": row["reason"],
        "next_allowed_at": iso(next_at, settings.station.zone),
        "next_reason": f"{NO_TIME}{standstill}" if standstill else reason,
        "used": used,
        "left": {key: max(0, getattr(limits, key) - count) for key, count in used.items()},
        "limits": asdict(limits),
    }


def _credit(row: dict[str, Any], settings: Settings) -> dict[str, Any] | None:
    """What the network of a modem's SIM said last; None when it was never asked."""
    if row["credit_at"] is None:
        return None
    balance, amount = settings.balance_for(row["imsi"]), row["credit_amount"]
    return {
        "at": iso(row["credit_at"], settings.station.zone),
        "amount": amount,
        "low": bool(balance and amount is not None and amount < balance.warn_below),
        "text": row["credit_text"],
    }


def _batch(row: dict[str, Any], settings: Settings) -> dict[str, Any]:
    zone, days = settings.station.zone, settings.retention.review_days
    review = row["finished_at"] and days and row["erased_at"] is None
    return {
        "name": row["name"],
        "state": row["state"],
        "source": row["source"],
        "owner": row["owner"],
        "changed_by": row["changed_by"],
        "released_by": row["released_by"],
        "request": row["released_sha256"] or row["request_sha256"],
        "dropped_at": iso(row["dropped_at"], zone),
        "released_at": row["released_at"] and iso(row["released_at"], zone),
        "finished_at": row["finished_at"] and iso(row["finished_at"], zone),
        "review_at": iso(row["finished_at"] + days * DAY, zone) if review else None,
        "erased_at": row["erased_at"] and iso(row["erased_at"], zone),
        "rows": row["rows"],
        "rejected": row["rejected"],
        "messages": {state: n for state, n in row["messages"].items() if n},
    }


def handover_standing(handover: Handover, now: float, zone: tzinfo) -> dict[str, Any]:
    """How a hand-over stands, without the person."""
    return {
        "reference": handover.reference,
        "service": handover.service,
        "state": handover.state.value,
        "assigned_at": iso(handover.assigned_at, zone),
        "due_at": iso(handover.due_at, zone),
        "overdue": handover.overdue(now),
    }


def message_document(row: dict[str, Any], zone: tzinfo) -> dict[str, Any]:
    """One message as `outpost messages --json` gives it. Parts that have not begun are pending."""
    stored = {part["seq"]: part for part in row["parts"]}
    return {
        "id": row["id"],
        "batch": row["batch"],
        "row": row["row"],
        "to": row["recipient"],
        "state": row["state"],
        "reason": row["reason"],
        "sim": row["sim"],
        "parts": [_part(seq, stored.get(seq), zone) for seq in range(1, row["part_count"] + 1)],
    }


def _part(seq: int, stored: dict[str, Any] | None, zone: tzinfo) -> dict[str, Any]:
    if stored is None:
        return {"seq": seq, "state": "pending", "mr": None, "sent_at": None, "submits": []}
    sent_at = stored["sent_at"]
    return {
        "seq": seq,
        "state": stored["state"],
        "mr": stored["mr"],
        "sent_at": None if sent_at is None else iso(sent_at, zone),
        "submits": [_submit(submit, zone) for submit in stored["submits"]],
    }


def _submit(row: dict[str, Any], zone: tzinfo) -> dict[str, Any]:
    """One try of a part. `again_of` is the id of the try in doubt that it repeats; `exchanged` what passed last in a
    doubt, redacted."""
    return {
        "id": row["id"], "at": iso(row["at"], zone), "sim": row["iccid"], "outcome": row["outcome"],
        "code": row["code"], "mr": row["mr"], "again_of": row["again_of"], "exchanged": row["exchanged"],
    }  # fmt: skip
