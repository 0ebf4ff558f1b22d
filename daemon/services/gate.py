"""May this SIM send now? Asked before a message is claimed, and once more at the prompt, before each part leaves."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from daemon import red_button
from daemon.core import throttle
from daemon.core.local_time import opens_for
from daemon.core.message import SimState
from daemon.core.pace import Moment, Pace
from daemon.core.standstill import stopped
from daemon.services.station import Station
from daemon.store import Wanted, WorkItem
from drivers.types import SimIdentity

NEVER = float("inf")


class NotNow(Exception):
    """At the prompt it turned out that the message may not leave at this moment. `until` is when to look again."""

    def __init__(self, until: float) -> None:
        super().__init__(until)
        self.until = until


@dataclass(frozen=True, slots=True)
class Showing:
    """What people see of the SIM. `until` None: until something rings."""

    state: SimState
    reason: str = ""
    until: float | None = None


class Gate:
    """Belongs to one sender, which tells of each part that it submits."""

    def __init__(self, station: Station, sim: SimIdentity) -> None:
        self._station = station
        self._sim = sim
        self._boot = station.clock.boot()
        self._pace = Pace()
        self._reach: float | None = None  # how far back `_pace` remembers
        self._opens: dict[str, float] = {}  # the time zones of what is queued, and when each may be texted
        self._gave_way = False  # the last time; never twice running: the other SIM may not want it
        self.next_due = NEVER
        """When the next held message comes due, as of the last `held_back` (seconds since the epoch)."""
        self.why_not = "not looked at yet"
        """Why the modem cannot send at all, "" when it can."""

    def held_back(self, now: Moment) -> Showing | None:
        """What keeps the SIM from sending anything now, None when nothing does."""
        settings = self._station.settings
        standing = self._station.outbox.standing(self._sim.iccid)
        self.next_due = NEVER if standing.due is None else standing.due
        file, sim = red_button.pressed(settings.station.spool_dir), settings.sims.get(self._sim.iccid)
        why = stopped(standing.paused_by, file, in_configuration=sim is not None and sim.paused)
        if why:
            return Showing(SimState.PAUSED, why)
        hold = standing.hold
        if hold is not None:
            if hold.until is None or hold.until > now.wall:
                return Showing(hold.state, hold.reason, hold.until)
            self._station.sims.end_rest(self._sim.iccid, now.wall)
        if self.why_not:
            return Showing(SimState.WAITING, self.why_not)
        if now.wall < standing.newest and self._station.clock.now() < standing.newest:  # not what another has just done
            return Showing(SimState.WAITING, "the clock stands before the newest event: set the clock", standing.newest)
        self._opens = {zones: self._opens_in(zones, now.wall) for zones in ("", *standing.zones)}
        first = min(self._opens.values())
        if first > now.wall and not self._station.outbox.has_free(now.wall):
            return Showing(SimState.WAITING, "quiet hours", first)
        return self.throttled(now, 1, None)

    def _quiet(self, now: float) -> dict[str, float]:
        """The time zones of what is queued where it is quiet now, and when that ends."""
        return {zones: opens for zones, opens in self._opens.items() if opens > now}

    def _opens_in(self, zones: str, now: float) -> float:
        settings = self._station.settings
        own = settings.station.zone
        return opens_for(now, settings.quiet_hours, [_zone(name, own) for name in zones.split()] or [own])

    def throttled(self, now: Moment, parts: int, recipient: str | None) -> Showing | None:
        """Which limit keeps a message of `parts` parts from starting now; with no recipient those of persons are left
        out, since whether one is new is known only when a message is claimed."""
        pace, limits = self._in_force()
        if recipient is None and limits.recipients_per_day + limits.recipients_per_month:
            limits = limits.with_overrides(recipients_per_day=0, recipients_per_month=0)
        allowed = pace.next_allowed(limits, now, parts=parts, recipient=recipient)
        return Showing(SimState.WAITING, allowed.reason, allowed.at) if allowed.at > now.wall else None

    def wanted(self, now: Moment) -> Wanted:
        """What the SIM may take when `held_back` has just found nothing: whom its limits allow, and what is not left to
        a roomier SIM that is idle."""
        pace, limits = self._in_force()
        self._gave_way = not self._gave_way and self._station.sharing.give_way(self.room(now))
        return Wanted(
            known_since=pace.known_since(limits, now),
            quiet=frozenset(self._quiet(now.wall)),
            most_parts=throttle.most_parts(limits),
            shared=not self._gave_way,
        )

    def room(self, now: Moment) -> float:
        """How many parts the SIM may still submit before one of its longer limits is reached."""
        pace, limits = self._in_force()
        return pace.room(limits, now)

    def nothing_taken(self, now: Moment, wanted: Wanted) -> Showing:
        """What people see when the SIM found nothing that it may take."""
        if not (wanted.known_since or wanted.quiet) or not self._station.outbox.has_queued(self._sim.iccid):
            return Showing(SimState.READY)
        if wanted.known_since is None:
            return Showing(SimState.WAITING, "quiet hours", min(self._quiet(now.wall).values(), default=now.wall))
        pace, limits = self._in_force()
        allowed = pace.next_allowed(limits, now)
        return Showing(SimState.WAITING, allowed.reason, allowed.at)

    def count(self, moment: Moment, recipient: str) -> None:
        """A part is submitted."""
        self._pace.add(moment, recipient)

    def _in_force(self) -> tuple[Pace, throttle.Limits]:
        """The limits, and a pace that remembers as far back as they ask, and no further."""
        limits = self._station.settings.limits_for(self._sim.iccid, self._sim.imsi)
        reach = throttle.longest_window(limits)
        if reach != self._reach:
            outbox = self._station.outbox
            by_wall = outbox.history(self._sim.iccid, self._station.clock.now() - reach)
            self._pace = Pace(by_wall, outbox.history_since_boot(self._sim.iccid, self._boot), reach)
            self._reach = reach
        return self._pace, limits

    def check_at_prompt(self, item: WorkItem, seq: int, now: float) -> None:
        """The last look before a part leaves; pauses, cancels and opt-outs are looked at by the commit itself. Raises
        NotNow.

        Neither quiet hours nor its latest time cut a message in two.
        """
        if red_button.pressed(self._station.settings.station.spool_dir) is not None:
            raise NotNow(NEVER)
        newest = self._pace.newest()
        if newest is not None and now < newest:
            raise NotNow(newest)
        if item.begun or seq > 1:
            return
        if item.not_after is not None and item.not_after <= now:
            raise NotNow(now)  # claimed again, it is found to have expired
        opens = self._opens_in(item.zones, now)
        if opens > now and item.free_until <= now:
            raise NotNow(opens)


def _zone(name: str, otherwise: ZoneInfo) -> ZoneInfo:
    """The time zone of that name; the other where this machine does not know it."""
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError:
        return otherwise
