"""A person reads what somebody wrote, and answers: each in one transaction with all that it changes."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from daemon.core.chain import What
from daemon.core.not_possible import NotPossible
from daemon.store.audit import record
from daemon.store.connection import Store
from daemon.store.own_batches import ANSWERS, OwnText, queue
from daemon.store.people import known_as, policy_of, seen
from daemon.store.replies import mark_answered, mark_person_read


@dataclass(frozen=True, slots=True)
class Answered:
    """What was queued. `recipient` is the person as the queue writes them, `sim` the only SIM that may send it, "" when
    theirs is gone for good; `batches` are those of which something changed."""

    message_id: int
    recipient: str
    sim: str
    batches: frozenset[int]


class Answering:
    """May raise StoreFull. `now` is in seconds since the epoch."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, number: str, by: str, now: float) -> str:
        """A person reads the conversation with this number, which goes on record; the number as the queue writes it.
        What a call for help holds stays held until somebody says that it was seen, or answers.

        Raises NotPossible when this number never wrote.
        """
        with self._store.writing() as conn:
            recipient = newest_text(conn, number)["recipient"]
            mark_person_read(conn, recipient)
            record(conn, now, What.CONSULTATION, by, tag=self._store.person_tag(recipient))
            return str(recipient)

    def look_through(self, replies: int, by: str, now: float) -> None:
        """A person looks through a list of so many replies, with their texts, which goes on record."""
        with self._store.writing() as conn:
            record(conn, now, What.CONSULTATION, by, replies=replies)

    def settle(self, number: str, by: str, now: float) -> set[int]:
        """A person says that no answer is due to this number any more, which goes on record; what a call for help held
        goes on. The batches of which something changed.

        Raises NotPossible when this number never wrote, or waits for no answer.
        """
        with self._store.writing() as conn:
            recipient = newest_text(conn, number)["recipient"]
            if not mark_answered(conn, recipient):
                raise NotPossible(f"{number} waits for no answer.")
            tag = self._store.person_tag(recipient)
            record(conn, now, What.CONSULTATION, by, "no answer is due", tag=tag)
            return seen(conn, recipient, now) or set()

    def answer(self, number: str, text: str, parts: int, by: str, now: float, once: str | None = None) -> Answered:
        """Queue an answer to the newest text of this number, through the SIM that it came to, while that may come
        back. The same `once` again changes nothing.

        Raises NotPossible when this number never wrote, cannot be texted, or wants no more texts.
        """
        with self._store.writing() as conn:
            newest = newest_text(conn, number)
            recipient, sim = newest["recipient"], newest["sim"]
            before = conn.execute("SELECT id FROM messages WHERE once = ?", (once,)).fetchone()
            if before is not None:
                return Answered(before["id"], recipient, sim, frozenset())
            if not recipient.startswith("+"):
                raise NotPossible(f"{number} is no number that can be texted.")
            if conn.execute("SELECT 1 FROM optouts WHERE tag = person_tag(?)", (recipient,)).fetchone():
                raise NotPossible(f"{number} has opted out: nothing more may be sent there.")
            free_until = newest["received_at"] + policy_of(conn).grace_seconds
            own = OwnText(recipient, text, parts, "reply", sim, free_until, f"by {by}", once)
            queued = queue(conn, ANSWERS, own, now)
            if queued is None:
                raise NotPossible(f"the batch {ANSWERS} was cancelled: this station sends no answers any more.")
            mark_answered(conn, recipient)
            batches = seen(conn, recipient, now) or set()
            return Answered(queued[1], recipient, sim, frozenset({queued[0], *batches}))


def newest_text(conn: sqlite3.Connection, number: str) -> sqlite3.Row:
    """Who wrote last from this number, when, and to which SIM: `sim` is empty when that one is retired.

    Raises NotPossible when nobody has.
    """
    row: sqlite3.Row | None = conn.execute(
        "SELECT recipient, received_at, iif(retired_at IS NULL, iccid, '') AS sim FROM replies JOIN sims USING (iccid)"
        " WHERE (recipient = ?1 OR number = ?2) AND kind = 'text'"
        " ORDER BY received_at DESC LIMIT 1",
        (known_as(number, policy_of(conn)), number),
    ).fetchone()
    if row is None:
        raise NotPossible(f"{number} has not texted this station; only people who wrote can be answered.")
    return row
