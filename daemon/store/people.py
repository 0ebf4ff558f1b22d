"""Whom a message may not reach at this moment, and what a person's own words change: inside a transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from daemon.core.chain import SERVICE, What
from daemon.core.message import MessageState
from daemon.core.optout import is_for_a_person, is_start, is_stop
from daemon.core.spans import DAY
from daemon.store.audit import record
from daemon.store.moves import finish_batch
from daemon.store.own_batches import ACKNOWLEDGEMENTS, CONFIRMATIONS, OwnText, queue
from daemon.store.replies import mark_person_read

BY_ITSELF_AT_MOST, BY_ITSELF_SECONDS = 5, 600.0
"""No machine at the other end may draw more texts than these out of the station, by turns of STOP and START say."""
UNREAD = "waits until a person has read what this number wrote: outpost replies --seen"


@dataclass(frozen=True, slots=True)
class Policy:
    """What the configuration says of people. `confirmation` answers an opt-out, `acknowledgement` the first text of a
    conversation, "" when nothing does. An answer may go in quiet hours within `grace_seconds` of what it answers."""

    country: str = "GB"
    repeat_days: int = 0
    confirmation: str = ""
    confirmation_parts: int = 0
    acknowledgement: str = ""
    acknowledgement_parts: int = 0
    grace_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Barred:
    """Why a message may not go now: SUPPRESSED for good, or HELD until a person has looked."""

    state: MessageState
    reason: str


class Heard(StrEnum):
    """What a text asks of the station."""

    STOP = "opted out by reply"
    START = "opt-out taken back by reply"
    PERSON = "a person must read this reply: nothing more goes to that number"
    NOTHING = ""


_FORBIDDEN = """(SELECT CASE
    WHEN EXISTS (SELECT 1 FROM exclusions WHERE exclusions.tag = hashed.tag) THEN 'excluded'
    WHEN messages.kind != 'confirmation'
        AND EXISTS (SELECT 1 FROM optouts WHERE optouts.tag = hashed.tag) THEN 'opted out'
    WHEN EXISTS (SELECT 1 FROM sims WHERE own_number != ''
        AND substr(own_number, -9) = substr(messages.recipient, -9)) THEN 'a SIM of this station'
    ELSE '' END FROM (SELECT person_tag(messages.recipient) AS tag) AS hashed)"""
_EARLIER = """
FROM messages JOIN batches AS own ON own.id = messages.batch_id AND own.again = ''
CROSS JOIN messages AS earlier ON earlier.recipient = messages.recipient AND earlier.batch_id != messages.batch_id
    AND earlier.kind = 'list'
CROSS JOIN parts ON parts.message_id = earlier.id AND parts.state != 'undelivered'
CROSS JOIN submits ON submits.part_id = parts.id AND submits.at > :since
    AND submits.outcome IN ('submitting', 'accepted', 'in_doubt')
CROSS JOIN batches ON batches.id = earlier.batch_id
WHERE messages.kind = 'list' AND messages.state IN ('held', 'queued', 'sending')
    AND NOT EXISTS (SELECT 1 FROM parts AS mine WHERE mine.message_id = messages.id AND mine.state != 'pending')
"""


_LATELY = """
SELECT earlier.recipient, batches.name, max(submits.at) AS at
FROM json_each(:numbers) AS asked
CROSS JOIN messages AS earlier ON earlier.recipient = asked.value AND earlier.kind = 'list'
CROSS JOIN parts ON parts.message_id = earlier.id AND parts.state != 'undelivered'
CROSS JOIN submits ON submits.part_id = parts.id AND submits.at > :since
    AND submits.outcome IN ('submitting', 'accepted', 'in_doubt')
CROSS JOIN batches ON batches.id = earlier.batch_id
GROUP BY earlier.recipient
"""


def barred(conn: sqlite3.Connection, message_id: int, now: float) -> Barred | None:
    """Why this message may not go to its recipient at this moment; None when it may."""
    forbidden, unread, policy = conn.execute(
        f"SELECT {_FORBIDDEN}, kind = 'list' AND EXISTS (SELECT 1 FROM unread WHERE tag = person_tag(recipient)),"
        " (SELECT value FROM station WHERE key = 'policy') FROM messages WHERE id = ?",
        (message_id,),
    ).fetchone()
    if forbidden:
        return Barred(MessageState.SUPPRESSED, forbidden)
    if unread:
        return Barred(MessageState.HELD, UNREAD)
    days = _policy(policy).repeat_days
    if not days:
        return None
    name, at = conn.execute(
        f"SELECT batches.name, max(submits.at) {_EARLIER} AND messages.id = :id",
        {"since": now - days * DAY, "id": message_id},
    ).fetchone()
    return None if at is None else Barred(MessageState.SUPPRESSED, _texted(name, at, now))


def suppress(
    conn: sqlite3.Connection, now: float, *, batch_id: int | None = None, recipient: str | None = None
) -> set[int]:
    """Suppress what waits for people who must not be texted: everywhere, in one batch, or to one number.

    Gives the batches that it changed.
    """
    rows = conn.execute(
        f"SELECT id, batch_id, {_FORBIDDEN} AS reason FROM messages WHERE state IN ('held', 'queued')"
        + ("" if batch_id is None else " AND batch_id = :batch")
        + ("" if recipient is None else " AND recipient = :recipient"),
        {"batch": batch_id, "recipient": recipient},
    ).fetchall()
    found = [(row["reason"], now, row["id"]) for row in rows if row["reason"]]
    _suppress(conn, found)
    batches = {int(row["batch_id"]) for row in rows if row["reason"]}
    for changed in batches:
        finish_batch(conn, changed, now)
    return batches


def sift(conn: sqlite3.Connection, batch_id: int, now: float) -> None:
    """Suppress the rows of a waiting batch that go to people who must not be texted or were texted lately."""
    suppress(conn, now, batch_id=batch_id)
    days = policy_of(conn).repeat_days
    if days:
        rows = conn.execute(
            f"SELECT messages.id, batches.name, max(submits.at) AS at {_EARLIER} AND messages.batch_id = :batch"
            " GROUP BY messages.id",
            {"since": now - days * DAY, "batch": batch_id},
        ).fetchall()
        _suppress(conn, [(_texted(row["name"], row["at"], now), now, row["id"]) for row in rows])
        finish_batch(conn, batch_id, now)


def foreseen(conn: sqlite3.Connection, numbers: Iterable[str], now: float, *, again: bool) -> dict[str, str]:
    """Why a list that was not taken yet may not text these people, by number (E.164); the others are not in it.

    `again`: the list says why people may be texted who were texted lately.
    """
    asked = json.dumps(list(numbers))
    found = conn.execute(
        f"SELECT recipient, {_FORBIDDEN} AS why FROM (SELECT value AS recipient, 'list' AS kind FROM json_each(?))"
        " AS messages WHERE why != ''",
        (asked,),
    )
    reasons = {str(row["recipient"]): str(row["why"]) for row in found}
    days = policy_of(conn).repeat_days
    if days and not again:
        lately = conn.execute(_LATELY, {"numbers": asked, "since": now - days * DAY})
        reasons = {row["recipient"]: _texted(row["name"], row["at"], now) for row in lately} | reasons
    return reasons


def heed(
    conn: sqlite3.Connection, sender: str, text: str, now: float, *, whole: bool = True
) -> tuple[Heard, set[int]]:
    """Do what a reply asks for; what that was, and the batches that it changed.

    `sender` is the number as the queue writes it, where it does. While some of the text has still to come, it can be
    for a person, and no STOP.
    """
    if whole and is_stop(text):
        return Heard.STOP, opt_out(conn, sender, "reply", now)[1]
    if whole and is_start(text):
        opt_in(conn, sender, now, why="reply")
        return Heard.START, set()
    policy = policy_of(conn)
    acknowledged = _acknowledge(conn, known_as(sender, policy), policy, now)
    if is_for_a_person(text):
        return Heard.PERSON, hold(conn, sender, now) | acknowledged
    return Heard.NOTHING, acknowledged


def opt_out(
    conn: sqlite3.Connection, recipient: str, source: str, now: float, by: str = SERVICE
) -> tuple[bool, set[int]]:
    """This number gets no more texts, from anyone, on any path; what waits for it is suppressed.

    Gives whether that is new, and the batches changed. An opt-out by reply is confirmed, once, where the station's
    policy has words for that.
    """
    policy = policy_of(conn)
    number = known_as(recipient, policy)
    tag = conn.execute(
        "INSERT INTO optouts VALUES (person_tag(?), ?, ?) ON CONFLICT DO NOTHING RETURNING tag", (number, now, source)
    ).fetchone()
    new = tag is not None
    if new:
        record(conn, now, What.OPT_OUT, by, source, tag=tag[0])
    batches = suppress(conn, now, recipient=number)
    if new and source == "reply" and policy.confirmation and number.startswith("+"):
        own = OwnText(number, policy.confirmation, policy.confirmation_parts, "confirmation")
        batches |= _answer_by_itself(conn, own, CONFIRMATIONS, now)
    return new, batches


def opt_in(conn: sqlite3.Connection, recipient: str, now: float, by: str = SERVICE, why: str = "") -> bool:
    """The person takes an opt-out back; whether there was one. What was suppressed meanwhile stays so."""
    number = known_as(recipient, policy_of(conn))
    gone = conn.execute("DELETE FROM optouts WHERE tag = person_tag(?) RETURNING tag", (number,)).fetchone()
    if gone is not None:
        record(conn, now, What.OPT_IN, by, why, tag=gone[0])
    return gone is not None


def hold(conn: sqlite3.Connection, sender: str, now: float) -> set[int]:
    """Nothing more of any list goes to this number until `seen`; the batches of which something waits now."""
    number = known_as(sender, policy_of(conn))
    conn.execute("INSERT INTO unread VALUES (person_tag(?), ?) ON CONFLICT DO NOTHING", (number, now))
    rows = conn.execute(
        "UPDATE messages SET state = 'held', reason = ?, changed_at = ?"
        " WHERE recipient = ? AND state = 'queued' AND kind = 'list' RETURNING batch_id",
        (UNREAD, now, number),
    ).fetchall()
    return {int(row["batch_id"]) for row in rows}


def seen(conn: sqlite3.Connection, sender: str, now: float) -> set[int] | None:
    """A person has read what this number wrote: what was held goes on; the batches, or None when nothing was held."""
    number = known_as(sender, policy_of(conn))
    if not conn.execute("DELETE FROM unread WHERE tag = person_tag(?)", (number,)).rowcount:
        return None
    mark_person_read(conn, number)
    rows = conn.execute(
        "UPDATE messages SET state = 'queued', reason = '', changed_at = ?,"
        " sim = CASE WHEN EXISTS (SELECT 1 FROM parts WHERE message_id = messages.id) THEN sim END"
        " WHERE recipient = ? AND state = 'held' AND due_at IS NULL"
        " AND (SELECT state FROM batches WHERE batches.id = batch_id) = 'released' RETURNING batch_id",
        (now, number),
    ).fetchall()
    return {int(row["batch_id"]) for row in rows}


def known_as(cell: str, policy: Policy) -> str:
    """A number in E.164 where it is one, however it was written; anything else as it is."""
    from daemon.core.address import e164  # noqa: PLC0415 - all numbering plans come with it; reading needs none

    return e164(cell, policy.country) or cell


def policy_of(conn: sqlite3.Connection) -> Policy:
    """What the configuration said when it was read last."""
    return _policy(conn.execute("SELECT (SELECT value FROM station WHERE key = 'policy')").fetchone()[0])


@lru_cache(maxsize=4)
def _policy(as_json: str | None) -> Policy:
    return Policy() if as_json is None else Policy(**json.loads(as_json))


def _suppress(conn: sqlite3.Connection, found: Iterable[tuple[str, float, int]]) -> None:
    conn.executemany(
        "UPDATE messages SET state = 'suppressed', reason = ?, due_at = NULL, changed_at = ? WHERE id = ?", found
    )


def _texted(name: str, at: float, now: float) -> str:
    days = int((now - at) // DAY)
    return f"texted {days} day{'' if days == 1 else 's'} ago by batch {name}"


def _answer_by_itself(conn: sqlite3.Connection, own: OwnText, batch: str, now: float) -> set[int]:
    """Queue a text of the station's own accord, unless this person had too many of those lately; its batch."""
    lately = conn.execute(
        "SELECT count(*) FROM messages WHERE recipient = ? AND kind IN ('confirmation', 'acknowledgement')"
        " AND changed_at > ?",
        (own.recipient, now - BY_ITSELF_SECONDS),
    ).fetchone()[0]
    queued = None if lately >= BY_ITSELF_AT_MOST else queue(conn, batch, own, now)
    return set() if queued is None else {queued[0]}


def _acknowledge(conn: sqlite3.Connection, number: str, policy: Policy, now: float) -> set[int]:
    """Once a conversation: say that nobody watches, and what to do in danger."""
    before = conn.execute(
        "SELECT 1 FROM messages WHERE recipient = ? AND kind IN ('acknowledgement', 'reply') LIMIT 1", (number,)
    ).fetchone()
    if not policy.acknowledgement or not number.startswith("+") or before:
        return set()
    own = OwnText(
        number, policy.acknowledgement, policy.acknowledgement_parts, "acknowledgement",
        free_until=now + policy.grace_seconds,
    )  # fmt: skip
    return _answer_by_itself(conn, own, ACKNOWLEDGEMENTS, now)
