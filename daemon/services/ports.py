"""Which lines there are: one for each port that is configured, and one for each modem that is found on USB."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Protocol, TypeVar

import structlog

from daemon.bell import Bell
from daemon.core import recovery
from daemon.services.line import Line
from daemon.services.station import Station
from daemon.settings import Modems
from daemon.store import StoreFull
from daemon.store.sims import ModemSeen
from drivers.types import ModemIdentity
from drivers.usb import Device, Stick

Key = TypeVar("Key", str, Device)

GONE_SECONDS = 3.0
"""How long the line of an unplugged modem may take to end before another port is opened in its place."""


class Finder(Protocol):
    """Looks for modems on USB: see drivers/discovery.py."""

    def sticks(self) -> list[Stick]: ...

    def asks(self, port: str) -> str | None: ...

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]: ...


class Ports:
    """`start`, then `look` when the configuration has changed, then `stop` and `join`."""

    def __init__(self, station: Station, finder: Finder) -> None:
        self._station = station
        self._finder = finder
        self._log = structlog.get_logger()
        self._bell = Bell()
        self._stop = threading.Event()
        self._lock = threading.Lock()  # guards what follows; held for a moment only, since lines ring each other
        self._named: dict[str, Line] = {}
        self._found: dict[Device, Line] = {}
        self._asked: dict[Device, str | None] = {}  # the port that answers AT; None while they are being asked
        self._mute: set[Device] = set()  # asked in vain so far
        self._silences: dict[tuple[str, str], int] = {}  # of sticks whose ports went and may return: place and plugging
        self._shown: dict[Device, str] = {}  # what cannot be used, and the name that people see it under
        self._end_watch: Callable[[], None] | None = None
        self._thread = threading.Thread(target=self._run, name="ports", daemon=True)

    def __len__(self) -> int:
        return len(self.lines())

    def lines(self) -> list[Line]:
        """The lines that there are just now."""
        with self._lock:
            return [*self._named.values(), *self._found.values()]

    def start(self) -> None:
        """Begin with what is there, and follow what comes and goes."""
        self._follow_usb()
        self._look()
        self._thread.start()

    def look(self) -> None:
        """Something was plugged in or out, or the configuration has changed."""
        self._follow_usb()
        self._bell.ring()

    def ring(self) -> None:
        """Wake every line."""
        for line in self.lines():
            line.ring()

    def stop(self) -> None:
        """End every line after the part in flight."""
        self._stop.set()
        self._bell.ring()
        if self._end_watch is not None:
            self._end_watch()
        for line in self.lines():
            line.stop()

    def _follow_usb(self) -> None:
        if self._end_watch is None and self._station.settings.modems.discover:
            try:
                self._end_watch = self._finder.watch(self._bell.ring)
            except Exception as error:  # noqa: BLE001 - without hotplug the station still has its ports
                self._end_watch = lambda: None
                self._log.warning("no hotplug; modems that are there now and named ports are used", reason=str(error))

    def _run(self) -> None:
        while True:
            self._bell.wait(None)
            if self._stop.is_set():
                return
            try:
                self._look()
            except Exception:  # noqa: BLE001 - a fault of ours may not end the watch
                self._log.exception("ports not looked at; the next change is seen again")

    def _look(self) -> None:
        """Make the lines agree with what is configured and what is plugged in. One thread does so at a time."""
        modems = self._station.settings.modems
        sticks = self._sticks(modems)
        self._set_named(modems)
        self._set_found([stick for stick in sticks if not stick.why_not])
        self._show_useless(sticks)

    def _sticks(self, modems: Modems) -> list[Stick]:
        """Those that the configuration leaves to us: a stick one of whose ports is named is the administrator's."""
        if not modems.discover:
            return []
        named = {os.path.realpath(port) for port in modems.ports}
        return [
            stick for stick in self._finder.sticks()
            if not named & {os.path.realpath(one.port) for one in stick.device.interfaces}
        ]  # fmt: skip

    def _set_named(self, modems: Modems) -> None:
        self._end(self._named, [port for port in self._named if port not in modems.ports])
        for port in modems.ports:
            if port not in self._named:
                self._begin(self._named, port, port)

    def _set_found(self, sticks: list[Stick]) -> None:
        present = {stick.device for stick in sticks}
        leaving = [device for device in self._found if device not in present]
        for device in leaving:  # a socket that is switched off and on brings the same stick again: its ladder goes on
            self._silences[device.place, device.plugged] = self._found[device].silences
        gone = self._end(self._found, leaving)
        for line in gone:
            self._log.info("modem unplugged", port=line.port)
        for line in gone:
            line.join(GONE_SECONDS)  # it gives up its SIM, which may be at another port already
            self._show(ModemSeen(line.port, "lost", "unplugged", line.identity))
        with self._lock:
            self._mute &= present
            for device in [device for device in self._asked if device not in present]:
                del self._asked[device]
        for stick in sticks:
            if stick.device not in self._found and (port := self._port_of(stick)) is not None:
                self._log.info("modem found", port=port, device=stick.device.name, socket=stick.device.place)
                silences = self._silences.get((stick.device.place, stick.device.plugged), 0)
                self._begin(self._found, stick.device, port, silences)

    def _begin(self, lines: dict[Key, Line], key: Key, port: str, silences: int = 0) -> None:
        with self._lock:
            if not self._stop.is_set():
                lines[key] = Line(port, self._station, silences)
                lines[key].start()

    def _end(self, lines: dict[Key, Line], keys: list[Key]) -> list[Line]:
        with self._lock:
            ended = [lines.pop(key) for key in keys]
        for line in ended:
            line.stop()
        return ended

    # Which port of a stick

    def _port_of(self, stick: Stick) -> str | None:
        """The port that takes AT commands; None while that is being found out."""
        if stick.sure:
            return stick.ports[0]
        with self._lock:
            if stick.device in self._asked:
                return self._asked[stick.device]
            self._asked[stick.device] = None
        threading.Thread(target=self._ask, args=(stick,), name=f"ask {stick.device.place}", daemon=True).start()
        return None

    def _ask(self, stick: Stick) -> None:
        """Ask the ports of one stick, the likeliest first, until one answers or the stick is gone."""
        rounds = 0
        while True:
            for port in stick.ports:
                if not self._is_awaited(stick.device):
                    return
                if self._finder.asks(port) is None:
                    self._note_answer(stick.device, port)
                    return
            rounds += 1
            self._note_answer(stick.device, None)
            self._stop.wait(recovery.pause(rounds))

    def _is_awaited(self, device: Device) -> bool:
        with self._lock:
            return device in self._asked and not self._stop.is_set()

    def _note_answer(self, device: Device, port: str | None) -> None:
        with self._lock:
            if device not in self._asked or (port is None and device in self._mute):
                return
            self._asked[device] = port
            if port is None:
                self._mute.add(device)
            else:
                self._mute.discard(device)
        self._bell.ring()

    # What cannot be used

    def _show_useless(self, sticks: list[Stick]) -> None:
        with self._lock:
            mute = set(self._mute)
        useless = {
            stick.device: stick.why_not or _why_mute(stick) for stick in sticks if stick.why_not or stick.device in mute
        }
        for device in [device for device in self._shown if device not in useless]:
            self._hide(self._shown.pop(device))
        for device, reason in useless.items():
            if device not in self._shown:
                self._shown[device] = f"usb {device.place}"
                self._log.warning("modem unusable", device=device.name, socket=device.place, reason=reason)
                self._show(ModemSeen(self._shown[device], "unusable", reason, ModemIdentity("", model=device.name)))

    def _show(self, seen: ModemSeen) -> None:
        try:
            self._station.sims.show_modem(seen, self._station.clock.now())
        except StoreFull as error:
            self._log.warning("modem state not stored", reason=str(error))
        self._station.changed(None)

    def _hide(self, name: str) -> None:
        try:
            self._station.sims.forget_modem(name)
        except StoreFull as error:
            self._log.warning("modem state not stored", reason=str(error))
        self._station.changed(None)


def _why_mute(stick: Stick) -> str:
    return (
        f"{stick.device.name} at USB socket {stick.device.place}: none of its ports ({', '.join(stick.ports)}) answers "
        "AT. It may be starting, or another program holds it: it is asked again. If this goes on, unplug it and plug "
        "it in again."
    )
