"""One thread a port: it opens the modem, finds the SIM, and is that SIM's line until the port is lost."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import replace
from pathlib import Path

import structlog

from daemon.bell import Bell
from daemon.core import recovery
from daemon.core.alarm import AlarmKind
from daemon.core.message import SimState
from daemon.core.recovery import Rung
from daemon.services.baton import Hand
from daemon.services.credit import CreditCheck
from daemon.services.gate import NEVER
from daemon.services.looking import keep_look, look_at
from daemon.services.receiver import Receiver
from daemon.services.sender import Sender, nothing_sent
from daemon.services.station import Station
from daemon.store import StoreFull
from daemon.store.sims import ModemSeen
from drivers.modem import Modem, ModemDead, ModemError, ModemSilent, SimUnavailable
from drivers.types import ModemIdentity, Registered, SimIdentity

FULL_PAUSES = (1.0, 2.0, 5.0, 15.0)
"""Seconds between looks at a full disk."""
UNWELL_SECONDS = 5.0
"""Between looks at a modem that cannot send: what is cured is used again within fifteen seconds. The scheduler has the
others looked at."""
STEADY_SECONDS = 60.0
"""A modem that has served for so long has left its earlier silences behind."""
UNREGISTERED = {
    Registered.SEARCHING: "searching for a network",
    Registered.DENIED: "the network denies this SIM",
    Registered.NO: "not registered in a network",
}
OPENING_SECONDS = 300.0
"""How long a port may take to be opened and set up, resets of the modem included, before its thread counts as hung."""
LEFT_OUT_SECONDS = 60.0
"""How long a SIM that was left out is still told of; while it is plugged in it is found again and again."""


class Line:
    """The way from the queue to one port and back. `start`, then `stop`; `ring` whenever there may be news."""

    def __init__(self, port: str, station: Station, silences: int = 0) -> None:
        self.port = port
        self._station = station
        self._bell = Bell()
        self._thread = threading.Thread(target=self._run, name=f"line {port}", daemon=True)
        self._log = structlog.get_logger().bind(port=port)
        self._said = ""
        self.identity = ModemIdentity("")
        """The modem that was at the port last."""
        self._served = False
        self._lost = False  # it served, and what was there is gone
        self._served_since = 0.0
        self.silences = silences
        """How often in a row the modem gave no answer."""
        self._stop = False
        self._full = 0
        self._health_at = 0.0

    def start(self) -> None:
        """Begin in a thread of its own."""
        self._thread.start()

    def ring(self) -> None:
        """There may be something to do."""
        self._bell.ring()

    def look(self) -> None:
        """See how the modem does, at the next turn."""
        self._health_at = 0.0
        self._bell.ring()

    def stop(self) -> None:
        """End after the part in flight."""
        self._stop = True
        self._bell.ring()

    def join(self, seconds: float) -> bool:
        """Wait until the line has ended, at most so long; whether it has."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    # The port

    def _run(self) -> None:
        self._try_for_ever()
        self._station.pulse.over()  # not when it fails: a thread that is gone must be missed

    def _try_for_ever(self) -> None:
        tries = 0
        while not self._stop:
            self._station.pulse.alive(OPENING_SECONDS)
            try:
                trouble = self._serve_until_trouble()
                self._climb(trouble)
            except Exception:  # noqa: BLE001 - nor may a trouble that cannot be written down
                self._log.exception("line failed; trying again")
            tries = 1 if self._served else tries + 1
            self._sleep(recovery.pause(tries))

    def _serve_until_trouble(self) -> Exception | None:
        """Open the modem and be its SIM's line until something ends that. The trouble, said already; None at a stop."""
        try:
            self._open_and_serve()
        except (ModemError, StoreFull) as error:
            self._say(error)
            return error
        except Exception as error:  # noqa: BLE001 - a fault of ours on one port may not end its line
            self._log.exception("line failed; trying again")
            return error
        return None

    def _climb(self, trouble: Exception | None) -> None:
        """One rung up for each silence in a row; what can be told from a modem that answers is no silence."""
        clock = self._station.clock
        if isinstance(trouble, SimUnavailable) or (
            self._served and clock.monotonic() - self._served_since > STEADY_SECONDS
        ):
            self.silences = 0
        if not isinstance(trouble, ModemDead | ModemSilent):
            return
        self.silences += 1
        rung = recovery.rung(self.silences)
        if rung is Rung.ALARM:
            self._log.error("modem stays silent: a person must look", silences=self.silences, reason=str(trouble))
            self._show_modem(ModemSeen(self.port, "unusable", f"a person must look: {trouble}", self.identity))
        elif rung is not Rung.REOPEN:
            done = self._station.rouse(rung, self.port, self.identity)
            self._log.warning("modem silent", silences=self.silences, tried=str(rung), possible=done)

    def _sleep(self, seconds: float) -> None:
        end = self._station.clock.monotonic() + seconds
        while not self._stop and (left := end - self._station.clock.monotonic()) > 0:
            self._station.pulse.alive(left + self._station.work_seconds)
            self._bell.wait(left)

    def _say(self, error: Exception) -> None:
        """Log a trouble once, however often it is met in a row."""
        if str(error) != self._said:
            self._said = str(error)
            self._log.warning("port unusable", reason=str(error))
            self._lost = self._served or (self._lost and not Path(self.port).exists())
            state = "lost" if self._lost else "unusable"
            self._show_modem(ModemSeen(self.port, state, str(error), self.identity))
            if isinstance(error, SimUnavailable) and error.iccid and not self._served:
                self._show_sim(error)

    def _show_sim(self, error: SimUnavailable) -> None:
        """A SIM that is known by name and cannot be used: people find the reason at the SIM, too."""
        try:
            self._station.sims.seen(SimIdentity(error.iccid), self._station.clock.now())
            self._station.sims.show(error.iccid, SimState(error.state), str(error), None)
        except StoreFull as full:
            self._log.warning("SIM state not stored", reason=str(full))
        self._station.changed(None)

    def _show_modem(self, seen: ModemSeen) -> None:
        try:
            self._station.sims.show_modem(seen, self._station.clock.now())
        except StoreFull as error:
            self._log.warning("modem state not stored", reason=str(error))
        self._station.changed(None)

    def _open_and_serve(self) -> None:
        self._served = False
        modem = self._station.open_modem(self.port, self._bell.ring)
        try:
            identity, sim = modem.identify()
            self.identity = identity
            if not sim.iccid:
                sim = replace(sim, iccid=sim.imsi or "")  # the other name of the same SIM
            other = self._station.take_seat(sim.iccid, self.port)
            if other is not None:
                raise SimUnavailable(
                    f"{self.port}: the SIM {sim.iccid} is in use at {other} already. "
                    "Two modems that show one SIM are refused: take one of them out.",
                    "absent",
                )
            try:
                self._seated(modem, ModemSeen(self.port, "ready", identity=identity, iccid=sim.iccid), sim)
            finally:
                self._station.leave_seat(sim.iccid, self.port)
        finally:
            modem.close()

    # The SIM

    def _seated(self, modem: Modem, seen: ModemSeen, sim: SimIdentity) -> None:
        station = self._station
        limit = station.settings.station.max_sims
        if station.settings.station.authority is None and station.seats() > limit:
            self._alarm(AlarmKind.SIM_LEFT_OUT, sim.iccid,
                        f"SIM {sim.iccid} at {self.port} is not used: {limit} are in use, and max_sims is {limit}. "
                        "Take it out. More than four need a [station.authority] in the configuration.")
            raise SimUnavailable(
                f"{self.port}: the SIM {sim.iccid} is left out: {limit} are in use, and max_sims is {limit}. "
                "More than four need a [station.authority] in the configuration.",
                "absent",
            )
        station.alarms.clear(AlarmKind.SIM_LEFT_OUT, sim.iccid)
        station.sims.seen(sim, station.clock.now())
        station.outbox.recover(station.clock.now(), resend_limit=station.settings.sending.resend_limit, iccid=sim.iccid)
        hand = Hand(station.baton)
        receiver = Receiver(station, modem, sim, hand)
        sender = Sender(
            station, modem, sim, hand, why_not=lambda: self._check_health(modem, seen), receive=receiver.keep_direct
        )
        self._served, self._said = True, ""
        self._served_since = station.clock.monotonic()
        self._log.info("modem ready", iccid=sim.iccid, imei=seen.identity.imei, model=seen.identity.model)
        state, why = SimState.ABSENT, ""
        station.sharing.join(sim.iccid, self._bell.ring)
        try:
            self._serve(hand, sender, receiver, CreditCheck(station, modem, sim))
        except SimUnavailable as error:
            state, why = SimState(error.state), str(error)
            raise
        except ModemError as error:
            why = str(error)
            raise
        finally:
            with contextlib.suppress(StoreFull):  # else it waits again before the SIM's next line
                sender.put_back()
            station.sharing.leave(sim.iccid)
            self._leave(sim, state, why)

    def _alarm(self, kind: AlarmKind, subject: str, text: str) -> None:
        now = self._station.clock.now()
        try:
            self._station.alarms.set(kind, subject, text, now, until=now + LEFT_OUT_SECONDS)
        except StoreFull as error:
            self._log.warning("alarm not stored", reason=str(error))

    def _leave(self, sim: SimIdentity, state: SimState, why: str) -> None:
        try:
            self._station.sims.show(sim.iccid, state, why, None)
        except StoreFull as error:
            self._log.warning("SIM state not stored", reason=str(error))
        self._station.changed(None)

    def _serve(self, hand: Hand, sender: Sender, receiver: Receiver, credit: CreditCheck) -> None:
        clock = self._station.clock
        self._health_at = clock.monotonic()
        while not self._stop:
            try:
                self._station.pulse.alive(self._station.work_seconds)
                sender.hear_late_answers()
                receiver.receive(hurry=sender.has_next)
                if clock.monotonic() >= self._health_at:
                    sender.look()
                wait_until = sender.step()
                if wait_until is not None:
                    credit.check()
                self._full = 0
            except StoreFull as error:
                self._wait_for_room(error)
                continue
            except Exception as error:
                unreadable = self._station.outbox.unreadable(error)
                if unreadable is None:
                    raise
                self._wait_for_room(unreadable)
                continue
            if wait_until is not None:
                self._wait(wait_until, receiver)
                hand.ready_since = clock.monotonic()

    def _wait(self, until: float, receiver: Receiver) -> None:
        clock = self._station.clock
        deadlines = (until - clock.now(), receiver.next_sweep - clock.monotonic(), self._health_at - clock.monotonic())
        seconds = max(0.0, min(deadlines))
        self._station.pulse.alive(seconds + self._station.work_seconds)
        self._bell.wait(seconds)

    def _wait_for_room(self, error: StoreFull) -> None:
        if not self._full:
            self._log.error(nothing_sent(error), reason=str(error))
        self._sleep(FULL_PAUSES[min(self._full, len(FULL_PAUSES) - 1)])
        self._full += 1

    def _check_health(self, modem: Modem, seen: ModemSeen) -> str:
        """Look at the modem, show people how it does, and say why it cannot send; empty when it can."""
        self._health_at = self._station.clock.monotonic() + UNWELL_SECONDS
        missing = modem.why_not()  # asked first: without a SIM there is no network either
        registration = modem.registration()
        why = missing or UNREGISTERED.get(registration.registered, "")
        shown = look_at(modem, seen, registration, why)
        self._show_modem(shown)
        keep_look(self._station, shown)
        if not why:
            self._health_at = NEVER
        return why
