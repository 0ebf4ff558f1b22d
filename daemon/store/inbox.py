"""What came in: each PDU committed once, before it is deleted from the modem, and reports matched to parts."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from daemon.core.message import PartState
from daemon.core.report import OpenPart, match
from daemon.store.connection import Store
from daemon.store.moves import Report, derive_message, finish_batch, move_part, settle_part
from drivers.types import Deliver, Received, StatusReport, Undecodable

OPEN_PARTS = 50
"""How many parts with one MR a report is compared with, newest first: MR comes round every 256 submits."""


class Inbox:
    """Every method that changes something is one transaction. `now` is in seconds since the epoch."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def save(self, iccid: str, received: Received, now: float) -> int | None:
        """Commit one inbound PDU; one that this SIM brought before changes nothing. May raise StoreFull.

        Gives the batch whose message a status report settled, None otherwise.
        """
        return next(iter(self.save_all(iccid, [received], now)), None)

    def save_all(self, iccid: str, received: Sequence[Received], now: float) -> set[int]:
        """The same for several at once, oldest first, in one commit: all of them or none. Gives the batches."""
        with self._store.writing() as conn:
            return {batch_id for one in received if (batch_id := _save(conn, iccid, one, now)) is not None}

    def opt_out(self, recipient: str, source: str, now: float) -> None:
        """This number gets no more texts, from anyone, on any path. What waits for it is suppressed."""
        with self._store.writing() as conn:
            conn.execute("INSERT INTO optouts VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (recipient, now, source))
            batches = conn.execute(
                "UPDATE messages SET state = 'suppressed', reason = 'opted out', changed_at = ?"
                " WHERE recipient = ? AND state IN ('held', 'queued') RETURNING batch_id",
                (now, recipient),
            ).fetchall()
            for batch_id in {row["batch_id"] for row in batches}:
                finish_batch(conn, batch_id, now)

    def texted_as(self, sender: str) -> str | None:
        """The MSISDN, as the queue writes it, of the newest message to this sender; None when it was never texted."""
        if sender.startswith("+"):
            found = self._store.conn.execute("SELECT recipient FROM messages WHERE recipient = ? LIMIT 1", (sender,))
        else:
            digits = "".join(c for c in sender if c in "0123456789").lstrip("0")
            if len(digits) < 7:
                return None
            # A walk through the index will do: few networks write so. Nine digits are enough where a prefix differs.
            found = self._store.conn.execute(
                "SELECT recipient FROM messages INDEXED BY messages_recipient WHERE recipient LIKE '%' || ?2"
                " ORDER BY recipient LIKE '%' || ?1 DESC, id DESC LIMIT 1",
                (digits, digits[-9:]),
            )
        row = found.fetchone()
        return None if row is None else str(row["recipient"])


def _save(conn: sqlite3.Connection, iccid: str, received: Received, now: float) -> int | None:
    match received:
        case StatusReport():
            return _save_report(conn, iccid, received, now)
        case Deliver():
            _save_deliver(conn, iccid, received, now)
        case Undecodable(pdu, reason):
            _insert(conn, iccid, pdu, now, "undecodable", reason=reason)
    return None


def _insert(conn: sqlite3.Connection, iccid: str, pdu: str, now: float, kind: str, **columns: object) -> int | None:
    names = ["iccid", "pdu", "received_at", "kind", *columns]
    row = conn.execute(
        f"INSERT INTO inbound ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        " ON CONFLICT DO NOTHING RETURNING id",
        (iccid, pdu, now, kind, *columns.values()),
    ).fetchone()
    return None if row is None else int(row["id"])


def _save_report(conn: sqlite3.Connection, iccid: str, report: StatusReport, now: float) -> int | None:
    at = None if report.discharge is None else report.discharge.timestamp()
    inbound_id = _insert(
        conn, iccid, report.pdu, now, "report", number=report.recipient, mr=report.mr, tp_status=report.status, at=at
    )
    if inbound_id is None:
        return None
    part_id = match(report, _open_parts(conn, iccid, report.mr), now)
    if part_id is None:
        return None
    _confirm_doubt(conn, part_id, report, now)
    settle_part(conn, part_id, [Report(inbound_id, report.status, at)], now)
    batch_id = derive_message(conn, part_id, now)
    finish_batch(conn, batch_id, now)
    return batch_id


def _confirm_doubt(conn: sqlite3.Connection, part_id: int, report: StatusReport, now: float) -> None:
    """A report for a part in doubt proves that the network took it: the submit that fits its time best."""
    submits = conn.execute(
        "SELECT id, at FROM submits WHERE part_id = ? AND outcome IN ('in_doubt', 'submitting')", (part_id,)
    ).fetchall()
    moment = now if report.scts is None else report.scts.timestamp()
    submit = min(submits, key=lambda row: abs(row["at"] - moment), default=None)
    if submit is not None and move_part(conn, part_id, PartState.SENT, mr=report.mr, sent_at=submit["at"]):
        conn.execute("UPDATE submits SET outcome = 'accepted', mr = ? WHERE id = ?", (report.mr, submit["id"]))


def _save_deliver(conn: sqlite3.Connection, iccid: str, deliver: Deliver, now: float) -> None:
    concat = deliver.concat
    _insert(
        conn, iccid, deliver.pdu, now, "deliver",
        number=deliver.sender,
        text=deliver.text,
        at=None if deliver.scts is None else deliver.scts.timestamp(),
        concat_ref=concat and concat.ref,
        concat_total=concat and concat.total,
        concat_seq=concat and concat.seq,
        reason=str(deliver.content),
    )  # fmt: skip


def _open_parts(conn: sqlite3.Connection, iccid: str, mr: int) -> list[OpenPart]:
    """The parts of this SIM that a report with this MR may speak of, newest first, then those in doubt."""
    with_mr = conn.execute(
        f"{_PARTS} WHERE iccid = ? AND submits.mr = ? AND outcome = 'accepted' ORDER BY at DESC LIMIT ?",
        (iccid, mr, OPEN_PARTS),
    ).fetchall()
    doubtful = conn.execute(f"{_PARTS} WHERE iccid = ? AND outcome IN ('in_doubt', 'submitting')", (iccid,)).fetchall()
    return [OpenPart(r[0], r[1], r[2], PartState(r[3]), r[4], r[5]) for r in (*with_mr, *doubtful)]


_PARTS = (
    "SELECT part_id, submits.mr, recipient, parts.state, at, valid_until FROM submits JOIN parts ON parts.id = part_id"
)
