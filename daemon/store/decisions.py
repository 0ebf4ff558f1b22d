"""What people decide about batches and messages: release, pause, cancel, resolve. One transaction each."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace

from daemon.core.chain import What
from daemon.core.message import RESOLVE, RESOLVE_PARTS, BatchState, MessageState, PartState, Resolution
from daemon.core.not_possible import NotPossible
from daemon.store.audit import record
from daemon.store.connection import Store
from daemon.store.moves import finish_batch, release_batch, wait_again
from daemon.store.requests import renew
from daemon.store.stops import IN_NO_HAND, Left, cancel_batch, left_of


@dataclass(frozen=True, slots=True)
class Released:
    """A batch that a person let go: what the release is bound to, and how many people it lets be texted."""

    batch_id: int
    batch: str
    sha256: str
    people: int


class Decisions:
    """`now` is in seconds since the epoch. Every method may raise NotPossible and StoreFull."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def release(self, name: str, user: str, now: float, *, two_person: bool, request: str = "") -> Released:
        """Let a batch go. With `two_person` not by the one who dropped or last changed it.

        `request` is the start of the hash on the request that the person has read; "": what was written last. The
        release is bound to that hash.
        """
        with self._store.writing() as conn:
            batch = batch_named(conn, name)
            why_not = _why_not(batch, user, two_person=two_person)
            shown = batch["request_sha256"]
            current = None if why_not else renew(conn, batch["id"], now)
            if current is None:
                why_not = why_not or f"nobody in batch {name} may be texted any more."
            elif not current.sha256.startswith(request) or shown not in ("", current.sha256):
                why_not = (
                    f"batch {name} has changed since that request was written, or it is another's: read the one that "
                    "lies in awaiting/ now."
                )
            else:
                conn.execute(
                    "UPDATE batches SET released_by = ?, released_sha256 = ?, request_sha256 = '', refused = ''"
                    " WHERE id = ?",
                    (user, current.sha256, batch["id"]),
                )
                record(conn, now, What.RELEASE, user, batch=name, request=current.sha256, people=current.people)
                release_batch(conn, batch["id"], now)
                return Released(batch["id"], name, current.sha256, current.people)
            conn.execute(
                "UPDATE batches SET refused = ? WHERE id = ? AND state = 'awaiting_release'",
                (f"{user} tried: {why_not}", batch["id"]),
            )
        raise NotPossible(why_not)

    def requested(self, sha256: str) -> str | None:
        """The name of the batch that waits with this request; None when none does."""
        row = self._store.conn.execute(
            "SELECT name FROM batches WHERE request_sha256 = ? AND state = 'awaiting_release'", (sha256,)
        ).fetchone()
        return None if row is None else str(row["name"])

    def refuse(self, name: str, why_not: str) -> None:
        """Note, for the request, why a try to release a batch was refused."""
        with self._store.writing() as conn:
            conn.execute("UPDATE batches SET refused = ? WHERE name = ?", (why_not, name))

    def resume(self, name: str, user: str, now: float) -> int:
        """Let a paused batch go on; its id."""
        with self._store.writing() as conn:
            batch = batch_named(conn, name)
            if batch["state"] != BatchState.PAUSED:
                raise NotPossible(f"batch {name} is {batch['state']}, not paused.")
            record(conn, now, What.RESUME, user, batch=name)
            release_batch(conn, batch["id"], now)
            return int(batch["id"])

    def pause(self, name: str, user: str, now: float) -> Left:
        """Stop a batch before its next part. It goes on with `resume`."""
        with self._store.writing() as conn:
            batch = batch_named(conn, name)
            if batch["state"] != BatchState.RELEASED:
                raise NotPossible(f"batch {name} is {batch['state']}; only a released one can be paused.")
            conn.execute("UPDATE batches SET state = 'paused' WHERE id = ?", (batch["id"],))
            conn.execute(
                "UPDATE messages SET state = 'held', due_at = NULL, changed_at = ?"
                f" WHERE batch_id = ? AND state IN ('queued', 'sending', 'held'){IN_NO_HAND}",
                (now, batch["id"]),
            )
            left = _left(conn, batch["id"])
            record(conn, now, What.PAUSE, user, batch=name, left=left.left, waiting=left.waiting)
            return left

    def cancel(self, name: str, user: str, now: float) -> Left:
        """End a batch before its next part, for good. What has begun keeps its outcome."""
        with self._store.writing() as conn:
            batch = batch_named(conn, name)
            if batch["state"] in (BatchState.FINISHED, BatchState.CANCELLED):
                raise NotPossible(f"batch {name} is {batch['state']} already.")
            cancel_batch(conn, batch["id"], now)
            left = _left(conn, batch["id"])
            record(conn, now, What.CANCEL, user, batch=name, left=left.left, waiting=left.waiting)
            return left

    def resolve(self, message_id: int, resolution: Resolution, user: str, now: float) -> int:
        """A person says what became of a message, or that it shall be sent again; the id of its batch."""
        with self._store.writing() as conn:
            return _resolve(conn, message_id, resolution, user, now)

    def resolve_batch(self, name: str, resolution: Resolution, user: str, now: float) -> tuple[int, int]:
        """The same for all of a batch that is in doubt; the batch's id, and how many there were."""
        with self._store.writing() as conn:
            batch_id = int(batch_named(conn, name)["id"])
            doubts = conn.execute(
                "SELECT id FROM messages WHERE batch_id = ? AND state = 'in_doubt' ORDER BY id", (batch_id,)
            ).fetchall()
            if not doubts:
                raise NotPossible(f"nothing of batch {name} is in doubt.")
            for row in doubts:
                _resolve(conn, row["id"], resolution, user, now)
            return batch_id, len(doubts)


def _resolve(conn: sqlite3.Connection, message_id: int, resolution: Resolution, user: str, now: float) -> int:
    row = conn.execute(_MESSAGE, (message_id,)).fetchone()
    if row is None:
        raise NotPossible(f"there is no message {message_id}. `outpost messages` lists them.")
    if row["erased_at"] is not None:
        raise NotPossible(f"message {message_id} is erased: nobody knows any more whom it was for.")
    state = MessageState(row["state"])
    choices = RESOLVE.get(state, {})
    if resolution is Resolution.RESEND and row["batch_state"] == BatchState.CANCELLED:
        raise NotPossible(f"the batch of message {message_id} was cancelled; nothing of it is sent again.")
    if resolution not in choices:
        allowed = ", ".join(f"--{choice}" for choice in choices) or "nothing"
        raise NotPossible(f"message {message_id} is {state}; what can be done with it: {allowed}.")
    for old, ways in RESOLVE_PARTS.items():
        if resolution in ways:
            _move_parts(conn, message_id, old, ways[resolution], now)
    conn.execute(
        "UPDATE messages SET state = ?, reason = ?, changed_at = ? WHERE id = ?",
        (choices[resolution], f"resolved as {resolution} by {user}", now, message_id),
    )
    if resolution is Resolution.RESEND:
        conn.execute("UPDATE batches SET state = 'released' WHERE id = ? AND state = 'finished'", (row["batch_id"],))
        wait_again(conn, message_id, None, f"resolved as {resolution} by {user}", now)  # if paused meanwhile
    finish_batch(conn, row["batch_id"], now)
    record(conn, now, What.RESOLVE, user, message=message_id, was=state, how=resolution)
    return int(row["batch_id"])


_MESSAGE = (
    "SELECT batch_id, messages.state, batches.state AS batch_state, erased_at FROM messages"
    " JOIN batches ON batches.id = batch_id WHERE messages.id = ?"
)


def batch_named(conn: sqlite3.Connection, name: str) -> sqlite3.Row:
    """Raises NotPossible when there is none."""
    row: sqlite3.Row | None = conn.execute("SELECT * FROM batches WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise NotPossible(f"there is no batch {name}. `outpost batches` lists them.")
    return row


def _why_not(batch: sqlite3.Row, user: str, *, two_person: bool) -> str:
    """Why this person may not release this batch, "" when they may."""
    name = batch["name"]
    if batch["state"] != BatchState.AWAITING_RELEASE:
        return f"batch {name} is {batch['state']}; only one that awaits release can be released."
    if two_person and user == batch["owner"]:
        return f"batch {name} was dropped by {user}: somebody else must release it (approval: two-person)."
    if two_person and user == batch["changed_by"]:
        return f"batch {name} was changed last by {user}: somebody else must release it (approval: two-person)."
    return ""


def _left(conn: sqlite3.Connection, batch_id: int) -> Left:
    return replace(left_of(conn, "batch_id = ?", batch_id), batches=(batch_id,))


def _move_parts(conn: sqlite3.Connection, message_id: int, old: PartState, new: PartState, now: float) -> None:
    conn.execute(
        "UPDATE parts SET state = ?, reason = '',"
        " sent_at = CASE WHEN ? = 'sent' THEN coalesce(sent_at, ?) ELSE sent_at END WHERE message_id = ? AND state = ?",
        (new, new, now, message_id, old),
    )
