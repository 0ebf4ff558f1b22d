"""Which part a status report speaks of, and what it says. It never guesses: two that fit equally are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from daemon.core.message import PartState
from daemon.core.spans import DAY
from drivers.types import StatusReport

REPORT_GRACE: Final = DAY
"""Seconds after the end of its validity in which a part's last report may still come."""

SCTS_BEFORE: Final = 120.0
SCTS_AFTER: Final = 600.0
"""How far the SMSC's time of receipt may lie before and after our own time of submit: clocks differ, and a radio may
try for minutes. A wider gap is no evidence."""

_COMPLETE: Final = 0x1F      # the last TP-Status of its class
_STILL_TRYING: Final = 0x3F
_TAIL_DIGITS: Final = 9
_TAIL_DIGITS_AT_LEAST: Final = 7
_OPEN: Final = frozenset({PartState.IN_DOUBT, PartState.SUBMITTING, PartState.SENT})
_DOUBTFUL: Final = frozenset({PartState.IN_DOUBT, PartState.SUBMITTING, PartState.PENDING})
"""PENDING: a submit of it is in doubt, and it is to be sent again."""


@dataclass(frozen=True, slots=True)
class OpenPart:
    """One submit of a part as the matching sees it. `mr` is None while nobody knows it. Times are seconds since the
    epoch."""

    part_id: int
    mr: int | None
    recipient: str
    state: PartState
    submitted_at: float
    valid_until: float


def match(report: StatusReport, parts: Sequence[OpenPart], now: float) -> int | None:
    """The id of the part of one SIM that the report speaks of, None when no part fits or more than one might.

    `parts` are that SIM's open parts, and the closed ones still inside their validity: a report that comes twice must
    not pass for evidence of another part. The newest open part with that MR and recipient inside its validity is
    taken; where several are, rather one that was submitted before the SMSC's time of receipt. Failing that, the only
    part in doubt, of unknown MR, to that recipient whose submit fits the time of receipt.
    """
    moment = now if report.discharge is None else min(now, report.discharge.timestamp())
    ours = [part for part in parts if same_number(part.recipient, report.recipient)]
    named = [part for part in ours if part.mr == report.mr and moment <= part.valid_until + REPORT_GRACE]
    doubtful = [part for part in ours if part.mr is None and part.state in _DOUBTFUL and _fits(report, part)]
    opened = sorted((part for part in named if part.state in _OPEN), key=_submitted, reverse=True)
    if opened:
        chosen = next((part for part in opened if not _later(report, part)), opened[0])
        return None if doubtful and not _fits(report, chosen) else chosen.part_id
    return doubtful[0].part_id if len({part.part_id for part in doubtful}) == 1 and not named else None


def _submitted(part: OpenPart) -> float:
    return part.submitted_at


def _later(report: StatusReport, part: OpenPart) -> bool:
    return report.scts is not None and part.submitted_at > report.scts.timestamp() + SCTS_BEFORE


def _fits(report: StatusReport, part: OpenPart) -> bool:
    if report.scts is None:
        return False
    return -SCTS_BEFORE <= report.scts.timestamp() - part.submitted_at <= SCTS_AFTER


def same_number(a: str, b: str) -> bool:
    """Whether two ways of writing name one number: networks give a recipient back nationally or internationally.

    Two international ones must be equal. Otherwise leading zeros go and the last nine digits count, or all of the
    shorter one down to seven; what is shorter still must be equal.
    """
    digits_a, digits_b = _digits(a), _digits(b)
    if (a.startswith("+") and b.startswith("+")) or digits_a == digits_b:
        return digits_a == digits_b != ""
    tail_a, tail_b = digits_a.lstrip("0"), digits_b.lstrip("0")
    length = min(_TAIL_DIGITS, len(tail_a), len(tail_b))
    return length >= _TAIL_DIGITS_AT_LEAST and tail_a[-length:] == tail_b[-length:]


def _digits(number: str) -> str:
    return "".join(filter("0123456789".__contains__, number))


def part_state(tp_status: int) -> PartState | None:
    """What a TP-Status (23.040 §9.2.3.15) makes of a part; None while the SMSC still tries: keep waiting.

    A reserved value counts as "service rejected", as that clause demands.
    """
    if tp_status <= _COMPLETE:
        return PartState.DELIVERED
    return None if tp_status <= _STILL_TRYING else PartState.UNDELIVERED
