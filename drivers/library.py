"""The one place where python-gsmmodem-new is imported, and where parts of it are replaced.

The library is frozen upstream at the version below, and what is replaced here is replaced in exactly that version.
Kept: how commands are written and their errors raised (`GsmModem.write`), its error classes, signal, SMSC, and the
choice of a memory. Replaced, because of faults that lose or repeat texts:

- its reading and writing of the port (`SerialComms`): URCs vanish into answers, one odd byte or a race ends the
  reading thread unseen, a late prompt wedges the modem, an unplugged port is noticed after 35 seconds, flow control is
  forced on;
- its retry when the modem is busy: it has no bound, and after a PDU it writes the bare PDU as a command;
- its start (`connect`): it ends on harmless answers, resets the modem, and gives the PIN in states that ask for a PUK;
- its handlers of URCs: they read messages between a prompt and the PDU, and lose the second URC of a burst.

Its sending and its PDU codec are not used at all: see drivers/submitting.py and drivers/pdu.py.
"""

from __future__ import annotations

import logging
import re
import warnings
from importlib.metadata import version

from drivers.modem import ModemSilent
from drivers.refusals import code_of_text
from drivers.transport import Channel, bare

PINNED = "0.13.0"
if version("python-gsmmodem-new") != PINNED:
    raise ImportError(
        f"python-gsmmodem-new is {version('python-gsmmodem-new')}, and Outpost replaces parts of exactly {PINNED}: "
        f"install python-gsmmodem-new=={PINNED}"
    )

with warnings.catch_warnings():  # its regular expressions and comparisons are old style: a warning each
    warnings.simplefilter("ignore")
    from gsmmodem.exceptions import CmeError, CmsError, CommandError, TimeoutException
    from gsmmodem.modem import GsmModem
    from gsmmodem.serial_comms import SerialComms

logging.getLogger("gsmmodem").setLevel(logging.WARNING)  # at DEBUG it logs PINs, numbers and PDUs
for _class in (GsmModem, SerialComms):
    _class.log.setLevel(logging.WARNING)

__all__ = [
    "CmeError", "CmsError", "CommandError", "GsmModem", "SerialComms", "Session", "TimeoutException", "Transport",
    "error_of",
]

BUSY_CODES = frozenset({14, 314, 515})
"""SIM busy, and "wait, init or command processing in progress": the command was not carried out."""
BUSY_PAUSES = (0.2, 0.3, 0.5, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0)
"""Seconds between tries of a busy modem. After a PIN the SIM may be busy for ten seconds."""

_ERROR = re.compile(r"\+?(CM[ES]) ERROR\s*:?\s*(.*)", re.IGNORECASE)


def error_of(final: str) -> tuple[str, int | None] | None:
    """("CMS" | "CME" | "ERROR", code) of a final result, None for OK. A verbose error has the code of its words."""
    found = _ERROR.fullmatch(final)
    if found is None:
        return None if final.upper() == "OK" else ("ERROR", None)
    kind, said = found[1].upper(), found[2].strip()
    return kind, int(said) if said.isdecimal() else code_of_text(f"{kind}: {said}")


class Transport(SerialComms):  # type: ignore[misc]  # the library has no types
    """What `SerialComms` offers to `GsmModem`, over our own channel."""

    def __init__(self, channel: Channel, *args: object, **kwargs: object) -> None:
        super().__init__(channel.port, *args, **kwargs)
        self.channel = channel

    def write(
        self,
        data: str,
        waitForResponse: bool = True,
        timeout: float = 10,
        expectedResponseTermSeq: str | None = None,
    ) -> list[str]:
        """One command and its answer, the final result last, with bounded tries while the modem is busy.

        Raises PortLost, ModemSilent, or the library's own error when the modem stays busy.
        """
        command = data.rstrip("\r")
        pauses = iter(BUSY_PAUSES)
        while True:
            lines = self.channel.ask(command, timeout, may_lack_ok=command == "AT+CPIN?")
            error = error_of(lines[-1])
            if error is None:
                return [*lines[:-1], "OK"]
            kind, code = error
            if code not in BUSY_CODES:
                return [*lines[:-1], f"+{kind} ERROR: {code}" if code is not None else "ERROR"]
            pause = next(pauses, None)
            if pause is None:  # GsmModem.write would try without end
                raise (CmeError if kind == "CME" else CmsError)(command, code)
            self.channel.wire.pause(pause)


class Session(GsmModem, Transport):  # type: ignore[misc]  # the library has no types
    """A GsmModem whose `super().write()` reaches our transport."""

    def __init__(self, channel: Channel) -> None:
        GsmModem.__init__(self, channel)

    def connect(self, pin: str | None = None, waitingForModemToStartInSeconds: float = 0) -> None:
        """Open the port and no more: drivers/preparation.py starts the modem. Raises PortLost."""
        if pin is not None or waitingForModemToStartInSeconds:
            raise TypeError("the PIN and the wait belong to drivers.preparation")
        self.channel.wire.open()
        self.alive = True

    def close(self) -> None:
        """Never raises."""
        self.alive = False
        self.channel.wire.close()

    def ask(self, command: str, seconds: float = 10.0) -> list[str]:
        """The lines of an answer without its OK. Raises CommandError, PortLost or ModemSilent."""
        try:
            lines: list[str] = self.write(command, timeout=seconds)
        except CommandError as error:
            error.command = bare(command)  # the whole command may hold a number
            if error.type is None:
                error.args = (error.command,)
            raise
        return lines[:-1]

    def try_to(self, command: str, seconds: float = 5.0) -> list[str] | None:
        """The lines of an answer, None when the modem refuses or ignores what it need not know. Raises PortLost."""
        try:
            return self.ask(command, seconds)
        except (CommandError, ModemSilent):
            return None

    def use_memory(self, memory: str) -> None:
        """Read and delete in this memory from now on. Raises CommandError, PortLost or ModemSilent."""
        self._setSmsMemory(readDelete=memory)

    def has_memory(self, memory: str | None) -> None:
        """That memory has been chosen by other means; None: nobody knows which."""
        self._smsMemReadDelete = memory
