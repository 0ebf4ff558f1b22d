"""What became of a submit, written down inside a transaction: once, since answers may come twice, late or never."""

from __future__ import annotations

import sqlite3

from daemon.core.chain import What
from daemon.core.message import MessageState, PartState
from daemon.core.report import same_number
from daemon.store.audit import record
from daemon.store.moves import Report, derive_message, move_part, wait_again


def message_of(conn: sqlite3.Connection, part_id: int) -> int:
    """The id of the message that the part belongs to."""
    return int(conn.execute("SELECT message_id FROM parts WHERE id = ?", (part_id,)).fetchone()[0])


def answer(
    conn: sqlite3.Connection,
    submit_id: int,
    outcome: str,
    now: float,
    *,
    mr: int | None = None,
    code: str = "",
    against_sim: bool = False,
) -> int | None:
    """Record what became of a submit; its part, or None when an answer is there already."""
    row = conn.execute(
        "UPDATE submits SET outcome = ?, mr = ?, code = ?, against_sim = ? WHERE id = ?"
        " AND outcome IN ('submitting', 'in_doubt') RETURNING part_id",
        (outcome, mr, code, int(against_sim), submit_id),
    ).fetchone()
    if row is None:
        return None
    record(conn, now, What.ANSWER, submit=submit_id, outcome=outcome, mr=mr, code=code)
    return int(row["part_id"])


def let_go(conn: sqlite3.Connection, submit_id: int, now: float) -> None:
    """A report has settled the part before the modem said something else: the line stops here, and the rest waits."""
    message = conn.execute(
        "SELECT messages.id, messages.state FROM submits JOIN parts ON parts.id = part_id"
        " JOIN messages ON messages.id = message_id WHERE submits.id = ?",
        (submit_id,),
    ).fetchone()
    if message["state"] == MessageState.SENDING:
        wait_again(conn, message["id"], None, "", now)


def doubt(conn: sqlite3.Connection, submit_id: int, reason: str, now: float, resend_limit: int = 0) -> None:
    """Nobody knows whether the part left: in doubt, or to be sent again until `resend_limit` submits of it."""
    part_id = answer(conn, submit_id, "in_doubt", now)
    if part_id is None:
        let_go(conn, submit_id, now)
        return
    submits = conn.execute("SELECT count(*) FROM submits WHERE part_id = ?", (part_id,)).fetchone()[0]
    if submits >= resend_limit:
        move_part(conn, part_id, PartState.IN_DOUBT, reason)
        derive_message(conn, part_id, now, reason)
    elif move_part(conn, part_id, PartState.PENDING, reason):
        wait_again(conn, message_of(conn, part_id), None, reason, now)


def early_reports(conn: sqlite3.Connection, submit_id: int) -> list[Report]:
    """The reports that came for a submit before its MR was known to the database, oldest first."""
    rows = conn.execute(
        "SELECT inbound.id, tp_status, inbound.at AS at, inbound.reason AS meaning, number, recipient"
        " FROM submits JOIN inbound"
        " ON inbound.iccid = submits.iccid AND inbound.mr = submits.mr"
        " WHERE submits.id = ? AND kind = 'report' AND inbound.part_id IS NULL AND received_at >= submits.at"
        " ORDER BY inbound.id",
        (submit_id,),
    ).fetchall()
    return [
        Report(row["id"], row["tp_status"], row["at"], row["meaning"])
        for row in rows
        if same_number(row["recipient"], row["number"])
    ]
