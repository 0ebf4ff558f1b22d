"""What a batch would send, to whom, and to whom not and why: the figures that people read before they let it go."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from daemon.core.batch import SheetRow
from drivers.alphabet import Forcing, encoding_of, forcing_ucs2, part_count, plain

MOST_TEXTS = 20
"""How many different texts are shown, the commonest first."""
LOCK_SCREEN = 60
"""About as many characters of a text's first line show on a locked phone."""
DUPLICATES, EXCLUDED, OPTED_OUT, TEXTED = "duplicate", "excluded", "opted out", "texted lately by another batch"

_KINDS = ((re.compile(r"duplicate of row \d+"), DUPLICATES), (re.compile(r"texted \d+ days? ago.*"), TEXTED))
_MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Sign:
    """A character that makes texts UCS-2: how many texts hold it, and where the first of them has it, from 1.

    `replacement` is the plain one that could stand there, None when nothing may: letters are never changed.
    """

    char: str
    name: str
    texts: int
    row: int
    position: int
    replacement: str | None


@dataclass(frozen=True, slots=True)
class Wording:
    """One text as it would be sent, to how many people, and what plain signs would make of it ("" the same)."""

    text: str
    people: int
    parts: int
    alphabet: str
    preview: str
    plain: str
    plain_parts: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """The figures. `left_out` are good rows that would not be texted, by reason; `bad` the rejected rows by reason.

    `longest` is (row, characters, parts) of the text that needs the most. `different` is how many texts there are.
    """

    rows: int = 0
    people: int = 0
    parts: int = 0
    rejected: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    bad: Mapping[str, int] = field(default_factory=dict)
    alphabets: Mapping[str, int] = field(default_factory=dict)
    longest: tuple[int, int, int] = (0, 0, 0)
    different: int = 0
    texts: tuple[Wording, ...] = ()
    signs: tuple[Sign, ...] = ()


def sheet_of(rows: Iterable[SheetRow]) -> Sheet:
    """Count the rows of a batch. Those that are held would be sent."""
    count = _Count()
    for row in rows:
        count.put(row)
    return count.sheet()


def preview(text: str) -> str:
    """What of a text shows on a lock screen."""
    first = text.strip().partition("\n")[0]
    return first if len(first) <= LOCK_SCREEN else first[: LOCK_SCREEN - 1] + "…"


def difference(text: str, other: str) -> Iterator[tuple[str, str]]:
    """What becomes of `text` where `other` stands for it: pieces of both, equal ones too, in order."""
    for tag, a, b, c, d in difflib.SequenceMatcher(None, text, other, autojunk=False).get_opcodes():
        if tag == "equal":
            yield text[a:b], text[a:b]
        else:
            yield text[a:b], other[c:d]


class _Count:
    def __init__(self) -> None:
        self._left_out: Counter[str] = Counter()
        self._bad: Counter[str] = Counter()
        self._texts: Counter[str] = Counter()
        self._unlisted = 0          # texts beyond those that are told apart
        self._alphabets: Counter[str] = Counter()
        self._signs: dict[str, Sign] = {}
        self._people = self._parts = 0
        self._longest = (0, 0, 0)

    def put(self, row: SheetRow) -> None:
        if not row.parts:
            self._bad[row.reason] += 1
        elif row.state != "held":
            self._left_out[_kind(row.reason or row.state)] += 1
        else:
            self._send(row)

    def _send(self, row: SheetRow) -> None:
        self._people += 1
        self._parts += row.parts
        if (row.parts, len(row.text)) > (self._longest[2], self._longest[1]):
            self._longest = (row.row, len(row.text), row.parts)
        alphabet = str(encoding_of(row.text))
        self._alphabets[alphabet] += 1
        if row.text in self._texts or len(self._texts) < _MOST_COUNTED:
            self._texts[row.text] += 1
        else:
            self._unlisted += 1
        if alphabet != "gsm7":
            self._note_signs(row)

    def _note_signs(self, row: SheetRow) -> None:
        found: dict[str, Forcing] = {}
        for forcing in forcing_ucs2(row.text):
            found.setdefault(forcing.char, forcing)
        for char, forcing in found.items():
            old = self._signs.get(char)
            first = old or Sign(char, forcing.name, 0, row.row, forcing.position + 1, forcing.replacement)
            self._signs[char] = Sign(char, first.name, first.texts + 1, first.row, first.position, first.replacement)

    def sheet(self) -> Sheet:
        rejected = self._bad.total()
        return Sheet(
            rows=self._people + self._left_out.total() + rejected,
            people=self._people,
            parts=self._parts,
            rejected=rejected,
            left_out=dict(self._left_out.most_common()),
            bad=dict(self._bad.most_common()),
            alphabets=dict(self._alphabets),
            longest=self._longest,
            different=len(self._texts) + self._unlisted,
            texts=tuple(_wording(text, people) for text, people in self._texts.most_common(MOST_TEXTS)),
            signs=tuple(sorted(self._signs.values(), key=lambda sign: -sign.texts)),
        )


def _wording(text: str, people: int) -> Wording:
    other = plain(text)
    changed = other != text
    return Wording(
        text, people, part_count(text), str(encoding_of(text)), preview(text),
        other if changed else "", part_count(other) if changed else 0,
    )  # fmt: skip


def _kind(reason: str) -> str:
    return next((kind for pattern, kind in _KINDS if pattern.fullmatch(reason)), reason)
