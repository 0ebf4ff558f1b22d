"""What Outpost asks of a modem: the whole contract between the daemon and hardware."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from drivers.types import Inbound, ModemIdentity, Outcome, Registration, SimIdentity, Slot, SubmitPdu


class ModemError(Exception):
    """What ends the use of a modem for now. The message is for people: what happened, at which port, what to do."""


class PortLost(ModemError):
    """The port vanished, could not be opened, is busy, or is no modem's."""


class ModemDead(PortLost):
    """The port is there, but nothing at it answers AT, however often it is asked."""


class ModemSilent(ModemError):
    """The modem gave no usable answer to a command, and nothing of a PDU can have left because of that command."""


class SimUnavailable(ModemError):
    """No SIM, or a SIM that cannot be used. `state` is "absent" or "locked"; `iccid` is empty where it is not known."""

    def __init__(self, message: str, state: str, iccid: str = "") -> None:
        super().__init__(message)
        self.state = state
        self.iccid = iccid


class Pins(Protocol):
    """Who knows the PINs, and which were tried. `iccid` is empty where a SIM hides it until its PIN is given."""

    def find(self, iccid: str, imei: str) -> str | None:
        """The PIN that may be tried; None when none is set.

        Raises SimUnavailable when it was tried before and is not known to be right.
        """
        ...

    def trying(self, iccid: str, imei: str, pin: str) -> None:
        """The PIN is about to be written: that is on disk when this returns. If it raises, no PIN is written."""
        ...

    def settled(self, iccid: str, imei: str, pin: str, *, right: bool) -> None:
        """The SIM took it, or said that it is wrong. Not called when the answer stays unknown."""
        ...


def nothing_else() -> float:
    """Nothing is to be done while the modem is busy."""
    return math.inf


class Modem(Protocol):
    """One open modem with its SIM. Every method may raise PortLost or ModemSilent. One thread uses it.

    `on_news`, given at opening, is called from the reading thread when something came unasked (an inbound PDU, a late
    answer) or the port died: a wake-up, no more.
    """

    port: str

    def identify(self) -> tuple[ModemIdentity, SimIdentity]:
        """Who this is, read at opening.

        Raises SimUnavailable.
        """
        ...

    def submit(
        self, pdu: SubmitPdu, at_prompt: Callable[[], None], meanwhile: Callable[[], float] = nothing_else
    ) -> Outcome:
        """Hand one part to the network.

        `at_prompt` is called when the modem waits for the PDU and nothing can have left; only when it returns are the
        PDU's bytes written. If it raises, the prompt is cancelled with ESC, nothing leaves, and the exception goes on.
        Raises PortLost or ModemSilent only while nothing can have left (no prompt came); from the first byte of the PDU
        on, trouble is an InDoubt.
        `meanwhile` is called while the modem is busy with the PDU and has not answered: a short piece of work that asks
        nothing of the modem and raises nothing. It gives the seconds until it wants to be called again.
        """
        ...

    def hold_link(self, more: bool) -> None:
        """Ask the network to keep the relay link open between the parts of a message (`AT+CMMS`). It may refuse."""
        ...

    def late_answers(self) -> Sequence[tuple[SubmitPdu, Outcome]]:
        """Answers that came after `submit` had given InDoubt, each once, oldest first."""
        ...

    def take_direct(self) -> Sequence[Inbound]:
        """PDUs that came inside a URC (`+CDS`, `+CMT`), oldest first. Each stays until `acknowledge`d."""
        ...

    def acknowledge(self, inbound: Inbound) -> None:
        """A direct PDU is committed: answer the network with `AT+CNMA` where the modem works so, and forget it."""
        ...

    def hinted(self) -> Sequence[Slot]:
        """Slots that URCs (`+CMTI`, `+CDSI`) have named since the last call. Hints, not truth."""
        ...

    def read(self, slot: Slot) -> Inbound | None:
        """The PDU in one slot, None when it is empty."""
        ...

    def list_stored(self) -> Sequence[Inbound]:
        """Every PDU in every memory where inbound messages and status reports may lie: the sweep."""
        ...

    def delete(self, slot: Slot) -> bool:
        """Free a slot whose PDU is committed. False when the modem refuses: the PDU is still there."""
        ...

    def signal(self) -> int | None:
        """Received strength in dBm (27.007 §8.5), None when the modem does not know."""
        ...

    def registration(self) -> Registration:
        """Whether the network has taken the SIM in, and which network (27.007 §7.2 and §7.3)."""
        ...

    def why_not(self) -> str:
        """What is missing, other than the network, before an SMS can be sent: a few words for people; empty when all is
        proved: PDU mode, an SMSC address, a readable storage. Raises SimUnavailable when the SIM is gone or locked now,
        PortLost when another SIM is there.
        """
        ...

    def smsc(self) -> str:
        """The number of the service centre that the SIM holds, empty when there is none: nothing can then be sent."""
        ...

    def rooms(self) -> Mapping[str, tuple[int, int]]:
        """Each memory for messages, with the slots in use and the slots that there are: as the last sweep left it."""
        ...

    def ussd(self, code: str) -> str:
        """Ask the network by USSD and give its answer as text."""
        ...

    def close(self) -> None:
        """Give the port back. Never raises."""
        ...
