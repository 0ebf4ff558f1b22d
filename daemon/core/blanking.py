"""Finds what may be somebody's number in a text, and puts something harmless in its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_MIN_DIGITS: Final = 7  # from here a run of digits may be somebody's number

# What may stand between two digits of a number: spaces of all kinds, brackets, dots, hyphens and direction marks.
_BETWEEN: Final = r"[\s().\u00ad\u2010-\u2015\u2212\u200b-\u200f\u202a-\u202e\u2060-\u2069-]"
TAG: Final = r"…\d{0,3}\#[0-9a-f]{6}"
"""How logs show a person."""
_FIND: Final = re.compile(
    rf"(?P<tag>{TAG})"
    r"|(?P<time>(?<!\d)(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
    r"(?:[T ][0-2]\d:[0-5]\d(?::[0-6]\d(?:[.,]\d{1,6})?)?(?:Z|[+-][0-2]\d:?[0-5]\d)?)?(?![\d.-]))"
    r"|(?P<pdu>[0-9A-Fa-f]{20,})"
    rf"|(?P<number>\+?\(?\d(?:{_BETWEEN}{{0,3}}\d){{{_MIN_DIGITS - 1},}})"
)
_HAS_RUN: Final = re.compile(rf"\d(?:{_BETWEEN}{{0,3}}\d){{{_MIN_DIGITS - 1}}}|[0-9A-Fa-f]{{20}}")


def replaced(text: str, instead: Callable[[re.Match[str]], str]) -> str:
    """A text with other words for what is found in it. A match's `lastgroup` is "tag", "time", "pdu" or "number"."""
    return _FIND.sub(instead, text) if _HAS_RUN.search(text) else text


def blanked(text: str) -> str:
    """A text with nothing that could ever lead back to somebody. ISO dates and times stay."""
    return _FIND.sub(lambda match: match[0] if match.lastgroup == "time" else "[number]", text)
