"""What a refusal leads to: fail, try again, rest or block the SIM, or admit that nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from daemon.core.spans import HOUR
from drivers.types import RefusalClass, Refused

_SHORT: Final = (10.0, 30.0, 120.0, 600.0, HOUR)
_LONG: Final = (600.0, HOUR, 4 * HOUR, 12 * HOUR)

PAUSES: Final[Mapping[RefusalClass, tuple[float, ...]]] = {
    RefusalClass.TEMPORARY: (30.0, 120.0, 600.0, HOUR, 4 * HOUR),
    RefusalClass.CONGESTION: (60.0, 300.0, 1200.0, HOUR, 4 * HOUR),
    RefusalClass.MODEM: (5.0, 15.0, 60.0, 300.0, 1800.0),
    RefusalClass.STORAGE: (5.0, 15.0, 60.0, 300.0, 1800.0),
    RefusalClass.AMBIGUOUS: (60.0,),
    RefusalClass.RECIPIENT: (),
    RefusalClass.MESSAGE: (),
}
"""Seconds to wait after the first, second, … refusal of a part. After the last of them the next refusal is final."""

PAUSES_OF_CODE: Final[Mapping[tuple[str, int | None], tuple[float, ...]]] = {
    ("CMS", 27): _LONG,             # destination out of service
    ("CMS", 38): (600.0, HOUR),   # network out of order: seen for dead numbers too, so few tries
    ("CMS", 41): _SHORT,            # temporary failure
    ("CMS", 301): _SHORT,           # SMS service of the ME reserved
    ("CMS", 302): _SHORT,           # operation not allowed: busy
    ("CMS", 314): _SHORT,           # SIM busy
    ("CMS", 515): _SHORT,           # not ready
    ("CME", 14): _SHORT,            # SIM busy
    ("CME", 515): _SHORT,           # not ready
    ("CMS", 111): (10.0,),          # protocol error: once more
    ("CMS", 198): (1.0,),           # validity period not supported: once more without it
    ("CMS", 199): (1.0,),
}
"""Where a code needs other pauses than its class."""

WITHOUT_VALIDITY: Final = frozenset({("CMS", 198), ("CMS", 199)})
NO_SERVICE: Final = frozenset({("CMS", 331), ("CME", 30)})

RESTS: Final = (900.0, HOUR, 4 * HOUR, 12 * HOUR)
NO_SERVICE_RESTS: Final = (60.0, 300.0, 900.0)
RECIPIENTS_IN_A_ROW: Final = 3
"""So many different recipients refused one after the other speak of the SIM, not of them."""

_MAY_SPEAK_OF_SIM: Final = frozenset({
    RefusalClass.RECIPIENT, RefusalClass.TEMPORARY, RefusalClass.CONGESTION, RefusalClass.AMBIGUOUS, RefusalClass.MODEM,
})
_PASSES: Final = frozenset({
    RefusalClass.TEMPORARY, RefusalClass.CONGESTION, RefusalClass.MODEM, RefusalClass.STORAGE,
})


@dataclass(frozen=True, slots=True)
class Fail:
    """The message is refused for good."""

    reason: str


@dataclass(frozen=True, slots=True)
class RetryAt:
    """The part goes back to pending and is tried again at `at` (seconds since the epoch), the SIM going on meanwhile.

    `without_validity`: encode it again with no validity period, which the SMSC does not support.
    """

    at: float
    reason: str
    without_validity: bool = False


@dataclass(frozen=True, slots=True)
class RestSim:
    """The SIM rests until `until`; the message stays in the queue."""

    until: float
    reason: str


@dataclass(frozen=True, slots=True)
class BlockSim:
    """A person must look at the SIM; the message and the rest of the backlog stay in the queue."""

    reason: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """The part may have left: in_doubt."""

    reason: str


@dataclass(frozen=True, slots=True)
class AcceptedBefore:
    """The SMSC has this part already, from an earlier try: sent, with an MR that nobody knows."""

    reason: str


Decision = Fail | RetryAt | RestSim | BlockSim | Doubt | AcceptedBefore


def counts_against_sim(refused: Refused) -> bool:
    """Whether this refusal belongs in the row of different recipients that speaks of the SIM."""
    return refused.cls in _MAY_SPEAK_OF_SIM and (refused.kind, refused.code) not in NO_SERVICE


def rest_seconds(times_rested: int) -> float:
    """How long a SIM rests that has rested `times_rested` times since it last had a part accepted."""
    return _nth(RESTS, times_rested)


def decide(
    refused: Refused,
    *,
    attempts: int,
    now: float,
    other_recipients_refused: int,
    sent_parts: int,
    times_rested: int = 0,
) -> Decision:
    """What to do after a part was refused.

    `attempts` counts the tries of this part, this one included. `other_recipients_refused` counts the different
    recipients besides this one whose refusals `counts_against_sim`, in a row: since the SIM last had a part accepted
    or last rested. `times_rested` counts its rests since a part was last accepted. `sent_parts` are the parts of this
    message that already left.

    A message is failed for something that passes only while the SIM is otherwise well: what has gone wrong for
    others too, or ever since a rest, is not the message's fault.
    """
    reason = _named(refused)
    decided = _outright(refused, reason)
    if decided is not None:
        return decided
    if (refused.kind, refused.code) in NO_SERVICE:
        return RestSim(now + _nth(NO_SERVICE_RESTS, times_rested), reason)
    in_a_row = other_recipients_refused + 1
    if counts_against_sim(refused) and in_a_row >= RECIPIENTS_IN_A_ROW:
        told = f"{in_a_row} different recipients refused in a row, the last with {reason}"
        return RestSim(now + rest_seconds(times_rested), told)
    pauses = PAUSES_OF_CODE.get((refused.kind, refused.code), PAUSES[refused.cls])
    if attempts <= len(pauses):
        return RetryAt(now + pauses[attempts - 1], reason, (refused.kind, refused.code) in WITHOUT_VALIDITY)
    if refused.cls in _PASSES and (other_recipients_refused or times_rested):
        return RestSim(now + rest_seconds(times_rested), f"{reason}, and not for this recipient alone")
    return Fail(reason + _tried(attempts) + _left(sent_parts))


def _outright(refused: Refused, reason: str) -> Decision | None:
    """What needs no counting."""
    if refused.cls is RefusalClass.UNKNOWN:
        return Doubt(f"{reason}: it may have been sent")
    if refused.cls is RefusalClass.ACCEPTED_BEFORE:
        return AcceptedBefore(f"{reason}: accepted at an earlier try")
    if refused.cls is RefusalClass.SIM:
        return BlockSim(reason)
    return None


def _nth(seconds: tuple[float, ...], times: int) -> float:
    return seconds[min(times, len(seconds) - 1)]


def _named(refused: Refused) -> str:
    code = refused.kind if refused.code is None else f"{refused.kind} {refused.code}"
    return f"{refused.meaning} ({code})"


def _tried(attempts: int) -> str:
    return f", tried {attempts} times" if attempts > 1 else ""


def _left(sent_parts: int) -> str:
    if not sent_parts:
        return ""
    return f"; {sent_parts} {'part' if sent_parts == 1 else 'parts'} of it had already left"
