"""One command after another over one wire: what answers it, what comes unasked, and the way back into step."""

from __future__ import annotations

import contextlib
import itertools
import re
import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

from drivers.lines import Answer, Event, Final, News, Prompt, Sorter, name_of
from drivers.modem import ModemDead, ModemSilent, PortLost
from drivers.trace import Trace
from drivers.wire import Wire

LONE_LINE_SECONDS = 1.0
"""How long the OK may come after an answer that some modems do not end with one (Wavecom's +CPIN)."""
RESYNC_SECONDS = (1.0, 2.0, 4.0, 8.0)
FIRST_SECONDS = (1.0, 1.0, 2.0, 3.0)
QUIET_SECONDS = 0.2
MOST_TURNS = 4
"""An answer of many lines may take this many times longer than its first line may."""
ESC = b"\x1b"
CTRL_Z = b"\x1a"
_COMMAND_OF_SMS = re.compile(r"AT\+C(MG|MS|NM|PMS|SMS|SCA|SMP|MMS)")
"""Commands that may be answered with +CMS ERROR (27.005 §3.2.5)."""


class Exchange:
    """One command in hand. The reading thread puts its events here; None says that the port is gone."""

    def __init__(self, command: str, *, ends: bool) -> None:
        self.command = command
        self.ends = ends  # with its first final result: what comes behind is no longer its own
        self._events: SimpleQueue[Event | None] = SimpleQueue()
        self.put = self._events.put

    def next(self, deadline: float) -> Event | None:
        """The next event; raises TimeoutError at `deadline` (monotonic seconds)."""
        try:
            return self._events.get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            raise TimeoutError from None

    def waits(self) -> bool:
        """Whether an event has come that was not taken."""
        return not self._events.empty()

    def left(self) -> list[Event | None]:
        """What had come but was not taken."""
        events = []
        with contextlib.suppress(Empty):
            while True:
                events.append(self._events.get_nowait())
        return events


class Channel:
    """Reads and writes one port. One thread uses it; `on_stray` and `on_gone` are called from the reading thread.

    `on_stray` gets whatever belongs to no command in hand: news, and late answers. After a command that got no answer
    the channel is out of step, and before the next one it comes back into step with ESC and a question that has an
    answer of its own, so that no stale OK passes for a fresh one.
    """

    def __init__(
        self,
        port: str,
        baudrate: int,
        on_stray: Callable[[Event], None],
        on_gone: Callable[[], None],
        trace: Trace | None,
    ) -> None:
        self.port = port
        self.question = ""  # a query that this modem is known to answer with a line of its own
        self.out_of_step = False
        self.commands = 0  # written so far
        self.late_answer_due = False  # a submit ended without an answer: it may still come
        self.patient_until = 0.0      # and so long a modem that hears nothing may be busy with it (monotonic seconds)
        self._skip_ok = False  # a late +CMGS came: the OK behind it belongs to it
        self._on_stray = on_stray
        self._on_gone = on_gone
        self._trace = trace
        self._sorter = Sorter()
        self._lock = threading.Lock()  # guards the exchange in hand and the sorter
        self._exchange: Exchange | None = None
        self.wire = Wire(port, baudrate, self._received, self._wire_gone)

    def silent(self, command: str, seconds: float) -> ModemSilent:
        """What to raise when no answer to `command` came within `seconds`."""
        return ModemSilent(
            f"{self.port}: the modem gave no answer to {bare(command)} in {seconds:g} seconds. "
            f"If this goes on, unplug the modem and plug it in again."
        )

    def ask(self, command: str, seconds: float, *, may_lack_ok: bool = False, once: bool = False) -> list[str]:
        """Write one command and give the lines of its answer, the final result last.

        `may_lack_ok`: an answer without a final result is one too. `once`: never write it a second time, even when a
        late prompt swallowed it. Raises PortLost, or ModemSilent after `seconds` without a line.
        """
        for _ in range(1 if once else 2):
            if self.out_of_step:
                self.come_into_step()
            exchange = self.begin(command, ends=True)
            try:
                lines = self._answer(exchange, seconds, may_lack_ok=may_lack_ok)
            finally:
                self.end(exchange)
            if lines:
                return lines
            self.out_of_step = True
        raise self.silent(command, seconds)

    def _answer(self, exchange: Exchange, seconds: float, *, may_lack_ok: bool) -> list[str]:
        """The answer, or nothing when a late prompt swallowed the command."""
        deadline = time.monotonic() + seconds
        end = deadline + MOST_TURNS * seconds
        lines: list[str] = []
        try:
            while True:
                event = exchange.next(deadline)
                if event is None:
                    raise self.wire.lost()
                if isinstance(event, Prompt):
                    return []
                if isinstance(event, Answer):
                    lines[len(lines) - event.corrects:] = [event.text]
                    deadline = (
                        min(deadline, time.monotonic() + LONE_LINE_SECONDS) if may_lack_ok
                        else min(end, time.monotonic() + seconds)
                    )  # fmt: skip
                elif isinstance(event, Final):
                    return [*lines, event.text]
        except TimeoutError:
            self.out_of_step = True
            if may_lack_ok and lines:
                return [*lines, "OK"]
            raise self.silent(exchange.command, seconds) from None

    def begin(self, command: str, *, ends: bool = False) -> Exchange:
        """Write one command; what belongs to it comes to the exchange until `end`, or its final result if it `ends` so.

        Raises PortLost.
        """
        exchange = Exchange(command, ends=ends)
        with self._lock:
            if self._exchange is not None:
                raise RuntimeError(f"{bare(command)} inside {bare(self._exchange.command)}: one command at a time")
            if not self.wire.alive:
                raise self.wire.lost()
            self.commands += 1
            self._exchange = exchange
            self._sorter.expect(command)
        try:
            self._sent(command)
            self.wire.write(command.encode("latin-1", "replace") + b"\r")
        except PortLost:
            self.end(exchange)
            raise
        return exchange

    def end(self, exchange: Exchange) -> None:
        """Nothing more is awaited. What came in the last instant and was not taken is treated as stray."""
        with self._lock:
            self._exchange = None
            self._sorter.expect("")
        for event in exchange.left():
            if event is not None:
                self._stray(event)

    def payload(self, pdu: str) -> None:
        """Write a PDU and Ctrl-Z at the prompt, in one piece. Raises PortLost."""
        with self._lock:
            self._sorter.expect_echo(pdu)
        self._sent(pdu)
        self.wire.write(pdu.encode("ascii") + CTRL_Z)

    def come_into_step(self, tries: Sequence[float] | None = None) -> None:
        """Put a modem of unknown state right: ESC ends a prompt, and an answer that can be no other's ends the doubt.

        Never Ctrl-Z: it could send half a PDU. Raises PortLost, which is a ModemDead when all tries fail: not before
        `patient_until`, while a late answer is due.
        """
        tries = tries or RESYNC_SECONDS
        waited = 0.0
        for n, seconds in enumerate(itertools.chain(tries, itertools.repeat(tries[-1]))):
            if n >= len(tries) and not (self.late_answer_due and time.monotonic() < self.patient_until):
                break
            if self._answers(self.question or "AT", seconds):
                if n:
                    self.wire.pause(QUIET_SECONDS)  # the answers to earlier tries may still come
                self.out_of_step = False
                return
            waited += seconds
        raise ModemDead(str(self.silent(self.question or "AT", waited)))

    def _answers(self, question: str, seconds: float) -> bool:
        self.wire.write(ESC + b"\r")
        if not self.question:
            self.wire.pause(QUIET_SECONDS)  # nothing tells a stale OK from a fresh one: let the stale ones come
        exchange = self.begin(question)
        deadline = time.monotonic() + seconds
        answered, refused = not self.question, False
        try:
            while True:
                event = exchange.next(deadline)
                if event is None:
                    raise self.wire.lost()
                if isinstance(event, Prompt):
                    return False  # the question went into a PDU: ESC again, at once
                if isinstance(event, Answer):
                    answered = True
                elif isinstance(event, Final):
                    if answered and event.text.upper() == "OK":
                        return True
                    if event.text.upper() != "OK":  # stale, or the question is refused now: see whether more comes
                        refused = True
                        deadline = min(deadline, time.monotonic() + LONE_LINE_SECONDS)
        except TimeoutError:
            return refused
        finally:
            self.end(exchange)

    def _received(self, data: bytes) -> None:
        strays = []
        with self._lock:
            for event in self._sorter.feed(data):
                if self._trace is not None:
                    self._trace.received(event)
                if self._exchange is None or self._is_late(event, self._exchange):
                    if name_of(_text(event)) == "+CMGS":
                        self._skip_ok = True
                    elif isinstance(event, Final):
                        self._skip_ok = False
                    strays.append(event)
                elif self._skip_ok and _text(event).upper() == "OK":
                    self._skip_ok = False
                else:
                    self._skip_ok = False
                    self._exchange.put(event)
                    if self._exchange.ends and isinstance(event, Final):
                        self._exchange = None
                        self._sorter.expect("")
        for event in strays:
            self._stray(event)

    def _is_late(self, event: Event, exchange: Exchange) -> bool:
        """Whether something that came during a command is not the command's own."""
        if isinstance(event, News):
            return True
        return (
            self.late_answer_due
            and isinstance(event, Final)
            and "CMS ERROR" in event.text.upper()
            and _COMMAND_OF_SMS.match(exchange.command) is None
        )

    def _stray(self, event: Event) -> None:
        if isinstance(event, Prompt):
            self.out_of_step = True  # a late prompt: whatever is written now would become a PDU
        else:
            self._on_stray(event)

    def _wire_gone(self, unexpected: bool) -> None:
        with self._lock:
            if self._exchange is not None:
                self._exchange.put(None)
        if unexpected:
            self._on_gone()

    def _sent(self, text: str) -> None:
        if self._trace is not None:
            self._trace.sent(text)



def _text(event: Event) -> str:
    if isinstance(event, News):
        return event.lines[0]
    return event.text if isinstance(event, Answer | Final) else ""


def bare(command: str) -> str:
    """A command without what it carries: PINs, numbers and lengths stay out of messages for people."""
    found = re.match(r"AT[+^#%*$&]?[A-Z0-9]*\??", command, re.IGNORECASE)
    return found[0] if found else "a command"
