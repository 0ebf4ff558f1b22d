"""Knows by which names exports call the column of numbers, and what a telephone number looks like."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

PARTIES: Final = "parties"
"""The column of a Cellebrite call list: a line for each side, as in "From: +447700900123 Ann"."""

_RANKS: Final = tuple(map(re.compile, (
    # Whatever says mobile goes before whatever only says telephone.
    r"(mobile|cell|cellular)( ?(tele)?phone)?( ?(number|no\.?|nr\.?))?|(tele)?phone ?[-(]? ?(mobile|cell)\)?",
    # Cellebrite: Entries, or Entry, Entry (2), …; AXIOM: Phone Number(s); Oxygen: Phones & Emails.
    r"entries|entry|phone number\(s\).*|phones (&|and) e-?mails",
    r"((contact|recipient'?s?) ?)?((tele)?phones?|tel\.?)( ?(numbers?|no\.?|nr\.?))?( - value)?",
    r"numbers?|msisdn|recipients?|contact (number|no\.?)|whatsapp( ?(number|no\.?))?",
    PARTIES,
)))  # fmt: skip
_SERIAL: Final = re.compile(r" ?\(?\d{1,2}\)?(?= - value$|$)")  # "Entry (2)", "Phone 1 - Value"

_HIDDEN: Final = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_LABEL: Final = re.compile(r"[^\W\d][^:@\d]{0,60}:")
_SPLIT: Final = re.compile(r"[;,/|&\r\n]+")
_FILL: Final = re.compile(r"[\s()\[\].'\"=\u2010-\u2015-]|(?i:^tel:)")
_NUMBER: Final = re.compile(r"\+?\d{9,15}|\d(\.\d+)?e\+\d\d", re.IGNORECASE)
_CHAT: Final = re.compile(r"\+?\d{7,15}(-\d+)?@[\w.]+")


def number_columns(names: Sequence[str]) -> tuple[int, ...]:
    """The columns that hold the numbers, by their names (lower case, single spaces): several that are of one kind."""
    plain = [_SERIAL.sub("", name) for name in names]
    for rank in _RANKS:
        found = tuple(at for at, name in enumerate(plain) if name and rank.fullmatch(name))
        if found:
            return found
    return ()


def number_like(cell: str) -> int:
    """How much a cell looks like telephone numbers and nothing else: 0 not, 1 by its length, 2 by how it begins too."""
    best = 0
    for raw in _SPLIT.split(_HIDDEN.sub("", cell)):
        piece = _LABEL.sub("", raw.strip(), count=1).strip()
        if not piece:
            continue
        if _CHAT.fullmatch(piece):
            best = 2
            continue
        if "@" in piece:
            continue  # an e-mail address stands beside numbers in many exports
        digits = _FILL.sub("", piece)
        if not _NUMBER.fullmatch(digits):
            return 0
        best = max(best, 2 if digits[0] in "+0" else 1)
    return best
