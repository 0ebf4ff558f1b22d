"""What a release is bound to: a hash over the texts, the list and the exclusions, and the request that people read."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from daemon.store import people
from daemon.store.connection import Store

SHOWN_TEXTS = 20


@dataclass(frozen=True, slots=True)
class Request:
    """A batch that waits for release, as it stands. `sha256` is over the three other hashes and what else is shown.

    `people` are those whom a release lets be texted; `left_out` counts the other rows by reason; `texts` are the
    commonest, with how many get each. `refused` says why the last try to release it was refused.
    """

    batch_id: int
    batch: str
    sha256: str
    texts_sha256: str
    list_sha256: str
    exclusions_sha256: str
    source: str
    dropped_by: str
    changed_by: str
    dropped_at: float
    voided: int
    rows: int
    rejected: int
    people: int
    parts: int
    left_out: dict[str, int]
    texts: list[tuple[str, int]]
    refused: str


class Requests:
    """The batches that wait for release, for those who show them to people. `now` is in seconds since the epoch."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def waiting(self) -> dict[str, tuple[object, ...]]:
        """The names of the batches that wait, each with a value that changes when its request may have."""
        rows = self._store.conn.execute(
            "SELECT name, id, voided, changed_by, refused, request_sha256,"
            " (SELECT json_group_array(n) FROM counts WHERE batch_id = batches.id) AS counts,"
            " (SELECT value FROM station WHERE key = 'exclusions_sha256') AS exclusions"
            " FROM batches WHERE state = 'awaiting_release'"
        )
        return {row["name"]: tuple(row) for row in rows}

    def renew(self, name: str, now: float) -> Request | None:
        """The request for a batch as it stands now, from now on the one to release; None when it does not wait."""
        with self._store.writing() as conn:
            row = conn.execute("SELECT id FROM batches WHERE name = ?", (name,)).fetchone()
            return None if row is None else renew(conn, row["id"], now)


def renew(conn: sqlite3.Connection, batch_id: int, now: float) -> Request | None:
    """Leave out whom the station must not text by now, and note the hash of the rest; None when it does not wait."""
    people.sift(conn, batch_id, now)
    state = conn.execute("SELECT state FROM batches WHERE id = ?", (batch_id,)).fetchone()["state"]
    if state != "awaiting_release":
        return None  # nobody is left to be texted
    request = _request(conn, batch_id)
    conn.execute("UPDATE batches SET request_sha256 = ? WHERE id = ?", (request.sha256, batch_id))
    return request


def exclusions_changed(conn: sqlite3.Connection) -> list[int]:
    """Every release that was bound to the exclusions is void; the batches concerned."""
    conn.execute("DELETE FROM station WHERE key = 'exclusions_sha256'")
    rows = conn.execute(
        "UPDATE batches SET state = 'awaiting_release' WHERE state IN ('released', 'paused') AND released_sha256 != ''"
        " RETURNING id"
    ).fetchall()
    return [int(row["id"]) for row in rows]


def _request(conn: sqlite3.Connection, batch_id: int) -> Request:
    batch = conn.execute("SELECT * FROM batches WHERE id = ?", (batch_id,)).fetchone()
    texts, rows, number, parts = hashlib.sha256(), hashlib.sha256(), 0, 0
    for row in conn.execute(
        "SELECT row, text, recipient, flash, not_before, not_after, part_count FROM messages"
        " WHERE batch_id = ? AND state = 'held' ORDER BY row",
        (batch_id,),
    ):
        texts.update(_line(row[:2]))
        rows.update(_line((row[0], *row[2:])))
        number, parts = number + 1, parts + row["part_count"]
    hashes = texts.hexdigest(), rows.hexdigest(), _exclusions(conn)
    whole = hashlib.sha256(_line((batch["name"], batch["sha256"], batch["voided"], *hashes))).hexdigest()
    return Request(
        batch_id, batch["name"], whole, *hashes, batch["source"], batch["owner"], batch["changed_by"],
        batch["dropped_at"], batch["voided"], batch["rows"], batch["rejected"], number, parts,
        dict(conn.execute(_LEFT_OUT, (batch_id,)).fetchall()),
        [(row[0], row[1]) for row in conn.execute(_TEXTS, (batch_id, SHOWN_TEXTS))],
        batch["refused"],
    )  # fmt: skip


def _exclusions(conn: sqlite3.Connection) -> str:
    """SHA-256 over every exclusion, kept until one changes."""
    kept = conn.execute("SELECT value FROM station WHERE key = 'exclusions_sha256'").fetchone()
    if kept is not None:
        return str(kept[0])
    every = hashlib.sha256()
    for row in conn.execute("SELECT tag, category FROM exclusions ORDER BY tag, category"):
        every.update(_line(row))
    conn.execute("INSERT INTO station VALUES ('exclusions_sha256', ?)", (every.hexdigest(),))
    return every.hexdigest()


def _line(values: Iterable[object]) -> bytes:
    return json.dumps(list(values)).encode() + b"\n"


_LEFT_OUT = """
SELECT CASE WHEN state != 'suppressed' THEN state
            WHEN reason LIKE 'duplicate of row %' THEN 'a duplicate in the list'
            WHEN reason LIKE 'texted %' THEN 'texted lately by another batch' ELSE reason END AS why, count(*)
FROM messages WHERE batch_id = ? AND state != 'held' GROUP BY why ORDER BY why
"""
_TEXTS = """
SELECT text, count(*) AS n FROM messages WHERE batch_id = ? AND state = 'held'
GROUP BY text ORDER BY n DESC, min(row) LIMIT ?
"""
