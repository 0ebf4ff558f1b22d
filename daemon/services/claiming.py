"""Claims the message that goes next through one SIM: looked at, encoded, and given back whenever it does not go."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from daemon.core import throttle
from daemon.core.message import MessageState, SimState
from daemon.core.pace import Moment
from daemon.core.spans import HOUR
from daemon.services.gate import NEVER, Gate, Showing
from daemon.services.station import Station
from daemon.store import StoreFull, Wanted, WorkItem
from drivers import pdu
from drivers.modem import ModemError
from drivers.types import SimIdentity, SubmitPdu

GIVE_WAY_SECONDS = 1.0
"""How long a SIM leaves it to a roomier one to take what both may take."""
FAULT_PAUSE = 600.0
"""Seconds that a message waits after a fault of ours."""

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Ready:
    """A claimed message that may go, and its parts."""

    item: WorkItem
    pdus: Sequence[SubmitPdu]


class Claims:
    """Belongs to one sender. One message is claimed ahead at most, and only while a modem is busy."""

    def __init__(self, station: Station, sim: SimIdentity, gate: Gate) -> None:
        self._station = station
        self._sim = sim
        self._gate = gate
        self._next: Ready | None = None
        self._unrecorded: list[WorkItem] = []  # to be given back when there is room to write that
        self._showing: Showing | None = None

    @property
    def has_next(self) -> bool:
        """Whether a message was made ready."""
        return self._next is not None

    def take(self, moment: Moment) -> Ready | float | None:
        """The message that goes now. None: ask again at once; else when to ask again (seconds since the epoch)."""
        self._station.sharing.busy(self._sim.iccid)
        self._return_unrecorded()
        return self._still_ready(moment) or self._find(moment)

    def _find(self, moment: Moment) -> Ready | float | None:
        """The message that goes now, claimed and looked at; else as `take`."""
        now = moment.wall
        held = self._gate.held_back(moment)
        if held is not None:
            self._show(held)
            return NEVER if held.until is None else held.until
        if self._gate.next_due <= now:
            self._station.outbox.wake_due(now)
            self._station.changed(None)
            self._station.ring_lines()
            return None
        wanted = self._gate.wanted(moment)
        item = self._station.outbox.claim(self._sim.iccid, now, wanted)
        if item is None:
            return self._idle(moment, wanted)
        return self.guarded(item, lambda: self._look_at(item, moment))

    def _idle(self, now: Moment, wanted: Wanted) -> float:
        """Nothing may be taken; when to look again. What was left to a roomier SIM is looked for soon."""
        showing = self._gate.nothing_taken(now, wanted)
        self._show(showing)
        if not wanted.shared:
            return now.wall + GIVE_WAY_SECONDS
        if showing.state is SimState.READY:
            self._station.sharing.idle(self._sim.iccid, self._gate.room(now))
        return min(self._gate.next_due, NEVER if showing.until is None else showing.until)

    # The message after the one in the air

    def make_ready(self) -> None:
        """Claim the next message already, where it might go at once. Whether it may is asked again when it is its turn:
        nothing that was found now counts then."""
        moment = self._station.clock.moment()
        if self._station.stopping.is_set() or self._gate.held_back(moment) is not None:
            return
        item = self._station.outbox.claim(self._sim.iccid, moment.wall, self._gate.wanted(moment))
        if item is not None:
            found = self.guarded(item, lambda: self._look_at(item, moment))
            self._next = found if isinstance(found, Ready) else None

    def _still_ready(self, now: Moment) -> Ready | None:
        """What was made ready, if it may go now; else it is given back."""
        ready = self._next
        if ready is None:
            return None
        if self._gate.held_back(now) or self._gate.throttled(now, ready.item.left, ready.item.recipient):
            self.put_back()
            return None
        self._next = None
        return ready

    def put_back(self) -> None:
        """Nothing goes next: what was made ready waits in the queue again. May raise StoreFull."""
        if self._next is not None:
            self._unrecorded.append(self._next.item)
            self._next = None
            self._return_unrecorded()

    # One message

    def guarded(self, item: WorkItem, work: Callable[[], _Found]) -> _Found:
        """Work on a claimed message, which is not lost if that fails."""
        try:
            return work()
        except (StoreFull, ModemError):
            self._unrecorded.append(item)
            with contextlib.suppress(StoreFull):
                self._return_unrecorded()
            raise
        except Exception:
            # A fault of ours in one message must not hold up the others.
            now = self._station.clock.now()
            reason = "internal error; see the log"
            self._station.outbox.give_back(item, now, due_at=now + FAULT_PAUSE, reason=reason)
            raise
        finally:
            self._station.changed(item.batch_id)

    def _return_unrecorded(self) -> None:
        """Give back claimed messages that could not be sent, now that there may be room to write it down."""
        while self._unrecorded:
            self._station.outbox.give_back(self._unrecorded[0], self._station.clock.now())
            del self._unrecorded[0]
            self._station.ring_lines()

    def _look_at(self, item: WorkItem, moment: Moment) -> Ready | float | None:
        """A claimed message and its parts, if it may go; else it is ended or given back, and it is as with `take`."""
        outbox, now = self._station.outbox, moment.wall
        bar = outbox.barred(item, now)
        if bar is not None:
            outbox.end(item, bar.state, bar.reason, now)
            return None
        if item.not_after is not None and item.not_after <= now and not item.begun:
            outbox.end(item, MessageState.EXPIRED, "its time ran out before it could be sent", now)
            return None
        limits = self._station.settings.limits_for(self._sim.iccid, self._sim.imsi)
        key = throttle.never_fits(limits, item.left)
        if key:
            reason = f"needs {item.left} parts at once; {key} allows {getattr(limits, key)}"
            outbox.end(item, MessageState.FAILED, reason, now)
            return None
        held = self._gate.throttled(moment, item.left, item.recipient)
        if held is not None:
            outbox.give_back(item, now)
            self._show(held)
            return held.until
        self._show(Showing(SimState.READY))
        return Ready(item, [part.pdu for part in item.parts] or self.encode(item))

    def encode(self, item: WorkItem, *, without_validity: bool = False) -> list[SubmitPdu]:
        """The parts of a message, as they would leave now."""
        sending = self._station.settings.sending
        hours: float = sending.validity_hours
        if item.not_after is not None:  # nor shall the SMSC try for longer
            hours = min(hours, (item.not_after - self._station.clock.now()) / HOUR)
        return pdu.encode(
            item.recipient,
            item.text,
            concat_ref=item.message_id % 256,
            validity_hours=None if without_validity else hours,
            status_report=sending.status_reports,
            flash=item.flash,
        )

    def _show(self, showing: Showing) -> None:
        """Tell people what the SIM does, when that has changed."""
        if showing != self._showing:
            self._station.sims.show(self._sim.iccid, showing.state, showing.reason, showing.until)
            self._showing = showing
            self._station.changed(None)
