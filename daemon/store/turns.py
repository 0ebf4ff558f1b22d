"""Which message goes next through a SIM, and which SIM a person is texted from: inside a transaction."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

SIM_OF_PERSON = (
    "(SELECT sims.iccid FROM submits JOIN sims USING (iccid) WHERE submits.recipient = messages.recipient"
    " AND retired_at IS NULL ORDER BY submits.id DESC LIMIT 1)"
)
"""Of a message: the SIM that its recipient was texted from last, refused or not; NULL when none was, or it is gone."""
_SIM_OF_BATCH = (
    "(SELECT sims.iccid FROM batches JOIN sims ON sims.iccid = only_sim WHERE batches.id = batch_id"
    " AND retired_at IS NULL)"
)
SIM_TO_BE = f"coalesce({_SIM_OF_BATCH}, {SIM_OF_PERSON})"
"""Of a message that no part of was submitted: the only SIM that may send it, NULL when any may."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a SIM may take just now.

    `known_since`: only people that it has texted since then (seconds since the epoch). `quiet`: the time zones where it
    is quiet now; an answer to somebody who wrote lately may go in spite of that.
    `most_parts` is what its limits can ever allow at once. `shared`: also what any SIM may take.
    """

    known_since: float | None = None
    quiet: frozenset[str] = frozenset()
    most_parts: int | None = None
    shared: bool = True


_WAKING = "(:quiet = '[]' OR free_until > :now OR zones NOT IN (SELECT value FROM json_each(:quiet)))"
_FITS = "(:most_parts IS NULL OR part_count <= :most_parts)"


def _heads(sim: str) -> str:
    """The next message of each released batch."""
    return (
        f"SELECT (SELECT id FROM messages WHERE state = 'queued' AND batch_id = batches.id AND sim {sim} AND {_WAKING}"
        " ORDER BY priority DESC, id LIMIT 1) AS id FROM batches WHERE state = 'released'"
    )


_ANYBODY = f"{_heads('= :iccid')} UNION ALL {_heads(f'IS NULL AND :shared AND {_FITS}')}"
_KNOWN = """
SELECT messages.id FROM (SELECT DISTINCT recipient FROM submits WHERE iccid = :iccid AND at > :known_since) AS known
CROSS JOIN messages INDEXED BY messages_recipient ON messages.recipient = known.recipient
"""
"""Where it is all that may go, it is not looked for in the whole queue; so with what follows."""
_AWAKE = """
SELECT id FROM messages INDEXED BY messages_abroad WHERE state = 'queued' AND zones != ''
UNION SELECT id FROM messages INDEXED BY messages_free WHERE state = 'queued' AND free_until > 0 AND free_until > :now
"""


def _claim_of(candidates: str) -> str:
    return f"""
UPDATE messages SET state = 'sending', sim = :iccid, changed_at = :now WHERE id = (
    SELECT messages.id FROM ({candidates}) AS heads
    CROSS JOIN messages ON messages.id = heads.id AND messages.state = 'queued' AND {_WAKING}
        AND (sim = :iccid OR sim IS NULL AND :shared AND {_FITS})
    CROSS JOIN batches ON batches.id = batch_id AND batches.state = 'released'
    ORDER BY priority DESC, turn, batch_id, messages.id LIMIT 1
) RETURNING *, (SELECT name FROM batches WHERE batches.id = batch_id) AS batch
"""


_CLAIM, _CLAIM_KNOWN, _CLAIM_AWAKE = (_claim_of(candidates) for candidates in (_ANYBODY, _KNOWN, _AWAKE))


def claim(conn: sqlite3.Connection, iccid: str, now: float, wanted: Wanted) -> sqlite3.Row | None:
    """Mark the next message as being sent by this SIM: by priority, then from the batch that has waited longest for
    its turn, then by age."""
    of_all = _CLAIM_AWAKE if "" in wanted.quiet else _CLAIM
    row: sqlite3.Row | None = conn.execute(
        of_all if wanted.known_since is None else _CLAIM_KNOWN,
        {"iccid": iccid, "now": now, "known_since": wanted.known_since, "most_parts": wanted.most_parts,
         "shared": wanted.shared, "quiet": json.dumps(sorted(wanted.quiet))},
    ).fetchone()  # fmt: skip
    return row


def bind_batch(conn: sqlite3.Connection, batch_id: int, sim: str, now: float) -> None:
    """Give each message of a new batch the SIM that it must go through, if there is one."""
    if sim:  # it may never have been seen here yet
        conn.execute(
            "INSERT INTO sims (iccid, state, first_seen, last_seen) VALUES (?, 'absent', ?, ?) ON CONFLICT DO NOTHING",
            (sim, now, now),
        )
    conn.execute(f"UPDATE messages SET sim = {SIM_TO_BE} WHERE batch_id = ? AND {SIM_TO_BE} IS NOT NULL", (batch_id,))


def begin(conn: sqlite3.Connection, message_id: int, iccid: str) -> bool:
    """Before the first part of a message leaves: its batch has had its turn, and whatever waits for the same person
    will go through the same SIM. False when the person belongs to another SIM by now."""
    wanted = conn.execute(f"SELECT {SIM_TO_BE} AS sim, recipient FROM messages WHERE id = ?", (message_id,)).fetchone()
    if wanted["sim"] not in (None, iccid):
        return False
    conn.execute(
        "UPDATE messages SET sim = ? WHERE recipient = ? AND sim IS NULL AND state IN ('held', 'queued')",
        (iccid, wanted["recipient"]),
    )
    conn.execute(
        "UPDATE batches SET turn = 1 + (SELECT max(turn) FROM batches)"
        " WHERE id = (SELECT batch_id FROM messages WHERE id = ?)",
        (message_id,),
    )
    return True
