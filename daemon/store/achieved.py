"""What a batch achieved, in people: how many were texted, reached, and want no more."""

from __future__ import annotations

from collections import Counter

from daemon.core.blanking import blanked
from daemon.store.connection import Store


def achieved(store: Store, batch_id: int) -> dict[str, int]:
    """Of one batch: its rows, those that were rejected, and how many people were texted, reached, and opted out."""
    row = store.conn.execute(_FIGURES, {"batch": batch_id}).fetchone()
    return {name: int(row[name] or 0) for name in row.keys()}  # noqa: SIM118 - a sqlite3.Row iterates over its values


def texts(store: Store, batch_id: int) -> Counter[str]:
    """The texts that left, each with how many people it left for."""
    rows = store.conn.execute(
        "SELECT text, count(DISTINCT recipient) FROM messages"
        " WHERE batch_id = ? AND EXISTS (SELECT 1 FROM parts WHERE message_id = messages.id AND sent_at IS NOT NULL)"
        " GROUP BY text",
        (batch_id,),
    )
    return Counter({str(row[0]): int(row[1]) for row in rows})


def entries(store: Store, batch_id: int, name: str) -> list[str]:
    """What is on record of a batch, as it was hashed."""
    rows = store.conn.execute(_ENTRIES, (blanked(name), batch_id))
    return [str(row[0]) for row in rows]


_FIGURES = """
SELECT rows, rejected,
    (SELECT count(DISTINCT m.id) FROM messages m JOIN parts ON message_id = m.id
     WHERE m.batch_id = :batch AND sent_at IS NOT NULL) AS texted,
    (SELECT count(*) FROM messages WHERE batch_id = :batch AND state = 'delivered') AS reached,
    (SELECT count(DISTINCT m.id) FROM messages m JOIN optouts ON tag = person_tag(m.recipient)
     WHERE m.batch_id = :batch) AS opted_out
FROM batches WHERE id = :batch
"""
_ENTRIES = """
WITH sent AS (
    SELECT parts.id AS part, message_id FROM parts JOIN messages ON messages.id = message_id WHERE batch_id = ?2
)
SELECT entry FROM audit WHERE json_extract(entry, '$.batch') = ?1
    OR json_extract(entry, '$.submit') IN (SELECT id FROM submits WHERE part_id IN (SELECT part FROM sent))
    OR json_extract(entry, '$.message_part') IN (SELECT part FROM sent)
    OR json_extract(entry, '$.message') IN (SELECT message_id FROM sent)
ORDER BY seq
"""
