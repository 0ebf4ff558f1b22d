"""Conversations that were handed over: each step is one transaction with its entry on record."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from daemon.core.chain import What
from daemon.core.handover import Consent, Handover, HandoverState
from daemon.core.not_possible import NotPossible
from daemon.core.spans import HOUR
from daemon.store.answering import newest_text
from daemon.store.audit import record
from daemon.store.connection import Store
from daemon.store.people import seen
from daemon.store.replies import mark_answered


@dataclass(frozen=True, slots=True)
class Leave:
    """By whose leave a conversation is handed over: what the person agreed to, in a reply (by its id) or by phone at a
    time (seconds since the epoch); or why it is done without."""

    consent: str = ""
    reply_id: int | None = None
    phoned_at: float | None = None
    danger: str = ""


class Handovers:
    """A method that changes something may raise StoreFull. `now` is in seconds since the epoch."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, *, closed: bool = False, recipient: str | None = None) -> list[Handover]:
        """Those that are not closed, and with `closed` those too, oldest first; of one person only, where given."""
        return self._select(
            "WHERE (?1 OR closed_at IS NULL) AND (?2 IS NULL OR recipient = ?2)", int(closed), recipient
        )

    def get(self, reference: str) -> Handover:
        """One of them. Raises NotPossible when there is none of that reference."""
        found = self._select("WHERE reference = ?", reference.strip().lower())
        if not found:
            raise NotPossible(f"there is no hand-over {reference}. `outpost handover --all` lists them.")
        return found[0]

    def draft(
        self, reference: str, number: str, service: str, leave: Leave, by: str, now: float, hours: float
    ) -> Handover:
        """What the hand-over of a conversation would be. Changes nothing.

        Raises NotPossible when this number never wrote, or its consent is not there.
        """
        newest = newest_text(self._store.conn, number)
        consent = self._consent(newest["recipient"], leave)
        if consent is None and not leave.danger:
            raise NotPossible(
                "nothing is handed over without the person's consent: say what they agreed to (--consent), in which "
                "reply or by phone; or, where somebody is in danger, why it is done without (--without-consent)."
            )
        origin = self._store.conn.execute(_ORIGIN, (newest["recipient"],)).fetchone() or (None, "", "")
        return Handover(
            reference, newest["recipient"], service, consent, "" if consent else leave.danger, by, now,
            now + hours * HOUR, *origin,
        )  # fmt: skip

    def assign(self, draft: Handover) -> set[int]:
        """It is handed over from now on: it waits for no answer here, and what a call for help held goes on. The
        batches of which something changed.

        Raises NotPossible when that service has this conversation already.
        """
        with self._store.writing() as conn:
            held = conn.execute(
                "SELECT reference FROM handovers WHERE recipient = ? AND service = ? AND closed_at IS NULL",
                (draft.recipient, draft.service),
            ).fetchone()
            if held is not None:
                raise NotPossible(
                    f"{draft.service} has this conversation already, as {held[0]}. `outpost handover packet {held[0]}` "
                    "writes its packet again."
                )
            consent = draft.consent or Consent("", 0.0, "")
            conn.execute(
                "INSERT INTO handovers (reference, recipient, batch_id, service, consent, consent_at, consent_how,"
                " danger, assigned_by, assigned_at, due_at) VALUES (?, ?, ?, ?, ?, nullif(?, 0.0), ?, ?, ?, ?, ?)",
                (
                    draft.reference, draft.recipient, draft.batch_id, draft.service, consent.words, consent.at,
                    consent.how, draft.danger, draft.assigned_by, draft.assigned_at, draft.due_at,
                ),
            )  # fmt: skip
            self._put_on_record(conn, draft, HandoverState.ASSIGNED, draft.assigned_by, draft.assigned_at)
            mark_answered(conn, draft.recipient)
            return seen(conn, draft.recipient, draft.assigned_at) or set()

    def disclose_again(self, handover: Handover, by: str, now: float) -> None:
        """Its packet is written once more."""
        with self._store.writing() as conn:
            self._put_on_record(conn, handover, handover.state, by, now)

    def take_up(self, handover: Handover, who: str, by: str, now: float) -> None:
        """Somebody there has taken it up, by name, as `by` notes. Raises NotPossible when that was so already."""
        self._move(handover, HandoverState.TAKEN, {"taken_by": who, "taken_at": now}, by, now)

    def close(self, handover: Handover, outcome: str, by: str, now: float) -> None:
        """It has come to its end. Raises NotPossible when it had already."""
        self._move(
            handover, HandoverState.CLOSED, {"closed_by": by, "closed_at": now, "outcome": outcome}, by, now
        )

    def _move(self, handover: Handover, to: HandoverState, columns: dict[str, object], by: str, now: float) -> None:
        unfit = "closed_at IS NULL" + (" AND taken_at IS NULL" if to is HandoverState.TAKEN else "")
        changes = ", ".join(f"{column} = :{column}" for column in columns)
        with self._store.writing() as conn:
            moved = conn.execute(
                f"UPDATE handovers SET {changes} WHERE reference = :reference AND {unfit}",
                {**columns, "reference": handover.reference},
            )
            if not moved.rowcount:
                raise NotPossible(f"hand-over {handover.reference} is {self.get(handover.reference).state} already.")
            self._put_on_record(conn, handover, to, by, now)

    def _put_on_record(
        self, conn: sqlite3.Connection, handover: Handover, state: HandoverState, by: str, now: float
    ) -> None:
        """Neither a number nor what the person agreed to: those can be erased, and the record cannot."""
        record(
            conn, now, What.DISCLOSURE, by, handover.danger, kind="hand-over", reference=handover.reference,
            service=handover.service, state=state, tag=self._store.person_tag(handover.recipient),
            batch=handover.batch, consent=handover.consent.how if handover.consent else "none",
        )  # fmt: skip

    def _consent(self, recipient: str, leave: Leave) -> Consent | None:
        if not leave.consent:
            return None
        if leave.reply_id is None:
            if leave.phoned_at is None:
                raise NotPossible("say how they agreed: in which reply (--reply), or by phone (--phone).")
            return Consent(leave.consent, leave.phoned_at, "phone")
        row = self._store.conn.execute(
            "SELECT received_at FROM replies WHERE id = ? AND recipient = ? AND kind = 'text'",
            (leave.reply_id, recipient),
        ).fetchone()
        if row is None:
            raise NotPossible(
                f"reply {leave.reply_id} is none of this person's. `outpost replies NUMBER` shows theirs."
            )
        return Consent(leave.consent, row["received_at"], f"reply {leave.reply_id}")

    def _select(self, where: str, *args: object) -> list[Handover]:
        rows = self._store.conn.execute(f"{_HANDOVER} {where} ORDER BY assigned_at, reference", args)
        return [_handover(row) for row in rows]


def _handover(row: sqlite3.Row) -> Handover:
    consent = Consent(row["consent"], row["consent_at"], row["consent_how"]) if row["consent"] else None
    return Handover(
        row["reference"], row["recipient"], row["service"], consent, row["danger"], row["assigned_by"],
        row["assigned_at"], row["due_at"], row["batch_id"], row["batch"], row["ref"], row["taken_by"], row["taken_at"],
        row["closed_by"], row["closed_at"], row["outcome"],
    )  # fmt: skip


_HANDOVER = """
SELECT handovers.*, coalesce(batches.name, '') AS batch,
    coalesce((SELECT ref FROM messages WHERE messages.batch_id = batches.id
              AND messages.recipient = handovers.recipient LIMIT 1), '') AS ref
FROM handovers LEFT JOIN batches ON batches.id = batch_id
"""
_ORIGIN = """
SELECT batches.id, batches.name, ref FROM messages JOIN batches ON batches.id = batch_id
WHERE recipient = ? AND kind = 'list'
ORDER BY EXISTS (SELECT 1 FROM parts WHERE message_id = messages.id) DESC, messages.id DESC LIMIT 1
"""
