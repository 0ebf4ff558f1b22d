"""What sending a list would take: when it would begin and end, through which SIMs, and what it would cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from daemon.core import forecast, throttle
from daemon.core.forecast import Beside, Planned
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
    """All of it. Times are None when nothing can be said; `cost` is None without a tariff. `ahead` messages of other
    batches go before the end of the list, and are counted in the times; `stranded` messages of the list wait for a SIM
    that is not in use.
    """

    starts_at: float | None = None
    finishes_at: float | None = None
    shares: tuple[Share, ...] = ()
    cost: float | None = None
    ahead: int = 0
    stranded: int = 0
    by_known_sims: bool = True


def outlook_of(
    messages: Sequence[Planned], only_sim: str, settings: Settings, now: float,
    views: Views | None, outbox: Outbox | None,
) -> Outlook:
    """If these messages were released now, by the SIMs that the station can use and their histories, among what waits.

    Where it knows none, and where there is no database yet, by one unused SIM.
    """
    sims = [] if views is None else [sim for sim in views.sims() if only_sim in ("", sim["iccid"]) and _usable(sim)]
    lanes = [_lane(sim, settings, now, outbox) for sim in sims if outbox is not None]
    known = bool(lanes)
    if not known:
        lanes = [forecast.Lane(throttle.History(), settings.throttle, now)]
    parts = sum(message.parts for message in messages)
    stranded = 0
    others: Sequence[Beside] = ()
    if outbox is not None and known:
        bound = {} if only_sim else outbox.sims_of(message.recipient for message in messages)
        every = [message._replace(sim=bound.get(message.recipient, "")) for message in messages]
        here = {"", *(lane.iccid for lane in lanes)}
        messages = [message for message in every if message.sim in here]
        stranded, others = len(every) - len(messages), outbox.beside()
    through = forecast.finish(lanes, messages, settings.quiet_hours, settings.station.zone, others)
    return Outlook(
        starts_at=through and through.starts_at,
        finishes_at=through and through.finishes_at,
        shares=tuple(_share(sim, lane, settings) for sim, lane in zip(sims, lanes, strict=False) if lane.messages),
        cost=parts * settings.tariff.per_part if settings.tariff.per_part else None,
        ahead=through.ahead if through else 0,
        stranded=stranded,
        by_known_sims=known,
    )


def _usable(sim: dict[str, object]) -> bool:
    return sim["state"] in (SimState.READY, SimState.WAITING, SimState.RESTING)


def _lane(sim: dict[str, object], settings: Settings, now: float, outbox: Outbox) -> forecast.Lane:
    iccid = str(sim["iccid"])
    limits = settings.limits_for(iccid, str(sim["imsi"]))
    history = outbox.history(iccid, now - throttle.longest_window(limits))
    until = sim["until"] if sim["state"] == SimState.RESTING else None
    return forecast.Lane(throttle.History(history), limits, max(now, float(str(until or now))), iccid)


def _share(sim: dict[str, object], lane: forecast.Lane, settings: Settings) -> Share:
    iccid = str(sim["iccid"])
    own = settings.sims.get(iccid)
    return Share(
        iccid, own.label if own else "", str(sim["imsi"])[:5], lane.messages, lane.parts, lane.first, lane.last
    )
