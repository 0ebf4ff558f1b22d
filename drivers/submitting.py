"""Handing one PDU to the network, and crediting an answer to the part that it belongs to, however late it comes."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from drivers.answers import reference
from drivers.library import error_of
from drivers.lines import Answer, Event, Final, News, Prompt
from drivers.modem import ModemSilent, PortLost
from drivers.refusals import classify
from drivers.trace import redact
from drivers.transport import ESC, Channel, Exchange
from drivers.types import Accepted, InDoubt, Outcome, RefusalClass, Refused, SubmitPdu

PROMPT_SECONDS = 10.0
OK_SECONDS = 2.0
"""How long the OK may come after +CMGS. The part is accepted without it."""
PATIENCE = 2.5
"""How many times as long as a part is awaited its modem may be busy with it. Answers have come after 135 seconds."""
OLDER_SECONDS = 10.0
"""How long, at most, to wait for a second answer while the first may belong to an earlier part."""
EXCHANGED_LINES = 6
"""How much of what passed is told of a part in doubt."""
NEAR_MRS = 32
"""Between MRs no further apart than this, the later is the higher. They come round after 256."""
_NO_REFERENCE = InDoubt("the modem took it, but gave no reference")


class Submitter:
    """Submits parts one after another, and remembers those whose answer is still to come.

    `on_late` is called from the reading thread when a late answer was credited.
    """

    def __init__(self, channel: Channel, answer_seconds: float, on_late: Callable[[], None]) -> None:
        self._channel = channel
        self.manufacturer = ""
        self._answer_seconds = answer_seconds
        self._on_late = on_late
        self._lock = threading.Lock()
        self._unanswered: list[SubmitPdu] = []  # written whole, and no answer yet
        self._owed: dict[int, SubmitPdu] = {}   # likewise, but the MR that its answer must bear is known
        self._commands_then = 0
        self._answers_anytime = False  # this modem has answered a part after it had answered later commands
        self._last_mr: int | None = None
        self._late: list[tuple[SubmitPdu, Outcome]] = []
        self._exchanged: deque[tuple[str, str]] = deque(maxlen=EXCHANGED_LINES)

    def submit(self, pdu: SubmitPdu, at_prompt: Callable[[], None], meanwhile: Callable[[], float]) -> Outcome:
        """See `drivers.modem.Modem.submit`."""
        self._exchanged.clear()
        outcome = self._submit(pdu, at_prompt, meanwhile)
        if not isinstance(outcome, InDoubt):
            return outcome
        exchanged = " ".join(f"{direction} {redact(text)}" for direction, text in self._exchanged)
        return replace(outcome, exchanged=exchanged)

    def _submit(self, pdu: SubmitPdu, at_prompt: Callable[[], None], meanwhile: Callable[[], float]) -> Outcome:
        channel = self._channel
        if channel.out_of_step:
            channel.come_into_step()
        exchange = channel.begin(f"AT+CMGS={pdu.tpdu_octets}")
        self._note(">", exchange.command)
        try:
            refused = self._prompt(exchange)
            if refused is not None:
                return refused
            try:
                at_prompt()
            except BaseException:
                self._cancel()
                raise
            refused = self._withdrawn(exchange)
            if refused is not None:
                return refused
            self._note("<", ">")
            self._note(">", pdu.hex)
            try:
                channel.payload(pdu.hex)
            except PortLost:
                return InDoubt("the port went while the message was being written to the modem")
            return self._answer(pdu, exchange, meanwhile)
        finally:
            channel.end(exchange)

    def late_answers(self) -> list[tuple[SubmitPdu, Outcome]]:
        """Each once, oldest first."""
        with self._lock:
            late, self._late = self._late, []
        return late

    def stray(self, event: Event) -> None:
        """Something came that belongs to no command in hand: perhaps the answer that a part still waits for.

        With two parts unanswered nobody can say whose it is, and both stay in doubt. A refusal counts only when nothing
        has been written since: it could be the answer to that.
        """
        outcome: Outcome | None = None
        if isinstance(event, News | Answer):
            mr = reference(event.lines[0] if isinstance(event, News) else event.text)
            outcome = None if mr is None else Accepted(mr)
        elif isinstance(event, Final) and self._channel.commands == self._commands_then:
            error = error_of(event.text)
            if error is not None and error[0] == "CMS":
                outcome = self._refusal(event.text)
        if outcome is None:
            return
        with self._lock:
            if not (isinstance(outcome, Accepted) and self._pay(outcome)):
                if isinstance(outcome, Accepted):
                    self._last_mr = outcome.mr
                if len(self._unanswered) != 1:
                    return
                if not isinstance(outcome, InDoubt):
                    self._late.append((self._unanswered[0], outcome))
                self._answers_anytime = self._answers_anytime or self._channel.commands != self._commands_then
                self._settle()
        self._on_late()

    def _prompt(self, exchange: Exchange) -> Refused | None:
        """Wait for the prompt; an error in its place is a refusal before anything left."""
        deadline = time.monotonic() + PROMPT_SECONDS
        while True:
            try:
                event = exchange.next(deadline)
            except TimeoutError:
                self._cancel()
                raise self._channel.silent(exchange.command, PROMPT_SECONDS) from None
            if event is None:
                raise self._channel.wire.lost()
            if isinstance(event, Prompt):
                return None
            refused = self._before_pdu(event)
            if refused is not None:
                return refused

    def _withdrawn(self, exchange: Exchange) -> Refused | None:
        """Whether the modem gave up waiting, or went, while `at_prompt` ran. Raises PortLost."""
        for event in exchange.left():
            if event is None:
                raise self._channel.wire.lost()
            refused = self._before_pdu(event)
            if refused is not None:
                return refused
        return None

    def _before_pdu(self, event: Event) -> Refused | None:
        if isinstance(event, Answer):
            self.stray(event)
            return None
        error = error_of(event.text) if isinstance(event, Final) else None
        if error is None:
            return None
        if self._unanswered:  # it may be the late answer to an earlier part: nothing of this one has left, so try anew
            self._cancel()
            with self._lock:
                self._settle()
            raise ModemSilent(
                f"{self._channel.port}: an error came that may belong to the message before. This one did not leave, "
                f"and is tried again."
            )
        cls, meaning = classify(*error, self.manufacturer, after_pdu=False)
        return Refused(*error, cls, meaning)

    def _answer(self, pdu: SubmitPdu, exchange: Exchange, meanwhile: Callable[[], float]) -> Outcome:
        """Wait for +CMGS or an error, and a little longer where an earlier part still waits for its own."""
        deadline = time.monotonic() + self._answer_seconds
        answers: list[Outcome] = []
        lacks_ok = False
        port_gone = False
        while True:
            try:
                event = exchange.next(deadline) if answers else _next(exchange, deadline, meanwhile)
            except TimeoutError:
                break
            if event is None:
                port_gone = True
                break
            if isinstance(event, Answer | Final):
                self._note("<", event.text)
            if isinstance(event, Answer):
                mr = reference(event.text)
                answers[len(answers) - event.corrects:] = [_NO_REFERENCE if mr is None else Accepted(mr)]
                lacks_ok, deadline = True, time.monotonic() + OK_SECONDS
                continue
            if not isinstance(event, Final):
                continue
            if event.text.upper() != "OK":
                answers.append(self._refusal(event.text))
            elif not lacks_ok:
                continue  # an OK without +CMGS is a stale one
            lacks_ok = False
            if not self._may_be_older(answers):
                break
            deadline = time.monotonic() + min(self._answer_seconds, OLDER_SECONDS)
        self._channel.out_of_step = self._channel.out_of_step or lacks_ok or not answers
        return self._outcome(pdu, answers, port_gone=port_gone)

    def _outcome(self, pdu: SubmitPdu, answers: list[Outcome], *, port_gone: bool) -> Outcome:
        with self._lock:
            answers = [one for one in answers if not (isinstance(one, Accepted) and self._pay(one))]
            if not answers:
                self._unanswered.append(pdu)
                self._commands_then = self._channel.commands
                self._channel.late_answer_due = True
                self._channel.patient_until = time.monotonic() + (PATIENCE - 1) * self._answer_seconds
                if port_gone:
                    return InDoubt("the port went before the modem answered")
                return InDoubt(f"the modem did not answer within {self._answer_seconds:g} seconds")
            older, own = self._told_apart(answers)
            if older is not None and len(self._unanswered) == 1 and not isinstance(older, InDoubt):
                self._late.append((self._unanswered[0], older))
                self._answers_anytime = True
            elif older is None and isinstance(own, Accepted) and self._is_newest(own):
                self._owe(own.mr)
                self._unanswered.clear()
            doubtful = older is None and (self._is_behind(own) or (bool(self._unanswered) and self._answers_anytime))
            self._settle()
            self._last_mr = own.mr if isinstance(own, Accepted) else self._last_mr
            return InDoubt("an answer came that may belong to the message before") if doubtful else own

    def _may_be_older(self, answers: list[Outcome]) -> bool:
        """Whether what came may belong to earlier parts only, which have had no answer yet."""
        fresh = [one for one in answers if not (isinstance(one, Accepted) and one.mr in self._owed)]
        if len(fresh) != 1:
            return not fresh
        return self._is_behind(fresh[0]) or (bool(self._unanswered) and not self._is_newest(fresh[0]))

    def _is_behind(self, answer: Outcome) -> bool:
        """Whether an MR goes back, after some part has had no answer: it may be that part's, long given up."""
        return (
            self._commands_then > 0
            and isinstance(answer, Accepted)
            and self._last_mr is not None
            and 0 < _steps(answer.mr, self._last_mr) <= NEAR_MRS
        )

    def _is_newest(self, answer: Outcome) -> bool:
        """Modems count the MR up by one: so far above the last, and the parts before have had those between."""
        return (
            isinstance(answer, Accepted)
            and self._last_mr is not None
            and _steps(self._last_mr, answer.mr) == len(self._unanswered) + 1
        )

    def _told_apart(self, answers: list[Outcome]) -> tuple[Outcome | None, Outcome]:
        """(the answer to an earlier part, the answer to this one): by their MRs, else by the order of their coming."""
        if len(answers) < 2:
            return None, answers[-1]
        older, own = answers[-2:]
        if (
            isinstance(older, Accepted)
            and isinstance(own, Accepted)
            and self._last_mr is not None
            and _steps(self._last_mr, own.mr) < _steps(self._last_mr, older.mr) <= NEAR_MRS
        ):
            return own, older
        return older, own

    def _owe(self, mr: int) -> None:
        """The part after those unanswered has this MR: theirs are the ones before it."""
        for step, pdu in enumerate(reversed(self._unanswered), start=1):
            self._owed[(mr - step) & 0xFF] = pdu

    def _pay(self, accepted: Accepted) -> bool:
        """Credit an answer to the part whose MR it bears. What is long past is forgotten first: MRs come round."""
        for mr in [mr for mr in self._owed if self._last_mr is None or _steps(mr, self._last_mr) > NEAR_MRS]:
            del self._owed[mr]
        pdu = self._owed.pop(accepted.mr, None)
        if pdu is not None:
            self._answers_anytime = True
            self._late.append((pdu, accepted))
        return pdu is not None

    def _refusal(self, final: str) -> Outcome:
        error = error_of(final)
        if error is None:
            return InDoubt("the modem's answer cannot be understood")
        kind, code = error
        if code is None and kind != "ERROR":
            return InDoubt("the modem refused in words that nobody knows")
        cls, meaning = classify(kind, code, self.manufacturer)
        if cls is RefusalClass.UNKNOWN:
            return InDoubt(f"{meaning} ({kind} {code}): it may have been sent")
        return Refused(kind, code, cls, meaning)

    def _note(self, direction: str, text: str) -> None:
        self._exchanged.append((direction, text))

    def _settle(self) -> None:
        self._unanswered.clear()
        self._channel.late_answer_due = False

    def _cancel(self) -> None:
        """End a prompt. Never Ctrl-Z. The next command first makes sure that it is ended."""
        self._channel.out_of_step = True
        with contextlib.suppress(PortLost):
            self._channel.wire.write(ESC)


def _next(exchange: Exchange, deadline: float, meanwhile: Callable[[], float]) -> Event | None:
    """The next event; until it has come, other work is done."""
    while not exchange.waits():
        again = time.monotonic() + meanwhile()
        try:
            return exchange.next(min(again, deadline))
        except TimeoutError:
            if again >= deadline:
                raise
    return exchange.next(deadline)


def _steps(low: int, high: int) -> int:
    """How often the MR was counted up from `low` to `high`."""
    return (high - low) & 0xFF
