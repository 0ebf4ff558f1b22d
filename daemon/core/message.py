"""The states of a message, a part, a batch and a SIM, and the ways between them: as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, TypeVar


class MessageState(StrEnum):
    HELD = "held"                # waits for release or for its time
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"                # every part accepted by the SMSC
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"  # a status report says so
    FAILED = "failed"            # refused for good
    EXPIRED = "expired"
    IN_DOUBT = "in_doubt"
    SUPPRESSED = "suppressed"    # opt-out, exclusion or duplicate
    CANCELLED = "cancelled"


class PartState(StrEnum):
    PENDING = "pending"
    SUBMITTING = "submitting"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    REFUSED = "refused"
    IN_DOUBT = "in_doubt"


class BatchState(StrEnum):
    AWAITING_RELEASE = "awaiting_release"
    RELEASED = "released"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class SimState(StrEnum):
    READY = "ready"
    WAITING = "waiting"    # throttle or quiet hours
    RESTING = "resting"    # network refusals; ends by itself
    BLOCKED = "blocked"    # a person must look
    PAUSED = "paused"      # by a person
    ABSENT = "absent"
    LOCKED = "locked"      # PIN or PUK


class Resolution(StrEnum):
    """What a person decides with `outpost resolve`."""

    SENT = "sent"      # it went out: count it as sent
    RESEND = "resend"  # send it again
    DROP = "drop"      # leave it as it is and send no more


_M, _P, _B = MessageState, PartState, BatchState
_NOWHERE: Final[frozenset[Any]] = frozenset()

MESSAGE_TRANSITIONS: Final[Mapping[MessageState, frozenset[MessageState]]] = {
    # SENT, DELIVERED, UNDELIVERED, here and from QUEUED: it was to be sent again after a doubt, and evidence came that
    # it had left the first time.
    _M.HELD: frozenset({
        _M.QUEUED, _M.EXPIRED, _M.SUPPRESSED, _M.CANCELLED, _M.SENT, _M.DELIVERED, _M.UNDELIVERED,
    }),
    # FAILED: its text or parts can never be sent as things stand.
    _M.QUEUED: frozenset({
        _M.HELD, _M.SENDING, _M.FAILED, _M.EXPIRED, _M.SUPPRESSED, _M.CANCELLED, _M.SENT, _M.DELIVERED, _M.UNDELIVERED,
    }),
    # QUEUED: nothing more left, another SIM or moment may take it. HELD: try again later. EXPIRED, SUPPRESSED and
    # CANCELLED: what the checks right after the claim find. DELIVERED and UNDELIVERED: the report overtook the answer.
    _M.SENDING: frozenset({
        _M.QUEUED, _M.HELD, _M.SENT, _M.DELIVERED, _M.UNDELIVERED, _M.FAILED, _M.IN_DOUBT,
        _M.EXPIRED, _M.SUPPRESSED, _M.CANCELLED,
    }),
    _M.SENT: frozenset({_M.DELIVERED, _M.UNDELIVERED}),
    # Evidence alone leads out: a late answer or a status report. SENDING and QUEUED: the part in doubt turned out
    # sent while others still wait, or it turned out never to have left. CANCELLED: the same, its batch ended meanwhile.
    _M.IN_DOUBT: frozenset({
        _M.SENT, _M.DELIVERED, _M.UNDELIVERED, _M.FAILED, _M.SENDING, _M.QUEUED, _M.HELD, _M.CANCELLED,
    }),
    _M.DELIVERED: _NOWHERE,
    _M.UNDELIVERED: _NOWHERE,
    _M.FAILED: _NOWHERE,
    _M.EXPIRED: _NOWHERE,
    _M.SUPPRESSED: _NOWHERE,
    _M.CANCELLED: _NOWHERE,
}

PART_TRANSITIONS: Final[Mapping[PartState, frozenset[PartState]]] = {
    # SENT: it was to be sent again after a doubt, and evidence came that the first submit of it had left.
    _P.PENDING: frozenset({_P.SUBMITTING, _P.SENT}),
    # PENDING: refused for now, so it did not leave. DELIVERED and UNDELIVERED: the report overtook the answer.
    _P.SUBMITTING: frozenset({_P.PENDING, _P.SENT, _P.DELIVERED, _P.UNDELIVERED, _P.REFUSED, _P.IN_DOUBT}),
    _P.SENT: frozenset({_P.DELIVERED, _P.UNDELIVERED}),
    # By evidence. PENDING: a late answer refused it for now, or the station's policy is to send again.
    _P.IN_DOUBT: frozenset({_P.PENDING, _P.SENT, _P.DELIVERED, _P.UNDELIVERED, _P.REFUSED}),
    _P.DELIVERED: _NOWHERE,
    _P.UNDELIVERED: _NOWHERE,
    _P.REFUSED: _NOWHERE,
}

BATCH_TRANSITIONS: Final[Mapping[BatchState, frozenset[BatchState]]] = {
    # FINISHED: none of its rows may be texted.
    _B.AWAITING_RELEASE: frozenset({_B.RELEASED, _B.FINISHED, _B.CANCELLED}),
    # AWAITING_RELEASE: a change of text, list or exclusions voids the release.
    _B.RELEASED: frozenset({_B.PAUSED, _B.FINISHED, _B.CANCELLED, _B.AWAITING_RELEASE}),
    _B.PAUSED: frozenset({_B.RELEASED, _B.FINISHED, _B.CANCELLED, _B.AWAITING_RELEASE}),
    # RELEASED: a person sends one of its messages again.
    _B.FINISHED: frozenset({_B.RELEASED}),
    _B.CANCELLED: _NOWHERE,
}

RESOLVE: Final[Mapping[MessageState, Mapping[Resolution, MessageState]]] = {
    _M.IN_DOUBT: {Resolution.SENT: _M.SENT, Resolution.RESEND: _M.QUEUED, Resolution.DROP: _M.CANCELLED},
    _M.FAILED: {Resolution.RESEND: _M.QUEUED},
    _M.UNDELIVERED: {Resolution.RESEND: _M.QUEUED},
}
"""What a person may make of a message, and nobody else. A state or a decision that is not here is refused."""

RESOLVE_PARTS: Final[Mapping[PartState, Mapping[Resolution, PartState]]] = {
    _P.IN_DOUBT: {Resolution.SENT: _P.SENT, Resolution.RESEND: _P.PENDING},
    _P.REFUSED: {Resolution.RESEND: _P.PENDING},
    _P.UNDELIVERED: {Resolution.RESEND: _P.PENDING},
}
"""What the same decision makes of the message's parts; a part whose state is not here stays as it is."""

_TABLES: Final[Mapping[type, Mapping[Any, frozenset[Any]]]] = {
    MessageState: MESSAGE_TRANSITIONS, PartState: PART_TRANSITIONS, BatchState: BATCH_TRANSITIONS,
}
_State = TypeVar("_State", MessageState, PartState, BatchState)


def may_become(old: _State, new: _State) -> bool:
    """Whether the table leads from one state to another. To stay is no transition: False."""
    return new in _TABLES[type(old)][old]


def is_final(state: MessageState) -> bool:
    """Whether nothing but a person's decision can change the message any more."""
    return not MESSAGE_TRANSITIONS[state]


_MEANING: Final[Sequence[tuple[PartState, MessageState]]] = (
    (_P.SUBMITTING, _M.SENDING),
    (_P.IN_DOUBT, _M.IN_DOUBT),
    (_P.REFUSED, _M.FAILED),
    (_P.PENDING, _M.SENDING),
    (_P.UNDELIVERED, _M.UNDELIVERED),
    (_P.SENT, _M.SENT),
    (_P.DELIVERED, _M.DELIVERED),
)


def message_state(parts: Sequence[PartState]) -> MessageState:
    """What the states of its parts make of a message that was released. None begun, or no parts yet: QUEUED.

    One part in doubt puts the message in doubt, and one part refused for good fails it, whatever became of the
    others. Apart from that an undelivered part counts once every part has left.
    """
    found = set(parts)
    if found <= {_P.PENDING}:
        return _M.QUEUED
    return next(meaning for part, meaning in _MEANING if part in found)
