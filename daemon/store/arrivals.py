"""Puts what a SIM brought where it belongs: parts to a whole text, the text to the message that it answers."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from daemon.core.reassembly import GroupKey, group_key, join
from daemon.core.reply import ReplyKind, ReplyState
from daemon.core.spans import HOUR
from daemon.store.people import Heard, heed
from drivers.types import Concat, Content, Deliver, Undecodable

GROUP_SECONDS = HOUR
"""How far apart the SMSC's times of two parts of one text may lie: a sender uses a reference again, some at once."""
_KINDS = {Content.TEXT: ReplyKind.TEXT, Content.DATA: ReplyKind.DATA, Content.INDICATION: ReplyKind.INDICATION}


@dataclass(frozen=True, slots=True)
class Arrival:
    """What one inbound PDU added to a reply. `batches` are those of which it changed something."""

    reply_id: int
    number: str
    complete: bool
    heard: Heard = Heard.NOTHING
    batches: frozenset[int] = frozenset()


def keep_deliver(
    conn: sqlite3.Connection, iccid: str, deliver: Deliver, inbound_id: int, now: float, country: str
) -> Arrival | None:
    """Put one text or part of a text where it belongs; None when it is a copy of one that was there.

    What it asks for is done in the same transaction: a STOP once the text is whole.
    """
    sent_at = None if deliver.scts is None else deliver.scts.timestamp()
    key = group_key(deliver, iccid)
    if key is None:
        reply_id = _same_text(conn, iccid, deliver, sent_at)
        is_copy = reply_id is not None
    else:
        reply_id, is_copy = _text_of_part(conn, key, deliver, sent_at, now)
    if reply_id is None:
        reply_id = _new_reply(conn, iccid, deliver, sent_at, key, now, country)
    conn.execute("UPDATE inbound SET reply_id = ? WHERE id = ?", (reply_id, inbound_id))
    if is_copy:
        return None
    if key is not None:
        _put_together(conn, reply_id, key, sent_at, now)
    row = conn.execute("SELECT text, complete, kind, recipient FROM replies WHERE id = ?", (reply_id,)).fetchone()
    whole = bool(row["complete"])
    if row["kind"] != ReplyKind.TEXT:
        return Arrival(reply_id, deliver.sender, whole)
    heard, batches = heed(conn, row["recipient"], row["text"], now, whole=whole)
    return Arrival(reply_id, deliver.sender, whole, heard, frozenset(batches))


def keep_undecodable(conn: sqlite3.Connection, iccid: str, one: Undecodable, inbound_id: int, now: float) -> None:
    """Nobody knows who sent it or what it says: it is shown as what it is, with its error."""
    row = conn.execute(
        "INSERT INTO replies (iccid, number, recipient, kind, text, complete, reason, state, received_at, changed_at)"
        " VALUES (?, '', '', ?, '', 1, ?, ?, ?, ?) RETURNING id",
        (iccid, ReplyKind.UNDECODABLE, one.reason, ReplyState.KEPT, now, now),
    ).fetchone()
    conn.execute("UPDATE inbound SET reply_id = ? WHERE id = ?", (row["id"], inbound_id))


def texted_as(conn: sqlite3.Connection, sender: str) -> str | None:
    """The MSISDN, as the queue writes it, of the newest message to this sender; None when it was never texted."""
    if sender.startswith("+"):
        found = conn.execute("SELECT recipient FROM messages WHERE recipient = ? LIMIT 1", (sender,))
    else:
        digits = "".join(c for c in sender if c in "0123456789").lstrip("0")
        if len(digits) < 7:
            return None
        # A walk through the index will do: few networks write so. Nine digits are enough where a prefix differs.
        found = conn.execute(
            "SELECT recipient FROM messages INDEXED BY messages_recipient WHERE recipient LIKE '%' || ?2"
            " ORDER BY recipient LIKE '%' || ?1 DESC, id DESC LIMIT 1",
            (digits, digits[-9:]),
        )
    row = found.fetchone()
    return None if row is None else str(row["recipient"])


def _new_reply(
    conn: sqlite3.Connection,
    iccid: str,
    deliver: Deliver,
    sent_at: float | None,
    key: GroupKey | None,
    now: float,
    country: str,
) -> int:
    kind = _KINDS[deliver.content]
    recipient = texted_as(conn, deliver.sender) or _canonical(deliver.sender, country)
    state = ReplyState.KEPT if kind is not ReplyKind.TEXT else ReplyState.UNREAD if key is None else ReplyState.ARRIVING
    text = deliver.text if kind is ReplyKind.TEXT else ""
    row = conn.execute(
        "INSERT INTO replies (iccid, number, recipient, message_id, kind, text, complete, state, received_at,"
        " changed_at, sent_at, concat_ref, concat_bits, concat_total)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (iccid, deliver.sender, recipient, _answered(conn, recipient), kind, text, key is None, state, now, now,
         sent_at, key and key.ref, key and key.ref_bits, key and key.total),
    ).fetchone()  # fmt: skip
    return int(row["id"])


def _canonical(sender: str, country: str) -> str:
    """One person stays one person, whether a network writes the number nationally or internationally."""
    from daemon.core.address import e164  # noqa: PLC0415 - all numbering plans come with it; reading needs none

    return (e164(sender, country) if sender.isdecimal() else None) or sender


def _answered(conn: sqlite3.Connection, recipient: str) -> int | None:
    """The newest message to this person that began to leave, else the newest at all."""
    row = conn.execute(
        "SELECT id FROM messages WHERE recipient = ?"
        " ORDER BY EXISTS (SELECT 1 FROM parts WHERE message_id = messages.id) DESC, id DESC LIMIT 1",
        (recipient,),
    ).fetchone()
    return None if row is None else int(row["id"])


def _same_text(conn: sqlite3.Connection, iccid: str, deliver: Deliver, sent_at: float | None) -> int | None:
    """The same words of the same second: the SMSC has sent them again, and only a flag of the PDU differs."""
    row = conn.execute(
        "SELECT replies.id FROM replies JOIN inbound ON reply_id = replies.id WHERE replies.number = ?"
        " AND replies.iccid = ? AND sent_at = ? AND inbound.text = ? AND inbound.data IS ? AND replies.kind = ?"
        " AND replies.concat_ref IS NULL AND replies.kind != 'data'",
        (deliver.sender, iccid, sent_at, deliver.text, octets_of(deliver), _KINDS[deliver.content]),
    ).fetchone()
    return None if row is None else int(row["id"])


def _text_of_part(
    conn: sqlite3.Connection, key: GroupKey, deliver: Deliver, sent_at: float | None, now: float
) -> tuple[int | None, bool]:
    """(the text that a part belongs to, None for a new one; whether the part is a copy of one that came)."""
    moment = now if sent_at is None else sent_at
    rows = conn.execute(
        "SELECT id FROM replies WHERE number = ?1 AND iccid = ?2 AND concat_ref = ?3 AND concat_bits = ?4"
        " AND concat_total = ?5 AND abs(coalesce(sent_at, received_at) - ?6) <= ?7"
        " ORDER BY abs(coalesce(sent_at, received_at) - ?6), id DESC",
        (key.sender, key.iccid, key.ref, key.ref_bits, key.total, moment, GROUP_SECONDS),
    ).fetchall()
    lacking = None
    mine = (sent_at, deliver.text, octets_of(deliver))
    for row in rows:
        came = conn.execute(
            "SELECT at, text, data FROM inbound WHERE reply_id = ? AND concat_seq = ?",
            (row["id"], deliver.concat and deliver.concat.seq),
        ).fetchall()
        if any((part["at"], part["text"], part["data"]) == mine for part in came):
            return int(row["id"]), True
        if not came and lacking is None:
            lacking = int(row["id"])
    return lacking, False


def _put_together(conn: sqlite3.Connection, reply_id: int, key: GroupKey, sent_at: float | None, now: float) -> None:
    """Write the text anew from all its parts. What a person has read meanwhile is unread again: there is more of it."""
    rows = conn.execute(
        "SELECT concat_seq, text, data FROM inbound WHERE reply_id = ? ORDER BY id", (reply_id,)
    ).fetchall()
    joined = join([(Concat(key.ref, key.total, row["concat_seq"], key.ref_bits), _text_of(row)) for row in rows])
    conn.execute(
        "UPDATE replies SET text = CASE kind WHEN 'text' THEN ?1 ELSE '' END, complete = ?2, changed_at = ?3,"
        " sent_at = min(coalesce(sent_at, ?4), coalesce(?4, sent_at)),"
        " state = CASE WHEN state = 'arriving' AND NOT ?2 OR state = 'kept' THEN state ELSE 'unread' END WHERE id = ?5",
        (joined.text, joined.complete, now, sent_at, reply_id),
    )


def _text_of(row: sqlite3.Row) -> str:
    return str(row["text"]) if row["data"] is None else bytes(row["data"]).decode("utf-16-be", "surrogatepass")


def octets_of(deliver: Deliver) -> bytes | None:
    """What must be kept beside the text: the octets of UCS-2, in which half a character may stand at either end.

    An odd octet at the end is no character.
    """
    return deliver.data[: len(deliver.data) & ~1] if deliver.encoding == "ucs2" and deliver.data else None
