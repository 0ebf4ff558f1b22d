"""One look at a modem: what people see of it, and what is kept of how its SIM fared."""

from __future__ import annotations

from dataclasses import replace

from daemon.services.station import Station
from daemon.store import StoreFull
from daemon.store.health import Look
from daemon.store.sims import ModemSeen
from drivers.modem import Modem
from drivers.types import Registration


def look_at(modem: Modem, seen: ModemSeen, registration: Registration, reason: str) -> ModemSeen:
    """What the modem shows now; `reason` says why it cannot send. Raises ModemError."""
    return replace(
        seen,
        reason=reason,
        signal_dbm=modem.signal(),
        network=registration.network,
        registered=registration.registered,
        bearer=registration.bearer,
        smsc=modem.smsc(),
        storage=modem.rooms(),
    )


def keep_look(station: Station, seen: ModemSeen) -> None:
    """Add a look to the history of the SIM; not on a full disk, which the line speaks of."""
    look = Look(seen.port, seen.signal_dbm, seen.registered, seen.network, seen.bearer, seen.storage)
    try:
        station.health.keep(seen.iccid or "", look, station.clock.now())
    except StoreFull:
        return
