"""Sends one message at a time through one SIM, when the rules allow it, and records what became of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from daemon.core import retry
from daemon.core.message import PartState, SimState
from daemon.core.spans import HOUR
from daemon.logs import person
from daemon.services.baton import Hand
from daemon.services.claiming import Claims, Ready
from daemon.services.gate import NEVER, Gate, NotNow
from daemon.services.station import Station
from daemon.store import StoreFull, WorkItem
from daemon.store.sims import Hold
from daemon.store.submits import Withdrawn
from drivers.modem import Modem, ModemError
from drivers.types import Accepted, InDoubt, Outcome, Refused, SimIdentity, SubmitPdu

NO_ROOM = "disk full: nothing is claimed or sent until there is room"
NO_DISK = "the database fails: nothing is claimed or sent until it can be read and written; look at its disk"
LATER_SECONDS = 0.02
"""Until the next look, while the modem is busy, whether no line works just now; twice as long each time."""
RECORD_PAUSE = 1.0
"""Seconds between tries to record an answer while the disk is full."""
NOT_OF_THE_NETWORK = frozenset({
    ("CMS", 310), ("CMS", 311), ("CMS", 313), ("CMS", 316), ("CMS", 330), ("CMS", 331),
    ("CME", 10), ("CME", 11), ("CME", 12), ("CME", 13), ("CME", 30),
})
"""Refusals by the modem itself that something is missing: SIM, PIN, SMSC address, network. It is looked at again."""


def nothing_sent(error: StoreFull) -> str:
    """What people are told of it."""
    return NO_ROOM if error.full else NO_DISK


@dataclass(frozen=True, slots=True)
class _Submit:
    """One part that was submitted, and its record."""

    submit_id: int
    item: WorkItem
    seq: int
    pdu: SubmitPdu


class Sender:
    """Belongs to one line and its thread. `step` does at most one message."""

    def __init__(
        self, station: Station, modem: Modem, sim: SimIdentity, hand: Hand,
        *, why_not: Callable[[], str], receive: Callable[[], None],
    ) -> None:  # fmt: skip
        """`receive` takes in what has come, and asks nothing of the modem for that: it is called while it is busy."""
        self._station = station
        self._modem = modem
        self._sim = sim
        self._log = structlog.get_logger().bind(iccid=sim.iccid)
        self._look = why_not
        self._boot = station.clock.boot()
        self._gate = Gate(station, sim)
        self._claims = Claims(station, sim, self._gate)
        self._hand = hand
        self._receive = receive
        self._meanwhile: list[Callable[[], None]] = []
        self._later = LATER_SECONDS
        self._doubts: list[_Submit] = []
        self._rests = station.sims.rests(sim.iccid)

    def look(self) -> None:
        """Ask the modem whether it can send; while it cannot, nothing is claimed. Raises ModemError."""
        self._gate.why_not = self._look()

    @property
    def has_next(self) -> bool:
        """Whether a message was made ready while the modem was busy with the one before."""
        return self._claims.has_next

    def put_back(self) -> None:
        """Nothing goes next: what was made ready waits in the queue again. May raise StoreFull."""
        self._claims.put_back()

    def step(self) -> float | None:
        """Send one message if one may go. None: ask again at once; else when to ask again (seconds since the epoch)."""
        with self._hand:
            found = self._claims.take(self._station.clock.moment())
        if not isinstance(found, Ready):
            return found
        return self._claims.guarded(found.item, lambda: self._send(found.item, found.pdus))

    def _while_busy(self) -> float:
        """One piece of work while the modem is busy, if no line waits for its turn; see `Modem.submit`."""
        try:
            if not self._meanwhile:
                return NEVER
            if not self._hand.if_free(self._meanwhile[0]):
                self._later *= 2
                return self._later
            del self._meanwhile[0]
        except StoreFull:
            self._meanwhile.clear()  # whoever has to write next says it
        except Exception:  # noqa: BLE001 - the answer that is awaited is worth more
            self._meanwhile.clear()
            self._log.exception("nothing could be made ready")
        return 0.0

    def _send(self, item: WorkItem, pdus: Sequence[SubmitPdu]) -> float | None:
        if len(pdus) == 1:
            return self._send_parts(item, pdus)
        self._modem.hold_link(more=True)
        try:
            return self._send_parts(item, pdus)
        finally:
            with contextlib.suppress(ModemError):  # whoever uses the modem next meets it
                self._modem.hold_link(more=False)

    def _send_parts(self, item: WorkItem, pdus: Sequence[SubmitPdu]) -> float | None:
        for seq in range(1, len(pdus) + 1):
            if item.parts and item.parts[seq - 1].state is not PartState.PENDING:
                continue
            self._station.pulse.alive(self._station.work_seconds)
            if self._station.stopping.is_set():
                self._station.outbox.give_back(item, self._station.clock.now())
                return None
            if len(pdus) > 1 and seq == len(pdus):
                self._modem.hold_link(more=False)
            try:
                if not self._submit(item, pdus, seq):
                    self.put_back()
                    return None
            except Withdrawn:
                self._log.info("message withdrawn before it left", batch=item.batch, row=item.row)
                self._station.outbox.give_back(item, self._station.clock.now())
                return None
            except NotNow as wait:
                self._station.outbox.give_back(item, self._station.clock.now())
                return wait.until
        return None

    def _submit(self, item: WorkItem, pdus: Sequence[SubmitPdu], seq: int) -> bool:
        """Hand one part over and record its outcome; whether the next part may follow."""
        begun: list[int] = []
        self._later = LATER_SECONDS
        self._meanwhile = [self._receive] if seq < len(pdus) else [self._claims.make_ready, self._receive]

        def at_prompt() -> None:
            begun.append(self._begin(item, pdus, seq))

        try:
            outcome = self._modem.submit(pdus[seq - 1], at_prompt, self._while_busy)
        except ModemError:
            if begun:  # the port went after the commit and before the PDU: nothing has left
                now = self._station.clock.now()
                record = partial(self._station.outbox.retry, begun[0], "", "the port went before it left", None, now)
                self._surely(record)
            raise
        if not begun:
            # Refused in the prompt's place: recorded as a submit too, which counts against the throttle and errs safe.
            begun.append(self._begin(item, pdus, seq))
        self._hand.ready_since = self._station.clock.monotonic()
        return self._record(_Submit(begun[0], item, seq, pdus[seq - 1]), outcome)

    def _begin(self, item: WorkItem, pdus: Sequence[SubmitPdu], seq: int) -> int:
        """The last look before a part leaves, and the commit that permits it. Raises Withdrawn, NotNow, StoreFull."""
        with self._hand:
            moment = self._station.clock.moment()
            self._gate.check_at_prompt(item, seq, moment.wall)
            valid_until = moment.wall + self._station.settings.sending.validity_hours * HOUR
            submit_id = self._station.outbox.submitting(
                item, pdus, seq, self._sim.iccid, moment.wall, valid_until, boot=self._boot, up=moment.up
            )
            self._gate.count(moment, item.recipient)
            return submit_id

    # What became of it

    def _record(self, submit: _Submit, outcome: Outcome) -> bool:
        """Write down the outcome of a part; whether the next part of the message may follow."""
        now = self._station.clock.now()
        item, outbox = submit.item, self._station.outbox
        log = self._log.bind(batch=item.batch, row=item.row, to=person(item.recipient), part=submit.seq)
        match outcome:
            case Accepted(mr):
                self._surely(lambda: self._accepted(submit, mr, now))
                log.info("part sent", mr=mr)
                return True
            case InDoubt(reason, exchanged):
                self._doubts.append(submit)
                resend = self._station.settings.sending.resend_limit
                self._surely(
                    lambda: outbox.doubt(submit.submit_id, reason, now, resend_limit=resend, exchanged=exchanged)
                )
                log.warning("part in doubt", reason=reason, exchanged=exchanged)
            case Refused():
                self._surely(lambda: self._refused(submit, outcome, now))
                log.warning("part refused", kind=outcome.kind, code=outcome.code, reason=outcome.meaning)
        return False

    def _surely(self, record: Callable[[], None]) -> None:
        """Record what has happened, however long the disk stays full: an answer must not be forgotten."""
        said = False
        while True:
            try:
                record()
            except StoreFull as error:
                if not said:
                    said = True
                    self._log.error(nothing_sent(error), reason=str(error))
                self._station.pulse.alive(self._station.work_seconds)
                if self._station.stopping.wait(RECORD_PAUSE):
                    raise
            else:
                return

    def _accepted(self, submit: _Submit, mr: int | None, now: float) -> None:
        with self._hand:
            # What follows at once waits for the disk, before its own PDU leaves.
            self._station.outbox.accepted(submit.submit_id, mr, now, durable=not self._claims.has_next)
            if self._rests:
                self._station.sims.forget_rests(self._sim.iccid)
                self._rests = 0

    def _refused(self, submit: _Submit, refused: Refused, now: float) -> None:
        outbox, item, submit_id = self._station.outbox, submit.item, submit.submit_id
        code = refused.kind if refused.code is None else f"{refused.kind} {refused.code}"
        if (refused.kind, refused.code) in NOT_OF_THE_NETWORK and self._something_is_missing(refused.meaning):
            outbox.retry(submit_id, code, refused.meaning, None, now)
            return
        against_sim = retry.counts_against_sim(refused)
        decision = retry.decide(
            refused,
            attempts=item.refusals + 1,
            now=now,
            other_recipients_refused=outbox.refused_in_a_row(self._sim.iccid, besides=item.recipient),
            sent_parts=submit.seq - 1,
            times_rested=self._rests,
        )
        match decision:
            case retry.Fail(reason):
                outbox.failed(submit_id, code, reason, now, against_sim=against_sim)
            case retry.RetryAt(at, reason, without_validity):
                pdus = self._claims.encode(item, without_validity=True) if without_validity else ()
                outbox.retry(submit_id, code, reason, at, now, against_sim=against_sim, pdus=pdus)
            case retry.RestSim(until, reason):
                outbox.retry(submit_id, code, reason, None, now, against_sim=against_sim)
                self._hold(Hold(SimState.RESTING, reason, until), now)
            case retry.BlockSim(reason):
                outbox.retry(submit_id, code, reason, None, now)
                self._hold(Hold(SimState.BLOCKED, reason, None, now), now)
            case retry.Doubt(reason):
                outbox.doubt(submit_id, reason, now)
            case retry.AcceptedBefore():
                outbox.accepted(submit_id, None, now)

    def _something_is_missing(self, meaning: str) -> bool:
        """Whether the modem cannot send at all just now: then the refusal says nothing of the message or the SIM."""
        try:
            self.look()
        except ModemError:
            self._gate.why_not = meaning  # whoever uses the modem next meets the error
        return self._gate.why_not != ""

    def _hold(self, hold: Hold, now: float) -> None:
        self.put_back()
        if hold.state is SimState.RESTING:
            self._station.sims.rest(self._sim.iccid, hold, now)
            self._rests += 1
            self._log.error("SIM rests: the network refuses", reason=hold.reason)
        else:
            self._station.sims.block(self._sim.iccid, hold)
            self._log.error("SIM blocked: a person must look", reason=hold.reason)

    def hear_late_answers(self) -> None:
        """An answer that comes after its part was put in doubt ends the doubt. May raise StoreFull."""
        for sent, outcome in self._modem.late_answers():
            self._end_doubt(sent, outcome)

    def _end_doubt(self, sent: SubmitPdu, outcome: Outcome) -> None:
        submit = next((doubt for doubt in self._doubts if doubt.pdu == sent), None)
        if submit is None or isinstance(outcome, InDoubt):
            return
        now = self._station.clock.now()
        if isinstance(outcome, Accepted):
            self._accepted(submit, outcome.mr, now)
        else:
            self._refused(submit, outcome, now)
        self._doubts.remove(submit)
        self._log.info("late answer ends a doubt", batch=submit.item.batch, row=submit.item.row, outcome=str(outcome))
        self._station.changed(submit.item.batch_id)
        self._station.ring_lines()
