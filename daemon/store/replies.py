"""What people texted back, as people look at it: lists, conversations, and how far each reply has come."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from daemon.core.reply import Reply, ReplyKind, ReplyState, Turn
from daemon.store.connection import Store

AT_ONCE = 100
"""How many replies are read together where all are: the memory that a reading needs."""


class Standing(NamedTuple):
    """What is another value after anything has changed in a conversation: in what a person wrote or which lists they
    are on (`theirs`), or in what was sent to them (`ours`)."""

    theirs: int
    ours: int


class Replies:
    """A method that changes something is one transaction and may raise StoreFull. Times: seconds since the epoch."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, reply_id: int) -> Reply | None:
        """One reply."""
        found = self._select("WHERE replies.id = ?", reply_id)
        return found[0] if found else None

    def find(self, state: ReplyState | None = None, recipient: str | None = None) -> list[Reply]:
        """Replies of every kind, oldest first; those in one state or of one person only, where these are given."""
        return self._select(
            "WHERE (?1 IS NULL OR replies.state = ?1) AND (?2 IS NULL OR replies.recipient = ?2)", state, recipient
        )

    def each(self, recipient: str | None = None) -> Iterator[Reply]:
        """All of them, or those of one person, in no order and one at a time: they may be more than memory holds."""
        where, args = ("", ()) if recipient is None else (" WHERE replies.recipient = ?", (recipient,))
        return map(_reply, self._store.conn.execute(f"{_REPLY}{where}", args))

    def in_order(self, places: bytes) -> Iterator[Reply]:
        """All of them: those that wait for a person first, by their place, and the older before the newer; then the
        others, the newest first. A few at a time. `places` holds an octet for each id.

        Only numbers are sorted, since SQLite may put what it sorts into a file on the disk.
        """
        conn = self._store.conn
        ids = (row[0] for row in conn.execute(_IN_ORDER, {"places": places}))
        while some := list(islice(ids, AT_ONCE)):  # none goes meanwhile: a read sees one picture
            found = {row["id"]: row for row in conn.execute(_SOME, (json.dumps(some),))}
            yield from (_reply(found[reply_id]) for reply_id in some)

    def waiting_since(self, before: float) -> Iterator[Reply]:
        """Those that came before this time and wait for a person, in no order."""
        where = "INDEXED BY replies_open WHERE replies.state IN ('unread', 'waiting') AND replies.received_at <= ?"
        return map(_reply, self._store.conn.execute(f"{_REPLY} {where}", (before,)))

    def standings(self) -> dict[str, Standing]:
        """How the conversation with everybody stands who ever texted; under "" those whom nobody can name."""
        rows = self._store.conn.execute("SELECT recipient, theirs, ours FROM conversations")
        return {row["recipient"]: Standing(row["theirs"], row["ours"]) for row in rows}

    def conversation(self, recipient: str) -> list[Turn]:
        """All that went to and fro with one person, oldest first: what has left, or may have, and what came."""
        rows = self._store.conn.execute(_CONVERSATION, {"recipient": recipient})
        return [Turn(r[0], bool(r[1]), r[2], r[3], r[4], ReplyKind(r[5]), bool(r[6]), r[7]) for r in rows]

    def counts(self) -> dict[str, int]:
        """Replies in each state, every state named; and how many nobody can read, as "undecodable"."""
        found = dict(self._store.conn.execute("SELECT state, count(*) FROM replies GROUP BY state").fetchall())
        broken = self._store.conn.execute("SELECT count(*) FROM replies WHERE kind = 'undecodable'").fetchone()[0]
        return {**{state.value: int(found.get(state.value, 0)) for state in ReplyState}, "undecodable": int(broken)}

    def publish_incomplete(self, before: float) -> list[Reply]:
        """Give up waiting for parts whose text had its newest before this time: it is to be read as it stands.

        A part that comes later still finds its text. Gives those texts.
        """
        late = "state = 'arriving' AND changed_at <= ?"
        if not self._store.conn.execute(f"SELECT 1 FROM replies WHERE {late} LIMIT 1", (before,)).fetchone():
            return []
        with self._store.writing() as conn:
            rows = conn.execute(f"UPDATE replies SET state = 'unread' WHERE {late} RETURNING id", (before,)).fetchall()
        return [reply for row in rows if (reply := self.get(row["id"])) is not None]

    def _select(self, where: str, *args: object) -> list[Reply]:
        rows = self._store.conn.execute(f"{_REPLY} {where} ORDER BY replies.received_at, replies.id", args)
        return [_reply(row) for row in rows]


def mark_person_read(conn: sqlite3.Connection, recipient: str) -> None:
    """Somebody has read all that this person wrote, inside a transaction."""
    conn.execute("UPDATE replies SET state = 'waiting' WHERE recipient = ? AND state = 'unread'", (recipient,))


def mark_answered(conn: sqlite3.Connection, recipient: str) -> int:
    """Somebody has answered this person, or says that none is due, inside a transaction; how many replies waited."""
    return conn.execute(
        "UPDATE replies SET state = 'answered' WHERE recipient = ? AND state IN ('unread', 'waiting')", (recipient,)
    ).rowcount


def _reply(row: sqlite3.Row) -> Reply:
    reply_id, iccid, number, recipient, kind, state, text, complete, *others = row
    return Reply(reply_id, iccid, number, recipient, _KINDS[kind], _STATES[state], text, bool(complete), *others)


_KINDS = {kind.value: kind for kind in ReplyKind}
_STATES = {state.value: state for state in ReplyState}
_REPLY = """
SELECT id, iccid, number, recipient, kind, state, text, complete, reason, received_at, sent_at, message_id, coalesce((
    SELECT batches.name FROM messages JOIN batches ON batches.id = messages.batch_id
    WHERE messages.recipient = replies.recipient AND messages.id <= replies.message_id AND messages.kind = 'list'
    ORDER BY messages.id DESC LIMIT 1), '') AS batch
FROM replies
"""
_SOME = f"{_REPLY} WHERE replies.id IN (SELECT value FROM json_each(?))"
_IN_ORDER = """
SELECT id FROM replies ORDER BY
    state NOT IN ('unread', 'waiting'),
    CASE WHEN state IN ('unread', 'waiting') THEN substr(:places, id + 1, 1) END,
    CASE WHEN state IN ('unread', 'waiting') THEN received_at ELSE -received_at END,
    id
"""
_CONVERSATION = """
SELECT (SELECT min(at) FROM submits JOIN parts ON parts.id = part_id WHERE message_id = messages.id) AS moment, 1,
       text, state, coalesce(sim, ''), 'text', 1, id
FROM messages WHERE recipient = :recipient
    AND EXISTS (SELECT 1 FROM parts JOIN submits ON part_id = parts.id WHERE message_id = messages.id)
UNION ALL
SELECT received_at, 0, text, state, iccid, kind, complete, id FROM replies WHERE recipient = :recipient
ORDER BY 1
"""
