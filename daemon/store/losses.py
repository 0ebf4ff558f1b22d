"""After a disk has lost commits: what may have left since is not sent again, and a person is told."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from daemon.core.alarm import AlarmKind
from daemon.core.chain import Head, What
from daemon.core.spans import DAY
from daemon.store.alarms import put_alarm
from daemon.store.audit import record
from daemon.store.connection import Store

TOLD_SECONDS = 30 * DAY
"""How long people read of a loss."""
_REASON = "the disk lost the newest entries of the database: it may have been sent"


@dataclass(frozen=True, slots=True)
class Loss:
    """`commits` is how many the log still shows, 0 where only the record tells of a loss, by the head that it `lacks`.
    So many messages were put in doubt for it."""

    commits: int
    lacks: Head | None
    in_doubt: int


def make_good(store: Store, lacks: Head | None, now: float, *, resend: bool) -> Loss | None:
    """Put in doubt what may have been sent in commits that are gone, and tell people; None when none are gone.

    Before anything else is written. `lacks` is a head of the record that was kept elsewhere and is not in it. `resend`:
    what is in doubt is sent again anyway, by the operator's `on_doubt`.

    One commit in the log's end can be no more than one submit of a message that had been claimed, and may be no more
    than a write that a power cut has cut short. Behind more than one, or a head that is missing, any message that waits
    may have been claimed and sent. May raise StoreFull.
    """
    if lacks is None and not store.lost_commits:
        return None
    much = lacks is not None or store.lost_commits > 1
    with store.writing() as conn:
        rows = conn.execute(
            "SELECT id FROM messages WHERE (state = 'sending' OR (? AND state IN ('held', 'queued')))"
            " AND NOT EXISTS (SELECT 1 FROM parts WHERE message_id = messages.id AND parts.state = 'submitting')",
            (much,),
        ).fetchall()
        loss = Loss(store.lost_commits, lacks, 0 if resend else len(rows))
        if not resend:
            doubt_unsent(conn, (row["id"] for row in rows), _REASON, now)
        if much:
            put_alarm(conn, AlarmKind.ENTRIES_LOST, "", _told(loss), now, until=now + TOLD_SECONDS)
        known = {} if lacks is None else {"lacks": str(lacks)}
        record(conn, now, What.LOSS, commits=loss.commits, in_doubt=loss.in_doubt, **known)
    store.lost_commits = 0
    return loss


def _told(loss: Loss) -> str:
    return (
        "The disk lost the newest entries of the database, or an older database was put in its place. What waited may "
        f"have been sent: {loss.in_doubt} in doubt for it, decide with `outpost resolve`. Replies, opt-outs and what "
        "people decided in the minutes before may be gone. Find the reason, and replace the disk."
    )


def doubt_unsent(conn: sqlite3.Connection, message_ids: Iterable[int], reason: str, now: float) -> None:
    """Put in doubt messages that the database knows no submit of, inside a transaction.

    Not by the transition table: no event leads from the queue to doubt but this one, of which the table knows nothing.
    """
    conn.executemany(
        "UPDATE messages SET state = 'in_doubt', reason = ?, due_at = NULL, changed_at = ? WHERE id = ?",
        [(reason, now, message_id) for message_id in message_ids],
    )
