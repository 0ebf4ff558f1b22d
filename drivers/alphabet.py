"""Which encoding a text needs, how many parts it makes, and what forces the dearer encoding."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from drivers import gsm7

_PART_OCTETS = 140                     # 23.040 §9.2.3.24: user data of one part, its header included
_HEADER_OCTETS = {8: 6, 16: 7}         # length octet and concatenation element, by the bits of the reference


class Encoding(StrEnum):
    """How a text travels (23.038 §4)."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


@dataclass(frozen=True, slots=True)
class Forcing:
    """A character that makes the whole text UCS-2. `position` counts from 0, in characters.

    `replacement` is what could stand there instead, or None when nothing may: letters are never changed.
    """

    position: int
    char: str
    name: str
    replacement: str | None


_PLAIN: dict[str, str] = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u2039\u203a`\u00b4", "'"),         # quotes, prime, backtick, acute
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),                # double quotes, guillemets
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212", "-"),          # hyphens, dashes, minus
    **dict.fromkeys("\t\u00a0\u1680\u202f\u205f\u3000", " "),                          # tab, no-break and odd spaces
    **dict.fromkeys(map(chr, range(0x2000, 0x200B)), " "),                             # en quad to hair space
    **dict.fromkeys("\u00ad\u200b\u2060\ufeff", ""),                                   # soft hyphen, zero width
    **dict.fromkeys("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", ""),  # direction marks
    **dict.fromkeys("\u0085\u2028\u2029", "\n"),                                       # line and paragraph separators
    **dict.fromkeys("\u2022\u2023\u25e6", "*"),                                        # bullets
    **dict.fromkeys("\u2044\u2215", "/"),                                              # fraction and division slash
    "\u2025": "..",
    "\u2026": "...",
}
_JOINERS = "\u200c\u200d"  # meaningful inside some scripts and emoji, litter between Latin letters


def encoding_of(text: str) -> Encoding:
    """GSM7 when the default alphabet and its extension can write all of `text`, else UCS2."""
    return Encoding.GSM7 if gsm7.CHARACTERS.issuperset(text) else Encoding.UCS2


def part_count(text: str, ref_bits: int = 8) -> int:
    """How many parts `text` makes: 160 septets or 70 UTF-16 units in one, 153 or 67 in each of several.

    An empty text is one part. `ref_bits` 16 leaves room for 152 or 66.
    """
    return len(split(text, ref_bits))


def split(text: str, ref_bits: int = 8) -> list[str]:
    """The texts of the parts, all in the encoding of the whole. Never cuts an escape pair or a surrogate pair."""
    ucs2 = encoding_of(text) is Encoding.UCS2
    cost: Callable[[str], int] = _units if ucs2 else _septets
    header = _HEADER_OCTETS[ref_bits]
    if cost(text) <= (_PART_OCTETS // 2 if ucs2 else _PART_OCTETS * 8 // 7):
        return [text]
    return _cut(text, cost, (_PART_OCTETS - header) // 2 if ucs2 else (_PART_OCTETS - header) * 8 // 7)


def forcing_ucs2(text: str) -> list[Forcing]:
    """Each character that keeps `text` out of the GSM 7-bit alphabet, in order, with a proposal for punctuation."""
    return [
        Forcing(position, char, unicodedata.name(char, f"U+{ord(char):04X}"), _replacement(text, position))
        for position, char in enumerate(text)
        if char not in gsm7.CHARACTERS
    ]


def plain(text: str) -> str:
    """`text` with every replacement that `forcing_ucs2` proposes. What has none stays as it is."""
    if encoding_of(text) is Encoding.GSM7:
        return text
    proposals = ((char, _replacement(text, position)) for position, char in enumerate(text))
    return "".join(char if proposal is None else proposal for char, proposal in proposals)


def _replacement(text: str, position: int) -> str | None:
    char = text[position]
    if char in _JOINERS and (position == 0 or text[position - 1] in gsm7.CHARACTERS):
        return ""
    return _PLAIN.get(char)


def _septets(text: str) -> int:
    return len(text) + sum(map(text.count, gsm7.EXTENDED))


def _units(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text)


def _cut(text: str, cost: Callable[[str], int], room: int) -> list[str]:
    parts = []
    start = used = 0
    for position, char in enumerate(text):
        need = cost(char)
        if used + need > room:
            parts.append(text[start:position])
            start, used = position, 0
        used += need
    return [*parts, text[start:]]
