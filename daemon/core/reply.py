"""What a person texted back: its kinds, its states, and the values that show it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from daemon.core.optout import is_stop
from daemon.core.spans import HOUR


class ReplyKind(StrEnum):
    """What a reply is. Only TEXT is shown to people as text; the others are kept raw and counted."""

    TEXT = "text"
    DATA = "data"                # 8-bit, WAP push, MMS notice, application ports
    INDICATION = "indication"    # voicemail flags and the like
    UNDECODABLE = "undecodable"  # nobody can read the PDU; `reason` says why


class ReplyState(StrEnum):
    """How far a reply has come. ARRIVING: parts of it may still come."""

    ARRIVING = "arriving"
    UNREAD = "unread"
    WAITING = "waiting"    # somebody has read it, and nobody has answered
    ANSWERED = "answered"
    KEPT = "kept"          # no text of a person: nobody waits for an answer


OPEN: Final = frozenset({ReplyState.UNREAD, ReplyState.WAITING})
"""Those that wait for a person."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One inbound text, whole again. Times are seconds since the epoch.

    `number` is the sender as the network writes it, "" when nobody can read it; `recipient` the same person as the
    queue writes them. `text` is as far as its parts came: `complete` says whether all did. `message_id` is the newest
    message to that person, `batch` the newest list that they are on; None and "" when there is none. `sent_at` is the
    SMSC's time (SCTS).
    """

    reply_id: int
    iccid: str
    number: str
    recipient: str
    kind: ReplyKind
    state: ReplyState
    text: str
    complete: bool
    reason: str
    received_at: float
    sent_at: float | None
    message_id: int | None
    batch: str


def is_overdue(reply: Reply, now: float, hours: float) -> bool:
    """Whether a person has waited so many hours for somebody. Who has only opted out waits for nobody."""
    return reply.state in OPEN and now >= reply.received_at + hours * HOUR and not is_stop(reply.text)


@dataclass(frozen=True, slots=True)
class Turn:
    """One text of a conversation. `ours`: the station sent it. `state` is that of the message or of the reply."""

    at: float
    ours: bool
    text: str
    state: str
    iccid: str
    kind: ReplyKind
    complete: bool
    item_id: int  # of the message or of the reply
