"""Takes in what a modem brings: commit first, then free the slot. URCs are hints, the sweep of storage is the truth."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from daemon.core.optout import is_stop
from daemon.logs import person
from daemon.services.sender import Sender
from daemon.services.station import Station
from drivers import pdu
from drivers.modem import Modem
from drivers.types import Deliver, Inbound, Received, SimIdentity, StatusReport, Undecodable


class Receiver:
    """Belongs to one line and its thread."""

    def __init__(self, station: Station, modem: Modem, sim: SimIdentity, sender: Sender) -> None:
        self._station = station
        self._modem = modem
        self._sim = sim
        self._sender = sender
        self._log = structlog.get_logger().bind(iccid=sim.iccid)
        self.next_sweep = station.clock.monotonic()
        """When the storage is to be read whole again (monotonic seconds)."""

    def receive(self) -> None:
        """Take in all that is there now. Raises StoreFull, with nothing lost; ModemError."""
        for sent, outcome in self._modem.late_answers():
            self._sender.late_answer(sent, outcome)
        direct = self._modem.take_direct()
        stored = [inbound for slot in self._modem.hinted() if (inbound := self._modem.read(slot)) is not None]
        if self._station.clock.monotonic() >= self.next_sweep:
            stored = list(self._modem.list_stored())
            self.next_sweep = self._station.clock.monotonic() + self._station.settings.modems.sweep_seconds
        self._keep([*direct, *stored])
        for inbound in direct:
            self._modem.acknowledge(inbound)
        for inbound in stored:
            if inbound.slot is not None:
                self._modem.delete(inbound.slot)

    def _keep(self, inbounds: Sequence[Inbound]) -> None:
        """Commit them all, and do what they ask for."""
        if not inbounds:
            return
        received = [pdu.decode(inbound.pdu) for inbound in inbounds]
        now = self._station.clock.now()
        changed = self._station.inbox.save_all(self._sim.iccid, received, now)
        for one in received:
            self._heed(one, now)
        for batch_id in changed or (None,):
            self._station.changed(batch_id)

    def _heed(self, received: Received, now: float) -> None:
        match received:
            case StatusReport():
                to = person(received.recipient)
                self._log.info("status report", mr=received.mr, to=to, tp_status=received.status)
            case Deliver():
                self._log.info("text received", sender=person(received.sender))
                self._heed_stop(received, now)
            case Undecodable(_, reason):
                self._log.warning("inbound PDU kept raw: it cannot be decoded", reason=reason)

    def _heed_stop(self, deliver: Deliver, now: float) -> None:
        """A STOP holds at once, on every path. A repeated PDU does no harm: nothing changes the second time."""
        if is_stop(deliver.text):
            number = self._station.inbox.texted_as(deliver.sender) or deliver.sender
            self._station.inbox.opt_out(number, "reply", now)
            self._log.info("opted out by reply", sender=person(deliver.sender))
