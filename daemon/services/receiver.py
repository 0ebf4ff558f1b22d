"""Takes in what a modem brings: commit first, then free the slot. URCs are hints, the sweep of storage is the truth."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog

from daemon.core import clock_watch
from daemon.core.alarm import AlarmKind
from daemon.logs import person
from daemon.services.baton import Hand
from daemon.services.station import Station
from daemon.store.people import Heard
from drivers import pdu
from drivers.modem import Modem
from drivers.refusals import status_meaning
from drivers.types import Deliver, Inbound, Received, SimIdentity, StatusReport, Undecodable


class Receiver:
    """Belongs to one line and its thread."""

    def __init__(self, station: Station, modem: Modem, sim: SimIdentity, hand: Hand) -> None:
        self._station = station
        self._modem = modem
        self._sim = sim
        self._hand = hand
        self._put_off = False  # reports wait already
        self._kept: list[Inbound] = []  # committed while the modem was busy; it has not heard so yet
        self._log = structlog.get_logger().bind(iccid=sim.iccid)
        self.next_sweep = station.clock.monotonic()
        """When the storage is to be read whole again (monotonic seconds)."""

    def receive(self, *, hurry: bool) -> None:
        """Take in all that is there now. Raises StoreFull, with nothing lost; ModemError.

        `hurry`: a text is ready to go. Status reports then wait until the modem is busy with it, but not for a second.
        """
        self._acknowledge(self._kept)
        self._kept = []
        self._take_direct(hurry=hurry)
        self._free([inbound for slot in self._modem.hinted() if (inbound := self._modem.read(slot)) is not None])
        if self._station.clock.monotonic() >= self.next_sweep:
            self._free(self._modem.list_stored())
            self.next_sweep = self._station.clock.monotonic() + self._station.settings.modems.sweep_seconds

    def keep_direct(self) -> None:
        """While the modem is busy: commit what came inside URCs. It is acknowledged by `receive`. Raises StoreFull."""
        direct = [inbound for inbound in self._modem.take_direct() if inbound not in self._kept]
        self._put_off = False
        if direct:
            self._keep_all(direct)
            self._kept += direct

    def _take_direct(self, *, hurry: bool) -> None:
        """What came inside URCs. A modem that holds the next back until it has an acknowledgement (27.005 §3.4.4) rings
        with it; sending does not wait for that."""
        while direct := self._modem.take_direct():
            if hurry and not self._put_off and all(pdu.is_status_report(inbound.pdu) for inbound in direct):
                self._put_off = True
                return
            self._put_off = False
            self._keep(direct)
            self._acknowledge(direct)

    def _acknowledge(self, direct: Sequence[Inbound]) -> None:
        for inbound in direct:
            self._modem.acknowledge(inbound)

    def _free(self, stored: Sequence[Inbound]) -> None:
        """Commit what lies in slots, and empty them."""
        self._keep(stored)
        for inbound in stored:
            if inbound.slot is not None and not self._modem.delete(inbound.slot):
                self._log.warning(
                    "slot not freed: the modem refuses; it is tried again at the next sweep",
                    memory=inbound.slot.memory, index=inbound.slot.index,
                )  # fmt: skip

    def _keep(self, inbounds: Sequence[Inbound]) -> None:
        """Commit them all, and tell of what is new."""
        if not inbounds:
            return
        with self._hand:
            self._keep_all(inbounds)

    def _keep_all(self, inbounds: Sequence[Inbound]) -> None:
        station = self._station
        received = [pdu.decode(inbound.pdu) for inbound in inbounds]
        now = station.clock.now()
        country = station.settings.station.country
        saved = station.inbox.save_all(self._sim.iccid, received, now, country=country, meaning=status_meaning)
        for one in received:
            self._tell(one, now)
        for arrival in saved.arrivals:
            if arrival.heard is not Heard.NOTHING:
                self._log.info(arrival.heard, sender=person(arrival.number))
        for batch_id in saved.batches or (None,):
            station.changed(batch_id)
        if any(arrival.batches for arrival in saved.arrivals):
            station.ring_lines()  # the confirmation of an opt-out may wait

    def _tell(self, received: Received, now: float) -> None:
        match received:
            case StatusReport():
                self._compare_clocks(received.scts, self._station.inbox.submitted_at(self._sim.iccid, received), now)
                to = person(received.recipient)
                self._log.info("status report", mr=received.mr, to=to, tp_status=received.status)
            case Deliver():
                self._compare_clocks(received.scts, None, now)
                self._log.info("text received", sender=person(received.sender), content=str(received.content))
            case Undecodable(_, reason):
                self._log.warning("inbound PDU kept raw: it cannot be decoded", reason=reason)

    def _compare_clocks(self, network: datetime | None, ours: float | None, now: float) -> None:
        """Take the network's time as a witness: a difference is an alarm until later evidence ends it."""
        ahead = None if network is None else clock_watch.ahead_of_network(network.timestamp(), ours, now)
        if ahead is None:
            return
        if abs(ahead) <= clock_watch.DIFFERENCE:
            self._station.alarms.clear(AlarmKind.CLOCK_DIFFERS)
            return
        way = "ahead of" if ahead > 0 else "behind"
        text = (
            f"This machine's clock is {clock_watch.told(ahead)} {way} the network's. Limits hold all the same; quiet "
            "hours and the times on pages are wrong. Set it with `timedatectl set-time`."
        )
        if self._station.alarms.set(AlarmKind.CLOCK_DIFFERS, "", text, now):
            self._log.error("the clock differs from the network's", seconds_ahead=round(ahead))
