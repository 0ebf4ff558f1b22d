"""What leaves: each part on record before it may, and what became of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from daemon.core.chain import What
from daemon.core.message import PartState
from daemon.store.answers import answer, doubt, early_reports, let_go, message_of
from daemon.store.audit import Seal, record
from daemon.store.moves import derive_message, finish_batch, move_part, settle_part, wait_again
from daemon.store.people import barred
from daemon.store.questions import Questions
from daemon.store.turns import begin
from drivers.types import SubmitPdu

_MAY_GO = """
SELECT 1 FROM messages JOIN batches ON batches.id = batch_id
WHERE messages.id = ? AND messages.state = 'sending' AND messages.sim = ? AND batches.state = 'released'
    AND NOT EXISTS (SELECT 1 FROM station_pause WHERE id = 1)
    AND (SELECT hold FROM sims WHERE sims.iccid = messages.sim) NOT IN ('paused', 'blocked')
"""
_SUBMIT = """
INSERT INTO submits (iccid, part_id, recipient, at, valid_until, outcome, boot, up, again_of)
VALUES (?1, ?2, ?3, ?4, ?5, 'submitting', ?6, ?7,
    (SELECT max(id) FROM submits WHERE part_id = ?2 AND outcome = 'in_doubt'))
RETURNING id
"""


class Withdrawn(Exception):
    """The message may not go out after all: it, its SIM or the station was stopped, or its recipient opted out."""


@dataclass(frozen=True, slots=True)
class StoredPart:
    """One encoded part of a message that has begun."""

    part_id: int
    seq: int
    pdu: SubmitPdu
    state: PartState


@dataclass(frozen=True, slots=True)
class WorkItem:
    """A claimed message. `parts` is empty until its first prompt. Times are seconds since the epoch."""

    message_id: int
    batch_id: int
    batch: str
    row: int
    recipient: str
    text: str
    part_count: int
    flash: bool
    not_after: float | None
    refusals: int
    zones: str
    free_until: float
    parts: tuple[StoredPart, ...]

    @property
    def left(self) -> int:
        """How many of its parts had still to leave when it was claimed."""
        return self.part_count - sum(part.state is not PartState.PENDING for part in self.parts)

    @property
    def begun(self) -> bool:
        """Whether a part of it had left, or may have, when it was claimed."""
        return any(part.state is not PartState.PENDING for part in self.parts)


class Submits(Questions):
    """Every method is one transaction. `now` is in seconds since the epoch. All may raise StoreFull."""

    def submitting(
        self, item: WorkItem, pdus: Sequence[SubmitPdu], seq: int, iccid: str, now: float, valid_until: float,
        *, boot: str = "", up: float = 0.0,
    ) -> int:  # fmt: skip
        """Commit that a part is about to leave; the submit's id. Called at the prompt, before a byte of the PDU.

        The first call stores every part of the message. `boot` and `up` say the same time by the clock that never
        jumps. Raises Withdrawn when the message may no longer go.
        """
        with self._store.writing() as conn:
            if conn.execute(_MAY_GO, (item.message_id, iccid)).fetchone() is None or barred(conn, item.message_id, now):
                raise Withdrawn
            if not item.parts and seq == 1:
                _begin(conn, item, pdus, iccid)
            part = conn.execute(
                "SELECT id FROM parts WHERE message_id = ? AND seq = ?", (item.message_id, seq)
            ).fetchone()
            if part is None or not move_part(conn, part["id"], PartState.SUBMITTING):
                raise Withdrawn
            before = conn.execute("SELECT count(*), max(id) FROM submits WHERE part_id = ?", (part["id"],)).fetchone()
            submit = conn.execute(
                _SUBMIT, (iccid, part["id"], item.recipient, now, valid_until, boot, up)
            ).fetchone()
            seal = Seal(conn, item.batch_id)
            record(
                conn, now, What.SUBMISSION, batch=item.batch, row=item.row, message=item.message_id, part=seq,
                attempt=before[0] + 1, submit=submit["id"], again=before[1], sim=iccid,
                to=seal(item.recipient), text=seal(item.text), pdu=seal(pdus[seq - 1].hex),
            )  # fmt: skip
            return int(submit["id"])

    def accepted(self, submit_id: int, mr: int | None, now: float, *, durable: bool = True) -> None:
        """The SMSC has the part; None is an MR that nobody knows. A report that came before this is matched here.

        Not `durable`: a power cut before the next durable commit leaves the part in doubt.

        This and the other answers change no part once the submit has its answer, from the modem or from a report.
        """
        with self._store.writing(durable=durable) as conn:
            part_id = answer(conn, submit_id, "accepted", now, mr=mr)
            if part_id is not None:
                move_part(conn, part_id, PartState.SENT, mr=mr, sent_at=now)
                why = settle_part(conn, part_id, early_reports(conn, submit_id), now)
                finish_batch(conn, derive_message(conn, part_id, now, why), now)

    def failed(self, submit_id: int, code: str, reason: str, now: float, *, against_sim: bool = False) -> None:
        """The network refused the part for good: the message has failed."""
        with self._store.writing() as conn:
            part_id = answer(conn, submit_id, "refused", now, code=code, against_sim=against_sim)
            if part_id is None:
                let_go(conn, submit_id, now)
            else:
                move_part(conn, part_id, PartState.REFUSED, reason)
                finish_batch(conn, derive_message(conn, part_id, now, reason), now)

    def retry(
        self,
        submit_id: int,
        code: str,
        reason: str,
        due_at: float | None,
        now: float,
        *,
        against_sim: bool = False,
        pdus: Sequence[SubmitPdu] = (),
    ) -> None:
        """The network refused the part for now: the message waits until `due_at`, or in the queue, for the same SIM.

        `pdus` replaces the encoding of the parts that have not left. `against_sim`: the refusal may speak of the SIM.
        """
        with self._store.writing() as conn:
            part_id = answer(conn, submit_id, "refused", now, code=code, against_sim=against_sim)
            if part_id is None or not move_part(conn, part_id, PartState.PENDING, reason):
                let_go(conn, submit_id, now)
                return
            message_id = message_of(conn, part_id)
            conn.executemany(
                "UPDATE parts SET pdu = ?, tpdu_octets = ? WHERE message_id = ? AND seq = ? AND state = 'pending'",
                [(pdu.hex, pdu.tpdu_octets, message_id, seq) for seq, pdu in enumerate(pdus, start=1)],
            )
            conn.execute("UPDATE messages SET refusals = refusals + 1 WHERE id = ?", (message_id,))
            wait_again(conn, message_id, due_at, reason, now)

    def doubt(
        self, submit_id: int, reason: str, now: float, *, resend_limit: int = 0, exchanged: str = ""
    ) -> None:
        """Nobody knows whether the part left. A person decides; or it is queued again, until it has been submitted
        `resend_limit` times (the operator's `on_doubt`). `exchanged` is what passed between us and the modem last.
        """
        with self._store.writing() as conn:
            conn.execute("UPDATE submits SET exchanged = ? WHERE id = ?", (exchanged, submit_id))
            doubt(conn, submit_id, reason, now, resend_limit)

    def recover(self, now: float, *, resend_limit: int = 0, iccid: str | None = None) -> int:
        """After a start, before any line, and before each line of one SIM (`iccid`): what was being submitted when the
        one before ended is in doubt, and what had been claimed waits again. How many parts were being submitted.
        """
        reason = "sending stopped between the prompt and the modem's answer"
        with self._store.writing() as conn:
            lost = conn.execute(
                "SELECT id FROM submits WHERE iccid IN (SELECT iccid FROM sims WHERE ?1 IS NULL OR iccid = ?1)"
                " AND outcome = 'submitting'",
                (iccid,),
            ).fetchall()
            for row in lost:
                doubt(conn, row["id"], reason, now, resend_limit)
            claimed = "SELECT id, batch_id FROM messages WHERE state = 'sending' AND (?1 IS NULL OR sim = ?1)"
            for row in conn.execute(claimed, (iccid,)).fetchall():
                wait_again(conn, row["id"], None, "", now)
                finish_batch(conn, row["batch_id"], now)
            return len(lost)


def _begin(conn: sqlite3.Connection, item: WorkItem, pdus: Sequence[SubmitPdu], iccid: str) -> None:
    """Store every part of a message whose first is about to leave. Raises Withdrawn."""
    if not begin(conn, item.message_id, iccid):
        raise Withdrawn
    conn.executemany(
        "INSERT INTO parts (message_id, seq, pdu, tpdu_octets, state) VALUES (?, ?, ?, ?, 'pending')"
        " ON CONFLICT DO NOTHING",
        [(item.message_id, n, pdu.hex, pdu.tpdu_octets) for n, pdu in enumerate(pdus, start=1)],
    )
