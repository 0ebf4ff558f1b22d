"""All that a person must look at: the alarms that were raised, and those that the state of things gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from daemon import red_button
from daemon.core.alarm import Alarm, AlarmKind, of_doubts, of_handover, of_replies, of_sim
from daemon.core.reply import is_overdue
from daemon.core.spans import HOUR
from daemon.settings import Settings
from daemon.store import Views


def station_alarms(views: Views, settings: Settings, now: float) -> list[Alarm]:
    """Oldest first. `now` is in seconds since the epoch."""
    return sorted([
        *views.alarms(now), *_stops(views, settings), *_sims(views, settings, now), *_doubts(views),
        *_replies(views, settings, now), *_handovers(views, now),
    ])  # fmt: skip


def _stops(views: Views, settings: Settings) -> Iterator[Alarm]:
    pause = views.station_pause()
    if pause is not None:
        yield Alarm(pause.at, AlarmKind.STOPPED,
                    f"The station is paused by {pause.by}: nothing is sent. `outpost resume --station` lets it go on.")
    file = red_button.pressed(settings.station.spool_dir)
    if file is not None:
        yield Alarm(red_button.since(file), AlarmKind.STOPPED,
                    f"The file {file.name} lies in the spool's root: nothing is sent until it is gone.")  # fmt: skip


def _sims(views: Views, settings: Settings, now: float) -> Iterator[Alarm]:
    waiting = views.waiting_for()
    for row in views.sims():
        iccid, sim = row["iccid"], settings.sims.get(row["iccid"])
        yield from of_sim(
            iccid, sim.label if sim else "", hold=_hold(row, now), reason=row["hold_reason"], since=row["hold_since"],
            absent=row["state"] == "absent", last_seen=row["last_seen"], waiting=waiting.get(iccid, 0),
        )  # fmt: skip


def _hold(row: dict[str, Any], now: float) -> str:
    """A rest that is over holds no more, though nobody has written that down yet."""
    return "" if row["hold_until"] is not None and row["hold_until"] <= now else str(row["hold"])


def _doubts(views: Views) -> Iterator[Alarm]:
    yield from of_doubts(views.counts()["in_doubt"], views.first_doubt())


def _replies(views: Views, settings: Settings, now: float) -> Iterator[Alarm]:
    hours = settings.replies.overdue_hours
    before = now - hours * HOUR
    late = [reply.received_at for reply in views.late_replies(before) if is_overdue(reply, now, hours)]
    yield from of_replies(len(late), min(late, default=before) + hours * HOUR, hours)


def _handovers(views: Views, now: float) -> Iterator[Alarm]:
    for handover in views.handovers():
        yield from of_handover(handover, now)
