"""What sending a list would take: when it would begin and end, through which SIMs, and what it would cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from daemon.core import forecast, throttle
from daemon.core.message import SimState
from daemon.settings import Settings
from daemon.store import Outbox, Views


@dataclass(frozen=True, slots=True)
class Share:
    """What one SIM would send of it. Times are seconds since the epoch. `network` is its home: MCC and MNC."""

    iccid: str
    label: str
    network: str
    messages: int
    parts: int
    starts_at: float
    finishes_at: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """All of it. Times are None when nothing can be said; `cost` is None without a tariff. `ahead` are the messages of
    other batches that wait now: they are not counted in the times.
    """

    starts_at: float | None = None
    finishes_at: float | None = None
    shares: tuple[Share, ...] = ()
    cost: float | None = None
    ahead: int = 0
    by_known_sims: bool = True


def outlook_of(
    messages: Sequence[tuple[str, int]], only_sim: str, settings: Settings, now: float,
    views: Views | None, outbox: Outbox | None,
) -> Outlook:
    """If (recipient, parts) were released now, by the SIMs that the station can use and their histories.

    Where it knows none, and where there is no database yet, by one unused SIM.
    """
    sims = [] if views is None else [sim for sim in views.sims() if only_sim in ("", sim["iccid"]) and _usable(sim)]
    lanes = [_lane(sim, settings, now, outbox) for sim in sims if outbox is not None]
    known = bool(lanes)
    if not known:
        lanes = [forecast.Lane(throttle.History(), settings.throttle, now)]
    through = forecast.finish(lanes, messages, settings.quiet_hours, settings.station.zone)
    parts = sum(parts for _, parts in messages)
    return Outlook(
        starts_at=through and through[0],
        finishes_at=through and through[1],
        shares=tuple(_share(sim, lane, settings) for sim, lane in zip(sims, lanes, strict=False) if lane.messages),
        cost=parts * settings.tariff.per_part if settings.tariff.per_part else None,
        ahead=0 if views is None else views.counts()["queued"],
        by_known_sims=known,
    )


def _usable(sim: dict[str, object]) -> bool:
    return sim["state"] in (SimState.READY, SimState.WAITING, SimState.RESTING)


def _lane(sim: dict[str, object], settings: Settings, now: float, outbox: Outbox) -> forecast.Lane:
    iccid = str(sim["iccid"])
    limits = settings.limits_for(iccid, str(sim["imsi"]))
    history = outbox.history(iccid, now - throttle.longest_window(limits))
    until = sim["until"] if sim["state"] == SimState.RESTING else None
    return forecast.Lane(throttle.History(history), limits, max(now, float(str(until or now))))


def _share(sim: dict[str, object], lane: forecast.Lane, settings: Settings) -> Share:
    iccid = str(sim["iccid"])
    own = settings.sims.get(iccid)
    return Share(
        iccid, own.label if own else "", str(sim["imsi"])[:5], lane.messages, lane.parts, lane.first, lane.last
    )
