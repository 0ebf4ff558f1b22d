"""Two stronger ways to bring back a modem that answers nothing: a restart by command, and its USB socket off and on."""

from __future__ import annotations

import contextlib
from pathlib import Path

from drivers import usb
from drivers.lines import Event
from drivers.modem import ModemError
from drivers.quirks import quirks_of
from drivers.transport import ESC, Channel
from drivers.types import ModemIdentity

RESTART_SECONDS = 2.0


def restart(port: str, modem: ModemIdentity, baudrate: int = 115200) -> bool:
    """Tell the modem to start anew, whether it answers or not. `modem` is who was there last, as far as known.

    ESC first: at a prompt the command would become a text. Whether its make has such a command and the port took it.
    """
    command = quirks_of(modem.manufacturer, modem.model).restart
    if not command:
        return False
    channel = Channel(port, baudrate, _ignore, _ignore_end, None)
    try:
        channel.wire.open()
        channel.wire.write(ESC + b"\r")
        with contextlib.suppress(ModemError):  # no answer, or the port went as it started anew
            channel.ask(command, RESTART_SECONDS, once=True)
    except ModemError:
        return False
    finally:
        channel.wire.close()
    return True


def replug(port: str, root: Path = usb.ROOT) -> bool:
    """Switch the modem's USB device off and on again, as if it were pulled out (Documentation/usb/authorization).

    False where that is not permitted, and for a port that is not on USB.
    """
    folder = usb.device_of(port, root)
    if folder is None:
        return False
    try:
        for value in ("0", "1"):
            (folder / "authorized").write_text(value, "ascii")
    except OSError:
        return False
    return True


def _ignore(event: Event) -> None:
    """Nothing is awaited."""


def _ignore_end() -> None:
    """The modem goes as it starts anew."""
