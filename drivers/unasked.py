"""What a modem sends unasked, sorted on the reading thread and kept until somebody takes it."""

from __future__ import annotations

import threading
import time

from drivers.answers import hint
from drivers.lines import name_of
from drivers.quirks import RESTART_WORDS
from drivers.types import Inbound, Slot
from drivers.ussd import UssdAnswer, answer_of

MOST_DIRECT = 1000
"""PDUs kept for acknowledgement. The network redelivers what is dropped beyond."""
MOST_HINTS = 1000
"""Slots kept: what is dropped beyond, the sweep finds."""
MOST_USSD = 20


class Unasked:
    """Direct PDUs, hints, USSD answers, and whether the modem has started anew."""

    def __init__(self) -> None:
        self.restarted = False
        self._gone = False
        self._changed = threading.Condition()
        self._direct: list[Inbound] = []
        self._hints: dict[Slot, None] = {}  # each once, in the order of their coming
        self._ussd: list[UssdAnswer] = []

    def take(self, lines: tuple[str, ...]) -> bool:
        """Sort one piece of news. True when somebody should look."""
        name = name_of(lines[0])
        with self._changed:
            if name in {"+CDS", "+CMT"} and len(lines) > 1:
                if len(self._direct) < MOST_DIRECT:
                    self._direct.append(Inbound(lines[1], None))
                return True
            if name in {"+CMTI", "+CDSI"} and (found := hint(lines[0])):
                if len(self._hints) < MOST_HINTS:
                    self._hints[Slot(*found)] = None
                return True
            if name == "+CUSD" and (answer := answer_of(lines[0])):
                self._ussd = [*self._ussd[1 - MOST_USSD :], answer]
                self._changed.notify_all()
            if lines[0].upper().startswith(RESTART_WORDS):
                self.restarted = True
        return name in {"+CDS", "+CMT", "+CMTI", "+CDSI"}

    def direct(self) -> list[Inbound]:
        with self._changed:
            return list(self._direct)

    def forget(self, inbound: Inbound) -> bool:
        """Whether it was there."""
        with self._changed:
            if inbound not in self._direct:
                return False
            self._direct.remove(inbound)
            return True

    def hints(self) -> list[Slot]:
        """Each once, in the order of their coming."""
        with self._changed:
            hints, self._hints = self._hints, {}
        return list(hints)

    def ussd(self, deadline: float | None) -> UssdAnswer | None:
        """The next USSD answer, waiting until `deadline` (monotonic seconds); None then, or when the port is gone."""
        with self._changed:
            if deadline is not None and not self._ussd and not self._gone:
                self._changed.wait(max(0.0, deadline - time.monotonic()))
            return self._ussd.pop(0) if self._ussd else None

    def end(self) -> None:
        """The port is gone: nobody need wait."""
        with self._changed:
            self._gone = True
            self._changed.notify_all()
