"""The queue: batches in, messages out, one claim at a time, and what became of each part."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from daemon.core.batch import NewBatch, NewMessage, RejectedRow, Taken, TakenBefore
from daemon.core.chain import What
from daemon.core.message import BatchState, MessageState, PartState
from daemon.store.answers import answer, doubt, early_reports, let_go, message_of
from daemon.store.audit import Seal, record
from daemon.store.moves import (
    derive_message,
    finish_batch,
    free_name,
    move_message,
    move_part,
    release_batch,
    settle_part,
    wait_again,
)
from daemon.store.people import Barred, barred, sift
from daemon.store.questions import Questions
from daemon.store.turns import Wanted, begin, bind_batch, claim
from drivers.types import SubmitPdu

ANYTHING = Wanted()


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


class Outbox(Questions):
    """Every method is one transaction. `now` is in seconds since the epoch. All may raise StoreFull."""

    # Batches

    def enqueue(
        self, batch: NewBatch, messages: Sequence[NewMessage], rejected: Sequence[RejectedRow]
    ) -> Taken | TakenBefore:
        """Put a whole file in the queue, or nothing of it. Content that came before needs a reason to come again."""
        with self._store.writing() as conn:
            before = conn.execute(
                "SELECT name FROM batches WHERE sha256 = ? AND (? = '' OR token = ?) ORDER BY id DESC",
                (batch.sha256, batch.again, batch.token),
            ).fetchone()
            if before:
                return TakenBefore(before["name"])
            name = free_name(conn, batch.name)
            batch_id = int(
                conn.execute(
                    "INSERT INTO batches (name, source, sha256, owner, state, dropped_at, rows, rejected, only_sim,"
                    " again, token, wording, notes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
                    (name, batch.source, batch.sha256, batch.owner, BatchState.AWAITING_RELEASE, batch.dropped_at,
                     len(messages) + len(rejected), len(rejected), batch.sim, batch.again, batch.token, batch.wording,
                     json.dumps(batch.notes)),
                ).fetchone()[0]
            )  # fmt: skip
            conn.executemany(_INSERT_MESSAGE, _message_rows(batch_id, batch.dropped_at, messages))
            conn.executemany(
                "INSERT INTO rejected_rows (batch_id, row, ref, cell, text, reason) VALUES (?, ?, ?, ?, ?, ?)",
                ((batch_id, r.row, r.ref, r.to, r.text, r.reason) for r in rejected),
            )
            record(
                conn, batch.dropped_at, What.COLLECTION, batch.owner, batch=name, id=batch_id, file=batch.source,
                sha256=batch.sha256, rows=len(messages) + len(rejected), rejected=len(rejected),
            )  # fmt: skip
            sift(conn, batch_id, batch.dropped_at)
            bind_batch(conn, batch_id, batch.sim, batch.dropped_at)
            if batch.released:
                release_batch(conn, batch_id, batch.dropped_at)
                record(conn, batch.dropped_at, What.RELEASE, why="approval is none", batch=name)
            else:
                finish_batch(conn, batch_id, batch.dropped_at)  # when none of its rows may be texted
            return Taken(batch_id, name)

    def release(self, batch_id: int, now: float) -> bool:
        """Let a waiting or paused batch go. False when it neither waits nor is paused."""
        with self._store.writing() as conn:
            return release_batch(conn, batch_id, now)

    # Claiming

    def claim(self, iccid: str, now: float, wanted: Wanted = ANYTHING) -> WorkItem | None:
        """Take the next queued message that this SIM may send (see `turns.claim`). None when there is none.

        Not durable by itself: after a power cut the message is queued again, as if it had not been claimed.
        """
        with self._store.writing(durable=False) as conn:
            row = claim(conn, iccid, now, wanted)
            if row is None:
                return None
            parts = conn.execute(
                "SELECT id, seq, pdu, tpdu_octets, state FROM parts WHERE message_id = ? ORDER BY seq", (row["id"],)
            ).fetchall()
        return WorkItem(
            row["id"], row["batch_id"], row["batch"], row["row"], row["recipient"], row["text"], row["part_count"],
            bool(row["flash"]), row["not_after"], row["refusals"], row["zones"], row["free_until"],
            tuple(StoredPart(p[0], p[1], SubmitPdu(p[2], p[3]), PartState(p[4])) for p in parts),
        )  # fmt: skip

    def give_back(self, item: WorkItem, now: float, *, due_at: float | None = None, reason: str = "") -> None:
        """Nothing more of a claimed message leaves for now: queue it again, or hold it until `due_at`.

        A message that no part of was submitted is free for any SIM; the others stay with their own. A part whose answer
        was not recorded is in doubt, and its message with it. A message that is no longer claimed stays as it is.
        """
        with self._store.writing() as conn:
            unanswered = conn.execute(
                "SELECT submits.id FROM submits JOIN parts ON parts.id = part_id"
                " WHERE message_id = ? AND outcome = 'submitting'",
                (item.message_id,),
            ).fetchall()
            for row in unanswered:
                doubt(conn, row["id"], "the modem's answer was not recorded", now)
            if _is_claimed(conn, item):
                wait_again(conn, item.message_id, due_at, reason, now)

    def end(self, item: WorkItem, state: MessageState, reason: str, now: float) -> None:
        """Take a claimed message out before anything more of it leaves: expired, suppressed, failed, or held for long.

        A message that is no longer claimed stays as it is.
        """
        with self._store.writing() as conn:
            if _is_claimed(conn, item) and move_message(conn, item.message_id, state, reason, now):
                finish_batch(conn, item.batch_id, now)

    def wake_due(self, now: float) -> int:
        """Queue the held messages whose time has come; their number."""
        with self._store.writing() as conn:
            return conn.execute(
                "UPDATE messages SET state = 'queued', due_at = NULL, changed_at = ?"
                " WHERE state = 'held' AND due_at IS NOT NULL AND due_at <= ?",
                (now, now),
            ).rowcount

    def expire(self, now: float) -> int:
        """End the waiting messages whose `not_after` has passed and that nothing of has left; their number."""
        with self._store.writing() as conn:
            rows = conn.execute(
                "UPDATE messages SET state = 'expired', reason = 'its time ran out before it could be sent',"
                " changed_at = ?1 WHERE state IN ('held', 'queued') AND not_after IS NOT NULL AND not_after <= ?1"
                " AND NOT EXISTS (SELECT 1 FROM parts WHERE message_id = messages.id AND parts.state != 'pending')"
                " RETURNING batch_id",
                (now,),
            ).fetchall()
            for batch_id in {row["batch_id"] for row in rows}:
                finish_batch(conn, batch_id, now)
            return len(rows)

    def barred(self, item: WorkItem, now: float) -> Barred | None:
        """Why a claimed message may not go to its recipient: opt-out, exclusion, duplicate, unread reply."""
        return barred(self._store.conn, item.message_id, now)

    # Submitting

    def submitting(
        self, item: WorkItem, pdus: Sequence[SubmitPdu], seq: int, iccid: str, now: float, valid_until: float,
        *, boot: str = "", up: float = 0.0,
    ) -> int:  # fmt: skip
        """Commit that a part is about to leave; the submit's id. Called at the prompt, before a byte of the PDU.

        The first call stores every part of the message. `boot` and `up` say the same time by the clock that never
        jumps. Raises Withdrawn when the message may no longer go.
        """
        with self._store.writing() as conn:
            still = conn.execute(
                "SELECT 1 FROM messages JOIN batches ON batches.id = batch_id"
                " WHERE messages.id = ? AND messages.state = 'sending' AND messages.sim = ?"
                " AND batches.state = 'released' AND NOT EXISTS (SELECT 1 FROM station_pause WHERE id = 1)"
                " AND (SELECT hold FROM sims WHERE sims.iccid = messages.sim) NOT IN ('paused', 'blocked')",
                (item.message_id, iccid),
            ).fetchone()
            if still is None or barred(conn, item.message_id, now):
                raise Withdrawn
            if not item.parts and seq == 1:
                if not begin(conn, item.message_id, iccid):
                    raise Withdrawn
                conn.executemany(
                    "INSERT INTO parts (message_id, seq, pdu, tpdu_octets, state) VALUES (?, ?, ?, ?, 'pending')"
                    " ON CONFLICT DO NOTHING",
                    [(item.message_id, n, pdu.hex, pdu.tpdu_octets) for n, pdu in enumerate(pdus, start=1)],
                )
            part = conn.execute(
                "SELECT id FROM parts WHERE message_id = ? AND seq = ?", (item.message_id, seq)
            ).fetchone()
            if part is None or not move_part(conn, part["id"], PartState.SUBMITTING):
                raise Withdrawn
            before = conn.execute("SELECT count(*), max(id) FROM submits WHERE part_id = ?", (part["id"],)).fetchone()
            submit = conn.execute(
                "INSERT INTO submits (iccid, part_id, recipient, at, valid_until, outcome, boot, up, again_of)"
                " VALUES (?1, ?2, ?3, ?4, ?5, 'submitting', ?6, ?7, (SELECT max(id) FROM submits WHERE part_id = ?2"
                " AND outcome = 'in_doubt')) RETURNING id",
                (iccid, part["id"], item.recipient, now, valid_until, boot, up),
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


_INSERT_MESSAGE = """
INSERT INTO messages (batch_id, row, ref, recipient, text, part_count, priority, flash, not_before, not_after, state,
                      reason, changed_at, cell, note, zones)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def _message_rows(batch_id: int, now: float, messages: Iterable[NewMessage]) -> Iterable[tuple[object, ...]]:
    for m in messages:
        yield (
            batch_id, m.row, m.ref, m.recipient, m.text, m.parts, m.priority, int(m.flash), m.not_before, m.not_after,
            str(m.state), m.reason, now, m.cell, m.note, m.zones,
        )  # fmt: skip


def _is_claimed(conn: sqlite3.Connection, item: WorkItem) -> bool:
    row = conn.execute("SELECT state FROM messages WHERE id = ?", (item.message_id,)).fetchone()
    return bool(row["state"] == MessageState.SENDING)
