"""After a disk has lost commits: what may have left since is not sent again, and a person is told."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace

from daemon.clock import boot_id, since_boot
from daemon.core.alarm import AlarmKind
from daemon.core.chain import Head, What
from daemon.core.spans import DAY
from daemon.core.throttle import MONTH
from daemon.store.alarms import put_alarm
from daemon.store.audit import head_of, record
from daemon.store.connection import Store

TOLD_SECONDS = 30 * DAY
"""How long people read of a loss."""
COMMITS_A_SUBMIT = 2
"""At least so many commits, and as many entries of the record, each submit has: one before it, one with its answer."""
_REASON = "the disk lost the newest entries of the database: it may have been sent"


@dataclass(frozen=True, slots=True)
class Loss:
    """`commits` is how many the log still shows, 0 where only the record tells of a loss, by the head that it `lacks`.
    So many `parts` may have left that the database knows nothing of, and so many messages were put in doubt for it."""

    commits: int
    lacks: Head | None
    parts: int
    in_doubt: int = 0

    @property
    def much(self) -> bool:
        """Whether more may be gone than one submit: whatever went on just before may be forgotten."""
        return self.lacks is not None or self.commits > 1


def make_good(store: Store, lacks: Head | None, now: float, *, resend: bool) -> Loss | None:
    """Put in doubt what may have been sent in commits that are gone, and tell people; None when none are gone.

    Before anything else is written. `lacks` is a head of the record that was kept elsewhere and is not in it. `resend`:
    what is in doubt is sent again anyway, by the operator's `on_doubt`.

    One commit in the log's end can be no more than one submit of a message that had been claimed, and may be no more
    than a write that a power cut has cut short. Behind more than one, or a head that is missing, any message that waits
    may have been claimed and sent. No SIM may be too fast for what was forgotten: its limits count all that may have
    left. May raise StoreFull.
    """
    if lacks is None and not store.lost_commits:
        return None
    with store.writing() as conn:
        loss = Loss(store.lost_commits, lacks, _may_have_left(conn, store.lost_commits, lacks))
        if not resend:
            rows = conn.execute(
                "SELECT id FROM messages WHERE (state = 'sending' OR (? AND state IN ('held', 'queued')))"
                " AND NOT EXISTS (SELECT 1 FROM parts WHERE message_id = messages.id AND parts.state = 'submitting')",
                (loss.much,),
            ).fetchall()
            doubt_unsent(conn, (row["id"] for row in rows), _REASON, now)
            loss = replace(loss, in_doubt=len(rows))
        if loss.much:
            recount(conn)
            put_alarm(conn, AlarmKind.ENTRIES_LOST, "", _told(loss), now, until=now + TOLD_SECONDS)
        conn.execute("DELETE FROM forgotten_submits WHERE at <= ?", (now - MONTH,))
        forgotten = [(now, boot_id(), since_boot())] * loss.parts
        conn.executemany("INSERT INTO forgotten_submits (at, boot, up) VALUES (?, ?, ?)", forgotten)
        known = {} if lacks is None else {"lacks": str(lacks)}
        record(conn, now, What.LOSS, commits=loss.commits, in_doubt=loss.in_doubt, parts=loss.parts, **known)
    store.lost_commits = 0
    return loss


def recount(conn: sqlite3.Connection) -> None:
    """What is kept of the counts of messages may be of another age than these."""
    conn.execute("DELETE FROM counts")
    conn.execute("INSERT INTO counts SELECT batch_id, state, count(*) FROM messages GROUP BY batch_id, state")
    conn.execute("DELETE FROM waiting")
    conn.execute(
        "INSERT INTO waiting SELECT sim, count(*) FROM messages WHERE state IN ('held', 'queued') AND sim IS NOT NULL"
        " GROUP BY sim"
    )


def _may_have_left(conn: sqlite3.Connection, commits: int, lacks: Head | None) -> int:
    """The most parts that may have been submitted in what is gone."""
    head = head_of(conn)
    entries = 0 if lacks is None else lacks.seq - (0 if head is None else head.seq)
    return math.ceil(max(commits, entries, 1) / COMMITS_A_SUBMIT)


def _told(loss: Loss) -> str:
    return (
        "The disk lost the newest entries of the database, or an older database was put in its place. What waited may "
        f"have been sent: {loss.in_doubt} {'message is' if loss.in_doubt == 1 else 'messages are'} in doubt for it "
        "(`outpost messages --state in_doubt`), for an administrator to decide: `outpost resolve --batch BATCH` with "
        "--resend, --sent or --drop. The limits of each SIM count "
        f"{loss.parts} forgotten {'part' if loss.parts == 1 else 'parts'}. Lists, replies, opt-outs and what people "
        "decided in the minutes before may be gone: compare accepted/ with `outpost batches`, and drop no list again "
        "of which anything may have left. Find the reason, and replace the disk."
    )


def doubt_unsent(conn: sqlite3.Connection, message_ids: Iterable[int], reason: str, now: float) -> None:
    """Put in doubt messages that the database knows no submit of, inside a transaction.

    Not by the transition table: no event leads from the queue to doubt but this one, of which the table knows nothing.
    """
    conn.executemany(
        "UPDATE messages SET state = 'in_doubt', reason = ?, due_at = NULL, changed_at = ? WHERE id = ?",
        [(reason, now, message_id) for message_id in message_ids],
    )
