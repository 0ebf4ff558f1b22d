"""Which ports are there, and which of them answer AT."""

from __future__ import annotations

import os
from collections.abc import Sequence

from drivers.lines import Event
from drivers.modem import ModemError
from drivers.port import why_no_port
from drivers.transport import FIRST_SECONDS, Channel


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
