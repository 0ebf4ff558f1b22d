"""The queue: batches in, messages out, one claim at a time."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from daemon.core.batch import NewBatch, NewMessage, RejectedRow, Taken, TakenBefore
from daemon.core.chain import What
from daemon.core.message import BatchState, MessageState, PartState
from daemon.store.answers import doubt
from daemon.store.audit import record
from daemon.store.moves import finish_batch, free_name, move_message, release_batch, wait_again
from daemon.store.people import Barred, barred, sift
from daemon.store.submits import StoredPart, Submits, WorkItem
from daemon.store.turns import Wanted, bind_batch, claim
from drivers.types import SubmitPdu

ANYTHING = Wanted()


class Outbox(Submits):
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
