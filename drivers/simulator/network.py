"""The simulated network: it accepts or refuses submits, makes status reports, and keeps what a SIM cannot take yet."""

from __future__ import annotations

import random
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from drivers import pdu as codec
from drivers.alphabet import split
from drivers.simulator.errors import AtError
from drivers.simulator.faults import Rule, Script
from drivers.simulator.sim import Waiting
from drivers.types import Concat

if TYPE_CHECKING:
    from drivers.simulator.log import NetworkLog
    from drivers.simulator.sim import Handset, Sim
    from drivers.simulator.timers import Timers

DELIVERED, STILL_TRYING, NOT_OBTAINABLE = 0x00, 0x22, 0x43  # TP-Status, 23.040 §9.2.3.15
UNASSIGNED_NUMBER, INVALID_PDU, NO_SMSC, NO_SERVICE = 1, 304, 330, 331

_NUMBER = re.compile(r"\+?[0-9*#]+")


@dataclass(frozen=True, slots=True)
class Submit:
    """One PDU as a modem sends it, with the monotonic times of its command, its prompt and its end."""

    pdu: str
    imei: str
    commanded: float
    prompted: float
    ended: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the modem will say to a submit, and when. Neither `mr` nor `error`: it never says anything.

    `delay` is in seconds from the PDU's end. `busy`: the modem hears nothing meanwhile. `drop`: its port goes instead
    of the answer, and returns after so many seconds (0: it stays away).
    """

    mr: int | None = None
    error: AtError | None = None
    delay: float = 0.0
    busy: bool = True
    drop: float | None = None


class Network:
    """One network and its SMSC, for all SIMs. Not thread-safe: its owner keeps calls apart.

    `radio_delay` is from the PDU's end to the answer, `report_delay` from there to the status report, both in seconds.
    """

    def __init__(
        self, timers: Timers, log: NetworkLog, *, radio_delay: float = 0.0, report_delay: float = 0.0, seed: int = 0
    ) -> None:
        self.name = "Training"
        self.timers = timers
        self.log = log
        self.script = Script()
        self.radio_delay = radio_delay
        self.report_delay = report_delay
        self.random = random.Random(seed)
        self.ussd = {"*100#": "Your balance is 10.00"}
        self.sims: dict[str, Sim] = {}
        self.counts = {"submit": 0, "refuse": 0, "report": 0, "deliver": 0}
        self._by_number: dict[str, Sim] = {}

    def add(self, sim: Sim) -> None:
        """Let the network know a SIM."""
        self.sims[sim.iccid] = sim
        self._by_number[sim.settings.number] = sim

    def sim(self, iccid: str) -> Sim:
        """The SIM of this ICCID. Raises ValueError when there is none."""
        if iccid not in self.sims:
            raise ValueError(f"no SIM {iccid}; the SIMs are {', '.join(self.sims)}")
        return self.sims[iccid]

    # -- from the modem to the network

    def submit(self, sim: Sim, sent: Submit) -> Verdict:
        """Take a PDU from a modem at its end (Ctrl-Z). What is accepted is in the log when this returns."""
        try:
            submitted = codec.decode_submit(sent.pdu)
        except ValueError:
            return self._refuse(sim, sent, AtError("CMS", INVALID_PDU), "")
        recipient = submitted.recipient
        if sim.handset is None or not sim.handset.reachable():
            return self._refuse(sim, sent, AtError("CMS", NO_SERVICE), recipient)
        if not _NUMBER.fullmatch(recipient):
            return self._refuse(sim, sent, AtError("CMS", UNASSIGNED_NUMBER), recipient)
        if not sim.smsc and sent.pdu.startswith("00"):
            return self._refuse(sim, sent, AtError("CMS", NO_SMSC), recipient)
        rule = self.script.take("answer", sim.iccid, recipient) or Rule("accept")
        if rule.do == "refuse" and not rule.accepted:
            return self._refuse(sim, sent, AtError(rule.kind, rule.code), recipient)
        if rule.mode == "never-lost":
            self._record("lost", sim, sent, recipient)
            return Verdict(delay=self.radio_delay)
        mr = sim.next_mr()
        concat = submitted.concat
        self.counts["submit"] += 1
        self._record(
            "submit", sim, sent, recipient, text=submitted.text, mr=mr, flash=submitted.flash,
            concat=None if concat is None else {"ref": concat.ref, "total": concat.total, "seq": concat.seq},
        )  # fmt: skip
        self._forward(sim, submitted, mr)
        return self._verdict(rule, mr)

    def _verdict(self, rule: Rule, mr: int) -> Verdict:
        delay = self.radio_delay
        if rule.do == "refuse":
            return Verdict(error=AtError(rule.kind, rule.code), delay=delay)
        if rule.mode == "late":
            return Verdict(mr, delay=delay + rule.seconds, busy=rule.busy)
        if rule.mode == "never":
            return Verdict(delay=delay)
        if rule.mode == "drop":
            return Verdict(delay=delay, drop=rule.seconds)
        return Verdict(mr, delay=delay)

    def _refuse(self, sim: Sim, sent: Submit, error: AtError, recipient: str) -> Verdict:
        self.counts["refuse"] += 1
        self._record("refuse", sim, sent, recipient, kind=error.kind, code=error.code)
        return Verdict(error=error, delay=self.radio_delay)

    def _record(self, event: str, sim: Sim, sent: Submit, recipient: str, **fields: Any) -> None:
        self.log.write(
            event, t=sent.ended, t_command=sent.commanded, t_prompt=sent.prompted, iccid=sim.iccid, imei=sent.imei,
            recipient=recipient, **fields, pdu=sent.pdu,
        )  # fmt: skip

    # -- from the network to the people, and their status reports back

    def _forward(self, sim: Sim, submitted: codec.Submitted, mr: int) -> None:
        delay = self.radio_delay + self.report_delay
        own = self._by_number.get(submitted.recipient)
        if own is not None:
            pdu = codec.encode_deliver(sim.settings.number, submitted.text, self._wall(), concat=submitted.concat)
            item = Waiting("deliver", pdu, {"sender": sim.settings.number, "text": submitted.text})
            self.timers.after(delay, partial(self._bring, own, item))
        rule = self.script.take("report", sim.iccid, submitted.recipient)
        if not submitted.status_report:
            return
        report = partial(self._report, sim, mr, submitted.recipient, self._wall())
        if rule is None:
            self.timers.after(delay, partial(report, DELIVERED))
        else:
            self._report_by(rule, report, delay)

    def _report_by(self, rule: Rule, report: partial[None], delay: float) -> None:
        status = rule.status if rule.status is not None else NOT_OBTAINABLE if rule.mode == "undelivered" else DELIVERED
        if rule.mode == "never":
            return
        if rule.mode == "early":
            report(status)
            return
        if rule.mode == "temporary":
            self.timers.after(delay, partial(report, STILL_TRYING if rule.status is None else rule.status))
            self.timers.after(delay + rule.seconds, partial(report, DELIVERED))
            return
        for _ in range(2 if rule.mode == "twice" else 1):
            self.timers.after(delay + rule.seconds, partial(report, status))

    def _report(self, sim: Sim, mr: int, recipient: str, scts: datetime, status: int) -> None:
        pdu = codec.encode_status_report(mr, recipient, scts, self._wall(), status)
        self._bring(sim, Waiting("report", pdu, {"recipient": recipient, "mr": mr, "status": status}))

    # -- from people to the SIM

    def inbound(
        self, sim: Sim, sender: str, text: str, *, ref: int | None = None, ref_bits: int = 8, order: Sequence[int] = ()
    ) -> int:
        """Text to a SIM, in as many parts as it needs, whose number is returned.

        `order` gives the parts (from 1) to send and in which order: leave some out, swap them, or send one twice.
        """
        parts = split(text, ref_bits)
        if ref is None:
            ref = self.random.randrange(256)
        for seq in order or range(1, len(parts) + 1):
            concat = Concat(ref, len(parts), seq, ref_bits) if len(parts) > 1 else None
            part = parts[seq - 1]
            pdu = codec.encode_deliver(sender, part, self._wall(), concat=concat)
            self._bring(sim, Waiting("deliver", pdu, {"sender": sender, "text": part, "seq": seq, "total": len(parts)}))
        return len(parts)

    def inbound_pdu(self, sim: Sim, pdu: str, *, report: bool = False) -> None:
        """Bring any PDU as it stands, broken ones too."""
        self._bring(sim, Waiting("report" if report else "deliver", pdu))

    def _bring(self, sim: Sim, item: Waiting) -> None:
        sim.waiting.append(item)
        self.hand_over(sim)

    def put_back(self, sim: Sim, item: Waiting) -> None:
        """A PDU that was handed over without acknowledgement: it is the next again (23.040 §3.2.5)."""
        sim.waiting.appendleft(item)

    def hand_over(self, sim: Sim) -> None:
        """Give the modem whatever waits for the SIM, as far as it can take it now."""
        modem = sim.handset
        if not sim.waiting or modem is None or not modem.reachable():
            return
        kept: deque[Waiting] = deque()
        stuck: set[str] = set()
        while sim.waiting:
            item = sim.waiting.popleft()
            where = None if item.kind in stuck else modem.take(item)
            if where is None:
                stuck.add(item.kind)  # later ones of this kind keep their place behind it
                kept.append(item)
                self._tell_waiting(sim, modem, item)
                continue
            self.counts[item.kind] += 1
            self.log.write(item.kind, iccid=sim.iccid, imei=modem.imei, where=where, **item.fields, pdu=item.pdu)
        sim.waiting = kept

    def _tell_waiting(self, sim: Sim, modem: Handset, item: Waiting) -> None:
        if not item.told_waiting:
            item.told_waiting = True
            self.log.write("waiting", iccid=sim.iccid, imei=modem.imei, kind=item.kind, **item.fields)

    def _wall(self) -> datetime:
        return datetime.fromtimestamp(self.log.wall(), UTC).replace(microsecond=0)
