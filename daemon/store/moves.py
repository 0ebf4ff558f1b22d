"""State changes inside a transaction: by the transition tables, with a message's state derived from its parts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from daemon.core.message import (
    BATCH_TRANSITIONS,
    MESSAGE_TRANSITIONS,
    PART_TRANSITIONS,
    BatchState,
    MessageState,
    PartState,
    message_state,
)
from daemon.core.report import part_state
from daemon.store.turns import SIM_TO_BE


def _ways_to(new: str, table: Mapping[Any, frozenset[Any]]) -> str:
    """The states that lead to this one, as a list for SQL."""
    return ", ".join(f"'{old}'" for old, after in table.items() if new in after)


_MOVE_MESSAGE = {
    new: "UPDATE messages SET state = ?, reason = ?, changed_at = ? WHERE id = ?"
    f" AND state IN ({_ways_to(new, MESSAGE_TRANSITIONS)})"
    for new in MessageState
}
_MOVE_PART = {
    new: "UPDATE parts SET state = ?, reason = ?, mr = coalesce(?, mr), sent_at = coalesce(?, sent_at),"
    f" settled_at = coalesce(?, settled_at) WHERE id = ? AND state IN ({_ways_to(new, PART_TRANSITIONS)})"
    for new in PartState
}
_FINISH = (
    "UPDATE batches SET state = 'finished', finished_at = ? WHERE id = ?"
    f" AND state IN ({_ways_to(BatchState.FINISHED, BATCH_TRANSITIONS)}) AND NOT EXISTS"
    " (SELECT 1 FROM counts WHERE batch_id = batches.id AND n > 0"
    " AND state IN ('held', 'queued', 'sending', 'in_doubt'))"
)


def move_message(conn: sqlite3.Connection, message_id: int, new: MessageState, reason: str, now: float) -> bool:
    """Move a message where the transition table allows it; whether it moved."""
    return bool(conn.execute(_MOVE_MESSAGE[new], (new, reason, now, message_id)).rowcount)


def move_part(
    conn: sqlite3.Connection,
    part_id: int,
    new: PartState,
    reason: str = "",
    *,
    mr: int | None = None,
    sent_at: float | None = None,
    settled_at: float | None = None,
) -> bool:
    """Move a part where the transition table allows it; whether it moved. What is None stays as it was."""
    return bool(conn.execute(_MOVE_PART[new], (new, reason, mr, sent_at, settled_at, part_id)).rowcount)


def wait_again(conn: sqlite3.Connection, message_id: int, due_at: float | None, reason: str, now: float) -> bool:
    """Queue a message again, or hold it until `due_at`, or do with it what was done to its batch meanwhile.

    It stays with its SIM once a part of it was submitted, and as it is while one of its parts is in doubt. Whether it
    moved.
    """
    if conn.execute(
        "SELECT 1 FROM parts WHERE message_id = ? AND state IN ('submitting', 'in_doubt')", (message_id,)
    ).fetchone():
        return False
    batch = conn.execute(
        "SELECT batches.state FROM batches JOIN messages ON batch_id = batches.id WHERE messages.id = ?", (message_id,)
    ).fetchone()["state"]
    if batch == BatchState.CANCELLED:
        state, due_at, reason = MessageState.CANCELLED, None, "batch cancelled"
    elif batch == BatchState.RELEASED:
        state = MessageState.QUEUED if due_at is None else MessageState.HELD
    else:
        state, due_at = MessageState.HELD, None
    moved = move_message(conn, message_id, state, reason, now)
    if moved:
        conn.execute(
            "UPDATE messages SET due_at = ?, sim = CASE WHEN EXISTS"
            f" (SELECT 1 FROM parts WHERE message_id = messages.id) THEN sim ELSE {SIM_TO_BE} END WHERE id = ?",
            (due_at, message_id),
        )
    return moved


def derive_message(conn: sqlite3.Connection, part_id: int, now: float, reason: str = "") -> int:
    """Bring the message of this part to the state that its parts mean; the id of its batch."""
    rows = conn.execute(
        "SELECT messages.id, batch_id, messages.state AS now_state, parts.state FROM messages"
        " JOIN parts ON message_id = messages.id"
        " WHERE messages.id = (SELECT message_id FROM parts WHERE id = ?) ORDER BY seq",
        (part_id,),
    ).fetchall()
    message_id, old = rows[0]["id"], MessageState(rows[0]["now_state"])
    new = message_state([PartState(row["state"]) for row in rows])
    if new in (MessageState.SENDING, MessageState.QUEUED):
        # Parts of it still wait. A line that holds it goes on, and so does its waiting; after a doubt it waits again.
        if old is MessageState.IN_DOUBT:
            wait_again(conn, message_id, None, reason, now)
    elif new is not old:
        move_message(conn, message_id, new, reason, now)
    return int(rows[0]["batch_id"])


@dataclass(frozen=True, slots=True)
class Report:
    """A status report as it lies in `inbound`. `at` is its discharge time, None when it gives none; `meaning` its
    status in words."""

    inbound_id: int
    tp_status: int
    at: float | None
    meaning: str


def settle_part(conn: sqlite3.Connection, part_id: int, reports: Iterable[Report], now: float) -> str:
    """Apply status reports, oldest first, to the part they speak of. Why it did not arrive; "" when it may have."""
    why = ""
    for report in reports:
        conn.execute("UPDATE inbound SET part_id = ? WHERE id = ?", (part_id, report.inbound_id))
        state = part_state(report.tp_status)
        if state is not None:
            why = report.meaning if state is PartState.UNDELIVERED else ""
            move_part(conn, part_id, state, why, settled_at=now if report.at is None else report.at)
    return why


def release_batch(conn: sqlite3.Connection, batch_id: int, now: float) -> bool:
    """Let a waiting or paused batch go. False when it neither waits nor is paused."""
    released = conn.execute(
        "UPDATE batches SET state = 'released', released_at = coalesce(released_at, ?)"
        " WHERE id = ? AND state IN ('awaiting_release', 'paused')",
        (now, batch_id),
    ).rowcount
    if released:
        conn.execute(
            "UPDATE messages SET changed_at = ?1, state = CASE WHEN not_before > ?1 THEN 'held' ELSE 'queued' END,"
            " due_at = CASE WHEN not_before > ?1 THEN not_before END WHERE batch_id = ?2 AND state = 'held'",
            (now, batch_id),
        )
        finish_batch(conn, batch_id, now)
    return bool(released)


def finish_batch(conn: sqlite3.Connection, batch_id: int, now: float) -> None:
    """A batch is finished when nothing of it waits, moves or is in doubt. Status reports may still come."""
    conn.execute(_FINISH, (now, batch_id))


def free_name(conn: sqlite3.Connection, wanted: str) -> str:
    """This name for a batch, with a number when another has it."""
    name, n = wanted, 1
    while conn.execute("SELECT 1 FROM batches WHERE name = ?", (name,)).fetchone():
        n += 1
        name = f"{wanted}-{n}"
    return name
