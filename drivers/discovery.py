"""Finding modems: which are on USB, which of their ports answers AT, and being told when one comes or goes."""

from __future__ import annotations

import contextlib
import os
import select
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from drivers import usb
from drivers.lines import Event
from drivers.modem import ModemError
from drivers.port import why_no_port
from drivers.transport import FIRST_SECONDS, Channel

SETTLE_MS = 400
"""A stick brings several ports, one after the other: it is looked at when none has come for so long."""
_SUBSYSTEMS = ("tty", "usb")
_UDEV = Path("/run/udev/control")


class Finder:
    """The modems on USB. `root` is where /sys, /proc and /dev are found."""

    def __init__(self, root: Path = usb.ROOT) -> None:
        self.root = root

    def sticks(self) -> list[usb.Stick]:
        """What is plugged in just now. Opens nothing."""
        return usb.sticks(self.root)

    def asks(self, port: str) -> str | None:
        """None when a modem answers at this port, else why not. Only for ports of devices that are known as modems."""
        return why_no_modem(port)

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed`, from a thread of its own, whenever USB devices or their ports came or went.

        Waits for the kernel's word and never polls. Gives a call that ends it. Raises NoUdev.
        """
        return _Watch(changed).stop


class NoUdev(Exception):
    """Nobody here tells when a modem is plugged in. The message says why and what to do."""


class _Watch:
    def __init__(self, changed: Callable[[], None]) -> None:
        try:
            import pyudev  # noqa: PLC0415 - it loads libudev, which a small system may lack

            source = "udev" if _UDEV.exists() else "kernel"  # udev's word comes when the port's owner and mode are set
            self._monitor = pyudev.Monitor.from_netlink(pyudev.Context(), source)
            for subsystem in _SUBSYSTEMS:
                self._monitor.filter_by(subsystem)
            self._monitor.start()
        except (ImportError, OSError) as error:
            raise NoUdev(
                f"libudev cannot be used ({error}): modems that are plugged in from now on are not found. "
                f"Install libudev1, or name their ports in [modems] ports."
            ) from None
        self._changed = changed
        self._wake_read, self._wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._thread = threading.Thread(target=self._run, name="usb watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for the end."""
        os.write(self._wake_write, b"x")
        self._thread.join()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._monitor.fileno(), select.POLLIN)
        poll.register(self._wake_read, select.POLLIN)
        patience: int | None = None  # milliseconds; None: until something comes
        while True:
            ready = [descriptor for descriptor, _ in poll.poll(patience)]
            if self._wake_read in ready:
                return
            if ready:
                with contextlib.suppress(OSError):  # more came than the kernel kept: looking finds it all
                    while self._monitor.poll(timeout=0) is not None:
                        continue
                patience = SETTLE_MS
            else:
                patience = None
                self._changed()


def present(ports: Sequence[str]) -> list[str]:
    """Those of the configured paths that are serial ports just now, in their order.

    A port that two paths name, as links under /dev/serial do, comes once, under the first of them.
    """
    found: dict[str, str] = {}
    for port in ports:
        if why_no_port(port) is None:
            found.setdefault(os.path.realpath(port), port)
    return list(found.values())


def why_no_modem(port: str, baudrate: int = 115200, tries: Sequence[float] = FIRST_SECONDS) -> str | None:
    """None when an AT modem answers at this port; else a sentence for people: what is wrong with it and what to do.

    `tries` are the seconds that each question may take. The port is given back; another who holds it is not disturbed.
    """
    channel = Channel(port, baudrate, _ignore, _ignore_end, None)
    try:
        channel.wire.open()
        channel.come_into_step(tries)
    except ModemError as error:
        return str(error)
    finally:
        channel.wire.close()
    return None


def _ignore(event: Event) -> None:
    """What a modem says unasked tells nothing here."""


def _ignore_end() -> None:
    """The question that is open at that moment ends with PortLost."""
