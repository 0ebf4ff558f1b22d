"""Texts that belong to no list: they are queued in batches of the station's own, one for each purpose."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from daemon.store.moves import free_name

ANSWERS, CONFIRMATIONS, ACKNOWLEDGEMENTS = "answers", "confirmations", "acknowledgements"
FIRST = 10_000
"""The priority of what is written to one person: before every list, whose own is 1000 at most."""


@dataclass(frozen=True, slots=True)
class OwnText:
    """One text to one person. `kind` is reply, confirmation or acknowledgement; `sim` the only SIM that may send it, ""
    for any. Until `free_until` (seconds since the epoch) it may go in quiet hours. Two texts with the same `once` are
    one."""

    recipient: str
    text: str
    parts: int
    kind: str
    sim: str = ""
    free_until: float = 0.0
    ref: str = ""
    once: str | None = None


def queue(conn: sqlite3.Connection, batch: str, own: OwnText, now: float) -> tuple[int, int] | None:
    """Queue a text, inside a transaction: the ids of its batch and message. None: that batch was cancelled by a person,
    so nothing of its kind is sent any more."""
    row = conn.execute("SELECT id, state FROM batches WHERE sha256 = ?", (batch,)).fetchone()
    if row is None:
        row = conn.execute(
            "INSERT INTO batches (name, source, sha256, owner, state, dropped_at, released_at, rows, rejected)"
            " VALUES (?1, '', ?2, 'outpost', 'released', ?3, ?3, 0, 0) RETURNING id, state",
            (free_name(conn, batch), batch, now),
        ).fetchone()
    if row["state"] == "cancelled":
        return None
    message = conn.execute(
        "INSERT INTO messages (batch_id, row, ref, recipient, text, part_count, priority, flash, state, changed_at,"
        " kind, sim, free_until, once) VALUES (:batch,"
        " (SELECT coalesce(max(row), 0) + 1 FROM messages WHERE batch_id = :batch), :ref, :to, :text, :parts,"
        " :priority, 0, :state, :now, :kind, nullif(:sim, ''), :free_until, :once) RETURNING id",
        {
            "batch": row["id"], "ref": own.ref, "to": own.recipient, "text": own.text, "parts": own.parts,
            "priority": FIRST, "state": "held" if row["state"] == "paused" else "queued", "now": now, "kind": own.kind,
            "sim": own.sim, "free_until": own.free_until, "once": own.once,
        },
    ).fetchone()  # fmt: skip
    conn.execute(
        "UPDATE batches SET rows = rows + 1, finished_at = NULL,"
        " state = CASE state WHEN 'finished' THEN 'released' ELSE state END WHERE id = ?",
        (row["id"],),
    )
    return int(row["id"]), int(message["id"])
