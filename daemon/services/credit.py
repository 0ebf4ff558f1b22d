"""Asks the network by USSD what a SIM has left, now and then, and warns when that is too little."""

from __future__ import annotations

import structlog

from daemon.core.credit import amount
from daemon.core.spans import HOUR
from daemon.services.station import Station
from daemon.store.health import Credit
from drivers.modem import Modem, ModemSilent
from drivers.types import SimIdentity

AGAIN_SECONDS = HOUR
"""How long to let a network alone that did not answer."""


class CreditCheck:
    """Belongs to one line and its thread."""

    def __init__(self, station: Station, modem: Modem, sim: SimIdentity) -> None:
        self._station = station
        self._modem = modem
        self._sim = sim
        self._not_before = 0.0
        self._log = structlog.get_logger().bind(iccid=sim.iccid)

    def check(self) -> None:
        """Ask if it is time to. Raises PortLost, StoreFull."""
        station = self._station
        balance = station.settings.balance_for(self._sim.imsi)
        now = station.clock.now()
        if balance is None or now < self._due(now):
            return
        try:
            text = self._modem.ussd(balance.balance_ussd)
        except ModemSilent as error:
            self._not_before = now + AGAIN_SECONDS
            self._log.warning("no answer about the credit", reason=str(error))
            return
        left = amount(balance.pattern, text)
        station.health.keep_credit(self._sim.iccid, Credit(station.clock.now(), left, text))
        if left is None:
            self._log.warning("no amount in the network's answer about the credit: correct its pattern in [credit]")
        elif left < balance.warn_below:
            self._log.error("credit is low: top the SIM up", amount=left, warn_below=balance.warn_below)
        else:
            self._log.info("credit", amount=left)
        station.changed(None)

    def _due(self, now: float) -> float:
        """When to ask. A last time that stands in the future was told by a wrong clock."""
        last = self._station.health.credit(self._sim.iccid)
        asked = 0.0 if last is None or last.at > now else last.at + self._station.settings.credit.check_hours * HOUR
        return max(self._not_before, asked)
