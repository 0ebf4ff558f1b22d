"""The whole simulated station side: modems on ports, SIMs, one network; and what a test or a trainer may do to them."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from drivers.simulator.device import Device, imei
from drivers.simulator.faults import rule_from
from drivers.simulator.log import NetworkLog
from drivers.simulator.loop import Loop
from drivers.simulator.network import Network
from drivers.simulator.sim import PIN_TRIES, Sim, SimSettings, default_settings, settings_from
from drivers.simulator.timers import Timers
from drivers.simulator.unit import REBOOT_SECONDS, Unit


class Simulator:
    """A simulated GSM network with `modems` modems, whose ports appear as DIR/ttyUSB0, DIR/ttyUSB1, …

    Delays are in seconds. `sims` are entries as in a SIM file; without them each modem has one SIM. `log` is a file for
    the network log, which is kept in memory (`events`) as well unless `keep_log` is false. Use it as a context manager.

    Every method from `stats` on is also a command for `command`, by its name. Each may be called from any thread, and
    raises ValueError for a modem, SIM, mode or key that does not exist.
    """

    def __init__(
        self,
        directory: Path | str,
        modems: int = 1,
        *,
        sims: Sequence[Mapping[str, Any]] | None = None,
        radio_delay: float = 0.0,
        report_delay: float = 0.0,
        log: Path | str | None = None,
        keep_log: bool = True,
        seed: int = 0,
        ack_timeout: float = 15.0,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        settings = _sim_settings(sims, modems)
        self._directory = Path(directory)
        self._directory.mkdir(parents=True, exist_ok=True)
        timers = Timers(clock)
        self._loop = Loop(timers)
        self._lock = self._loop.lock
        witness = NetworkLog(None if log is None else Path(log), keep=keep_log, clock=clock, wall=wall)
        self.network = Network(timers, witness, radio_delay=radio_delay, report_delay=report_delay, seed=seed)
        self.units = [
            Unit(
                Device(imei(index), self.network, ack_timeout=ack_timeout),
                self._directory / f"ttyUSB{index}", self._loop, self.network,
            )
            for index in range(modems)
        ]  # fmt: skip
        self._insert_sims(settings)
        self._stopped = False
        self._loop.start()

    def _insert_sims(self, settings: Sequence[SimSettings]) -> None:
        for entry in settings:
            sim = Sim.new(entry)
            self.network.add(sim)
            if entry.modem is not None:
                self._unit(entry.modem).device.insert(sim)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def ports(self) -> list[str]:
        """The paths of all modems, plugged or not."""
        return [str(unit.port.link) for unit in self.units]

    @property
    def iccids(self) -> list[str]:
        """The ICCIDs of all SIMs."""
        return list(self.network.sims)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The network log so far: a copy."""
        with self._lock:
            return list(self.network.log.events)

    def command(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """Obey one JSON object, `{"do": NAME, …}`: {"ok": true, …} or {"ok": false, "error": why}."""
        try:
            return {"ok": True} | (self._obey(dict(order)) or {})
        except (ValueError, TypeError) as error:
            return {"ok": False, "error": str(error)}

    def _obey(self, order: dict[str, Any]) -> dict[str, Any] | None:
        name = order.pop("do", None)
        if name in RULES:
            self.rule(do=name, **order)
            return None
        if name not in COMMANDS:
            raise ValueError(f"cannot do {name!r}; known are: {', '.join(sorted({*COMMANDS, *RULES}))}")
        if "from" in order:
            order["sender"] = order.pop("from")
        method = getattr(self, name)
        inspect.signature(method).bind(**order)  # a wrong key is a TypeError that names it
        result: dict[str, Any] | None = method(**order)
        return result

    def _unit(self, modem: int) -> Unit:
        if not 0 <= modem < len(self.units):
            raise ValueError(f"no modem {modem}; there are {len(self.units)}, counted from 0")
        return self.units[modem]

    # -- what a trainer or a test can do

    def stats(self) -> dict[str, Any]:
        """Counts of submits, refusals, reports and delivers; for each SIM what waits for it, and the tries of its PIN
        that are left."""
        with self._lock:
            waiting = {iccid: len(sim.waiting) for iccid, sim in self.network.sims.items()}
            modems = [
                {"imei": unit.device.imei, "port": str(unit.port.link), **unit.channel.usage.sums()}
                for unit in self.units
            ]
            tries = {iccid: sim.tries for iccid, sim in self.network.sims.items()}
            return {**self.network.counts, "waiting": waiting, "pin_tries": tries, "modems": modems}

    def inbound(
        self, sim: str, sender: str, text: str, *, ref: int | None = None, ref_bits: int = 8, order: Sequence[int] = ()
    ) -> dict[str, Any]:
        """Text to a SIM (`sender` is "from" in a command), as in `Network.inbound`."""
        with self._lock:
            parts = self.network.inbound(self.network.sim(sim), sender, text, ref=ref, ref_bits=ref_bits, order=order)
        self._loop.wake()
        return {"parts": parts}

    def inbound_pdu(self, sim: str, pdu: str, *, report: bool = False) -> None:
        """Bring a SIM a PDU (hexadecimal, SMSC octets first) as it stands."""
        with self._lock:
            self.network.inbound_pdu(self.network.sim(sim), pdu, report=report)
        self._loop.wake()

    def unplug(self, modem: int) -> None:
        """Pull a modem out."""
        with self._lock:
            self._unit(modem).unplug()

    def replug(self, modem: int, path: str | None = None) -> dict[str, Any]:
        """Put a modem back, under another name if `path` gives one."""
        with self._lock:
            unit = self._unit(modem)
            if path is not None and not unit.port.plugged:
                unit.port.link = self._directory / path
            unit.replug()
        self._loop.wake()
        return {"port": str(unit.port.link)}

    def reboot(self, modem: int, seconds: float = REBOOT_SECONDS) -> None:
        """Let a modem restart: its port is away for `seconds`."""
        with self._lock:
            self._unit(modem).drop(seconds)
        self._loop.wake()

    def move_sim(self, iccid: str, to: int | None) -> None:
        """Put a SIM into another modem, None takes it out. A SIM that was there goes where this one came from."""
        with self._lock:
            sim = self.network.sim(iccid)
            origin = next((unit.device for unit in self.units if unit.device.sim is sim), None)
            target = None if to is None else self._unit(to).device
            other = None if target is None else target.sim
            if origin is not None:
                origin.insert(None)
            if target is not None:
                target.insert(sim)
            if origin is not None and origin is not target:
                origin.insert(other)
            self.network.log.write("move_sim", iccid=iccid, imei=None if target is None else target.imei)
        self._loop.wake()

    def clone_sim(self, iccid: str, to: int) -> None:
        """Have another modem show a SIM too, as a copy of it does."""
        with self._lock:
            device = self._unit(to).device
            device.insert(self.network.sim(iccid))
            self.network.log.write("clone_sim", iccid=iccid, imei=device.imei)
        self._loop.wake()

    def rule(self, **entry: Any) -> None:
        """Add a rule to the script: `drivers.simulator.faults.Rule` has the keys."""
        with self._lock:
            self.network.script.add(rule_from(entry))

    def script(self, rules: Sequence[Mapping[str, Any]]) -> None:
        """Add many rules: all of them, or none when one is wrong."""
        checked = []
        for index, entry in enumerate(rules, 1):
            try:
                checked.append(rule_from(entry))
            except (ValueError, TypeError) as error:
                raise ValueError(f"rule {index}: {error}") from error
        with self._lock:
            for rule in checked:
                self.network.script.add(rule)

    def clear(self) -> None:
        """Forget all rules: everything is accepted and delivered again."""
        with self._lock:
            self.network.script.clear()

    def noise(self, *, on: bool = True, where: str = "lines", modem: int | None = None) -> None:
        """A vendor's noise on one port or on all: see `Transport`."""
        self.transport(modem, noise=where if on else "")

    def transport(self, modem: int | None = None, **faults: Any) -> None:
        """Set the faults of one port, or of all: the fields of `Transport`."""
        with self._lock:
            for unit in self.units if modem is None else [self._unit(modem)]:
                unit.transport.change(**faults)

    def register(self, modem: int, state: str) -> None:
        """Change a modem's registration: home, roaming, searching, denied, "not registered" or unknown."""
        with self._lock:
            self._unit(modem).device.register(state)
        self._loop.wake()

    def signal(self, modem: int, dbm: int | None) -> None:
        """Change a modem's received strength; None: it does not know."""
        with self._lock:
            self._unit(modem).device.signal_dbm = dbm

    def pin(self, sim: str, pin: str | None, tries: int = PIN_TRIES) -> None:
        """Lock a SIM with a PIN from now on, or with None free it of one. With no `tries` left it wants its PUK."""
        with self._lock:
            card = self.network.sim(sim)
            card.pin, card.unlocked, card.tries = pin, False, tries
            if card.handset is not None:
                self.network.hand_over(card)

    def smsc(self, sim: str, number: str) -> None:
        """Change the service centre's number that a SIM holds; "" takes it away, and nothing can be sent."""
        with self._lock:
            self.network.sim(sim).smsc = number

    def delays(self, radio: float | None = None, report: float | None = None) -> None:
        """Change the radio delay, the report delay, or both, in seconds."""
        with self._lock:
            self.network.radio_delay = self.network.radio_delay if radio is None else radio
            self.network.report_delay = self.network.report_delay if report is None else report

    def stop(self) -> None:
        """Take all ports away and end. A second call does nothing."""
        if self._stopped:
            return
        self._stopped = True
        self._loop.stop()
        for unit in self.units:
            if unit.port.plugged:
                unit.port.unplug()
        self._loop.close()
        self.network.log.close()


COMMANDS = frozenset(
    ("stats", "inbound", "inbound_pdu", "unplug", "replug", "reboot", "move_sim", "clone_sim", "rule", "script",
     "clear", "noise", "transport", "register", "signal", "pin", "smsc", "delays", "stop")
)  # fmt: skip
RULES = frozenset(("accept", "refuse", "answer", "report", "prompt", "undelivered", "delivered"))


def _sim_settings(sims: Sequence[Mapping[str, Any]] | None, modems: int) -> list[SimSettings]:
    if sims is None:
        return [default_settings(index, index) for index in range(modems)]
    settings = [settings_from(entry, index, modems) for index, entry in enumerate(sims)]
    for what in ("iccid", "modem"):
        values = [getattr(entry, what) for entry in settings if getattr(entry, what) is not None]
        if len(set(values)) < len(values):
            raise ValueError(f"two SIMs have the same {what}")
    return settings
